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
	"strings"
)

// Patterns of files, not folders: the embedding of a folder leaves out names that
// start with an underscore, such as __init__.py.
//
//go:embed python/awsglue/*.py python/awsglue/transforms/*.py
//go:embed python/awsgluedq/*.py python/awsglueml/*.py python/gs_*.py
var files embed.FS

const (
	embedded    = "python"
	packageName = "awsglue"
)

// Install puts the Python packages below dir and returns the folder to put on
// PYTHONPATH. The folder's name is the hash of the packages' content, so that
// several versions live side by side and a job keeps the one it started with.
// Calling it again, or from several processes at once, is harmless; damaged
// files are replaced.
func Install(dir string) (path string, err error) {
	contents, sum, err := content()
	if err != nil {
		return "", err
	}
	path, err = filepath.Abs(filepath.Join(dir, packageName+"-"+sum))
	if err != nil {
		return "", err
	}
	for name, b := range contents {
		if err := put(filepath.Join(path, filepath.FromSlash(name)), b); err != nil {
			return "", fmt.Errorf("install the awsglue Python package: %w", err)
		}
	}
	return path, nil
}

// content gives the files by their names below the folder on PYTHONPATH, and a hash of all.
func content() (contents map[string][]byte, hash string, err error) {
	contents = map[string][]byte{}
	sum := sha256.New()
	err = fs.WalkDir(files, embedded, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, embedded+"/")
		contents[name] = b
		fmt.Fprintf(sum, "%s %d\n", name, len(b))
		sum.Write(b)
		return nil
	})
	return contents, hex.EncodeToString(sum.Sum(nil))[:16], err
}

func put(name string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return ensure(name, b)
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
