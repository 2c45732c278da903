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
}

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
		f.synced = f.size
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

// left is the length of each file that survives, -1 for a folder.
type left map[string]int64

// losses are what may be left of the disk now: everything, only what was synced,
// and all names with no more than their synced content.
func (d *disk) losses() map[string]left {
	all, strict, names := left{}, left{}, left{}
	for p, f := range d.now {
		all[p], names[p] = f.length(f.size), f.length(f.synced)
	}
	for p, f := range d.kept {
		strict[p] = f.length(f.synced)
	}
	return map[string]left{"all is kept": all, "only what was synced": strict, "names without content": names}
}

func (f *inode) length(n int64) int64 {
	if f.dir {
		return -1
	}
	return n
}

// String tells states apart.
func (l left) String() string {
	var b strings.Builder
	for _, p := range slices.Sorted(maps.Keys(l)) {
		fmt.Fprintf(&b, "%s %d\n", p, l[p])
	}
	return b.String()
}

// write makes the state below root. contents gives the bytes of each path that
// ever was; what is not known any more may have been anything.
func (l left) write(root string, contents map[string][]byte) error {
	for _, p := range slices.Sorted(maps.Keys(l)) { // folders come before what is in them
		target := filepath.Join(root, p)
		if _, err := os.Stat(filepath.Dir(target)); err != nil {
			continue // the name of its folder is lost
		}
		var err error
		if l[p] < 0 {
			err = os.Mkdir(target, 0o700)
		} else {
			missing := max(0, l[p]-int64(len(contents[p])))
			text := append(slices.Clone(contents[p]), bytes.Repeat([]byte("?"), int(missing))...)
			err = os.WriteFile(target, text[:l[p]], 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
