package store

import (
	"testing"

	"github.com/reglue/reglue/internal/glue"
)

const sqlProgressRows = `SELECT count(*) FROM run_progress`

// Who looks up the progress of runs must find a table as small as what is live.
func TestProgressGoesWithItsRun(t *testing.T) {
	t.Parallel()
	db := openTest(t, t.TempDir())
	rows := func(wanted int64) {
		t.Helper()
		if err := db.View(t.Context(), func(tx *Tx) error {
			n, _, err := value[int64](tx, sqlProgressRows)
			if n != wanted {
				t.Errorf("%d rows of progress, not %d", n, wanted)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	ended := &Run{ID: "wr_1", Workflow: "w", Status: glue.WorkflowRunStatusRunning, Started: 1}
	deleted := &Run{ID: "wr_2", Workflow: "gone", Status: glue.WorkflowRunStatusRunning, Started: 1}
	for _, r := range []*Run{ended, deleted} {
		mustCommit(t, db, func(tx *Tx) error { return tx.InsertRun(r, nil) })
		mustCommit(t, db, func(tx *Tx) error { return tx.UpdateRunProgress(r) })
	}
	rows(2)
	ended.Status, ended.Completed = glue.WorkflowRunStatusCompleted, 2
	mustCommit(t, db, func(tx *Tx) error { return tx.UpdateRun(ended) })
	rows(1)
	mustCommit(t, db, func(tx *Tx) error { return tx.PutWorkflow(&WorkflowRecord{Name: "gone"}) })
	mustCommit(t, db, func(tx *Tx) error { return tx.DeleteWorkflow("gone") })
	mustCommit(t, db, func(tx *Tx) error {
		_, err := tx.Expire(100, 100)
		return err
	})
	rows(0)
}
