package plan

import (
	"slices"

	"github.com/reglue/reglue/internal/flow"
)

// Choice is a node that a selector chose, and why.
type Choice struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Cause is failed, changed, missing, held or named.
	Cause string   `json:"cause"`
	Why   []string `json:"why"`
}

// The causes of a choice.
const (
	CauseFailed  = "failed"
	CauseChanged = "changed"
	CauseMissing = "missing"
	CauseHeld    = "held"
	CauseNamed   = "named"
)

// Selectors choose nodes by what is known of a run.
type Selectors struct {
	Failed      bool `json:",omitempty"` // the latest attempt did not succeed
	Changed     bool `json:",omitempty"` // the definition or a file differs from what was used
	Missing     bool `json:",omitempty"` // succeeded, but a declared output is gone
	Held        bool `json:",omitempty"` // held back, and ready
	Recommended bool `json:",omitempty"` // the smallest set that repairs the run
}

// Any reports whether a selector is set.
func (s Selectors) Any() bool { return s != Selectors{} }

// Facts reports whether the selectors need to know of jobs.
func (s Selectors) Facts() bool { return s.Changed || s.Missing || s.Recommended }

// Select chooses nodes of a run, in the order of the graph. A node is listed with
// each cause that applies, in one choice: the first cause names it.
func Select(g *flow.Graph, r *flow.Run, jobs []*Job, s Selectors) []Choice {
	failed := map[int]bool{}
	for _, n := range flow.FailedNodes(g, r) {
		failed[n] = true
	}
	var out []Choice
	var nodes []int
	for n := range g.Nodes {
		c, job := Choice{ID: g.Nodes[n].ID, Name: g.Nodes[n].Name}, jobs[n]
		add := func(cause string, why ...string) {
			if c.Cause == "" {
				c.Cause = cause
			}
			c.Why = append(c.Why, why...)
		}
		ran := r.Nodes[n].Last != flow.Blank
		if failed[n] && (s.Failed || s.Recommended) {
			add(CauseFailed, "its latest attempt ended "+r.Nodes[n].Last.String())
		}
		if job != nil && ran && (s.Changed || s.Recommended) {
			if changes := job.Changes(); len(changes) > 0 {
				add(CauseChanged, changes...)
			}
		}
		if job != nil && r.Nodes[n].Last == flow.Succeeded && !r.Nodes[n].Accepted && (s.Missing || s.Recommended) {
			if missing := job.missing(); len(missing) > 0 {
				add(CauseMissing, missing...)
			}
		}
		if s.Held || s.Recommended {
			if _, ready := r.Ready(g, n); ready {
				add(CauseHeld, "it was held back, and what it waits for is done")
			}
		}
		if c.Cause != "" {
			out, nodes = append(out, c), append(nodes, n)
		}
	}
	if s.Recommended {
		return smallest(g, r, out, nodes)
	}
	return out
}

// smallest leaves out the choices that others lead to, since they run again
// anyway, and groups the rest by cause.
func smallest(g *flow.Graph, r *flow.Run, choices []Choice, nodes []int) []Choice {
	keep := map[int]bool{}
	for _, n := range flow.Minimal(g, r, nodes) {
		keep[n] = true
	}
	var out []Choice
	for i, n := range nodes {
		if keep[n] {
			out = append(out, choices[i])
		}
	}
	causes := []string{CauseFailed, CauseChanged, CauseMissing, CauseHeld, CauseNamed}
	slices.SortStableFunc(out, func(a, b Choice) int {
		return slices.Index(causes, a.Cause) - slices.Index(causes, b.Cause)
	})
	return out
}
