package s3

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/johannesboyne/gofakes3"
)

// store reads and writes objects. Its errors are gofakes3's, so that they reach
// the client as S3 errors with their message.
type store struct {
	*Map
	// mu makes the check of conditions, the rename and the record one step.
	mu sync.Mutex
}

// open returns an object's file and record. The caller closes the file, which
// stays what it was when the object is replaced. The file is nil for the marker
// of an empty folder, a key that ends with a slash.
func (s *store) open(bucket, key string) (*os.File, record, error) {
	path, err := s.file(bucket, key)
	if err != nil {
		return nil, record{}, gofakes3.KeyNotFound(key) // no such key can have been put
	}
	if strings.HasSuffix(key, "/") {
		r := s.loadRecord(bucket, key)
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() || r.MD5 == "" {
			return nil, record{}, gofakes3.KeyNotFound(key)
		}
		return nil, r, nil
	}
	// Asked before opening: the opening of a named pipe would wait for a writer.
	info, err := os.Stat(path)
	if isMissing(err) || errors.Is(err, syscall.ENAMETOOLONG) || err == nil && !info.Mode().IsRegular() {
		return nil, record{}, gofakes3.KeyNotFound(key)
	}
	if err != nil {
		return nil, record{}, fileError("read", key, err)
	}
	file, err := os.Open(path)
	if isMissing(err) {
		return nil, record{}, gofakes3.KeyNotFound(key) // deleted since
	}
	if err != nil {
		return nil, record{}, fileError("read", key, err)
	}
	r, err := s.describe(bucket, key, file)
	if err != nil {
		_ = file.Close()
		return nil, record{}, fileError("read", key, err)
	}
	return file, r, nil
}

// head returns an object's record.
func (s *store) head(bucket, key string) (record, error) {
	file, r, err := s.open(bucket, key)
	if file != nil {
		_ = file.Close()
	}
	return r, err
}

// put writes an object in one step: readers see the old bytes or the new ones,
// and a body that ends early or proves wrong leaves no trace.
func (s *store) put(bucket, key string, headers map[string]string, body io.Reader, size int64, only *gofakes3.PutConditions) (record, error) {
	path, err := s.file(bucket, key)
	if err != nil {
		return record{}, gofakes3.ErrorMessagef(gofakes3.ErrInvalidArgument, "%v", err)
	}
	if strings.HasSuffix(key, "/") {
		return s.putFolder(bucket, key, path, headers, body)
	}
	temp, file, err := s.createTemp(filepath.Dir(path))
	if err != nil {
		return record{}, fileError("write", key, err)
	}
	r, err := writeTemp(temp, file, key, body, size)
	if err != nil {
		return record{}, err
	}
	defer os.Remove(temp) // fails after the rename, which is the good case
	r.Headers = headers
	if err := s.commit(bucket, r, temp, path, only); err != nil {
		return record{}, err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return record{}, fileError("write", key, err)
	}
	return r, nil
}

// putFolder makes a folder for a key that ends with a slash, the way that S3's
// console and Hadoop mark folders. Such an object has no bytes.
func (s *store) putFolder(bucket, key, path string, headers map[string]string, body io.Reader) (record, error) {
	n, err := io.Copy(io.Discard, io.LimitReader(body, 1))
	if err != nil {
		return record{}, err
	}
	if n > 0 {
		return record{}, gofakes3.ErrorMessagef(gofakes3.ErrInvalidArgument,
			"key %q ends with a slash, so it is a folder here and cannot have content: leave the slash out", key)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := makeDirs(path); err != nil {
		return record{}, fileError("write", key, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return record{}, fileError("write", key, err)
	}
	empty := md5.Sum(nil)
	r := record{Key: key, Time: info.ModTime().UnixNano(), MD5: hex.EncodeToString(empty[:]), Headers: headers}
	if err := s.saveRecord(bucket, r); err != nil {
		return record{}, fileError("write", key, err)
	}
	return r, nil
}

// createTemp makes a new file in a folder, which it makes where it is missing. A
// file keeps its folder from being pruned.
func (s *store) createTemp(dir string) (temp string, file *os.File, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := makeDirs(dir); err != nil {
		return "", nil, err
	}
	return newTemp(dir)
}

func newTemp(dir string) (temp string, file *os.File, err error) {
	temp = filepath.Join(dir, tempPrefix+rand.Text())
	file, err = os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	return temp, file, err
}

// writeTemp writes the body to a new file, on disk when it returns, and closes it.
// When it fails the file is gone.
func writeTemp(temp string, file *os.File, key string, body io.Reader, size int64) (r record, err error) {
	defer func() {
		if cerr := file.Close(); err == nil && cerr != nil {
			err = fileError("write", key, cerr)
		}
		if err != nil {
			_ = os.Remove(temp)
		}
	}()
	sum := md5.New()
	source := &sourceReader{from: io.TeeReader(body, sum)}
	n, err := io.Copy(file, source)
	switch {
	case source.err != nil:
		return record{}, source.err // the client's fault, not the disk's
	case err != nil:
		return record{}, fileError("write", key, err)
	case n != size:
		return record{}, gofakes3.ErrorMessagef(gofakes3.ErrIncompleteBody, "the body has %d bytes, its headers say %d", n, size)
	}
	if err := file.Sync(); err != nil {
		return record{}, fileError("write", key, err)
	}
	info, err := file.Stat()
	if err != nil {
		return record{}, fileError("write", key, err)
	}
	return record{Key: key, Size: n, Time: info.ModTime().UnixNano(), Inode: inode(info), MD5: hex.EncodeToString(sum.Sum(nil))}, nil
}

// sourceReader remembers the error of the reader, to tell it from the writer's.
type sourceReader struct {
	from io.Reader
	err  error
}

func (s *sourceReader) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err != nil && err != io.EOF {
		s.err = bodyError(err)
	}
	return n, err
}

// commit checks the conditions, gives the new file its name and keeps its record.
func (s *store) commit(bucket string, r record, temp, path string, only *gofakes3.PutConditions) error {
	key := r.Key
	s.mu.Lock()
	defer s.mu.Unlock()
	if only != nil {
		current, err := s.head(bucket, key)
		missing := gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey)
		if err != nil && !missing {
			return err
		}
		if missing && only.IfMatch != nil {
			return err
		}
		if err := checkPut(only, current, !missing); err != nil {
			return err
		}
	}
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		// An empty folder is nothing to S3; one with files is in the way.
		if err := removeEmptyTree(path); err != nil {
			return gofakes3.ErrorMessagef(gofakes3.ErrInvalidArgument,
				"key %q cannot be a file: there are objects below %q, so it is a folder here; use another key", key, key+"/")
		}
	}
	if err := os.Rename(temp, path); err != nil {
		return fileError("write", key, err)
	}
	if err := s.saveRecord(bucket, r); err != nil {
		return fileError("write", key, err)
	}
	return nil
}

func checkPut(only *gofakes3.PutConditions, current record, exists bool) error {
	if only.IfNoneMatch != nil && exists {
		return gofakes3.ErrorMessage(gofakes3.ErrPreconditionFailed, "At least one of the pre-conditions you specified did not hold: the object exists")
	}
	if only.IfMatch != nil && !etagListed(*only.IfMatch, current.etag()) {
		return gofakes3.ErrorMessagef(gofakes3.ErrPreconditionFailed, "At least one of the pre-conditions you specified did not hold: the ETag is %s", current.etag())
	}
	return nil
}

// remove deletes an object; one that is not there is no error.
func (s *store) remove(bucket, key string) error {
	path, err := s.file(bucket, key)
	if err != nil {
		return nil // no such key can have been put
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	folder := strings.HasSuffix(key, "/")
	info, err := os.Lstat(path)
	switch {
	case isMissing(err) || errors.Is(err, syscall.ENAMETOOLONG):
		return s.dropRecord(bucket, key)
	case err != nil:
		return fileError("delete", key, err)
	case info.IsDir() != folder:
		return nil
	}
	if folder {
		if err := s.dropRecord(bucket, key); err != nil {
			return fileError("delete", key, err)
		}
		// Only an empty folder goes; the objects in another keep it.
		if err := os.Remove(path); err != nil && !errors.Is(err, syscall.ENOTEMPTY) && !errors.Is(err, fs.ErrExist) {
			return fileError("delete", key, err)
		}
		s.prune(bucket, key)
		return nil
	}
	if err := os.Remove(path); err != nil && !isMissing(err) {
		return fileError("delete", key, err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return fileError("delete", key, err)
	}
	if err := s.dropRecord(bucket, key); err != nil {
		return fileError("delete", key, err)
	}
	s.prune(bucket, key)
	return nil
}

// prune removes the folders of a deleted object that hold nothing any more, if they
// are such in which programs keep work in progress, as Spark in "_temporary": they
// begin with "_" or ".". Others stay: they may be a user's.
func (s *store) prune(bucket, key string) {
	for {
		key = strings.TrimSuffix(key, "/")
		key = key[:strings.LastIndexByte(key, '/')+1]
		path, rule := s.folder(bucket, key)
		if !hidden(key) || rule != nil && rule.Prefix == key || s.loadRecord(bucket, key).MD5 != "" || os.Remove(path) != nil {
			return
		}
	}
}

// hidden reports whether a folder, or one that it lies in, has a name by which
// Hadoop leaves it out.
func hidden(dirKey string) bool {
	return strings.HasPrefix(dirKey, "_") || strings.HasPrefix(dirKey, ".") ||
		strings.Contains(dirKey, "/_") || strings.Contains(dirKey, "/.")
}
