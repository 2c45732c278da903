package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/secret"
	"github.com/reglue/reglue/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeExecutor runs nothing: each job run ends as the test says, at once or when
// told to.
type fakeExecutor struct {
	mu      sync.Mutex
	report  func(executor.Report)
	outcome map[string][]executor.State // by job: of its next runs
	byWhole executor.State              // of runs without an outcome; empty holds them
	live    map[string]executor.Spec
	deaf    bool // stops are not carried out
	started []executor.Spec
	ready   chan struct{} // closed once it runs
}

// server is an API on a real store and a real engine.
type server struct {
	t      testing.TB
	api    *API
	db     *store.DB
	engine *engine.Engine
	exec   *fakeExecutor
	// failed is the error of the last call.
	failed error
}

type settings struct {
	engine engine.Options
	api    Options
}

func newServer(t testing.TB, set ...func(*settings)) *server {
	t.Helper()
	return openServer(t, t.TempDir(), set...)
}

func openServer(t testing.TB, dir string, set ...func(*settings)) *server {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	db, err := store.Open(t.Context(), dir, store.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, db: db, exec: newFakeExecutor()}
	opt := settings{engine: engine.Options{Store: db, Executor: s.exec, Log: log}, api: Options{Log: log, SecretKey: secret.NewKey(filepath.Join(dir, "secret.key"))}}
	for _, f := range set {
		f(&opt)
	}
	s.engine = engine.New(opt.engine)
	s.api = New(db, s.engine, opt.api)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.engine.Run(ctx) }()
	<-s.exec.ready
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, db.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// raw calls an operation with a request as JSON text.
func (s *server) raw(op, body string) (map[string]any, error) {
	return s.rawIn(s.t.Context(), op, body)
}

func (s *server) rawIn(ctx context.Context, op, body string) (map[string]any, error) {
	answer, err := s.api.Call(ctx, op, []byte(body))
	if err != nil {
		return nil, err
	}
	text, err := encode(answer)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return out, dec.Decode(&out)
}

// do calls an operation that must work. The request is JSON text with ' for ".
func (s *server) do(op, body string) map[string]any {
	s.t.Helper()
	out, err := s.raw(op, quoted(body))
	if err != nil {
		s.t.Fatalf("%s %s: %v", op, body, err)
	}
	return out
}

func quoted(body string) string { return strings.ReplaceAll(body, "'", `"`) }

// refuses calls an operation that must fail with a code and a message that
// contains a text.
func (s *server) refuses(op, body, code, text string) {
	s.t.Helper()
	out, err := s.raw(op, quoted(body))
	if err == nil {
		s.t.Errorf("%s %.300s: got %v, want %s", op, body, out, code)
		return
	}
	status, got, message := s.api.Error(err)
	want := 400
	if code == "InternalServiceException" {
		want = 500
	}
	if got != code || status != want || !strings.Contains(message, text) {
		s.t.Errorf("%s %.300s:\n got %d %s: %s\nwant %d %s: …%s…", op, body, status, got, message, want, code, text)
	}
	if slices.Contains(glue.ServedOperations(), op) && code != codeSerialization && code != string(accessDenied) &&
		!slices.Contains(glue.DeclaredErrors(op), code) {
		s.t.Errorf("%s does not declare %s", op, code)
	}
}

// settle waits until all that was reported is durable and nothing more follows
// from it.
func (s *server) settle() {
	s.t.Helper()
	for {
		s.exec.mu.Lock()
		before := len(s.exec.started)
		s.exec.mu.Unlock()
		// Twice: what the first commit starts may have been reported after it.
		for range 2 {
			if err := s.engine.Update(s.t.Context(), func(*store.Tx, glue.Time) error { return nil }); err != nil {
				s.t.Fatal(err)
			}
		}
		s.exec.mu.Lock()
		after := len(s.exec.started)
		s.exec.mu.Unlock()
		if before == after {
			return
		}
	}
}

// until lets commits pass until something holds; what is reported is written a
// little later than it happens.
func (s *server) until(what string, holds func() bool) {
	s.t.Helper()
	for range 5000 {
		if holds() {
			return
		}
		s.settle()
	}
	s.t.Fatalf("%s: not after 10,000 commits", what)
}

// finish ends the newest live run of a job.
func (s *server) finish(job string, state executor.State) {
	s.t.Helper()
	starts := s.exec.starts(job)
	for _, spec := range slices.Backward(starts) {
		s.exec.mu.Lock()
		_, live := s.exec.live[spec.JobRunID]
		s.exec.mu.Unlock()
		if live {
			s.exec.end(spec.JobRunID, state)
			s.settle()
			return
		}
	}
	s.t.Fatalf("job %s has no live run", job)
}

// start starts a run and waits until nothing more follows.
func (s *server) start(workflow string) (runID string) {
	s.t.Helper()
	runID = s.do("StartWorkflowRun", fmt.Sprintf(`{'Name': %q}`, workflow))["RunId"].(string)
	s.settle()
	return runID
}

// fails makes the next run of each job fail.
func (s *server) fails(jobs ...string) {
	s.exec.mu.Lock()
	defer s.exec.mu.Unlock()
	for _, job := range jobs {
		s.exec.outcome[job] = append(s.exec.outcome[job], executor.Failed)
	}
}

// hold keeps job runs live until finish.
func (s *server) hold() {
	s.exec.mu.Lock()
	defer s.exec.mu.Unlock()
	s.exec.byWhole = ""
}

func (s *server) release() {
	s.exec.mu.Lock()
	defer s.exec.mu.Unlock()
	s.exec.byWhole = executor.Succeeded
}

// run is a workflow run as clients see it.
func (s *server) run(workflow, id string) *glue.WorkflowRun {
	s.t.Helper()
	answer, err := s.api.Call(s.t.Context(), "GetWorkflowRun", fmt.Appendf(nil, `{"Name": %q, "RunId": %q, "IncludeGraph": true}`, workflow, id))
	if err != nil {
		s.t.Fatalf("GetWorkflowRun %s: %v", id, err)
	}
	return reread[glue.GetWorkflowRunResponse](s.t, answer).Run
}

func reread[T any](t testing.TB, answer any) T {
	t.Helper()
	var v T
	text, err := encode(answer)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// states writes a run's jobs with the state of their newest job run, such as
// "J1=SUCCEEDED J2=FAILED J3=-".
func states(r *glue.WorkflowRun) string {
	var out []string
	for _, n := range r.Graph.Nodes {
		if n.Type != glue.NodeTypeJob {
			continue
		}
		state := "-"
		if len(n.JobDetails.JobRuns) > 0 {
			state = string(n.JobDetails.JobRuns[0].JobRunState)
		}
		out = append(out, n.Name+"="+state)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// node finds a node of a run by name; a trigger and a job have different ones.
func node(t testing.TB, g *glue.WorkflowGraph, name string) *glue.Node {
	t.Helper()
	i := slices.IndexFunc(g.Nodes, func(n glue.Node) bool { return n.Name == name })
	if i < 0 {
		t.Fatalf("no node %s", name)
	}
	return &g.Nodes[i]
}

// resume resumes from nodes by their names and waits until nothing more follows.
func (s *server) resume(workflow, runID string, names ...string) (id string, roots []string) {
	s.t.Helper()
	run := s.run(workflow, runID)
	var ids []string
	byID := map[string]string{}
	for _, n := range run.Graph.Nodes {
		byID[n.UniqueId] = n.Name
	}
	for _, name := range names {
		ids = append(ids, node(s.t, run.Graph, name).UniqueId)
	}
	body, err := json.Marshal(glue.ResumeWorkflowRunRequest{Name: workflow, RunId: runID, NodeIds: ids})
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := s.api.Call(s.t.Context(), "ResumeWorkflowRun", body)
	if s.failed = err; err != nil {
		return "", nil
	}
	r := reread[glue.ResumeWorkflowRunResponse](s.t, answer)
	for _, id := range r.NodeIds {
		roots = append(roots, byID[id])
	}
	s.settle()
	return r.RunId, roots
}

// count is how many runs, job runs and live ones the store holds, to show that a
// refused call left nothing.
func (s *server) count() string {
	s.t.Helper()
	var out []string
	err := s.db.View(s.t.Context(), func(tx *store.Tx) error {
		names, err := tx.WorkflowNames("", 1000)
		if err != nil {
			return err
		}
		for _, name := range names {
			runs, err := tx.Runs(name, 0, 1000)
			if err != nil {
				return err
			}
			for _, r := range runs {
				jobRuns, err := tx.JobRunsOf(r.Seq)
				if err != nil {
					return err
				}
				out = append(out, fmt.Sprintf("%s:%d:%s:%s:%d", name, r.Seq, r.Status, r.Completed, len(jobRuns)))
			}
		}
		triggers, err := tx.TriggerCount()
		jobs, jobsErr := tx.JobNames("", 1000)
		out = append(out, fmt.Sprintf("%d workflows, %d triggers, jobs %v", len(names), triggers, jobs))
		return cmp.Or(err, jobsErr)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.exec.mu.Lock()
	defer s.exec.mu.Unlock()
	return strings.Join(append(out, fmt.Sprintf("%d started", len(s.exec.started))), "\n")
}

// jsonInto reads JSON with numbers as they are written.
func jsonInto(text string, v any) error {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	return dec.Decode(v)
}
