package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
)

// w1 is the workflow of the guide's page on resuming.
var w1 = []string{"T1 > J1", "J1+ > T2 > J2", "J1+ > T3 > J3", "J2+ > T4 > J4", "J3+ > T5 > J5"}

// nodeID is the id of a node as GetWorkflow shows it, which is that of every run.
func (s *server) nodeID(workflow, name string) string {
	s.t.Helper()
	return s.api.scope.NodeID(workflow, glue.NodeTypeJob, name)
}

func TestR38StoppedRunsMayBePermitted(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(set *settings) { set.engine.ResumeStopped = true })
	s.workflow("W", w1...)
	s.hold()
	id := s.start("W")
	s.do("StopWorkflowRun", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, id))
	s.settle()
	if got := s.run("W", id); got.Status != "STOPPED" || states(got) != "J1=STOPPED J2=- J3=- J4=- J5=-" {
		t.Fatalf("%s %s", got.Status, states(got))
	}
	s.release()
	again, _ := s.resume("W", id, "J1")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	if got := s.run("W", again); stats(got) != "total 5 succeeded 5 failed 0" {
		t.Error(stats(got))
	}
}

// R9, R28, R36: a node that a resumed run carried can be resumed from it; its
// details are those of the run in which it ran.
func TestR9R28R36CarriedNodes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2", "J3")
	first := s.start("W")
	second, _ := s.resume("W", first, "J2")
	third, roots := s.resume("W", second, "J3") // carried in second, failed in first
	if s.failed != nil || !slices.Equal(roots, []string{"J3"}) {
		t.Fatal(s.failed, roots)
	}
	r1, r2, r3 := s.run("W", first), s.run("W", second), s.run("W", third)
	if r3.PreviousRunId != second || r2.PreviousRunId != first || r1.PreviousRunId != "" {
		t.Errorf("chain %q %q %q", r3.PreviousRunId, r2.PreviousRunId, r1.PreviousRunId)
	}
	if got := stats(r3); got != "total 5 succeeded 5 failed 0" {
		t.Error(got)
	}
	for name, from := range map[string]*glue.WorkflowRun{"J1": r1, "J2": r2, "J4": r2} {
		want := node(t, from.Graph, name).JobDetails
		if diff := cmp.Diff(want, node(t, r3.Graph, name).JobDetails); diff != "" || len(want.JobRuns) != 1 {
			t.Errorf("%s is not carried as it was:\n%s", name, diff)
		}
	}
	for job, want := range map[string]int{"J1": 1, "J2": 2, "J3": 2, "J4": 1, "J5": 1} {
		runs := s.do("GetJobRuns", fmt.Sprintf(`{'JobName': %q}`, job))["JobRuns"].([]any)
		if len(runs) != want {
			t.Errorf("GetJobRuns of %s: %d, want %d: carried ones are not listed twice", job, len(runs), want)
		}
	}
	if spec := s.exec.starts("J5"); len(spec) != 1 || spec[0].WorkflowRunID != third {
		t.Errorf("J5 ran with %+v", spec)
	}
}

// R11: a start that was refused counts as an attempt.
func TestR11RefusedStartsCount(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.hold()
	busy := s.do("StartJobRun", `{'JobName': 'J1'}`)["JobRunId"].(string)
	id := s.start("W")
	run := s.run("W", id)
	got := node(t, run.Graph, "J1").JobDetails.JobRuns
	if run.Status != "COMPLETED" || len(got) != 1 || got[0].JobRunState != "FAILED" ||
		got[0].ErrorMessage != "Max concurrent runs exceeded" || got[0].ExecutionTime != 0 {
		t.Fatalf("%s %+v", run.Status, got)
	}
	s.exec.end(busy, executor.Succeeded)
	s.release()
	s.settle()
	again, _ := s.resume("W", id, "J1")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	if got := stats(s.run("W", again)); got != "total 5 succeeded 5 failed 0" {
		t.Error(got)
	}
}

func TestR16RootsStartAsTheirActionSays(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateWorkflow", `{'Name': 'W'}`)
	s.job("A")
	s.job("B", `'DefaultArguments': {'--x': 'default', '--y': 'default', '--z': 'default'}`, `'NonOverridableArguments': {'--z': 'fixed'}`)
	s.triggers("W", "T1 > A")
	s.do("CreateTrigger", `{'Name': 'T2', 'WorkflowName': 'W', 'Type': 'CONDITIONAL', 'StartOnCreation': true,
		'Predicate': {'Conditions': [{'LogicalOperator': 'EQUALS', 'JobName': 'A', 'State': 'SUCCEEDED'}]},
		'Actions': [{'JobName': 'B', 'Arguments': {'--x': 'action', '--z': 'action'}, 'Timeout': 7, 'SecurityConfiguration': 'sec',
			'NotificationProperty': {'NotifyDelayAfter': 3}}]}`)
	s.fails("B")
	first := s.start("W")
	second, _ := s.resume("W", first, "B")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	starts := s.exec.starts("B")
	want := map[string]string{"--x": "action", "--y": "default", "--z": "fixed"}
	for i, spec := range starts {
		if diff := cmp.Diff(want, spec.Arguments); diff != "" || spec.Timeout != 7*time.Minute {
			t.Errorf("start %d: %v\n%s", i, spec.Timeout, diff)
		}
	}
	if len(starts) != 2 || starts[1].WorkflowRunID != second {
		t.Fatalf("%+v", starts)
	}
	got := node(t, s.run("W", second).Graph, "B").JobDetails.JobRuns
	old := node(t, s.run("W", first).Graph, "B").JobDetails.JobRuns
	if len(got) != 1 || got[0].TriggerName != "T2" || *got[0].Timeout != 7 || got[0].SecurityConfiguration != "sec" ||
		*got[0].NotificationProperty.NotifyDelayAfter != 3 || got[0].Arguments["--x"] != "action" || got[0].Arguments["--y"] != "" {
		t.Errorf("%+v", got)
	}
	// R29: a new id, attempt 0, no previous run.
	if got[0].Id == old[0].Id || got[0].Attempt != 0 || got[0].PreviousRunId != "" {
		t.Errorf("R29: %+v", got[0])
	}
	// The predecessors are those of the original start.
	for _, id := range []string{old[0].Id, got[0].Id} {
		run := s.do("GetJobRun", fmt.Sprintf(`{'JobName': 'B', 'RunId': %q, 'PredecessorsIncluded': true}`, id))["JobRun"].(map[string]any)
		if p := fmt.Sprint(run["PredecessorRuns"]); !strings.Contains(p, "JobName:A RunId:jr_") {
			t.Errorf("predecessors of %s: %s", id, p)
		}
	}
}

func TestR23JobDeletedSince(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2")
	first := s.start("W")
	s.do("DeleteJob", `{'JobName': 'J2'}`)
	second, roots := s.resume("W", first, "J2")
	if s.failed != nil || !slices.Equal(roots, []string{"J2"}) {
		t.Fatal(s.failed, roots)
	}
	r := s.run("W", second)
	if states(r) != "J1=SUCCEEDED J2=ERROR J3=SUCCEEDED J4=- J5=SUCCEEDED" || r.Status != "COMPLETED" || r.Statistics.ErroredActions != 1 {
		t.Errorf("%s %s %+v", r.Status, states(r), r.Statistics)
	}
	if got := node(t, r.Graph, "J2").JobDetails.JobRuns[0]; got.ErrorMessage != "Job with name: J2 not found." {
		t.Errorf("%+v", got)
	}
	// R11: it counts as attempted, and with the job back the rest runs.
	s.job("J2")
	third, _ := s.resume("W", second, "J2")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	if got := stats(s.run("W", third)); got != "total 5 succeeded 5 failed 0" {
		t.Error(got)
	}
}

// R29: the restarted job has its whole retry budget again.
func TestR29RetriesAreFresh(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.job("J", `'MaxRetries': 1`)
	s.workflow("W", "T > J")
	s.fails("J", "J")
	first := s.start("W")
	runs := node(t, s.run("W", first).Graph, "J").JobDetails.JobRuns
	if len(runs) != 2 || runs[0].Attempt != 1 || runs[0].PreviousRunId != runs[1].Id || runs[0].Id != runs[1].Id+"_attempt_1" {
		t.Fatalf("the newest comes first: %+v", runs)
	}
	s.fails("J")
	second, _ := s.resume("W", first, "J")
	r := s.run("W", second)
	runs = node(t, r.Graph, "J").JobDetails.JobRuns
	if len(runs) != 2 || runs[1].JobRunState != "FAILED" || runs[1].Attempt != 0 || runs[0].JobRunState != "SUCCEEDED" || runs[0].Attempt != 1 {
		t.Errorf("%+v", runs)
	}
}

func TestR31R32OriginalStaysAndTheNewRunIsNewest(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2")
	first := s.start("W")
	before := s.run("W", first)
	second, _ := s.resume("W", first, "J2")
	if diff := cmp.Diff(before, s.run("W", first)); diff != "" {
		t.Errorf("R31: the original changed:\n%s", diff)
	}
	r := s.run("W", second)
	if r.StartedOn < before.CompletedOn {
		t.Errorf("R32: started %s, the original ended %s", r.StartedOn, before.CompletedOn)
	}
	w := s.do("GetWorkflow", `{'Name': 'W'}`)["Workflow"].(map[string]any)
	if last := w["LastRun"].(map[string]any); last["WorkflowRunId"] != second {
		t.Errorf("R32: LastRun %v", last)
	}
	runs := s.do("GetWorkflowRuns", `{'Name': 'W'}`)["Runs"].([]any)
	if len(runs) != 2 || runs[0].(map[string]any)["WorkflowRunId"] != second {
		t.Errorf("R32: %v", runs)
	}
}

// R22, R39: the original's snapshot counts, not what the triggers are now.
func TestR22R39TriggersChangedSince(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2")
	first := s.start("W")
	s.do("StopTrigger", `{'Name': 'T4'}`)
	s.do("DeleteTrigger", `{'Name': 'T2'}`)
	s.do("UpdateTrigger", `{'Name': 'T4', 'TriggerUpdate': {'Actions': [{'JobName': 'J5'}],
		'Predicate': {'Conditions': [{'LogicalOperator': 'EQUALS', 'JobName': 'J1', 'State': 'FAILED'}]}}}`)
	second, _ := s.resume("W", first, "J2")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	r := s.run("W", second)
	if stats(r) != "total 5 succeeded 5 failed 0" {
		t.Error(states(r))
	}
	old := s.run("W", first)
	for i := range old.Graph.Nodes {
		if old.Graph.Nodes[i].UniqueId != r.Graph.Nodes[i].UniqueId {
			t.Errorf("node %d: other ids", i)
		}
	}
	if diff := cmp.Diff(old.Graph.Edges, r.Graph.Edges); diff != "" {
		t.Error(diff)
	}
	// A run that starts now has the triggers as they are now.
	third := s.run("W", s.start("W"))
	if got := states(third); got != "J1=SUCCEEDED J3=SUCCEEDED J5=SUCCEEDED" {
		t.Error(got)
	}
}

func TestR40MoreThanAHundredNodes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	chain := []string{"T0 > J0"}
	for i := 1; i < 80; i++ {
		chain = append(chain, fmt.Sprintf("J%d+ > T%d > J%d", i-1, i, i))
	}
	s.workflow("W", chain...)
	s.fails("J40")
	first := s.start("W")
	if got := stats(s.run("W", first)); got != "total 80 succeeded 40 failed 1" {
		t.Fatal(got)
	}
	second, _ := s.resume("W", first, "J40")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	r := s.run("W", second)
	if got := stats(r); got != "total 80 succeeded 80 failed 0" || len(r.Graph.Nodes) != 160 || len(r.Graph.Edges) != 159 {
		t.Errorf("%s, %d nodes, %d edges", got, len(r.Graph.Nodes), len(r.Graph.Edges))
	}
}
