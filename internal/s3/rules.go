package s3

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Rule maps the keys of a bucket that start with a prefix to a folder.
type Rule struct {
	Bucket string
	Prefix string // empty, or ends with a slash
	Dir    string // absolute
}

// Location returns what the rule maps, as it is written on the command line.
func (r Rule) Location() string {
	return "s3://" + strings.TrimSuffix(r.Bucket+"/"+r.Prefix, "/")
}

// Map says which folder holds which objects.
type Map struct {
	data  string // DATA/s3
	meta  string // DATA/s3-meta
	rules []Rule // the longest prefix first
}

var bucketName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$`)

// NewMap makes the map of a data folder and of rules such as
// s3://bucket/prefix=DIR. A DIR must be a folder; nothing is created.
func NewMap(dataDir string, rules []string) (*Map, error) {
	data, err := filepath.Abs(dataDir)
	if err != nil {
		return nil, err
	}
	m := &Map{data: filepath.Join(data, "s3"), meta: filepath.Join(data, "s3-meta")}
	for _, text := range rules {
		rule, err := ParseRule(text)
		if err != nil {
			return nil, err
		}
		for _, other := range m.rules {
			if other.Bucket == rule.Bucket && other.Prefix == rule.Prefix {
				return nil, fmt.Errorf("--map %s: %s is already mapped to %s; give one folder for it", text, rule.Location(), other.Dir)
			}
		}
		m.rules = append(m.rules, rule)
	}
	slices.SortStableFunc(m.rules, func(a, b Rule) int { return cmp.Compare(len(b.Prefix), len(a.Prefix)) })
	return m, nil
}

// ParseRule reads a rule such as s3://bucket/prefix=DIR.
func ParseRule(text string) (Rule, error) {
	location, dir, ok := strings.Cut(text, "=")
	rest, isS3 := strings.CutPrefix(location, "s3://")
	if !ok || !isS3 || dir == "" {
		return Rule{}, fmt.Errorf("--map %q: write it as s3://bucket=DIR or s3://bucket/prefix=DIR", text)
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	if err := checkBucket(bucket); err != nil {
		return Rule{}, fmt.Errorf("--map %q: %w", text, err)
	}
	if prefix = strings.TrimSuffix(prefix, "/"); prefix != "" {
		if err := checkSegments(prefix); err != nil {
			return Rule{}, fmt.Errorf("--map %q: the prefix cannot be a folder: %w", text, err)
		}
		prefix += "/"
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Rule{}, fmt.Errorf("--map %q: %w", text, err)
	}
	info, err := os.Stat(abs)
	if errors.Is(err, fs.ErrNotExist) {
		return Rule{}, fmt.Errorf("--map %q: there is no folder %s: create it, or correct the path", text, abs)
	}
	if err != nil {
		return Rule{}, fmt.Errorf("--map %q: %w", text, err)
	}
	if !info.IsDir() {
		return Rule{}, fmt.Errorf("--map %q: %s is a file: map a folder", text, abs)
	}
	return Rule{Bucket: bucket, Prefix: prefix, Dir: abs}, nil
}

func checkBucket(name string) error {
	if !bucketName.MatchString(name) || strings.Contains(name, "..") {
		return fmt.Errorf("%q is not a bucket name: 3 to 63 letters, digits, dots, hyphens or underscores", name)
	}
	return nil
}

// mapped reports whether a rule names the bucket; such a bucket always exists.
func (m *Map) mapped(bucket string) bool {
	return slices.ContainsFunc(m.rules, func(r Rule) bool { return r.Bucket == bucket })
}

// exists reports whether there is a bucket of that name.
func (m *Map) exists(bucket string) bool {
	if checkBucket(bucket) != nil {
		return false
	}
	if m.mapped(bucket) {
		return true
	}
	info, err := os.Stat(filepath.Join(m.data, bucket))
	return err == nil && info.IsDir()
}

// folder returns the folder that holds keys starting with dirKey, which is empty
// or ends with a slash, and the rule that says so; nil for the data folder's own.
func (m *Map) folder(bucket, dirKey string) (dir string, rule *Rule) {
	for i := range m.rules {
		r := &m.rules[i]
		if rest, ok := strings.CutPrefix(dirKey, r.Prefix); ok && r.Bucket == bucket {
			return filepath.Join(r.Dir, filepath.FromSlash(rest)), r
		}
	}
	return filepath.Join(m.data, bucket, filepath.FromSlash(dirKey)), nil
}

// file returns the path of the file that holds an object. A key that ends with a
// slash gives the path of a folder. The error says why a key cannot be a file.
func (m *Map) file(bucket, key string) (path string, err error) {
	if err := checkBucket(bucket); err != nil {
		return "", err
	}
	name := strings.TrimSuffix(key, "/")
	if err := checkSegments(name); err != nil {
		return "", fmt.Errorf("key %q cannot be a file: %w", key, err)
	}
	for _, r := range m.rules {
		if r.Bucket == bucket && strings.HasPrefix(r.Prefix, name+"/") && name == key {
			return "", fmt.Errorf("key %q cannot be a file: it is the folder of --map %s", key, r.Location())
		}
	}
	if name != key {
		path, _ = m.folder(bucket, key)
		return path, nil
	}
	cut := strings.LastIndexByte(key, '/') + 1
	dir, _ := m.folder(bucket, key[:cut])
	return filepath.Join(dir, key[cut:]), nil
}
