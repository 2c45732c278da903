package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsglue "github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/wire"
)

// listen serves the API over HTTP, as the command line does, and returns the URL.
func (s *server) listen(around func(http.Handler) http.Handler) string {
	h := http.Handler(&wire.Handler{
		TargetPrefix: "AWSGlue.",
		Call: func(ctx context.Context, op string, body []byte) (any, error) {
			r := wire.RequestFrom(ctx)
			ctx = WithCall(ctx, engine.Call{Invocation: r.InvocationID, Caller: r.AccessKey, JobRun: r.JobRun, BodyHash: r.BodyHash})
			return s.api.Call(ctx, op, body)
		},
		Error:    s.api.Error,
		JobToken: func(string, string) bool { return true },
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
		ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".noSmithyDocumentSerde" }, cmp.Ignore())
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
