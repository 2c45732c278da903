package s3

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"
)

// upload is an unfinished multipart upload. It is a folder of its own that holds
// this, and a file a part that is named by the part's number and MD5.
type upload struct {
	ID      string            `json:"-"`
	Bucket  string            `json:"bucket"`
	Key     string            `json:"key"`
	Headers map[string]string `json:"headers,omitempty"`
	Began   time.Time         `json:"began"`
}

// part is an uploaded part.
type part struct {
	number int
	md5    string
	path   string
}

const uploadFile = "upload.json"

var uploadID = regexp.MustCompile(`^[A-Z2-7]{26}$`)

func (m *Map) uploadDir(id string) string { return filepath.Join(m.meta, "uploads", id) }

func (b backend) CreateMultipartUpload(bucket, key string, meta map[string]string) (gofakes3.UploadID, error) {
	if _, err := b.file(bucket, key); err != nil {
		return "", gofakes3.ErrorMessagef(gofakes3.ErrInvalidArgument, "%v", err)
	}
	u := upload{ID: rand.Text(), Bucket: bucket, Key: key, Headers: objectHeaders(meta), Began: time.Now().UTC()}
	text, err := json.Marshal(u)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(b.uploadDir(u.ID), 0o700); err != nil {
		return "", fileError("upload", key, err)
	}
	if err := os.WriteFile(filepath.Join(b.uploadDir(u.ID), uploadFile), text, 0o600); err != nil {
		return "", fileError("upload", key, err)
	}
	return gofakes3.UploadID(u.ID), nil
}

// upload returns an unfinished upload of this object.
func (m *Map) upload(bucket, key string, id gofakes3.UploadID) (upload, error) {
	missing := gofakes3.ErrorMessage(gofakes3.ErrNoSuchUpload,
		"The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
	if !uploadID.MatchString(string(id)) {
		return upload{}, missing
	}
	text, err := os.ReadFile(filepath.Join(m.uploadDir(string(id)), uploadFile))
	if isMissing(err) {
		return upload{}, missing
	}
	u := upload{ID: string(id)}
	if err == nil {
		err = json.Unmarshal(text, &u)
	}
	if err != nil {
		return upload{}, fileError("upload", key, err)
	}
	if u.Bucket != bucket || u.Key != key {
		return upload{}, missing
	}
	return u, nil
}

func (b backend) UploadPart(bucket, key string, id gofakes3.UploadID, number int, size int64, input io.Reader) (etag string, err error) {
	u, err := b.upload(bucket, key, id)
	if err != nil {
		return "", err
	}
	dir := b.uploadDir(u.ID)
	temp, file, err := newTemp(dir)
	if err != nil {
		return "", fileError("upload", key, err)
	}
	r, err := writeTemp(temp, file, key, input, size)
	if err != nil {
		return "", err
	}
	defer os.Remove(temp) // fails after the rename, which is the good case
	b.mu.Lock()
	defer b.mu.Unlock()
	older, err := b.parts(u)
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, fmt.Sprintf("%05d.%s", number, r.MD5))
	if err := os.Rename(temp, name); err != nil {
		return "", fileError("upload", key, err)
	}
	for _, old := range older {
		if old.number == number && old.path != name {
			if err := os.Remove(old.path); err != nil {
				return "", fileError("upload", key, err)
			}
		}
	}
	return r.etag(), nil
}

// parts returns the parts of an upload by their numbers.
func (m *Map) parts(u upload) ([]part, error) {
	entries, err := os.ReadDir(m.uploadDir(u.ID))
	if err != nil {
		return nil, fileError("upload", u.Key, err)
	}
	var parts []part
	for _, entry := range entries {
		digits, sum, ok := strings.Cut(entry.Name(), ".")
		number, err := strconv.Atoi(digits)
		if !ok || err != nil || len(sum) != 2*md5.Size {
			continue
		}
		parts = append(parts, part{number: number, md5: sum, path: filepath.Join(m.uploadDir(u.ID), entry.Name())})
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.number, b.number) })
	return parts, nil
}

func (b backend) CompleteMultipartUpload(bucket, key string, id gofakes3.UploadID, request *gofakes3.CompleteMultipartUploadRequest) (gofakes3.VersionID, string, error) {
	u, err := b.upload(bucket, key, id)
	if err != nil {
		return "", "", err
	}
	uploaded, err := b.parts(u)
	if err != nil {
		return "", "", err
	}
	chosen, err := choose(uploaded, request.Parts)
	if err != nil {
		return "", "", err
	}
	body := &partsReader{parts: chosen}
	defer body.close()
	size := int64(0)
	for _, p := range chosen {
		info, err := os.Stat(p.path)
		if err != nil {
			return "", "", fileError("upload", key, err)
		}
		size += info.Size()
	}
	r, err := b.put(bucket, key, u.Headers, body, size, nil)
	if err != nil {
		return "", "", err
	}
	if err := os.RemoveAll(b.uploadDir(u.ID)); err != nil {
		return "", "", fileError("upload", key, err)
	}
	// The MD5 of the whole, not S3's sum of sums: the ETag of an object does not
	// depend on how it came here, nor on whether someone touched the file since.
	return "", r.etag(), nil
}

// choose returns the uploaded parts that the client lists, in its order.
func choose(uploaded []part, listed []gofakes3.CompletedPart) ([]part, error) {
	if len(listed) == 0 {
		return nil, gofakes3.ErrorMessage(gofakes3.ErrMalformedXML, "You must specify at least one part")
	}
	var chosen []part
	for i, want := range listed {
		if i > 0 && want.PartNumber <= listed[i-1].PartNumber {
			return nil, gofakes3.ErrorMessage(gofakes3.ErrInvalidPartOrder, "The list of parts was not in ascending order")
		}
		at := slices.IndexFunc(uploaded, func(p part) bool {
			return p.number == want.PartNumber && p.md5 == strings.Trim(want.ETag, `"`)
		})
		if at < 0 {
			return nil, gofakes3.ErrorMessagef(gofakes3.ErrInvalidPart, "part %d with ETag %s was not uploaded, or has been replaced", want.PartNumber, want.ETag)
		}
		chosen = append(chosen, uploaded[at])
	}
	return chosen, nil
}

// partsReader reads parts one after the other, and checks each against its MD5.
type partsReader struct {
	parts []part
	file  *os.File
}

func (p *partsReader) Read(buffer []byte) (int, error) {
	for {
		if p.file == nil {
			if len(p.parts) == 0 {
				return 0, io.EOF
			}
			if err := p.next(); err != nil {
				return 0, err
			}
		}
		n, err := p.file.Read(buffer)
		if err != io.EOF {
			return n, err
		}
		p.close()
		if n > 0 {
			return n, nil
		}
	}
}

func (p *partsReader) next() error {
	current := p.parts[0]
	file, err := os.Open(current.path)
	if err != nil {
		return err
	}
	sum := md5.New()
	if _, err := io.Copy(sum, file); err != nil {
		_ = file.Close()
		return err
	}
	want, err := hex.DecodeString(current.md5)
	if err != nil || !bytes.Equal(sum.Sum(nil), want) {
		_ = file.Close()
		return gofakes3.ErrorMessagef(gofakes3.ErrInvalidPart, "part %d is damaged on disk: upload it again", current.number)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		_ = file.Close()
		return err
	}
	p.file, p.parts = file, p.parts[1:]
	return nil
}

func (p *partsReader) close() {
	if p.file != nil {
		_ = p.file.Close() // only read from
		p.file = nil
	}
}

func (b backend) AbortMultipartUpload(bucket, key string, id gofakes3.UploadID) error {
	u, err := b.upload(bucket, key, id)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(b.uploadDir(u.ID)); err != nil {
		return fileError("abort the upload of", key, err)
	}
	return nil
}

func (b backend) ListParts(bucket, key string, id gofakes3.UploadID, marker int, limit int64) (*gofakes3.ListMultipartUploadPartsResult, error) {
	u, err := b.upload(bucket, key, id)
	if err != nil {
		return nil, err
	}
	parts, err := b.parts(u)
	if err != nil {
		return nil, err
	}
	result := &gofakes3.ListMultipartUploadPartsResult{
		Bucket: bucket, Key: key, UploadID: id, MaxParts: limit, PartNumberMarker: marker, StorageClass: gofakes3.StorageStandard,
	}
	for _, p := range parts {
		if p.number <= marker {
			continue
		}
		if int64(len(result.Parts)) == limit {
			result.IsTruncated = true
			break
		}
		info, err := os.Stat(p.path)
		if err != nil {
			return nil, fileError("list the parts of", key, err)
		}
		result.Parts = append(result.Parts, gofakes3.ListMultipartUploadPartItem{
			PartNumber: p.number, ETag: `"` + p.md5 + `"`, Size: info.Size(), LastModified: gofakes3.NewContentTime(info.ModTime()),
		})
		result.NextPartNumberMarker = p.number
	}
	return result, nil
}

func (b backend) ListMultipartUploads(bucket string, marker *gofakes3.UploadListMarker, prefix gofakes3.Prefix, limit int64) (*gofakes3.ListMultipartUploadsResult, error) {
	uploads, err := b.uploads(bucket)
	if err != nil {
		return nil, err
	}
	result := &gofakes3.ListMultipartUploadsResult{Bucket: bucket, Prefix: prefix.Prefix, MaxUploads: limit}
	started := marker == nil
	for _, u := range uploads {
		if !started {
			started = u.Key > marker.Object
			if u.Key == marker.Object && u.ID == string(marker.UploadID) {
				started = true // the next one is the first
				continue
			}
		}
		if !started || !strings.HasPrefix(u.Key, prefix.Prefix) {
			continue
		}
		if int64(len(result.Uploads)) == limit {
			result.IsTruncated = true
			break
		}
		result.Uploads = append(result.Uploads, gofakes3.ListMultipartUploadItem{
			Key: u.Key, UploadID: gofakes3.UploadID(u.ID), StorageClass: gofakes3.StorageStandard, Initiated: gofakes3.NewContentTime(u.Began),
		})
		result.NextKeyMarker, result.NextUploadIDMarker = u.Key, gofakes3.UploadID(u.ID)
	}
	return result, nil
}

// uploads returns a bucket's unfinished uploads by key, then by their beginning.
func (b backend) uploads(bucket string) ([]upload, error) {
	entries, err := os.ReadDir(filepath.Join(b.meta, "uploads"))
	if err != nil && !isMissing(err) {
		return nil, fileError("list the uploads of", bucket, err)
	}
	var uploads []upload
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(b.uploadDir(entry.Name()), uploadFile))
		u := upload{ID: entry.Name()}
		if err != nil || json.Unmarshal(text, &u) != nil || u.Bucket != bucket {
			continue // finished since, never wholly begun, or another's
		}
		uploads = append(uploads, u)
	}
	slices.SortFunc(uploads, func(a, b upload) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), a.Began.Compare(b.Began), cmp.Compare(a.ID, b.ID))
	})
	return uploads, nil
}
