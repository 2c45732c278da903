package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/executortest"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is an engine on a folder; it can be restarted.
type host struct {
	t    *testing.T
	dir  string
	exec *executortest.Instant
	opt  engine.Options

	db     *store.DB
	engine *engine.Engine
	stop   func()
}

func newHost(t *testing.T, x *executortest.Instant) *host {
	h := &host{t: t, dir: t.TempDir(), exec: x}
	h.start()
	t.Cleanup(func() { h.stop() })
	return h
}

func (h *host) start() {
	h.t.Helper()
	db, err := store.Open(h.t.Context(), h.dir, store.Options{Account: "000000000000", Region: "us-east-1"})
	if err != nil {
		h.t.Fatal(err)
	}
	opt := h.opt
	if opt.Executor == nil {
		opt.Executor = h.exec
	}
	opt.Store, opt.Log = db, slog.New(slog.NewTextHandler(h.t.Output(), nil))
	h.db, h.engine = db, engine.New(opt)
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.t.Context()))
	done := make(chan error, 1)
	go func() { done <- h.engine.Run(ctx) }()
	h.stop = func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Error(err)
		}
		if err := db.Close(); err != nil {
			h.t.Error(err)
		}
	}
}

func (h *host) restart() {
	h.t.Helper()
	h.stop()
	h.start()
}

// define stores a workflow; jobs may run as often as they like unless limited.
func (h *host) define(workflow string, limits map[string]int32, retries map[string]int32, triggers ...glue.Trigger) {
	h.t.Helper()
	err := h.engine.Update(h.t.Context(), func(tx *store.Tx, now glue.Time) error {
		if err := tx.PutWorkflow(&store.WorkflowRecord{Name: workflow, Created: now, Modified: now}); err != nil {
			return err
		}
		for i := range triggers {
			triggers[i].WorkflowName = workflow
			for _, a := range triggers[i].Actions {
				if err := putJob(tx, a.JobName, limits, retries, now); err != nil {
					return err
				}
			}
			if err := tx.PutTrigger(&triggers[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func putJob(tx *store.Tx, name string, limits, retries map[string]int32, now glue.Time) error {
	limit, ok := limits[name]
	if !ok {
		limit = 100
	}
	n := retries[name]
	_, err := tx.PutJob(&glue.Job{
		Name: name, Role: "r", CreatedOn: now, LastModifiedOn: now, MaxRetries: &n,
		Command:           &glue.JobCommand{Name: "pythonshell", ScriptLocation: "file:///job.py"},
		ExecutionProperty: &glue.ExecutionProperty{MaxConcurrentRuns: &limit},
	})
	return err
}

func start(jobs ...string) glue.Trigger {
	return glue.Trigger{Name: "start", Type: glue.TriggerTypeOnDemand, State: glue.TriggerStateCreated, Actions: actions(jobs)}
}

func on(name, watched string, state glue.JobRunState, jobs ...string) glue.Trigger {
	return glue.Trigger{
		Name: name, Type: glue.TriggerTypeConditional, State: glue.TriggerStateActivated, Actions: actions(jobs),
		Predicate: &glue.Predicate{Conditions: []glue.Condition{
			{LogicalOperator: glue.LogicalOperatorEquals, JobName: watched, State: state},
		}},
	}
}

func actions(jobs []string) []glue.Action {
	out := make([]glue.Action, len(jobs))
	for i, j := range jobs {
		out[i].JobName = j
	}
	return out
}

func (h *host) startRun(workflow string) string {
	h.t.Helper()
	id, err := h.engine.StartWorkflowRun(h.t.Context(), engine.Call{}, workflow, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// until waits for the run to be as wanted.
func (h *host) until(workflow, id string, want func(*store.Run) bool) *store.Run {
	h.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		rec := h.run(workflow, id)
		if rec != nil && want(rec) {
			return rec
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("run %s did not get there: %+v", id, rec)
		}
	}
}

func (h *host) run(workflow, id string) (rec *store.Run) {
	h.t.Helper()
	err := h.db.View(h.t.Context(), func(tx *store.Tx) (err error) {
		rec, err = tx.Run(workflow, id)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return rec
}

func (h *host) finished(workflow, id string) *store.Run {
	h.t.Helper()
	return h.until(workflow, id, func(r *store.Run) bool { return !r.Completed.IsZero() })
}

func (h *host) jobRuns(rec *store.Run) (out []store.JobRun) {
	h.t.Helper()
	err := h.db.View(h.t.Context(), func(tx *store.Tx) (err error) {
		out, err = tx.JobRunsOf(rec.Seq)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

// outcomes ends jobs as the map says; a job that is not in it succeeds, and one
// with an empty state is held.
func outcomes(m map[string]executor.State) *executortest.Instant {
	return &executortest.Instant{Outcome: func(s executor.Spec) (executor.State, string) {
		if state, ok := m[s.JobName]; ok {
			return state, "as told"
		}
		return executor.Succeeded, ""
	}}
}

func TestRunFollowsTheGraph(t *testing.T) {
	h := newHost(t, outcomes(map[string]executor.State{"b": executor.Failed}))
	h.define("w", nil, nil, start("a", "b"),
		on("after-a", "a", glue.JobRunStateSucceeded, "c"),
		on("after-b", "b", glue.JobRunStateSucceeded, "never"),
		on("b-failed", "b", glue.JobRunStateFailed, "clean"))
	rec := h.finished("w", h.startRun("w"))
	if rec.Status != glue.WorkflowRunStatusCompleted {
		t.Errorf("status %s", rec.Status)
	}
	want := glue.WorkflowRunStatistics{TotalActions: 5, SucceededActions: 3, FailedActions: 1}
	if rec.Statistics != want {
		t.Errorf("statistics %+v, want %+v", rec.Statistics, want)
	}
}

func TestRetriesUntilTheLastAttemptDecides(t *testing.T) {
	h := newHost(t, outcomes(map[string]executor.State{"a": executor.Failed}))
	h.define("w", nil, map[string]int32{"a": 2}, start("a"), on("failed", "a", glue.JobRunStateFailed, "clean"))
	rec := h.finished("w", h.startRun("w"))
	runs := h.jobRuns(rec)
	if len(runs) != 4 {
		t.Fatalf("%d job runs, want three attempts and one clean-up", len(runs))
	}
	first := runs[0].ID
	for n, jr := range runs[:3] {
		if jr.ID != glue.RetryID(first, n) || jr.Retry != n {
			t.Errorf("attempt %d is %s, number %d", n, jr.ID, jr.Retry)
		}
	}
}

func TestOverTheJobsLimitIsAFailedJobRun(t *testing.T) {
	h := newHost(t, outcomes(map[string]executor.State{"a": ""}))
	h.define("w", map[string]int32{"a": 1}, nil, start("a"))
	h.startRun("w")
	second := h.finished("w", h.startRun("w"))
	jr := h.jobRuns(second)[0]
	if jr.State != flow.Failed || jr.Message != "Max concurrent runs exceeded" {
		t.Errorf("job run is %s, %q", jr.State, jr.Message)
	}
}

func TestRestartFindsLiveRuns(t *testing.T) {
	x := outcomes(map[string]executor.State{"a": ""})
	h := newHost(t, x)
	h.define("w", nil, nil, start("a"), on("next", "a", glue.JobRunStateSucceeded, "b"))
	id := h.startRun("w")
	h.restart()
	held := x.Started()[0].JobRunID
	x.End(held, executor.Succeeded, "")
	rec := h.finished("w", id)
	if rec.Statistics.SucceededActions != 2 {
		t.Errorf("statistics %+v", rec.Statistics)
	}
	if n := len(x.Started()); n != 2 {
		t.Errorf("%d attempts started, want 2", n)
	}
}

func TestRestartRepeatsAStop(t *testing.T) {
	x := outcomes(map[string]executor.State{"a": ""})
	h := newHost(t, x)
	h.define("w", nil, nil, start("a"))
	id := h.startRun("w")
	if err := h.engine.StopWorkflowRun(t.Context(), "w", id); err != nil {
		t.Fatal(err)
	}
	h.restart()
	if rec := h.finished("w", id); rec.Status != glue.WorkflowRunStatusStopped {
		t.Errorf("status %s", rec.Status)
	}
}

func TestResumedRunSurvivesARestart(t *testing.T) {
	states := map[string]executor.State{"b": executor.Failed}
	x := outcomes(states)
	h := newHost(t, x)
	h.define("w", nil, nil, start("a", "b"),
		on("after-a", "a", glue.JobRunStateSucceeded, "c"), on("after-b", "b", glue.JobRunStateSucceeded, "d"))
	first := h.finished("w", h.startRun("w"))
	states["b"] = "" // held now
	_, graph := h.load(first)
	node := graph.Nodes[graph.Actions[1].Node].ID
	res, err := h.engine.ResumeWorkflowRun(t.Context(), engine.Call{}, &engine.ResumeRequest{Workflow: "w", RunID: first.ID, Request: flow.Request{Nodes: []string{node}}})
	if err != nil {
		t.Fatal(err)
	}
	h.restart()
	started := x.Started()
	x.End(started[len(started)-1].JobRunID, executor.Succeeded, "")
	rec := h.finished("w", res.RunID)
	want := glue.WorkflowRunStatistics{TotalActions: 4, SucceededActions: 4}
	if rec.Statistics != want {
		t.Errorf("statistics %+v, want %+v", rec.Statistics, want)
	}
	if rec.Previous != first.ID || len(h.jobRuns(rec)) != 2 {
		t.Errorf("previous %s, %d job runs of its own", rec.Previous, len(h.jobRuns(rec)))
	}
}

func (h *host) load(rec *store.Run) (run *flow.Run, graph *flow.Graph) {
	h.t.Helper()
	err := h.db.View(h.t.Context(), func(tx *store.Tx) (err error) {
		run, graph, err = h.engine.Load(tx, rec)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return run, graph
}

func TestRepeatedCallGetsTheFirstAnswer(t *testing.T) {
	h := newHost(t, outcomes(nil))
	h.define("w", nil, nil, start("a"))
	call := engine.Call{Invocation: "i", Caller: "k", Operation: "StartWorkflowRun", BodyHash: "h"}
	first, err := h.engine.StartWorkflowRun(t.Context(), call, "w", nil)
	if err != nil {
		t.Fatal(err)
	}
	h.restart()
	again, err := h.engine.StartWorkflowRun(t.Context(), call, "w", nil)
	if err != nil || again != first {
		t.Errorf("repeat gave %s, %v; the first was %s", again, err, first)
	}
	call.BodyHash = "other"
	if other, err := h.engine.StartWorkflowRun(t.Context(), call, "w", nil); err != nil || other == first {
		t.Errorf("another body gave %s, %v", other, err)
	}
}

func TestRefusedResumeLeavesNothing(t *testing.T) {
	h := newHost(t, outcomes(nil))
	h.define("w", nil, nil, start("a"))
	first := h.finished("w", h.startRun("w"))
	_, err := h.engine.ResumeWorkflowRun(t.Context(), engine.Call{}, &engine.ResumeRequest{Workflow: "w", RunID: first.ID, Request: flow.Request{Nodes: []string{"wnode_none"}}})
	if !errors.Is(err, &glue.Error{Kind: glue.InvalidInput}) {
		t.Errorf("error %v", err)
	}
	err = h.db.View(t.Context(), func(tx *store.Tx) error {
		runs, err := tx.Runs("w", 0, 10)
		if err == nil && len(runs) != 1 {
			err = fmt.Errorf("%d runs", len(runs))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDeletedWorkflowStopsItsJobs(t *testing.T) {
	x := outcomes(map[string]executor.State{"a": ""})
	h := newHost(t, x)
	h.define("w", nil, nil, start("a"), on("stopped", "a", glue.JobRunStateStopped, "b"))
	h.startRun("w")
	if err := h.engine.DeleteWorkflow(t.Context(), "w"); err != nil {
		t.Fatal(err)
	}
	id := x.Started()[0].JobRunID
	deadline := time.Now().Add(20 * time.Second)
	for {
		var jr *store.JobRun
		if err := h.db.View(t.Context(), func(tx *store.Tx) (err error) {
			jr, err = tx.JobRun(id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if jr != nil && jr.State == flow.Stopped {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("job run is %+v", jr)
		}
	}
	if n := len(x.Started()); n != 1 {
		t.Errorf("%d attempts started, want 1", n)
	}
}
