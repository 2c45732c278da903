package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reglue/reglue/internal/glue"
)

// cleanUpTime bounds deleting what a check made, beside waiting for its runs.
const cleanUpTime = time.Minute

// cleanUp stops and deletes what the check made, also after an interrupt.
func (t *trial) cleanUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime+t.QuickLimit)
	defer cancel()
	for _, r := range t.started {
		t.remove(ctx, "job run "+r.Id+" of "+r.JobName, "BatchStopJobRun",
			&glue.BatchStopJobRunRequest{JobName: r.JobName, JobRunIds: []string{r.Id}})
	}
	for _, w := range t.workflows {
		t.stopRuns(ctx, w)
	}
	// A trigger goes before the workflow that it belongs to, where deleting that
	// leaves triggers behind.
	for _, name := range t.triggers {
		t.remove(ctx, "trigger "+name, "DeleteTrigger", &glue.DeleteTriggerRequest{Name: name})
	}
	for _, name := range t.workflows {
		t.remove(ctx, "workflow "+name, "DeleteWorkflow", &glue.DeleteWorkflowRequest{Name: name})
	}
	for _, name := range t.jobs {
		t.remove(ctx, "job "+name, "DeleteJob", &glue.DeleteJobRequest{JobName: name})
	}
}

// remove deletes one thing, or notes that it is left behind.
func (t *trial) remove(ctx context.Context, what, op string, in any) {
	for {
		err := t.Caller.Call(ctx, op, in, nil)
		switch {
		case err == nil || isKind(err, glue.EntityNotFound):
			return
		case isKind(err, glue.ConcurrentModification) && t.again(ctx):
			continue
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.left = append(t.left, fmt.Sprintf("%s (%v)", what, err))
		return
	}
}

func (t *trial) again(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(t.Pause):
		return true
	}
}

// stopRuns stops all runs of a workflow and waits until they are over; AWS needs up
// to a minute for that.
func (t *trial) stopRuns(ctx context.Context, workflow string) {
	ctx, cancel := context.WithTimeout(ctx, t.QuickLimit)
	defer cancel()
	asked := map[string]bool{}
	for {
		live := false
		var out glue.GetWorkflowRunsResponse
		err := t.Caller.Call(ctx, "GetWorkflowRuns", &glue.GetWorkflowRunsRequest{Name: workflow}, &out)
		if err != nil {
			return // deleting the workflow tells
		}
		for i := range out.Runs {
			r := &out.Runs[i]
			if over(r.Status) {
				continue
			}
			live = true
			if asked[r.WorkflowRunId] {
				continue
			}
			asked[r.WorkflowRunId] = true
			err := t.Caller.Call(ctx, "StopWorkflowRun", &glue.StopWorkflowRunRequest{Name: workflow, RunId: r.WorkflowRunId}, nil)
			var answered *glue.Error
			if errors.As(err, &answered) && answered.Kind != glue.IllegalWorkflowState {
				return // it can't be stopped
			}
		}
		if !live || !t.again(ctx) {
			return
		}
	}
}

func over(s glue.WorkflowRunStatus) bool {
	return s != glue.WorkflowRunStatusRunning && s != glue.WorkflowRunStatusStopping
}

func isKind(err error, kind glue.Kind) bool { return errors.Is(err, &glue.Error{Kind: kind}) }
