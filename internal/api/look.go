package api

import (
	"context"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

// explainRun says of each node of a run why it stands where it stands.
func (a *API) explainRun(ctx context.Context, r *plan.ExplainRequest) (*plan.ExplainAnswer, error) {
	var out *plan.ExplainAnswer
	err := a.db.View(ctx, func(tx *store.Tx) error {
		rec, err := findRun(tx, r.Name, r.RunId)
		if err != nil {
			return err
		}
		run, g, err := a.engine.Load(tx, rec)
		if err != nil {
			return err
		}
		out = plan.Explain(g, run)
		return nil
	})
	return out, err
}

// getFamily shows a run and all its resumes as one.
func (a *API) getFamily(ctx context.Context, r *plan.FamilyRequest) (*plan.FamilyAnswer, error) {
	var all []flow.Observed
	records := map[string]*plan.Record{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		rec, err := findRun(tx, r.Name, r.RunId)
		if err != nil {
			return err
		}
		kin, err := kinOf(tx, rec)
		if err != nil {
			return err
		}
		for _, k := range kin {
			o, err := a.observed(tx, k)
			if err != nil {
				return err
			}
			all = append(all, o)
			if k.Resume != nil {
				records[k.ID] = viewResume(k, o.Graph)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	family, err := plan.NewFamily(r.Name, all, records, time.Now())
	if err != nil {
		return nil, err
	}
	return family.Describe(), nil
}

// observed is a run with its graph and its state.
func (a *API) observed(tx *store.Tx, rec *store.Run) (flow.Observed, error) {
	var o flow.Observed
	v, err := a.viewRun(tx, rec, false)
	if err != nil {
		return o, err
	}
	o.Run = &v.WorkflowRun
	if o.Run.Graph, err = a.drawRun(tx, rec); err != nil {
		return o, err
	}
	o.State, o.Graph, err = a.engine.Load(tx, rec)
	return o, err
}

// kinOf are all runs of a run's family that are kept, itself among them.
func kinOf(tx *store.Tx, rec *store.Run) ([]*store.Run, error) {
	var kin []*store.Run
	seen := map[string]bool{}
	// Of those between the first run and this one some may be past retention.
	for next := []string{rec.Origin, rec.ID, rec.Previous}; len(next) > 0; next = next[1:] {
		id := next[0]
		if id == "" || seen[id] {
			continue
		}
		seen[id] = true
		again, err := tx.ResumesOf(id)
		if err != nil {
			return nil, err
		}
		next = append(next, again...)
		run, err := tx.Run(rec.Workflow, id)
		if err != nil {
			return nil, err
		}
		if run != nil {
			kin = append(kin, run)
			next = append(next, run.Previous)
		}
	}
	return kin, nil
}

// Extends reports whether an operation is one of reglue's own.
func Extends(op string) bool {
	_, ok := extensions[op]
	return ok
}

// Serves reports whether an operation is one of AWS's that are built here.
func Serves(op string) bool {
	_, ok := operations[op]
	return ok
}
