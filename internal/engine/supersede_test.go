package engine_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/executortest"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// asked notes every start that an executor is asked for, also those it has had.
type asked struct {
	*executortest.Instant
	mu    sync.Mutex
	specs map[string][]executor.Spec // by job run
}

func (x *asked) Start(spec executor.Spec) {
	x.mu.Lock()
	x.specs[spec.JobRunID] = append(x.specs[spec.JobRunID], spec)
	x.mu.Unlock()
	x.Instant.Start(spec)
}

// all is a copy of what was noted.
func (x *asked) all() map[string][]executor.Spec {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := map[string][]executor.Spec{}
	for id, specs := range x.specs {
		out[id] = slices.Clone(specs)
	}
	return out
}

// fan is a host with a workflow in which "broken" fails while "long" is held; both
// are joined. The states may be changed.
func fan(t *testing.T, retries map[string]int32) (*host, *asked, map[string]executor.State) {
	states := map[string]executor.State{"broken": executor.Failed, "long": ""}
	x := &asked{Instant: outcomes(states), specs: map[string][]executor.Spec{}}
	h := &host{t: t, dir: t.TempDir(), exec: x.Instant}
	h.opt.Executor = x
	h.start()
	t.Cleanup(func() { h.stop() })
	join := on("both", "broken", glue.JobRunStateSucceeded, "join")
	join.Predicate.Logical = glue.LogicalAnd
	join.Predicate.Conditions = append(join.Predicate.Conditions, glue.Condition{
		LogicalOperator: glue.LogicalOperatorEquals, JobName: "long", State: glue.JobRunStateSucceeded,
	})
	h.define("w", nil, retries, start("broken", "long"), join)
	return h, x, states
}

// brokenFan starts a run of it and waits until one job failed.
func (h *host) brokenFan() *store.Run {
	h.t.Helper()
	return h.until("w", h.startRun("w"), func(r *store.Run) bool { return r.Statistics.FailedActions == 1 })
}

func (h *host) node(rec *store.Run, name string) string {
	h.t.Helper()
	_, g := h.load(rec)
	for n := range g.Nodes {
		if g.Nodes[n].Name == name {
			return g.Nodes[n].ID
		}
	}
	h.t.Fatalf("no node %s", name)
	return ""
}

func (h *host) whileRunning(rec *store.Run, name string, change func(*engine.ResumeRequest)) (string, error) {
	h.t.Helper()
	req := &engine.ResumeRequest{
		Workflow: "w", RunID: rec.ID, Request: flow.Request{Nodes: []string{h.node(rec, name)}, WhileRunning: true},
	}
	if change != nil {
		change(req)
	}
	res, err := h.engine.ResumeWorkflowRun(h.t.Context(), engine.Call{}, req)
	return res.RunID, err
}

func (h *host) supersede(rec *store.Run, name string) *store.Run {
	h.t.Helper()
	id, err := h.whileRunning(rec, name, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.run("w", id)
}

// jobRun is the one of a job among those of a run.
func (h *host) jobRun(rec *store.Run, job string) (out store.JobRun) {
	h.t.Helper()
	for _, jr := range h.jobRuns(rec) {
		if jr.Job == job {
			out = jr
		}
	}
	return out
}

func TestSupersede(t *testing.T) {
	for _, restarts := range []bool{false, true} {
		h, x, states := fan(t, nil)
		restart := func() {
			if restarts {
				h.restart()
			}
		}
		old := h.brokenFan()
		long := h.jobRun(old, "long")
		restart()
		states["broken"] = ""
		next := h.supersede(old, "broken")
		restart()

		old = h.run("w", old.ID)
		if old.Status != glue.WorkflowRunStatusStopped || old.Error != "Superseded by "+next.ID || old.Completed.IsZero() {
			t.Errorf("the old run is %s, %q, completed %s", old.Status, old.Error, old.Completed)
		}
		if s := old.Statistics; s != (glue.WorkflowRunStatistics{TotalActions: 3, FailedActions: 1}) {
			t.Errorf("statistics of the old run: %+v", s)
		}
		if next.Previous != old.ID || next.Resume == nil || !next.Resume.WhileRunning || next.Statistics.RunningActions != 2 {
			t.Errorf("the new run: %+v", next)
		}
		moved := h.jobRun(next, "long")
		if moved.ID != long.ID || moved.Run != old.Seq || moved.Owner() != next.Seq {
			t.Errorf("moved: %+v", moved)
		}
		err := h.engine.StopWorkflowRun(t.Context(), "w", old.ID)
		if !errors.Is(err, &glue.Error{Kind: glue.IllegalWorkflowState}) {
			t.Errorf("stop of the old run: %v", err)
		}
		x.End(long.ID, executor.Succeeded, "")
		x.End(h.jobRun(next, "broken").ID, executor.Succeeded, "")
		next = h.finished("w", next.ID)
		if next.Status != glue.WorkflowRunStatusCompleted || next.Statistics.SucceededActions != 3 {
			t.Errorf("the new run: %s %+v", next.Status, next.Statistics)
		}
		restart()
		if run, _ := h.load(h.run("w", next.ID)); run.Statistics().SucceededActions != 3 {
			t.Errorf("the new run, loaded: %+v", run.Statistics())
		}
		joins := 0
		for _, spec := range x.Started() {
			if spec.JobName == "join" {
				joins++
			}
		}
		if joins != 1 || len(x.Started()) != 4 {
			t.Errorf("%d joins in %d starts", joins, len(x.Started()))
		}
		// Asked again after a restart, it was the same start.
		for id, specs := range x.all() {
			for _, spec := range specs {
				if !reflect.DeepEqual(spec, specs[0]) {
					t.Errorf("job run %s was started as %+v and as %+v", id, specs[0], spec)
				}
			}
		}
		if got := x.all()[long.ID]; got[0].WorkflowRunID != old.ID || restarts && len(got) < 3 {
			t.Errorf("the moved job run was started %d times, for run %s", len(got), got[0].WorkflowRunID)
		}
	}
}

// TestSupersedeTwice moves an attempt through two runs, with a failure that is retried
// at the end: what retries it belongs to the last run and has its settings.
func TestSupersedeTwice(t *testing.T) {
	h, x, states := fan(t, map[string]int32{"long": 1})
	first := h.brokenFan()
	long := h.jobRun(first, "long")
	second := h.supersede(first, "broken")
	second = h.until("w", second.ID, func(r *store.Run) bool { return r.Statistics.FailedActions == 1 })
	h.restart()
	states["broken"] = executor.Succeeded
	id, err := h.whileRunning(second, "broken", func(r *engine.ResumeRequest) {
		r.Overrides = map[string]glue.RunOverride{"long": {Arguments: map[string]string{"--k": "v"}}}
	})
	if err != nil {
		t.Fatal(err)
	}
	h.restart()
	third := h.run("w", id)
	if moved := h.jobRun(third, "long"); moved.ID != long.ID || moved.Run != first.Seq {
		t.Errorf("moved twice: %+v", moved)
	}
	if run, _ := h.load(h.run("w", second.ID)); !run.Superseded() || len(h.jobRuns(second)) != 1 {
		t.Errorf("the run between: live %d, %d job runs", run.Live, len(h.jobRuns(second)))
	}
	x.End(long.ID, executor.Failed, "")
	third = h.until("w", id, func(*store.Run) bool { return len(x.all()) >= 5 })
	retry := h.jobRun(third, "long")
	if retry.ID != glue.RetryID(long.ID, 1) || retry.Previous != long.ID || retry.Run != third.Seq || retry.MovedTo != 0 {
		t.Errorf("retry: %+v", retry)
	}
	h.restart()
	x.End(retry.ID, executor.Succeeded, "")
	if third = h.finished("w", id); third.Statistics.SucceededActions != 3 {
		t.Errorf("statistics %+v", third.Statistics)
	}
	if spec := x.all()[retry.ID][0]; spec.WorkflowRunID != third.ID || spec.Arguments["--k"] != "v" {
		t.Errorf("the retry was started for %s with %v", spec.WorkflowRunID, spec.Arguments)
	}
	for _, spec := range x.all()[long.ID] {
		if spec.WorkflowRunID != first.ID || spec.Arguments["--k"] != "" {
			t.Errorf("the moved attempt was started for %s with %v", spec.WorkflowRunID, spec.Arguments)
		}
	}
	// What a later resume carries has its job runs still.
	res, err := h.engine.ResumeWorkflowRun(t.Context(), engine.Call{}, &engine.ResumeRequest{
		Workflow: "w", RunID: id, Request: flow.Request{Nodes: []string{h.node(third, "join")}}, AnyResume: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	fourth := h.finished("w", res.RunID)
	run, g := h.load(fourth)
	n, _ := g.NodeByID(h.node(fourth, "long"))
	if got := run.EndID(g, n); got != retry.ID || !run.Nodes[n].Carried {
		t.Errorf("carried is %s of %+v", got, run.Nodes[n])
	}
}

// TestSupersedeRefused: what may not be leaves nothing behind.
func TestSupersedeRefused(t *testing.T) {
	h, _, _ := fan(t, nil)
	old := h.brokenFan()
	for name, c := range map[string]struct {
		kind   glue.Kind
		says   string
		node   string
		change func(*engine.ResumeRequest)
	}{
		"without permission": {glue.IllegalWorkflowState, "RUNNING", "broken", func(r *engine.ResumeRequest) { r.WhileRunning = false }},
		"any end is none":    {glue.IllegalWorkflowState, "RUNNING", "broken", func(r *engine.ResumeRequest) { r.WhileRunning, r.AnyEnd = false, true }},
		"what runs":          {glue.InvalidInput, "long", "long", nil},
		"other triggers":     {glue.InvalidInput, "own triggers", "broken", func(r *engine.ResumeRequest) { r.Current = true }},
		"never ran":          {glue.InvalidInput, "never attempted", "join", nil},
	} {
		id, err := h.whileRunning(old, c.node, c.change)
		if !errors.Is(err, &glue.Error{Kind: c.kind}) || !strings.Contains(err.Error(), c.says) || id != "" {
			t.Errorf("%s: %q, %v", name, id, err)
		}
	}
	if now := h.run("w", old.ID); now.Status != glue.WorkflowRunStatusRunning {
		t.Errorf("the run is %s", now.Status)
	}
	next := h.supersede(old, "broken")
	_, err := h.whileRunning(h.run("w", old.ID), "broken", func(r *engine.ResumeRequest) { r.AnyEnd = true })
	if !errors.Is(err, &glue.Error{Kind: glue.IllegalWorkflowState}) || !strings.Contains(err.Error(), next.ID) {
		t.Errorf("resume of the superseded run: %v", err)
	}
}

// TestSupersedeCountsOnce: the old and the new run are one against MaxConcurrentRuns.
func TestSupersedeCountsOnce(t *testing.T) {
	h, x, states := fan(t, nil)
	one := int32(1)
	err := h.engine.Update(t.Context(), func(tx *store.Tx, now glue.Time) error {
		return tx.PutWorkflow(&store.WorkflowRecord{Name: "w", Created: now, Modified: now, MaxConcurrentRuns: &one})
	})
	if err != nil {
		t.Fatal(err)
	}
	full := func() error {
		_, err := h.engine.StartWorkflowRun(t.Context(), engine.Call{}, "w", nil)
		return err
	}
	old := h.brokenFan()
	states["broken"] = ""
	next := h.supersede(old, "broken")
	for range 2 {
		if err := full(); !errors.Is(err, &glue.Error{Kind: glue.ConcurrentRunsExceeded}) {
			t.Errorf("another run: %v", err)
		}
		h.restart()
	}
	if err := h.engine.StopWorkflowRun(t.Context(), "w", next.ID); err != nil {
		t.Fatal(err)
	}
	if next = h.finished("w", next.ID); next.Status != glue.WorkflowRunStatusStopped || next.Statistics.StoppedActions != 2 {
		t.Errorf("stopped: %s %+v", next.Status, next.Statistics)
	}
	if len(x.Started()) != 3 {
		t.Errorf("%d starts", len(x.Started()))
	}
	if err := full(); err != nil {
		t.Errorf("a run when it is over: %v", err)
	}
}

// TestStopOfAMovedJobRun stops it alone: the run goes on.
func TestStopOfAMovedJobRun(t *testing.T) {
	h, _, states := fan(t, nil)
	old := h.brokenFan()
	states["broken"] = executor.Succeeded
	next := h.supersede(old, "broken")
	long := h.jobRun(next, "long")
	h.restart()
	reasons, err := h.engine.StopJobRuns(t.Context(), "long", []string{long.ID})
	if err != nil || reasons[0] != nil {
		t.Fatal(reasons, err)
	}
	next = h.finished("w", next.ID)
	if next.Status != glue.WorkflowRunStatusCompleted || next.Statistics.StoppedActions != 1 || next.Statistics.SucceededActions != 1 {
		t.Errorf("%s %+v", next.Status, next.Statistics)
	}
}

// TestDeletedWorkflowStopsMovedJobRuns: nothing is left that nobody waits for.
func TestDeletedWorkflowStopsMovedJobRuns(t *testing.T) {
	h, _, _ := fan(t, nil)
	next := h.supersede(h.brokenFan(), "broken")
	long := h.jobRun(next, "long")
	if err := h.engine.DeleteWorkflow(t.Context(), "w"); err != nil {
		t.Fatal(err)
	}
	h.restart()
	for {
		var jr *store.JobRun
		if err := h.db.View(t.Context(), func(tx *store.Tx) (err error) { jr, err = tx.JobRun(long.ID); return err }); err != nil {
			t.Fatal(err)
		}
		if jr.State == flow.Stopped {
			return
		}
	}
}
