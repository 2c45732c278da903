package api

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func TestR25PropertiesAreCopied(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.do("UpdateWorkflow", `{'Name': 'W', 'DefaultRunProperties': {'a': 'default', 'b': 'default'}}`)
	s.fails("J2")
	first := s.do("StartWorkflowRun", `{'Name': 'W', 'RunProperties': {'b': 'given', 'aws:eventIds': '[e1, e2]'}}`)["RunId"].(string)
	s.settle()
	put := func(run, key, value string) {
		s.do("PutWorkflowRunProperties", fmt.Sprintf(`{'Name': 'W', 'RunId': %q, 'RunProperties': {%q: %q}}`, run, key, value))
	}
	properties := func(run string) map[string]any {
		return s.do("GetWorkflowRunProperties", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, run))["RunProperties"].(map[string]any)
	}
	put(first, "out", "of J1")
	s.do("UpdateWorkflow", `{'Name': 'W', 'DefaultRunProperties': {'new': 'default'}}`)
	second, _ := s.resume("W", first, "J2")
	want := map[string]any{"a": "default", "b": "given", "aws:eventIds": "[e1, e2]", "out": "of J1"}
	if diff := cmp.Diff(want, properties(second)); diff != "" {
		t.Error(diff)
	}
	put(first, "late", "1")
	put(second, "out", "2")
	if p := properties(second); p["late"] != nil || p["out"] != "2" {
		t.Errorf("the resumed run: %v", p)
	}
	if p := properties(first); p["late"] != "1" || p["out"] != "of J1" {
		t.Errorf("the original: %v", p)
	}
}

func TestR26NoEventStartedAResumedRun(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2")
	id := s.start("W")
	size := int32(5)
	err := s.engine.Update(t.Context(), func(tx *store.Tx, _ glue.Time) error {
		rec, err := tx.Run("W", id)
		if err != nil {
			return err
		}
		byEvent := *rec
		byEvent.ID, byEvent.Origin = glue.NewRunID(), byEvent.ID
		byEvent.Event = &glue.StartingEventBatchCondition{BatchSize: &size}
		id = byEvent.ID
		return tx.InsertRun(&byEvent, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.run("W", id).StartingEventBatchCondition; got == nil || *got.BatchSize != 5 {
		t.Fatalf("%+v", got)
	}
	again, _ := s.resume("W", id, "J2")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	if got := s.run("W", again).StartingEventBatchCondition; got != nil {
		t.Errorf("%+v", got)
	}
}

// R34: two resumes of one run are both allowed; the job's own limit decides.
func TestR34ConcurrentResumes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2")
	first := s.start("W")
	s.hold()
	second, _ := s.resume("W", first, "J2")
	third, _ := s.resume("W", first, "J2")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	loser := s.run("W", third)
	got := node(t, loser.Graph, "J2").JobDetails.JobRuns
	if loser.Status != "COMPLETED" || got[0].JobRunState != "FAILED" || got[0].ErrorMessage != "Max concurrent runs exceeded" {
		t.Errorf("%s %+v", loser.Status, got)
	}
	s.release()
	s.finish("J2", executor.Succeeded)
	if got := s.run("W", second); stats(got) != "total 5 succeeded 5 failed 0" {
		t.Error(stats(got))
	}
}

// R35: when the answer comes, the run is durable and its roots are started.
func TestR35Reply(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openServer(t, dir)
	s.workflow("W", w1...)
	s.fails("J2", "J3")
	first := s.start("W")
	s.hold()
	out := s.do("ResumeWorkflowRun", resumeBody("W", first, s.nodeID("W", "J3"), s.nodeID("W", "J2")))
	id := out["RunId"].(string)
	if got, want := fmt.Sprint(out["NodeIds"]), fmt.Sprint([]string{s.nodeID("W", "J3"), s.nodeID("W", "J2")}); got != want {
		t.Errorf("NodeIds %s, want %s", got, want)
	}
	other, err := store.OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	err = other.View(t.Context(), func(tx *store.Tx) error {
		rec, err := tx.Run("W", id)
		if err != nil || rec == nil {
			return fmt.Errorf("the run is not stored: %w", err)
		}
		rows, err := tx.JobRunsOf(rec.Seq)
		if len(rows) != 2 || rows[0].Job != "J3" || rows[1].Job != "J2" {
			t.Errorf("rows %+v", rows)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.exec.starts("J2")) + len(s.exec.starts("J3")); n != 4 {
		t.Errorf("%d starts, want those of both roots", n)
	}
	s.finish("J2", executor.Succeeded)
	s.finish("J3", executor.Succeeded)
}

// R37: a client's own repeat of a call gets the first answer.
func TestR37Repeats(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.job("Alone", `'ExecutionProperty': {'MaxConcurrentRuns': 10}`)
	s.do("CreateTrigger", `{'Name': 'OnDemand', 'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'Alone'}]}`)
	s.fails("J2")
	first := s.start("W")
	resume := resumeBody("W", first, s.nodeID("W", "J2"))
	call := func(op, body, invocation, caller, hash string) map[string]any {
		t.Helper()
		ctx := WithCall(t.Context(), engine.Call{Invocation: invocation, Caller: caller, BodyHash: hash})
		out, err := s.rawIn(ctx, op, quoted(body))
		if err != nil {
			t.Fatalf("%s: %v", op, err)
		}
		s.settle()
		return out
	}
	for _, tt := range []struct{ op, body string }{
		{"ResumeWorkflowRun", resume},
		{"StartWorkflowRun", `{'Name': 'W'}`},
		{"StartJobRun", `{'JobName': 'Alone'}`},
		{"StartTrigger", `{'Name': 'OnDemand'}`},
		{"StartTrigger", `{'Name': 'T1'}`},
	} {
		t.Run(tt.op, func(t *testing.T) {
			id := "inv-" + tt.op + tt.body
			answer := call(tt.op, tt.body, id, "key", "hash")
			before := s.count()
			if diff := cmp.Diff(answer, call(tt.op, tt.body, id, "key", "hash")); diff != "" {
				t.Errorf("the repeat got another answer:\n%s", diff)
			}
			if diff := cmp.Diff(before, s.count()); diff != "" {
				t.Errorf("the repeat did something:\n%s", diff)
			}
			for _, other := range [][3]string{{id + "2", "key", "hash"}, {id, "other", "hash"}, {id, "key", "another"}, {"", "key", "hash"}} {
				call(tt.op, tt.body, other[0], other[1], other[2])
				if after := s.count(); after == before {
					t.Errorf("%v was taken for a repeat", other)
				} else {
					before = after
				}
			}
		})
	}
	t.Run("a refused call is not remembered", func(t *testing.T) {
		ctx := WithCall(t.Context(), engine.Call{Invocation: "refused", Caller: "key", BodyHash: "hash"})
		if _, err := s.rawIn(ctx, "StartJobRun", `{"JobName": "later"}`); err == nil {
			t.Fatal("no error")
		}
		s.job("later")
		if _, err := s.rawIn(ctx, "StartJobRun", `{"JobName": "later"}`); err != nil {
			t.Error(err)
		}
		s.settle()
	})
}
