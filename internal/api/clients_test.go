package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

// The shape of GetWorkflowRun, held against the guide's sample and the capture
// named in glue-semantics: the keys, the empty details, the form of times.
func TestWireShapeOfARun(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	url := s.listen(nil)
	s.do("CreateJob", `{'Name': 'j', 'Role': 'r', 'Command': {'Name': 'glueetl'}, 'GlueVersion': '4.0', 'WorkerType': 'G.1X', 'NumberOfWorkers': 2}`)
	s.workflow("w", "t1 > j", "j+ > t2 > never")
	s.fails("j")
	id := s.start("w")
	text := post(t, url, "GetWorkflowRun", fmt.Sprintf(`{"Name": "w", "RunId": %q, "IncludeGraph": true}`, id))
	var got struct {
		Run struct {
			Graph struct {
				Nodes []map[string]json.RawMessage
				Edges []map[string]string
			}
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	var run struct{ Run map[string]json.RawMessage }
	if err := json.Unmarshal(text, &run); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, "Run", run.Run, "CompletedOn", "Graph", "Name", "StartedOn", "Statistics", "Status", "WorkflowRunId", "WorkflowRunProperties")
	if !regexp.MustCompile(`"StartedOn":\d{10}\.\d{3},`).Match(text) {
		t.Errorf("times are epoch seconds with milliseconds: %s", text)
	}
	if want := `"Statistics":{"TotalActions":2,"TimeoutActions":0,"FailedActions":1,"StoppedActions":0,"SucceededActions":0,"RunningActions":0,"ErroredActions":0,"WaitingActions":0}`; !bytes.Contains(text, []byte(want)) {
		t.Errorf("no %s in %s", want, text)
	}
	nodes := got.Run.Graph.Nodes
	if len(nodes) != 4 || len(got.Run.Graph.Edges) != 3 {
		t.Fatalf("%s", text)
	}
	wantKeys(t, "trigger node", nodes[0], "Name", "TriggerDetails", "Type", "UniqueId")
	wantKeys(t, "job node", nodes[1], "JobDetails", "Name", "Type", "UniqueId")
	if string(nodes[3]["JobDetails"]) != "{}" {
		t.Errorf("details of a job that never ran: %s", nodes[3]["JobDetails"])
	}
	var trigger struct{ Trigger map[string]json.RawMessage }
	if err := json.Unmarshal(nodes[0]["TriggerDetails"], &trigger); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, "trigger", trigger.Trigger, "Actions", "Name", "State", "Type", "WorkflowName")
	var details struct{ JobRuns []map[string]json.RawMessage }
	if err := json.Unmarshal(nodes[1]["JobDetails"], &details); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, "job run", details.JobRuns[0], "AllocatedCapacity", "Attempt", "CompletedOn", "ErrorMessage", "ExecutionClass",
		"ExecutionTime", "GlueVersion", "Id", "JobMode", "JobName", "JobRunQueuingEnabled", "JobRunState", "LastModifiedOn",
		"LogGroupName", "MaxCapacity", "NumberOfWorkers", "PredecessorRuns", "StartedOn", "Timeout", "TriggerName", "WorkerType")
	for key, want := range map[string]string{"Attempt": "0", "PredecessorRuns": "[]", "Timeout": "2880", "JobRunQueuingEnabled": "false", "JobMode": `"SCRIPT"`} {
		if got := string(details.JobRuns[0][key]); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	if text := post(t, url, "DeleteWorkflow", `{"Name": "none"}`); string(text) != `{"Name":"none"}` {
		t.Errorf("%s", text)
	}
	if text := post(t, url, "PutWorkflowRunProperties", fmt.Sprintf(`{"Name": "w", "RunId": %q, "RunProperties": {}}`, id)); string(text) != `{}` {
		t.Errorf("an answer without members: %s", text)
	}
}

func wantKeys(t *testing.T, what string, got map[string]json.RawMessage, want ...string) {
	t.Helper()
	var keys []string
	for key := range got {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("members of a %s:\n%s", what, diff)
	}
}

func post(t *testing.T, url, op, body string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSGlue."+op)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v %d %s", op, err, answer.StatusCode, text)
	}
	return text
}

// boto3 walks through every operation that is built, with its own validation of
// answers, its paginators and its exception classes.
func TestBoto3(t *testing.T) {
	t.Parallel()
	if err := exec.CommandContext(t.Context(), "python3", "-c", "import boto3").Run(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("this test needs boto3 (pip install boto3): %v", err)
		}
		t.Skipf("this test needs boto3 (pip install boto3): %v", err)
	}
	s := newServer(t)
	s.fails("J2")
	s.exec.outcome["held"] = append(s.exec.outcome["held"], "", "")
	s.exec.outcome["marked"] = append(s.exec.outcome["marked"], "")
	cmd := exec.CommandContext(t.Context(), "python3", "testdata/client.py", s.listen(nil))
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret", "AWS_CONFIG_FILE=/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "NO_PROXY=127.0.0.1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var called []string
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &called); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if diff := cmp.Diff(glue.ServedOperations(), called); diff != "" {
		t.Errorf("operations that boto3 called with success:\n%s", diff)
	}
}
