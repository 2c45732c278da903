package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

func (s *server) getJob(name string) *glue.Job {
	s.t.Helper()
	return reread[glue.GetJobResponse](s.t, s.do("GetJob", fmt.Sprintf(`{'JobName': %q}`, name))).Job
}

// wholeJob sets every member of a job that may be set together.
const wholeJob = `'JobMode': 'VISUAL', 'JobRunQueuingEnabled': true, 'Description': 'd <&>', 'LogUri': 's3://logs/', 'Role': 'arn:aws:iam::1:role/x',
	'ExecutionProperty': {'MaxConcurrentRuns': 3}, 'Command': {'Name': 'glueetl', 'ScriptLocation': 's3://b/k.py', 'PythonVersion': '3', 'Runtime': 'rt'},
	'DefaultArguments': {'--a': '1'}, 'NonOverridableArguments': {'--b': '2'}, 'Connections': {'Connections': ['c1', 'c2']},
	'MaxRetries': 2, 'Timeout': 60, 'SecurityConfiguration': 'sec', 'NotificationProperty': {'NotifyDelayAfter': 5}, 'GlueVersion': '4.0',
	'NumberOfWorkers': 4, 'WorkerType': 'G.2X', 'ExecutionClass': 'FLEX', 'MaintenanceWindow': 'Sun:03',
	'CodeGenConfigurationNodes': {'node-1': {'S3CsvSource': {'Name': 'src', 'Paths': ['s3://x'], 'Separator': 'comma', 'QuoteChar': 'quote'}}},
	'SourceControlDetails': {'Provider': 'GITHUB', 'Repository': 'r', 'Owner': 'o', 'Branch': 'b', 'Folder': 'f', 'LastCommitId': 'l',
		'AuthStrategy': 'PERSONAL_ACCESS_TOKEN', 'AuthToken': 't'}`

func TestJobIsEchoed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	check := func(name string) {
		t.Helper()
		want := map[string]any{}
		if err := jsonInto(quoted(`{`+wholeJob+`}`), &want); err != nil {
			t.Fatal(err)
		}
		want["Name"] = name
		want["AllocatedCapacity"], want["MaxCapacity"] = json.Number("8"), json.Number("8")
		got := s.do("GetJob", fmt.Sprintf(`{'JobName': %q}`, name))["Job"].(map[string]any)
		for _, key := range []string{"CreatedOn", "LastModifiedOn"} {
			if got[key] == nil {
				t.Errorf("no %s", key)
			}
			delete(got, key)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	s.do("CreateJob", `{'Name': 'created', 'Tags': {'k': 'v'}, `+wholeJob+`}`)
	check("created")
	if diff := cmp.Diff(map[string]any{"k": "v"}, s.do("GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:000000000000:job/created'}`)["Tags"]); diff != "" {
		t.Error(diff)
	}
	s.job("updated")
	s.do("UpdateJob", `{'JobName': 'updated', 'JobUpdate': {`+wholeJob+`}}`)
	check("updated")
}

// What GetJob shows of members that were left out.
func TestJobDefaults(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	tests := []struct{ members, want string }{
		{`'Command': {'Name': 'pythonshell'}`, `{'Command': {'Name': 'pythonshell'}, 'Timeout': 2880, 'MaxCapacity': 0.0625, 'AllocatedCapacity': 0}`},
		{`'Command': {'Name': 'pythonshell'}, 'MaxCapacity': 1`, `{'Command': {'Name': 'pythonshell'}, 'Timeout': 2880, 'MaxCapacity': 1, 'AllocatedCapacity': 1}`},
		{`'Command': {'Name': 'pythonshell'}, 'AllocatedCapacity': 1`, `{'Command': {'Name': 'pythonshell'}, 'Timeout': 2880, 'MaxCapacity': 1, 'AllocatedCapacity': 1}`},
		{`'Command': {'Name': 'glueetl'}`, `{'Command': {'Name': 'glueetl'}, 'GlueVersion': '5.1', 'Timeout': 480, 'WorkerType': 'G.1X', 'NumberOfWorkers': 10, 'MaxCapacity': 10, 'AllocatedCapacity': 10}`},
		{`'Command': {'Name': 'glueetl'}, 'GlueVersion': '4.0'`, `{'Command': {'Name': 'glueetl'}, 'GlueVersion': '4.0', 'Timeout': 2880, 'WorkerType': 'G.1X', 'NumberOfWorkers': 10, 'MaxCapacity': 10, 'AllocatedCapacity': 10}`},
		{`'Command': {'Name': 'glueetl'}, 'GlueVersion': '1.0'`, `{'Command': {'Name': 'glueetl'}, 'GlueVersion': '1.0', 'Timeout': 2880, 'MaxCapacity': 10, 'AllocatedCapacity': 10}`},
		{`'Command': {'Name': 'glueetl'}, 'GlueVersion': '1.0', 'MaxCapacity': 2.5`, `{'Command': {'Name': 'glueetl'}, 'GlueVersion': '1.0', 'Timeout': 2880, 'MaxCapacity': 2.5, 'AllocatedCapacity': 2}`},
		{`'Command': {'Name': 'gluestreaming'}, 'WorkerType': 'G.025X', 'NumberOfWorkers': 6`, `{'Command': {'Name': 'gluestreaming'}, 'GlueVersion': '5.1', 'WorkerType': 'G.025X', 'NumberOfWorkers': 6, 'MaxCapacity': 1.5, 'AllocatedCapacity': 1}`},
		{`'Command': {'Name': 'glueetl'}, 'WorkerType': 'R.8X', 'NumberOfWorkers': 2`, `{'Command': {'Name': 'glueetl'}, 'GlueVersion': '5.1', 'Timeout': 480, 'WorkerType': 'R.8X', 'NumberOfWorkers': 2, 'MaxCapacity': 16, 'AllocatedCapacity': 16}`},
		{`'Command': {'Name': 'glueray'}, 'WorkerType': 'Z.2X', 'NumberOfWorkers': 1`, `{'Command': {'Name': 'glueray'}, 'GlueVersion': '4.0', 'WorkerType': 'Z.2X', 'NumberOfWorkers': 1, 'MaxCapacity': 2, 'AllocatedCapacity': 2}`},
	}
	for i, tt := range tests {
		t.Run(tt.members, func(t *testing.T) {
			name := fmt.Sprintf("j%d", i)
			s.do("CreateJob", fmt.Sprintf(`{'Name': %q, 'Role': 'r', %s}`, name, tt.members))
			want := map[string]any{}
			common := `{'Role': 'r', 'JobMode': 'SCRIPT', 'JobRunQueuingEnabled': false, 'ExecutionProperty': {'MaxConcurrentRuns': 1}, 'MaxRetries': 0, `
			if err := jsonInto(quoted(common+tt.want[1:]), &want); err != nil {
				t.Fatal(err)
			}
			want["Name"] = name
			got := s.do("GetJob", fmt.Sprintf(`{'JobName': %q}`, name))["Job"].(map[string]any)
			delete(got, "CreatedOn")
			delete(got, "LastModifiedOn")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusedJobs(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(set *settings) { set.api.MaxJobs = 2 })
	s.job("J")
	created := s.getJob("J")
	tests := []struct{ members, code, text string }{
		{`'Command': {'Name': 'spark'}`, ii, `Command name "spark" is not known, choose from one of [glueetl, gluestreaming, pythonshell, glueray]`},
		{`'Command': {}`, ii, `Command name ""`},
		{`'Command': {'Name': 'pythonshell'}, 'MaxRetries': 11`, ii, "MaxRetries must be from 0 to 10, got 11"},
		{`'Command': {'Name': 'pythonshell'}, 'MaxRetries': -1`, ii, "MaxRetries"},
		{`'Command': {'Name': 'pythonshell'}, 'Timeout': 10081`, ii, "Timeout must be at most 10080 minutes, got 10081"},
		{`'Command': {'Name': 'pythonshell'}, 'ExecutionProperty': {'MaxConcurrentRuns': 0}`, ii, "MaxConcurrentRuns must be at least 1"},
		{`'Command': {'Name': 'pythonshell'}, 'MaxCapacity': 0.5`, ii, "must be 0.0625 or 1, got 0.5"},
		{`'Command': {'Name': 'pythonshell'}, 'AllocatedCapacity': 2`, ii, "must be 0 or 1"},
		{`'Command': {'Name': 'pythonshell'}, 'WorkerType': 'G.1X', 'NumberOfWorkers': 2`, ii, "Worker Type is not supported for Job Command pythonshell"},
		{`'Command': {'Name': 'pythonshell'}, 'ExecutionClass': 'FLEX'`, ii, "ExecutionClass FLEX is for glueetl jobs"},
		{`'Command': {'Name': 'glueetl'}, 'GlueVersion': '2.0', 'ExecutionClass': 'FLEX'`, ii, "ExecutionClass FLEX is for glueetl jobs"},
		{`'Command': {'Name': 'gluestreaming'}, 'ExecutionClass': 'FLEX'`, ii, "ExecutionClass FLEX is for glueetl jobs"},
		{`'Command': {'Name': 'glueetl'}, 'ExecutionClass': 'CHEAP'`, ii, "xecutionClass' failed"},
		{`'Command': {'Name': 'glueetl'}, 'WorkerType': 'G.3X', 'NumberOfWorkers': 2`, ii, "orkerType' failed"},
		{`'Command': {'Name': 'glueetl'}, 'WorkerType': 'G.1X', 'NumberOfWorkers': 1`, ii, "To use Worker Type G.1X, minimum allowed value of Number of Workers is 2."},
		{`'Command': {'Name': 'glueetl'}, 'WorkerType': 'G.1X'`, ii, "must be set together"},
		{`'Command': {'Name': 'glueetl'}, 'NumberOfWorkers': 2`, ii, "must be set together"},
		{`'Command': {'Name': 'glueetl'}, 'WorkerType': 'Z.2X', 'NumberOfWorkers': 2`, ii, "only supported for glueray"},
		{`'Command': {'Name': 'glueetl'}, 'AllocatedCapacity': 5, 'MaxCapacity': 5`, ii, "Please set only Allocated Capacity or Max Capacity"},
		{`'Command': {'Name': 'glueetl'}, 'MaxCapacity': 5, 'WorkerType': 'G.1X', 'NumberOfWorkers': 2`, ii, "Please do not set Max Capacity if using Worker Type and Number of Workers."},
		{`'Command': {'Name': 'glueetl'}, 'AllocatedCapacity': 5, 'NumberOfWorkers': 2`, ii, "Please do not set Allocated Capacity"},
		{`'Command': {'Name': 'glueetl'}, 'GlueVersion': '3.0', 'MaxCapacity': 5`, ii, "MaxCapacity is not supported for Glue version 2.0 and above"},
		{`'Command': {'Name': 'glueetl'}, 'GlueVersion': '1.0', 'MaxCapacity': 1`, ii, "MaxCapacity must be from 2 to 100, got 1"},
		{`'Command': {'Name': 'glueetl'}, 'AllocatedCapacity': 101`, ii, "AllocatedCapacity must be from 2 to 100"},
		{`'Command': {'Name': 'glueray'}, 'WorkerType': 'G.1X', 'NumberOfWorkers': 2`, ii, "Worker type cannot be null and only [Z.2X] worker types are supported for glueray jobs"},
		{`'Command': {'Name': 'glueray'}, 'WorkerType': 'Z.2X', 'NumberOfWorkers': 2, 'Timeout': 5`, ii, "Timeout not supported for Ray jobs"},
		{`'Command': {'Name': 'pythonshell'}, 'DefaultArguments': {'--a': '` + strings.Repeat("x", 200<<10) + `'}, 'NonOverridableArguments': {'--b': '` + strings.Repeat("x", 100<<10) + `'}`, ii, "The arguments have"},
		{`'Command': {'Name': 'glueetl'}, 'CodeGenConfigurationNodes': {'n': {'S3CsvSource': {'Name': 'x'}}}`, ii, "Member must not be null"},
	}
	before := s.count()
	for _, tt := range tests {
		s.refuses("CreateJob", `{'Name': 'new', 'Role': 'r', `+tt.members+`}`, tt.code, tt.text)
		s.refuses("UpdateJob", `{'JobName': 'J', 'JobUpdate': {'Role': 'r', `+tt.members+`}}`, tt.code, tt.text)
	}
	s.refuses("CreateJob", `{'Name': 'new', 'Role': '', 'Command': {'Name': 'pythonshell'}}`, ii, "Role cannot be null or empty")
	s.refuses("CreateJob", `{'Name': 'new', 'Command': {'Name': 'pythonshell'}}`, ii, "at 'role'")
	s.refuses("CreateJob", `{'Name': 'new', 'Role': 'r', 'Command': {'Name': 'pythonshell'}, 'Tags': {'aws': '1'}}`, ii, "reserved")
	s.refuses("UpdateJob", `{'JobName': 'J', 'JobUpdate': {'Role': 'r'}}`, ii, "Command cannot be null or empty")
	s.refuses("UpdateJob", `{'JobName': 'J', 'JobUpdate': {'Command': {'Name': 'pythonshell'}}}`, ii, "Role cannot be null or empty")
	s.refuses("UpdateJob", `{'JobName': 'nope', 'JobUpdate': {'Role': 'r', 'Command': {'Name': 'pythonshell'}}}`, enf, "Job with name: nope not found.")
	s.refuses("GetJob", `{'JobName': 'nope'}`, enf, "Job with name: nope not found.")
	if diff := cmp.Diff(before, s.count()); diff != "" {
		t.Errorf("a refused call left something behind:\n%s", diff)
	}
	if diff := cmp.Diff(created, s.getJob("J")); diff != "" {
		t.Errorf("a refused update changed the job:\n%s", diff)
	}
	s.job("K")
	s.refuses("CreateJob", `{'Name': 'L', 'Role': 'r', 'Command': {'Name': 'pythonshell'}}`, "ResourceNumberLimitExceededException",
		"The number of jobs has exceeded the limit. Your account is limited to 2 jobs.")
	s.do("DeleteJob", `{'JobName': 'K'}`)
	s.do("DeleteJob", `{'JobName': 'K'}`) // idempotent
	s.job("L")
}

func TestJobNameTaken(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const same = `{'Name': 'J', 'Role': 'r', 'Command': {'Name': 'pythonshell'}, 'DefaultArguments': {'--b': '1', '--a': '2'}}`
	s.do("CreateJob", same)
	s.refuses("CreateJob", same, "AlreadyExistsException", "Job with name J already exists")
	s.refuses("CreateJob", `{'Name': 'J', 'Role': 'other', 'Command': {'Name': 'pythonshell'}}`,
		"IdempotentParameterMismatchException", "Job with name 'J' already submitted with different configuration")
}

func TestUpdateJobReplacesAll(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateJob", `{'Name': 'J', 'Tags': {'k': 'v'}, `+wholeJob+`}`)
	created := s.getJob("J")
	if out := s.do("UpdateJob", `{'JobName': 'J', 'JobUpdate': {'Role': 'new', 'Command': {'Name': 'pythonshell', 'ScriptLocation': 's3://n'}}}`); out["JobName"] != "J" {
		t.Error(out)
	}
	got := s.getJob("J")
	one, zero, timeout, capacity, no := int32(1), int32(0), int32(2880), 0.0625, false
	want := &glue.Job{Name: "J", JobMode: "SCRIPT", JobRunQueuingEnabled: &no, Role: "new", CreatedOn: created.CreatedOn, LastModifiedOn: got.LastModifiedOn,
		ExecutionProperty: &glue.ExecutionProperty{MaxConcurrentRuns: &one}, Command: &glue.JobCommand{Name: "pythonshell", ScriptLocation: "s3://n"},
		MaxRetries: &zero, AllocatedCapacity: &zero, Timeout: &timeout, MaxCapacity: &capacity}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.LastModifiedOn < created.LastModifiedOn {
		t.Error("LastModifiedOn went back")
	}
}

func TestListsOfJobs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.job("b", `'Tags': {'team': 'x', 'env': 'prod'}`)
	s.job("a", `'Tags': {'team': 'x'}`)
	s.job("c")
	for filter, want := range map[string]string{
		``: "[a b c]", `'Tags': {}`: "[a b c]", `'Tags': {'team': 'x'}`: "[a b]", `'Tags': {'team': 'x', 'env': 'prod'}`: "[b]",
		`'Tags': {'team': 'y'}`: "[]",
	} {
		if got := fmt.Sprint(s.do("ListJobs", `{`+filter+`}`)["JobNames"]); got != want {
			t.Errorf("%s: %s, want %s", filter, got, want)
		}
	}
	got := reread[glue.BatchGetJobsResponse](t, s.do("BatchGetJobs", `{'JobNames': ['c', 'x', 'a', 'c']}`))
	if len(got.Jobs) != 2 || got.Jobs[0].Name != "c" || got.Jobs[1].Name != "a" || fmt.Sprint(got.JobsNotFound) != "[x]" {
		t.Errorf("%+v", got)
	}
	s.do("DeleteJob", `{'JobName': 'a'}`)
	s.job("a")
	if got := fmt.Sprint(s.do("ListJobs", `{'Tags': {'team': 'x'}}`)["JobNames"]); got != "[b]" {
		t.Errorf("the new job has the old one's tags: %s", got)
	}
}
