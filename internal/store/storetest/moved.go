package storetest

import (
	"testing"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// movedRuns are three runs of which each took over what ran in the one before: an
// attempt that began in the first one, and one that it retries.
func movedRuns(t *testing.T, db *store.DB) (runs []*store.Run) {
	t.Helper()
	for i, id := range []string{"wr_a", "wr_b", "wr_c"} {
		r := &store.Run{ID: id, Workflow: "w", Status: glue.WorkflowRunStatusStopped, Started: 10, Completed: glue.Time(100 * (i + 1))}
		if i > 0 {
			r.Previous = runs[i-1].ID
		}
		insertRun(t, db, r)
		runs = append(runs, r)
	}
	for i, id := range []string{"jr_ended", "jr_before", "jr_moved"} {
		at := flow.Attempt{Action: 2, Start: i}
		insertJobRun(t, db, &store.JobRun{ID: id, Job: "j", Run: runs[0].Seq, Attempt: at, State: flow.Running, Started: 10, Completed: 20})
	}
	insertJobRun(t, db, &store.JobRun{ID: "jr_other", Job: "j", Run: runs[0].Seq, Attempt: flow.Attempt{Action: 3, Start: 1}, State: flow.Failed})
	for i := range 2 {
		commit(t, db, func(tx *store.Tx) error { return tx.MoveJobRuns(runs[i].Seq, runs[i+1].Seq, 2, 1) })
		insertJobRun(t, db, &store.JobRun{ID: "jr_of_" + runs[i+1].ID, Job: "j", Run: runs[i+1].Seq, State: flow.Failed, Started: 10, Completed: 20})
	}
	return runs
}

func idsOf(list []store.JobRun, err error) ([]string, error) {
	var ids []string
	for i := range list {
		ids = append(ids, list[i].ID)
	}
	return ids, err
}

func testMoved(t *testing.T, s *suite) {
	db := s.db(t)
	runs := movedRuns(t, db)
	for i, ids := range [][]string{
		{"jr_ended", "jr_before", "jr_moved", "jr_other"}, {"jr_of_wr_b"}, {"jr_before", "jr_moved", "jr_of_wr_c"},
	} {
		want(t, db, "job runs of "+runs[i].ID, ids, func(tx *store.Tx) ([]string, error) { return idsOf(tx.JobRunsOf(runs[i].Seq)) })
		own := get(t, db, func(tx *store.Tx) ([]store.AttemptRecord, error) { return tx.Attempts(runs[i].Seq) })
		if len(own) != []int{2, 1, 3}[i] {
			t.Errorf("%d attempts belong to %s", len(own), runs[i].ID)
		}
	}
	j := get(t, db, readJobRun("jr_moved"))
	if j.Run != runs[0].Seq || j.Owner() != runs[2].Seq || !j.Row().Moved {
		t.Errorf("%+v", j)
	}
	j.State, j.Rev = flow.Succeeded, 9
	commit(t, db, func(tx *store.Tx) error { return tx.UpdateJobRun(j) })
	want(t, db, "it after its end", j, readJobRun("jr_moved"))
}

func testExpireMoved(t *testing.T, s *suite) {
	db := s.db(t)
	runs := movedRuns(t, db)
	expire(t, db, 250, 10)
	want(t, db, "runs that are shown", []string{"wr_c"}, runIDs)
	want(t, db, "job runs that are shown", []string{"jr_of_wr_c", "jr_moved", "jr_before"}, jobRunIDs)
	for _, r := range runs {
		want(t, db, "rows of "+r.ID, true, exists(r.Seq))
	}
	for range 2 { // what moved job runs come from goes after them, the next time
		expire(t, db, 350, 10)
	}
	for _, r := range runs {
		want(t, db, "rows of "+r.ID+" when none is shown", false, exists(r.Seq))
		want(t, db, "job runs of "+r.ID, nil, func(tx *store.Tx) ([]store.JobRun, error) { return tx.JobRunsOf(r.Seq) })
	}
}
