package runner

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
)

// folders are the folders of ended job runs in which nothing was ever left. The
// next job run gets such a folder under its own name: to make a new one is slow, and
// most jobs write nothing into theirs.
type folders struct {
	mu    sync.Mutex
	empty []string
}

// maxEmpty bounds how many are remembered.
const maxEmpty = 256

// take makes a folder, if there is none.
func (f *folders) take(dir string) error {
	f.mu.Lock()
	var spare string
	if last := len(f.empty) - 1; last >= 0 {
		spare, f.empty = f.empty[last], f.empty[:last]
	}
	f.mu.Unlock()
	if spare != "" && os.Rename(spare, dir) == nil {
		if pristine(dir) { // still
			return nil
		}
		if err := os.Rename(dir, spare); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// give offers a folder that no process is in.
func (f *folders) give(dir string) {
	if !pristine(dir) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.empty) < maxEmpty {
		f.empty = append(f.empty, dir)
	}
}

// pristine reports whether a folder is as it was made.
func pristine(dir string) bool {
	d, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer d.Close()
	info, err := d.Stat()
	if err != nil || info.Mode() != fs.ModeDir|0o700 {
		return false
	}
	_, err = d.Readdirnames(1)
	return errors.Is(err, io.EOF)
}
