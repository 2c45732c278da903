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
