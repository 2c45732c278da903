//go:build linux

package durability

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// disk is a model of what survives a loss of power, at its harshest: of a file
// what was synced, of a name what its folder was synced with.
type disk struct {
	now, kept map[string]*inode
}

type inode struct {
	dir          bool
	size, synced int64
	// over are the writes into what was there, of which the first kept are synced.
	over []span
	kept int
}

// span is a part of a file.
type span struct{ from, to int64 }

func newDisk() *disk { return &disk{now: map[string]*inode{}, kept: map[string]*inode{}} }

// do carries out what a program did.
func (d *disk) do(o op) {
	switch o.kind {
	case opOpen:
		if d.now[o.path] == nil {
			d.now[o.path] = &inode{}
		}
		if o.truncates {
			d.now[o.path].size = 0
		}
	case opMkdir:
		d.now[o.path] = &inode{dir: true}
	case opWrite:
		if f := d.now[o.path]; f != nil {
			if o.at < 0 {
				o.at = f.size
			}
			if o.at < f.size {
				f.over = append(f.over, span{o.at, o.at + o.n})
			}
			f.size = max(f.size, o.at+o.n)
		}
	case opTruncate:
		if f := d.now[o.path]; f != nil {
			f.size = o.n
		}
	case opSync:
		d.sync(o.path)
	case opLink:
		d.now[o.to] = d.now[o.path]
	case opRename:
		d.now[o.to] = d.now[o.path]
		delete(d.now, o.path)
	case opRemove:
		delete(d.now, o.path)
	case opAnswered, opStarted, opTold:
	}
}

// sync keeps a file's content, or the names in a folder.
func (d *disk) sync(path string) {
	if f := d.now[path]; f != nil && !f.dir {
		f.synced, f.kept = f.size, len(f.over)
		return
	}
	for p := range d.kept {
		if filepath.Dir(p) == path && d.now[p] == nil {
			delete(d.kept, p)
		}
	}
	for p, f := range d.now {
		if filepath.Dir(p) == path {
			d.kept[p] = f
		}
	}
}

// left is what survives of each file.
type left map[string]remains

// remains is the length of a file, -1 for a folder, and how many of the writes
// into what was there have reached it.
type remains struct {
	size int64
	over int
}

// losses are what may be left of the disk now: everything, only what was synced,
// and all names with no more than their synced content.
func (d *disk) losses() map[string]left {
	all, strict, names := left{}, left{}, left{}
	for p, f := range d.now {
		all[p], names[p] = f.whole(), f.onDisk()
	}
	for p, f := range d.kept {
		strict[p] = f.onDisk()
	}
	return map[string]left{"all is kept": all, "only what was synced": strict, "names without content": names}
}

func (f *inode) whole() remains { return f.remains(f.size, len(f.over)) }

func (f *inode) onDisk() remains { return f.remains(f.synced, f.kept) }

func (f *inode) remains(size int64, over int) remains {
	if f.dir {
		size = -1
	}
	return remains{size, over}
}

// String tells states apart.
func (l left) String() string {
	var b strings.Builder
	for _, p := range slices.Sorted(maps.Keys(l)) {
		fmt.Fprintf(&b, "%s %d\n", p, l[p])
	}
	return b.String()
}

// content is what a file held at last, and the writes into what was there, which
// was zeros.
type content struct {
	text []byte
	over []span
}

// at is the file as it was once.
func (c content) at(r remains) []byte {
	// What is not known any more may have been anything.
	missing := max(0, r.size-int64(len(c.text)))
	text := append(slices.Clone(c.text), bytes.Repeat([]byte("?"), int(missing))...)[:r.size]
	for _, s := range c.over[min(r.over, len(c.over)):] {
		if to := min(s.to, r.size); s.from < to {
			clear(text[s.from:to])
		}
	}
	return text
}

// write makes the state below root, of files whose last content is known by each
// path that they ever had.
func (l left) write(root string, contents map[string]content) error {
	for _, p := range slices.Sorted(maps.Keys(l)) { // folders come before what is in them
		target := filepath.Join(root, p)
		if _, err := os.Stat(filepath.Dir(target)); err != nil {
			continue // the name of its folder is lost
		}
		var err error
		if l[p].size < 0 {
			err = os.Mkdir(target, 0o700)
		} else {
			err = os.WriteFile(target, contents[p].at(l[p]), 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
