package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/reglue/reglue/internal/console"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

// serving is a server on a free port, closed with the test unless it closed it.
func serving(t *testing.T, o serverOptions) *server {
	t.Helper()
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	s, err := startServer(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		select {
		case <-s.done:
		default:
			if err := s.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	return s
}

// asks sends a request without following where it is sent to.
func asks(t *testing.T, method, url string, change func(*http.Request)) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

func text(t *testing.T, answer *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func header(pairs ...string) func(*http.Request) {
	return func(r *http.Request) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == "Host" {
				r.Host = pairs[i+1]
			}
			r.Header.Set(pairs[i], pairs[i+1])
		}
	}
}

// happened is one server-sent event.
type happened struct{ name, id, data string }

// events reads a stream of events.
type events struct {
	t     *testing.T
	lines *bufio.Scanner
	close func()
}

func listen(t *testing.T, url string, change func(*http.Request)) *events {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	answer := asks(t, http.MethodGet, url, func(r *http.Request) {
		*r = *r.WithContext(ctx)
		if change != nil {
			change(r)
		}
	})
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || kind != "text/event-stream" {
		t.Fatalf("got %s, %s: %s", answer.Status, kind, text(t, answer))
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	return &events{t, lines, cancel}
}

// next is the next event; ok is false at the stream's end.
func (e *events) next() (h happened, ok bool) {
	for e.lines.Scan() {
		name, value, _ := strings.Cut(e.lines.Text(), ": ")
		switch name {
		case "event":
			h.name = value
		case "id":
			h.id = value
		case "data":
			h.data = value
		case "":
			if h.name != "" {
				return h, true
			}
		}
	}
	return h, false
}

// until reads up to an event.
func (e *events) until(name, data string) happened {
	e.t.Helper()
	var seen []happened
	for {
		h, ok := e.next()
		if !ok {
			e.t.Fatalf("the stream ended (%v) before %s %s, after %v", e.lines.Err(), name, data, seen)
		}
		if h.name == name && strings.Contains(h.data, data) {
			return h
		}
		seen = append(seen, h)
	}
}

// untilOver reads until the run that events are about is over, and returns its id.
func (e *events) untilOver(c Caller) string {
	e.t.Helper()
	for {
		var about struct{ Workflow, RunId string }
		if err := json.Unmarshal([]byte(e.until("run", "").data), &about); err != nil {
			e.t.Fatal(err)
		}
		r, err := getRun(e.t.Context(), c, about.Workflow, about.RunId)
		if err != nil {
			e.t.Fatal(err)
		}
		if outcomeOf(r).over() {
			return about.RunId
		}
	}
}

func TestConsolePages(t *testing.T) {
	t.Parallel()
	s := serving(t, serverOptions{Data: t.TempDir()})
	page := header("Accept", "text/html,application/xhtml+xml")
	for _, path := range []string{
		"/", "/workflows", "/workflows/nightly/runs/wr_1?node=load&view=gantt", "/workflows/a%2F%2Fb/..%2Fc", "/jobs/x", "/triggers", "/console",
	} {
		answer := asks(t, http.MethodGet, s.Endpoint+path, page)
		h := answer.Header
		if answer.StatusCode != http.StatusOK || !strings.HasPrefix(h.Get("Content-Type"), "text/html") || h.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %s %v", path, answer.Status, h)
		}
		policy := h.Get("Content-Security-Policy")
		has(t, policy, "default-src 'none'", "script-src 'self';", "connect-src 'self'", "frame-ancestors 'none'")
		hasNot(t, strings.ReplaceAll(policy, "style-src-attr 'unsafe-inline'", ""), "unsafe", "http")
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v", path, h)
		}
		has(t, text(t, answer), "<!doctype html>")
	}
	first := asks(t, http.MethodGet, s.Endpoint, page)
	again := asks(t, http.MethodGet, s.Endpoint, func(r *http.Request) { page(r); r.Header.Set("If-None-Match", first.Header.Get("Etag")) })
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("unchanged: %s", again.Status)
	}
	plain := asks(t, http.MethodGet, s.Endpoint, func(r *http.Request) { page(r); r.Header.Set("Accept-Encoding", "identity") })
	packed := asks(t, http.MethodGet, s.Endpoint, func(r *http.Request) { page(r); r.Header.Set("Accept-Encoding", "gzip") })
	if packed.Header.Get("Content-Encoding") != "gzip" || packed.ContentLength >= plain.ContentLength || plain.Header.Get("Content-Encoding") != "" {
		t.Errorf("compressed: %v of %d bytes", packed.Header, packed.ContentLength)
	}
	for _, path := range []string{"/assets/gone-abc123.js", "/console/nope", "/job/jr_1/token/console/events"} {
		if answer := asks(t, http.MethodGet, s.Endpoint+path, page); answer.StatusCode < 400 || strings.Contains(text(t, answer), "<html") {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
	// An AWS client that asks for nothing is still told what speaks here.
	has(t, text(t, asks(t, http.MethodGet, s.Endpoint, nil)), "this address speaks AWS JSON 1.1")
}

func TestConsoleAbout(t *testing.T) {
	t.Parallel()
	s := serving(t, serverOptions{Data: t.TempDir(), Account: "123456789012", Region: "eu-central-1"})
	var about console.About
	answer := asks(t, http.MethodGet, s.Endpoint+"/console/about", nil)
	if err := json.NewDecoder(answer.Body).Decode(&about); err != nil || answer.Header.Get("Cache-Control") != "no-store" {
		t.Fatal(err, answer.Header)
	}
	want := console.About{
		Kind: "server", Auth: "none", SignedIn: true, Account: "123456789012", Region: "eu-central-1",
		Endpoint: s.Endpoint, Version: thisVersion().Version, Server: s.id, Events: true,
	}
	if about != want {
		t.Errorf("got %+v, want %+v", about, want)
	}
}

// TestConsoleRefusesOthers asks as pages of other origins do, and under a name that
// was pointed at this machine.
func TestConsoleRefusesOthers(t *testing.T) {
	t.Parallel()
	s := serving(t, serverOptions{Data: t.TempDir()})
	fetched := header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "Origin", "https://evil.example", "Accept", "text/html")
	rebound := header("Host", "evil.example", "Sec-Fetch-Site", "same-origin", "Accept", "text/html")
	for name, change := range map[string]func(*http.Request){"another origin": fetched, "rebound": rebound} {
		for _, path := range []string{"/", "/workflows/x", "/assets/x.js", "/console/about", "/console/events", "/console/logs/jr_1", "/console/logs/jr_1/download", "/console/session"} {
			answer := asks(t, http.MethodGet, s.Endpoint+path, change)
			if answer.StatusCode != http.StatusForbidden || answer.Header.Get("X-Amzn-Errortype") != "AccessDeniedException" {
				t.Errorf("%s, %s: %s", name, path, answer.Status)
			}
		}
		for method, path := range map[string]string{http.MethodPost: "/", http.MethodDelete: "/console/session"} {
			if answer := asks(t, method, s.Endpoint+path, change); answer.StatusCode != http.StatusForbidden {
				t.Errorf("%s, %s: %s", name, path, answer.Status)
			}
		}
	}
}

// TestConsoleEvents watches a run from its definition to its end, loses the server,
// and watches the next one at the same address.
func TestConsoleEvents(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	w.write(t, "good", "")
	s := serving(t, serverOptions{Data: w.data})
	e := listen(t, s.Endpoint+"/console/events", nil)
	e.until("hello", `{"Server":"`+s.id+`"}`)
	w.reglue(t, 0, "apply", w.template, "--parameter", "Dir="+w.dir)
	e.until("definitions", "{}")
	c := newHTTPCaller(s.Endpoint, nil, "us-east-1")
	started, err := call[glue.StartWorkflowRunResponse](t.Context(), c, "StartWorkflowRun", &glue.StartWorkflowRunRequest{Name: "nightly"})
	if err != nil {
		t.Fatal(err)
	}
	if got := e.untilOver(c); got != started.RunId {
		t.Errorf("another run: %s", got)
	}
	alone, err := call[glue.StartJobRunResponse](t.Context(), c, "StartJobRun", &glue.StartJobRunRequest{JobName: "extract"})
	if err != nil {
		t.Fatal(err)
	}
	for { // each event is about what can be read already
		e.until("job", alone.JobRunId)
		out, err := call[glue.GetJobRunResponse](t.Context(), c, "GetJobRun", &glue.GetJobRunRequest{JobName: "extract", RunId: alone.JobRunId})
		if err != nil {
			t.Fatal(err)
		}
		if !out.JobRun.CompletedOn.IsZero() {
			break
		}
	}

	address := s.listener.Addr().String()
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		_, more = e.next()
	}
	next := serving(t, serverOptions{Data: w.data, Listen: address})
	if next.id == s.id {
		t.Error("the same server again")
	}
	e = listen(t, s.Endpoint+"/console/events", nil)
	e.until("hello", next.id)
	w.reglue(t, 0, "run", "--workflow", "nightly", "--detach")
	e.untilOver(c)
}

// TestConsoleSlowWatcher: a client that asks for events and does not read them. Commits
// go on, and when it reads at last it learns that it lost some.
func TestConsoleSlowWatcher(t *testing.T) {
	t.Parallel()
	s := serving(t, serverOptions{Data: t.TempDir()})
	conn, err := net.Dial("tcp", s.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /console/events HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	if _, err := in.ReadString('}'); err != nil { // of hello: from now on it is watched
		t.Fatal(err)
	}
	// More than the buffers of a connection hold.
	const clients, each = 8, 10_000
	workflow := strings.Repeat("w", 255)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := range each {
				if err := s.engine.UpdateRun(t.Context(), workflow, func(*store.Tx) (string, error) { return fmt.Sprintf("wr_%d_%d", c, i), nil }); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for line := ""; line != "event: lost\n"; {
		if line, err = in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
}

// TestConsoleLog follows a job's log while the job runs, goes on where it was lost,
// and reaches its end.
func TestConsoleLog(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	s := serving(t, serverOptions{Data: w.data})
	watching := listen(t, s.Endpoint+"/console/events", nil)
	w.reglue(t, 0, "apply", w.template, "--parameter", "Dir="+w.dir, "--parameter", "Wait=go")
	w.reglue(t, 0, "run", "--workflow", "nightly", "--detach")
	waitJob(t, w)
	c := newHTTPCaller(s.Endpoint, nil, "us-east-1")
	job := func(name string) string {
		out, err := call[glue.GetJobRunsResponse](t.Context(), c, "GetJobRuns", &glue.GetJobRunsRequest{JobName: name})
		if err != nil || len(out.JobRuns) == 0 {
			t.Fatal(err)
		}
		return out.JobRuns[0].Id
	}
	at := s.Endpoint + "/console/logs/" + job("extract")
	e := listen(t, at, nil)
	lines := e.until("lines", `"Stream":"stdout","Text":"working on extract"`)
	var got []struct{ Time int64 }
	if err := json.Unmarshal([]byte(lines.data), &got); err != nil || time.Since(time.UnixMilli(got[0].Time)).Abs() > time.Hour {
		t.Errorf("%s: %v", lines.data, err)
	}
	e.close()
	// The job's own endpoint, live as it is, opens nothing of the console.
	for _, path := range []string{"/", "/console/about", "/console/events", "/console/logs/" + job("extract"), "/console/session"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			answer := asks(t, method, s.jobEndpoint(job("extract"))+path, header("Accept", "text/html"))
			if answer.StatusCode < 400 || answer.Header.Get("X-Amzn-Errortype") == "" {
				t.Errorf("%s %s of a job: %s", method, path, answer.Status)
			}
		}
	}
	w.write(t, "go", "")
	again := listen(t, at, header("Last-Event-ID", lines.id))
	if h, ok := again.next(); !ok || h.name != "end" || h.data != `{"Lines":1}` {
		t.Errorf("after the connection was lost: %+v", h)
	}
	if _, more := again.next(); more {
		t.Error("it goes on after the end")
	}

	watching.untilOver(c)
	failed := s.Endpoint + "/console/logs/" + job("load")
	listen(t, failed+"?stream=stderr", nil).until("lines", `"Stream":"stderr","Text":"ValueError: line 3 is not good"`)
	file := asks(t, http.MethodGet, failed+"/download", nil)
	has(t, file.Header.Get("Content-Disposition"), "attachment", ".log")
	wrote := text(t, file)
	has(t, wrote, "  working on load\n")
	has(t, wrote, "! ValueError: line 3 is not good\n")
	for path, code := range map[string]string{
		failed + "?stream=all": "ValidationException", s.Endpoint + "/console/logs/jr_nope": "EntityNotFoundException",
		s.Endpoint + "/console/logs/" + url.PathEscape("../../meta") + "/download": "EntityNotFoundException",
	} {
		if got := asks(t, http.MethodGet, path, nil).Header.Get("X-Amzn-Errortype"); got != code {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// session signs in to a server and returns the cookie.
func session(t *testing.T, s *server, k accessKey) (*http.Response, *http.Cookie) {
	t.Helper()
	c := newHTTPCaller(s.Endpoint, credentials.NewStaticCredentialsProvider(k.ID, k.Secret, ""), "us-east-1")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Endpoint+"/console/session", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	if err := c.sign(t.Context(), r, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if cookies := answer.Cookies(); len(cookies) == 1 {
		return answer, cookies[0]
	}
	return answer, nil
}

func TestConsoleSession(t *testing.T) {
	t.Parallel()
	s := serving(t, serverOptions{Data: t.TempDir(), Auth: authSigV4})
	about := func(change func(*http.Request)) (a console.About) {
		t.Helper()
		if err := json.NewDecoder(asks(t, http.MethodGet, s.Endpoint+"/console/about", change).Body).Decode(&a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := about(nil); a.Auth != "sigv4" || a.SignedIn || a.AccessKey != "" || a.Account != "" {
		t.Errorf("a stranger is told %+v", a)
	}
	for _, path := range []string{"/console/events", "/console/logs/jr_1", "/console/logs/jr_1/download"} {
		if got := asks(t, http.MethodGet, s.Endpoint+path, nil).Header.Get("X-Amzn-Errortype"); got != "MissingAuthenticationTokenException" {
			t.Errorf("%s: %q", path, got)
		}
	}
	for name, k := range map[string]accessKey{"wrong secret": {s.key.ID, "nope"}, "unknown": {"AKIANOPE", "x"}, "a job's": {"jr_1", s.tokens.of(forS3, "jr_1")}} {
		if answer, c := session(t, s, k); answer.StatusCode == http.StatusOK || c != nil {
			t.Errorf("%s key: %s", name, answer.Status)
		}
	}
	_, c := session(t, s, s.key)
	if c == nil {
		t.Fatal("not signed in")
	}
	signed := func(r *http.Request) { r.AddCookie(c) }
	if a := about(signed); !a.SignedIn || a.AccessKey != s.key.ID || a.Account == "" {
		t.Errorf("told %+v", a)
	}
	list := func(change func(*http.Request)) string {
		t.Helper()
		return asks(t, http.MethodPost, s.Endpoint, func(r *http.Request) {
			signed(r)
			r.Header.Set("Content-Type", "application/x-amz-json-1.1")
			r.Header.Set("X-Amz-Target", "AWSGlue.ListWorkflows")
			r.Body = io.NopCloser(strings.NewReader("{}"))
			if change != nil {
				change(r)
			}
		}).Header.Get("X-Amzn-Errortype")
	}
	if got := list(nil); got != "" {
		t.Errorf("with the cookie: %s", got)
	}
	for name, tt := range map[string]struct {
		change func(*http.Request)
		code   string
	}{
		"another origin": {header("Origin", "https://evil.example"), "AccessDeniedException"},
		"another port":   {header("Sec-Fetch-Site", "same-site"), "AccessDeniedException"},
		"a form":         {header("Content-Type", "text/plain"), "SerializationException"},
	} {
		if got := list(tt.change); got != tt.code {
			t.Errorf("%s: %q", name, got)
		}
	}
	e := listen(t, s.Endpoint+"/console/events", signed)
	e.until("hello", s.id)
	asks(t, http.MethodDelete, s.Endpoint+"/console/session", signed)
	for more := true; more; {
		_, more = e.next()
	}
	if got := list(nil); got != "MissingAuthenticationTokenException" {
		t.Errorf("signed out: %q", got)
	}
}

// TestConsoleIsTheCommandsView: the operations answer what the commands say.
func TestConsoleIsTheCommandsView(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	s := serving(t, serverOptions{Data: w.data})
	w.reglue(t, exitFailed, "run", w.template, "--parameter", "Dir="+w.dir)
	w.write(t, "good", "")
	w.reglue(t, 0, "resume", "nightly", "--failed")
	c := newHTTPCaller(s.Endpoint, nil, "us-east-1")
	run, err := newestRun(t.Context(), c, "nightly")
	if err != nil {
		t.Fatal(err)
	}
	said, err := call[plan.ExplainAnswer](t.Context(), c, plan.OpExplain, &plan.ExplainRequest{Name: "nightly", RunId: run})
	if err != nil || len(said.Nodes) != 8 {
		t.Fatal(said, err)
	}
	for _, n := range said.Nodes {
		var d reasonDescription
		out, _ := w.reglue(t, 0, "why", "nightly", n.UniqueId, "-o", "json")
		if err := json.Unmarshal([]byte(out), &d); err != nil || d.Reason != n.Sentence || strings.Join(d.Because, "|") != strings.Join(n.Chain, "|") {
			t.Errorf("%s: the operation says %q %q, the command %q %q (%v)", n.Name, n.Sentence, n.Chain, d.Reason, d.Because, err)
		}
	}
	family, err := call[plan.FamilyAnswer](t.Context(), c, plan.OpFamily, &plan.FamilyRequest{Name: "nightly", RunId: run})
	if err != nil {
		t.Fatal(err)
	}
	var want plan.FamilyAnswer
	out, _ := w.reglue(t, 0, "family", "nightly", "-o", "json")
	if err := json.Unmarshal([]byte(out), &want); err != nil {
		t.Fatal(err)
	}
	if a, b := mustJSON(t, family), mustJSON(t, want); a != b {
		t.Errorf("the operation says\n%s\nthe command\n%s", a, b)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
