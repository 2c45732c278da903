package s3

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Exists reports whether a location holds anything: an object or a file, or, for
// one that names a folder, any file below it, mapped ones included.
func (m *Map) Exists(location string) (bool, error) {
	rest, ok := strings.CutPrefix(location, "s3://")
	if !ok {
		path := location
		if file, ok := strings.CutPrefix(location, "file://"); ok {
			path = strings.TrimPrefix(file, "localhost")
		}
		return holds(path)
	}
	bucket, key, _ := strings.Cut(rest, "/")
	paths, err := m.places(bucket, strings.TrimSuffix(key, "/"))
	if err != nil {
		return false, err
	}
	for _, path := range paths {
		if found, err := holds(path); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// places are the paths where a key, or what is below it as a folder, may be. An
// empty key is the bucket.
func (m *Map) places(bucket, key string) ([]string, error) {
	if err := checkBucket(bucket); err != nil {
		return nil, err
	}
	if key != "" {
		if err := checkSegments(key); err != nil {
			return nil, err
		}
		key += "/"
	}
	dir, _ := m.folder(bucket, key)
	paths := []string{dir}
	for i := range m.rules {
		if r := &m.rules[i]; r.Bucket == bucket && strings.HasPrefix(r.Prefix, key) {
			paths = append(paths, r.Dir)
		}
	}
	return paths, nil
}

// holds reports whether a path is a file, or a folder with a file in it.
func holds(path string) (bool, error) {
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
