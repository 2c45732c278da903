package s3

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// operation is a call of S3 that is built, told apart by its method, by what its
// path names and by a query parameter.
type operation struct {
	name   string
	method string
	level  level
	// key is the query parameter that makes it this operation; may be empty.
	key string
	// params are the other query parameters it may have.
	params []string
}

type level int

const (
	service level = iota
	bucketLevel
	objectLevel
)

var responseHeaders = []string{
	"response-content-type", "response-content-language", "response-expires",
	"response-cache-control", "response-content-disposition", "response-content-encoding",
}

// operations is what the endpoint can do; all else is NotImplemented.
var operations = []operation{
	{name: "ListBuckets", method: "GET", level: service, params: []string{"max-buckets", "prefix", "continuation-token"}},

	{name: "CreateBucket", method: "PUT", level: bucketLevel},
	{name: "HeadBucket", method: "HEAD", level: bucketLevel},
	{name: "DeleteBucket", method: "DELETE", level: bucketLevel},
	{name: "GetBucketLocation", method: "GET", level: bucketLevel, key: "location"},
	{name: "GetBucketVersioning", method: "GET", level: bucketLevel, key: "versioning"},
	{name: "ListMultipartUploads", method: "GET", level: bucketLevel, key: "uploads", params: []string{"prefix", "key-marker", "upload-id-marker", "max-uploads"}},
	{name: "ListObjectsV2", method: "GET", level: bucketLevel, key: "list-type", params: []string{
		"prefix", "delimiter", "max-keys", "encoding-type", "continuation-token", "start-after", "fetch-owner",
	}},
	{name: "ListObjects", method: "GET", level: bucketLevel, params: []string{"prefix", "delimiter", "max-keys", "encoding-type", "marker"}},
	{name: "DeleteObjects", method: "POST", level: bucketLevel, key: "delete"},

	{name: "ListParts", method: "GET", level: objectLevel, key: "uploadId", params: []string{"max-parts", "part-number-marker"}},
	{name: "UploadPart", method: "PUT", level: objectLevel, key: "uploadId", params: []string{"partNumber"}},
	{name: "AbortMultipartUpload", method: "DELETE", level: objectLevel, key: "uploadId"},
	{name: "CompleteMultipartUpload", method: "POST", level: objectLevel, key: "uploadId"},
	{name: "CreateMultipartUpload", method: "POST", level: objectLevel, key: "uploads"},
	{name: "GetObjectTagging", method: "GET", level: objectLevel, key: "tagging", params: []string{"versionId"}},
	{name: "GetObject", method: "GET", level: objectLevel, params: append([]string{"partNumber", "versionId"}, responseHeaders...)},
	{name: "HeadObject", method: "HEAD", level: objectLevel, params: append([]string{"partNumber", "versionId"}, responseHeaders...)},
	{name: "PutObject", method: "PUT", level: objectLevel},
	{name: "DeleteObject", method: "DELETE", level: objectLevel, params: []string{"versionId"}},
}

// writes reports whether the operation changes objects. A part of an upload is
// none yet.
func (op *operation) writes() bool {
	switch op.name {
	case "PutObject", "CompleteMultipartUpload", "DeleteObject", "DeleteObjects":
		return true
	}
	return false
}

// identify finds the operation of a request, or names what is not built.
func identify(method string, at level, query url.Values) (operation, error) {
	for _, op := range operations {
		if op.method != method || op.level != at || op.key != "" && !query.Has(op.key) {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(query)) {
			if name != op.key && !slices.Contains(op.params, name) && !ofEveryRequest(name) {
				return operation{}, notBuilt("%s with the query parameter %q", op.name, name)
			}
		}
		if version := query.Get("versionId"); version != "" && version != "null" {
			return operation{}, notBuilt("%s of a version (there is no versioning)", op.name)
		}
		return op, nil
	}
	what := [...]string{"the service", "a bucket", "an object"}[at]
	return operation{}, notBuilt("%s on %s with %v", method, what, slices.Sorted(maps.Keys(query)))
}

// ofEveryRequest tells the parameters of signatures and those that SDKs add.
func ofEveryRequest(name string) bool {
	return name == "x-id" || len(name) > 6 && strings.EqualFold(name[:6], "X-Amz-")
}

func notBuilt(format string, args ...any) error {
	return &authError{http.StatusNotImplemented, "NotImplemented",
		"reglue's built-in S3 does not implement " + fmt.Sprintf(format, args...)}
}

// Headers of AWS that ask for nothing, or for what files in folders cannot show:
// they are accepted and have no effect.
var ignoredHeaders = []string{
	"x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-user-agent", "x-amz-decoded-content-length",
	"x-amz-trailer", "x-amz-te", "x-amz-acl", "x-amz-storage-class", "x-amz-request-payer", "x-amz-expected-bucket-owner",
	"x-amz-source-expected-bucket-owner", "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id",
	"x-amz-server-side-encryption-context", "x-amz-server-side-encryption-bucket-key-enabled", "x-amz-sdk-checksum-algorithm",
	"x-amz-bucket-object-lock-enabled", "x-amz-object-ownership", "x-amz-optional-object-attributes", "x-amz-mp-object-size",
	"x-amz-api-version", // of the SDK for C++
}

var ignoredPrefixes = []string{"x-amz-meta-", "x-amz-checksum-", "x-amz-grant-"}

// copyHeaders are for the operations that copy.
var copyHeaders = []string{
	"x-amz-copy-source", "x-amz-copy-source-range", "x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match",
	"x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since",
	"x-amz-metadata-directive", "x-amz-tagging-directive",
}

// checkHeaders refuses headers of AWS that would change the outcome if they were
// implemented.
func checkHeaders(op operation, h http.Header) error {
	for name := range h {
		lower := strings.ToLower(name)
		known := !strings.HasPrefix(lower, "x-amz-") || slices.Contains(ignoredHeaders, lower) ||
			slices.ContainsFunc(ignoredPrefixes, func(prefix string) bool { return strings.HasPrefix(lower, prefix) })
		if op.name == "PutObject" || op.name == "UploadPart" {
			known = known || slices.Contains(copyHeaders, lower)
		}
		if lower == "x-amz-bucket-object-lock-enabled" && strings.EqualFold(h.Get(name), "true") {
			known = false
		}
		if !known {
			return notBuilt("%s with the header %s", op.name, lower)
		}
	}
	conditional := h.Get("If-Match") != "" || h.Get("If-None-Match") != ""
	copies := h.Get("X-Amz-Copy-Source") != ""
	reads := op.method == http.MethodGet || op.method == http.MethodHead
	if conditional && !reads && (op.name != "PutObject" || copies) {
		return notBuilt("%s with If-Match or If-None-Match", op.name)
	}
	if only := h.Get("If-None-Match"); op.name == "PutObject" && only != "" && only != "*" {
		return notBuilt("PutObject with an If-None-Match other than *")
	}
	return nil
}
