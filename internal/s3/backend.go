package s3

import (
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// backend is the store as gofakes3 wants it. What the front answers itself is
// not implemented here.
type backend struct{ *store }

var (
	_ gofakes3.Backend          = backend{}
	_ gofakes3.MultipartBackend = backend{}
)

// keptPrefix marks standard headers that gofakes3 would drop; the front adds it.
const keptPrefix = "X-Amz-Kept-"

// objectHeaders returns the headers to keep with an object.
func objectHeaders(meta map[string]string) map[string]string {
	headers := map[string]string{}
	for name, value := range meta {
		if kept, ok := strings.CutPrefix(name, keptPrefix); ok {
			headers[kept] = value
		} else if name != "Last-Modified" {
			headers[name] = value
		}
	}
	return headers
}

// object returns a record as gofakes3 wants it, without content.
func (b backend) object(r record) *gofakes3.Object {
	sum, err := hex.DecodeString(r.MD5)
	if err != nil {
		sum = nil
	}
	headers := map[string]string{"Content-Type": "binary/octet-stream"}
	for name, value := range r.Headers {
		headers[name] = value
	}
	headers["Last-Modified"] = r.modified().UTC().Format(http.TimeFormat)
	return &gofakes3.Object{Name: r.Key, Metadata: headers, Size: r.Size, Hash: sum, Contents: http.NoBody}
}

func (b backend) GetObject(bucket, key string, wanted *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	file, r, err := b.open(bucket, key)
	if err != nil {
		return nil, err
	}
	object := b.object(r)
	if object.Range, err = wanted.Range(r.Size); err != nil {
		if file != nil {
			_ = file.Close()
		}
		return nil, err
	}
	if file == nil {
		return object, nil
	}
	start, length := int64(0), r.Size
	if object.Range != nil {
		start, length = object.Range.Start, object.Range.Length
	}
	object.Contents = struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(file, start, length), file}
	return object, nil
}

func (b backend) HeadObject(bucket, key string) (*gofakes3.Object, error) {
	r, err := b.head(bucket, key)
	if err != nil {
		return nil, err
	}
	return b.object(r), nil
}

func (b backend) PutObject(bucket, key string, meta map[string]string, input io.Reader, size int64, only *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	_, err := b.put(bucket, key, objectHeaders(meta), input, size, only)
	return gofakes3.PutObjectResult{}, err
}

func (b backend) DeleteObject(bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	return gofakes3.ObjectDeleteResult{}, b.remove(bucket, key)
}

func (b backend) DeleteMulti(bucket string, keys ...string) (gofakes3.MultiDeleteResult, error) {
	var result gofakes3.MultiDeleteResult
	for _, key := range keys {
		if err := b.remove(bucket, key); err != nil {
			failed := gofakes3.ErrorResultFromError(err)
			failed.Key = key
			result.Error = append(result.Error, failed)
			continue
		}
		result.Deleted = append(result.Deleted, gofakes3.ObjectID{Key: key})
	}
	return result, nil
}

func (b backend) BucketExists(name string) (bool, error) { return b.exists(name), nil }

func (b backend) CreateBucket(name string) error {
	if b.exists(name) {
		return gofakes3.ResourceError(gofakes3.ErrBucketAlreadyExists, name)
	}
	if err := b.MakeBucket(name); err != nil {
		return fileError("create bucket", name, err)
	}
	return nil
}

// MakeBucket makes the folder of a bucket, unless there is the bucket.
func (m *Map) MakeBucket(name string) error {
	if err := checkBucket(name); err != nil || m.exists(name) {
		return err
	}
	return makeDirs(filepath.Join(m.data, name))
}

func (b backend) DeleteBucket(name string) error {
	if b.mapped(name) {
		return gofakes3.ErrorMessagef(gofakes3.ErrInvalidArgument,
			"bucket %s is a folder of yours, mapped with --map: leave the rule out to be rid of the bucket", name)
	}
	p, err := b.list(name, "", "", "", 1)
	if err != nil {
		return err
	}
	if len(p.objects) > 0 {
		return gofakes3.ResourceError(gofakes3.ErrBucketNotEmpty, name)
	}
	if err := removeEmptyTree(filepath.Join(b.data, name)); err != nil {
		return gofakes3.ErrorMessagef(gofakes3.ErrBucketNotEmpty, "the folder of bucket %s has something in it that is no object: %v", name, err)
	}
	if err := os.RemoveAll(filepath.Join(b.meta, "objects", name)); err != nil {
		return fileError("delete bucket", name, err)
	}
	return nil
}

// errFront tells that the front answers such requests before gofakes3.
var errFront = errors.New("answered by the front")

func (b backend) ListBuckets() ([]gofakes3.BucketInfo, error) { return nil, errFront }

func (b backend) ListBucket(string, *gofakes3.Prefix, gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	return nil, errFront
}

func (b backend) CopyObject(string, string, string, string, map[string]string) (gofakes3.CopyObjectResult, error) {
	return gofakes3.CopyObjectResult{}, errFront
}

func (b backend) ForceDeleteBucket(string) error { return gofakes3.ErrNotImplemented }
