package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// TestAccept: what waited for the accepted node runs, and that it was accepted is
// shown in this run and in those that take it over, by whom, when and why.
func TestAccept(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2", "J3")
	first := s.start("W")
	failed := node(t, s.run("W", first).Graph, "J2").JobDetails.JobRuns[0]
	r := plan.ExecuteRequest{
		Request: plan.Request{Name: "W", RunId: first, Accept: s.ids("J2"), Because: "known rounding, ticket 812"}, By: "ada@host",
	}
	p := s.plan(r.Request)
	if v := verdicts(p); v["J2"] != plan.Accept || v["J4"] != plan.Downstream || v["J3"] != plan.Carry || len(p.Starts) != 0 {
		t.Errorf("%v, starts %v", v, p.Starts)
	}
	s.fails("J4")
	second := s.carryOut(r)
	run := s.run("W", second)
	if got := states(run); got != "J1=SUCCEEDED J2=SUCCEEDED J3=FAILED J4=FAILED J5=-" {
		t.Error(got)
	}
	if got := run.Statistics; got.SucceededActions != 2 || got.FailedActions != 2 || got.TotalActions != 5 {
		t.Errorf("%+v", got)
	}
	shows := func(run *glue.WorkflowRun) {
		t.Helper()
		j := node(t, run.Graph, "J2").JobDetails.JobRuns[0]
		want := "Accepted as SUCCEEDED by ada@host at 20"
		if j.Id != failed.Id || j.JobRunState != "SUCCEEDED" || !strings.HasPrefix(j.ErrorMessage, want) ||
			!strings.HasSuffix(j.ErrorMessage, ": known rounding, ticket 812 (it ended FAILED: ValueError: bad row)") {
			t.Errorf("%s %s %q", j.Id, j.JobRunState, j.ErrorMessage)
		}
		rec := s.record(run.WorkflowRunId)
		if len(rec.Accepted) != 1 || rec.Accepted[0].NodeId != s.nodeID("W", "J2") || rec.Accepted[0].By != "ada@host" ||
			rec.Accepted[0].RunId != second || rec.Accepted[0].State != "FAILED" || rec.Accepted[0].At.IsZero() {
			t.Errorf("%+v", rec.Accepted)
		}
	}
	shows(run)
	// The attempt itself stays what it was.
	got := s.do("GetJobRun", fmt.Sprintf(`{'JobName': 'J2', 'RunId': %q}`, failed.Id))["JobRun"].(map[string]any)
	if got["JobRunState"] != "FAILED" || got["ErrorMessage"] != "ValueError: bad row" {
		t.Errorf("%v", got)
	}
	if diff := cmp.Diff(failed, node(t, s.run("W", first).Graph, "J2").JobDetails.JobRuns[0]); diff != "" {
		t.Errorf("the original changed:\n%s", diff)
	}

	// AWS's own operation keeps it accepted; a failed node means J3 and J4 now.
	third, _ := s.resume("W", second, "J3", "J4")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	if got := stats(s.run("W", third)); got != "total 5 succeeded 5 failed 0" || len(s.exec.starts("J2")) != 1 {
		t.Errorf("%s, J2 ran %d times", got, len(s.exec.starts("J2")))
	}
	shows(s.run("W", third))

	for name, tt := range map[string]struct {
		run  string
		r    plan.Request
		want string
	}{
		"again":     {third, plan.Request{Accept: s.ids("J2")}, "is accepted already"},
		"succeeded": {first, plan.Request{Accept: s.ids("J1")}, "succeeded in workflow run"},
		"never ran": {first, plan.Request{Accept: s.ids("J4")}, "never ran"},
		"a trigger": {first, plan.Request{Accept: []string{s.api.scope.NodeID("W", glue.NodeTypeTrigger, "T2")}}, "name a job or a crawler"},
		"no node":   {first, plan.Request{Accept: []string{"wnode_x"}}, "wnode_x is not part"},
		"repeated":  {first, plan.Request{Accept: s.ids("J2"), NodeIds: s.ids("J2")}, "name it once"},
		"below":     {first, plan.Request{Accept: s.ids("J2"), NodeIds: s.ids("J1")}, "lies downstream"},
	} {
		tt.r.Name, tt.r.RunId, tt.r.Because, tt.r.AnyResume = "W", tt.run, "x", true
		t.Run(name, func(t *testing.T) {
			s.denies(plan.OpExecute, plan.ExecuteRequest{Request: tt.r}, glue.InvalidInput, tt.want)
		})
	}

	// Repeated after all, it is what it then becomes.
	fourth, _ := s.resume("W", third, "J2")
	j := node(t, s.run("W", fourth).Graph, "J2").JobDetails.JobRuns[0]
	if s.failed != nil || j.Id == failed.Id || j.ErrorMessage != "" || len(s.record(fourth).Accepted) != 0 {
		t.Errorf("%v %+v %+v", s.failed, j, s.record(fourth))
	}
}

// TestAcceptAlone: nothing waits for the node, so the new run is over at once.
func TestAcceptAlone(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > J1", "J1+ > T2 > J2")
	s.fails("J2")
	first := s.start("W")
	second := s.carryOut(plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: first, Accept: s.ids("J2"), Because: "fine"}})
	run := s.run("W", second)
	if run.Status != "COMPLETED" || run.CompletedOn.IsZero() || stats(run) != "total 2 succeeded 2 failed 0" {
		t.Errorf("%s %s", run.Status, stats(run))
	}
	if j := node(t, run.Graph, "J2").JobDetails.JobRuns[0]; !strings.HasPrefix(j.ErrorMessage, "Accepted as SUCCEEDED by an unnamed caller at ") {
		t.Error(j.ErrorMessage)
	}
	w := s.do("GetWorkflow", `{'Name': 'W'}`)["Workflow"].(map[string]any)
	if last := w["LastRun"].(map[string]any); last["Status"] != "COMPLETED" || last["WorkflowRunId"] != second {
		t.Errorf("%v", last)
	}
}

// TestAcceptAfterRestart: the state of a finished run and of a live one are read
// back with what was accepted.
func TestAcceptAfterRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var second string
	t.Run("first server", func(t *testing.T) {
		s := openServer(t, dir)
		s.workflow("W", w1...)
		s.fails("J2", "J3")
		first := s.start("W")
		s.hold()
		second = s.carryOut(plan.ExecuteRequest{Request: plan.Request{
			Name: "W", RunId: first, Accept: s.ids("J2"), Because: "fine", NodeIds: s.ids("J3"),
		}})
		if len(s.exec.starts("J3")) != 2 || len(s.exec.starts("J4")) != 1 || s.run("W", second).Status != "RUNNING" {
			t.Fatal(states(s.run("W", second)))
		}
	})
	s := openServer(t, dir, held)
	s.settle()
	s.finish("J4", executor.Succeeded)
	s.finish("J3", executor.Succeeded)
	s.finish("J5", executor.Succeeded)
	if got := s.run("W", second); stats(got) != "total 5 succeeded 5 failed 0" || got.Status != "COMPLETED" {
		t.Errorf("%s %s", got.Status, states(got))
	}
	if j := node(t, s.run("W", second).Graph, "J2").JobDetails.JobRuns[0]; !strings.HasPrefix(j.ErrorMessage, glue.AcceptedMessage) {
		t.Error(j.ErrorMessage)
	}
}

// TestUntil runs what leads to a node and leaves the rest to a later resume.
func TestUntil(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > A", "A+ > T2 > B C", "B+ > T3 > D", "C+ > T4 > E", "D+ & E+ > T5 > F")
	s.fails("A")
	first := s.start("W")
	r := plan.Request{Name: "W", RunId: first, Select: plan.Selectors{Failed: true}, Until: s.ids("D")}
	want := map[string]string{"A": plan.Start, "B": plan.Downstream, "C": plan.Held, "D": plan.Downstream, "E": plan.Held, "F": plan.Held}
	if diff := cmp.Diff(want, verdicts(s.plan(r))); diff != "" {
		t.Error(diff)
	}
	second := s.carryOut(plan.ExecuteRequest{Request: r})
	if got := states(s.run("W", second)); got != "A=SUCCEEDED B=SUCCEEDED C=- D=SUCCEEDED E=- F=-" {
		t.Error(got)
	}
	rec := s.record(second)
	if diff := cmp.Diff(s.ids("C", "E", "F"), rec.Held); diff != "" {
		t.Error(diff)
	}
	// C alone is ready: what comes after it follows by itself.
	answer, err := ask[plan.Answer](s, plan.OpPlan, plan.Request{Name: "W", RunId: second, Select: plan.Selectors{Held: true}})
	if err != nil || len(answer.Choices) != 1 || answer.Choices[0].Name != "C" || answer.Choices[0].Cause != plan.CauseHeld {
		t.Fatalf("%+v %v", answer.Choices, err)
	}
	if diff := cmp.Diff(s.ids("C"), answer.Plan.Starts); diff != "" {
		t.Error(diff)
	}
	// One that is not ready is refused.
	s.denies(plan.OpPlan, plan.Request{Name: "W", RunId: second, NodeIds: s.ids("E")}, glue.InvalidInput, "is held back in workflow run", "what it waits for is not done")
	third, roots := s.resume("W", second, "C") // also by AWS's own operation
	if s.failed != nil || fmt.Sprint(roots) != "[C]" {
		t.Fatal(s.failed, roots)
	}
	run := s.run("W", third)
	if got := stats(run); got != "total 6 succeeded 6 failed 0" {
		t.Error(got)
	}
	for job, n := range map[string]int{"A": 2, "B": 1, "C": 1, "D": 1, "E": 1, "F": 1} {
		if got := len(s.exec.starts(job)); got != n {
			t.Errorf("%s ran %d times, want %d", job, got, n)
		}
	}
	c := s.do("GetJobRun", fmt.Sprintf(`{'JobName': 'C', 'RunId': %q, 'PredecessorsIncluded': true}`,
		node(t, run.Graph, "C").JobDetails.JobRuns[0].Id))["JobRun"].(map[string]any)
	if c["TriggerName"] != "T2" || !strings.Contains(fmt.Sprint(c["PredecessorRuns"]), "JobName:A") {
		t.Errorf("%v", c)
	}
	s.denies(plan.OpPlan, plan.Request{Name: "W", RunId: third, Select: plan.Selectors{Held: true}}, glue.InvalidInput, "Nothing of run "+third+" is held back and ready")
}

// TestResumeFromStopped: a run that was stopped is resumed if that is asked for.
func TestResumeFromStopped(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.hold()
	first := s.start("W")
	s.do("StopWorkflowRun", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, first))
	s.settle()
	s.release()
	r := plan.Request{Name: "W", RunId: first, Select: plan.Selectors{Failed: true}}
	s.denies(plan.OpPlan, r, glue.IllegalWorkflowState, "STOPPED")
	s.denies(plan.OpExecute, plan.ExecuteRequest{Request: r}, glue.IllegalWorkflowState, "STOPPED")
	r.AnyEnd = true
	second := s.carryOut(plan.ExecuteRequest{Request: r})
	if got := stats(s.run("W", second)); got != "total 5 succeeded 5 failed 0" || !s.record(second).AnyEnd {
		t.Errorf("%s %+v", got, s.record(second))
	}
}

// TestNoRecord: a run that was resumed by AWS's operation alone, and one that is no
// resume, have nothing to tell.
func TestNoRecord(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2")
	first := s.start("W")
	second, _ := s.resume("W", first, "J2")
	for _, id := range []string{first, second} {
		if diff := cmp.Diff(&plan.Record{}, s.record(id)); diff != "" {
			t.Error(diff)
		}
	}
	s.refuses(plan.OpGet, `{'Name': 'W', 'RunId': 'wr_nope'}`, enf, "Entity not found")
}
