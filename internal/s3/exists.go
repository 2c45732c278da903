package s3

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Exists reports whether a location holds anything: an object or a file, or, for
// one that names a folder or a prefix, any file below it.
func (m *Map) Exists(location string) (bool, error) {
	path := strings.TrimPrefix(strings.TrimPrefix(location, "file://"), "localhost")
	if rest, ok := strings.CutPrefix(location, "s3://"); ok {
		bucket, key, _ := strings.Cut(rest, "/")
		var err error
		if path, err = m.file(bucket, strings.TrimSuffix(key, "/")); err != nil {
			return false, err
		}
	}
	info, err := os.Stat(path)
	switch {
	case isMissing(err):
		return false, nil
	case err != nil:
		return false, err
	case !info.IsDir():
		return true, nil
	}
	return holdsFile(path)
}

// holdsFile reports whether there is a file in a folder, at any depth.
func holdsFile(dir string) (bool, error) {
	found := false
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			found = true
			return fs.SkipAll
		}
		return err
	})
	return found, err
}
