package storetest

import (
	"fmt"
	"testing"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func ptr[T any](v T) *T { return &v }

func testWorkflows(t *testing.T, s *suite) {
	db := s.db(t)
	read := func(tx *store.Tx) (*store.WorkflowRecord, error) { return tx.Workflow("w") }
	want(t, db, "a workflow that isn't there", nil, read)
	for _, w := range []*store.WorkflowRecord{
		{Name: "w", Created: 1_578_556_843_049, Modified: 1_578_556_843_050},
		{Name: "w", Description: "d'é", Properties: map[string]string{}, Created: 1, Modified: 2},
		{Name: "w", Properties: map[string]string{"k": "v", "": ""}, MaxConcurrentRuns: ptr(int32(0)), Definition: 7},
	} {
		commit(t, db, func(tx *store.Tx) error { return tx.PutWorkflow(w) })
		want(t, db, "workflow", w, read)
	}
	commit(t, db, func(tx *store.Tx) error { return tx.TouchWorkflow("w", 99) })
	w := get(t, db, read)
	if w.Modified != 99 || w.Definition != 0 {
		t.Errorf("after a touch: %+v", w)
	}
	commit(t, db, func(tx *store.Tx) error { return tx.DeleteWorkflow("w") },
		func(tx *store.Tx) error { return tx.DeleteWorkflow("never there") })
	want(t, db, "a deleted workflow", nil, read)
}

func testTriggers(t *testing.T, s *suite) {
	db := s.db(t)
	full := &glue.Trigger{
		Name: "b", WorkflowName: "w", Type: glue.TriggerTypeConditional, State: glue.TriggerStateActivated,
		Description: "<d>&", Actions: []glue.Action{{JobName: "j", Arguments: map[string]string{"--k": "v"}, Timeout: ptr(int32(3))}},
		Predicate: &glue.Predicate{Logical: glue.LogicalAnd, Conditions: []glue.Condition{{
			LogicalOperator: glue.LogicalOperatorEquals, JobName: "i", State: glue.JobRunStateSucceeded,
		}}},
	}
	a := &glue.Trigger{Name: "a", WorkflowName: "w", Type: glue.TriggerTypeOnDemand, Actions: []glue.Action{}}
	lone := &glue.Trigger{Name: "lone", Type: glue.TriggerTypeOnDemand}
	for _, tr := range []*glue.Trigger{full, a, lone} {
		commit(t, db, func(tx *store.Tx) error { return tx.PutTrigger(tr) })
		want(t, db, "trigger "+tr.Name, tr, func(tx *store.Tx) (*glue.Trigger, error) { return tx.Trigger(tr.Name) })
	}
	// An update keeps the place in the order of creation.
	full.Description = "new"
	commit(t, db, func(tx *store.Tx) error { return tx.PutTrigger(full) })
	ofWorkflow := func(tx *store.Tx) ([]glue.Trigger, error) { return tx.WorkflowTriggers("w") }
	count := func(tx *store.Tx) (int, error) { return tx.TriggerCount() }
	want(t, db, "triggers of w", []glue.Trigger{*full, *a}, ofWorkflow)
	want(t, db, "count", 3, count)
	commit(t, db, func(tx *store.Tx) error { return tx.DeleteTrigger("b") },
		func(tx *store.Tx) error { return tx.DeleteTrigger("never there") },
		func(tx *store.Tx) error { return tx.PutTrigger(full) })
	want(t, db, "triggers of w after b came again", []glue.Trigger{*a, *full}, ofWorkflow)
	want(t, db, "count after b came again", 3, count)
	commit(t, db, func(tx *store.Tx) error { return tx.DeleteWorkflow("w") })
	want(t, db, "count after w is gone", 1, count)
}

func testTriggersByJob(t *testing.T, s *suite) {
	db := s.db(t)
	put := func(name string, jobs ...string) {
		tr := &glue.Trigger{Name: name}
		for _, j := range jobs {
			tr.Actions = append(tr.Actions, glue.Action{JobName: j})
		}
		tr.Actions = append(tr.Actions, glue.Action{CrawlerName: "c"})
		commit(t, db, func(tx *store.Tx) error { return tx.PutTrigger(tr) })
	}
	byJob := func(job string) func(tx *store.Tx) ([]string, error) {
		return func(tx *store.Tx) ([]string, error) { return tx.TriggerNames("", 10, job) }
	}
	put("t2", "a", "b", "a")
	put("t1", "a")
	put("t3", "b")
	want(t, db, "triggers of a", []string{"t1", "t2"}, byJob("a"))
	put("t2", "b")
	want(t, db, "triggers of a after t2 changed", []string{"t1"}, byJob("a"))
	commit(t, db, func(tx *store.Tx) error { return tx.DeleteTrigger("t3") })
	want(t, db, "triggers of b after t3 went", []string{"t2"}, byJob("b"))
	want(t, db, "triggers of a job that none starts", nil, byJob("z"))
}

func testStartTrigger(t *testing.T, s *suite) {
	db := s.db(t)
	start := func(tx *store.Tx) (string, error) { return tx.StartTriggerOf("w") }
	for i, typ := range []glue.TriggerType{glue.TriggerTypeConditional, glue.TriggerTypeConditional} {
		commit(t, db, func(tx *store.Tx) error {
			return tx.PutTrigger(&glue.Trigger{Name: fmt.Sprint(i), WorkflowName: "w", Type: typ})
		})
	}
	commit(t, db, func(tx *store.Tx) error {
		return tx.PutTrigger(&glue.Trigger{Name: "lone", Type: glue.TriggerTypeOnDemand})
	})
	want(t, db, "start trigger of a workflow without one", "", start)
	for _, typ := range []glue.TriggerType{glue.TriggerTypeOnDemand, glue.TriggerTypeScheduled, glue.TriggerTypeEvent} {
		commit(t, db, func(tx *store.Tx) error {
			return tx.PutTrigger(&glue.Trigger{Name: "s", WorkflowName: "w", Type: typ})
		})
		want(t, db, "start trigger", "s", start)
	}
	commit(t, db, func(tx *store.Tx) error { return tx.DeleteTrigger("s") })
	want(t, db, "start trigger after it went", "", start)
}

func testJobs(t *testing.T, s *suite) {
	db := s.db(t)
	job := &glue.Job{
		Name: "j", Role: "r", Command: &glue.JobCommand{Name: "pythonshell", ScriptLocation: "s3://b/é.py"},
		CreatedOn: 1_578_556_843_049, LastModifiedOn: 1_578_556_843_050, MaxRetries: ptr(int32(0)),
		DefaultArguments: map[string]string{}, Timeout: ptr(int32(5)), MaxCapacity: ptr(0.0625),
	}
	var first, second int64
	commit(t, db, func(tx *store.Tx) (err error) { first, err = tx.PutJob(job); return err })
	read := func(tx *store.Tx) (*store.JobRecord, error) { return tx.Job("j") }
	want(t, db, "job", &store.JobRecord{Job: *job, Definition: first}, read)
	changed := *job
	changed.Role = "other"
	commit(t, db, func(tx *store.Tx) (err error) { second, err = tx.PutJob(&changed); return err })
	if first == second {
		t.Error("a changed job kept its definition")
	}
	want(t, db, "changed job", &store.JobRecord{Job: changed, Definition: second}, read)
	want(t, db, "the job as it was", job, func(tx *store.Tx) (*glue.Job, error) { return tx.JobDefinition(first) })
	commit(t, db, func(tx *store.Tx) error { return tx.DeleteJob("j") },
		func(tx *store.Tx) error { return tx.DeleteJob("never there") })
	want(t, db, "a deleted job", nil, read)
	want(t, db, "its definition", job, func(tx *store.Tx) (*glue.Job, error) { return tx.JobDefinition(first) })
}

func testTags(t *testing.T, s *suite) {
	db := s.db(t)
	scope := db.Scope()
	arns := []string{scope.ARN("workflow", "x"), scope.ARN("trigger", "x"), scope.ARN("job", "x"), scope.ARN("job", "xy")}
	commit(t, db, putNamed("x"))
	for _, arn := range arns {
		commit(t, db, func(tx *store.Tx) error { return tx.PutTags(arn, map[string]string{"k": "v", "e": ""}) })
	}
	read := func(arn string) func(tx *store.Tx) (map[string]string, error) {
		return func(tx *store.Tx) (map[string]string, error) { return tx.Tags(arn) }
	}
	commit(t, db, func(tx *store.Tx) error { return tx.PutTags(arns[3], map[string]string{"k": "w", "n": "1"}) },
		func(tx *store.Tx) error { return tx.RemoveTags(arns[3], []string{"e", "never there"}) })
	want(t, db, "tags", map[string]string{"k": "w", "n": "1"}, read(arns[3]))
	commit(t, db, func(tx *store.Tx) error { return tx.DeleteWorkflow("x") },
		func(tx *store.Tx) error { return tx.DeleteJob("x") })
	for _, arn := range arns[:3] {
		want(t, db, "tags of "+arn+", which is gone", nil, read(arn))
	}
	want(t, db, "tags of a job whose name begins alike", map[string]string{"k": "w", "n": "1"}, read(arns[3]))
}

func testTaggedNames(t *testing.T, s *suite) {
	db := s.db(t)
	tag := func(kind, name string, tags map[string]string) func(*store.Tx) error {
		return func(tx *store.Tx) error { return tx.PutTags(db.Scope().ARN(kind, name), tags) }
	}
	for i := range 9 {
		tags := map[string]string{"team": "a", "odd": fmt.Sprint(i % 2)}
		commit(t, db, tag("job", fmt.Sprintf("j%d", i), tags), tag("trigger", fmt.Sprintf("t%d", i), tags))
	}
	commit(t, db, tag("job", "other", map[string]string{"team": "b", "odd": "1"}))
	odd := map[string]string{"team": "a", "odd": "1"}
	page := func(after string, limit int) func(tx *store.Tx) ([]string, error) {
		return func(tx *store.Tx) ([]string, error) { return tx.TaggedNames("job", odd, after, limit) }
	}
	want(t, db, "all", []string{"j1", "j3", "j5", "j7"}, page("", 10))
	want(t, db, "first page", []string{"j1", "j3"}, page("", 2))
	want(t, db, "second page", []string{"j5", "j7"}, page("j3", 2))
	want(t, db, "behind the last", nil, page("j7", 2))
}

func testInvocations(t *testing.T, s *suite) {
	db := s.db(t)
	v := &store.Invocation{
		ID: "i", Caller: "AK", Operation: "StartJobRun", Body: "hash", Answer: []byte(`{"JobRunId":"jr_1"}`), At: 1000,
	}
	read := func(caller, operation, id string) func(tx *store.Tx) (*store.Invocation, error) {
		return func(tx *store.Tx) (*store.Invocation, error) { return tx.Invocation(caller, operation, id) }
	}
	commit(t, db, func(tx *store.Tx) error { return tx.PutInvocation(v) })
	want(t, db, "invocation", v, read("AK", "StartJobRun", "i"))
	want(t, db, "of another caller", nil, read("BK", "StartJobRun", "i"))
	want(t, db, "of another operation", nil, read("AK", "StartWorkflowRun", "i"))
	want(t, db, "of another id", nil, read("AK", "StartJobRun", "I"))
	commit(t, db, func(tx *store.Tx) error { return tx.ForgetInvocations(1000) })
	want(t, db, "invocation that is young enough", v, read("AK", "StartJobRun", "i"))
	commit(t, db, func(tx *store.Tx) error { return tx.ForgetInvocations(1001) })
	want(t, db, "forgotten invocation", nil, read("AK", "StartJobRun", "i"))
}

func testMeta(t *testing.T, s *suite) {
	db := s.db(t)
	for _, value := range []string{"1", "", "two"} {
		commit(t, db, func(tx *store.Tx) error { return tx.SetMeta("port", value) })
		view(t, db, func(tx *store.Tx) error {
			got, ok, err := tx.Meta("port")
			if got != value || !ok {
				t.Errorf("Meta = %q, %v, want %q", got, ok, value)
			}
			return err
		})
	}
	view(t, db, func(tx *store.Tx) error {
		_, ok, err := tx.Meta("nothing")
		if ok {
			t.Error("an unknown key is there")
		}
		return err
	})
}
