package engine

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// Resumed is the answer to a resume.
type Resumed struct {
	RunID   string
	NodeIDs []string
}

// ResumeRequest is a resume. Workflow, RunID and Nodes alone are AWS's; what the
// rest asks for is kept with the new run.
type ResumeRequest struct {
	Workflow, RunID string
	flow.Request
	// By names who asks.
	By string
	// Because is the reason for accepting nodes.
	Because string
	// Properties are set in the new run over those that it takes over.
	Properties map[string]string
	// Overrides are set for jobs, by name, over those that it inherits.
	Overrides map[string]glue.RunOverride
	// AnyResume lifts R41 for this resume.
	AnyResume bool
	// ExpectHead is the run that must be the newest of the family; empty for any.
	ExpectHead string
	// Files are the contents that jobs must use: locations and SHA-256.
	Files map[string]string
	// Before are commands that have been run for the nodes to repeat.
	Before []store.Before
	// Current moves the run to the workflow's triggers as they are now.
	Current bool
	// Token makes repeats of this request with the same token one resume. Body
	// stands for all that is asked for, to tell another request under that token.
	Token, Body string
	// Check may refuse the resume as late as in its own transaction.
	Check func(tx *store.Tx) error
	// Rewind sets the bookmarks of jobs back, as part of the transaction; nil sets none.
	// Rewound names the jobs.
	Rewind  func(tx *store.Tx, now glue.Time) error
	Rewound []string
	// planned is the planned resume that this one carries out.
	planned *store.Planned
}

// ResumeWorkflowRun starts a new run that repeats the nodes and all downstream
// of them and carries the rest (glue-semantics 6). Checks come in the order of
// R1; a refused call leaves nothing behind. Errors: EntityNotFound,
// IllegalWorkflowState, InvalidInput, ConcurrentRunsExceeded,
// IdempotentMismatch.
func (e *Engine) ResumeWorkflowRun(ctx context.Context, call Call, req *ResumeRequest) (res Resumed, err error) {
	err = e.do(ctx, func(b *batch) error {
		return b.once(call, &res, func() error {
			return b.onceToken(call, req, &res, func() error {
				res, err = b.resume(req)
				return err
			})
		})
	})
	return res, err
}

// onceToken gives the first answer again to who repeats a request under its own
// token.
func (b *batch) onceToken(call Call, req *ResumeRequest, res *Resumed, f func() error) error {
	if req.Token == "" {
		return f()
	}
	call = call.under(req.Token, req.Body)
	if _, err := call.matches(b.tx, req.Token); err != nil {
		return err
	}
	return b.once(call, res, f)
}

// under is the call as its own token names it, whoever makes it.
func (c Call) under(token, body string) Call {
	return Call{Operation: c.Operation, Invocation: "token " + token, BodyHash: body}
}

// matches refuses a token that was used for another request.
func (c Call) matches(tx *store.Tx, token string) (*store.Invocation, error) {
	seen, err := tx.Invocation(c.Caller, c.Operation, c.Invocation)
	if err == nil && seen != nil && seen.Body != c.BodyHash {
		err = glue.Errorf(glue.IdempotentMismatch, "ClientToken %s was used for another resume; use a new one for each", token)
	}
	return seen, err
}

// Repeated is the answer that was given to a call, or under its token, before; ok
// is false when there was none. Since then the run and its jobs may have changed in
// a way in which the same request would be refused now, so this comes first.
func (e *Engine) Repeated(tx *store.Tx, call Call, token, body string) (res Resumed, ok bool, err error) {
	var seen *store.Invocation
	if call.Invocation != "" {
		seen, err = tx.Invocation(call.Caller, call.Operation, call.Invocation)
		if seen != nil && seen.Body != call.BodyHash {
			seen = nil
		}
	}
	if err == nil && seen == nil && token != "" {
		seen, err = call.under(token, body).matches(tx, token)
	}
	if err != nil || seen == nil || time.Since(seen.At.Time()) >= invocationMemory {
		return res, false, err
	}
	return res, true, json.Unmarshal(seen.Answer, &res)
}

func (b *batch) resume(req *ResumeRequest) (Resumed, error) {
	w, err := b.workflow(req.Workflow)
	if err != nil {
		return Resumed{}, err
	}
	prior, err := b.tx.Run(req.Workflow, req.RunID)
	if err != nil {
		return Resumed{}, err
	}
	if prior == nil {
		return Resumed{}, notFound()
	}
	if err := IsHead(b.tx, prior, req.ExpectHead); err != nil {
		return Resumed{}, err
	}
	q := b.e.permitted(prior, req.Request)
	if err := b.e.Resumable(b.tx, prior, &q, req.AnyResume); err != nil {
		return Resumed{}, err
	}
	if err := CanMove(prior, req.Current); err != nil {
		return Resumed{}, err
	}
	run, graph, err := b.e.Load(b.tx, prior)
	if err != nil {
		return Resumed{}, err
	}
	live, ends := b.e.runs[prior.Seq], 0
	if live != nil { // it is further than its rows
		prior, run, ends = &live.rec, live.run, 1
	}
	definition, before := prior.Definition, graph
	if req.Current {
		if err := b.snapshot(w); err != nil {
			return Resumed{}, err
		}
		if definition = w.rec.Definition; definition != prior.Definition {
			run, graph = flow.Move(before, run, w.graph), w.graph
		}
	}
	plan, err := flow.ResumeAs(graph, run, &q, glue.NewRunID(), max(int64(max(b.now, prior.Completed)), run.Clock))
	if err != nil {
		return Resumed{}, err
	}
	if req.Check != nil {
		if err := req.Check(b.tx); err != nil {
			return Resumed{}, err
		}
	}
	if err := b.e.room(w, ends); err != nil {
		return Resumed{}, err
	}
	if req.planned != nil {
		if err := b.roomForPlan(graph, run, plan); err != nil {
			return Resumed{}, err
		}
	}
	if req.Rewind != nil {
		if err := req.Rewind(b.tx, b.now); err != nil {
			return Resumed{}, err
		}
	}
	res, err := b.startPlan(prior, live, definition, graph, plan, b.resumeRecord(prior, before, graph, plan, req))
	if err != nil {
		return Resumed{}, err
	}
	return res, b.skipOthers(prior.ID, req, res.RunID)
}

// IsHead refuses when another run than the expected one is the newest of the family
// of a run; empty expects nothing.
func IsHead(tx *store.Tx, run *store.Run, expected string) error {
	if expected == "" {
		return nil
	}
	head, err := Head(tx, run)
	if err != nil || head.ID == expected {
		return err
	}
	other, err := tx.Run(run.Workflow, expected)
	if err != nil {
		return err
	}
	if other == nil || other.Origin != run.Origin {
		return glue.Errorf(glue.InvalidInput,
			"Run %s was expected to be the newest of the family of run %s, but it is no run of it: the newest is %s", expected, run.ID, head.ID)
	}
	who := "someone"
	if head.Resume != nil && head.Resume.By != "" {
		who = head.Resume.By
	}
	return glue.Errorf(glue.ConcurrentModification,
		"Run %s was expected to be the newest of its family, but %s has resumed it since: run %s is the newest (%s, started %s). Look at that one first",
		expected, who, head.ID, head.Status, head.Started.Time().UTC().Format(time.RFC3339))
}

// Head is the newest run of the family of a run: of the run that the resumes began
// with, those that resumed it, and theirs.
func Head(tx *store.Tx, run *store.Run) (*store.Run, error) {
	head := run
	// Of those between them some may be past retention.
	ids := []string{run.Origin, run.ID}
	for len(ids) > 0 {
		id := ids[0]
		again, err := tx.ResumesOf(id)
		if err != nil {
			return nil, err
		}
		ids = append(ids[1:], again...)
		r, err := tx.Run(run.Workflow, id)
		if err != nil {
			return nil, err
		}
		if r != nil && r.Seq > head.Seq {
			head = r
		}
	}
	return head, nil
}

// Resumable checks the state of a run (R3, R38) and of its chain (R41), for a request
// with what the settings permit.
func (e *Engine) Resumable(tx *store.Tx, prior *store.Run, q *flow.Request, anyResume bool) error {
	if by := glue.SupersededBy(prior.Error); by != "" {
		return glue.Errorf(glue.IllegalWorkflowState,
			"Workflow run %s was superseded by run %s, to which what ran in it was moved: resume that one", prior.ID, by)
	}
	if running := q.WhileRunning && prior.Status == glue.WorkflowRunStatusRunning; !running && !q.AnyEnd {
		if err := flow.Resumable(&flow.Run{ID: prior.ID, Status: prior.Status}); err != nil {
			return err
		}
	}
	if prior.Previous == "" || e.opt.UnlimitedResumes || anyResume {
		return nil
	}
	again, err := tx.ResumesOf(prior.ID)
	if err != nil || len(again) == 0 {
		return err
	}
	return glue.Errorf(glue.IllegalWorkflowState,
		"Workflow run %s is itself a resumed run and was already resumed as %s; resume the original run %s instead",
		prior.ID, again[0], prior.Origin)
}

// permitted is a request with what the settings permit beside it.
func (e *Engine) permitted(prior *store.Run, q flow.Request) flow.Request {
	q.AnyEnd = e.anyEnd(prior, q.AnyEnd)
	q.WhileRunning = q.WhileRunning || e.opt.ResumeRunning
	return q
}

// CanMove refuses to take a run that is not over to other triggers.
func CanMove(prior *store.Run, current bool) error {
	if !current || !prior.Completed.IsZero() {
		return nil
	}
	return glue.Errorf(glue.InvalidInput,
		"Workflow run %s is %s: it can be resumed on its own triggers alone (Definition original), or on the current ones when it has ended", prior.ID, prior.Status)
}

// anyEnd reports whether a run may be resumed though it is not COMPLETED: a
// STOPPED one if the settings permit it, a STOPPED or ERROR one if the request
// asks for it.
func (e *Engine) anyEnd(prior *store.Run, asked bool) bool {
	switch prior.Status {
	case glue.WorkflowRunStatusStopped:
		return asked || e.opt.ResumeStopped
	case glue.WorkflowRunStatusError:
		return asked
	default:
		return false
	}
}

// startPlan starts the new run of a plan on the graph of a definition. The run before
// is live if it is superseded.
func (b *batch) startPlan(prior *store.Run, live *liveRun, definition int64, graph *flow.Graph, plan *flow.Plan, record *store.Resume) (Resumed, error) {
	properties, err := b.tx.Properties(prior.Seq)
	if err != nil {
		return Resumed{}, err
	}
	if record != nil && len(record.Properties) > 0 {
		properties = maps.Clone(properties)
		if properties == nil {
			properties = map[string]string{}
		}
		maps.Copy(properties, record.Properties)
	}
	lr := &liveRun{
		rec: store.Run{
			ID: plan.Run.ID, Workflow: prior.Workflow, Status: plan.Run.Status,
			Started: glue.Time(plan.Run.Clock), Previous: prior.ID, Origin: prior.Origin,
			Roots: plan.Roots, Resume: record, Sources: plan.Run.Sources[1:], Definition: definition, Clock: plan.Run.Clock, Rev: 1,
		},
		run: plan.Run, graph: graph, attempts: map[int]*liveJob{},
	}
	if err := b.insertRun(lr, properties); err != nil {
		return Resumed{}, err
	}
	if live != nil {
		if err := b.supersede(live, lr); err != nil {
			return Resumed{}, err
		}
	}
	res := Resumed{RunID: lr.rec.ID}
	for _, n := range plan.Roots {
		res.NodeIDs = append(res.NodeIDs, graph.Nodes[n].ID)
	}
	var refused []flow.Ended
	for i := range plan.Start {
		end, err := b.startAttempt(lr, &plan.Start[i], plan.Run.Clock)
		if err != nil {
			return Resumed{}, err
		}
		if end != nil {
			refused = append(refused, *end)
		}
	}
	if plan.Run.Over() { // accepting was all that there was to do
		return res, b.writeRun(lr)
	}
	for i := range refused {
		if err := b.apply(lr, refused[i]); err != nil {
			return Resumed{}, err
		}
	}
	return res, nil
}

// resumeRecord is what the new run keeps of the request; nil when that is nothing
// beyond the nodes.
func (b *batch) resumeRecord(prior *store.Run, before, graph *flow.Graph, plan *flow.Plan, req *ResumeRequest) *store.Resume {
	r := &store.Resume{
		By: req.By, Held: plan.Run.Held, Properties: req.Properties, Files: req.Files, Before: req.Before, Rewound: req.Rewound,
		AnyEnd: prior.Status == glue.WorkflowRunStatusStopped || prior.Status == glue.WorkflowRunStatusError, Moved: before != graph,
		WhileRunning: prior.Status == glue.WorkflowRunStatusRunning,
	}
	inherited := prior.Resume
	if inherited == nil {
		inherited = &store.Resume{}
	}
	r.Overrides = maps.Clone(inherited.Overrides)
	for job, o := range req.Overrides {
		if r.Overrides == nil {
			r.Overrides = map[string]glue.RunOverride{}
		}
		r.Overrides[job] = o.Over(r.Overrides[job])
	}
	for _, a := range inherited.Accepted {
		var ok bool
		if a.Node, ok = graph.NodeByID(before.Nodes[a.Node].ID); ok && plan.Run.Nodes[a.Node].Accepted {
			r.Accepted = append(r.Accepted, a)
		}
	}
	for _, n := range plan.Run.Accepted {
		r.Accepted = append(r.Accepted, store.Acceptance{
			Node: n, By: req.By, Because: req.Because, At: b.now, Run: plan.Run.ID, State: plan.Prior[n].Job(),
		})
	}
	if reflect.ValueOf(*r).IsZero() {
		return nil
	}
	r.At = b.now
	return r
}
