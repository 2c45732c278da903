package s3

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// errStop ends a walk early.
var errStop = errors.New("stop")

// walker visits the keys of a bucket in their order, and reads only the folders
// that it must.
type walker struct {
	m      *Map
	bucket string
	prefix string // only keys that start with it
	after  string // only keys greater than it
	// skip holds a prefix whose keys are not wanted any more; visit may set it.
	skip  string
	visit func(key string) error
}

// child is an entry of a folder: a file, or a folder whose key ends with a slash.
type child struct {
	key string
	dir bool
}

// walk visits what lies in the folder of dirKey. above are the folders on the
// way, to leave out links that lead back to one of them.
func (w *walker) walk(dirKey string, above []fs.FileInfo) error {
	path, _ := w.m.folder(w.bucket, dirKey)
	info, err := os.Stat(path)
	if err == nil {
		if slices.ContainsFunc(above, func(up fs.FileInfo) bool { return os.SameFile(up, info) }) {
			return nil
		}
		above = append(slices.Clip(above), info)
	}
	children, err := w.children(dirKey, path)
	if err != nil {
		return err
	}
	if dirKey != "" && w.wants(dirKey) && w.m.loadRecord(w.bucket, dirKey).MD5 != "" {
		if err := w.visit(dirKey); err != nil {
			return err
		}
	}
	for _, c := range children {
		if c.dir && w.entered(c.key) {
			err = w.walk(c.key, above)
		} else if !c.dir && w.wants(c.key) {
			err = w.visit(c.key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) wants(key string) bool {
	return strings.HasPrefix(key, w.prefix) && key > w.after && !w.skipped(key)
}

// entered reports whether a folder may hold wanted keys.
func (w *walker) entered(dirKey string) bool {
	onTheWay := strings.HasPrefix(dirKey, w.prefix) || strings.HasPrefix(w.prefix, dirKey)
	past := dirKey < w.after && !strings.HasPrefix(w.after, dirKey)
	return onTheWay && !past && !w.skipped(dirKey)
}

func (w *walker) skipped(key string) bool {
	return w.skip != "" && strings.HasPrefix(key, w.skip)
}

// children returns what lies in a folder, in the order of keys. The folders of
// rules below it belong to it, and hide what the folder itself has there.
func (w *walker) children(dirKey, path string) ([]child, error) {
	found := map[string]child{}
	entries, err := os.ReadDir(path)
	if err != nil && !isMissing(err) {
		return nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		if !utf8.ValidString(name) || strings.HasPrefix(name, tempPrefix) {
			continue // no key can name it
		}
		mode := entry.Type()
		if mode&fs.ModeSymlink != 0 {
			info, err := os.Stat(filepath.Join(path, name))
			if err != nil {
				continue // leads nowhere
			}
			mode = info.Mode().Type()
		}
		switch {
		case mode.IsDir():
			found[name] = child{key: dirKey + name + "/", dir: true}
		case mode.IsRegular():
			found[name] = child{key: dirKey + name}
		}
	}
	for _, rule := range w.m.rules {
		rest, below := strings.CutPrefix(rule.Prefix, dirKey)
		if rule.Bucket == w.bucket && below && rest != "" {
			name, _, _ := strings.Cut(rest, "/")
			found[name] = child{key: dirKey + name + "/", dir: true}
		}
	}
	children := make([]child, 0, len(found))
	for _, c := range found {
		children = append(children, c)
	}
	slices.SortFunc(children, func(a, b child) int { return cmp.Compare(a.key, b.key) })
	return children, nil
}
