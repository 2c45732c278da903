package api

import (
	"context"

	"github.com/reglue/reglue/internal/glue"
)

// resumeWorkflowRun checks the request's shape; all that depends on the run is
// checked by the engine in the transaction that creates the new one (R1).
func (a *API) resumeWorkflowRun(ctx context.Context, r *glue.ResumeWorkflowRunRequest) (*glue.ResumeWorkflowRunResponse, error) {
	if len(r.NodeIds) == 0 { // R4
		return nil, invalid("NodeIds cannot be empty: name at least one node that the run attempted")
	}
	if a.readOnly {
		return nil, errReadOnly
	}
	res, err := a.engine.ResumeWorkflowRun(ctx, callFrom(ctx, "ResumeWorkflowRun"), r.Name, r.RunId, r.NodeIds)
	if err != nil {
		return nil, err
	}
	return &glue.ResumeWorkflowRunResponse{RunId: res.RunID, NodeIds: res.NodeIDs}, nil
}
