package verify

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

// Runs are stopped before what they belong to goes, a busy endpoint is asked again,
// and what stays is named.
func TestCleanUp(t *testing.T) {
	t.Parallel()
	live, busy := true, 2
	e := &endpoint{answer: func(op string, in any) (any, error) {
		switch op {
		case "GetWorkflowRuns":
			status := glue.WorkflowRunStatusCompleted
			if live {
				status = glue.WorkflowRunStatusRunning
			}
			return glue.GetWorkflowRunsResponse{Runs: []glue.WorkflowRun{
				{WorkflowRunId: "wr_live", Status: status}, {WorkflowRunId: "wr_old", Status: glue.WorkflowRunStatusStopped},
			}}, nil
		case "StopWorkflowRun":
			if in.(*glue.StopWorkflowRunRequest).RunId != "wr_live" {
				t.Errorf("stops %+v", in)
			}
			live = false
		case "DeleteTrigger":
			if busy--; busy >= 0 {
				return nil, &glue.Error{Kind: glue.ConcurrentModification, Message: "busy"}
			}
		case "DeleteWorkflow":
			return nil, &glue.Error{Kind: glue.EntityNotFound}
		case "DeleteJob":
			if nameOf(in) == "B" {
				return nil, &glue.Error{Kind: "AccessDeniedException", Message: "no"}
			}
		}
		return nil, nil
	}}
	synctest.Test(t, func(t *testing.T) {
		tr := trialOn(t, e, Documented)
		tr.workflows, tr.triggers, tr.jobs = []string{"W"}, []string{"T"}, []string{"A", "B"}
		tr.started = []glue.JobRun{{Id: "jr_1", JobName: "A"}}
		tr.cleanUp(t.Context())
		if len(tr.left) != 1 || !strings.Contains(tr.left[0], "job B (") || !strings.Contains(tr.left[0], "no") {
			t.Errorf("left %q", tr.left)
		}
	})
	want := []string{
		"BatchStopJobRun A", "GetWorkflowRuns W", "StopWorkflowRun W", "GetWorkflowRuns W",
		"DeleteTrigger T", "DeleteTrigger T", "DeleteTrigger T", "DeleteWorkflow W", "DeleteJob A", "DeleteJob B",
	}
	if diff := cmp.Diff(want, e.calls); diff != "" {
		t.Error(diff)
	}
}

// A run that never ends does not hold the rest up for long, and what can't be
// stopped is left to the deletion.
func TestCleanUpGoesOn(t *testing.T) {
	t.Parallel()
	for _, refusal := range []glue.Kind{glue.IllegalWorkflowState, glue.InvalidInput} {
		e := &endpoint{answer: func(op string, _ any) (any, error) {
			switch op {
			case "GetWorkflowRuns":
				return glue.GetWorkflowRunsResponse{Runs: []glue.WorkflowRun{{WorkflowRunId: "wr_1", Status: glue.WorkflowRunStatusStopping}}}, nil
			case "StopWorkflowRun":
				return nil, &glue.Error{Kind: refusal}
			}
			return nil, nil
		}}
		synctest.Test(t, func(t *testing.T) {
			tr := trialOn(t, e, Documented)
			tr.workflows = []string{"W"}
			tr.cleanUp(t.Context())
		})
		if stops := e.called("", "StopWorkflowRun"); len(stops) != 1 {
			t.Errorf("%s: %q", refusal, stops)
		}
		if diff := cmp.Diff([]string{"DeleteWorkflow W"}, e.called("", "DeleteWorkflow")); diff != "" {
			t.Error(diff)
		}
	}
}
