package flow

import (
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

// Known is what is known of a resumed run beside GetWorkflowRun's answer. Nodes are
// named by their UniqueId.
type Known struct {
	// Accepted are those that its own resume took as SUCCEEDED, Before those that
	// an earlier one did, Held those that it holds back.
	Accepted, Before, Held []string
	// WhileRunning is set when the run before was running, and Roots are the nodes
	// that its resume repeated: beside what it took over they can't be told.
	WhileRunning bool
	Roots        []string
}

// nodes are those with an id, in the order of the ids.
func (g *Graph) nodes(ids []string) (out []int) {
	seen := make(map[int]bool, len(ids))
	for _, id := range ids {
		if n, ok := g.NodeByID(id); ok && !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// ObserveScope is Observe for a run of which more is known than the answer shows.
func ObserveScope(run *glue.WorkflowRun, k *Known) (*Graph, *Run, error) {
	g, r, err := observe(run, k)
	if err != nil {
		return nil, nil, err
	}
	r.Accepted, r.Held = slices.Sorted(slices.Values(g.nodes(k.Accepted))), slices.Sorted(slices.Values(g.nodes(k.Held)))
	for _, n := range slices.Concat(r.Accepted, g.nodes(k.Before)) {
		r.Nodes[n].Accepted = r.Nodes[n].Carried
	}
	if len(r.Accepted) == 0 {
		return g, r, nil
	}
	// What an accepted node leads to was taken for a root or for carried. A trigger
	// there fired if something that it starts did start.
	below := g.again(&Scope{Accepted: r.Accepted})
	r.Roots = slices.DeleteFunc(r.Roots, func(n int) bool { return below[n] })
	for t := range g.Triggers {
		if !below[g.Triggers[t].Node] {
			continue
		}
		first, end := g.TriggerActions(t)
		started := func(a ActionState) bool { return a.State != Blank }
		r.Triggers[t].Fired = slices.ContainsFunc(r.Actions[first:end], started)
	}
	return g, r, nil
}
