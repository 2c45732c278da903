package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
)

func (s *server) jobRun(job, id string) *glue.JobRun {
	s.t.Helper()
	return reread[glue.GetJobRunResponse](s.t, s.do("GetJobRun", fmt.Sprintf(`{'JobName': %q, 'RunId': %q}`, job, id))).JobRun
}

func TestStartJobRun(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateJob", `{'Name': 'J', 'Tags': {'k': 'v'}, `+wholeJob+`}`)
	id := s.do("StartJobRun", `{'JobName': 'J', 'JobRunQueuingEnabled': false, 'Arguments': {'--a': 'mine', '--b': 'ignored'}, 'Timeout': 7,
		'SecurityConfiguration': 'other', 'NotificationProperty': {'NotifyDelayAfter': 9}, 'WorkerType': 'G.4X', 'NumberOfWorkers': 3,
		'ExecutionClass': 'STANDARD', 'ExecutionRoleSessionPolicy': '{}'}`)["JobRunId"].(string)
	s.settle()
	got := s.jobRun("J", id)
	no, timeout, workers, delay, capacity, whole := false, int32(7), int32(3), int32(9), 12.0, int32(12)
	want := &glue.JobRun{
		Id: id, JobName: "J", JobMode: "VISUAL", JobRunQueuingEnabled: &no, JobRunState: "SUCCEEDED",
		StartedOn: got.StartedOn, LastModifiedOn: got.LastModifiedOn, CompletedOn: got.LastModifiedOn, ExecutionTime: 2,
		Arguments: map[string]string{"--a": "mine", "--b": "ignored"}, PredecessorRuns: []glue.Predecessor{},
		AllocatedCapacity: &whole, MaxCapacity: &capacity, Timeout: &timeout, WorkerType: "G.4X", NumberOfWorkers: &workers,
		SecurityConfiguration: "other", LogGroupName: "/aws-glue/jobs-x-other/",
		NotificationProperty: &glue.NotificationProperty{NotifyDelayAfter: &delay}, GlueVersion: "4.0", ExecutionClass: "STANDARD",
		MaintenanceWindow: "Sun:03", ExecutionRoleSessionPolicy: "{}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	spec := s.exec.starts("J")[0]
	if diff := cmp.Diff(map[string]string{"--a": "mine", "--b": "2"}, spec.Arguments); diff != "" || spec.Timeout != 7*time.Minute {
		t.Errorf("%v\n%s", spec.Timeout, diff)
	}
}

func TestJobRunOfAPythonShell(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.job("J")
	s.hold()
	id := s.do("StartJobRun", `{'JobName': 'J'}`)["JobRunId"].(string)
	s.until("RUNNING", func() bool { return s.jobRun("J", id).JobRunState == "RUNNING" })
	raw := s.do("GetJobRun", fmt.Sprintf(`{'JobName': 'J', 'RunId': %q}`, id))["JobRun"].(map[string]any)
	for key, want := range map[string]string{
		"Attempt": "0", "ExecutionTime": "0", "JobMode": "SCRIPT", "JobRunQueuingEnabled": "false", "ExecutionClass": "STANDARD",
		"LogGroupName": "/aws-glue/python-jobs", "Timeout": "2880", "MaxCapacity": "0.0625", "AllocatedCapacity": "0", "PredecessorRuns": "[]",
		"Arguments": "<nil>", "CompletedOn": "<nil>", "ErrorMessage": "<nil>", "GlueVersion": "<nil>", "TriggerName": "<nil>",
	} {
		if got := fmt.Sprint(raw[key]); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	// The definition of the time counts, also when the job changes or goes.
	s.do("UpdateJob", `{'JobName': 'J', 'JobUpdate': {'Role': 'r', 'Command': {'Name': 'pythonshell'}, 'Timeout': 1, 'MaxCapacity': 1}}`)
	if got := s.jobRun("J", id); *got.Timeout != 2880 || *got.MaxCapacity != 0.0625 {
		t.Errorf("%+v", got)
	}
	s.do("DeleteJob", `{'JobName': 'J'}`)
	s.finish("J", executor.Failed)
	if got := s.jobRun("J", id); got.JobRunState != "FAILED" || got.ErrorMessage != "ValueError: bad row" || *got.Timeout != 2880 {
		t.Errorf("a deleted job's run finishes and stays readable: %+v", got)
	}
	if runs := s.do("GetJobRuns", `{'JobName': 'J'}`)["JobRuns"].([]any); len(runs) != 1 {
		t.Errorf("%v", runs)
	}
}

func TestRefusedJobRuns(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.job("J")
	s.job("K")
	s.do("CreateJob", `{'Name': 'old', 'Role': 'r', 'Command': {'Name': 'glueetl'}, 'GlueVersion': '1.0'}`)
	s.do("CreateJob", `{'Name': 'ray', 'Role': 'r', 'Command': {'Name': 'glueray'}, 'WorkerType': 'Z.2X', 'NumberOfWorkers': 2}`)
	s.hold()
	id := s.do("StartJobRun", `{'JobName': 'K'}`)["JobRunId"].(string)
	tests := []struct{ op, body, code, text string }{
		{"StartJobRun", `{'JobName': 'nope'}`, enf, "Failed to start job run due to missing metadata."},
		{"StartJobRun", `{'JobName': 'nope', 'Timeout': 5}`, enf, "Failed to start job run due to missing metadata."},
		{"StartJobRun", `{'JobName': 'K'}`, "ConcurrentRunsExceededException", "Concurrent runs exceeded for K"},
		{"StartJobRun", `{'JobName': 'J', 'JobRunId': 'jr_nope'}`, enf, "jr_nope"},
		{"StartJobRun", `{'JobName': 'J', 'JobRunId': '` + id + `'}`, enf, id}, // of another job
		{"StartJobRun", `{'JobName': 'J', 'Timeout': 10081}`, ii, "at most 10080"},
		{"StartJobRun", `{'JobName': 'J', 'Timeout': 0}`, ii, "at 'timeout'"},
		{"StartJobRun", `{'JobName': 'J', 'MaxCapacity': 2}`, ii, "must be 0.0625 or 1"},
		{"StartJobRun", `{'JobName': 'J', 'WorkerType': 'G.1X', 'NumberOfWorkers': 2}`, ii, "Worker Type is not supported"},
		{"StartJobRun", `{'JobName': 'J', 'ExecutionClass': 'FLEX'}`, ii, "FLEX"},
		{"StartJobRun", `{'JobName': 'old', 'NumberOfWorkers': 2}`, ii, "must be set together"},
		{"StartJobRun", `{'JobName': 'old', 'MaxCapacity': 1}`, ii, "from 2 to 100"},
		{"StartJobRun", `{'JobName': 'old', 'MaxCapacity': 3, 'AllocatedCapacity': 3}`, ii, "Please set only"},
		{"StartJobRun", `{'JobName': 'ray', 'Timeout': 3}`, ii, "Timeout not supported for Ray jobs"},
		{"GetJobRun", `{'JobName': 'J', 'RunId': 'jr_nope'}`, enf, "Job run with id: jr_nope not found for job: J."},
		{"GetJobRun", `{'JobName': 'J', 'RunId': '` + id + `'}`, enf, "not found for job: J."},
		{"GetJobRuns", `{'JobName': 'nope'}`, enf, "Job with name: nope not found."},
	}
	before := s.count()
	for _, tt := range tests {
		s.refuses(tt.op, tt.body, tt.code, tt.text)
	}
	if diff := cmp.Diff(before, s.count()); diff != "" {
		t.Errorf("a refused call left something behind:\n%s", diff)
	}
	for _, body := range []string{`{'JobName': 'old', 'Timeout': 5}`, `{'JobName': 'ray', 'NumberOfWorkers': 5}`} {
		s.do("StartJobRun", body)
	}
}

func TestStartJobRunAsARetry(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.job("J")
	s.fails("J")
	first := s.do("StartJobRun", `{'JobName': 'J'}`)["JobRunId"].(string)
	s.settle()
	second := s.do("StartJobRun", fmt.Sprintf(`{'JobName': 'J', 'JobRunId': %q}`, first))["JobRunId"].(string)
	s.settle()
	if got := s.jobRun("J", second); got.PreviousRunId != first || got.Attempt != 1 || got.JobRunState != "SUCCEEDED" {
		t.Errorf("%+v", got)
	}
}

func TestRetriesOfAJobRun(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.job("J", `'MaxRetries': 2`)
	s.fails("J", "J")
	first := s.do("StartJobRun", `{'JobName': 'J'}`)["JobRunId"].(string)
	s.settle()
	var got []string
	for _, r := range reread[glue.GetJobRunsResponse](t, s.do("GetJobRuns", `{'JobName': 'J'}`)).JobRuns {
		got = append(got, fmt.Sprintf("%s %d %s after %s", r.Id, r.Attempt, r.JobRunState, r.PreviousRunId))
	}
	want := []string{ // newest first
		first + "_attempt_2 2 SUCCEEDED after " + first + "_attempt_1",
		first + "_attempt_1 1 FAILED after " + first,
		first + " 0 FAILED after ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBatchStopJobRun(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.job("J", `'ExecutionProperty': {'MaxConcurrentRuns': 5}`)
	done := s.do("StartJobRun", `{'JobName': 'J'}`)["JobRunId"].(string)
	s.settle()
	s.hold()
	live := s.do("StartJobRun", `{'JobName': 'J'}`)["JobRunId"].(string)
	s.exec.mu.Lock()
	s.exec.deaf = true
	s.exec.mu.Unlock()
	out := s.do("BatchStopJobRun", fmt.Sprintf(`{'JobName': 'J', 'JobRunIds': [%q, 'jr_nope', %q, %q]}`, done, live, live))
	want := map[string]any{
		"SuccessfulSubmissions": []any{map[string]any{"JobName": "J", "JobRunId": live}},
		"Errors": []any{
			map[string]any{"JobName": "J", "JobRunId": done, "ErrorDetail": map[string]any{
				"ErrorCode": "JobRunInvalidStateTransitionException", "ErrorMessage": "Job run " + done + " is in SUCCEEDED state and can't be stopped"}},
			map[string]any{"JobName": "J", "JobRunId": "jr_nope", "ErrorDetail": map[string]any{
				"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Job run jr_nope of job J was not found"}},
		},
	}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
	if got := s.jobRun("J", live); got.JobRunState != "STOPPING" || got.CompletedOn != 0 {
		t.Errorf("%+v", got)
	}
	s.finish("J", executor.Stopped)
	if got := s.jobRun("J", live); got.JobRunState != "STOPPED" || got.CompletedOn == 0 {
		t.Errorf("%+v", got)
	}
	out = s.do("BatchStopJobRun", `{'JobName': 'nope', 'JobRunIds': ['x']}`)
	if fmt.Sprint(out["SuccessfulSubmissions"]) != "[]" || len(out["Errors"].([]any)) != 1 {
		t.Errorf("%v", out)
	}
}

// Stopping a job run of a workflow leaves the run going.
func TestBatchStopJobRunInAWorkflow(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > A", "A! > T2 > B", "A+ > T3 > C")
	s.exec.outcome["A"] = []executor.State{""}
	id := s.start("W")
	s.do("BatchStopJobRun", fmt.Sprintf(`{'JobName': 'A', 'JobRunIds': [%q]}`, s.exec.starts("A")[0].JobRunID))
	s.settle()
	if got := s.run("W", id); states(got) != "A=STOPPED B=SUCCEEDED C=-" || got.Status != "COMPLETED" {
		t.Errorf("%s %s", got.Status, states(got))
	}
}

func TestPredecessors(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > A B", "A+ & B+ > T2 > C")
	id := s.start("W")
	run := s.run("W", id)
	c := node(t, run.Graph, "C").JobDetails.JobRuns[0]
	if c.PredecessorRuns == nil || len(c.PredecessorRuns) != 0 {
		t.Errorf("in a graph: %v", c.PredecessorRuns)
	}
	of := fmt.Sprintf(`'JobName': 'C', 'RunId': %q`, c.Id)
	if got := fmt.Sprint(s.do("GetJobRun", `{`+of+`}`)["JobRun"].(map[string]any)["PredecessorRuns"]); got != "[]" {
		t.Errorf("without being asked: %s", got)
	}
	got := reread[glue.GetJobRunResponse](t, s.do("GetJobRun", `{`+of+`, 'PredecessorsIncluded': true}`)).JobRun.PredecessorRuns
	want := []glue.Predecessor{
		{JobName: "A", RunId: node(t, run.Graph, "A").JobDetails.JobRuns[0].Id},
		{JobName: "B", RunId: node(t, run.Graph, "B").JobDetails.JobRuns[0].Id},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
