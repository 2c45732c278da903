package cfn

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

const small = `
Resources:
  Flow: {Type: AWS::Glue::Workflow, Properties: {Name: w, Description: old, DefaultRunProperties: {a: "1"}, Tags: {team: data}}}
  A: {Type: AWS::Glue::Job, Properties: {Name: a, Role: r, Command: {Name: pythonshell, ScriptLocation: s3://b/a.py}, DefaultArguments: {--x: "1"}, Timeout: 5}}
  B: {Type: AWS::Glue::Job, Properties: {Name: b, Role: r, Command: {Name: pythonshell, ScriptLocation: s3://b/b.py}}}
  Start: {Type: AWS::Glue::Trigger, Properties: {Name: start, WorkflowName: !Ref Flow, Type: ON_DEMAND, Actions: [{JobName: !Ref A}]}}
  Then:
    Type: AWS::Glue::Trigger
    Properties:
      Name: then
      WorkflowName: !Ref Flow
      Type: CONDITIONAL
      StartOnCreation: true
      Predicate: {Conditions: [{LogicalOperator: EQUALS, JobName: !Ref A, State: SUCCEEDED}]}
      Actions: [{JobName: !Ref B}]
`

func parseSmall(t *testing.T, edits ...string) *Template {
	t.Helper()
	src := small
	for i := 0; i+1 < len(edits); i += 2 {
		if !strings.Contains(src, edits[i]) {
			t.Fatalf("the template has no %q", edits[i])
		}
		src = strings.Replace(src, edits[i], edits[i+1], 1)
	}
	tmpl, _, err := Parse([]byte(src), "t.yaml", testOptions())
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

func apply(t *testing.T, c Caller, tmpl *Template) []Result {
	t.Helper()
	results, err := Apply(context.Background(), c, tmpl)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func TestApplyCreatesInOrder(t *testing.T) {
	t.Parallel()
	server := newFakeGlue()
	results := apply(t, server, parseSmall(t))
	want := []string{"CreateJob a", "CreateJob b", "CreateWorkflow w", "CreateTrigger start", "CreateTrigger then"}
	if diff := cmp.Diff(want, server.changes()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if len(results) != 5 || results[0].Action != Created || results[4].Name != "then" {
		t.Errorf("got %+v", results)
	}
}

func TestApplyTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"testdata/etl.yaml", "../demo/pipeline/pipeline.yaml"} {
		tmpl, _ := parseFile(t, file, nil)
		server := newFakeGlue()
		for _, r := range apply(t, server, tmpl) {
			if r.Action != Created {
				t.Errorf("%s: first time: %+v", file, r)
			}
		}
		server.changes()
		for _, r := range apply(t, server, tmpl) {
			if r.Action != Unchanged || r.Note != "" || len(r.Fields) > 0 {
				t.Errorf("%s: second time: %+v", file, r)
			}
		}
		if calls := server.changes(); len(calls) > 0 {
			t.Errorf("%s: the second time calls %v", file, calls)
		}
	}
}

func TestApplyChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		edits  []string
		want   []Result // those that are not unchanged
		calls  []string
		verify func(*testing.T, *fakeGlue)
	}{
		{
			name: "job argument", edits: []string{`--x: "1"`, `--y: "2"`},
			want:  []Result{{Kind: KindJob, Name: "a", Action: Updated, Fields: []string{"DefaultArguments.--x", "DefaultArguments.--y"}}},
			calls: []string{"UpdateJob a"},
			verify: func(t *testing.T, f *fakeGlue) {
				if j := f.jobs["a"]; j.DefaultArguments["--y"] != "2" || len(j.DefaultArguments) != 1 || *j.Timeout != 5 || j.Command.ScriptLocation != "s3://b/a.py" {
					t.Errorf("the job is now %+v", j)
				}
			},
		},
		{
			name: "job member taken away", edits: []string{`, Timeout: 5`, ``},
			want:  []Result{{Kind: KindJob, Name: "a", Action: Updated, Fields: []string{"Timeout"}}},
			calls: []string{"UpdateJob a"},
		},
		{
			name: "role by ARN", edits: []string{`Name: a, Role: r`, `Name: a, Role: 'arn:aws:iam::123456789012:role/r'`},
		},
		{
			name: "workflow", edits: []string{`Description: old, DefaultRunProperties: {a: "1"}`, `MaxConcurrentRuns: 2`},
			want:  []Result{{Kind: KindWorkflow, Name: "w", Action: Updated, Fields: []string{"DefaultRunProperties.a", "Description", "MaxConcurrentRuns"}}},
			calls: []string{"UpdateWorkflow w"},
			verify: func(t *testing.T, f *fakeGlue) {
				if w := f.workflows["w"]; w.Description != "" || len(w.DefaultRunProperties) != 0 || *w.MaxConcurrentRuns != 2 {
					t.Errorf("the workflow is now %+v", w)
				}
			},
		},
		{
			name: "tags", edits: []string{`{team: data}`, `{team: data, cost: "1"}`},
			want:  []Result{{Kind: KindWorkflow, Name: "w", Action: Updated, Fields: []string{"Tags"}}},
			calls: []string{"TagResource arn:aws:glue:eu-west-1:123456789012:workflow/w"},
		},
		{
			name: "trigger action", edits: []string{`Actions: [{JobName: !Ref B}]`, `Actions: [{JobName: !Ref B, Arguments: {--z: "1"}}]`},
			want:  []Result{{Kind: KindTrigger, Name: "then", Action: Updated, Fields: []string{"Actions[0].Arguments.--z"}}},
			calls: []string{"UpdateTrigger then"},
			verify: func(t *testing.T, f *fakeGlue) {
				if f.triggers["then"].State != glue.TriggerStateActivated {
					t.Errorf("the trigger is %s", f.triggers["then"].State)
				}
			},
		},
		{
			name: "trigger type", edits: []string{`Type: ON_DEMAND`, `Type: SCHEDULED, Schedule: "cron(0 1 * * ? *)"`},
			want:  []Result{{Kind: KindTrigger, Name: "start", Action: Replaced, Fields: []string{"Type"}}},
			calls: []string{"DeleteTrigger start", "CreateTrigger start"},
		},
		{
			name: "trigger renamed", edits: []string{`Name: then`, `Name: afterwards`},
			want: []Result{
				{Kind: KindTrigger, Name: "afterwards", Action: Created},
				{Kind: KindTrigger, Name: "then", Action: Left, Note: "is in the workflow w but not in the template, and may still fire; delete it with DeleteTrigger if it is not wanted"},
			},
			calls: []string{"CreateTrigger afterwards"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := newFakeGlue()
			apply(t, server, parseSmall(t))
			server.changes()
			tmpl := parseSmall(t, c.edits...)
			preview, err := Diff(context.Background(), server, tmpl)
			if err != nil {
				t.Fatal(err)
			}
			if calls := server.changes(); len(calls) > 0 {
				t.Errorf("Diff calls %v", calls)
			}
			var got []Result
			for i, r := range apply(t, server, tmpl) {
				if diff := cmp.Diff(preview[i].Result, r); diff != "" {
					t.Errorf("Diff and Apply differ:\n%s", diff)
				}
				if r.Action != Unchanged {
					got = append(got, r)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.calls, server.changes()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if c.verify != nil {
				c.verify(t, server)
			}
			apply(t, server, tmpl)
			if calls := server.changes(); len(calls) > 0 {
				t.Errorf("applied again it calls %v", calls)
			}
		})
	}
}

// A trigger that a first template left asleep wakes when the template says so;
// one that somebody stopped stays stopped.
func TestApplyActivates(t *testing.T) {
	t.Parallel()
	server := newFakeGlue()
	apply(t, server, parseSmall(t, "      StartOnCreation: true\n", ""))
	server.changes()
	apply(t, server, parseSmall(t))
	if diff := cmp.Diff([]string{"StartTrigger then"}, server.changes()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	server.triggers["then"].State = glue.TriggerStateDeactivated
	results := apply(t, server, parseSmall(t))
	if calls := server.changes(); len(calls) > 0 {
		t.Errorf("a stopped trigger: calls %v", calls)
	}
	if last := results[len(results)-1]; last.Action != Unchanged || !strings.Contains(last.Note, "was stopped and stays so") {
		t.Errorf("got %+v", last)
	}
}

// Glue cannot take a limit away; that is told and does not go on for ever.
func TestApplyKeepsLimit(t *testing.T) {
	t.Parallel()
	server := newFakeGlue()
	apply(t, server, parseSmall(t, "Description: old", "Description: old, MaxConcurrentRuns: 3"))
	server.changes()
	results := apply(t, server, parseSmall(t))
	if calls := server.changes(); len(calls) > 0 {
		t.Errorf("calls %v", calls)
	}
	if !strings.Contains(results[2].Note, "keeps its MaxConcurrentRuns of 3") {
		t.Errorf("got %+v", results[2])
	}
}

// Two triggers that change roles: the one that was the start makes room first.
func TestApplySwapsStart(t *testing.T) {
	t.Parallel()
	server := newFakeGlue()
	apply(t, server, parseSmall(t))
	server.changes()
	swapped := parseSmall(t,
		"Name: start, WorkflowName: !Ref Flow, Type: ON_DEMAND", "Name: then, WorkflowName: !Ref Flow, Type: ON_DEMAND",
		"      Name: then\n", "      Name: start\n")
	apply(t, server, swapped)
	if diff := cmp.Diff([]string{"DeleteTrigger start", "CreateTrigger start", "DeleteTrigger then", "CreateTrigger then"}, server.changes()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// A replacement waits until AWS has really deleted the old trigger.
func TestReplaceWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := newFakeGlue()
		apply(t, server, parseSmall(t))
		server.lingering = 5
		results := apply(t, server, parseSmall(t, `Type: ON_DEMAND`, `Type: SCHEDULED, Schedule: "cron(0 1 * * ? *)"`))
		if server.triggers["start"].Type != glue.TriggerTypeScheduled {
			t.Errorf("got %+v, %+v", server.triggers["start"], results)
		}
	})
}

// When the new trigger is refused, the old one comes back.
func TestReplaceRestores(t *testing.T) {
	t.Parallel()
	server := newFakeGlue()
	apply(t, server, parseSmall(t))
	_, err := Apply(context.Background(), server, parseSmall(t, `Type: ON_DEMAND`, `Type: ON_DEMAND, StartOnCreation: true`, `WorkflowName: !Ref Flow, Type: ON_DEMAND`, `Type: ON_DEMAND`))
	if err == nil || !strings.Contains(err.Error(), "StartOnCreation is not supported") || !strings.Contains(err.Error(), "the old trigger start is back as it was") {
		t.Errorf("got %v", err)
	}
	if tr := server.triggers["start"]; tr == nil || tr.Type != glue.TriggerTypeOnDemand || tr.WorkflowName != "w" {
		t.Errorf("the old trigger is %+v", tr)
	}
}

// Another change of the same workflow is waited for, within limits.
func TestApplyInsists(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := newFakeGlue()
		left := 3
		server.refuse = func(op string, _ any) error {
			if op == "CreateTrigger" && left > 0 {
				left--
				return glue.Errorf(glue.ConcurrentModification, "Workflow w was modified while adding trigger")
			}
			return nil
		}
		begin := time.Now()
		apply(t, server, parseSmall(t))
		if waited := time.Since(begin); waited < time.Second || waited > time.Minute {
			t.Errorf("waited %v", waited)
		}
		server.refuse = func(op string, _ any) error {
			if op == "UpdateJob" {
				return glue.Errorf(glue.ConcurrentModification, "busy")
			}
			return nil
		}
		_, err := Apply(context.Background(), server, parseSmall(t, `--x: "1"`, `--x: "2"`))
		if !errors.Is(err, &glue.Error{Kind: glue.ConcurrentModification}) || !strings.Contains(err.Error(), "job a: UpdateJob") {
			t.Errorf("got %v", err)
		}
	})
}

// Tags that cannot be read hold nothing up, and are told.
func TestApplyWithoutTagPermission(t *testing.T) {
	t.Parallel()
	server := newFakeGlue()
	apply(t, server, parseSmall(t))
	server.refuse = func(op string, _ any) error {
		if op == "GetTags" {
			return glue.Errorf("AccessDeniedException", "no glue:GetTags")
		}
		return nil
	}
	for _, r := range apply(t, server, parseSmall(t)) {
		if told := strings.Contains(r.Note, "its tags are left as they are"); r.Action != Unchanged || told != (r.Kind == KindWorkflow) {
			t.Errorf("got %+v", r)
		}
	}
}

func TestApplyStopsAtError(t *testing.T) {
	t.Parallel()
	server := newFakeGlue()
	server.refuse = func(op string, _ any) error {
		if op == "CreateWorkflow" {
			return glue.Errorf(glue.LimitExceeded, "too many")
		}
		return nil
	}
	results, err := Apply(context.Background(), server, parseSmall(t))
	if err == nil || !strings.Contains(err.Error(), "workflow w: CreateWorkflow: ") || len(results) != 2 {
		t.Errorf("got %v, %+v", err, results)
	}
	server.refuse = func(string, any) error { return os.ErrDeadlineExceeded }
	if _, err := Apply(context.Background(), server, parseSmall(t)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want the caller's own error", err)
	}
}
