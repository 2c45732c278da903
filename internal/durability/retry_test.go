//go:build linux

package durability

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsglue "github.com/aws/aws-sdk-go-v2/service/glue"

	"github.com/reglue/reglue/internal/glue"
)

// cutter is a proxy that carries the first try of a call to the server, waits for
// the answer, and cuts the client off instead of passing it on.
type cutter struct {
	net.Listener
	r *rig

	mu    sync.Mutex
	tries map[string][]string // invocation ids by operation
}

func (r *rig) cut() *cutter {
	r.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	c := &cutter{Listener: l, r: r, tries: map[string][]string{}}
	r.t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			go c.serve(conn.(*net.TCPConn))
		}
	}()
	return c
}

// serve carries the requests of one connection until it cuts it.
func (c *cutter) serve(conn *net.TCPConn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		op := strings.TrimPrefix(req.Header.Get("X-Amz-Target"), "AWSGlue.")
		status, answer, err := c.r.try(req.Header.Get("Amz-Sdk-Invocation-Id"), op, body)
		if err != nil || c.first(op, req.Header.Get("Amz-Sdk-Invocation-Id")) {
			_ = conn.SetLinger(0) // a reset, not an orderly end
			return
		}
		resp := http.Response{
			StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(answer)),
			Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: io.NopCloser(bytes.NewReader(answer)),
		}
		if resp.Write(conn) != nil {
			return
		}
	}
}

// first notes a try and reports whether it is the first of a call that starts
// something.
func (c *cutter) first(op, invocation string) bool {
	if strings.HasPrefix(op, "Get") {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tries[op] = append(c.tries[op], invocation)
	n := len(c.tries[op])
	return n == 1 || c.tries[op][n-2] != invocation
}

// holdTries checks that the client did repeat the call on its own.
func (c *cutter) holdTries(op string) {
	c.r.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if got := c.tries[op]; len(got) != 2 || got[0] == "" || got[0] != got[1] {
		c.r.t.Errorf("%s: tries %v, want two of one call", op, got)
	}
}

// startedOnce are what a client started through a cutter, as it was answered.
type startedOnce struct{ Run, Resumed, JobRun string }

// TestCutConnection cuts clients off when what they asked for is committed. They
// try again by themselves, and nothing starts twice.
func TestCutConnection(t *testing.T) {
	for name, start := range map[string]func(*rig, string) startedOnce{"go": startWithGo, "boto3": startWithBoto3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.start()
			r.createJobs(job{name: "one"}, job{name: "two"}, job{name: "free"})
			r.createWorkflow("w", "one", "one=SUCCEEDED -> two")
			c := r.cut()
			got := start(r, "http://"+c.Addr().String())
			for _, op := range []string{"StartWorkflowRun", "ResumeWorkflowRun", "StartTrigger", "StartJobRun"} {
				c.holdTries(op)
			}
			first, second := r.ended("w", got.Run), r.ended("w", got.Resumed)
			if first.PreviousRunId != "" || second.PreviousRunId != got.Run {
				t.Errorf("runs %+v", got)
			}
			r.alone("free", got.JobRun)
			eventually(t, "the end of the run of the trigger", func() bool {
				runs := r.runs("w")
				return len(runs) == 3 && over(runs[0])
			})
			if lines := r.journalCount(); len(lines) != 7 { // 2 each for 3 runs, and free
				t.Errorf("jobs ran: %v", lines)
			}
		})
	}
}

// alone waits for the end of the only run of a job outside of workflows.
func (r *rig) alone(job, id string) {
	r.t.Helper()
	eventually(r.t, "the end of job run "+id, func() bool {
		var out glue.GetJobRunsResponse
		r.must("GetJobRuns", glue.GetJobRunsRequest{JobName: job}, &out)
		if len(out.JobRuns) != 1 || out.JobRuns[0].Id != id {
			r.t.Fatalf("job runs %+v, want only %s", out.JobRuns, id)
		}
		return !out.JobRuns[0].CompletedOn.IsZero()
	})
}

func goClient(url string) *awsglue.Client {
	return awsglue.New(awsglue.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(url),
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff, o.RateLimiter = 200, 50*time.Millisecond, ratelimit.None
		}),
	})
}

// startWithGo starts with the AWS SDK for Go.
func startWithGo(r *rig, url string) (got startedOnce) {
	ctx, client := r.t.Context(), goClient(url)
	run, err := client.StartWorkflowRun(ctx, &awsglue.StartWorkflowRunInput{Name: aws.String("w")})
	if err != nil {
		r.t.Fatal(err)
	}
	got.Run = *run.RunId
	node := nodeID(r.ended("w", got.Run), "two")
	resumed, err := client.ResumeWorkflowRun(ctx, &awsglue.ResumeWorkflowRunInput{Name: aws.String("w"), RunId: run.RunId, NodeIds: []string{node, nodeID(r.ended("w", got.Run), "one")}})
	if err != nil {
		r.t.Fatal(err)
	}
	got.Resumed = *resumed.RunId
	if _, err := client.StartTrigger(ctx, &awsglue.StartTriggerInput{Name: aws.String("w-0")}); err != nil {
		r.t.Fatal(err)
	}
	free, err := client.StartJobRun(ctx, &awsglue.StartJobRunInput{JobName: aws.String("free")})
	if err != nil {
		r.t.Fatal(err)
	}
	got.JobRun = *free.JobRunId
	return got
}

func nodeID(run *glue.WorkflowRun, name string) string {
	for _, n := range run.Graph.Nodes {
		if n.Name == name {
			return n.UniqueId
		}
	}
	return ""
}

const boto3Script = `
import json, sys, time
import boto3
glue = boto3.client("glue", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret")
run = glue.start_workflow_run(Name="w")["RunId"]
while True:
    found = glue.get_workflow_run(Name="w", RunId=run, IncludeGraph=True)["Run"]
    if found["Status"] != "RUNNING":
        break
    time.sleep(0.02)
nodes = [n["UniqueId"] for n in found["Graph"]["Nodes"] if n["Type"] == "JOB"]
resumed = glue.resume_workflow_run(Name="w", RunId=run, NodeIds=nodes)["RunId"]
glue.start_trigger(Name="w-0")
free = glue.start_job_run(JobName="free")["JobRunId"]
print(json.dumps({"Run": run, "Resumed": resumed, "JobRun": free}))
`

// startWithBoto3 starts with boto3, in its default settings.
func startWithBoto3(r *rig, url string) (got startedOnce) {
	if err := exec.Command("python3", "-c", "import boto3").Run(); err != nil {
		missing(r.t, "boto3 is missing: install it, for example with pip install boto3")
	}
	cmd := exec.CommandContext(r.t.Context(), "python3", "-c", boto3Script, url)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("%v\n%s", err, stderr.String())
	}
	if err := json.Unmarshal(out, &got); err != nil {
		r.t.Fatal(err)
	}
	return got
}

// TestKilledBeforeTheAnswer kills the server between the commit of a start and
// its answer; the AWS SDK tries again on its own and reaches the next server.
func TestKilledBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	r.createJobs(job{name: "one"})
	r.createWorkflow("w", "one")
	r.terminate()
	// The first two commits of a server are those of its recovery.
	s := r.launch("engine.commit:3:stop")
	answer := make(chan string, 1)
	go func() {
		run, err := goClient(r.endpoint).StartWorkflowRun(context.Background(), &awsglue.StartWorkflowRunInput{Name: aws.String("w")})
		if err != nil {
			t.Error(err)
			close(answer)
			return
		}
		answer <- *run.RunId
	}()
	eventually(t, "the commit of the start", func() bool { return stopped(s.pid()) })
	s.kill()
	r.start()
	id := <-answer
	if run := r.ended("w", id); outcome(run) != "COMPLETED one=SUCCEEDED" {
		t.Error(outcome(run))
	}
	if all := r.audit("w"); len(all) != 1 {
		t.Errorf("%d runs", len(all))
	}
}
