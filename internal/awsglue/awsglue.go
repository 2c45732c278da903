package awsglue

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A pattern of files, not the folder: the embedding of a folder leaves out names
// that start with an underscore, such as __init__.py.
//
//go:embed python/awsglue/*.py
var files embed.FS

const (
	embedded    = "python"
	packageName = "awsglue"
)

// Install puts the Python package below dir and returns the folder to put on
// PYTHONPATH. The folder's name is the hash of the package's content, so that
// several versions live side by side and a job keeps the one it started with.
// Calling it again, or from several processes at once, is harmless; damaged
// files are replaced.
func Install(dir string) (path string, err error) {
	names, err := fs.Glob(files, embedded+"/"+packageName+"/*.py")
	if err != nil {
		return "", err
	}
	contents := make(map[string][]byte, len(names))
	sum := sha256.New()
	for _, name := range names {
		b, err := files.ReadFile(name)
		if err != nil {
			return "", err
		}
		base := filepath.Base(name)
		contents[base] = b
		fmt.Fprintf(sum, "%s %d\n", base, len(b))
		sum.Write(b)
	}
	path, err = filepath.Abs(filepath.Join(dir, packageName+"-"+hex.EncodeToString(sum.Sum(nil))[:16]))
	if err != nil {
		return "", err
	}
	target := filepath.Join(path, packageName)
	if err := os.MkdirAll(target, 0o700); err != nil {
		return "", fmt.Errorf("install the awsglue Python package: %w", err)
	}
	for base, b := range contents {
		if err := ensure(filepath.Join(target, base), b); err != nil {
			return "", fmt.Errorf("install the awsglue Python package: %w", err)
		}
	}
	return path, nil
}

// ensure makes the file hold want; a reader sees the old or the new bytes.
func ensure(name string, want []byte) error {
	if have, err := os.ReadFile(name); err == nil && bytes.Equal(have, want) {
		return nil
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, which is the good case
	_, err = tmp.Write(want)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}
