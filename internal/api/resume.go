package api

import (
	"context"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// resumeRequest may carry a token beside AWS's members: a repeat with the same one
// gets the first answer.
type resumeRequest struct {
	glue.ResumeWorkflowRunRequest
	ClientToken string
}

// resumeWorkflowRun checks the request's shape; all that depends on the run is
// checked by the engine in the transaction that creates the new one (R1).
func (a *API) resumeWorkflowRun(ctx context.Context, r *resumeRequest) (*glue.ResumeWorkflowRunResponse, error) {
	if len(r.NodeIds) == 0 { // R4
		return nil, invalid("NodeIds cannot be empty: name at least one node that the run attempted")
	}
	if a.readOnly {
		return nil, errReadOnly
	}
	res, err := a.engine.ResumeWorkflowRun(ctx, callFrom(ctx, "ResumeWorkflowRun"), &engine.ResumeRequest{
		Workflow: r.Name, RunID: r.RunId, Request: flow.Request{Nodes: r.NodeIds}, Token: r.ClientToken,
	})
	if err != nil {
		return nil, err
	}
	return &glue.ResumeWorkflowRunResponse{RunId: res.RunID, NodeIds: res.NodeIDs}, nil
}
