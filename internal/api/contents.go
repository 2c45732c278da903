package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/reglue/reglue/internal/executor"
)

// contents hashes files and remembers the hashes while size, time and inode stay.
type contents struct {
	files executor.Files
	mu    sync.Mutex
	known map[string]hashed // by path
}

// settled is how old a file must be for its time to tell a later change.
const settled = 2 * time.Second

type hashed struct {
	size, time int64
	inode      uint64
	sum        string
}

// hash is the SHA-256 (hex) of what a location holds now.
func (c *contents) hash(location string) (string, error) {
	path, err := c.files.Resolve(location)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a file", location)
	}
	now := hashed{size: info.Size(), time: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		now.inode = st.Ino
	}
	c.mu.Lock()
	before := c.known[path]
	c.mu.Unlock()
	now.sum = before.sum
	if now == before {
		return now.sum, nil
	}
	if now.sum, err = hashFile(path); err != nil {
		return "", err
	}
	if time.Since(info.ModTime()) < settled {
		return now.sum, nil // it may change again without the time showing it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]hashed{}
	}
	c.known[path] = now
	return now.sum, nil
}

// forget makes the next look at a location read it.
func (c *contents) forget(location string) {
	path, err := c.files.Resolve(location)
	if err != nil {
		return // and so will the next look
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, path)
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
