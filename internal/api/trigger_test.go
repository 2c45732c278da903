package api

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

const (
	ii  = "InvalidInputException"
	enf = "EntityNotFoundException"
)

func (s *server) trigger(name string) *glue.Trigger {
	s.t.Helper()
	return reread[glue.GetTriggerResponse](s.t, s.do("GetTrigger", fmt.Sprintf(`{'Name': %q}`, name))).Trigger
}

func TestTriggerIsEchoed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateWorkflow", `{'Name': 'W'}`)
	s.job("A")
	s.job("B")
	const predicate = `'Predicate': {'Logical': 'AND', 'Conditions': [{'LogicalOperator': 'EQUALS', 'JobName': 'A', 'State': 'STOPPED'},
		{'LogicalOperator': 'EQUALS', 'JobName': 'A', 'State': 'TIMEOUT'}]}`
	const actions = `'Actions': [{'JobName': 'B', 'Arguments': {'--k': 'v'}, 'Timeout': 5, 'SecurityConfiguration': 'sec', 'NotificationProperty': {'NotifyDelayAfter': 2}}]`
	tests := []struct{ name, members, state string }{
		{"on demand", `'Type': 'ON_DEMAND', ` + actions, "CREATED"},
		{"scheduled", `'Type': 'SCHEDULED', 'Schedule': 'cron(15 12 * * ? *)', ` + actions, "CREATED"},
		{"conditional", `'Type': 'CONDITIONAL', 'Description': 'd', ` + predicate + `, ` + actions, "CREATED"},
		{"in a workflow", `'Type': 'CONDITIONAL', 'WorkflowName': 'W', ` + predicate + `, ` + actions, "CREATED"},
		{"event", `'Type': 'EVENT', 'WorkflowName': 'W', 'EventBatchingCondition': {'BatchSize': 10, 'BatchWindow': 60}, ` + actions, "CREATED"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := fmt.Sprintf(`{'Name': %q, %s, 'Tags': {'k': %q}}`, tt.name, tt.members, tt.name)
			if out := s.do("CreateTrigger", body); out["Name"] != tt.name {
				t.Error(out)
			}
			want := map[string]any{}
			text, err := s.raw("GetTrigger", fmt.Sprintf(`{"Name": %q}`, tt.name))
			if err != nil {
				t.Fatal(err)
			}
			got := text["Trigger"].(map[string]any)
			if err := jsonInto(quoted(body), &want); err != nil {
				t.Fatal(err)
			}
			delete(want, "Tags")
			want["State"] = tt.state
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			tags := s.do("GetTags", fmt.Sprintf(`{'ResourceArn': 'arn:aws:glue:us-east-1:000000000000:trigger/%s'}`, tt.name))["Tags"]
			if diff := cmp.Diff(map[string]any{"k": tt.name}, tags); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTriggerNameTaken(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.job("A")
	const same = `{'Name': 'T', 'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'A'}]}`
	s.do("CreateTrigger", same)
	s.refuses("CreateTrigger", same, "AlreadyExistsException", "Trigger with name T already exists")
	// The state is not part of the configuration.
	const waiting = `{'Name': 'S', 'Type': 'SCHEDULED', 'Schedule': 'cron(0 0 * * ? *)', 'StartOnCreation': true, 'Actions': [{'JobName': 'A'}]}`
	s.do("CreateTrigger", waiting)
	s.do("StopTrigger", `{'Name': 'S'}`)
	s.refuses("CreateTrigger", waiting, "AlreadyExistsException", "Trigger with name S already exists")
	s.refuses("CreateTrigger", `{'Name': 'T', 'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'A', 'Timeout': 1}]}`,
		"IdempotentParameterMismatchException", "Trigger with name 'T' already submitted with different configuration")
}

func TestUpdateTriggerReplacesAll(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > A")
	s.job("B")
	s.do("CreateTrigger", `{'Name': 'T', 'Type': 'SCHEDULED', 'Schedule': 'cron(0 0 * * ? *)', 'Description': 'd',
		'Actions': [{'JobName': 'A', 'Timeout': 3}], 'Tags': {'k': 'v'}}`)
	out := reread[glue.UpdateTriggerResponse](t, s.do("UpdateTrigger",
		`{'Name': 'T', 'TriggerUpdate': {'Name': 'ignored', 'Schedule': 'cron(0 1 * * ? *)', 'Actions': [{'JobName': 'B'}]}}`)).Trigger
	want := &glue.Trigger{Name: "T", Type: "SCHEDULED", State: "CREATED", Schedule: "cron(0 1 * * ? *)", Actions: []glue.Action{{JobName: "B"}}}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, s.trigger("T")); diff != "" {
		t.Error(diff)
	}
	s.refuses("UpdateTrigger", `{'Name': 'T', 'TriggerUpdate': {'Schedule': 'cron(0 2 * * ? *)'}}`, ii, "Actions cannot be null or empty; an update replaces the whole definition")
	s.refuses("UpdateTrigger", `{'Name': 'T', 'TriggerUpdate': {'Actions': [{'JobName': 'A'}]}}`, ii, "Schedule cannot be null or empty")
	s.refuses("UpdateTrigger", `{'Name': 'T', 'TriggerUpdate': {'Schedule': 'cron(0 2 * * ? *)', 'Actions': [{'JobName': 'nope'}]}}`, enf, "Job with name: nope not found.")
	if diff := cmp.Diff(want, s.trigger("T")); diff != "" {
		t.Errorf("a refused update changed it:\n%s", diff)
	}
	// In a workflow, an update takes effect for later runs.
	before := reread[glue.GetWorkflowResponse](t, s.do("GetWorkflow", `{'Name': 'W'}`)).Workflow.LastModifiedOn
	s.start("W")
	s.do("UpdateTrigger", `{'Name': 'T1', 'TriggerUpdate': {'Actions': [{'JobName': 'B'}]}}`)
	s.start("W")
	if a, b := len(s.exec.starts("A")), len(s.exec.starts("B")); a != 1 || b != 1 {
		t.Errorf("A ran %d times, B %d times", a, b)
	}
	if after := reread[glue.GetWorkflowResponse](t, s.do("GetWorkflow", `{'Name': 'W'}`)).Workflow.LastModifiedOn; after < before {
		t.Errorf("modified %v, then %v", before, after)
	}
}

// A change of a trigger is a change of its workflow.
func TestTriggersTouchTheirWorkflow(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateWorkflow", `{'Name': 'W'}`)
	s.job("A")
	nodes := func() int {
		w := reread[glue.GetWorkflowResponse](t, s.do("GetWorkflow", `{'Name': 'W', 'IncludeGraph': true}`)).Workflow
		return len(w.Graph.Nodes)
	}
	s.start("W") // stores the snapshot
	if n := nodes(); n != 0 {
		t.Errorf("%d nodes", n)
	}
	s.triggers("W", "T1 > A")
	if n := nodes(); n != 2 {
		t.Errorf("%d nodes after CreateTrigger", n)
	}
	if got := states(s.run("W", s.start("W"))); got != "A=SUCCEEDED" {
		t.Error(got)
	}
	s.do("DeleteTrigger", `{'Name': 'T1'}`)
	if n := nodes(); n != 0 {
		t.Errorf("%d nodes after DeleteTrigger", n)
	}
	if got := s.run("W", s.start("W")); got.Statistics.TotalActions != 0 {
		t.Errorf("%+v", got)
	}
}

// A conditional trigger fires when it was ACTIVATED as the run began.
func TestOnlyActivatedTriggersFire(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > A", "A+ > T2 > B")
	s.do("StopTrigger", `{'Name': 'T2'}`)
	if got := states(s.run("W", s.start("W"))); got != "A=SUCCEEDED B=-" {
		t.Error(got)
	}
	s.do("StartTrigger", `{'Name': 'T2'}`)
	if got := states(s.run("W", s.start("W"))); got != "A=SUCCEEDED B=SUCCEEDED" {
		t.Error(got)
	}
}

func TestStartTrigger(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(set *settings) { set.engine.MaxJobRuns = 2 })
	s.workflow("W", "T1 > A")
	s.job("B", `'DefaultArguments': {'--d': '1'}`)
	s.do("CreateTrigger", `{'Name': 'alone', 'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'B', 'Arguments': {'--x': '2'}, 'Timeout': 9}]}`)
	if out := s.do("StartTrigger", `{'Name': 'alone'}`); out["Name"] != "alone" {
		t.Error(out)
	}
	s.settle()
	runs := reread[glue.GetJobRunsResponse](t, s.do("GetJobRuns", `{'JobName': 'B'}`)).JobRuns
	if len(runs) != 1 || runs[0].TriggerName != "alone" || runs[0].Arguments["--x"] != "2" || *runs[0].Timeout != 9 || runs[0].JobRunState != "SUCCEEDED" {
		t.Errorf("%+v", runs)
	}
	if spec := s.exec.starts("B")[0]; spec.WorkflowRunID != "" || spec.Arguments["--d"] != "1" || spec.Arguments["--x"] != "2" {
		t.Errorf("%+v", spec)
	}
	s.do("StartTrigger", `{'Name': 'T1'}`) // starts a run of the workflow
	s.settle()
	if runs := s.do("GetWorkflowRuns", `{'Name': 'W'}`)["Runs"].([]any); len(runs) != 1 {
		t.Errorf("%v", runs)
	}
	// The job's limit shows as a FAILED job run, the account's is refused.
	s.hold()
	s.do("StartTrigger", `{'Name': 'alone'}`)
	s.do("StartTrigger", `{'Name': 'alone'}`)
	s.settle()
	runs = reread[glue.GetJobRunsResponse](t, s.do("GetJobRuns", `{'JobName': 'B'}`)).JobRuns
	if runs[0].JobRunState != "FAILED" || runs[0].ErrorMessage != "Max concurrent runs exceeded" {
		t.Errorf("%+v", runs[0])
	}
	s.do("StartJobRun", `{'JobName': 'A'}`)
	before := s.count()
	const limit = "ResourceNumberLimitExceededException"
	s.refuses("StartTrigger", `{'Name': 'alone'}`, limit, "limited to 2 concurrent job runs")
	s.refuses("StartJobRun", `{'JobName': 'A'}`, limit, "limited to 2 concurrent job runs")
	if diff := cmp.Diff(before, s.count()); diff != "" {
		t.Error(diff)
	}
}

func TestListsOfTriggers(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(set *settings) { set.api.MaxTriggers = 3 })
	s.job("A")
	s.job("B")
	s.job("C")
	for name, job := range map[string]string{"ta": "A", "tb": "B", "tab": "A'}, {'JobName': 'B"} {
		s.do("CreateTrigger", fmt.Sprintf(`{'Name': %q, 'Type': 'ON_DEMAND', 'Actions': [{'JobName': '%s'}], 'Tags': {'of': %q}}`, name, job, name))
	}
	s.refuses("CreateTrigger", `{'Name': 'more', 'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'A'}]}`, "ResourceNumberLimitExceededException",
		"The number of triggers has exceeded the limit. Your account is limited to 3 triggers.")
	tests := []struct{ filter, want string }{
		{``, "[ta tab tb]"},
		{`'DependentJobName': 'A'`, "[ta tab]"},
		{`'DependentJobName': 'B'`, "[tab tb]"},
		{`'DependentJobName': 'C'`, "[ta tab tb]"}, // none starts it: all
	}
	for _, tt := range tests {
		if got := fmt.Sprint(s.do("ListTriggers", `{`+tt.filter+`}`)["TriggerNames"]); got != tt.want {
			t.Errorf("ListTriggers %s: %s, want %s", tt.filter, got, tt.want)
		}
		var names []string
		for _, v := range s.do("GetTriggers", `{`+tt.filter+`}`)["Triggers"].([]any) {
			names = append(names, v.(map[string]any)["Name"].(string))
		}
		if got := fmt.Sprint(names); got != tt.want {
			t.Errorf("GetTriggers %s: %s, want %s", tt.filter, got, tt.want)
		}
	}
	if got := fmt.Sprint(s.do("ListTriggers", `{'Tags': {'of': 'tab'}}`)["TriggerNames"]); got != "[tab]" {
		t.Error(got)
	}
	if got := fmt.Sprint(s.do("ListTriggers", `{'Tags': {'of': 'none'}}`)["TriggerNames"]); got != "[]" {
		t.Error(got)
	}
	for _, op := range []string{"ListTriggers", "GetTriggers"} {
		s.refuses(op, `{'DependentJobName': 'nope'}`, enf, "Job with name: nope not found.")
	}
	s.do("DeleteJob", `{'JobName': 'A'}`)
	if got := fmt.Sprint(s.do("ListTriggers", `{'DependentJobName': 'A'}`)["TriggerNames"]); got != "[ta tab]" {
		t.Errorf("of a deleted job: %s", got)
	}
	got := reread[glue.BatchGetTriggersResponse](t, s.do("BatchGetTriggers", `{'TriggerNames': ['tb', 'x', 'ta', 'tb']}`))
	if len(got.Triggers) != 2 || got.Triggers[0].Name != "tb" || got.Triggers[1].Name != "ta" || fmt.Sprint(got.TriggersNotFound) != "[x]" {
		t.Errorf("%+v", got)
	}
	s.do("DeleteTrigger", `{'Name': 'ta'}`)
	s.do("DeleteTrigger", `{'Name': 'ta'}`)
	s.do("CreateTrigger", `{'Name': 'ta', 'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'B'}]}`)
	if tags := s.do("GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:000000000000:trigger/ta'}`)["Tags"]; len(tags.(map[string]any)) != 0 {
		t.Errorf("the new trigger has the old one's tags: %v", tags)
	}
}
