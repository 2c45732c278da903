package s3

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
)

// Folder returns the folder in which the objects below a location lie; it need not
// exist. It fails for a whole bucket, for a bucket that is not there, and for what rules
// spread over several folders or map as a whole.
func (m *Map) Folder(location string) (string, error) {
	_, _, dir, err := m.place(location)
	return dir, err
}

// MakeFolder makes the folder of a location, as Folder has it, an object too, as long
// as nothing lies in it: clients that take S3 for a file system then find it.
func (m *Map) MakeFolder(location string) error {
	bucket, key, dir, err := m.place(location)
	if err != nil {
		return err
	}
	if found, err := holds(dir); found || err != nil {
		return err
	}
	_, err = m.mark(bucket, key, dir, nil)
	return err
}

// mark makes a folder, and the object of no bytes that stands for it.
func (m *Map) mark(bucket, key, dir string, headers map[string]string) (record, error) {
	if err := makeDirs(dir); err != nil {
		return record{}, err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return record{}, err
	}
	empty := md5.Sum(nil)
	r := record{Key: key, Time: info.ModTime().UnixNano(), MD5: hex.EncodeToString(empty[:]), Headers: headers}
	return r, m.saveRecord(bucket, r)
}

// place takes a location apart: its bucket, its key, which ends with a slash, and the
// folder that it is.
func (m *Map) place(location string) (bucket, key, dir string, err error) {
	rest, _ := strings.CutPrefix(location, "s3://")
	bucket, key, _ = strings.Cut(rest, "/")
	key = strings.TrimSuffix(key, "/")
	if key == "" {
		return "", "", "", fmt.Errorf("location %q names a bucket, not a folder in it", location)
	}
	if err := checkSegments(key); err != nil {
		return "", "", "", fmt.Errorf("location %q cannot be a folder: %w", location, err)
	}
	if !m.exists(bucket) {
		return "", "", "", fmt.Errorf("location %q: there is no bucket %s", location, bucket)
	}
	for i := range m.rules {
		if r := &m.rules[i]; r.Bucket == bucket && strings.HasPrefix(r.Prefix, key+"/") {
			return "", "", "", fmt.Errorf("location %q: --map %s is in it", location, r.Location())
		}
	}
	dir, _ = m.folder(bucket, key+"/")
	return bucket, key + "/", dir, nil
}
