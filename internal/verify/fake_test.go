package verify

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reglue/reglue/internal/glue"
)

// endpoint is a Glue endpoint of a test. It answers what the test has for an
// operation, and else as if the operation had worked and answered nothing.
type endpoint struct {
	answer func(op string, in any) (any, error)

	mu    sync.Mutex
	calls []string // operation and the name that it is about
}

func (e *endpoint) Call(ctx context.Context, op string, in, out any) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e.mu.Lock()
	e.calls = append(e.calls, op+" "+nameOf(in))
	e.mu.Unlock()
	if e.answer == nil {
		return nil
	}
	answered, err := e.answer(op, in)
	if err != nil || out == nil || answered == nil {
		return err
	}
	text, err := json.Marshal(answered)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, out)
}

// nameOf is what a request names.
func nameOf(in any) string {
	v := reflect.ValueOf(in).Elem()
	for _, member := range []string{"Name", "JobName"} {
		if f := v.FieldByName(member); f.IsValid() {
			return f.String()
		}
	}
	return ""
}

// called are the calls of some operations, with the suite's prefix taken off.
func (e *endpoint) called(prefix string, ops ...string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []string
	for _, call := range e.calls {
		if op, _, _ := strings.Cut(call, " "); slices.Contains(ops, op) {
			if prefix != "" {
				call = strings.ReplaceAll(call, prefix, "…")
			}
			out = append(out, call)
		}
	}
	return out
}

// verifies runs checks against the endpoint on a clock that needs no time.
func verifies(t *testing.T, e *endpoint, checks ...Check) (r *Report) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if r, err = Run(t.Context(), e.options(checks...)); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

func (e *endpoint) options(checks ...Check) Options {
	return Options{
		Caller: e, Checks: checks, ScriptLocation: "s3://scripts/job.py", Role: "jobs", Parallel: 1,
		Limit: time.Minute, QuickLimit: 10 * time.Second, Pause: 100 * time.Millisecond, MaxPause: time.Second,
	}
}

// trialOn is a trial for what needs no suite around it.
func trialOn(t *testing.T, e *endpoint, source Source) *trial {
	s := &suite{Options: e.options(), prefix: "reglue-verify-test", missing: map[string]string{}}
	return newTrial(t.Context(), s, &Check{ID: "R0", Source: source})
}

// ended is how a check ended early; nil if it did not.
func ended(f func()) (early *stopped) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *stopped:
			early = p
		default:
			panic(p)
		}
	}()
	f()
	return nil
}

// succeeds answers as an endpoint whose jobs all end in a state.
func succeeds(state glue.JobRunState) func(op string, in any) (any, error) {
	return func(op string, in any) (any, error) {
		switch in := in.(type) {
		case *glue.StartWorkflowRunRequest:
			return glue.StartWorkflowRunResponse{RunId: "wr_1"}, nil
		case *glue.GetWorkflowRunRequest:
			job := strings.TrimSuffix(in.Name, "flow") + "A"
			return glue.GetWorkflowRunResponse{Run: &glue.WorkflowRun{
				Name: in.Name, WorkflowRunId: in.RunId, Status: glue.WorkflowRunStatusCompleted,
				Graph: &glue.WorkflowGraph{Nodes: []glue.Node{{
					Type: glue.NodeTypeJob, Name: job, UniqueId: "wnode_" + job,
					JobDetails: &glue.JobNodeDetails{JobRuns: []glue.JobRun{{Id: "jr_" + job, JobName: job, JobRunState: state, ErrorMessage: "so it is"}}},
				}}},
			}}, nil
		}
		return nil, nil
	}
}
