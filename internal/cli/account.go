package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/reglue/reglue/internal/api"
	"github.com/reglue/reglue/internal/console"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// account answers the console's operations over an AWS account, or another
// endpoint: AWS's own are handed on, reglue's are answered from what those tell.
// What changes something must be confirmed.
type account struct {
	t   *target
	now func() time.Time

	// resumes makes the repeats of a resume under one ClientToken one resume, as
	// long as this process lives.
	mu      sync.Mutex
	resumes map[string]*plan.ExecuteAnswer

	// last is what was last observed for a plan: a page asks for one with each node
	// that is ticked, and an account is slow to ask.
	lastMu sync.Mutex
	last   *observation
	lastAt time.Time
}

// observedFor is how long an observation serves previews.
const observedFor = 15 * time.Second

// confirmHeader says that the user has confirmed a change.
const confirmHeader = "X-Reglue-Confirm"

type confirmedKey struct{}

// withConfirmation lets the operations know what the header says.
func withConfirmation(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), confirmedKey{}, r.Header.Get(confirmHeader) == "1"))
}

// codeAccessDenied is the answer to a change that is not confirmed.
const codeAccessDenied = glue.Kind("AccessDeniedException")

// ownOperations are answered here where there are AWS's alone.
var ownOperations = map[string]func(c *account, ctx context.Context, body []byte) (any, error){
	plan.OpPlan:    answered((*account).plan),
	plan.OpExecute: answered((*account).execute),
	plan.OpExplain: answered((*account).explain),
	plan.OpFamily:  answered((*account).family),
}

func answered[Request, Answer any](f func(*account, context.Context, *Request) (Answer, error)) func(*account, context.Context, []byte) (any, error) {
	return func(c *account, ctx context.Context, body []byte) (any, error) {
		r := new(Request)
		if err := json.Unmarshal(body, r); err != nil {
			return nil, glue.Errorf(glue.Validation, "%v", err)
		}
		return f(c, ctx, r)
	}
}

// Call answers an operation.
func (c *account) Call(ctx context.Context, op string, body []byte) (any, error) {
	own := ownOperations[op]
	forward := api.Serves(op)
	if c.t.Kind != targetAWS { // it may be a reglue server
		forward = forward || api.Extends(op)
	}
	switch confirmed, _ := ctx.Value(confirmedKey{}).(bool); {
	case own == nil && !forward:
		return nil, glue.Errorf(glue.UnknownOperation, "The console does not hand %.80s on", op)
	case !reading(op) && !confirmed:
		return nil, glue.Errorf(codeAccessDenied, "%s changes something %s: it must be confirmed first (header %s: 1)", op, c.where(), confirmHeader)
	case !json.Valid(body):
		return nil, glue.Errorf(glue.Validation, "the body is not JSON")
	case !forward:
		return own(c, ctx, body)
	}
	var out json.RawMessage
	err := c.t.Call(ctx, op, json.RawMessage(body), &out)
	if own != nil && isKind(err, glue.UnknownOperation) {
		return own(c, ctx, body)
	}
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// where says in words what is looked at.
func (c *account) where() string {
	if c.t.Kind == targetAWS {
		return "in the AWS account of profile " + c.t.Profile
	}
	return "at " + c.t.Endpoint
}

// Error says how an error is sent: as the account said it, as one of ours, or that
// the account can't be reached.
func (c *account) Error(err error) (status int, code, message string) {
	var said *glue.Error
	var lost *url.Error
	switch {
	case errors.As(err, &said) && said.Kind == glue.Internal:
		return http.StatusInternalServerError, string(said.Kind), said.Message
	case errors.As(err, &said):
		return http.StatusBadRequest, string(said.Kind), said.Message
	case errors.As(err, &lost), isLost(err):
		return http.StatusServiceUnavailable, "ServiceUnavailableException", err.Error()
	}
	return http.StatusBadRequest, string(glue.InvalidInput), err.Error()
}

func (c *account) plan(ctx context.Context, r *plan.PreviewRequest) (*plan.Answer, error) {
	c.lastMu.Lock()
	o := c.last
	if r.PlanToken != "" || o == nil || o.prior.Name != r.Name || o.prior.WorkflowRunId != r.RunId || c.now().Sub(c.lastAt) > observedFor {
		o = nil
	}
	c.lastMu.Unlock()
	return c.planFrom(ctx, o, r)
}

// planFrom makes a plan from an observation; without one it looks.
func (c *account) planFrom(ctx context.Context, o *observation, r *plan.PreviewRequest) (*plan.Answer, error) {
	if beyond := beyondAWS(&r.Request, c.t.Profile != ""); len(beyond) > 0 {
		return nil, glue.Errorf(glue.InvalidInput, "%s: AWS's own operations can't do that; it needs a reglue server", strings.Join(beyond, ", "))
	}
	if o == nil {
		var err error
		if o, err = c.look(ctx, r.Name, r.RunId); err != nil {
			return nil, err
		}
	}
	if err := expectHead(o.head, r.ExpectHead); err != nil {
		return nil, err
	}
	return o.plan(&r.Request, r.PlanToken, c.now())
}

// look observes a run for plans.
func (c *account) look(ctx context.Context, name, run string) (*observation, error) {
	prior, err := getRun(ctx, c.t, name, run)
	if err != nil {
		return nil, err
	}
	if prior.Graph == nil {
		return nil, glue.Errorf(glue.InvalidInput, "run %s has no graph", run)
	}
	o, err := observeForPlan(ctx, c.t, prior)
	if err != nil {
		return nil, err
	}
	c.lastMu.Lock()
	defer c.lastMu.Unlock()
	c.last, c.lastAt = o, c.now()
	return o, nil
}

// beyondAWS names the members of a request that no AWS operation can honour.
func beyondAWS(r *plan.Request, profile bool) []string {
	var out []string
	for _, m := range []struct {
		name  string
		given bool
	}{
		{"Select.Changed", r.Select.Changed && !profile}, {"Select.Missing", r.Select.Missing && !profile},
		{"Select.Recommended", r.Select.Recommended && !profile}, {"Select.Held", r.Select.Held},
		{"Accept", len(r.Accept) > 0}, {"Until", len(r.Until) > 0}, {"Except", len(r.Except) > 0},
		{"Properties", len(r.Properties) > 0}, {"Overrides", len(r.Overrides) > 0},
		{"RewindBookmarks", len(r.RewindBookmarks) > 0 || r.RewindAllBookmarks},
		{"Definition", r.Definition == "current"}, {"AnyEnd", r.AnyEnd}, {"AnyResume", r.AnyResume},
	} {
		if m.given {
			out = append(out, m.name)
		}
	}
	return out
}

// execute resumes a run with AWS's own operation. What it is bound to, a plan or the
// newest run, is looked at before; somebody may still come between.
func (c *account) execute(ctx context.Context, r *plan.ExecuteRequest) (*plan.ExecuteAnswer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if done := c.resumes[r.ClientToken]; done != nil {
		return done, nil
	}
	if len(r.Before) > 0 {
		return nil, glue.Errorf(glue.InvalidInput, "Before: AWS's own operations can't keep that; it needs a reglue server")
	}
	p, err := c.planFrom(ctx, nil, &plan.PreviewRequest{Request: r.Request, PlanToken: r.PlanToken, ExpectHead: r.ExpectHead})
	if err != nil {
		return nil, err
	}
	ids := r.NodeIds
	for i := range p.Choices {
		ids = append(ids, p.Choices[i].ID)
	}
	out, err := call[glue.ResumeWorkflowRunResponse](ctx, c.t, "ResumeWorkflowRun",
		&glue.ResumeWorkflowRunRequest{Name: r.Name, RunId: r.RunId, NodeIds: ids})
	if err != nil {
		return nil, err
	}
	c.lastMu.Lock()
	c.last = nil // there is a newer run
	c.lastMu.Unlock()
	answer := &plan.ExecuteAnswer{RunId: out.RunId, NodeIds: out.NodeIds}
	if r.ClientToken != "" {
		c.resumes[r.ClientToken] = answer
	}
	return answer, nil
}

func (c *account) explain(ctx context.Context, r *plan.ExplainRequest) (*plan.ExplainAnswer, error) {
	run, err := getRun(ctx, c.t, r.Name, r.RunId)
	if err != nil {
		return nil, err
	}
	g, state, _, err := observe(ctx, c.t, run)
	if err != nil {
		return nil, err
	}
	return plan.Explain(g, state), nil
}

func (c *account) family(ctx context.Context, r *plan.FamilyRequest) (*plan.FamilyAnswer, error) {
	run, err := getRun(ctx, c.t, r.Name, r.RunId)
	if err != nil {
		return nil, err
	}
	f, err := observeFamily(ctx, c.t, run, c.now())
	if err != nil {
		return nil, err
	}
	return f.Describe(), nil
}

// log says where the log of a job run is: not here.
func (c *account) log(ctx context.Context, id, job string) (*console.Log, error) {
	if c.t.Kind != targetAWS {
		return &console.Log{Text: "The log is a file in the server's data folder. On its machine:", Command: "reglue logs " + id + " --data FOLDER"}, nil
	}
	run := &glue.JobRun{Id: id}
	if job != "" {
		out, err := call[glue.GetJobRunResponse](ctx, c.t, "GetJobRun", &glue.GetJobRunRequest{JobName: job, RunId: id})
		if err != nil {
			return nil, err
		}
		if out.JobRun != nil {
			run = out.JobRun
		}
	}
	command := tailCommand(run) + " --profile " + quote(c.t.Profile)
	if c.t.Region != "" {
		command += " --region " + quote(c.t.Region)
	}
	return &console.Log{Text: fmt.Sprintf("The log is in CloudWatch, what went wrong in %s/error.", logGroup(run)), Command: command}, nil
}
