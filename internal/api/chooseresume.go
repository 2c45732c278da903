package api

import (
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

// choose turns the request into the core's: what the selectors choose is added to
// the nodes that are named.
func (a *API) choose(w *worked, g *flow.Graph, run *flow.Run, r *plan.Request) error {
	w.request = a.permitted(w.rec, r)
	w.request.Nodes = slices.Clone(r.NodeIds)
	w.request.Accept, w.request.Until, w.request.Except = r.Accept, r.Until, r.Except
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

// permitted is what a request permits, or the settings do, though the run is not
// COMPLETED.
func (a *API) permitted(rec *store.Run, r *plan.Request) flow.Request {
	return flow.Request{
		AnyEnd:       r.AnyEnd && !rec.Completed.IsZero() || a.opt.ResumeStopped && rec.Status == glue.WorkflowRunStatusStopped,
		WhileRunning: r.WhileRunning || a.opt.ResumeRunning,
	}
}
