//go:build linux

package durability

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/reglue/reglue/internal/glue"
)

// client keeps no connections: the server behind them is killed all the time.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}

var invocations atomic.Int64

// call makes one call as an AWS client does: until it is answered it tries again
// with the same invocation id, whatever becomes of the server meanwhile. The
// error is the server's own answer.
func (r *rig) call(op string, in, out any) error {
	return r.callAs(fmt.Sprintf("invocation-%d", invocations.Add(1)), op, in, out)
}

func (r *rig) callAs(invocation, op string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		status, answer, err := r.try(invocation, op, body)
		if err != nil || status >= http.StatusInternalServerError {
			continue // cut off, or nobody there: whether it was carried out is not known
		}
		if status == http.StatusOK {
			if out == nil {
				return nil
			}
			return json.Unmarshal(answer, out)
		}
		return refusal(op, status, answer)
	}
	r.dump()
	return fmt.Errorf("%s was not answered in %s", op, patience)
}

// refusal reads the body of an error.
func refusal(op string, status int, answer []byte) error {
	var text struct {
		Type    string `json:"__type"`
		Message string
	}
	if err := json.Unmarshal(answer, &text); err != nil {
		return fmt.Errorf("%s: status %d: %s", op, status, answer)
	}
	return glue.Errorf(glue.Kind(text.Type), "%s", text.Message)
}

// try makes one attempt of a call.
func (r *rig) try(invocation, op string, body []byte) (status int, answer []byte, err error) {
	return r.tryAt("/", invocation, op, body)
}

func (r *rig) tryAt(path, invocation, op string, body []byte) (status int, answer []byte, err error) {
	r.mu.Lock()
	url := r.endpoint
	r.mu.Unlock()
	req, err := http.NewRequest(http.MethodPost, url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AWSGlue."+op)
	req.Header.Set("Amz-Sdk-Invocation-Id", invocation)
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// must is call where no error is expected.
func (r *rig) must(op string, in, out any) {
	r.t.Helper()
	if err := r.call(op, in, out); err != nil {
		r.t.Fatalf("%s: %v", op, err)
	}
}

// startRun starts a run of a workflow.
func (r *rig) startRun(workflow string) (runID string) {
	r.t.Helper()
	var out glue.StartWorkflowRunResponse
	r.must("StartWorkflowRun", glue.StartWorkflowRunRequest{Name: workflow}, &out)
	return out.RunId
}

// run reads a run with its graph.
func (r *rig) run(workflow, id string) (*glue.WorkflowRun, error) {
	var out glue.GetWorkflowRunResponse
	yes := true
	err := r.call("GetWorkflowRun", glue.GetWorkflowRunRequest{Name: workflow, RunId: id, IncludeGraph: &yes}, &out)
	return out.Run, err
}

// toEnd polls a run until it is over.
func (r *rig) toEnd(workflow, id string) (*glue.WorkflowRun, error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		run, err := r.run(workflow, id)
		if err != nil || over(run) {
			return run, err
		}
	}
	r.dump()
	return nil, fmt.Errorf("run %s of %s does not end", id, workflow)
}

// ended is toEnd for the goroutine of the test.
func (r *rig) ended(workflow, id string) *glue.WorkflowRun {
	r.t.Helper()
	run, err := r.toEnd(workflow, id)
	if err != nil {
		r.t.Fatal(err)
	}
	return run
}

func over(run *glue.WorkflowRun) bool {
	return run.Status != glue.WorkflowRunStatusRunning && run.Status != glue.WorkflowRunStatusStopping
}

func isKind(err error, kind glue.Kind) bool {
	var e *glue.Error
	return errors.As(err, &e) && e.Kind == kind
}
