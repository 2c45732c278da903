package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	fast "github.com/segmentio/encoding/json"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

// worked is a plan that was worked out, with what it rests on.
type worked struct {
	rec *store.Run
	// properties are those of the run, which the new one takes over.
	properties map[string]string
	// triggers stand for those that the workflow has now, if the resume goes on them.
	triggers string
	jobs     []*plan.Job
	answer   plan.Answer
	request  flow.Request
}

// planResume answers what a resume would do, as JSON. It writes nothing.
func (a *API) planResume(ctx context.Context, r *plan.PreviewRequest) (json.RawMessage, error) {
	w, err := a.workOut(ctx, &r.Request, r.ExpectHead)
	if err != nil {
		return nil, err
	}
	if r.PlanToken != "" {
		if err := w.compare(&r.Request, r.PlanToken); err != nil {
			return nil, err
		}
	}
	// It may have many nodes, which the standard library takes twice as long to write.
	return fast.Append(make([]byte, 0, bytesANode*len(w.answer.Plan.Nodes)), &w.answer, fast.SortMapKeys)
}

// bytesANode is what the JSON of a node seldom exceeds.
const bytesANode = 400

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
		permitted := a.permitted(w.rec, r)
		if err := a.engine.Resumable(tx, w.rec, &permitted, r.AnyResume); err != nil {
			return err
		}
		if err := engine.CanMove(w.rec, r.Definition == definitionCurrent); err != nil {
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
		f := &facts{
			runReader: a.newRunReader(tx), rec: w.rec, set: r.Overrides, run: run, g: g, moved: len(differences) > 0, change: change,
		}
		if w.jobs, err = f.gather(); err != nil {
			return err
		}
		if err := checkOverridden(g, r.Overrides); err != nil {
			return err
		}
		if err := a.choose(w, g, run, r); err != nil {
			return err
		}
		p, err := flow.ResumeAs(g, run, &w.request, "the new run", w.rec.Clock)
		if err != nil {
			return err
		}
		subject := plan.Subject{Graph: g, Prior: run, Plan: p}
		w.answer.Plan = subject.Describe(r.Name, w.jobs, true)
		w.answer.Plan.Differences = differences
		a.addWritten(w.answer.Plan, g, run)
		if err := a.addBookmarks(tx, w, g, run, r); err != nil {
			return err
		}
		head, err := engine.Head(tx, w.rec)
		if err != nil {
			return err
		}
		w.answer.Plan.Head = head.ID
		if err := w.warnOfRoom(tx); err != nil {
			return err
		}
		w.answer.Plan.Token = w.basis(r).Token()
		return nil
	})
	return w, err
}

// warnOfRoom warns when the workflow has all the live runs that it may have.
func (w *worked) warnOfRoom(tx *store.Tx) error {
	workflow, err := tx.Workflow(w.rec.Workflow)
	if err != nil || workflow == nil || workflow.MaxConcurrentRuns == nil {
		return err
	}
	live, err := tx.LiveRunCount(w.rec.Workflow)
	if w.rec.Completed.IsZero() {
		live-- // it ends as the new run starts
	}
	if limit := int(*workflow.MaxConcurrentRuns); err == nil && live >= limit {
		w.answer.Plan.Warnings = append(w.answer.Plan.Warnings, fmt.Sprintf(
			"Workflow %s has %d of at most %d runs live: a resume now would be refused. Wait for room (--wait).", w.rec.Workflow, live, limit))
	}
	return err
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

// basis is what the plan rests on.
func (w *worked) basis(r *plan.Request) *plan.Basis {
	b := plan.NewBasis(w.answer.Plan, r, fmt.Sprintf("%s %d %q", w.rec.Status, w.rec.Rev, w.properties), w.jobs)
	b.Triggers, b.Bookmarks = w.triggers, w.bookmarks()
	return b
}
