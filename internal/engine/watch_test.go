package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// takes waits until a watcher was told of a change, and returns all that it was
// told until then.
func takes(t *testing.T, w *engine.Watcher, want engine.Changed) (all []engine.Changed) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		changes, lost := w.Take()
		if lost {
			t.Fatal("the watcher lost something")
		}
		all = append(all, changes...)
		if slices.Contains(changes, want) {
			return all
		}
		select {
		case <-w.Wake():
		case <-deadline:
			t.Fatalf("never told of %+v, only of %+v", want, all)
		}
	}
}

func TestWatchersLearnWhatCommitsChanged(t *testing.T) {
	t.Parallel()
	h := newHost(t, outcomes(map[string]executor.State{"held": ""}))
	w := h.engine.Watch()
	defer w.Close()
	h.define("flow", nil, nil, start("held"))
	if diff := cmp.Diff([]engine.Changed{{}}, takes(t, w, engine.Changed{})); diff != "" {
		t.Error(diff)
	}

	id := h.startRun("flow")
	run := engine.Changed{Workflow: "flow", Run: id}
	// What a watcher is told of is there to be read.
	takes(t, w, run)
	if h.run("flow", id) == nil {
		t.Error("the run is not there yet")
	}
	if err := h.engine.StopWorkflowRun(t.Context(), "flow", id); err != nil {
		t.Fatal(err)
	}
	for h.run("flow", id).Completed.IsZero() {
		takes(t, w, run)
	}

	alone, err := h.engine.StartJobRun(t.Context(), engine.Call{}, &glue.StartJobRunRequest{JobName: "held"})
	if err != nil {
		t.Fatal(err)
	}
	takes(t, w, engine.Changed{Job: "held", JobRun: alone})

	for range 2 { // what is refused tells nothing, and what was told is not told again
		if _, err := h.engine.StartWorkflowRun(t.Context(), engine.Call{}, "nope", nil); err == nil {
			t.Fatal("there is no such workflow")
		}
	}
	if err := h.engine.UpdateRun(t.Context(), "flow", func(*store.Tx) (string, error) { return id, nil }); err != nil {
		t.Fatal(err)
	}
	told := takes(t, w, run)
	if slices.Contains(told, engine.Changed{}) || len(told) > 2 {
		t.Errorf("told of %+v", told)
	}
}

// TestSlowWatcher takes nothing while much changes: nobody waits for it, it holds a
// bounded number of changes, and it learns that it lost some.
func TestSlowWatcher(t *testing.T) {
	t.Parallel()
	h := newHost(t, outcomes(nil))
	slow, ready := h.engine.Watch(), h.engine.Watch()
	defer slow.Close()
	defer ready.Close()
	for range 10_001 {
		if err := h.engine.UpdateRun(t.Context(), "flow", func(*store.Tx) (string, error) { return "wr_1", nil }); err != nil {
			t.Fatal(err)
		}
		takes(t, ready, engine.Changed{Workflow: "flow", Run: "wr_1"})
	}
	if changes, lost := slow.Take(); !lost || len(changes) != 0 {
		t.Errorf("took %d changes, lost %v", len(changes), lost)
	}
	if err := h.engine.UpdateRun(t.Context(), "flow", func(*store.Tx) (string, error) { return "wr_2", nil }); err != nil {
		t.Fatal(err)
	}
	takes(t, slow, engine.Changed{Workflow: "flow", Run: "wr_2"})
}
