package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
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

	plan.OpExplain: extended((*API).explainRun),
	plan.OpFamily:  extended((*API).getFamily),

	plan.OpStartBulk:  extended((*API).startBulk),
	plan.OpGetBulk:    extended((*API).getBulk),
	plan.OpListBulks:  extended((*API).listBulks),
	plan.OpUpdateBulk: extended((*API).updateBulk),
	plan.OpRepairs:    extended((*API).listRepairs),
}

// extended makes an operation of a function whose request no model describes:
// every member must be known and of its type.
func extended[Request, Response any](f func(*API, context.Context, *Request) (Response, error)) operation {
	return func(a *API, ctx context.Context, op string, body []byte) (any, error) {
		request := new(Request)
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.DisallowUnknownFields()
		err := dec.Decode(request)
		if err == nil {
			_, err = dec.Token() // nothing may follow
			if err == nil {
				err = errors.New("more follows after the request")
			}
		}
		if !errors.Is(err, io.EOF) {
			return nil, glue.Errorf(glue.Validation, "%s: %s", op, strings.TrimPrefix(err.Error(), "json: "))
		}
		return f(a, ctx, request)
	}
}

// worked is a plan that was worked out, with what it rests on.
type worked struct {
	rec *store.Run
	// properties are those of the run, which the new one takes over.
	properties map[string]string
	// triggers stand for those that the workflow has now, if the resume goes on them.
	triggers string
	jobs     map[string]*plan.Job
	answer   plan.Answer
	request  flow.Request
}

// planResume answers what a resume would do. It writes nothing.
func (a *API) planResume(ctx context.Context, r *plan.PreviewRequest) (*plan.Answer, error) {
	w, err := a.workOut(ctx, &r.Request, r.ExpectHead)
	if err != nil {
		return nil, err
	}
	if r.PlanToken != "" {
		if err := w.compare(&r.Request, r.PlanToken); err != nil {
			return nil, err
		}
	}
	return &w.answer, nil
}

// workOut makes the plan. What the resume would be refused for is refused.
func (a *API) workOut(ctx context.Context, r *plan.Request, head string) (*worked, error) {
	if err := checkResume(r); err != nil {
		return nil, err
	}
	w := &worked{}
	change := a.changes.Load() // before the view, so that what is kept is not older
	err := a.db.View(ctx, func(tx *store.Tx) error {
		var err error
		if w.rec, err = findRun(tx, r.Name, r.RunId); err != nil {
			return err
		}
		if err := engine.IsHead(tx, w.rec, head); err != nil {
			return err
		}
		if err := a.engine.Resumable(tx, w.rec, a.anyEnd(w.rec, r), r.AnyResume); err != nil {
			return err
		}
		if w.properties, err = tx.Properties(w.rec.Seq); err != nil {
			return err
		}
		if err := checkMerged(merge(w.properties, r.Properties)); err != nil {
			return err
		}
		run, g, err := a.engine.Load(tx, w.rec)
		if err != nil {
			return err
		}
		var differences []string
		if run, g, differences, err = a.onDefinition(tx, w.rec, run, g, r.Definition); err != nil {
			return err
		}
		if w.triggers, err = triggersNow(tx, r); err != nil {
			return err
		}
		if w.jobs, err = a.jobFacts(tx, w.rec, run, g, r.Overrides, change); err != nil {
			return err
		}
		if err := checkOverridden(w, r.Overrides); err != nil {
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
		w.answer.Plan.Differences = differences
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

// The values of a request's Definition.
const (
	definitionOriginal = "original"
	definitionCurrent  = "current"
)

// onDefinition is the run on the triggers that the new run would go on, and how
// they differ from its own.
func (a *API) onDefinition(tx *store.Tx, rec *store.Run, run *flow.Run, g *flow.Graph, which string) (*flow.Run, *flow.Graph, []string, error) {
	if which != definitionCurrent {
		return run, g, nil, nil
	}
	triggers, err := tx.WorkflowTriggers(rec.Workflow)
	if err != nil {
		return nil, nil, nil, err
	}
	now := a.engine.DesignGraph(rec.Workflow, triggers)
	differences := flow.Difference(g, now)
	if len(differences) == 0 {
		return run, g, nil, nil
	}
	return flow.Move(g, run, now), now, differences, nil
}

// triggersNow stands for the workflow's triggers if a resume goes on them as they are
// now; else it is empty.
func triggersNow(tx *store.Tx, r *plan.Request) (string, error) {
	if r.Definition != definitionCurrent {
		return "", nil
	}
	triggers, err := tx.WorkflowTriggers(r.Name)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(triggers)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

// maxWrittenNodes bounds the nodes whose writes are looked up.
const maxWrittenNodes = 200

// addWritten says of the nodes to repeat what their latest attempt was seen to
// write.
func (a *API) addWritten(d *plan.Plan, g *flow.Graph, run *flow.Run) {
	looked := 0
	for n := range d.Nodes {
		risk := d.Nodes[n].Risk
		if risk == nil || looked == maxWrittenNodes {
			continue
		}
		looked++
		risk.Written, risk.More = a.opt.Files.Written(run.EndID(g, n))
	}
}

// choose turns the request into the core's: what the selectors choose is added to
// the nodes that are named.
func (a *API) choose(w *worked, g *flow.Graph, run *flow.Run, r *plan.Request) error {
	w.request = flow.Request{
		Nodes: slices.Clone(r.NodeIds), Accept: r.Accept, Until: r.Until, Except: r.Except, AnyEnd: a.anyEnd(w.rec, r),
	}
	if !r.Select.Any() {
		return nil
	}
	left := map[string]bool{} // chosen, but accepted or left out
	for _, c := range plan.Select(g, run, w.jobs, r.Select) {
		if slices.Contains(r.Accept, c.ID) || slices.Contains(r.Except, c.ID) {
			left[c.ID] = true
			continue
		}
		w.answer.Choices = append(w.answer.Choices, c)
		w.request.Nodes = append(w.request.Nodes, c.ID)
	}
	if len(w.request.Nodes)+len(r.Accept) == 0 {
		found := "is " + selected(r.Select)
		if len(left) > 0 {
			found += " and not left out"
		}
		return glue.Errorf(glue.InvalidInput, "Nothing of run %s %s: there is nothing to repeat, and nothing was changed", r.RunId, found)
	}
	if len(left) > 0 {
		w.request.Except = followed(g, &w.request, left)
	}
	return nil
}

// followed are the nodes to leave out without those that only a selector chose:
// what nothing repeated leads to need not be held back.
func followed(g *flow.Graph, q *flow.Request, chosen map[string]bool) []string {
	var from []int
	for _, id := range slices.Concat(q.Nodes, q.Accept) {
		if n, ok := g.NodeByID(id); ok {
			from = append(from, n)
		}
	}
	reached := g.Reach(from...)
	return slices.DeleteFunc(slices.Clone(q.Except), func(id string) bool {
		n, ok := g.NodeByID(id)
		return ok && chosen[id] && !reached[n]
	})
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

// anyEnd reports whether a run may be resumed though it is not COMPLETED.
func (a *API) anyEnd(rec *store.Run, r *plan.Request) bool {
	return r.AnyEnd || a.opt.ResumeStopped && rec.Status == glue.WorkflowRunStatusStopped
}

// merge is a map with another one over it.
func merge(under, over map[string]string) map[string]string {
	all := maps.Clone(orEmpty(under))
	maps.Copy(all, over)
	return all
}

// Limits of what a resume keeps, in bytes.
const (
	maxNote        = 2048 // who and why
	maxPropertyKey = 255  // as in StartWorkflowRun
	maxBefore      = 100
	maxBeforeText  = 16 << 10 // of a command, and of what it wrote
)

// checkResume holds what a request sets against the limits.
func checkResume(r *plan.Request) error {
	switch {
	case r.Definition != "" && r.Definition != definitionOriginal && r.Definition != definitionCurrent:
		return invalid("Definition must be %s or %s, not %.40q", definitionOriginal, definitionCurrent, r.Definition)
	case len(r.Accept) > 0 && strings.TrimSpace(r.Because) == "":
		return invalid("Because is required with Accept: say why the failed node counts as SUCCEEDED")
	case len(r.Accept) == 0 && r.Because != "":
		return invalid("Because goes with Accept: it says why a failed node counts as SUCCEEDED")
	case len(r.Because) > maxNote:
		return invalid("Because has %d bytes, more than %d", len(r.Because), maxNote)
	}
	if err := checkProperties("Properties", r.Properties); err != nil {
		return err
	}
	for key := range r.Properties {
		if key == "" || len(key) > maxPropertyKey {
			return invalid("Properties: a key must have 1 to %d bytes, %.40q has %d", maxPropertyKey, key, len(key))
		}
	}
	for _, job := range slices.Sorted(maps.Keys(r.Overrides)) {
		o := r.Overrides[job]
		if o.Timeout != nil && (*o.Timeout < 1 || *o.Timeout > maxTimeoutMinutes) {
			return invalid("Overrides: Timeout of %s must be between 1 and %d minutes, got %d", job, maxTimeoutMinutes, *o.Timeout)
		}
		if err := checkArguments(o.Arguments); err != nil {
			return err
		}
		for key := range o.Arguments {
			if len(key) < len("--k") || !strings.HasPrefix(key, "--") {
				return invalid("Overrides: %q is no argument of %s: its key begins with --, as in --key", key, job)
			}
		}
		if o.Retries != nil && (*o.Retries < 0 || *o.Retries > maxRetries) {
			return invalid("Overrides: Retries of %s must be between 0 and %d", job, maxRetries)
		}
	}
	return nil
}

// basis is what the plan rests on.
func (w *worked) basis(r *plan.Request) *plan.Basis {
	b := plan.NewBasis(w.answer.Plan, r, fmt.Sprintf("%s %d %q", w.rec.Status, w.rec.Rev, w.properties), w.jobs)
	b.Triggers = w.triggers
	return b
}

// executeResume resumes a run, if it is asked for only as the plan said.
func (a *API) executeResume(ctx context.Context, r *plan.ExecuteRequest) (*plan.ExecuteAnswer, error) {
	if a.readOnly {
		return nil, errReadOnly
	}
	if err := checkRecord(r); err != nil {
		return nil, err
	}
	call, body := callFrom(ctx, plan.OpExecute), fingerprint(r)
	answer, err := a.repeated(ctx, call, r.ClientToken, body)
	if answer != nil || err != nil {
		return answer, err
	}
	answer, err = a.executeOnce(ctx, call, body, r)
	if err != nil {
		// The same request may have been carried out meanwhile, and be the reason.
		if first, lookErr := a.repeated(ctx, call, r.ClientToken, body); first != nil && lookErr == nil {
			return first, nil
		}
	}
	return answer, err
}

func (a *API) executeOnce(ctx context.Context, call engine.Call, body string, r *plan.ExecuteRequest) (*plan.ExecuteAnswer, error) {
	w, req, err := a.resumeRequest(ctx, r)
	if err != nil {
		return nil, err
	}
	req.Token, req.Body = r.ClientToken, body
	for _, b := range r.Before {
		req.Before = append(req.Before, store.Before{Node: b.Node, Command: b.Command, At: b.At, Took: b.TookMs, Output: b.Output})
	}
	if r.PlanToken != "" {
		if err := a.hold(w, r, req); err != nil {
			return nil, err
		}
	}
	res, err := a.engine.ResumeWorkflowRun(ctx, call, req)
	if err != nil {
		return nil, err
	}
	return &plan.ExecuteAnswer{RunId: res.RunID, NodeIds: res.NodeIDs}, nil
}

// resumeRequest works out a resume as the engine takes it.
func (a *API) resumeRequest(ctx context.Context, r *plan.ExecuteRequest) (*worked, *engine.ResumeRequest, error) {
	w, err := a.workOut(ctx, &r.Request, r.ExpectHead)
	if err != nil {
		return nil, nil, err
	}
	return w, &engine.ResumeRequest{
		Workflow: r.Name, RunID: r.RunId, Request: w.request, By: r.By, Because: r.Because,
		Properties: r.Properties, Overrides: r.Overrides, AnyResume: r.AnyResume, ExpectHead: r.ExpectHead,
		Current: r.Definition == definitionCurrent,
		Check:   func(tx *store.Tx) error { return checkTaken(tx, w, r) },
	}, nil
}

// checkRecord holds what a run is to keep of its resume against the limits.
func checkRecord(r *plan.ExecuteRequest) error {
	switch {
	case len(r.By) > maxNote:
		return invalid("By has %d bytes, more than %d", len(r.By), maxNote)
	case len(r.ClientToken) > maxClientToken:
		return invalid("ClientToken must be a string of 1 to 255 characters")
	case len(r.Before) > maxBefore:
		return invalid("Before has %d commands, more than %d", len(r.Before), maxBefore)
	}
	for i := range r.Before {
		if b := &r.Before[i]; len(b.Command) > maxBeforeText || len(b.Output) > maxBeforeText {
			return invalid("Before: a command, or what is kept of its output, has more than %d bytes", maxBeforeText)
		}
	}
	return nil
}

// fingerprint stands for what a request asks for, whoever asks and whatever was run
// before.
func fingerprint(r *plan.ExecuteRequest) string {
	bare := *r
	bare.ClientToken, bare.By, bare.Before = "", "", nil
	text, err := json.Marshal(&bare)
	if err != nil {
		panic(fmt.Sprintf("api: a request that is no JSON: %v", err)) // it was read from it
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// repeated is the answer that a repeat of a call, or of its token, got before; nil
// when there was none.
func (a *API) repeated(ctx context.Context, call engine.Call, token, body string) (*plan.ExecuteAnswer, error) {
	if call.Invocation == "" && token == "" {
		return nil, nil
	}
	var answer *plan.ExecuteAnswer
	err := a.db.View(ctx, func(tx *store.Tx) error {
		res, ok, err := a.engine.Repeated(tx, call, token, body)
		if ok {
			answer = &plan.ExecuteAnswer{RunId: res.RunID, NodeIds: res.NodeIDs}
		}
		return err
	})
	return answer, err
}

// checkTaken looks again, within the transaction, whether the properties fit with
// those that the run has by now.
func checkTaken(tx *store.Tx, w *worked, r *plan.ExecuteRequest) error {
	if len(r.Properties) == 0 {
		return nil
	}
	now, err := tx.Properties(w.rec.Seq)
	if err != nil {
		return err
	}
	return checkMerged(merge(now, r.Properties))
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
	if err := w.compare(&r.Request, r.PlanToken); err != nil {
		return err
	}
	req.Files = pinned(w.answer.Plan, w.jobs)
	for _, location := range slices.Sorted(maps.Keys(req.Files)) {
		want := req.Files[location]
		if want == plan.Unreadable {
			return invalid("PlanToken: %s can't be read, so its content can't be fixed: see the warnings of the plan, or resume without the token", location)
		}
		sum, err := a.opt.Files.Pin(location)
		if err != nil {
			return invalid("PlanToken: the content of %s can't be kept for the new run: %v", location, err)
		}
		if sum != want {
			a.contents.forget(location)
			return stalePlan([]string{"the file " + location + " changed"})
		}
	}
	if req.ExpectHead == "" {
		req.ExpectHead = w.answer.Plan.Head
	}
	req.Check = func(tx *store.Tx) error { return a.stillHolds(tx, w, &r.Request) }
	return nil
}

// compare refuses a token of which something changed.
func (w *worked) compare(r *plan.Request, token string) error {
	changes, err := w.basis(r).Compare(token)
	if err != nil {
		return invalid("PlanToken: %v", err)
	}
	if len(changes) > 0 {
		return stalePlan(changes)
	}
	return nil
}

// stillHolds looks again at what may have changed since the token was compared, within
// the transaction.
func (a *API) stillHolds(tx *store.Tx, w *worked, r *plan.Request) error {
	triggers, err := triggersNow(tx, r)
	if err != nil {
		return err
	}
	if triggers != w.triggers {
		return stalePlan([]string{"the triggers of the workflow changed"})
	}
	properties, err := tx.Properties(w.rec.Seq)
	if err != nil {
		return err
	}
	if !maps.Equal(properties, w.properties) {
		return stalePlan([]string{"the properties of the run changed"})
	}
	defs, err := tx.JobDefinitions()
	if err != nil {
		return err
	}
	reader := &facts{runReader: a.newRunReader(tx)}
	var changes []string
	for i := range w.answer.Plan.Nodes {
		n := &w.answer.Plan.Nodes[i]
		job := n.RunsJob(w.jobs)
		if job == nil {
			continue
		}
		id, ok := defs[n.Name]
		if !ok {
			if !job.Gone {
				changes = append(changes, "the job "+n.Name+" was deleted")
			}
			continue
		}
		def, err := reader.defined(id)
		if err != nil {
			return err
		}
		if def.sum != job.Definition {
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
		if err != nil {
			return err
		}
		if rec.Resume != nil {
			g, err := a.engine.Graph(tx, rec.Definition)
			if err != nil {
				return err
			}
			out = viewResume(rec.Resume, g)
		}
		out.Repair, err = repairOf(tx, rec.ID)
		return err
	})
	return out, err
}

func viewResume(rec *store.Resume, g *flow.Graph) *plan.Record {
	out := &plan.Record{
		By: rec.By, At: rec.At, Overrides: rec.Overrides, Properties: rec.Properties,
		Pinned: len(rec.Files), AnyEnd: rec.AnyEnd, Moved: rec.Moved,
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
