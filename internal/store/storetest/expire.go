package storetest

import (
	"fmt"
	"testing"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// runWithJob inserts a finished run with one job run, both ending at a time.
func runWithJob(t *testing.T, db *store.DB, id string, ended glue.Time, change func(*store.Run)) *store.Run {
	t.Helper()
	r := &store.Run{ID: "wr_" + id, Workflow: "w", Status: glue.WorkflowRunStatusCompleted, Started: ended - 1, Completed: ended}
	if change != nil {
		change(r)
	}
	insertRun(t, db, r)
	insertJobRun(t, db, &store.JobRun{
		ID: "jr_" + id, Job: "j", Run: r.Seq, State: flow.Succeeded, Started: ended - 1, Completed: ended,
		Predecessors: []glue.Predecessor{{JobName: "i", RunId: "jr_i"}},
	})
	return r
}

// expire repeats Expire until nothing is left to do.
func expire(t *testing.T, db *store.DB, before glue.Time, limit int) (bites int) {
	t.Helper()
	for ; bites < 1000; bites++ {
		var n int
		commit(t, db, func(tx *store.Tx) (err error) { n, err = tx.Expire(before, limit); return err })
		if n > limit {
			t.Errorf("Expire did %d rows for a limit of %d", n, limit)
		}
		if n < limit {
			return bites + 1
		}
	}
	t.Fatal("Expire never ends")
	return 0
}

func jobRunIDs(tx *store.Tx) ([]string, error) {
	all, err := tx.JobRuns("j", 0, 1000)
	return names(all, func(j store.JobRun) string { return j.ID }), err
}

func runIDs(tx *store.Tx) ([]string, error) {
	all, err := tx.Runs("w", 0, 1000)
	return names(all, func(r store.Run) string { return r.ID }), err
}

func exists(seq int64) func(tx *store.Tx) (bool, error) {
	return func(tx *store.Tx) (bool, error) {
		r, err := tx.RunBySeq(seq)
		return r != nil, err
	}
}

func testDeleteWorkflow(t *testing.T, s *suite) {
	db := s.db(t)
	commit(t, db, putNamed("w"), putNamed("other"))
	old := runWithJob(t, db, "old", 100, nil)
	live := insertRun(t, db, &store.Run{ID: "wr_live", Workflow: "w", Status: glue.WorkflowRunStatusRunning, Started: 100})
	commit(t, db, func(tx *store.Tx) error { return tx.DeleteWorkflow("w") })
	want(t, db, "a run of a deleted workflow", nil, readRun("w", "wr_old"))
	want(t, db, "runs", nil, runIDs)
	want(t, db, "last run", nil, func(tx *store.Tx) (*store.Run, error) { return tx.LastRun("w") })
	want(t, db, "live runs", nil, (*store.Tx).LiveRuns)
	want(t, db, "live run count", 0, func(tx *store.Tx) (int, error) { return tx.LiveRunCount("w") })
	want(t, db, "triggers", nil, func(tx *store.Tx) ([]glue.Trigger, error) { return tx.WorkflowTriggers("w") })
	want(t, db, "job runs of the job", []string{"jr_old"}, jobRunIDs)
	want(t, db, "the rest", []string{"other"}, func(tx *store.Tx) ([]string, error) { return tx.WorkflowNames("", 9) })

	// The name is free again, and what comes under it is new.
	commit(t, db, putNamed("w"))
	insertRun(t, db, &store.Run{ID: "wr_new", Workflow: "w", Status: glue.WorkflowRunStatusRunning, Started: 200})
	want(t, db, "runs of the new workflow", []string{"wr_new"}, runIDs)

	// Before retention nothing goes; after it, all does.
	expire(t, db, 50, 10)
	want(t, db, "the old run's rows", true, exists(old.Seq))
	want(t, db, "job runs within retention", []string{"jr_old"}, jobRunIDs)
	expire(t, db, 150, 10)
	want(t, db, "the old run's rows after retention", false, exists(old.Seq))
	want(t, db, "the abandoned run's rows after retention", false, exists(live.Seq))
	want(t, db, "job runs after retention", nil, jobRunIDs)
}

func testExpire(t *testing.T, s *suite) {
	db := s.db(t)
	old := runWithJob(t, db, "old", 100, nil)
	edge := runWithJob(t, db, "edge", 500, nil)
	insertRun(t, db, &store.Run{ID: "wr_live", Workflow: "w", Status: glue.WorkflowRunStatusRunning, Started: 1})
	lone := insertJobRun(t, db, &store.JobRun{ID: "jr_lone", Job: "j", State: flow.Failed, Started: 10, Completed: 20})
	insertJobRun(t, db, &store.JobRun{ID: "jr_going", Job: "j", State: flow.Running, Started: 10})
	long := insertJobRun(t, db, &store.JobRun{ID: "jr_long", Job: "j", State: flow.Succeeded, Started: 10, Completed: 900})
	expire(t, db, 500, 100)
	want(t, db, "runs", []string{"wr_live", "wr_edge"}, runIDs)
	want(t, db, "old run", nil, readRun("w", "wr_old"))
	want(t, db, "old run's rows", false, exists(old.Seq))
	want(t, db, "edge run's rows", true, exists(edge.Seq))
	want(t, db, "job runs", []string{long.ID, "jr_going", "jr_edge"}, jobRunIDs)
	want(t, db, "lone job run", nil, readJobRun(lone.ID))
	want(t, db, "old job runs", nil, func(tx *store.Tx) ([]store.JobRun, error) { return tx.JobRunsOf(old.Seq) })
}

func testExpireCarried(t *testing.T, s *suite) {
	db := s.db(t)
	a := runWithJob(t, db, "a", 100, nil)
	b := runWithJob(t, db, "b", 200, func(r *store.Run) { r.Previous, r.Sources = "wr_a", []string{"wr_b", "wr_a"} })
	c := runWithJob(t, db, "c", 300, func(r *store.Run) { r.Previous, r.Sources = "wr_b", []string{"wr_c", "wr_b", "wr_a"} })
	expire(t, db, 250, 10)
	want(t, db, "runs that are shown", []string{"wr_c"}, runIDs)
	want(t, db, "job runs that are shown", []string{"jr_c"}, jobRunIDs)
	for _, r := range []*store.Run{a, b} {
		want(t, db, "operations on "+r.ID, nil, readRun("w", r.ID))
		want(t, db, "rows of "+r.ID, true, exists(r.Seq))
		rows := get(t, db, func(tx *store.Tx) ([]store.JobRun, error) { return tx.JobRunsOf(r.Seq) })
		if len(rows) != 1 {
			t.Errorf("%s is carried, but has %d job runs left", r.ID, len(rows))
		}
	}
	want(t, db, "predecessors of a carried job run", []glue.Predecessor{{JobName: "i", RunId: "jr_i"}},
		func(tx *store.Tx) ([]glue.Predecessor, error) { return tx.Predecessors("jr_a") })
	want(t, db, "seqs of the carried runs", map[string]int64{"wr_a": a.Seq, "wr_b": b.Seq},
		func(tx *store.Tx) (map[string]int64, error) { return tx.RunSeqs([]string{"wr_a", "wr_b"}) })
	expire(t, db, 350, 10)
	for _, r := range []*store.Run{a, b, c} {
		want(t, db, "rows of "+r.ID+" when none carries it", false, exists(r.Seq))
	}
}

func testExpireBites(t *testing.T, s *suite) {
	db := s.db(t)
	r := runWithJob(t, db, "big", 100, nil)
	for i := range 49 {
		insertJobRun(t, db, &store.JobRun{
			ID: fmt.Sprintf("jr_%d", i), Job: "j", Run: r.Seq, Attempt: flow.Attempt{Action: i + 1},
			State: flow.Succeeded, Started: 1, Completed: 2,
		})
	}
	// A run that the clock put into the future doesn't shield those after it.
	future := runWithJob(t, db, "future", 1<<40, nil)
	late := runWithJob(t, db, "late", 100, nil)
	if bites := expire(t, db, 200, 10); bites < 5 {
		t.Errorf("50 job runs went in %d bites of 10", bites)
	}
	want(t, db, "rows of the run from the future", true, exists(future.Seq))
	want(t, db, "rows of the run after it", false, exists(late.Seq))
	var left int
	commit(t, db, func(tx *store.Tx) (err error) { left, err = tx.Expire(200, 10); return err })
	if left != 0 {
		t.Errorf("%d rows were left after the last bite", left)
	}
	want(t, db, "rows", false, exists(r.Seq))
	want(t, db, "job runs", nil, func(tx *store.Tx) ([]store.JobRun, error) { return tx.JobRunsOf(r.Seq) })
}
