package flow

import (
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

// ObserveScope is Observe for a run of which more is known than the answer shows:
// the nodes, by UniqueId, that its own resume took as SUCCEEDED, those that an
// earlier one did, and those that it holds back.
func ObserveScope(run *glue.WorkflowRun, accepted, before, held []string) (*Graph, *Run, error) {
	g, r, err := Observe(run)
	if err != nil {
		return nil, nil, err
	}
	nodes := func(ids []string) (out []int) {
		for _, id := range ids {
			if n, ok := g.NodeByID(id); ok {
				out = append(out, n)
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	r.Accepted, r.Held = nodes(accepted), nodes(held)
	for _, n := range slices.Concat(r.Accepted, nodes(before)) {
		r.Nodes[n].Accepted = r.Nodes[n].Carried
	}
	if len(r.Accepted) == 0 {
		return g, r, nil
	}
	// What an accepted node leads to was taken for a root, and its trigger for one
	// that did not fire.
	below := g.again(&Scope{Accepted: r.Accepted})
	r.Roots = slices.DeleteFunc(r.Roots, func(n int) bool { return below[n] })
	for n := range g.Nodes {
		for _, a := range g.Nodes[n].Actions {
			if below[n] && r.Actions[a].State != Blank {
				r.Triggers[g.Actions[a].Trigger].Fired = true
			}
		}
	}
	return g, r, nil
}
