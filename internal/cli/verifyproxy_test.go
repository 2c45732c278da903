package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// proxy stands before a server and alters what goes through it.
type proxy struct {
	t   *testing.T
	url string
	to  string

	mu    sync.Mutex
	marks map[string]bool
}

type alteration func(c *passage, op string, in map[string]any) (status int, out map[string]any)

// passage is one call on its way through a proxy.
type passage struct {
	*proxy
	header http.Header
}

func newProxy(t *testing.T, to string, alter alteration) *proxy {
	t.Helper()
	p := &proxy{t: t, to: to, marks: map[string]bool{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in := map[string]any{}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Errorf("the body of a call: %v", err)
		}
		op := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSGlue.")
		status, out := alter(&passage{p, r.Header}, op, in)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(out); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// forward carries a call out on the server.
func (c *passage) forward(op string, in map[string]any) (status int, out map[string]any) {
	body, err := json.Marshal(in)
	if err != nil {
		c.t.Error(err)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.to, bytes.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return http.StatusBadGateway, nil
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AWSGlue."+op)
	if id := c.header.Get("Amz-Sdk-Invocation-Id"); id != "" {
		req.Header.Set("Amz-Sdk-Invocation-Id", id)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Error(err)
		return http.StatusBadGateway, nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Error(err)
	}
	if err := json.Unmarshal(text, &out); err != nil {
		c.t.Error(err)
	}
	return res.StatusCode, out
}

func (p *proxy) mark(run string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marks[run] = true
}

func (p *proxy) marked(run string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.marks[run]
}

// firstJob are the ids of the first job that a run attempted; those of the call if
// there is none.
func (c *passage) firstJob(in map[string]any) any {
	_, out := c.forward("GetWorkflowRun", map[string]any{"Name": in["Name"], "RunId": in["RunId"], "IncludeGraph": true})
	var id any
	first := 0.0
	for node := range nodesIn(runOf(out)) {
		for jr := range jobRunsOf(node) {
			if at, ok := jr["StartedOn"].(float64); ok && (id == nil || at < first) {
				id, first = node["UniqueId"], at
			}
		}
	}
	if id == nil {
		return in["NodeIds"]
	}
	return []any{id}
}

// runOf is the run of an answer; empty if there is none.
func runOf(out map[string]any) map[string]any {
	run, ok := out["Run"].(map[string]any)
	if !ok {
		return map[string]any{}
	}
	return run
}

func nodesIn(run map[string]any) iter.Seq[map[string]any] { return objects(run, "Graph", "Nodes") }

func jobRunsOf(node map[string]any) iter.Seq[map[string]any] {
	return objects(node, "JobDetails", "JobRuns")
}

// objects are those of a list in an object in another.
func objects(in map[string]any, object, list string) iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		inner, _ := in[object].(map[string]any)
		items, _ := inner[list].([]any)
		for _, item := range items {
			if o, ok := item.(map[string]any); ok && !yield(o) {
				return
			}
		}
	}
}

func jobRunsIn(run map[string]any) iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		for node := range nodesIn(run) {
			for jr := range jobRunsOf(node) {
				if !yield(jr) {
					return
				}
			}
		}
	}
}
