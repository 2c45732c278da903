package s3_test

import (
	"encoding/xml"

	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/s3"
)

// call sends an unsigned request to a handler over the given map.
func call(t *testing.T, h http.Handler, method, target, body string, headers ...string) (status int, answer string, header http.Header) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1"+target, strings.NewReader(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Result().Header
}

func handler(t *testing.T, data string, rules ...string) http.Handler {
	t.Helper()
	m, err := s3.NewMap(data, rules)
	if err != nil {
		t.Fatal(err)
	}
	return s3.Handler(m, s3.Options{})
}

func listKeys(t *testing.T, h http.Handler, target string) (keys, prefixes []string) {
	t.Helper()
	status, body, _ := call(t, h, "GET", target, "")
	if status != http.StatusOK {
		t.Fatalf("GET %s = %d %s", target, status, body)
	}
	var answer struct {
		Contents       []struct{ Key string }
		CommonPrefixes []struct{ Prefix string }
	}
	if err := xml.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	for _, c := range answer.Contents {
		keys = append(keys, c.Key)
	}
	for _, p := range answer.CommonPrefixes {
		prefixes = append(prefixes, p.Prefix)
	}
	return keys, prefixes
}

// TestRulesWithinABucket: the longest prefix says where a key's file lies, and a
// listing shows the folders of all rules as one bucket.
func TestRulesWithinABucket(t *testing.T) {
	t.Parallel()
	data, raw, deep := t.TempDir(), t.TempDir(), t.TempDir()
	h := handler(t, data, "s3://lake/raw="+raw, "s3://lake/raw/x/deep="+deep)
	for _, key := range []string{"top", "raw/a", "raw/x/b", "raw/x/deep/c", "raw/x/deep/d/e", "rawer", "zoo/f"} {
		if status, body, _ := call(t, h, "PUT", "/lake/"+key, key); status != http.StatusOK {
			t.Fatalf("PUT %s = %d %s", key, status, body)
		}
	}
	for path, want := range map[string]string{
		data + "/s3/lake/top": "top", data + "/s3/lake/rawer": "rawer", data + "/s3/lake/zoo/f": "zoo/f",
		raw + "/a": "raw/a", raw + "/x/b": "raw/x/b", deep + "/c": "raw/x/deep/c", deep + "/d/e": "raw/x/deep/d/e",
	} {
		if got := read(t, path); got != want {
			t.Errorf("%s holds %q, want %q", path, got, want)
		}
	}
	// What a rule hides is not there, in a listing as little as in a read.
	write(t, data+"/s3/lake/raw/hidden", "")
	keys, _ := listKeys(t, h, "/lake?list-type=2")
	if diff := cmp.Diff([]string{"raw/a", "raw/x/b", "raw/x/deep/c", "raw/x/deep/d/e", "rawer", "top", "zoo/f"}, keys); diff != "" {
		t.Error(diff)
	}
	keys, prefixes := listKeys(t, h, "/lake?list-type=2&delimiter=/&prefix=raw/x/")
	if diff := cmp.Diff([][]string{{"raw/x/b"}, {"raw/x/deep/"}}, [][]string{keys, prefixes}); diff != "" {
		t.Error(diff)
	}
	if status, body, _ := call(t, h, "PUT", "/lake/raw", "x"); status != http.StatusBadRequest || !strings.Contains(body, "it is the folder of --map s3://lake/raw") {
		t.Errorf("PUT of the rule's folder = %d %s", status, body)
	}
	if status, _, _ := call(t, h, "GET", "/lake/raw/hidden", ""); status != http.StatusNotFound {
		t.Errorf("GET of a hidden file = %d", status)
	}
}

// TestLinks: links of users are followed, also in listings, but not in circles.
func TestLinks(t *testing.T) {
	t.Parallel()
	folder, other := t.TempDir(), t.TempDir()
	write(t, folder+"/dir/a", "a")
	write(t, other+"/b", "b")
	for link, to := range map[string]string{
		"other": other, "file": other + "/b", "dir/loop": folder, "dead": folder + "/nothing",
	} {
		if err := os.Symlink(to, filepath.Join(folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	h := handler(t, t.TempDir(), "s3://links="+folder)
	keys, _ := listKeys(t, h, "/links?list-type=2")
	if diff := cmp.Diff([]string{"dir/a", "file", "other/b"}, keys); diff != "" {
		t.Error(diff)
	}
	if status, body, _ := call(t, h, "GET", "/links/other/b", ""); status != http.StatusOK || body != "b" {
		t.Errorf("GET through a link = %d %q", status, body)
	}
}

// TestNoTraceOfABrokenPut: a body that ends early or proves wrong changes nothing.
func TestNoTraceOfABrokenPut(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	h := handler(t, t.TempDir(), "s3://put="+folder)
	if status, body, _ := call(t, h, "PUT", "/put/key", "whole"); status != http.StatusOK {
		t.Fatal(status, body)
	}
	chunked := []string{"X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Decoded-Content-Length", "5", "X-Amz-Trailer", "x-amz-checksum-crc32"}
	tests := []struct {
		name, body string
		headers    []string
		want       string
	}{
		{"short", "sho", []string{"Content-Length", "10"}, "IncompleteBody"},
		{"wrong sha256", "x", []string{"X-Amz-Content-Sha256", strings.Repeat("0", 64)}, "BadDigest"},
		{"wrong trailer", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", chunked, "BadDigest"},
		{"missing trailer", "5\r\nhello\r\n0\r\n\r\n", chunked, "BadDigest"},
		{"cut chunk", "5\r\nhel", chunked, "IncompleteBody"},
		{"cut before the last chunk", "5\r\nhello\r\n", chunked, "IncompleteBody"},
		{"too long a chunk", "5\r\nhello world\r\n0\r\n\r\n", chunked, "IncompleteBody"},
		{"no chunks", "hello", chunked, "IncompleteBody"},
		{"negative chunk", "-5\r\nhello\r\n0\r\n\r\n", chunked, "IncompleteBody"},
		{"other length than said", "3\r\nhel\r\n0\r\nx-amz-checksum-crc32:ZFj0zQ==\r\n\r\n", chunked, ""},
		{"unknown trailer", "", append(slices.Clone(chunked[:4]), "X-Amz-Trailer", "x-amz-checksum-new"), "NotImplemented"},
		{"unknown streaming", "", append([]string{"X-Amz-Content-Sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, chunked[2:4]...), "NotImplemented"},
		{"no decoded length", "", chunked[:2], "MissingContentLength"},
	}
	for _, tt := range tests {
		status, body, _ := call(t, h, "PUT", "/put/key", tt.body, tt.headers...)
		if status < 400 || !strings.Contains(body, tt.want) {
			t.Errorf("%s: %d %s, want %s", tt.name, status, body, tt.want)
		}
		if got := read(t, folder+"/key"); got != "whole" {
			t.Fatalf("%s: the object is now %q", tt.name, got)
		}
		if diff := cmp.Diff([]string{"key"}, names(t, folder)); diff != "" {
			t.Fatalf("%s left something: %s", tt.name, diff)
		}
	}
	good := "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
	if status, body, _ := call(t, h, "PUT", "/put/key", good, chunked...); status != http.StatusOK || read(t, folder+"/key") != "hello" {
		t.Errorf("a right body: %d %s", status, body)
	}
}

// TestNoInvitationToWebPages: no answer may be read by a page of another origin.
func TestNoInvitationToWebPages(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder+"/key", "x")
	h := handler(t, t.TempDir(), "s3://web="+folder)
	for _, request := range [][2]string{
		{"GET", "/web/key"}, {"HEAD", "/web/key"}, {"GET", "/web?list-type=2"}, {"GET", "/"}, {"GET", "/web/none"}, {"OPTIONS", "/web/key"},
		{"GET", "/web?location"}, {"PUT", "/web/new"},
	} {
		_, _, header := call(t, h, request[0], request[1], "", "Origin", "https://evil.example", "Access-Control-Request-Method", "PUT")
		for name := range header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%v answers %s: %s", request, name, header.Get(name))
			}
		}
	}
	if status, body, _ := call(t, h, "POST", "/web", "key=x&file=y", "Content-Type", "multipart/form-data; boundary=x"); status != http.StatusNotImplemented {
		t.Errorf("a form's upload = %d %s", status, body)
	}
}

// TestNotImplementedNamesIt: a call that is not built never does another's work.
func TestNotImplementedNamesIt(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder+"/key", "kept")
	h := handler(t, t.TempDir(), "s3://sealed="+folder)
	tests := []struct{ method, target, header, want string }{
		{"PUT", "/sealed/key?acl", "", "acl"},
		{"PUT", "/sealed/key?tagging", "", "tagging"},
		{"PUT", "/sealed/key?retention", "", "retention"},
		{"PUT", "/sealed?policy", "", "policy"},
		{"PUT", "/other?versioning", "", "versioning"},
		{"DELETE", "/sealed?lifecycle", "", "lifecycle"},
		{"DELETE", "/sealed/key?versionId=3", "", "version"},
		{"POST", "/sealed/key?select", "", "select"},
		{"POST", "/sealed/key?restore", "", "restore"},
		{"GET", "/sealed/key?torrent", "", "torrent"},
		{"PATCH", "/sealed/key", "", "PATCH"},
		{"PUT", "/sealed/key", "X-Amz-Write-Offset-Bytes", "x-amz-write-offset-bytes"},
		{"PUT", "/sealed/key", "X-Amz-Tagging", "x-amz-tagging"},
		{"PUT", "/sealed/key", "X-Amz-Object-Lock-Mode", "x-amz-object-lock-mode"},
		{"PUT", "/sealed/key", "X-Amz-Kept-Expires", "x-amz-kept-expires"},
		{"DELETE", "/sealed/key", "If-Match", "If-Match"},
	}
	for _, tt := range tests {
		var headers []string
		if tt.header != "" {
			headers = []string{tt.header, "1"}
		}
		status, body, _ := call(t, h, tt.method, tt.target, "x", headers...)
		if status != http.StatusNotImplemented || !strings.Contains(body, "<Code>NotImplemented</Code>") || !strings.Contains(body, tt.want) {
			t.Errorf("%s %s %s = %d %s, want NotImplemented with %q", tt.method, tt.target, tt.header, status, body, tt.want)
		}
	}
	if got := read(t, folder+"/key"); got != "kept" {
		t.Errorf("the object is now %q", got)
	}
}

// TestEditedFileGetsItsOwnETag: what is cached of a file counts for its state only.
func TestEditedFileGetsItsOwnETag(t *testing.T) {
	t.Parallel()
	folder, data := t.TempDir(), t.TempDir()
	h := handler(t, data, "s3://edit="+folder)
	etags := map[string]bool{}
	for _, content := range []string{"one", "three", "fourth"} {
		write(t, folder+"/key", content)
		for range 2 {
			status, _, header := call(t, h, "HEAD", "/edit/key", "")
			if status != http.StatusOK || header.Get("Content-Length") != strconv.Itoa(len(content)) {
				t.Errorf("HEAD = %d, %v", status, header)
			}
			etags[header.Get("ETag")] = true
		}
	}
	if len(etags) != 3 {
		t.Errorf("ETags %v, want one a content", etags)
	}
	// The records are no more than a cache of it: damaged or gone, the answer stays.
	for _, name := range names(t, filepath.Join(data, "s3-meta")) {
		write(t, filepath.Join(data, "s3-meta", name), "{damaged")
	}
	if _, _, header := call(t, h, "HEAD", "/edit/key", ""); !etags[header.Get("ETag")] {
		t.Errorf("with damaged records the ETag is %s", header.Get("ETag"))
	}
}

// TestSwappedFileGetsItsOwnETag: a file put in the place of another, with its size and
// time, is another one. Two puts within a tick of the file system's clock are like that.
func TestSwappedFileGetsItsOwnETag(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	h := handler(t, t.TempDir(), "s3://lake="+folder)
	path, other := filepath.Join(folder, "key"), filepath.Join(folder, "other")
	_, _, first := call(t, h, "PUT", "/lake/key", "first")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(other, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	_, body, header := call(t, h, "GET", "/lake/key", "")
	if body != "other" || header.Get("ETag") == first.Get("ETag") {
		t.Errorf("%q with the ETag %s, which is that of the first", body, header.Get("ETag"))
	}
}

// TestUploadsSurviveARestart: parts wait on disk for the server to come back.
func TestUploadsSurviveARestart(t *testing.T) {
	t.Parallel()
	folder, data := t.TempDir(), t.TempDir()
	_, body, _ := call(t, handler(t, data, "s3://parts="+folder), "POST", "/parts/key?uploads", "")
	var upload struct{ UploadId string }
	if err := xml.Unmarshal([]byte(body), &upload); err != nil {
		t.Fatal(err)
	}
	_, _, header := call(t, handler(t, data, "s3://parts="+folder), "PUT", "/parts/key?partNumber=1&uploadId="+upload.UploadId, "part")
	complete := "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + header.Get("ETag") + "</ETag></Part></CompleteMultipartUpload>"
	status, body, _ := call(t, handler(t, data, "s3://parts="+folder), "POST", "/parts/key?uploadId="+upload.UploadId, complete)
	if status != http.StatusOK || read(t, folder+"/key") != "part" {
		t.Errorf("completing after restarts: %d %s", status, body)
	}
	if left := names(t, filepath.Join(data, "s3-meta", "uploads")); len(left) > 0 {
		t.Errorf("parts left: %v", left)
	}
}

func TestIsRequest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		target, authorization string
		want                  bool
	}{
		{"/b/k", "AWS4-HMAC-SHA256 Credential=AK/20250101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0", true},
		{"/b/k", "AWS4-HMAC-SHA256 Credential=AK/20250101/us-east-1/s3/aws4_request,SignedHeaders=host,Signature=0", true},
		{"/", "AWS4-HMAC-SHA256 Credential=AK/20250101/us-east-1/glue/aws4_request, SignedHeaders=host, Signature=0", false},
		{"/b/k?X-Amz-Credential=AK%2F20250101%2Fus-east-1%2Fs3%2Faws4_request", "", true},
		{"/?X-Amz-Credential=AK%2F20250101%2Fus-east-1%2Fglue%2Faws4_request", "", false},
		{"/s3/aws4_request", "", false},
		{"/", "Bearer /s3/aws4_request", false},
	}
	for _, tt := range tests {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.target, nil)
		r.Header.Set("Authorization", tt.authorization)
		if got := s3.IsRequest(r); got != tt.want {
			t.Errorf("IsRequest(%s, %s) = %v", tt.target, tt.authorization, got)
		}
	}
}

// TestListingAcrossManyFolders: pages join without gap or overlap.
func TestListingAcrossManyFolders(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var want []string
	for _, a := range "abcdefghij" {
		for _, b := range "abcdefghij" {
			key := string(a) + "/" + string(b) + "/file"
			write(t, folder+"/"+key, "")
			want = append(want, key)
		}
	}
	h := handler(t, t.TempDir(), "s3://many="+folder)
	var got []string
	for after := ""; ; {
		status, body, _ := call(t, h, "GET", "/many?max-keys=7&marker="+after, "")
		var page struct {
			IsTruncated bool
			NextMarker  string
			Contents    []struct{ Key string }
		}
		if err := xml.Unmarshal([]byte(body), &page); err != nil || status != http.StatusOK {
			t.Fatal(status, body, err)
		}
		for _, c := range page.Contents {
			got = append(got, c.Key)
		}
		if !page.IsTruncated {
			break
		}
		after = page.NextMarker
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
