package s3

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Resolve returns the path of the file that a location names: s3://bucket/key,
// file:///absolute/path, or an absolute path. The file exists and is no folder,
// or the error says where it was looked for and what to do.
func (m *Map) Resolve(location string) (path string, err error) {
	if rest, ok := strings.CutPrefix(location, "s3://"); ok {
		return m.resolveS3(location, rest)
	}
	if rest, ok := strings.CutPrefix(location, "file://"); ok {
		return resolveFile(location, strings.TrimPrefix(rest, "localhost"))
	}
	if filepath.IsAbs(location) {
		return location, checkFile(location, location, "")
	}
	return "", fmt.Errorf("location %q: write it as s3://bucket/key, file:///absolute/path or an absolute path", location)
}

func (m *Map) resolveS3(location, rest string) (string, error) {
	bucket, key, _ := strings.Cut(rest, "/")
	if key == "" || strings.HasSuffix(key, "/") {
		return "", fmt.Errorf("location %q names no file: write it as s3://bucket/key", location)
	}
	path, err := m.file(bucket, key)
	if err != nil {
		return "", fmt.Errorf("location %q: %w", location, err)
	}
	_, rule := m.folder(bucket, key[:strings.LastIndexByte(key, '/')+1])
	advice := fmt.Sprintf("; put the file there, or say where the bucket's files are with --map s3://%s=DIR", bucket)
	if rule != nil {
		advice = fmt.Sprintf("; --map %s=%s looks there: put the file there, or correct the rule", rule.Location(), rule.Dir)
	}
	return path, checkFile(location, path, advice)
}

// resolveFile takes the path as written, or percent-decoded when only that exists.
func resolveFile(location, path string) (string, error) {
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("location %q: a file location has three slashes and an absolute path, as in file:///srv/scripts/job.py", location)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if decoded, err := url.PathUnescape(path); err == nil {
			path = decoded
		}
	}
	return path, checkFile(location, path, "")
}

func checkFile(location, path, advice string) error {
	info, err := os.Stat(path)
	if isMissing(err) {
		return fmt.Errorf("location %q: there is no file %s%s", location, path, advice)
	}
	if err != nil {
		return fmt.Errorf("location %q: %w", location, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("location %q: %s is not a file", location, path)
	}
	return nil
}
