package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func readMeta(key string) func(tx *store.Tx) (string, error) {
	return func(tx *store.Tx) (string, error) {
		v, _, err := tx.Meta(key)
		return v, err
	}
}

func setMeta(key, value string) func(*store.Tx) error {
	return func(tx *store.Tx) error { return tx.SetMeta(key, value) }
}

func testSavepoint(t *testing.T, s *suite) {
	db := s.db(t)
	run := &store.Run{ID: "wr_1", Workflow: "w"}
	again := &store.JobRun{ID: "jr_1", Job: "j", Run: 1}
	errs, err := db.Commit(t.Context(), []func(*store.Tx) error{
		setMeta("a", "1"),
		func(tx *store.Tx) error { // fails after it wrote
			return errors.Join(tx.SetMeta("a", "2"), tx.SetMeta("b", "2"), tx.InsertRun(run, nil), errUndo)
		},
		func(tx *store.Tx) error { return tx.InsertJobRun(again, "") },
		func(tx *store.Tx) error { // fails in a statement, after it wrote
			if err := tx.SetMeta("c", "1"); err != nil {
				return err
			}
			return tx.InsertJobRun(again, "")
		},
		func(tx *store.Tx) error { // fails without a write
			_, _, err := tx.Meta("a")
			return errors.Join(err, errUndo)
		},
		func(tx *store.Tx) error { // keeps the failure of a statement to itself
			_ = tx.InsertJobRun(again, "")
			return tx.SetMeta("d", "1")
		},
		setMeta("e", "1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, fails := range []bool{false, true, false, true, true, false, false} {
		if (errs[i] != nil) != fails {
			t.Errorf("member %d: %v", i, errs[i])
		}
	}
	if !errors.Is(errs[1], errUndo) {
		t.Errorf("member 1's own error came back as %v", errs[1])
	}
	for key, value := range map[string]string{"a": "1", "b": "", "c": "", "d": "1", "e": "1"} {
		want(t, db, "value of "+key, value, readMeta(key))
	}
	want(t, db, "the undone run", nil, readRun("w", "wr_1"))
}

// A member that is alone in its commit is undone as one of many is.
func testOnlyMember(t *testing.T, s *suite) {
	db := s.db(t)
	commit(t, db, setMeta("a", "1"))
	body := []byte(`{"Name":"undone"}`)
	errs, err := db.Commit(t.Context(), []func(*store.Tx) error{func(tx *store.Tx) error {
		_, err := tx.PutDefinition("job", body)
		return errors.Join(err, tx.SetMeta("a", "2"), tx.InsertRun(&store.Run{ID: "wr_1", Workflow: "w"}, nil), errUndo)
	}})
	if err != nil || len(errs) != 1 || !errors.Is(errs[0], errUndo) {
		t.Fatalf("an only member that failed: %v, %v", errs, err)
	}
	want(t, db, "a", "1", readMeta("a"))
	want(t, db, "the undone run", nil, readRun("w", "wr_1"))
	var id int64
	commit(t, db, func(tx *store.Tx) (err error) {
		id, err = tx.PutDefinition("job", body)
		return errors.Join(err, tx.SetMeta("a", "3"))
	})
	want(t, db, "a after the next commit", "3", readMeta("a"))
	want(t, db, "the definition, put again", body, func(tx *store.Tx) ([]byte, error) { return tx.Definition(id) })
}

func testMembersInOrder(t *testing.T, s *suite) {
	db := s.db(t)
	var members []func(*store.Tx) error
	for i := range 50 {
		members = append(members, func(tx *store.Tx) error {
			v, _, err := tx.Meta("log")
			if err != nil {
				return err
			}
			if err := tx.SetMeta("log", v+fmt.Sprintf("%d,", i)); err != nil || i%2 == 0 {
				return err
			}
			return errUndo
		})
	}
	if _, err := db.Commit(t.Context(), members); err != nil {
		t.Fatal(err)
	}
	all := ""
	for i := 0; i < 50; i += 2 {
		all += fmt.Sprintf("%d,", i)
	}
	want(t, db, "what the members wrote, in order", all, readMeta("log"))
	if errs, err := db.Commit(t.Context(), nil); err != nil || len(errs) != 0 {
		t.Errorf("a commit of nothing: %v, %v", errs, err)
	}
}

func testSnapshot(t *testing.T, s *suite) {
	db := s.db(t)
	commit(t, db, setMeta("a", "1"), setMeta("b", "1"))
	view(t, db, func(tx *store.Tx) error {
		if v, _, err := tx.Meta("a"); err != nil || v != "1" {
			return fmt.Errorf("a = %q, %w", v, err)
		}
		commit(t, db, setMeta("a", "2"), setMeta("b", "2"))
		if v, _, err := tx.Meta("b"); err != nil || v != "1" {
			t.Errorf("b = %q (%v) in a view from before it changed", v, err)
		}
		return nil
	})
	want(t, db, "b afterwards", "2", readMeta("b"))
}

func testViewWrites(t *testing.T, s *suite) {
	db := s.db(t)
	for name, write := range map[string]func(*store.Tx) error{
		"SetMeta":      setMeta("a", "1"),
		"PutWorkflow":  func(tx *store.Tx) error { return tx.PutWorkflow(&store.WorkflowRecord{Name: "w"}) },
		"InsertJobRun": func(tx *store.Tx) error { return tx.InsertJobRun(&store.JobRun{ID: "x"}, "") },
		"PutDefinition": func(tx *store.Tx) error {
			_, err := tx.PutDefinition("job", []byte("x"))
			return err
		},
	} {
		if err := db.View(t.Context(), write); err == nil {
			t.Errorf("%s worked in a view", name)
		}
	}
	view(t, db, func(tx *store.Tx) error { _, _, err := tx.Meta("a"); return err })
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.View(ended, func(tx *store.Tx) error { _, _, err := tx.Meta("a"); return err }); !errors.Is(err, context.Canceled) {
		t.Errorf("a view of a cancelled context: %v", err)
	}
	if _, err := db.Commit(ended, []func(*store.Tx) error{setMeta("a", "1")}); !errors.Is(err, context.Canceled) {
		t.Errorf("a commit of a cancelled context: %v", err)
	}
}

func testTxOver(t *testing.T, s *suite) {
	db := s.db(t)
	var kept []*store.Tx
	keep := func(tx *store.Tx) error { kept = append(kept, tx); return nil }
	commit(t, db, keep)
	view(t, db, keep)
	for _, tx := range kept {
		if err := tx.SetMeta("a", "1"); err == nil {
			t.Error("a write after the end worked")
		}
		if _, _, err := tx.Meta("a"); err == nil {
			t.Error("a read after the end worked")
		}
	}
}

func testPanic(t *testing.T, s *suite) {
	db := s.db(t)
	caught := func(call func()) {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		call()
	}
	boom := func(*store.Tx) error { panic("boom") }
	for range 10 { // more often than there are connections
		caught(func() { _, _ = db.Commit(t.Context(), []func(*store.Tx) error{setMeta("a", "1"), boom}) })
		caught(func() { _ = db.View(t.Context(), boom) })
	}
	want(t, db, "what the panic left", "", readMeta("a"))
	commit(t, db, setMeta("a", "2"))
	want(t, db, "a", "2", readMeta("a"))
}

// testReaders reads pairs that a writer changes together, from many goroutines.
func testReaders(t *testing.T, s *suite) {
	db := s.db(t)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				err := db.View(t.Context(), func(tx *store.Tx) error {
					a, _, err := tx.Meta("a")
					if err != nil {
						return err
					}
					b, _, err := tx.Meta("b")
					if err == nil && a != b {
						err = fmt.Errorf("a is %q and b is %q", a, b)
					}
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 300 {
		v := fmt.Sprint(i)
		_, err := db.Commit(t.Context(), []func(*store.Tx) error{
			setMeta("a", v),
			func(tx *store.Tx) error { return errors.Join(tx.SetMeta("b", "x"), errUndo) },
			setMeta("b", v),
		})
		if err != nil {
			t.Error(err)
			break
		}
	}
	close(done)
	wg.Wait()
}

func testRestart(t *testing.T, s *suite) {
	db := s.open(t, s.dir)
	commit(t, db, putNamed("w"), setMeta("a", "1"))
	run := &store.Run{ID: "wr_1", Workflow: "w", Status: glue.WorkflowRunStatusRunning, Started: 1, Sources: []string{"x"}}
	job := &store.JobRun{ID: "jr_1", Job: "j", State: flow.Running}
	commit(t, db, func(tx *store.Tx) error { return tx.InsertRun(run, map[string]string{"k": "v"}) },
		func(tx *store.Tx) error { job.Run = run.Seq; return tx.InsertJobRun(job, "") })
	scope := db.Scope()
	closeDB(t, db)

	db = s.db(t)
	if db.Scope() != scope || scope.Account == "" || scope.Region == "" {
		t.Errorf("scope %+v, then %+v", scope, db.Scope())
	}
	want(t, db, "live runs", []store.Run{*run}, (*store.Tx).LiveRuns)
	want(t, db, "live job runs", []store.JobRun{*job}, (*store.Tx).LiveJobRuns)
	want(t, db, "properties", map[string]string{"k": "v"}, func(tx *store.Tx) (map[string]string, error) { return tx.Properties(run.Seq) })
	want(t, db, "meta", "1", readMeta("a"))
	want(t, db, "triggers", 1, func(tx *store.Tx) (int, error) { return tx.TriggerCount() })
}

func testSequences(t *testing.T, s *suite) {
	var last int64
	for range 3 {
		db := s.open(t, s.dir)
		for i := range 3 {
			j := insertJobRun(t, db, &store.JobRun{ID: fmt.Sprintf("jr_%d_%d", last, i), Job: "j", Completed: 1, Started: 1})
			if j.Seq <= last {
				t.Errorf("seq %d came after %d", j.Seq, last)
			}
			last = j.Seq
		}
		// A number is not given again, also when its row is gone.
		expire(t, db, 10, 100)
		closeDB(t, db)
	}
}
