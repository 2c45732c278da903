package api

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

type clientTokenKey struct{}

// withToken lets a request carry a ClientToken beside AWS's members: a repeat with
// the same one gets the first answer.
func withToken(f operation) operation {
	return func(a *API, ctx context.Context, op string, body []byte) (any, error) {
		var extra struct{ ClientToken json.RawMessage }
		if json.Unmarshal(body, &extra) != nil || extra.ClientToken == nil {
			return f(a, ctx, op, body) // what is wrong with it is said there
		}
		var token string
		if err := json.Unmarshal(extra.ClientToken, &token); err != nil || token == "" || len(token) > maxClientToken {
			return nil, invalid("ClientToken must be a string of 1 to 255 characters")
		}
		return f(a, context.WithValue(ctx, clientTokenKey{}, token), op, body)
	}
}

const maxClientToken = 255

// resumeWorkflowRun checks the request's shape; all that depends on the run is
// checked by the engine in the transaction that creates the new one (R1).
func (a *API) resumeWorkflowRun(ctx context.Context, r *glue.ResumeWorkflowRunRequest) (*glue.ResumeWorkflowRunResponse, error) {
	if len(r.NodeIds) == 0 { // R4
		return nil, invalid("NodeIds cannot be empty: name at least one node that the run attempted")
	}
	if a.readOnly {
		return nil, errReadOnly
	}
	token, _ := ctx.Value(clientTokenKey{}).(string)
	res, err := a.engine.ResumeWorkflowRun(ctx, callFrom(ctx, "ResumeWorkflowRun"), &engine.ResumeRequest{
		Workflow: r.Name, RunID: r.RunId, Request: flow.Request{Nodes: r.NodeIds}, Token: token,
		Body: strings.Join(append([]string{r.Name, r.RunId}, r.NodeIds...), " "),
	})
	if err != nil {
		return nil, err
	}
	return &glue.ResumeWorkflowRunResponse{RunId: res.RunID, NodeIds: res.NodeIDs}, nil
}
