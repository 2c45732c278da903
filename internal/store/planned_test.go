package store

import (
	"fmt"
	"testing"

	"github.com/reglue/reglue/internal/glue"
)

func TestPlanned(t *testing.T) {
	t.Parallel()
	db := openTest(t, t.TempDir())
	put := func(id, bulk, workflow string, due glue.Time) Planned {
		p := Planned{
			ID: id, Bulk: bulk, Workflow: workflow, Run: "run " + id, Origin: "o", Request: []byte(`{"a":1}`), Due: due,
			State: PlannedPending, By: "ann", Created: 5,
		}
		mustCommit(t, db, func(tx *Tx) error { return tx.InsertPlanned(&p) })
		return p
	}
	put("b/1", "b", "w", 30)
	put("b/2", "b", "w", 20)
	put("b/3", "b", "v", 20)
	put("r", "", "w", 10)
	mustCommit(t, db, func(tx *Tx) error { return tx.InsertBulk(&Bulk{ID: "b", State: BulkRunning, Pause: 7, Created: 5}) })

	ids := func(bulk string, now glue.Time) string {
		t.Helper()
		out := ""
		mustCommit(t, db, func(tx *Tx) error {
			all, err := tx.DuePlanned(bulk, now, 10)
			for i := range all {
				out += all[i].ID + " "
			}
			return err
		})
		return out
	}
	for _, c := range []struct {
		bulk string
		now  glue.Time
		want string
	}{{"b", 19, ""}, {"b", 20, "b/2 b/3 "}, {"b", 30, "b/2 b/3 b/1 "}, {"", 30, "r "}} {
		if got := ids(c.bulk, c.now); got != c.want {
			t.Errorf("due of %q at %d: %q, want %q", c.bulk, c.now, got, c.want)
		}
	}
	mustCommit(t, db, func(tx *Tx) error { return tx.PutOffPlanned("b", "w", 40) })
	if got := ids("b", 40); got != "b/3 b/1 b/2 " {
		t.Errorf("put off: %q", got)
	}
	mustCommit(t, db, func(tx *Tx) error {
		p, err := tx.Planned("b/3")
		if err != nil || p.Workflow != "v" || string(p.Request) != `{"a":1}` || p.By != "ann" {
			return fmt.Errorf("%+v, %w", p, err)
		}
		p.State, p.Ended, p.NewRun, p.Tries = PlannedDone, 50, "n", 2
		return tx.UpdatePlanned(p)
	})
	mustCommit(t, db, func(tx *Tx) error { return tx.CancelPlanned("b", 60) })
	mustCommit(t, db, func(tx *Tx) error {
		counts, err := tx.PlannedCounts("b")
		if err != nil || counts[PlannedDone] != 1 || counts[PlannedCancelled] != 2 || counts[PlannedPending] != 0 {
			return fmt.Errorf("%v, %w", counts, err)
		}
		_, pending, err := tx.NextPlanned("b")
		if err != nil || pending {
			return fmt.Errorf("pending %v, %w", pending, err)
		}
		b, err := tx.Bulk("b")
		if err != nil || b.Pause != 7 {
			return fmt.Errorf("%+v, %w", b, err)
		}
		b.State, b.Ended = BulkDone, 60
		return tx.UpdateBulk(b)
	})
	// What ended is kept for as long as the runs; what is pending stays.
	left := func(before glue.Time) (n int) {
		t.Helper()
		mustCommit(t, db, func(tx *Tx) error { return tx.ExpirePlanned(before, 10) })
		mustCommit(t, db, func(tx *Tx) error {
			all, err := tx.PlannedOfBulk("b", "", 10)
			bulks, bulkErr := tx.Bulks(10)
			if n = len(all); err == nil {
				err = bulkErr
			}
			if (len(bulks) == 0) != (n == 0) {
				err = fmt.Errorf("%d bulks with %d resumes", len(bulks), n)
			}
			return err
		})
		return n
	}
	if n := left(55); n != 2 {
		t.Errorf("%d left, want 2", n)
	}
	if n := left(100); n != 0 {
		t.Errorf("%d left, want none", n)
	}
	if got := ids("", 100); got != "r " {
		t.Errorf("a pending repair is gone: %q", got)
	}
}
