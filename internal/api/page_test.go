package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/executor"
)

func TestPaging(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.hold()
	s.job("J0", `'ExecutionProperty': {'MaxConcurrentRuns': 100}`)
	for i := 1; i < 7; i++ {
		s.job(fmt.Sprintf("J%d", i), `'Tags': {'team': 'a'}`)
	}
	for i := range 7 {
		s.do("CreateWorkflow", fmt.Sprintf(`{'Name': 'W%d'}`, i))
		s.do("CreateTrigger", fmt.Sprintf(`{'Name': 'T%d', 'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'J%d'}], 'Tags': {'team': 'a'}}`, i, i%2))
		s.do("StartJobRun", `{'JobName': 'J0'}`)
		s.do("StartWorkflowRun", `{'Name': 'W0'}`)
		s.do("CreateConnection", jdbcConnection(fmt.Sprintf("C%d", i), ""))
		s.do("CreateSecurityConfiguration", fmt.Sprintf(`{'Name': 'S%d', 'EncryptionConfiguration': {}}`, i))
	}
	tests := []struct {
		op, filter, list, key string
		all                   int
		insert                func(page int) // what comes in between, which must not show
	}{
		{"ListWorkflows", ``, "Workflows", "", 7, func(n int) { s.do("CreateWorkflow", fmt.Sprintf(`{'Name': 'A%d'}`, n)) }},
		{"GetJobs", ``, "Jobs", "Name", 7, func(n int) { s.job(fmt.Sprintf("A%d", n)) }},
		{"ListJobs", `'Tags': {'team': 'a'}`, "JobNames", "", 6, func(n int) { s.job(fmt.Sprintf("B%d", n), `'Tags': {'team': 'a'}`) }},
		{"ListJobs", ``, "JobNames", "", -1, func(n int) { s.job(fmt.Sprintf("0%d", n)) }},
		{"GetConnections", ``, "ConnectionList", "Name", 7, func(n int) { s.do("CreateConnection", jdbcConnection(fmt.Sprintf("A%d", n), "")) }},
		{"GetSecurityConfigurations", ``, "SecurityConfigurations", "Name", 7, func(n int) {
			s.do("CreateSecurityConfiguration", fmt.Sprintf(`{'Name': 'A%d', 'EncryptionConfiguration': {}}`, n))
		}},
		{"GetTriggers", ``, "Triggers", "Name", 7, func(int) {}},
		{"ListTriggers", ``, "TriggerNames", "", 7, func(int) {}},
		{"GetTriggers", `'DependentJobName': 'J1'`, "Triggers", "Name", 3, func(int) {}},
		{"ListTriggers", `'DependentJobName': 'J0'`, "TriggerNames", "", 4, func(int) {}},
		{"ListTriggers", `'DependentJobName': 'J0', 'Tags': {'team': 'a'}`, "TriggerNames", "", 4, func(int) {}},
		{"ListTriggers", `'Tags': {'team': 'a'}`, "TriggerNames", "", 7, func(int) {}},
		{"GetJobRuns", `'JobName': 'J0'`, "JobRuns", "Id", 7, func(int) { s.do("StartJobRun", `{'JobName': 'J0'}`) }},
		{"GetWorkflowRuns", `'Name': 'W0'`, "Runs", "WorkflowRunId", 7, func(int) { s.do("StartWorkflowRun", `{'Name': 'W0'}`) }},
		{"GetWorkflowRuns", `'Name': 'W0', 'IncludeGraph': true`, "Runs", "WorkflowRunId", -1, func(int) { s.do("StartWorkflowRun", `{'Name': 'W0'}`) }},
	}
	for _, tt := range tests {
		t.Run(tt.op+tt.filter, func(t *testing.T) {
			with := func(more ...string) string {
				return "{" + strings.Join(slices.DeleteFunc(append(more, tt.filter), func(s string) bool { return s == "" }), ", ") + "}"
			}
			keys := func(out map[string]any) []string {
				var all []string
				for _, v := range out[tt.list].([]any) {
					if tt.key != "" {
						v = v.(map[string]any)[tt.key]
					}
					all = append(all, v.(string))
				}
				return all
			}
			whole := s.do(tt.op, with())
			want := keys(whole)
			if whole["NextToken"] != nil || tt.all >= 0 && len(want) != tt.all {
				t.Fatalf("in one page: %d, token %v", len(want), whole["NextToken"])
			}
			var got []string
			token := ""
			for n := 0; ; n++ {
				out := s.do(tt.op, with(`'MaxResults': 2`, token))
				page := keys(out)
				got = append(got, page...)
				next, more := out["NextToken"].(string)
				if !more {
					break
				}
				if len(page) != 2 {
					t.Errorf("page %d has %d entries", n, len(page))
				}
				tt.insert(n)
				token = fmt.Sprintf(`'NextToken': %q`, next)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("in pages:\n%s", diff)
			}
			// Tokens that were not given for this request.
			for _, bad := range []string{"x", "!", "AAAA", s.do("ListWorkflows", `{'MaxResults': 1}`)["NextToken"].(string)} {
				if tt.op != "ListWorkflows" || len(bad) < 8 {
					s.refuses(tt.op, with(fmt.Sprintf(`'NextToken': %q`, bad)), "InvalidInputException", "NextToken is not one that "+tt.op+" gave")
				}
			}
		})
	}
	t.Run("a token of another filter", func(t *testing.T) {
		token := s.do("GetTriggers", `{'DependentJobName': 'J0', 'MaxResults': 1}`)["NextToken"].(string)
		s.refuses("GetTriggers", fmt.Sprintf(`{'DependentJobName': 'J1', 'NextToken': %q}`, token), "InvalidInputException", "NextToken")
		s.refuses("GetTriggers", fmt.Sprintf(`{'NextToken': %q}`, token), "InvalidInputException", "NextToken")
		token = s.do("GetJobRuns", `{'JobName': 'J0', 'MaxResults': 1}`)["NextToken"].(string)
		s.refuses("GetJobRuns", fmt.Sprintf(`{'JobName': 'J1', 'NextToken': %q}`, token), "InvalidInputException", "NextToken")
	})
	t.Run("an entry deleted between pages", func(t *testing.T) {
		out := s.do("ListWorkflows", `{'MaxResults': 2}`)
		last := out["Workflows"].([]any)[1].(string)
		s.do("DeleteWorkflow", fmt.Sprintf(`{'Name': %q}`, last))
		next := s.do("ListWorkflows", fmt.Sprintf(`{'MaxResults': 1, 'NextToken': %q}`, out["NextToken"]))["Workflows"].([]any)[0].(string)
		if next <= last {
			t.Errorf("after %s came %s", last, next)
		}
	})
	t.Run("the default of ListWorkflows", func(t *testing.T) {
		for i := range 30 {
			s.do("CreateWorkflow", fmt.Sprintf(`{'Name': 'many%d'}`, i))
		}
		if got := s.do("ListWorkflows", `{}`); len(got["Workflows"].([]any)) != 25 || got["NextToken"] == nil {
			t.Errorf("%d", len(got["Workflows"].([]any)))
		}
	})
	for _, spec := range s.exec.starts("J0") {
		s.exec.end(spec.JobRunID, executor.Succeeded)
	}
	s.settle()
}
