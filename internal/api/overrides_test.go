package api

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// last is how a job was started last.
func (s *server) last(job string) executor.Spec {
	s.t.Helper()
	starts := s.exec.starts(job)
	if len(starts) == 0 {
		s.t.Fatalf("%s never started", job)
	}
	return starts[len(starts)-1]
}

func (s *server) record(run string) *plan.Record {
	s.t.Helper()
	rec, err := ask[plan.Record](s, plan.OpGet, plan.GetRequest{Name: "W", RunId: run})
	if err != nil {
		s.t.Fatal(err)
	}
	return &rec
}

func (s *server) properties(run string) map[string]any {
	s.t.Helper()
	return s.do("GetWorkflowRunProperties", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, run))["RunProperties"].(map[string]any)
}

// TestOverrides: the job gets what the resume sets, answers show it, later resumes
// inherit it, and neither the definition nor the original run is touched.
func TestOverrides(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateWorkflow", `{'Name': 'W'}`)
	s.job("A")
	s.job("B", `'DefaultArguments': {'--x': 'default', '--y': 'default', '--z': 'default'}`, `'NonOverridableArguments': {'--z': 'fixed'}`, `'MaxRetries': 1`)
	s.triggers("W", "T1 > A")
	s.do("CreateTrigger", `{'Name': 'T2', 'WorkflowName': 'W', 'Type': 'CONDITIONAL', 'StartOnCreation': true,
		'Predicate': {'Conditions': [{'LogicalOperator': 'EQUALS', 'JobName': 'A', 'State': 'SUCCEEDED'}]},
		'Actions': [{'JobName': 'B', 'Arguments': {'--x': 'action', '--w': 'action'}, 'Timeout': 7}]}`)
	s.fails("B", "B")
	first := s.do("StartWorkflowRun", `{'Name': 'W', 'RunProperties': {'day': 'monday', 'kept': 'yes'}}`)["RunId"].(string)
	s.settle()
	original := s.run("W", first)

	timeout, retries := int32(11), 2
	r := plan.ExecuteRequest{
		Request: plan.Request{
			Name: "W", RunId: first, NodeIds: s.ids("B"), Properties: map[string]string{"day": "tuesday"},
			Overrides: map[string]glue.RunOverride{
				"B": {Arguments: map[string]string{"--x": "override", "--new": "über:--a=b+c", "--z": "override"}, Timeout: &timeout, Retries: &retries},
			},
		},
		By: "ada@host",
	}
	r.PlanToken = "" // no plan: what is there counts
	s.fails("B", "B", "B")
	second := s.carryOut(r)
	want := map[string]string{"--x": "override", "--y": "default", "--z": "fixed", "--w": "action", "--new": "über:--a=b+c"}
	if spec := s.last("B"); cmp.Diff(want, spec.Arguments) != "" || spec.Timeout != 11*time.Minute {
		t.Errorf("%v\n%s", spec.Timeout, cmp.Diff(want, spec.Arguments))
	}
	run := s.run("W", second)
	attempts := node(t, run.Graph, "B").JobDetails.JobRuns
	if len(attempts) != 3 {
		t.Errorf("%d attempts, want the first and 2 retries", len(attempts))
	}
	for _, a := range attempts {
		// As in AWS, an answer's Arguments are those beside the definition's.
		if a.Arguments["--x"] != "override" || a.Arguments["--w"] != "action" || *a.Timeout != 11 {
			t.Errorf("GetWorkflowRun shows %v, %d", a.Arguments, *a.Timeout)
		}
		one := s.do("GetJobRun", fmt.Sprintf(`{'JobName': 'B', 'RunId': %q}`, a.Id))["JobRun"].(map[string]any)
		if one["Arguments"].(map[string]any)["--new"] != "über:--a=b+c" || one["Timeout"] != json.Number("11") {
			t.Errorf("GetJobRun shows %v", one)
		}
	}
	if p := s.properties(second); p["day"] != "tuesday" || p["kept"] != "yes" {
		t.Errorf("properties %v", p)
	}
	if diff := cmp.Diff(original, s.run("W", first)); diff != "" {
		t.Errorf("the original changed:\n%s", diff)
	}
	if p := s.properties(first); p["day"] != "monday" {
		t.Errorf("the original's properties: %v", p)
	}
	rec := s.record(second)
	if rec.By != "ada@host" || rec.At.IsZero() || rec.Properties["day"] != "tuesday" || rec.Overrides["B"].Arguments["--x"] != "override" {
		t.Errorf("%+v", rec)
	}
	job := s.do("GetJob", `{'JobName': 'B'}`)["Job"].(map[string]any)
	if job["DefaultArguments"].(map[string]any)["--x"] != "default" || job["MaxRetries"] != json.Number("1") {
		t.Errorf("the definition changed: %v", job)
	}

	// A resume by AWS's own operation inherits them all.
	s.fails("B", "B", "B")
	third, _ := s.resume("W", second, "B")
	if spec := s.last("B"); s.failed != nil || spec.WorkflowRunID != third || cmp.Diff(want, spec.Arguments) != "" || spec.Timeout != 11*time.Minute {
		t.Errorf("%v %+v", s.failed, spec)
	}
	if got := node(t, s.run("W", third).Graph, "B").JobDetails.JobRuns; len(got) != 3 {
		t.Errorf("%d attempts in the next resume, want 3", len(got))
	}
	if s.properties(third)["day"] != "tuesday" || s.record(third).Overrides["B"].Arguments["--new"] == "" || s.record(third).Properties != nil {
		t.Errorf("%+v", s.record(third))
	}
	// One key is set anew, the others stay.
	none := 0
	s.fails("B")
	fourth := s.carryOut(plan.ExecuteRequest{Request: plan.Request{
		Name: "W", RunId: third, NodeIds: s.ids("B"),
		Overrides: map[string]glue.RunOverride{"B": {Arguments: map[string]string{"--x": "again"}, Retries: &none}},
	}})
	want["--x"] = "again"
	if spec := s.last("B"); cmp.Diff(want, spec.Arguments) != "" || spec.Timeout != 11*time.Minute {
		t.Error(cmp.Diff(want, spec.Arguments))
	}
	if got := node(t, s.run("W", fourth).Graph, "B").JobDetails.JobRuns; len(got) != 1 {
		t.Errorf("%d attempts without retries", len(got))
	}
	// The run before shows what it had, also by now.
	if a := node(t, s.run("W", second).Graph, "B").JobDetails.JobRuns[0]; a.Arguments["--x"] != "override" {
		t.Errorf("%v", a.Arguments)
	}
	// A run that is no resume has none of it.
	s.fails("B", "B")
	if s.start("W"); s.last("B").Arguments["--x"] != "action" || s.last("B").Timeout != 7*time.Minute {
		t.Errorf("%+v", s.last("B"))
	}
}

// held keeps job runs live from the start, until finish.
func held(o *settings) { o.engine.Executor.(*fakeExecutor).byWhole = "" }

// TestOverridesOutliveTheServer: it goes down while the job runs, and the retries
// that it still has are those of the resume.
func TestOverridesOutliveTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	second, timeout, retries := "", int32(3), 1
	t.Run("first server", func(t *testing.T) {
		s := openServer(t, dir)
		s.workflow("W", w1...)
		s.fails("J2")
		first := s.start("W")
		s.hold()
		second = s.carryOut(plan.ExecuteRequest{Request: plan.Request{
			Name: "W", RunId: first, NodeIds: s.ids("J2"), Except: s.ids("J4"),
			Overrides: map[string]glue.RunOverride{"J2": {Arguments: map[string]string{"--a": "b"}, Timeout: &timeout, Retries: &retries}},
		}})
	})
	s := openServer(t, dir, held)
	s.settle()
	if spec := s.last("J2"); spec.WorkflowRunID != second || spec.Timeout != 3*time.Minute || spec.Arguments["--a"] != "b" {
		t.Fatalf("started again as %+v", spec)
	}
	s.finish("J2", executor.Failed) // and is retried, with the same settings
	starts := s.exec.starts("J2")
	if len(starts) != 2 || starts[1].Timeout != 3*time.Minute || starts[1].Arguments["--a"] != "b" {
		t.Fatalf("%+v", starts)
	}
	s.finish("J2", executor.Succeeded)
	r := s.run("W", second)
	if got := states(r); got != "J1=SUCCEEDED J2=SUCCEEDED J3=SUCCEEDED J4=- J5=SUCCEEDED" || r.Status != "COMPLETED" {
		t.Errorf("%s %s: J4 is held back, also after a restart", r.Status, got)
	}
	s.release()
	third := s.carryOut(plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: second, Select: plan.Selectors{Held: true}}})
	if got := stats(s.run("W", third)); got != "total 5 succeeded 5 failed 0" {
		t.Error(got)
	}
	if s.last("J4").WorkflowRunID != third || len(s.exec.starts("J2")) != 2 {
		t.Error("what was held back was not all that ran")
	}
}

// TestMergedPropertiesHaveALimit: what a resume sets must fit with what the run has.
func TestMergedPropertiesHaveALimit(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2")
	large := func(key string, n int) string {
		text := make([]byte, n)
		for i := range text {
			text[i] = 'x'
		}
		return fmt.Sprintf(`%q: %q`, key, text)
	}
	first := s.start("W")
	for _, key := range []string{"a", "b", "c"} {
		s.do("PutWorkflowRunProperties", fmt.Sprintf(`{'Name': 'W', 'RunId': %q, 'RunProperties': {%s}}`, first, large(key, 60<<10)))
	}
	properties := map[string]string{}
	if err := json.Unmarshal([]byte("{"+large("d", 60<<10)+","+large("e", 60<<10)+"}"), &properties); err != nil {
		t.Fatal(err)
	}
	r := plan.Request{Name: "W", RunId: first, NodeIds: s.ids("J2"), Properties: properties}
	for op, request := range map[string]any{plan.OpPlan: r, plan.OpExecute: plan.ExecuteRequest{Request: r}} {
		s.denies(op, request, glue.LimitExceeded, "The run's properties would have")
	}
}
