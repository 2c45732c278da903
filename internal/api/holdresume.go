package api

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

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

// pinned are the contents that the jobs of a plan use.
func pinned(d *plan.Plan, jobs []*plan.Job) map[string]string {
	out := map[string]string{}
	for _, job := range d.Running(jobs) {
		for _, f := range job.Files {
			out[f.Location] = f.Sum
		}
	}
	return out
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
	if run, err := tx.RunBySeq(w.rec.Seq); err != nil || run == nil || run.Rev != w.rec.Rev {
		return cmp.Or(err, stalePlan([]string{"the state of the run changed"}))
	}
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
	reader := a.newRunReader(tx)
	var changes []string
	for n, job := range w.answer.Plan.Running(w.jobs) {
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
	moved, err := w.bookmarksHold(tx)
	if err != nil {
		return err
	}
	if changes = append(changes, moved...); len(changes) > 0 {
		return stalePlan(changes)
	}
	return nil
}

func stalePlan(changes []string) error {
	return glue.Errorf(glue.ConcurrentModification,
		"The plan does not hold any more, and nothing was started: %s. Make a new plan", strings.Join(changes, "; "))
}
