package verify

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

// A drawing becomes a workflow, its jobs and then the triggers that name them, all
// under names of this suite alone.
func TestDraw(t *testing.T) {
	t.Parallel()
	made := map[string]any{}
	e := &endpoint{answer: func(op string, in any) (any, error) {
		made[op+" "+nameOf(in)] = in
		return nil, nil
	}}
	tr := trialOn(t, e, Documented)
	w := tr.draw(`
		begin: A B{outcome=fail,sleep=2}
		joined: A=SUCCEEDED AND B=FAILED > C
		either: A=FAILED OR B=FAILED > D
		~idle: C=SUCCEEDED > E
		job A: outcome=fail retries=1
		job C: concurrent=3
	`)
	const p = "reglue-verify-test-r0-"
	order := e.called(p, "CreateWorkflow", "CreateJob", "CreateTrigger")
	want := []string{
		"CreateWorkflow …flow", "CreateJob …A", "CreateJob …B", "CreateJob …C", "CreateJob …D", "CreateJob …E",
		"CreateTrigger …begin", "CreateTrigger …joined", "CreateTrigger …either", "CreateTrigger …idle",
	}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Error(diff)
	}
	number := func(n int32) *int32 { return &n }
	job := func(name string, retries, concurrent int32, args map[string]string) *glue.CreateJobRequest {
		return &glue.CreateJobRequest{
			Name: p + name, Role: "jobs", Description: "made by reglue verify",
			Command:          &glue.JobCommand{Name: "pythonshell", PythonVersion: "3.9", ScriptLocation: "s3://scripts/job.py"},
			DefaultArguments: args, MaxRetries: number(retries), ExecutionProperty: &glue.ExecutionProperty{MaxConcurrentRuns: number(concurrent)},
		}
	}
	is := func(job string, state glue.JobRunState) glue.Condition {
		return glue.Condition{LogicalOperator: glue.LogicalOperatorEquals, JobName: p + job, State: state}
	}
	yes, no := true, false
	for name, want := range map[string]any{
		"CreateJob " + p + "A": job("A", 1, 1, map[string]string{"--outcome": "fail"}),
		"CreateJob " + p + "B": job("B", 0, 1, map[string]string{"--outcome": "succeed"}),
		"CreateJob " + p + "C": job("C", 0, 3, map[string]string{"--outcome": "succeed"}),
		"CreateTrigger " + p + "begin": &glue.CreateTriggerRequest{
			Name: p + "begin", WorkflowName: p + "flow", Type: glue.TriggerTypeOnDemand,
			Actions: []glue.Action{{JobName: p + "A"}, {JobName: p + "B", Arguments: map[string]string{"--outcome": "fail", "--sleep": "2"}}},
		},
		"CreateTrigger " + p + "joined": &glue.CreateTriggerRequest{
			Name: p + "joined", WorkflowName: p + "flow", Type: glue.TriggerTypeConditional, StartOnCreation: &yes,
			Predicate: &glue.Predicate{Logical: glue.LogicalAnd, Conditions: []glue.Condition{is("A", "SUCCEEDED"), is("B", "FAILED")}},
			Actions:   []glue.Action{{JobName: p + "C"}},
		},
		"CreateTrigger " + p + "either": &glue.CreateTriggerRequest{
			Name: p + "either", WorkflowName: p + "flow", Type: glue.TriggerTypeConditional, StartOnCreation: &yes,
			Predicate: &glue.Predicate{Logical: glue.LogicalAny, Conditions: []glue.Condition{is("A", "FAILED"), is("B", "FAILED")}},
			Actions:   []glue.Action{{JobName: p + "D"}},
		},
		"CreateTrigger " + p + "idle": &glue.CreateTriggerRequest{
			Name: p + "idle", WorkflowName: p + "flow", Type: glue.TriggerTypeConditional, StartOnCreation: &no,
			Predicate: &glue.Predicate{Logical: glue.LogicalAnd, Conditions: []glue.Condition{is("C", "SUCCEEDED")}},
			Actions:   []glue.Action{{JobName: p + "E"}},
		},
	} {
		if diff := cmp.Diff(want, made[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}

	// What a job does from now on is the only thing that changes.
	w.repair("A")
	want2 := job("A", 1, 1, map[string]string{"--outcome": "succeed"})
	got := made["UpdateJob "+p+"A"].(*glue.UpdateJobRequest).JobUpdate
	if diff := cmp.Diff(&glue.JobUpdate{
		Role: want2.Role, Description: want2.Description, Command: want2.Command, DefaultArguments: want2.DefaultArguments,
		MaxRetries: want2.MaxRetries, ExecutionProperty: want2.ExecutionProperty,
	}, got); diff != "" {
		t.Error(diff)
	}
}

// What the suite makes is noted before the call, so that an answer that is lost
// leaves nothing behind; what somebody else has under the name is not its own.
func TestMakeNotes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		want []string
	}{
		"made":            {nil, []string{"x"}},
		"answer lost":     {&glue.Error{Kind: glue.Internal}, []string{"x"}},
		"somebody else's": {&glue.Error{Kind: glue.AlreadyExists}, []string{}},
	} {
		e := &endpoint{answer: func(string, any) (any, error) { return nil, tt.err }}
		tr := trialOn(t, e, Documented)
		early := ended(func() { tr.make(&tr.jobs, "x", "CreateJob", &glue.CreateJobRequest{Name: "x"}) })
		if (early != nil) != (tt.err != nil) || early != nil && early.verdict != Unchecked {
			t.Errorf("%s: ended with %v", name, early)
		}
		if diff := cmp.Diff(tt.want, append([]string{}, tr.jobs...)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
