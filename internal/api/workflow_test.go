package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

func TestWorkflowIsEchoed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	if got := s.do("CreateWorkflow", `{'Name': 'a b/é', 'Description': 'two\nlines <&>', 'DefaultRunProperties': {'k': 'v'},
		'Tags': {'team': 'x'}, 'MaxConcurrentRuns': 3}`); got["Name"] != "a b/é" {
		t.Error(got)
	}
	got := reread[glue.GetWorkflowResponse](t, s.do("GetWorkflow", `{'Name': 'a b/é'}`)).Workflow
	if got.CreatedOn == 0 || got.LastModifiedOn != got.CreatedOn {
		t.Errorf("times %v %v", got.CreatedOn, got.LastModifiedOn)
	}
	three := int32(3)
	want := &glue.Workflow{Name: "a b/é", Description: "two\nlines <&>", DefaultRunProperties: map[string]string{"k": "v"},
		CreatedOn: got.CreatedOn, LastModifiedOn: got.LastModifiedOn, MaxConcurrentRuns: &three}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	tags := s.do("GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:000000000000:workflow/a b/é'}`)["Tags"]
	if diff := cmp.Diff(map[string]any{"team": "x"}, tags); diff != "" {
		t.Error(diff)
	}
}

func TestEmptyPropertiesAreSent(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateWorkflow", `{'Name': 'W'}`)
	id := s.start("W")
	w := s.do("GetWorkflow", `{'Name': 'W', 'IncludeGraph': true}`)["Workflow"].(map[string]any)
	last := w["LastRun"].(map[string]any)
	for what, got := range map[string]any{
		"DefaultRunProperties": w["DefaultRunProperties"], "WorkflowRunProperties": last["WorkflowRunProperties"],
		"RunProperties": s.do("GetWorkflowRunProperties", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, id))["RunProperties"],
	} {
		if m, ok := got.(map[string]any); !ok || len(m) != 0 {
			t.Errorf("%s is %v, want {}", what, got)
		}
	}
	if last["Status"] != "COMPLETED" || fmt.Sprint(last["Statistics"].(map[string]any)["TotalActions"]) != "0" {
		t.Errorf("a run without triggers: %v", last)
	}
	for _, graph := range []any{w["Graph"], last["Graph"]} {
		if diff := cmp.Diff(map[string]any{"Nodes": []any{}, "Edges": []any{}}, graph); diff != "" {
			t.Error(diff)
		}
	}
}

func TestUpdateWorkflowKeepsWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateWorkflow", `{'Name': 'W', 'Description': 'd', 'DefaultRunProperties': {'a': '1', 'b': '2'}, 'MaxConcurrentRuns': 3}`)
	get := func() *glue.Workflow {
		return reread[glue.GetWorkflowResponse](t, s.do("GetWorkflow", `{'Name': 'W'}`)).Workflow
	}
	created := get()
	s.do("UpdateWorkflow", `{'Name': 'W', 'Description': 'new'}`)
	if w := get(); w.Description != "new" || len(w.DefaultRunProperties) != 2 || *w.MaxConcurrentRuns != 3 ||
		w.CreatedOn != created.CreatedOn || w.LastModifiedOn < created.LastModifiedOn {
		t.Errorf("%+v", w)
	}
	s.do("UpdateWorkflow", `{'Name': 'W', 'DefaultRunProperties': {'c': '3'}, 'MaxConcurrentRuns': 1}`)
	if w := get(); w.Description != "new" || len(w.DefaultRunProperties) != 1 || w.DefaultRunProperties["c"] != "3" || *w.MaxConcurrentRuns != 1 {
		t.Errorf("%+v", w)
	}
	s.do("UpdateWorkflow", `{'Name': 'W', 'Description': '', 'DefaultRunProperties': {}}`)
	if w := get(); w.Description != "" || len(w.DefaultRunProperties) != 0 || *w.MaxConcurrentRuns != 1 {
		t.Errorf("%+v", w)
	}
}

func TestRefusedWorkflows(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(set *settings) { set.api.MaxWorkflows = 2 })
	s.do("CreateWorkflow", `{'Name': 'W'}`)
	value := strings.Repeat("x", 64<<10)
	many := fmt.Sprintf(`{'a': '%s', 'b': '%s', 'c': '%s', 'd': '%s', 'e': '%s'}`, value, value, value, value, value)
	tests := []struct{ op, body, code, text string }{
		{"CreateWorkflow", `{'Name': 'W'}`, "AlreadyExistsException", "Workflow with name W already exists"},
		{"CreateWorkflow", `{'Name': 'X', 'MaxConcurrentRuns': 0}`, ii, "MaxConcurrentRuns must be at least 1, got 0"},
		{"CreateWorkflow", `{'Name': 'X', 'MaxConcurrentRuns': -1}`, ii, "MaxConcurrentRuns"},
		{"CreateWorkflow", `{'Name': 'X', 'DefaultRunProperties': {'k': '` + value + `x'}}`, ii, `the value of "k" has 65537 bytes`},
		{"CreateWorkflow", `{'Name': 'X', 'DefaultRunProperties': ` + many + `}`, ii, "keys and values have"},
		{"CreateWorkflow", `{'Name': 'X', 'Tags': {'AWS:x': '1'}}`, ii, "reserved"},
		{"CreateWorkflow", `{'Name': 'X', 'Description': '` + strings.Repeat("x", 120001) + `'}`, ii, "at 'description'"},
		{"UpdateWorkflow", `{'Name': 'X'}`, enf, "Entity not found"},
		{"UpdateWorkflow", `{'Name': 'W', 'MaxConcurrentRuns': 0}`, ii, "MaxConcurrentRuns"},
		{"UpdateWorkflow", `{'Name': 'W', 'DefaultRunProperties': ` + many + `}`, ii, "keys and values have"},
		{"GetWorkflow", `{'Name': 'w'}`, enf, "Entity not found"}, // names are exact
		{"GetWorkflowRuns", `{'Name': 'X'}`, enf, "Entity not found"},
		{"GetWorkflowRun", `{'Name': 'W', 'RunId': 'wr_x'}`, enf, "Entity not found"},
		{"GetWorkflowRunProperties", `{'Name': 'W', 'RunId': 'wr_x'}`, enf, "Entity not found"},
		{"PutWorkflowRunProperties", `{'Name': 'W', 'RunId': 'wr_x', 'RunProperties': {}}`, enf, "Entity not found"},
		{"StartWorkflowRun", `{'Name': 'X'}`, enf, "Entity not found"},
		{"StartWorkflowRun", `{'Name': 'X', 'RunProperties': {'a': 'b'}}`, enf, "Entity not found"},
		{"StopWorkflowRun", `{'Name': 'W', 'RunId': 'wr_x'}`, enf, "Entity not found"},
		{"StopWorkflowRun", `{'Name': 'X', 'RunId': 'wr_x'}`, enf, "Entity not found"},
	}
	before := s.count()
	for _, tt := range tests {
		s.refuses(tt.op, tt.body, tt.code, tt.text)
	}
	if diff := cmp.Diff(before, s.count()); diff != "" {
		t.Errorf("a refused call left something behind:\n%s", diff)
	}
	s.do("CreateWorkflow", `{'Name': 'X'}`)
	s.refuses("CreateWorkflow", `{'Name': 'Y'}`, "ResourceNumberLimitExceededException",
		"The number of workflows has exceeded the limit. Your account is limited to 2 workflows.")
	s.do("DeleteWorkflow", `{'Name': 'X'}`)
	s.do("CreateWorkflow", `{'Name': 'Y'}`)
	s.refuses("CreateWorkflow", `{'Name': 'X'}`, "ResourceNumberLimitExceededException", "limited to 2")
}

func TestBatchGetWorkflows(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("B", "T > J")
	s.do("CreateWorkflow", `{'Name': 'A'}`)
	got := reread[glue.BatchGetWorkflowsResponse](t, s.do("BatchGetWorkflows", `{'Names': ['x', 'B', 'A', 'B', 'w'], 'IncludeGraph': true}`))
	if len(got.Workflows) != 2 || got.Workflows[0].Name != "B" || got.Workflows[1].Name != "A" {
		t.Errorf("in the order of the request: %+v", got.Workflows)
	}
	if diff := cmp.Diff([]string{"x", "w"}, got.MissingWorkflows); diff != "" {
		t.Error(diff)
	}
	if g := got.Workflows[0].Graph; g == nil || len(g.Nodes) != 2 || len(g.Edges) != 1 {
		t.Errorf("%+v", g)
	}
	if out := s.do("BatchGetWorkflows", `{'Names': ['A']}`); fmt.Sprint(out["MissingWorkflows"]) != "[]" {
		t.Errorf("%v", out)
	}
}

func TestDeleteWorkflowTakesTriggersAndRunsAlong(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > A", "A+ > T2 > B")
	s.do("TagResource", `{'ResourceArn': 'arn:aws:glue:us-east-1:000000000000:workflow/W', 'TagsToAdd': {'k': 'v'}}`)
	s.hold()
	id := s.start("W")
	jobRun := s.exec.starts("A")[0].JobRunID
	s.do("DeleteWorkflow", `{'Name': 'W'}`)
	s.settle()
	s.do("DeleteWorkflow", `{'Name': 'W'}`) // idempotent
	s.refuses("GetWorkflow", `{'Name': 'W'}`, "EntityNotFoundException", "")
	s.refuses("GetWorkflowRun", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, id), "EntityNotFoundException", "")
	s.refuses("GetTrigger", `{'Name': 'T2'}`, "EntityNotFoundException", "")
	for _, job := range []string{"A", "B"} {
		s.do("GetJob", fmt.Sprintf(`{'JobName': %q}`, job))
	}
	got := reread[glue.GetJobRunResponse](t, s.do("GetJobRun", fmt.Sprintf(`{'JobName': 'A', 'RunId': %q}`, jobRun))).JobRun
	if got.JobRunState != "STOPPED" || got.TriggerName != "T1" {
		t.Errorf("its job run stays readable: %+v", got)
	}
	if n := len(s.exec.starts("B")); n != 0 {
		t.Errorf("B ran %d times", n)
	}
	// A new workflow of the name starts without the old one's tags.
	s.workflow("W", "T1 > A")
	if tags := s.do("GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:000000000000:workflow/W'}`)["Tags"]; len(tags.(map[string]any)) != 0 {
		t.Errorf("%v", tags)
	}
}
