package s3

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"
)

const (
	maxXMLBody   = 8 << 20
	maxUserBytes = 2 << 10 // of an object's own metadata, as S3 has it
	localSuffix  = ".localhost"
)

// Options are settings of a handler. The zero value takes every request.
type Options struct {
	// Secrets returns the secret of an access key. Where it is set, every request
	// must carry a valid signature; nil takes any request.
	Secrets func(accessKey string) (secret string, ok bool)
	// Writes is told, before it happens, of each object that a request with an
	// access key is about to write or delete. Nil is told of none.
	Writes func(accessKey, location string)
	// Now is the clock that signatures are held against; time.Now when nil.
	Now func() time.Time
	// Log takes errors that are not the client's; slog.Default when nil.
	Log *slog.Logger
}

// handler is the front before gofakes3.
type handler struct {
	store   *store
	next    http.Handler
	options Options
}

// Handler answers the S3 protocol over the map's folders.
func Handler(m *Map, options Options) http.Handler {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Log == nil {
		options.Log = slog.Default()
	}
	s := &store{Map: m}
	return &handler{store: s, options: options, next: gofakes3.New(backend{s},
		gofakes3.WithTimeSkewLimit(0), gofakes3.WithMetadataSizeLimit(0), gofakes3.WithIntegrityCheck(false),
		gofakes3.WithLogger(logger{options.Log})).Server()}
}

// logger passes on what gofakes3 reports as an error.
type logger struct{ log *slog.Logger }

func (l logger) Print(level gofakes3.LogLevel, v ...any) {
	if level == gofakes3.LogErr {
		l.log.Error("s3: request failed", "error", fmt.Sprint(v...))
	}
}

// request is a call of S3 on its way through the front.
type request struct {
	*http.Request
	op          operation
	bucket, key string
	found       http.Header // of the response: what was verified
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &answer{ResponseWriter: w}
	if err := h.serve(a, r); err != nil {
		h.writeError(a, r, err)
	}
	a.finish() // where nothing was written: an empty answer
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) error {
	var signed *chunkSigner
	if h.options.Secrets != nil {
		var err error
		if signed, err = authenticate(r, h.options.Secrets, h.options.Now()); err != nil {
			return err
		}
	}
	q, err := h.read(w, r)
	if err != nil {
		return err
	}
	body, err := verify(q.Request, signed, w.Header())
	if err != nil {
		return err
	}
	if q.op.name != "PutObject" && q.op.name != "UploadPart" {
		// Nothing may be done before the body has proved right.
		if body, err = readSmall(body); err != nil {
			return err
		}
	}
	return h.dispatch(w, q, body)
}

// read finds out what is asked for, and refuses what is not built.
func (h *handler) read(w http.ResponseWriter, r *http.Request) (*request, error) {
	path := r.URL.Path
	if host := hostname(r.Host); strings.HasSuffix(host, localSuffix) {
		path = "/" + strings.TrimSuffix(host, localSuffix) + path // the bucket's own host name
	}
	q := &request{Request: r, found: w.Header()}
	q.bucket, q.key, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	at := objectLevel
	switch {
	case q.bucket == "":
		at = service
	case q.key == "":
		at = bucketLevel
	}
	var err error
	if q.op, err = identify(r.Method, at, r.URL.Query()); err != nil {
		return nil, err
	}
	if err := checkHeaders(q.op, r.Header); err != nil {
		return nil, err
	}
	exists := h.store.exists(q.bucket)
	if q.op.name == "CreateBucket" && exists {
		return nil, &authError{http.StatusConflict, "BucketAlreadyOwnedByYou",
			"Your previous request to create the named bucket succeeded and you already own it."}
	}
	if q.op.name != "CreateBucket" && at != service && !exists {
		return nil, noSuchBucket(q.bucket)
	}
	return q, nil
}

func noSuchBucket(bucket string) error {
	return gofakes3.ErrorMessagef(gofakes3.ErrNoSuchBucket,
		"The specified bucket does not exist: %s; create it (aws s3 mb s3://%s), or give the server a folder for it (--map s3://%s=DIR)", bucket, bucket, bucket)
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

func (h *handler) dispatch(w http.ResponseWriter, q *request, body io.Reader) error {
	if h.options.Writes != nil && q.op.writes() {
		if key := accessKey(q.Request); key != "" {
			h.options.Writes(key, strings.TrimSuffix("s3://"+q.bucket+"/"+q.key, "/"))
		}
	}
	switch q.op.name {
	case "ListBuckets":
		return h.listBuckets(w, q)
	case "ListObjects", "ListObjectsV2":
		return h.listObjects(w, q)
	case "GetObjectTagging":
		return h.noTags(w, q)
	case "GetBucketVersioning":
		return noVersioning(w)
	case "GetObject", "HeadObject":
		return h.readObject(w, q)
	case "PutObject", "UploadPart":
		if q.Header.Get("X-Amz-Copy-Source") != "" {
			return h.copyObject(w, q)
		}
	}
	next, err := forNext(q, body)
	if err != nil {
		return err
	}
	h.next.ServeHTTP(w, next)
	return nil
}

// forNext returns the request for gofakes3: bucket in the path, body decoded, and
// only those headers of AWS that belong to the object.
func forNext(q *request, body io.Reader) (*http.Request, error) {
	next := q.Clone(q.Context())
	next.URL.Path, next.URL.RawPath = "/"+q.bucket, ""
	if q.key != "" {
		next.URL.Path += "/" + q.key
	}
	query := next.URL.Query()
	query.Del("versionId") // null, which means none
	next.URL.RawQuery = query.Encode()
	for name := range next.Header {
		if strings.HasPrefix(name, "X-Amz-") && !strings.HasPrefix(name, "X-Amz-Meta-") {
			next.Header.Del(name)
		}
	}
	next.Header.Del("X-Minio-Force-Delete")
	next.Header.Del("Content-Md5") // verified, with the other checksums
	kept, err := keptHeaders(q.Header)
	if err != nil {
		return nil, err
	}
	for name, value := range kept {
		next.Header.Set(name, value)
	}
	if kept["Content-Encoding"] == "" {
		next.Header.Del("Content-Encoding")
	}
	if length := q.Header.Get("X-Amz-Decoded-Content-Length"); length != "" {
		n, err := strconv.ParseInt(length, 10, 64)
		if err != nil || n < 0 {
			return nil, gofakes3.ErrorMessage(gofakes3.ErrInvalidArgument, "x-amz-decoded-content-length is not a number")
		}
		next.ContentLength = n
		next.Header.Set("Content-Length", length)
	} else if strings.HasPrefix(q.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return nil, gofakes3.ErrorMessage(gofakes3.ErrMissingContentLength, "You must provide the x-amz-decoded-content-length HTTP header.")
	}
	next.Body = io.NopCloser(body)
	return next, nil
}

// keptHeaders returns the headers that are kept with an object, under the names
// that bring them through gofakes3.
func keptHeaders(from http.Header) (map[string]string, error) {
	kept := map[string]string{}
	size := 0
	for name, values := range from {
		value := strings.Join(values, ",")
		switch {
		case strings.HasPrefix(name, "X-Amz-Meta-"):
			size += len(name) - len("X-Amz-Meta-") + len(value)
			kept[name] = value
		case name == "Content-Type", name == "Content-Disposition":
			kept[name] = value
		case name == "Cache-Control", name == "Content-Language", name == "Expires":
			kept[keptPrefix+name] = value
		case name == "Content-Encoding":
			var codings []string
			for coding := range strings.SplitSeq(value, ",") {
				if coding = strings.TrimSpace(coding); coding != "" && coding != "aws-chunked" {
					codings = append(codings, coding)
				}
			}
			if len(codings) > 0 {
				kept[name] = strings.Join(codings, ",")
			}
		}
	}
	if size > maxUserBytes {
		return nil, gofakes3.ErrorMessagef(gofakes3.ErrMetadataTooLarge, "Your metadata headers exceed the maximum allowed metadata size: %d bytes of %d", size, maxUserBytes)
	}
	return kept, nil
}

// readObject holds the conditions of a read against the object.
func (h *handler) readObject(w http.ResponseWriter, q *request) error {
	if number := q.URL.Query().Get("partNumber"); number != "" && number != "1" {
		return &authError{http.StatusRequestedRangeNotSatisfiable, "InvalidPartNumber", "The requested partnumber is not satisfiable: objects are kept whole"}
	}
	only := readConditions(q.Header, "")
	if only != (conditions{}) {
		r, err := h.store.head(q.bucket, q.key)
		if err != nil {
			return err
		}
		switch only.status(r) {
		case http.StatusPreconditionFailed:
			return gofakes3.ErrorMessage(gofakes3.ErrPreconditionFailed, "At least one of the pre-conditions you specified did not hold")
		case http.StatusNotModified:
			w.Header().Set("ETag", r.etag())
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	next, err := forNext(q, http.NoBody)
	if err != nil {
		return err
	}
	for _, name := range []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"} {
		next.Header.Del(name)
	}
	h.next.ServeHTTP(w, next)
	return nil
}

// noTags answers that an object has no tags, which is so: none can be put.
func (h *handler) noTags(w http.ResponseWriter, q *request) error {
	if _, err := h.store.head(q.bucket, q.key); err != nil {
		return err
	}
	return writeXML(w, http.StatusOK, struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Tagging"`
		TagSet  struct{}
	}{})
}

// noVersioning answers that versioning was never switched on.
func noVersioning(w http.ResponseWriter) error {
	return writeXML(w, http.StatusOK, struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ VersioningConfiguration"`
	}{})
}

func readSmall(body io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(io.LimitReader(body, maxXMLBody+1))
	if err != nil {
		return nil, bodyError(err)
	}
	if len(b) > maxXMLBody {
		return nil, &authError{http.StatusBadRequest, "MaxMessageLengthExceeded", "Your request was too large."}
	}
	return bytes.NewReader(b), nil
}
