package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

// extensions are operations that AWS Glue does not have.
var extensions = map[string]operation{
	plan.OpPlan:    extended((*API).planResume),
	plan.OpExecute: extended((*API).executeResume),
	plan.OpGet:     extended((*API).getResume),
}

// extended makes an operation of a function whose request no model describes:
// every member must be known and of its type.
func extended[Request, Response any](f func(*API, context.Context, *Request) (Response, error)) operation {
	return func(a *API, ctx context.Context, op string, body []byte) (any, error) {
		request := new(Request)
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.DisallowUnknownFields()
		if err := dec.Decode(request); err != nil && !errors.Is(err, io.EOF) {
			return nil, glue.Errorf(glue.Validation, "%s: %v", op, strings.TrimPrefix(err.Error(), "json: "))
		}
		return f(a, ctx, request)
	}
}

// worked is a plan that was worked out, with what it rests on.
type worked struct {
	rec     *store.Run
	jobs    map[string]*plan.Job
	answer  plan.Answer
	request flow.Request
}

// planResume answers what a resume would do. It writes nothing.
func (a *API) planResume(ctx context.Context, r *plan.Request) (*plan.Answer, error) {
	w, err := a.workOut(ctx, r)
	if err != nil {
		return nil, err
	}
	return &w.answer, nil
}

// workOut makes the plan.
func (a *API) workOut(ctx context.Context, r *plan.Request) (*worked, error) {
	w := &worked{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		var err error
		if w.rec, err = findRun(tx, r.Name, r.RunId); err != nil {
			return err
		}
		run, g, err := a.engine.Load(tx, w.rec)
		if err != nil {
			return err
		}
		if w.jobs, err = a.jobFacts(tx, w.rec, run, g); err != nil {
			return err
		}
		if err := a.choose(w, g, run, r); err != nil {
			return err
		}
		p, err := flow.ResumeAs(g, run, &w.request, "the new run", int64(w.rec.Completed))
		if err != nil {
			return err
		}
		subject := plan.Subject{Graph: g, Prior: run, Plan: p}
		w.answer.Plan = subject.Describe(r.Name, w.jobs, true)
		a.addWritten(w.answer.Plan, g, run)
		head, err := engine.Head(tx, w.rec)
		if err != nil {
			return err
		}
		w.answer.Plan.Head = head.ID
		w.answer.Plan.Token = w.basis(r).Token()
		return nil
	})
	return w, err
}

// maxWrittenNodes bounds the nodes whose writes are looked up.
const maxWrittenNodes = 200

// addWritten says of the nodes to repeat what their latest attempt was seen to
// write.
func (a *API) addWritten(d *plan.Plan, g *flow.Graph, run *flow.Run) {
	looked := 0
	for n := range d.Nodes {
		risk := d.Nodes[n].Risk
		at, ok := run.Latest(g, n)
		if risk == nil || !ok || looked == maxWrittenNodes {
			continue
		}
		looked++
		id := run.JobRunID(g, run.Nodes[n].Source, at, run.Actions[at.Action].Retry)
		risk.Written, risk.More = a.opt.Files.Written(id)
	}
}

// choose turns the request into the core's: what the selectors choose is added to
// the nodes that are named.
func (a *API) choose(w *worked, g *flow.Graph, run *flow.Run, r *plan.Request) error {
	if err := checkResume(r); err != nil {
		return err
	}
	w.request = flow.Request{
		Nodes: slices.Clone(r.NodeIds), Accept: r.Accept, Until: r.Until, Except: r.Except,
		AnyEnd: r.AnyEnd || a.opt.ResumeStopped && w.rec.Status == glue.WorkflowRunStatusStopped,
	}
	if !r.Select.Any() {
		return nil
	}
	w.answer.Choices = plan.Select(g, run, w.jobs, r.Select)
	for i := range w.answer.Choices {
		if id := w.answer.Choices[i].ID; !slices.Contains(r.Accept, id) {
			w.request.Nodes = append(w.request.Nodes, id)
		}
	}
	if len(w.request.Nodes)+len(r.Accept) == 0 {
		return glue.Errorf(glue.InvalidInput, "Nothing of run %s is %s: there is nothing to repeat, and nothing was changed", r.RunId, selected(r.Select))
	}
	return nil
}

// selected says what selectors look for.
func selected(s plan.Selectors) string {
	var words []string
	for _, w := range []struct {
		on   bool
		word string
	}{
		{s.Failed, "failed"}, {s.Changed, "changed"}, {s.Missing, "without its declared output"},
		{s.Held, "held back and ready"}, {s.Recommended, "in need of repair"},
	} {
		if w.on {
			words = append(words, w.word)
		}
	}
	return strings.Join(words, " or ")
}

// checkResume holds what a request sets against the limits.
func checkResume(r *plan.Request) error {
	if len(r.Accept) > 0 && strings.TrimSpace(r.Because) == "" {
		return invalid("Because is required with Accept: say why the failed node counts as SUCCEEDED")
	}
	if err := checkProperties("Properties", r.Properties); err != nil {
		return err
	}
	for _, job := range slices.Sorted(maps.Keys(r.Overrides)) {
		o := r.Overrides[job]
		if err := checkTimeout(o.Timeout); err != nil {
			return err
		}
		if o.Retries != nil && (*o.Retries < 0 || *o.Retries > maxRetries) {
			return invalid("Overrides: Retries of %s must be between 0 and %d", job, maxRetries)
		}
	}
	return nil
}

// basis is what the plan rests on. The selectors count by what they chose.
func (w *worked) basis(r *plan.Request) *plan.Basis {
	request := *r
	request.Select, request.NodeIds = plan.Selectors{}, w.request.Nodes
	return plan.NewBasis(w.answer.Plan, request, fmt.Sprintf("%s %d", w.rec.Status, w.rec.Rev), w.jobs)
}

// executeResume resumes a run, if it is asked for only as the plan said.
func (a *API) executeResume(ctx context.Context, r *plan.ExecuteRequest) (*plan.ExecuteAnswer, error) {
	if a.readOnly {
		return nil, errReadOnly
	}
	w, err := a.workOut(ctx, &r.Request)
	if err != nil {
		return nil, err
	}
	req := &engine.ResumeRequest{
		Workflow: r.Name, RunID: r.RunId, Request: w.request, By: r.By, Because: r.Because,
		Properties: r.Properties, Overrides: r.Overrides, AnyResume: r.AnyResume, ExpectHead: r.ExpectHead,
		Token: r.ClientToken,
	}
	for _, b := range r.Before {
		req.Before = append(req.Before, store.Before{Node: b.Node, Command: b.Command, At: b.At, Took: b.TookMs, Output: b.Output})
	}
	if err := checkOverridden(w, r.Overrides); err != nil {
		return nil, err
	}
	if r.PlanToken != "" {
		if err := a.hold(w, r, req); err != nil {
			return nil, err
		}
	}
	res, err := a.engine.ResumeWorkflowRun(ctx, callFrom(ctx, plan.OpExecute), req)
	if err != nil {
		return nil, err
	}
	return &plan.ExecuteAnswer{RunId: res.RunID, NodeIds: res.NodeIDs}, nil
}

// checkOverridden refuses overrides of jobs that the run does not have.
func checkOverridden(w *worked, overrides map[string]glue.RunOverride) error {
	for _, job := range slices.Sorted(maps.Keys(overrides)) {
		if w.jobs[job] == nil {
			return invalid("Overrides names the job %s, which is not part of the run", job)
		}
	}
	return nil
}

// hold binds a resume to its plan: it is refused if the plan does not hold any
// more, now or in the transaction that starts the run, and its jobs run the very
// files that the plan rests on.
func (a *API) hold(w *worked, r *plan.ExecuteRequest, req *engine.ResumeRequest) error {
	changes, err := w.basis(&r.Request).Compare(r.PlanToken)
	if err != nil {
		return invalid("PlanToken: %v", err)
	}
	if len(changes) > 0 {
		return stalePlan(changes)
	}
	req.Files = pinned(w.answer.Plan, w.jobs)
	for _, location := range slices.Sorted(maps.Keys(req.Files)) {
		want := req.Files[location]
		if want == "?" {
			delete(req.Files, location) // it can't be read; the job run will say so
			continue
		}
		sum, err := a.opt.Files.Pin(location)
		if err != nil {
			return fmt.Errorf("keep %s for the new run: %w", location, err)
		}
		if sum != want {
			return stalePlan([]string{"the file " + location + " changed"})
		}
	}
	req.ExpectHead = w.answer.Plan.Head
	req.Check = func(tx *store.Tx) error { return a.stillHolds(tx, w) }
	return nil
}

// stillHolds looks again at the definitions, within the transaction.
func (a *API) stillHolds(tx *store.Tx, w *worked) error {
	defs, err := tx.JobDefinitions()
	if err != nil {
		return err
	}
	reader := a.newRunReader(tx)
	var changes []string
	for i := range w.answer.Plan.Nodes {
		n := &w.answer.Plan.Nodes[i]
		job := w.jobs[n.Name]
		if job == nil || !n.Runs() {
			continue
		}
		id, ok := defs[n.Name]
		if !ok {
			if !job.Gone {
				changes = append(changes, "the job "+n.Name+" was deleted")
			}
			continue
		}
		def, err := reader.definition(id)
		if err != nil {
			return err
		}
		if a.definitionHash(id, def) != job.Definition {
			changes = append(changes, "the definition of job "+n.Name+" changed")
		}
	}
	if len(changes) > 0 {
		return stalePlan(changes)
	}
	return nil
}

func stalePlan(changes []string) error {
	return glue.Errorf(glue.ConcurrentModification,
		"The plan does not hold any more, and nothing was started: %s. Make a new plan", strings.Join(changes, "; "))
}

// getResume answers what a run keeps of its resume.
func (a *API) getResume(ctx context.Context, r *plan.GetRequest) (*plan.Record, error) {
	out := &plan.Record{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		rec, err := findRun(tx, r.Name, r.RunId)
		if err != nil || rec.Resume == nil {
			return err
		}
		g, err := a.engine.Graph(tx, rec.Definition)
		if err != nil {
			return err
		}
		out = viewResume(rec.Resume, g)
		return nil
	})
	return out, err
}

func viewResume(rec *store.Resume, g *flow.Graph) *plan.Record {
	out := &plan.Record{
		By: rec.By, At: rec.At, Overrides: rec.Overrides, Properties: rec.Properties,
		Pinned: len(rec.Files), AnyEnd: rec.AnyEnd,
	}
	for _, n := range rec.Held {
		out.Held = append(out.Held, g.Nodes[n].ID)
	}
	for _, acc := range rec.Accepted {
		out.Accepted = append(out.Accepted, plan.Acceptance{
			NodeId: g.Nodes[acc.Node].ID, By: acc.By, Because: acc.Because, At: acc.At, RunId: acc.Run, State: acc.State,
		})
	}
	for _, b := range rec.Before {
		out.Before = append(out.Before, plan.Before{Node: b.Node, Command: b.Command, At: b.At, TookMs: b.Took, Output: b.Output})
	}
	return out
}
