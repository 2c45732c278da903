package s3

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// record is what S3 knows of an object beyond its bytes. The MD5 counts for a
// file of this inode, size and time only, so a file that was edited gets a new one;
// the headers stay. Size and time alone do not tell: of two puts within a tick of the
// file system's clock both are the same.
type record struct {
	Key     string            `json:"key"`
	Size    int64             `json:"size"`
	Time    int64             `json:"time"`            // of the file's content, in nanoseconds
	Inode   uint64            `json:"inode,omitempty"` // 0 counts for any
	MD5     string            `json:"md5"`
	Headers map[string]string `json:"headers,omitempty"`
}

func (r record) modified() time.Time { return time.Unix(0, r.Time) }

func (r record) etag() string { return `"` + r.MD5 + `"` }

// describes reports whether the record is of this state of the file.
func (r record) describes(info fs.FileInfo) bool {
	return r.MD5 != "" && r.Size == info.Size() && r.Time == info.ModTime().UnixNano() &&
		(r.Inode == 0 || r.Inode == inode(info))
}

func inode(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ino
	}
	return 0
}

func (m *Map) recordPath(bucket, key string) string {
	sum := sha256.Sum256([]byte(key))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(m.meta, "objects", bucket, name[:2], name+".json")
}

// loadRecord returns an empty record where none was kept, or none that can be read:
// it can be made again, except for headers.
func (m *Map) loadRecord(bucket, key string) record {
	b, err := os.ReadFile(m.recordPath(bucket, key))
	var r record
	if err != nil || json.Unmarshal(b, &r) != nil || r.Key != key {
		return record{Key: key}
	}
	return r
}

func (m *Map) saveRecord(bucket string, r record) error {
	path := m.recordPath(bucket, r.Key)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, which is the good case
	_, err = tmp.Write(b)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// dropRecord forgets an object that is gone.
func (m *Map) dropRecord(bucket, key string) error {
	if err := os.Remove(m.recordPath(bucket, key)); err != nil && !isMissing(err) {
		return err
	}
	return nil
}

// describe returns the record of an open file, and reads the file to compute its
// MD5 where none is kept for this state of it.
func (m *Map) describe(bucket, key string, file *os.File) (record, error) {
	info, err := file.Stat()
	if err != nil {
		return record{}, err
	}
	r := m.loadRecord(bucket, key)
	if r.describes(info) {
		return r, nil
	}
	sum := md5.New()
	if _, err := io.Copy(sum, io.NewSectionReader(file, 0, info.Size())); err != nil {
		return record{}, err
	}
	r.Size, r.Time, r.Inode, r.MD5 = info.Size(), info.ModTime().UnixNano(), inode(info), hex.EncodeToString(sum.Sum(nil))
	// Someone may be writing to the file just now: then the sum is of no state.
	after, err := file.Stat()
	if err != nil {
		return record{}, err
	}
	if !r.describes(after) {
		return r, nil
	}
	return r, m.saveRecord(bucket, r)
}
