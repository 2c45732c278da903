package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// post is a request that is served as it is; changes make it another.
func post(body string, change func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:4780/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSGlue.GetWorkflow")
	if change != nil {
		change(r)
	}
	return r
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// do serves a request and returns the status and the error code, empty for an
// answer. It holds what every answer must have.
func do(t *testing.T, h http.Handler, r *http.Request) (status int, code, message string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if len(w.Header().Get("X-Amzn-Requestid")) != 36 || w.Header().Get("Content-Type") != "application/x-amz-json-1.1" {
		t.Errorf("headers %v", w.Header())
	}
	var body struct {
		Type    string `json:"__type"`
		Message string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Errorf("the body is not JSON: %v\n%s", err, w.Body)
	}
	if got := w.Header().Get("X-Amzn-Errortype"); got != body.Type {
		t.Errorf("header says %q, body %q", got, body.Type)
	}
	if (w.Code == http.StatusOK) != (body.Type == "") {
		t.Errorf("status %d with code %q", w.Code, body.Type)
	}
	return w.Code, body.Type, body.Message
}

func TestRequestsAreAdmittedOrRefused(t *testing.T) {
	tests := []struct {
		name   string
		change func(*http.Request)
		status int
		code   string
	}{
		{"plain", nil, 200, ""},
		{"JSON 1.0", header("Content-Type", "application/x-amz-json-1.0"), 200, ""},
		{"JSON with parameters", header("Content-Type", "application/json; charset=utf-8"), 200, ""},
		{"a job's call", func(r *http.Request) { r.URL.Path = "/job/jr_1/s3cret-token" }, 200, ""},
		{"a job's call with a slash", func(r *http.Request) { r.URL.Path = "/job/jr_1/s3cret-token/" }, 200, ""},
		{"a job's call, wrong token", func(r *http.Request) { r.URL.Path = "/job/jr_1/other" }, 400, codeAccessDenied},
		{"a job's call, other job", func(r *http.Request) { r.URL.Path = "/job/jr_2/s3cret-token" }, 400, codeAccessDenied},
		{"a job's call, no token", func(r *http.Request) { r.URL.Path = "/job/jr_1/" }, 404, codeUnknownOperation},
		{"a job's call, more path", func(r *http.Request) { r.URL.Path = "/job/jr_1/s3cret-token/x" }, 404, codeUnknownOperation},
		{"another path", func(r *http.Request) { r.URL.Path = "/admin" }, 404, codeUnknownOperation},
		{"GET", func(r *http.Request) { r.Method = http.MethodGet }, 405, codeUnknownOperation},
		{"PUT", func(r *http.Request) { r.Method = http.MethodPut }, 405, codeUnknownOperation},
		{"a form", header("Content-Type", "application/x-www-form-urlencoded"), 415, codeSerialization},
		{"plain text", header("Content-Type", "text/plain"), 415, codeSerialization},
		{"no type", func(r *http.Request) { r.Header.Del("Content-Type") }, 415, codeSerialization},
		{"a broken type", header("Content-Type", "application/json; x"), 415, codeSerialization},
		{"two types", header("Content-Type", "application/json, text/plain"), 415, codeSerialization},
		{"gzip", header("Content-Encoding", "gzip"), 415, codeSerialization},
		{"no target", func(r *http.Request) { r.Header.Del("X-Amz-Target") }, 400, codeUnknownOperation},
		{"another service's target", header("X-Amz-Target", "DynamoDB_20120810.GetItem"), 400, codeUnknownOperation},
		{"a target without operation", header("X-Amz-Target", "AWSGlue."), 400, codeUnknownOperation},
		{"an unknown operation", header("X-Amz-Target", "AWSGlue.Nope"), 400, codeUnknownOperation},
		{"an answer that is no JSON", header("X-Amz-Target", "AWSGlue.BrokenAnswer"), 500, codeInternal},
		{"a page of another origin", header("Origin", "https://evil.example"), 403, codeAccessDenied},
		{"a page of another site", header("Sec-Fetch-Site", "cross-site"), 403, codeAccessDenied},
		{"a page of another port", header("Origin", "http://127.0.0.1:9999"), 403, codeAccessDenied},
		{"a page of the same origin", header("Origin", "http://127.0.0.1:4780"), 200, ""},
		{"rebinding", func(r *http.Request) { r.Host = "evil.example:4780" }, 403, codeAccessDenied},
		{"no host", func(r *http.Request) { r.Host = "" }, 403, codeAccessDenied},
		{"an allowed host", func(r *http.Request) { r.Host = "GLUE.internal.:80" }, 200, ""},
		{"rebinding of a job's call", func(r *http.Request) { r.Host, r.URL.Path = "evil.example", "/job/jr_1/s3cret-token" }, 403, codeAccessDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, _ := newHandler(t, false)
			status, code, message := do(t, h, post(`{"Name":"a"}`, tt.change))
			if status != tt.status || code != tt.code {
				t.Errorf("got %d %s %q, want %d %s", status, code, message, tt.status, tt.code)
			}
			if strings.Contains(message, jobToken) {
				t.Error("the message holds a token")
			}
		})
	}
}

func TestSignedModeGuardsToo(t *testing.T) {
	h, _ := newHandler(t, true)
	for name, tt := range map[string]struct {
		change func(*http.Request)
		code   string
	}{
		"another origin":              {header("Origin", "https://evil.example"), codeAccessDenied},
		"a form":                      {header("Content-Type", "text/plain"), codeSerialization},
		"unsigned, whatever the host": {func(r *http.Request) { r.Host = "glue.example.org" }, codeMissingToken},
		"unsigned and unknown target": {header("X-Amz-Target", "x"), codeMissingToken},
		"a void token":                {func(r *http.Request) { r.URL.Path = "/job/jr_1/x" }, codeAccessDenied},
	} {
		if _, code, message := do(t, h, post(`{}`, tt.change)); code != tt.code {
			t.Errorf("%s: got %s %q, want %s", name, code, message, tt.code)
		}
	}
}

func TestJobPathsNeedAHook(t *testing.T) {
	h, _ := newHandler(t, false)
	h.JobToken = nil
	if status, _, _ := do(t, h, post(`{}`, func(r *http.Request) { r.URL.Path = "/job/jr_1/s3cret-token" })); status != http.StatusNotFound {
		t.Errorf("status %d", status)
	}
}

func TestBodyLimit(t *testing.T) {
	h, s := newHandler(t, false)
	fits := `{"Name":"` + strings.Repeat("x", bodyLimit-11) + `"}`
	for _, chunked := range []bool{false, true} {
		set := func(r *http.Request) {
			if chunked {
				r.ContentLength = -1
			}
		}
		if status, code, _ := do(t, h, post(fits, set)); status != 200 {
			t.Errorf("a body of exactly the limit: %d %s", status, code)
		}
		if status, code, _ := do(t, h, post(fits+" ", set)); status != 413 || code != codeTooLarge {
			t.Errorf("one byte more: %d %s", status, code)
		}
	}
	if n := len(s.of("GetWorkflow")); n != 2 {
		t.Errorf("%d calls were made", n)
	}
}

func TestBrokenOffBody(t *testing.T) {
	h, s := newHandler(t, false)
	r := post("", func(r *http.Request) {
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"Na`), errReader{}))
	})
	if status, code, _ := do(t, h, r); status != 400 || code != codeSerialization {
		t.Errorf("%d %s", status, code)
	}
	if len(s.of("GetWorkflow")) != 0 {
		t.Error("half a body reached Call")
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestInternalErrorsAreLoggedNotSent(t *testing.T) {
	for _, op := range []string{"DeleteWorkflow", "StartWorkflowRun"} {
		h, _ := newHandler(t, false)
		var log bytes.Buffer
		h.Log = slog.New(slog.NewTextHandler(&log, nil))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, post(`{"Name":"a"}`, header("X-Amz-Target", "AWSGlue."+op)))
		if w.Code != 500 || strings.Contains(w.Body.String(), "secret detail") || strings.Contains(w.Body.String(), "goroutine") {
			t.Errorf("%s: sent %d %s", op, w.Code, w.Body)
		}
		if !strings.Contains(w.Body.String(), "under request id "+w.Header().Get("X-Amzn-Requestid")) {
			t.Errorf("%s: the message does not name the request: %s", op, w.Body)
		}
		if id := w.Header().Get("X-Amzn-Requestid"); !strings.Contains(log.String(), id) || !strings.Contains(log.String(), "secret detail") {
			t.Errorf("%s: the log does not tell of %s:\n%s", op, id, log.String())
		}
	}
}

func TestRequestOfACall(t *testing.T) {
	h, s := newHandler(t, false)
	do(t, h, post(`{"Name":"a"}`, header("Amz-Sdk-Invocation-Id", "call-1")))
	do(t, h, post(`{"Name":"a"}`, header("Amz-Sdk-Invocation-Id", strings.Repeat("x", 1000))))
	got := s.of("GetWorkflow")
	if len(got) != 2 || got[0].InvocationID != "call-1" || got[1].InvocationID != "" ||
		got[0].BodyHash != hashOf(`{"Name":"a"}`) || got[0].AccessKey != "" || got[0].ID == got[1].ID {
		t.Errorf("requests %+v", got)
	}
	if got := RequestFrom(t.Context()); got != (Request{}) {
		t.Errorf("a context without request has %+v", got)
	}
}

var variable = regexp.MustCompile(`(?m)(^Date: |^X-Amzn-Requestid: |under request id )[^\r"]*`)

// The bytes on the wire, both ways. Requests are testdata/raw/NAME.http, answers
// NAME.answer; -update rewrites these.
func TestRawExchanges(t *testing.T) {
	files, err := filepath.Glob("testdata/raw/*.http")
	if err != nil || len(files) == 0 {
		t.Fatalf("no raw requests: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			h, _ := newHandler(t, false)
			request, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := exchange(t, strings.TrimPrefix(listen(t, h), "http://"), request)
			golden := strings.TrimSuffix(file, ".http") + ".answer"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// exchange sends a request, kept with \n line ends and without its length, and
// returns the answer with the parts that vary blanked.
func exchange(t *testing.T, addr string, request []byte) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	head, body, _ := strings.Cut(string(request), "\n\n")
	body = strings.TrimSuffix(body, "\n")
	fmt.Fprintf(conn, "%s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", strings.ReplaceAll(head, "\n", "\r\n"), len(body), body)
	answer, err := io.ReadAll(bufio.NewReader(conn))
	if err != nil {
		t.Fatal(err)
	}
	answer = variable.ReplaceAll(answer, []byte("$1*"))
	return append(bytes.ReplaceAll(answer, []byte("\r"), nil), '\n')
}
