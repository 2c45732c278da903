package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func putNamed(name string) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		if err := tx.PutWorkflow(&store.WorkflowRecord{Name: name, Created: 1, Modified: 1}); err != nil {
			return err
		}
		if _, err := tx.PutJob(&glue.Job{Name: name, Role: "r"}); err != nil {
			return err
		}
		return tx.PutTrigger(&glue.Trigger{
			Name: name, WorkflowName: name, Type: glue.TriggerTypeOnDemand, Actions: []glue.Action{{JobName: "shared"}},
		})
	}
}

// lists are all lists of names, by page.
var lists = map[string]func(tx *store.Tx, after string, limit int) ([]string, error){
	"workflows": (*store.Tx).WorkflowNames,
	"jobs":      (*store.Tx).JobNames,
	"job records": func(tx *store.Tx, after string, limit int) ([]string, error) {
		all, err := tx.Jobs(after, limit)
		return names(all, func(j store.JobRecord) string { return j.Job.Name }), err
	},
	"trigger names": func(tx *store.Tx, after string, limit int) ([]string, error) {
		return tx.TriggerNames(after, limit, "")
	},
	"triggers of a job": func(tx *store.Tx, after string, limit int) ([]string, error) {
		all, err := tx.Triggers(after, limit, "shared")
		return names(all, func(t glue.Trigger) string { return t.Name }), err
	},
	"triggers": func(tx *store.Tx, after string, limit int) ([]string, error) {
		all, err := tx.Triggers(after, limit, "")
		return names(all, func(t glue.Trigger) string { return t.Name }), err
	},
}

func names[T any](all []T, name func(T) string) (out []string) {
	for _, v := range all {
		out = append(out, name(v))
	}
	return out
}

func testCase(t *testing.T, s *suite) {
	db := s.db(t)
	all := []string{"ETL", "Etl", "etl", "eTL"}
	for _, name := range all {
		commit(t, db, putNamed(name))
	}
	for _, name := range all {
		w := get(t, db, func(tx *store.Tx) (*store.WorkflowRecord, error) { return tx.Workflow(name) })
		if w == nil || w.Name != name {
			t.Errorf("workflow %q is read as %+v", name, w)
		}
		want(t, db, "start trigger of "+name, name, func(tx *store.Tx) (string, error) { return tx.StartTriggerOf(name) })
	}
	commit(t, db, func(tx *store.Tx) error { return tx.DeleteWorkflow("Etl") },
		func(tx *store.Tx) error { return tx.DeleteJob("Etl") })
	for _, list := range []string{"workflows", "jobs", "triggers"} {
		want(t, db, list, []string{"ETL", "eTL", "etl"}, func(tx *store.Tx) ([]string, error) {
			return lists[list](tx, "", 10)
		})
	}
}

var oddNames = []string{
	"a", "A", "_", "-", "a b", " a", "a ", "a/b", "a'b", `a"b`, "a%", "a_b", "a*", "é", "e\u0301", "ß", "日本", "😀",
	"a\tb", "a;--", "$1", "?", "{}", "null", strings.Repeat("x", 255), "zz", "Z", "0", "10", "2", "\\", "\U0010FFFF",
}

func testOddNames(t *testing.T, s *suite) {
	db := s.db(t)
	for _, name := range oddNames {
		commit(t, db, putNamed(name))
	}
	sorted := slices.Sorted(slices.Values(oddNames)) // Go compares bytes
	for what, list := range lists {
		for _, limit := range []int{1, 7, 1000} {
			var got []string
			for after := ""; ; {
				page := get(t, db, func(tx *store.Tx) ([]string, error) { return list(tx, after, limit) })
				if len(page) > limit {
					t.Fatalf("%s: a page of %d for a limit of %d", what, len(page), limit)
				}
				if len(page) == 0 {
					break
				}
				got = append(got, page...)
				after = page[len(page)-1]
			}
			if diff := cmp.Diff(sorted, got); diff != "" {
				t.Errorf("%s by pages of %d (-want +got):\n%s", what, limit, diff)
			}
		}
	}
}

func testPagingInserts(t *testing.T, s *suite) {
	db := s.db(t)
	for i := range 20 {
		commit(t, db, putNamed(fmt.Sprintf("w%02d", i*2)))
	}
	page := get(t, db, func(tx *store.Tx) ([]string, error) { return tx.WorkflowNames("", 10) })
	// One before the page's end, one after it, and the token itself goes.
	last := page[len(page)-1]
	commit(t, db, putNamed("w01"), putNamed("w19"), func(tx *store.Tx) error { return tx.DeleteWorkflow(last) })
	want(t, db, "the next page", []string{"w19", "w20", "w22"}, func(tx *store.Tx) ([]string, error) {
		return tx.WorkflowNames(last, 3)
	})
}
