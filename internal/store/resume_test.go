package store_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// TestResumeIsKept reads back, after a restart, all that a run keeps of its resume.
func TestResumeIsKept(t *testing.T) {
	t.Parallel()
	timeout, retries := int32(7), 0
	r := &store.Resume{
		By: "ada@host", At: 1_700_000_000_123, Held: []int{2, 5},
		Accepted: []store.Acceptance{
			{Node: 1, By: "ada@host", Because: "known: \"rounding\"\n'812' ü", At: 1_700_000_000_123, Run: "wr_2", State: "FAILED"},
			{Node: 3, Because: "before", At: 5, Run: "wr_1", State: "TIMEOUT"},
		},
		Overrides:  map[string]glue.RunOverride{"größe: a+b": {Arguments: map[string]string{"--k": "a=b:--c"}, Timeout: &timeout, Retries: &retries}, "j": {}},
		Properties: map[string]string{"day": "tuesday", "empty": ""},
		Files:      map[string]string{"s3://b/x.py": "abc"},
		Before:     []store.Before{{Node: "j", Command: "psql -c 'x'", At: 4, Took: 1500, Output: "DELETE 3\n"}},
		Rewound:    []string{"j"},
		AnyEnd:     true, Moved: true, WhileRunning: true,
	}
	whole := reflect.ValueOf(*r)
	for i := range whole.NumField() {
		if whole.Field(i).IsZero() {
			t.Errorf("%s is not set: the test would not see it lost", whole.Type().Field(i).Name)
		}
	}
	dir := t.TempDir()
	db := open(t, dir)
	with := &store.Run{ID: "wr_2", Workflow: "w", Previous: "wr_1", Origin: "wr_1", Roots: []int{0}, Resume: r, Status: "RUNNING"}
	without := &store.Run{ID: "wr_3", Workflow: "w", Previous: "wr_1", Origin: "wr_1", Roots: []int{0}}
	_, err := db.Commit(t.Context(), []func(*store.Tx) error{
		func(tx *store.Tx) error { return tx.InsertRun(with, nil) },
		func(tx *store.Tx) error { return tx.InsertRun(without, nil) },
	})
	if err != nil {
		t.Fatal(err)
	}
	// What changes a run later leaves it alone.
	with.Status, with.Completed, with.Rev = "COMPLETED", 9, 3
	if _, err := db.Commit(t.Context(), []func(*store.Tx) error{func(tx *store.Tx) error { return tx.UpdateRun(with) }}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir)
	defer db.Close()
	err = db.View(t.Context(), func(tx *store.Tx) error {
		for _, want := range []*store.Run{with, without} {
			got, err := tx.Run("w", want.ID)
			if err != nil {
				return err
			}
			if diff := cmp.Diff(want.Resume, got.Resume); diff != "" {
				t.Errorf("%s:\n%s", want.ID, diff)
			}
		}
		runs, err := tx.Runs("w", 0, 10)
		if err != nil || len(runs) != 2 || runs[1].Resume == nil || runs[1].Resume.By != "ada@host" {
			t.Errorf("the list: %v %+v", err, runs)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// Only what this run's own resume accepted is part of what it did anew.
	if diff := cmp.Diff(&flow.Scope{Roots: []int{0}, Accepted: []int{1}, Held: []int{2, 5}}, with.Scope()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&flow.Scope{Roots: []int{0}}, without.Scope()); diff != "" {
		t.Error(diff)
	}
	if o := with.Override("größe: a+b"); *o.Timeout != 7 || o.Arguments["--k"] != "a=b:--c" {
		t.Errorf("%+v", o)
	}
	if o := without.Override("j"); !reflect.ValueOf(o).IsZero() {
		t.Errorf("%+v", o)
	}
}
