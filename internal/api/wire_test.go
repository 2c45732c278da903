package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsglue "github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/wire"
)

// listen serves the API over HTTP, as the command line does, and returns the URL.
func (s *server) listen(around func(http.Handler) http.Handler) string {
	h := http.Handler(&wire.Handler{
		TargetPrefix: "AWSGlue.",
		Call: func(ctx context.Context, op string, body []byte) (any, error) {
			r := wire.RequestFrom(ctx)
			ctx = WithCall(ctx, engine.Call{Invocation: r.InvocationID, Caller: r.AccessKey, BodyHash: r.BodyHash})
			return s.api.Call(ctx, op, body)
		},
		Error: s.api.Error,
	})
	if around != nil {
		h = around(h)
	}
	web := httptest.NewServer(h)
	s.t.Cleanup(web.Close)
	return web.URL
}

func goClient(url string) *awsglue.Client {
	return awsglue.New(awsglue.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(url),
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
}

// fill reads JSON text with ' for " into an SDK's request, and holds that no
// member but those named is left out, so that an echo is an echo of everything.
func fill[T any](t *testing.T, body string, out ...string) *T {
	t.Helper()
	v := new(T)
	if err := json.Unmarshal([]byte(quoted(body)), v); err != nil {
		t.Fatal(err)
	}
	whole := reflect.ValueOf(v).Elem()
	for i := range whole.NumField() {
		f := whole.Type().Field(i)
		if f.IsExported() && whole.Field(i).IsZero() && !slices.Contains(out, f.Name) {
			t.Errorf("%T.%s is not set: the test would not see it lost", *v, f.Name)
		}
	}
	return v
}

// checkEcho holds that each member of a request that the answer also has came
// back as it was sent.
func checkEcho(t *testing.T, request, answer any, renamed ...string) {
	t.Helper()
	sent, got := reflect.ValueOf(request).Elem(), reflect.ValueOf(answer).Elem()
	seen := 0
	for i := range sent.NumField() {
		f := sent.Type().Field(i)
		back := got.FieldByName(f.Name)
		if !f.IsExported() || slices.Contains(renamed, f.Name) || sent.Field(i).IsZero() {
			continue
		}
		if !back.IsValid() {
			t.Errorf("%s is in %T and not in %T", f.Name, request, answer)
			continue
		}
		seen++
		ignore := cmpopts.IgnoreUnexported(types.ExecutionProperty{}, types.JobCommand{}, types.ConnectionsList{}, types.NotificationProperty{},
			types.SourceControlDetails{}, types.CodeGenConfigurationNode{}, types.S3CsvSource{}, types.Action{}, types.Predicate{},
			types.Condition{}, types.EventBatchingCondition{})
		if diff := cmp.Diff(sent.Field(i).Interface(), back.Interface(), ignore); diff != "" {
			t.Errorf("%s came back changed:\n%s", f.Name, diff)
		}
	}
	if seen < 3 {
		t.Errorf("only %d members were compared", seen)
	}
}

func TestWireEchoesEveryMember(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := goClient(s.listen(nil))
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	job := fill[awsglue.CreateJobInput](t, `{'Name': 'J', 'Tags': {'k': 'v'}, `+wholeJob+`}`, "AllocatedCapacity", "MaxCapacity")
	_, err := c.CreateJob(ctx, job)
	check(err)
	gotJob, err := c.GetJob(ctx, &awsglue.GetJobInput{JobName: job.Name})
	check(err)
	checkEcho(t, job, gotJob.Job, "Tags")
	update := fill[types.JobUpdate](t, `{`+wholeJob+`}`, "AllocatedCapacity", "MaxCapacity")
	update.Description = aws.String("changed")
	_, err = c.UpdateJob(ctx, &awsglue.UpdateJobInput{JobName: job.Name, JobUpdate: update})
	check(err)
	gotJob, err = c.GetJob(ctx, &awsglue.GetJobInput{JobName: job.Name})
	check(err)
	checkEcho(t, update, gotJob.Job)
	for _, member := range []string{`'AllocatedCapacity': 7`, `'MaxCapacity': 7.5`} {
		name := member[1:12]
		old := new(awsglue.CreateJobInput)
		check(json.Unmarshal([]byte(quoted(`{'Name': '`+name+`', 'Role': 'r', 'GlueVersion': '1.0', 'Command': {'Name': 'glueetl'}, `+member+`}`)), old))
		_, err = c.CreateJob(ctx, old)
		check(err)
		gotJob, err = c.GetJob(ctx, &awsglue.GetJobInput{JobName: old.Name})
		check(err)
		checkEcho(t, old, gotJob.Job)
	}

	workflow := fill[awsglue.CreateWorkflowInput](t, `{'Name': 'W', 'Description': 'd', 'DefaultRunProperties': {'a': 'b'}, 'Tags': {'k': 'v'}, 'MaxConcurrentRuns': 4}`)
	_, err = c.CreateWorkflow(ctx, workflow)
	check(err)
	gotWorkflow, err := c.GetWorkflow(ctx, &awsglue.GetWorkflowInput{Name: workflow.Name})
	check(err)
	checkEcho(t, workflow, gotWorkflow.Workflow, "Tags")

	s.job("K")
	for _, kind := range []string{"SCHEDULED", "EVENT"} { // a workflow has one of them
		trigger := fill[awsglue.CreateTriggerInput](t, `{'Name': 'T', 'WorkflowName': 'W', 'Type': '`+kind+`', 'Schedule': 'cron(0 0 * * ? *)',
			'Predicate': {'Logical': 'ANY', 'Conditions': [{'LogicalOperator': 'EQUALS', 'JobName': 'K', 'State': 'FAILED'}]},
			'Actions': [{'JobName': 'J', 'Arguments': {'--a': 'b'}, 'Timeout': 4, 'SecurityConfiguration': 's', 'NotificationProperty': {'NotifyDelayAfter': 3}}],
			'Description': 'd', 'StartOnCreation': false, 'Tags': {'k': 'v'}, 'EventBatchingCondition': {'BatchSize': 5, 'BatchWindow': 6}}`,
			"StartOnCreation") // false is zero
		_, err = c.CreateTrigger(ctx, trigger)
		check(err)
		got, err := c.GetTrigger(ctx, &awsglue.GetTriggerInput{Name: trigger.Name})
		check(err)
		checkEcho(t, trigger, got.Trigger, "Tags", "StartOnCreation")
		change := fill[types.TriggerUpdate](t, `{'Name': 'T', 'Description': 'e', 'Schedule': 'cron(0 1 * * ? *)',
			'Predicate': {'Conditions': [{'LogicalOperator': 'EQUALS', 'JobName': 'K', 'State': 'STOPPED'}]},
			'Actions': [{'JobName': 'J'}], 'EventBatchingCondition': {'BatchSize': 9}}`)
		changed, err := c.UpdateTrigger(ctx, &awsglue.UpdateTriggerInput{Name: trigger.Name, TriggerUpdate: change})
		check(err)
		checkEcho(t, change, changed.Trigger)
		_, err = c.DeleteTrigger(ctx, &awsglue.DeleteTriggerInput{Name: trigger.Name})
		check(err)
	}

	start := fill[awsglue.StartJobRunInput](t, `{'JobName': 'J', 'JobRunQueuingEnabled': true, 'JobRunId': 'x', 'Arguments': {'--a': 'b'}, 'Timeout': 9,
		'SecurityConfiguration': 's', 'NotificationProperty': {'NotifyDelayAfter': 2}, 'WorkerType': 'G.1X', 'NumberOfWorkers': 3,
		'ExecutionClass': 'STANDARD', 'ExecutionRoleSessionPolicy': '{}'}`, "AllocatedCapacity", "MaxCapacity")
	start.JobRunId = nil // its echo is PreviousRunId
	run, err := c.StartJobRun(ctx, start)
	check(err)
	gotRun, err := c.GetJobRun(ctx, &awsglue.GetJobRunInput{JobName: start.JobName, RunId: run.JobRunId})
	check(err)
	checkEcho(t, start, gotRun.JobRun)
	s.settle()
}

// Clients get the exceptions as the types that the model declares.
func TestWireTypedExceptions(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(set *settings) { set.api.MaxWorkflows = 1 })
	c := goClient(s.listen(nil))
	ctx := t.Context()
	s.workflow("W", w1...)
	s.do("UpdateWorkflow", `{'Name': 'W', 'MaxConcurrentRuns': 1}`)
	s.fails("J2")
	done := aws.String(s.start("W"))
	s.hold()
	live := aws.String(s.start("W"))
	w := aws.String("W")
	tests := []struct {
		name string
		call func() error
		as   any
	}{
		{"EntityNotFound", func() error {
			_, err := c.GetWorkflow(ctx, &awsglue.GetWorkflowInput{Name: aws.String("x")})
			return err
		}, new(*types.EntityNotFoundException)},
		{"InvalidInput", func() error {
			_, err := c.ResumeWorkflowRun(ctx, &awsglue.ResumeWorkflowRunInput{Name: w, RunId: done, NodeIds: []string{}})
			return err
		}, new(*types.InvalidInputException)},
		{"IllegalWorkflowState", func() error {
			_, err := c.ResumeWorkflowRun(ctx, &awsglue.ResumeWorkflowRunInput{Name: w, RunId: live, NodeIds: []string{"x"}})
			return err
		}, new(*types.IllegalWorkflowStateException)},
		{"ConcurrentRunsExceeded", func() error { _, err := c.StartWorkflowRun(ctx, &awsglue.StartWorkflowRunInput{Name: w}); return err }, new(*types.ConcurrentRunsExceededException)},
		{"AlreadyExists", func() error { _, err := c.CreateWorkflow(ctx, &awsglue.CreateWorkflowInput{Name: w}); return err }, new(*types.AlreadyExistsException)},
		{"ResourceNumberLimitExceeded", func() error {
			_, err := c.CreateWorkflow(ctx, &awsglue.CreateWorkflowInput{Name: aws.String("x")})
			return err
		}, new(*types.ResourceNumberLimitExceededException)},
		{"IdempotentParameterMismatch", func() error {
			_, err := c.CreateJob(ctx, &awsglue.CreateJobInput{Name: aws.String("J1"), Role: aws.String("x"), Command: &types.JobCommand{Name: aws.String("pythonshell")}})
			return err
		}, new(*types.IdempotentParameterMismatchException)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.call(); !errors.As(err, tt.as) {
				t.Errorf("got %v", err)
			}
		})
	}
	_, err := c.ListCrawlers(ctx, &awsglue.ListCrawlersInput{})
	var coded smithy.APIError
	if !errors.As(err, &coded) || coded.ErrorCode() != "UnknownOperationException" {
		t.Errorf("an operation that is not built: %v", err)
	}
}

// R37: an answer that is lost after the commit is asked for again by the client
// itself, and starts nothing twice.
func TestR37LostAnswers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var cut atomic.Bool
	c := goClient(s.listen(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !cut.CompareAndSwap(true, false) {
				h.ServeHTTP(w, r)
				return
			}
			h.ServeHTTP(httptest.NewRecorder(), r) // carried out, and the answer lost
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.Close()
		})
	}))
	ctx := t.Context()
	s.workflow("W", w1...)
	s.job("Alone", `'ExecutionProperty': {'MaxConcurrentRuns': 10}`)
	s.do("CreateTrigger", `{'Name': 'OnDemand', 'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'Alone'}]}`)
	s.fails("J2")
	first := aws.String(s.start("W"))
	tests := []struct {
		name  string
		call  func() (*string, error)
		count func() int
	}{
		{"ResumeWorkflowRun", func() (*string, error) {
			out, err := c.ResumeWorkflowRun(ctx, &awsglue.ResumeWorkflowRunInput{Name: aws.String("W"), RunId: first, NodeIds: []string{s.nodeID("W", "J2")}})
			if err != nil {
				return nil, err
			}
			return out.RunId, nil
		}, func() int { return len(s.exec.starts("J2")) }},
		{"StartWorkflowRun", func() (*string, error) {
			out, err := c.StartWorkflowRun(ctx, &awsglue.StartWorkflowRunInput{Name: aws.String("W")})
			if err != nil {
				return nil, err
			}
			return out.RunId, nil
		}, func() int { return len(s.exec.starts("J1")) }},
		{"StartJobRun", func() (*string, error) {
			out, err := c.StartJobRun(ctx, &awsglue.StartJobRunInput{JobName: aws.String("Alone")})
			if err != nil {
				return nil, err
			}
			return out.JobRunId, nil
		}, func() int { return len(s.exec.starts("Alone")) }},
		{"StartTrigger", func() (*string, error) {
			out, err := c.StartTrigger(ctx, &awsglue.StartTriggerInput{Name: aws.String("OnDemand")})
			if err != nil {
				return nil, err
			}
			return out.Name, nil
		}, func() int { return len(s.exec.starts("Alone")) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.settle()
			before := tt.count()
			cut.Store(true)
			id, err := tt.call()
			if err != nil || id == nil {
				t.Fatal(id, err)
			}
			s.settle()
			if cut.Load() {
				t.Fatal("no answer was lost")
			}
			if n := tt.count() - before; n != 1 {
				t.Errorf("started %d times", n)
			}
		})
	}
}

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
