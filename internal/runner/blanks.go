package runner

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// blanks are files made ahead to become claims, while jobs run: on some file systems
// a new file is slow, the more so when many were removed a short while ago.
type blanks struct {
	prefix string // of their paths

	mu    sync.Mutex
	ready []*blank
	made  int
}

// maxBlanks bounds how many lie ready.
const maxBlanks = 4

func newBlanks(jobs, instance string) *blanks {
	return &blanks{prefix: filepath.Join(jobs, instance)}
}

// claim makes the claim of a job run of a blank if there is one. On a full disk a job
// had better wait, and a new file is what tells.
func (b *blanks) claim(dir string, c *Claim) (*claimed, error) {
	if full(filepath.Dir(b.prefix)) {
		return makeClaim(dir, c)
	}
	b.mu.Lock()
	var spare *blank
	if last := len(b.ready) - 1; last >= 0 {
		spare, b.ready = b.ready[last], b.ready[:last]
	}
	b.mu.Unlock()
	if spare == nil {
		return makeClaim(dir, c)
	}
	claim, err := spare.become(dir+claimSuffix, c)
	if errors.Is(err, fs.ErrNotExist) { // it lay there for long and was swept
		return makeClaim(dir, c)
	}
	return claim, err
}

// fill makes a blank if some are missing. Without room for one it is for the next
// claim to say so.
func (b *blanks) fill() {
	b.mu.Lock()
	path := b.prefix + "." + strconv.Itoa(b.made) + tmpSuffix
	enough := len(b.ready) == maxBlanks
	b.made++
	b.mu.Unlock()
	if enough {
		return
	}
	spare, err := newBlank(path)
	if err != nil {
		return
	}
	b.mu.Lock()
	if enough = len(b.ready) == maxBlanks; !enough {
		b.ready = append(b.ready, spare)
	}
	b.mu.Unlock()
	if enough {
		_ = spare.drop() // what stays is swept
	}
}

// full reports whether a file system has no room for a claim, or does not tell.
func full(path string) bool {
	var st unix.Statfs_t
	return unix.Statfs(path, &st) != nil || uint64(st.Bavail)*uint64(st.Bsize) < 2*block
}

// drop removes those that are left.
func (b *blanks) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, spare := range b.ready {
		_ = spare.drop() // what stays is swept
	}
	b.ready = nil
}
