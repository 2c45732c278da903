package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
)

func TestGraphs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > J1 J2", "J1+ > T2 > J3", "J1+ & J2+ & X+ > T3 > J3 J4")
	w := reread[glue.GetWorkflowResponse](t, s.do("GetWorkflow", `{'Name': 'W', 'IncludeGraph': true}`)).Workflow
	names := map[string]string{}
	var nodes []string
	for _, n := range w.Graph.Nodes {
		names[n.UniqueId] = n.Name
		nodes = append(nodes, fmt.Sprintf("%s %s", n.Type, n.Name))
		if !strings.HasPrefix(n.UniqueId, "wnode_") || len(n.UniqueId) != 6+64 {
			t.Errorf("id %s", n.UniqueId)
		}
		if n.Type == "JOB" && (n.JobDetails == nil || n.JobDetails.JobRuns != nil || n.TriggerDetails != nil) {
			t.Errorf("%s: %+v", n.Name, n)
		}
		if n.Type == "TRIGGER" && (n.TriggerDetails.Trigger.Id != "" || n.TriggerDetails.Trigger.WorkflowName != "W" || n.JobDetails != nil) {
			t.Errorf("%s: %+v", n.Name, n)
		}
	}
	if diff := cmp.Diff([]string{"TRIGGER T1", "JOB J1", "JOB J2", "TRIGGER T2", "JOB J3", "TRIGGER T3", "JOB J4", "JOB X"}, nodes); diff != "" {
		t.Errorf("triggers as created, each with its new jobs, then what is only watched:\n%s", diff)
	}
	edges := map[string]int{}
	for _, e := range w.Graph.Edges {
		edges[names[e.SourceId]+">"+names[e.DestinationId]]++
	}
	want := map[string]int{"T1>J1": 1, "T1>J2": 1, "J1>T2": 1, "T2>J3": 1, "J1>T3": 1, "J2>T3": 1, "X>T3": 1, "T3>J3": 1, "T3>J4": 1}
	if diff := cmp.Diff(want, edges); diff != "" {
		t.Error(diff)
	}
	raw := s.do("GetWorkflow", `{'Name': 'W', 'IncludeGraph': true}`)["Workflow"].(map[string]any)["Graph"].(map[string]any)["Nodes"].([]any)
	if diff := cmp.Diff(map[string]any{}, raw[1].(map[string]any)["JobDetails"]); diff != "" {
		t.Errorf("JobDetails stays as {}:\n%s", diff)
	}

	// A run's graph is the design at its start, with the same ids.
	id := s.start("W")
	s.do("DeleteTrigger", `{'Name': 'T2'}`)
	run := s.run("W", id)
	if len(run.Graph.Nodes) != len(w.Graph.Nodes) {
		t.Fatalf("%d nodes", len(run.Graph.Nodes))
	}
	for i := range run.Graph.Nodes {
		if run.Graph.Nodes[i].UniqueId != w.Graph.Nodes[i].UniqueId {
			t.Errorf("%s has another id", run.Graph.Nodes[i].Name)
		}
	}
	if diff := cmp.Diff(w.Graph.Edges, run.Graph.Edges); diff != "" {
		t.Error(diff)
	}
	// And the design follows the triggers as they are now.
	w = reread[glue.GetWorkflowResponse](t, s.do("GetWorkflow", `{'Name': 'W', 'IncludeGraph': true}`)).Workflow
	if len(w.Graph.Nodes) != 7 || w.LastRun == nil || w.LastRun.Graph == nil || len(w.LastRun.Graph.Nodes) != 8 {
		t.Errorf("design %d nodes, last run %+v", len(w.Graph.Nodes), w.LastRun)
	}
	plain := s.do("GetWorkflow", `{'Name': 'W'}`)["Workflow"].(map[string]any)
	if plain["Graph"] != nil || plain["LastRun"].(map[string]any)["Graph"] != nil {
		t.Error("a graph that was not asked for")
	}
}

// The newest job run comes first in a node, also when two triggers start a job.
func TestTwoTriggersOfOneJob(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > A B", "A+ > T2 > C", "B+ > T3 > C")
	id := s.start("W")
	run := s.run("W", id)
	runs := node(t, run.Graph, "C").JobDetails.JobRuns
	if len(runs) != 2 || runs[0].StartedOn < runs[1].StartedOn || runs[0].TriggerName == runs[1].TriggerName {
		t.Errorf("%+v", runs)
	}
	if got := stats(run); got != "total 4 succeeded 4 failed 0" && got != "total 4 succeeded 3 failed 1" {
		t.Error(got)
	}
}

func TestStatistics(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > ok bad slow held", "bad- > T2 > after", "ok- > T3 > never")
	s.exec.outcome["bad"] = []executor.State{executor.Failed}
	s.exec.outcome["slow"] = []executor.State{executor.TimedOut}
	s.exec.outcome["held"] = []executor.State{""}
	id := s.start("W")
	raw := s.do("GetWorkflowRun", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, id))["Run"].(map[string]any)
	want := map[string]any{"TotalActions": "6", "TimeoutActions": "1", "FailedActions": "1", "StoppedActions": "0",
		"SucceededActions": "2", "RunningActions": "1", "ErroredActions": "0", "WaitingActions": "0"}
	check := func() {
		t.Helper()
		got := map[string]any{}
		for k, v := range raw["Statistics"].(map[string]any) {
			got[k] = fmt.Sprint(v)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("all eight counts are sent:\n%s", diff)
		}
	}
	check()
	if raw["Status"] != "RUNNING" || raw["CompletedOn"] != nil || raw["PreviousRunId"] != nil || raw["ErrorMessage"] != nil || raw["Graph"] != nil {
		t.Errorf("%v", raw)
	}
	s.do("StopWorkflowRun", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, id))
	s.settle()
	raw = s.do("GetWorkflowRun", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, id))["Run"].(map[string]any)
	want["RunningActions"], want["StoppedActions"] = "0", "1"
	check()
	if raw["Status"] != "STOPPED" || raw["CompletedOn"] == nil {
		t.Errorf("%v", raw)
	}
	s.refuses("StopWorkflowRun", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, id), "IllegalWorkflowStateException", "Workflow run "+id+" is not in RUNNING state")
}

// What GetWorkflowRun says of a live run follows every change in it.
func TestGraphOfALiveRunIsCurrent(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > A B", "A+ > T2 > C")
	s.hold()
	id := s.start("W")
	shows := func(want string) {
		t.Helper()
		s.until(want, func() bool { return states(s.run("W", id)) == want })
	}
	shows("A=RUNNING B=RUNNING C=-")
	s.finish("A", executor.Succeeded)
	shows("A=SUCCEEDED B=RUNNING C=RUNNING")
	s.finish("C", executor.Failed)
	s.finish("B", executor.Succeeded)
	if r := s.run("W", id); states(r) != "A=SUCCEEDED B=SUCCEEDED C=FAILED" || r.Status != "COMPLETED" {
		t.Error(r.Status, states(r))
	}
	got := node(t, s.run("W", id).Graph, "C").JobDetails.JobRuns[0]
	if got.ErrorMessage != "ValueError: bad row" || got.ExecutionTime != 2 || got.CompletedOn == 0 {
		t.Errorf("%+v", got)
	}
}

// Progress of one job that is written after another job's event must show, also
// to those who looked in between.
func TestProgressShowsAfterAnotherEvent(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > A B")
	s.hold()
	id := s.start("W")
	s.finish("A", executor.Succeeded)
	s.run("W", id)
	s.until("B=RUNNING", func() bool { return states(s.run("W", id)) == "A=SUCCEEDED B=RUNNING" })
}

func TestRunProperties(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T > A")
	s.do("UpdateWorkflow", `{'Name': 'W', 'DefaultRunProperties': {'a': '1', 'b': '1'}}`)
	id := s.do("StartWorkflowRun", `{'Name': 'W', 'RunProperties': {'b': '2'}}`)["RunId"].(string)
	s.settle()
	of := fmt.Sprintf(`'Name': 'W', 'RunId': %q`, id)
	s.do("PutWorkflowRunProperties", `{`+of+`, 'RunProperties': {'c': '<3>'}}`) // of a run that is over
	want := map[string]any{"a": "1", "b": "2", "c": "<3>"}
	if diff := cmp.Diff(want, s.do("GetWorkflowRunProperties", `{`+of+`}`)["RunProperties"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, s.do("GetWorkflowRun", `{`+of+`, 'IncludeGraph': true}`)["Run"].(map[string]any)["WorkflowRunProperties"]); diff != "" {
		t.Error(diff)
	}
	if got := s.do("GetWorkflow", `{'Name': 'W'}`)["Workflow"].(map[string]any)["DefaultRunProperties"]; len(got.(map[string]any)) != 2 {
		t.Errorf("the defaults changed: %v", got)
	}

	// Sizes.
	value := strings.Repeat("x", 64<<10)
	put := func(key string) string {
		return fmt.Sprintf(`{%s, 'RunProperties': {%q: '%s'}}`, of, key, value)
	}
	s.refuses("PutWorkflowRunProperties", `{`+of+`, 'RunProperties': {'k': '`+value+`x'}}`, "InvalidInputException", "65537 bytes")
	for _, key := range []string{"p1", "p2", "p3", "p4"} {
		s.do("PutWorkflowRunProperties", put(key))
	}
	s.refuses("PutWorkflowRunProperties", put("p5"), "ResourceNumberLimitExceededException", "more than the limit of 266240")
	if got := s.do("GetWorkflowRunProperties", `{`+of+`}`)["RunProperties"].(map[string]any); len(got) != 7 {
		t.Errorf("%d properties", len(got))
	}
	s.do("PutWorkflowRunProperties", put("p4")) // replaces
	three := fmt.Sprintf(`{'x': '%s', 'y': '%s', 'z': '%s'}`, value, value, value)
	s.do("UpdateWorkflow", `{'Name': 'W', 'DefaultRunProperties': `+three+`}`)
	s.refuses("StartWorkflowRun", fmt.Sprintf(`{'Name': 'W', 'RunProperties': {'v': '%s', 'w': '%s'}}`, value, value),
		"ResourceNumberLimitExceededException", "more than the limit")
	s.refuses("StartWorkflowRun", `{'Name': 'W', 'RunProperties': {'v': 'x`+value+`'}}`, "InvalidInputException", "65537 bytes")
}
