package storetest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func insertRun(t *testing.T, db *store.DB, r *store.Run) *store.Run {
	t.Helper()
	commit(t, db, func(tx *store.Tx) error { return tx.InsertRun(r, nil) })
	return r
}

func insertJobRun(t *testing.T, db *store.DB, j *store.JobRun) *store.JobRun {
	t.Helper()
	commit(t, db, func(tx *store.Tx) error { return tx.InsertJobRun(j, "") })
	return j
}

func readRun(workflow, id string) func(tx *store.Tx) (*store.Run, error) {
	return func(tx *store.Tx) (*store.Run, error) { return tx.Run(workflow, id) }
}

func testRuns(t *testing.T, s *suite) {
	db := s.db(t)
	r := insertRun(t, db, &store.Run{
		ID: "wr_1", Workflow: "w", Status: glue.WorkflowRunStatusRunning, Started: 1_578_556_843_049,
		Previous: "wr_0", Origin: "wr_0", Roots: []int{3, 1}, Sources: []string{"wr_0", "wr_00"}, Definition: 4,
		Statistics: glue.WorkflowRunStatistics{TotalActions: 1, TimeoutActions: 2, FailedActions: 3, StoppedActions: 4, SucceededActions: 5, RunningActions: 6, ErroredActions: 7, WaitingActions: 8},
		Event:      &glue.StartingEventBatchCondition{BatchSize: ptr(int32(2))}, Rev: 1, Clock: 1_578_556_843_050,
	})
	if r.Seq == 0 {
		t.Error("the run has no seq")
	}
	want(t, db, "run", r, readRun("w", "wr_1"))
	want(t, db, "run by seq", r, func(tx *store.Tx) (*store.Run, error) { return tx.RunBySeq(r.Seq) })
	want(t, db, "run of another workflow", nil, readRun("W", "wr_1"))
	want(t, db, "run with another id", nil, readRun("w", "wr_2"))

	r.Status, r.Completed, r.Rev, r.Clock, r.Error = glue.WorkflowRunStatusError, 7, 5, 9, "no job"
	r.States, r.Statistics = []byte{0, 1, 2, 255}, glue.WorkflowRunStatistics{TotalActions: 1}
	commit(t, db, func(tx *store.Tx) error { return tx.UpdateRun(r) })
	want(t, db, "updated run", r, readRun("w", "wr_1"))

	plain := insertRun(t, db, &store.Run{ID: "wr_2", Workflow: "w", Origin: "wr_2"})
	want(t, db, "plain run", plain, readRun("w", "wr_2"))
	want(t, db, "seqs", map[string]int64{"wr_1": r.Seq, "wr_2": plain.Seq}, func(tx *store.Tx) (map[string]int64, error) {
		return tx.RunSeqs([]string{"wr_1", "wr_2", "wr_3"})
	})
}

func testRunProgress(t *testing.T, s *suite) {
	db := s.db(t)
	r := insertRun(t, db, &store.Run{
		ID: "wr_1", Workflow: "w", Status: glue.WorkflowRunStatusRunning, Roots: []int{1, 0}, Rev: 1, Clock: 10,
		Statistics: glue.WorkflowRunStatistics{TotalActions: 3},
	})
	check := func(what string) {
		t.Helper()
		want(t, db, what+": run", r, readRun("w", "wr_1"))
		want(t, db, what+": by seq", r, func(tx *store.Tx) (*store.Run, error) { return tx.RunBySeq(r.Seq) })
		want(t, db, what+": the last one", r, func(tx *store.Tx) (*store.Run, error) { return tx.LastRun("w") })
		if r.States == nil { // lists leave them out
			want(t, db, what+": page", []store.Run{*r}, func(tx *store.Tx) ([]store.Run, error) { return tx.Runs("w", 0, 9) })
			want(t, db, what+": live", []store.Run{*r}, (*store.Tx).LiveRuns)
		}
	}
	step := func(write func(*store.Tx, *store.Run) error) {
		t.Helper()
		r.Rev, r.Clock = r.Rev+1, r.Clock+5
		r.Statistics.SucceededActions++
		commit(t, db, func(tx *store.Tx) error { return write(tx, r) })
	}
	for range 2 {
		step((*store.Tx).UpdateRunProgress)
		check("after a step")
	}
	r.Status = glue.WorkflowRunStatusStopping
	step((*store.Tx).UpdateRun)
	check("stopping")
	step((*store.Tx).UpdateRunProgress)
	check("after a step of stopping")
	r.Status, r.Completed, r.States = glue.WorkflowRunStatusStopped, 40, []byte("s")
	step((*store.Tx).UpdateRun)
	check("over")
}

func testRunPages(t *testing.T, s *suite) {
	db := s.db(t)
	var ids []string
	for i := range 7 {
		id := fmt.Sprintf("wr_%d", i)
		ids = append([]string{id}, ids...)
		insertRun(t, db, &store.Run{ID: id, Workflow: "w", States: []byte("s"), Status: glue.WorkflowRunStatusCompleted})
		insertRun(t, db, &store.Run{ID: "other" + id, Workflow: "other"})
	}
	var got []string
	for before := int64(0); ; {
		page := get(t, db, func(tx *store.Tx) ([]store.Run, error) { return tx.Runs("w", before, 3) })
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			got = append(got, r.ID)
			before = r.Seq
			if r.States != nil {
				t.Error("a list carries states")
			}
		}
		// A run that starts meanwhile is on no later page.
		insertRun(t, db, &store.Run{ID: fmt.Sprintf("late_%d", before), Workflow: "w"})
	}
	if diff := cmp.Diff(ids, got); diff != "" {
		t.Errorf("runs by pages (-want +got):\n%s", diff)
	}
	last := get(t, db, func(tx *store.Tx) (*store.Run, error) { return tx.LastRun("other") })
	if last == nil || last.ID != "otherwr_6" {
		t.Errorf("last run %+v", last)
	}
	want(t, db, "last run of a workflow without runs", nil, func(tx *store.Tx) (*store.Run, error) { return tx.LastRun("none") })
}

func testLiveRuns(t *testing.T, s *suite) {
	db := s.db(t)
	var live []store.Run
	for i, status := range []glue.WorkflowRunStatus{
		glue.WorkflowRunStatusRunning, glue.WorkflowRunStatusCompleted, glue.WorkflowRunStatusStopping,
		glue.WorkflowRunStatusStopped, glue.WorkflowRunStatusError, glue.WorkflowRunStatusRunning,
	} {
		r := insertRun(t, db, &store.Run{ID: fmt.Sprintf("wr_%d", i), Workflow: "w", Status: status})
		if status == glue.WorkflowRunStatusRunning || status == glue.WorkflowRunStatusStopping {
			live = append(live, *r)
		}
	}
	insertRun(t, db, &store.Run{ID: "x", Workflow: "other", Status: glue.WorkflowRunStatusCompleted})
	count := func(tx *store.Tx) (int, error) { return tx.LiveRunCount("w") }
	want(t, db, "live runs", live, (*store.Tx).LiveRuns)
	want(t, db, "live runs of w", 3, count)
	live[0].Status = glue.WorkflowRunStatusStopped
	commit(t, db, func(tx *store.Tx) error { return tx.UpdateRun(&live[0]) })
	want(t, db, "live runs of w after one stopped", 2, count)
	want(t, db, "live runs of another", 0, func(tx *store.Tx) (int, error) { return tx.LiveRunCount("other") })
}

func testResumes(t *testing.T, s *suite) {
	db := s.db(t)
	for _, r := range []store.Run{
		{ID: "a", Workflow: "w"}, {ID: "b", Workflow: "w", Previous: "a"}, {ID: "c", Workflow: "w", Previous: "b"},
		{ID: "d", Workflow: "w", Previous: "a"},
	} {
		insertRun(t, db, &r)
	}
	for id, resumes := range map[string][]string{"a": {"b", "d"}, "b": {"c"}, "c": nil, "": nil} {
		want(t, db, "resumes of "+id, resumes, func(tx *store.Tx) ([]string, error) { return tx.ResumesOf(id) })
	}
}

func testProperties(t *testing.T, s *suite) {
	db := s.db(t)
	for i, p := range []map[string]string{nil, {}, {"k": "v", "é": "", "": "x"}} {
		r := &store.Run{ID: fmt.Sprintf("wr_%d", i), Workflow: "w"}
		commit(t, db, func(tx *store.Tx) error { return tx.InsertRun(r, p) })
		read := func(tx *store.Tx) (map[string]string, error) { return tx.Properties(r.Seq) }
		want(t, db, "properties", p, read)
		commit(t, db, func(tx *store.Tx) error { return tx.UpdateRun(r) })
		want(t, db, "properties after an update of the run", p, read)
		next := map[string]string{"n": fmt.Sprint(i)}
		commit(t, db, func(tx *store.Tx) error { return tx.SetProperties(r.Seq, next) })
		want(t, db, "changed properties", next, read)
	}
}

func readJobRun(id string) func(tx *store.Tx) (*store.JobRun, error) {
	return func(tx *store.Tx) (*store.JobRun, error) { return tx.JobRun(id) }
}

func testJobRuns(t *testing.T, s *suite) {
	db := s.db(t)
	full := insertJobRun(t, db, &store.JobRun{
		ID: "jr_1", Job: "j", Run: 7, Attempt: flow.Attempt{Action: 2, Start: 1}, Retry: 1, Root: true,
		State: flow.Starting, Definition: 3, Previous: "jr_0", Trigger: "t", Started: 1_578_556_843_049,
		Modified: 5, Predecessors: []glue.Predecessor{{JobName: "i", RunId: "jr_i"}}, Rev: 4,
	})
	lone := insertJobRun(t, db, &store.JobRun{
		ID: "jr_2", Job: "j", State: flow.Waiting, Detail: "slot",
		Request: &glue.StartJobRunRequest{JobName: "j", Arguments: map[string]string{}, Timeout: ptr(int32(1))},
	})
	if lone.Seq <= full.Seq {
		t.Errorf("seqs %d, then %d", full.Seq, lone.Seq)
	}
	want(t, db, "job run", full, readJobRun("jr_1"))
	want(t, db, "job run outside of a workflow", lone, readJobRun("jr_2"))
	want(t, db, "no job run", nil, readJobRun("jr_3"))
	want(t, db, "predecessors", full.Predecessors, func(tx *store.Tx) ([]glue.Predecessor, error) { return tx.Predecessors("jr_1") })

	for _, j := range []*store.JobRun{full, lone} {
		j.State, j.Definition, j.Started, j.Modified, j.Completed, j.Ran = flow.TimedOut, 9, 10, 11, 12, 13
		j.Message, j.Detail, j.Rev, j.Files = "Traceback: é", "d", 14, map[string]string{"s3://b/k": "hash"}
		commit(t, db, func(tx *store.Tx) error { return tx.UpdateJobRun(j) })
		want(t, db, "updated job run", j, readJobRun(j.ID))
	}
	for st := flow.Blank; st <= flow.Expired; st++ {
		lone.State = st
		commit(t, db, func(tx *store.Tx) error { return tx.UpdateJobRun(lone) })
		want(t, db, "job run in "+st.String(), lone, readJobRun("jr_2"))
	}
	other := insertJobRun(t, db, &store.JobRun{ID: "jr_4", Job: "J"})
	want(t, db, "runs of j", []store.JobRun{*lone, *full}, func(tx *store.Tx) ([]store.JobRun, error) { return tx.JobRuns("j", 0, 10) })
	want(t, db, "older runs of j", []store.JobRun{*full}, func(tx *store.Tx) ([]store.JobRun, error) { return tx.JobRuns("j", lone.Seq, 10) })
	want(t, db, "runs of J", []store.JobRun{*other}, func(tx *store.Tx) ([]store.JobRun, error) { return tx.JobRuns("J", 0, 1) })
	want(t, db, "runs of no job", nil, func(tx *store.Tx) ([]store.JobRun, error) { return tx.JobRuns("none", 0, 1) })

	// The same attempt can't be there twice.
	errs, err := db.Commit(t.Context(), []func(*store.Tx) error{func(tx *store.Tx) error {
		return tx.InsertJobRun(&store.JobRun{ID: "jr_1", Job: "j", Run: 7, Attempt: full.Attempt}, "")
	}})
	if err != nil || errs[0] == nil {
		t.Errorf("an attempt was inserted twice: %v, %v", errs, err)
	}
}

func testJobRunsOf(t *testing.T, s *suite) {
	db := s.db(t)
	var all []store.JobRun
	for i, at := range []flow.Attempt{{Action: 5}, {Action: 0}, {Action: 5, Start: 1}, {Action: 3}} {
		j := insertJobRun(t, db, &store.JobRun{
			ID: fmt.Sprintf("jr_%d", i), Job: "j", Run: 2, Attempt: at, State: flow.Running,
			Files: map[string]string{"s": "h"}, Predecessors: []glue.Predecessor{{JobName: "x", RunId: "y"}},
		})
		insertJobRun(t, db, &store.JobRun{ID: fmt.Sprintf("jr_o%d", i), Job: "j", Run: 3, Attempt: at})
		j.Predecessors = nil
		all = append(all, *j)
	}
	want(t, db, "job runs of a run", all, func(tx *store.Tx) ([]store.JobRun, error) { return tx.JobRunsOf(2) })
	want(t, db, "job runs of no run", nil, func(tx *store.Tx) ([]store.JobRun, error) { return tx.JobRunsOf(9) })
}

func testLiveJobRuns(t *testing.T, s *suite) {
	db := s.db(t)
	var live []store.JobRun
	for st := flow.Blank; st <= flow.Expired; st++ {
		// Actions go down, so that the order of creation is not that of the key.
		j := insertJobRun(t, db, &store.JobRun{
			ID: st.String(), Job: "j", Run: 1, Attempt: flow.Attempt{Action: 50 - int(st)}, State: st,
		})
		if st.Live() {
			live = append(live, *j)
		}
	}
	insertJobRun(t, db, &store.JobRun{ID: "o", Job: "other", State: flow.Failed})
	want(t, db, "live job runs", live, (*store.Tx).LiveJobRuns)
	want(t, db, "live runs of j", len(live), func(tx *store.Tx) (int, error) { return tx.LiveJobRunCount("j") })
	want(t, db, "live runs of other", 0, func(tx *store.Tx) (int, error) { return tx.LiveJobRunCount("other") })
	live[0].State = flow.Succeeded
	commit(t, db, func(tx *store.Tx) error { return tx.UpdateJobRun(&live[0]) })
	want(t, db, "live job runs after one ended", live[1:], (*store.Tx).LiveJobRuns)
}

func testSameAs(t *testing.T, s *suite) {
	db := s.db(t)
	pred := []glue.Predecessor{{JobName: "a", RunId: "jr_a"}, {JobName: "b", RunId: "jr_b"}}
	commit(t, db,
		func(tx *store.Tx) error {
			return tx.InsertJobRun(&store.JobRun{ID: "jr_1", Job: "j", Predecessors: pred}, "")
		},
		func(tx *store.Tx) error {
			return tx.InsertJobRun(&store.JobRun{ID: "jr_1_attempt_1", Job: "j"}, "jr_1")
		},
		func(tx *store.Tx) error { return tx.InsertJobRun(&store.JobRun{ID: "jr_2", Job: "j"}, "gone") },
		func(tx *store.Tx) error {
			return tx.InsertJobRun(&store.JobRun{ID: "jr_3", Job: "j", Predecessors: pred[:1]}, "jr_1")
		},
	)
	for id, p := range map[string][]glue.Predecessor{"jr_1_attempt_1": pred, "jr_2": nil, "jr_3": pred[:1], "none": nil} {
		want(t, db, "predecessors of "+id, p, func(tx *store.Tx) ([]glue.Predecessor, error) { return tx.Predecessors(id) })
	}
}
