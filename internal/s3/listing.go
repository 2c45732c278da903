package s3

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"
)

const (
	maxKeys    = 1000
	maxBuckets = 10000
	listTime   = "2006-01-02T15:04:05.000Z"
)

type owner struct{ ID string }

// us owns every object.
var us = &owner{ID: "reglue"}

type listedObject struct {
	Key, LastModified, ETag string
	Size                    int64
	StorageClass            string
	Owner                   *owner `xml:",omitempty"`
}

type listedPrefix struct{ Prefix string }

// listing is the answer to both versions of the call; what one does not have is
// nil. Counts are always sent: clients index on them.
type listing struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name, Prefix          string
	Delimiter             string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	MaxKeys               int
	IsTruncated           bool
	Marker                *string
	NextMarker            string `xml:",omitempty"`
	KeyCount              *int
	StartAfter            string `xml:",omitempty"`
	ContinuationToken     string `xml:",omitempty"`
	NextContinuationToken string `xml:",omitempty"`
	Contents              []listedObject
	CommonPrefixes        []listedPrefix
}

func (h *handler) listObjects(w http.ResponseWriter, q *request) error {
	query := q.URL.Query()
	limit, err := number(query.Get("max-keys"), maxKeys, "max-keys")
	if err != nil {
		return err
	}
	encode := func(s string) string { return s }
	if kind := query.Get("encoding-type"); kind == "url" {
		encode = func(s string) string { return uriEncode(s, true) }
	} else if kind != "" {
		return gofakes3.ErrorMessage(gofakes3.ErrInvalidArgument, "Invalid Encoding Method specified in Request: encoding-type can only be url")
	}
	v2 := q.op.name == "ListObjectsV2"
	after := query.Get("marker")
	if v2 {
		if after, err = afterToken(query.Get("continuation-token"), query.Get("start-after")); err != nil {
			return err
		}
	}
	prefix, delimiter := query.Get("prefix"), query.Get("delimiter")
	p, err := h.store.list(q.bucket, prefix, delimiter, after, limit)
	if err != nil {
		return err
	}
	result := listing{
		Name: q.bucket, Prefix: encode(prefix), Delimiter: encode(delimiter), EncodingType: query.Get("encoding-type"),
		MaxKeys: limit, IsTruncated: p.next != "",
	}
	for _, r := range p.objects {
		object := listedObject{Key: encode(r.Key), LastModified: r.modified().UTC().Format(listTime), ETag: r.etag(), Size: r.Size, StorageClass: "STANDARD"}
		if !v2 || query.Get("fetch-owner") == "true" {
			object.Owner = us
		}
		result.Contents = append(result.Contents, object)
	}
	for _, entry := range p.prefixes {
		result.CommonPrefixes = append(result.CommonPrefixes, listedPrefix{encode(entry)})
	}
	if v2 {
		count := len(p.objects) + len(p.prefixes)
		result.KeyCount, result.StartAfter, result.ContinuationToken = &count, encode(query.Get("start-after")), query.Get("continuation-token")
		result.NextContinuationToken = base64.URLEncoding.EncodeToString([]byte(p.next))
	} else {
		marker := encode(after)
		result.Marker, result.NextMarker = &marker, encode(p.next)
	}
	return writeXML(w, http.StatusOK, result)
}

// afterToken returns where a page starts. A token is the last entry before it.
func afterToken(token, startAfter string) (string, error) {
	if token == "" {
		return startAfter, nil
	}
	b, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		return "", gofakes3.ErrorMessage(gofakes3.ErrInvalidArgument, "The continuation token provided is incorrect")
	}
	return string(b), nil
}

// number reads a count from a query; larger ones than the limit are the limit.
func number(text string, limit int, name string) (int, error) {
	if text == "" {
		return limit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, gofakes3.ErrorMessagef(gofakes3.ErrInvalidArgument, "Argument %s must be an integer between 0 and %d", name, limit)
	}
	return min(n, limit), nil
}

type listedBucket struct{ Name, CreationDate string }

func (h *handler) listBuckets(w http.ResponseWriter, q *request) error {
	query := q.URL.Query()
	limit, err := number(query.Get("max-buckets"), maxBuckets, "max-buckets")
	if err != nil {
		return err
	}
	after, err := afterToken(query.Get("continuation-token"), "")
	if err != nil {
		return err
	}
	names, err := h.store.buckets()
	if err != nil {
		return err
	}
	result := struct {
		XMLName           xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
		Owner             *owner
		Buckets           []listedBucket `xml:"Buckets>Bucket"`
		ContinuationToken string         `xml:",omitempty"`
	}{Owner: us}
	for _, name := range names {
		if name <= after || !strings.HasPrefix(name, query.Get("prefix")) {
			continue
		}
		if n := len(result.Buckets); n == limit && n > 0 {
			result.ContinuationToken = base64.URLEncoding.EncodeToString([]byte(result.Buckets[n-1].Name))
			break
		}
		result.Buckets = append(result.Buckets, listedBucket{name, h.store.created(name).UTC().Format(listTime)})
	}
	return writeXML(w, http.StatusOK, result)
}

// buckets returns the names of all buckets, in order.
func (m *Map) buckets() ([]string, error) {
	entries, err := os.ReadDir(m.data)
	if err != nil && !isMissing(err) {
		return nil, fileError("list the buckets in", m.data, err)
	}
	var names []string
	for _, entry := range entries {
		if m.exists(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	for _, rule := range m.rules {
		names = append(names, rule.Bucket)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// created returns the time of a bucket's folder, the closest there is.
func (m *Map) created(bucket string) time.Time {
	dirs := []string{filepath.Join(m.data, bucket)}
	for _, rule := range m.rules {
		if rule.Bucket == bucket {
			dirs = append(dirs, rule.Dir)
		}
	}
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err == nil {
			return info.ModTime()
		}
	}
	return time.Time{}
}
