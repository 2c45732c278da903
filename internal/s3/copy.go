package s3

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// copyObject answers CopyObject and UploadPartCopy.
func (h *handler) copyObject(w http.ResponseWriter, q *request) error {
	bucket, key, err := copySource(q.Header.Get("X-Amz-Copy-Source"))
	if err != nil {
		return err
	}
	if !h.store.exists(bucket) {
		return noSuchBucket(bucket)
	}
	file, from, err := h.store.open(bucket, key)
	if err != nil {
		return err
	}
	var content io.ReaderAt = strings.NewReader("")
	if file != nil {
		defer file.Close()
		content = file
	}
	if readConditions(q.Header, "X-Amz-Copy-Source-").status(from) != 0 {
		return gofakes3.ErrorMessage(gofakes3.ErrPreconditionFailed, "At least one of the pre-conditions you specified did not hold")
	}
	if q.op.name == "UploadPart" {
		return h.copyPart(w, q, content, from)
	}
	headers, err := copiedHeaders(q, from)
	if err != nil {
		return err
	}
	if bucket == q.bucket && key == q.key && !replaces(q) {
		return &authError{http.StatusBadRequest, "InvalidRequest",
			"This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata."}
	}
	r, err := h.store.put(q.bucket, q.key, headers, io.NewSectionReader(content, 0, from.Size), from.Size, nil)
	if err != nil {
		return err
	}
	return writeXML(w, http.StatusOK, copied("CopyObjectResult", r.etag(), r))
}

func copied(name, etag string, r record) any {
	return struct {
		XMLName            xml.Name
		LastModified, ETag string
	}{xml.Name{Space: "http://s3.amazonaws.com/doc/2006-03-01/", Local: name}, r.modified().UTC().Format(listTime), etag}
}

func (h *handler) copyPart(w http.ResponseWriter, q *request, content io.ReaderAt, from record) error {
	query := q.URL.Query()
	number, err := strconv.Atoi(query.Get("partNumber"))
	if err != nil || number < 1 || number > gofakes3.MaxUploadPartNumber {
		return gofakes3.ErrorMessagef(gofakes3.ErrInvalidArgument, "Part number must be an integer between 1 and %d, inclusive", gofakes3.MaxUploadPartNumber)
	}
	start, length := int64(0), from.Size
	if wanted := q.Header.Get("X-Amz-Copy-Source-Range"); wanted != "" {
		var end int64
		if n, err := fmt.Sscanf(wanted, "bytes=%d-%d", &start, &end); err != nil || n != 2 || start < 0 || end < start || end >= from.Size {
			return gofakes3.ErrorMessagef(gofakes3.ErrInvalidArgument, "The range %q is not valid for a source object of size %d", wanted, from.Size)
		}
		length = end - start + 1
	}
	etag, err := backend{h.store}.UploadPart(q.bucket, q.key, gofakes3.UploadID(query.Get("uploadId")), number, length,
		io.NewSectionReader(content, start, length))
	if err != nil {
		return err
	}
	return writeXML(w, http.StatusOK, copied("CopyPartResult", etag, from))
}

// copySource reads the header's bucket and key, which are encoded as in a URL.
func copySource(header string) (bucket, key string, err error) {
	source, version, _ := strings.Cut(header, "?")
	if version != "" && version != "versionId=null" {
		return "", "", notBuilt("the copy of a version (there is no versioning)")
	}
	decoded, err := url.QueryUnescape(source)
	if err != nil {
		return "", "", gofakes3.ErrorMessage(gofakes3.ErrInvalidArgument, "Invalid copy source encoding")
	}
	bucket, key, ok := strings.Cut(strings.TrimPrefix(decoded, "/"), "/")
	if !ok || key == "" {
		return "", "", gofakes3.ErrorMessage(gofakes3.ErrInvalidArgument, "Invalid copy source object key: write it as bucket/key")
	}
	return bucket, key, nil
}

func replaces(q *request) bool {
	return strings.EqualFold(q.Header.Get("X-Amz-Metadata-Directive"), "REPLACE")
}

// copiedHeaders returns the headers of the new object: the source's, or with the
// directive REPLACE the request's.
func copiedHeaders(q *request, from record) (map[string]string, error) {
	if !replaces(q) {
		return from.Headers, nil
	}
	kept, err := keptHeaders(q.Header)
	if err != nil {
		return nil, err
	}
	return objectHeaders(kept), nil
}
