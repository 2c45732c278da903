package local

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// keep copies what a location names into the data folder, under the hash of its
// content, and returns the copy and that hash. Attempts run from the copy: the
// original may change at any time.
func (x *Executor) keep(location string) (path, sum string, err error) {
	source, err := x.opts.Files.Resolve(location)
	if err != nil {
		return "", "", fatal(err)
	}
	info, err := os.Stat(source)
	if err != nil {
		return "", "", fatal(err)
	}
	if !info.Mode().IsRegular() {
		return "", "", problemf("%s is not a file", location)
	}
	sum, err = copyHash(io.Discard, source)
	if err != nil {
		return "", "", fatal(err)
	}
	path = x.keptPath(sum, filepath.Base(source))
	if kept, err := os.Stat(path); err == nil && kept.Size() == info.Size() {
		return path, sum, nil
	}
	// What is copied counts, not what was hashed a moment ago.
	return x.copyIn(source)
}

func (x *Executor) keptPath(sum, base string) string {
	return filepath.Join(x.opts.DataDir, "files", sum[:32], base)
}

// kept is the copy with a hash: the one with the name of its location if there is
// one, since the name tells what kind of file it is.
func (x *Executor) kept(sum, location string) (string, error) {
	if len(sum) != hex.EncodedLen(sha256.Size) {
		return "", fmt.Errorf("%q is no SHA-256", sum)
	}
	named := x.keptPath(sum, path.Base(location))
	if info, err := os.Stat(named); err == nil && info.Mode().IsRegular() {
		return named, nil
	}
	entries, err := os.ReadDir(filepath.Dir(named))
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if e.Type().IsRegular() {
			return filepath.Join(filepath.Dir(named), e.Name()), nil
		}
	}
	return "", os.ErrNotExist
}

func (x *Executor) copyIn(source string) (path, sum string, err error) {
	files := filepath.Join(x.opts.DataDir, "files")
	if err := os.MkdirAll(files, 0o700); err != nil {
		return "", "", fatal(err)
	}
	tmp, err := os.CreateTemp(files, ".copy-*")
	if err != nil {
		return "", "", fatal(err)
	}
	defer os.Remove(tmp.Name()) // fails after the rename, which is the good case
	sum, err = copyHash(tmp, source)
	if err == nil {
		err = tmp.Sync() // or a crash of the machine leaves a name without content
	}
	if err := errors.Join(err, tmp.Close()); err != nil {
		return "", "", fatal(err)
	}
	path = x.keptPath(sum, filepath.Base(source))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", "", fatal(err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return "", "", fatal(err)
	}
	return path, sum, nil
}

func copyHash(to io.Writer, source string) (string, error) {
	f, err := os.Open(source)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	buf := copyBuffers.Get().(*[32 << 10]byte) //nolint:forcetypeassert // nothing else is in it
	defer copyBuffers.Put(buf)
	// Not a file's own way to be copied, which makes a buffer each time.
	if _, err := io.CopyBuffer(io.MultiWriter(to, h), struct{ io.Reader }{f}, buf[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

var copyBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// usedFiles are the files of one attempt.
type usedFiles struct {
	// pinned are the contents that a location stands for, whatever it holds by
	// now; sums those that were used. Both are SHA-256 by location.
	pinned, sums map[string]string
}

// keepNamed keeps a file and notes its hash under the location as it was given.
func (x *Executor) keepNamed(location string, used *usedFiles) (string, error) {
	if sum, ok := used.pinned[location]; ok {
		copied, err := x.kept(sum, location)
		if err != nil {
			return "", problemf("%s was fixed by a plan as %.12s…, and that copy can't be used (%v): resume again without the plan's token", location, sum, err)
		}
		used.sums[location] = sum
		return copied, nil
	}
	copied, sum, err := x.keep(location)
	if err != nil {
		return "", err
	}
	used.sums[location] = sum
	return copied, nil
}

// extraPath keeps the extra files of a job and returns what they put onto
// PYTHONPATH: the folder of a module, an archive itself, an unpacked wheel.
func (x *Executor) extraPath(list string, used *usedFiles) ([]string, error) {
	var path []string
	for _, location := range splitList(list) {
		file, err := x.keepNamed(location, used)
		if err != nil {
			return nil, err
		}
		switch filepath.Ext(file) {
		case ".py":
			path = append(path, filepath.Dir(file))
		case ".whl":
			folder, err := unpack(file)
			if err != nil {
				return nil, fatal(fmt.Errorf("%s: %w", location, err))
			}
			path = append(path, folder)
		case ".zip", ".egg":
			path = append(path, file)
		default:
			return nil, problemf("%s is neither .py, .zip, .whl nor .egg", location)
		}
	}
	return path, nil
}

// unpack unpacks a wheel beside itself, since compiled modules and package data
// cannot be used from inside an archive.
func unpack(wheel string) (string, error) {
	target := wheel + ".unpacked"
	if _, err := os.Stat(target); err == nil {
		return target, nil
	}
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return "", err
	}
	defer archive.Close()
	tmp, err := os.MkdirTemp(filepath.Dir(wheel), ".unpack-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp) // fails after the rename, which is the good case
	for _, f := range archive.File {
		if err := unpackOne(tmp, f); err != nil {
			return "", err
		}
	}
	syscall.Sync() // or a crash of the machine leaves names without content
	if err := os.Rename(tmp, target); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return target, nil
}

func unpackOne(dir string, f *zip.File) error {
	if !filepath.IsLocal(f.Name) {
		return fmt.Errorf("the archive holds the path %q, which leads out of it", f.Name)
	}
	path := filepath.Join(dir, filepath.FromSlash(f.Name))
	if strings.HasSuffix(f.Name, "/") {
		return os.MkdirAll(path, 0o700)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
