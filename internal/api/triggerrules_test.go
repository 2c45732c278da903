package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
