package api

import (
	"fmt"
	"strings"
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

// The table of calls and states in glue-semantics 4.
func TestTriggerStates(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.job("A")
	s.job("B")
	members := map[string]string{
		"ON_DEMAND":   `'Actions': [{'JobName': 'A'}]`,
		"SCHEDULED":   `'Actions': [{'JobName': 'A'}], 'Schedule': 'cron(0 0 * * ? *)'`,
		"CONDITIONAL": `'Actions': [{'JobName': 'A'}], 'Predicate': {'Conditions': [{'LogicalOperator': 'EQUALS', 'JobName': 'B', 'State': 'SUCCEEDED'}]}`,
		"EVENT":       `'Actions': [{'JobName': 'A'}]`,
	}
	tests := []struct {
		kind, onCreation string
		calls            string // S start, P stop, U update
		want             string // the state after, or the code of the last call
	}{
		{"ON_DEMAND", "", "", "CREATED"},
		{"ON_DEMAND", "false", "", "CREATED"},
		{"ON_DEMAND", "true", "", ii},
		{"ON_DEMAND", "", "S", "CREATED"},
		{"ON_DEMAND", "", "P", ii},
		{"ON_DEMAND", "", "U", "CREATED"},
		{"EVENT", "", "", "CREATED"},
		{"EVENT", "true", "", ii},
		{"EVENT", "", "S", ii},
		{"EVENT", "", "P", ii},
		{"EVENT", "", "U", "CREATED"},
		{"SCHEDULED", "", "", "CREATED"},
		{"SCHEDULED", "true", "", "ACTIVATED"},
		{"SCHEDULED", "", "S", "ACTIVATED"},
		{"SCHEDULED", "", "SS", "ACTIVATED"},
		{"SCHEDULED", "", "P", "DEACTIVATED"},
		{"SCHEDULED", "true", "P", "DEACTIVATED"},
		{"SCHEDULED", "true", "PP", "DEACTIVATED"},
		{"SCHEDULED", "true", "PS", "ACTIVATED"},
		{"SCHEDULED", "true", "U", "ACTIVATED"},
		{"SCHEDULED", "true", "PU", "DEACTIVATED"},
		{"CONDITIONAL", "", "", "CREATED"},
		{"CONDITIONAL", "true", "", "ACTIVATED"},
		{"CONDITIONAL", "", "S", "ACTIVATED"},
		{"CONDITIONAL", "", "P", "DEACTIVATED"},
		{"CONDITIONAL", "true", "U", "ACTIVATED"},
		{"CONDITIONAL", "true", "PU", "DEACTIVATED"},
	}
	ops := map[rune]string{'S': "StartTrigger", 'P': "StopTrigger"}
	for i, tt := range tests {
		t.Run(fmt.Sprintf("%s %s %s", tt.kind, tt.onCreation, tt.calls), func(t *testing.T) {
			name := fmt.Sprintf("t%d", i)
			workflow := fmt.Sprintf("w%d", i)
			s.do("CreateWorkflow", fmt.Sprintf(`{'Name': %q}`, workflow))
			on := ""
			if tt.onCreation != "" {
				on = `, 'StartOnCreation': ` + tt.onCreation
			}
			create := fmt.Sprintf(`{'Name': %q, 'WorkflowName': %q, 'Type': %q, %s%s}`, name, workflow, tt.kind, members[tt.kind], on)
			if tt.want == ii && tt.calls == "" {
				s.refuses("CreateTrigger", create, ii, "StartOnCreation is not supported for "+tt.kind)
				s.refuses("GetTrigger", fmt.Sprintf(`{'Name': %q}`, name), enf, "Entity not found")
				return
			}
			s.do("CreateTrigger", create)
			for _, c := range tt.calls {
				body := fmt.Sprintf(`{'Name': %q}`, name)
				switch {
				case c == 'U':
					s.do("UpdateTrigger", fmt.Sprintf(`{'Name': %q, 'TriggerUpdate': {%s}}`, name, members[tt.kind]))
				case tt.want == ii:
					s.refuses(ops[c], body, ii, "is of type "+tt.kind)
				default:
					s.do(ops[c], body)
				}
			}
			want := tt.want
			if want == ii {
				want = "CREATED"
			}
			if got := s.trigger(name); string(got.State) != want || string(got.Type) != tt.kind || got.WorkflowName != workflow {
				t.Errorf("got %+v, want %s", got, want)
			}
		})
	}
	s.settle()
}

func TestRefusedTriggers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T0 > A")
	s.job("B")
	condition := func(members string) string {
		return `'Type': 'CONDITIONAL', 'Actions': [{'JobName': 'B'}], 'Predicate': {'Conditions': [{` + members + `}]}`
	}
	const crawlerStates = "State cannot be null or empty, choose from one of the following crawler state: [SUCCEEDED, FAILED, CANCELLED]"
	const jobStates = "State cannot be null or empty, choose from one of the following job state: [SUCCEEDED, STOPPED, FAILED, TIMEOUT]"
	jobs := strings.TrimSuffix(strings.Repeat(`{'JobName': 'A'}, `, 51), ", ")
	tests := []struct{ name, members, code, text string }{
		{"no schedule", `'Type': 'SCHEDULED', 'Actions': [{'JobName': 'A'}]`, ii, "Schedule cannot be null or empty"},
		{"a rate", `'Type': 'SCHEDULED', 'Schedule': 'rate(5 minutes)', 'Actions': [{'JobName': 'A'}]`, ii, "is not of the form cron("},
		{"too often", `'Type': 'SCHEDULED', 'Schedule': 'cron(0/4 * * * ? *)', 'Actions': [{'JobName': 'A'}]`, ii, "more often than every 5 minutes"},
		{"no predicate", `'Type': 'CONDITIONAL', 'Actions': [{'JobName': 'A'}]`, ii, "Predicate cannot be null or empty"},
		{"no conditions", `'Type': 'CONDITIONAL', 'Actions': [{'JobName': 'A'}], 'Predicate': {'Conditions': []}`, ii, "Predicate cannot be null or empty"},
		{"501 conditions", `'Type': 'CONDITIONAL', 'Actions': [{'JobName': 'A'}], 'Predicate': {'Conditions': [` +
			strings.TrimSuffix(strings.Repeat(`{}, `, 501), ", ") + `]}`, ii, "less than or equal to 500"},
		{"an event outside of a workflow", `'Type': 'EVENT', 'Actions': [{'JobName': 'A'}]`, ii, "EVENT trigger can only start a workflow"},
		{"no actions", `'Type': 'ON_DEMAND', 'Actions': []`, ii, "Actions cannot be null or empty"},
		{"actions missing", `'Type': 'ON_DEMAND'`, ii, "Member must not be null"},
		{"an action without a name", `'Type': 'ON_DEMAND', 'Actions': [{}]`, ii, "Action 1 must name either a job or a crawler"},
		{"an action with both names", `'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'A'}, {'JobName': 'A', 'CrawlerName': 'c'}]`, ii, "Action 2 must name either"},
		{"three crawlers", `'Type': 'ON_DEMAND', 'Actions': [{'CrawlerName': 'a'}, {'CrawlerName': 'b'}, {'CrawlerName': 'c'}]`, ii, "Actions cannot contain more than two crawlers"},
		{"51 jobs", `'Type': 'ON_DEMAND', 'Actions': [` + jobs + `]`, "ResourceNumberLimitExceededException", "more than 50 jobs"},
		{"an action's timeout", `'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'A', 'Timeout': 10081}]`, ii, "at most 10080 minutes"},
		{"an action's arguments", `'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'A', 'Arguments': {'--x': '` + strings.Repeat("x", 260<<10) + `'}}]`, ii, "The arguments have"},
		{"an unknown job", `'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'nope'}]`, enf, "Job with name: nope not found."},
		{"an unknown crawler", `'Type': 'ON_DEMAND', 'Actions': [{'CrawlerName': 'c'}]`, enf, "Crawler with name: c not found."},
		{"an unknown workflow", `'Type': 'ON_DEMAND', 'WorkflowName': 'nope', 'Actions': [{'JobName': 'A'}]`, enf, "Workflow with name: nope not found."},
		{"a second start", `'Type': 'SCHEDULED', 'Schedule': 'cron(0 0 * * ? *)', 'WorkflowName': 'W', 'Actions': [{'JobName': 'A'}]`, ii, "Workflow W already has a starting trigger"},
		{"no operator", condition(`'JobName': 'A', 'State': 'SUCCEEDED'`), ii, "Logical operator cannot be null or empty"},
		{"no Logical", `'Type': 'CONDITIONAL', 'Actions': [{'JobName': 'B'}], 'Predicate': {'Conditions': [{}, {}]}`, ii, "Logical cannot be null or empty"},
		{"a condition without a name", condition(`'LogicalOperator': 'EQUALS', 'State': 'SUCCEEDED'`), ii, "Condition 1 must name either"},
		{"a condition with both names", condition(`'LogicalOperator': 'EQUALS', 'JobName': 'A', 'CrawlerName': 'c', 'State': 'SUCCEEDED'`), ii, "Condition 1 must name either"},
		{"no state", condition(`'LogicalOperator': 'EQUALS', 'JobName': 'A'`), ii, jobStates},
		{"ERROR can't be watched", condition(`'LogicalOperator': 'EQUALS', 'JobName': 'A', 'State': 'ERROR'`), ii, jobStates},
		{"EXPIRED can't be watched", condition(`'LogicalOperator': 'EQUALS', 'JobName': 'A', 'State': 'EXPIRED'`), ii, jobStates},
		{"RUNNING can't be watched", condition(`'LogicalOperator': 'EQUALS', 'JobName': 'A', 'State': 'RUNNING'`), ii, jobStates},
		{"a job with CrawlState", condition(`'LogicalOperator': 'EQUALS', 'JobName': 'A', 'CrawlState': 'SUCCEEDED'`), ii, jobStates},
		{"a job with both states", condition(`'LogicalOperator': 'EQUALS', 'JobName': 'A', 'State': 'FAILED', 'CrawlState': 'FAILED'`), ii, "CrawlState is for crawlers"},
		{"a crawler with State", condition(`'LogicalOperator': 'EQUALS', 'CrawlerName': 'c', 'State': 'SUCCEEDED'`), ii, crawlerStates},
		{"a crawler with both states", condition(`'LogicalOperator': 'EQUALS', 'CrawlerName': 'c', 'State': 'SUCCEEDED', 'CrawlState': 'FAILED'`), ii, "State is for jobs"},
		{"ERROR of a crawler", condition(`'LogicalOperator': 'EQUALS', 'CrawlerName': 'c', 'CrawlState': 'ERROR'`), ii, crawlerStates},
		{"a crawler that is not there", condition(`'LogicalOperator': 'EQUALS', 'CrawlerName': 'c', 'CrawlState': 'FAILED'`), enf, "Crawler with name: c not found."},
		{"a watched job that is not there", condition(`'LogicalOperator': 'EQUALS', 'JobName': 'nope', 'State': 'FAILED'`), enf, "Job with name: nope not found."},
		{"watched and started", condition(`'LogicalOperator': 'EQUALS', 'JobName': 'B', 'State': 'FAILED'`), ii, "Job cannot be a Predicate and Action for Conditional Trigger."},
		{"a reserved tag", `'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'A'}], 'Tags': {'aws:x': 'y'}`, ii, "reserved"},
	}
	before := s.count()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.refuses("CreateTrigger", `{'Name': 'T', `+tt.members+`}`, tt.code, tt.text)
			s.refuses("GetTrigger", `{'Name': 'T'}`, enf, "Entity not found")
			if diff := cmp.Diff(before, s.count()); diff != "" {
				t.Errorf("the refused call left something behind:\n%s", diff)
			}
		})
	}
	for _, op := range []string{"GetTrigger", "StartTrigger", "StopTrigger"} {
		s.refuses(op, `{'Name': 'nope'}`, enf, "Entity not found")
	}
	s.refuses("UpdateTrigger", `{'Name': 'T0', 'TriggerUpdate': {'Actions': [`+jobs+`]}}`, ii, "more than 50 jobs, got 51")
	s.refuses("UpdateTrigger", `{'Name': 'nope', 'TriggerUpdate': {}}`, enf, "Entity not found")
	s.do("DeleteTrigger", `{'Name': 'nope'}`)
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
	s.refuses("UpdateTrigger", `{'Name': 'T', 'TriggerUpdate': {'Schedule': 'cron(0 2 * * ? *)'}}`, ii, "Actions cannot be null or empty")
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
