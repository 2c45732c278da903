package flow

import (
	"maps"
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

// Moved says where an action's latest attempt began, if that was in an earlier run than
// the one to which its node belongs since.
type Moved struct {
	// Run is the run in which it began, or the first attempt that it retries did,
	// and Start the number of that one. So a job run keeps its id, and its retries
	// go on counting.
	Run   string
	Start int
}

// Superseded reports whether a resume ended the run while it ran: its live attempts
// belong to a later run.
func (r *Run) Superseded() bool { return r.Over() && r.Live > 0 }

// superseded ends the run for a resume that moves what is live in it. Nothing is
// stopped, and its states stay as they were at that moment.
func (s *step) superseded() {
	if s.r.Status == glue.WorkflowRunStatusRunning {
		s.c.Status = glue.WorkflowRunStatusStopped
	}
}

// move takes over the live attempts of a node, and keeps of all its attempts where they
// began: by its end the node will belong to this run.
func (r *Run) move(g *Graph, prior *Run, n int) {
	runs := prior.runs(g, n)
	for _, a := range g.Nodes[n].Actions {
		st := prior.Actions[a]
		m := Moved{Run: prior.ID, Start: int(st.Starts-1) - int(st.Retry)}
		switch {
		case st.State == Blank:
			continue
		case prior.moved(a, m.Start):
			m.Run = prior.Moved[a].Run
		case !runs:
			continue
		case st.State.Terminal():
			m.Run = prior.Sources[prior.Nodes[n].Source]
		}
		if r.Moved == nil {
			r.Moved = map[int]Moved{}
		}
		r.Actions[a], r.Moved[a] = st, m
	}
}

// MovedAttempts are the live attempts that were moved here, in the order of the graph.
func (r *Run) MovedAttempts() []Attempt {
	var out []Attempt
	for _, a := range slices.Sorted(maps.Keys(r.Moved)) {
		if st := &r.Actions[a]; st.State.Live() && r.moved(a, int(st.Starts-1)-int(st.Retry)) {
			out = append(out, Attempt{a, int(st.Starts) - 1})
		}
	}
	return out
}

// moved reports whether the attempt of an action that began with this start was moved
// here.
func (r *Run) moved(a, first int) bool {
	m, ok := r.Moved[a]
	return ok && m.Start == first
}

// restarted reports whether the action of an end whose attempt was moved has started
// anew since, so that Moved is about the new attempt from the next run on.
func (r *Run) restarted(end *NodeState) bool {
	a, first := &r.Actions[end.Action], int(end.Start)-int(end.Retry)
	return r.moved(int(end.Action), first) && int(a.Starts-1)-int(a.Retry) != first
}

// runs reports whether an attempt of a node is not over.
func (r *Run) runs(g *Graph, n int) bool {
	return slices.ContainsFunc(g.Nodes[n].Actions, func(a int) bool { return r.Actions[a].State.Live() })
}

// twice refuses a resume by which a node would run twice: one that is evaluated anew
// but runs right now (the one that started first is named), or one to be started that
// the end of a live one may start too.
func (s *Scope) twice(g *Graph, prior *Run, again []bool) error {
	first := -1
	for a := range prior.Actions {
		st := &prior.Actions[a]
		if st.State.Live() && again[g.Actions[a].Node] && (first < 0 || st.Latest < prior.Actions[first].Latest) {
			first = a
		}
	}
	if first >= 0 {
		node, state := &g.Nodes[g.Actions[first].Node], prior.Actions[first].State
		return glue.Errorf(glue.InvalidInput,
			"Node %s (%s) is %s in workflow run %s, and this resume would start it again: wait for its end, or stop it",
			node.ID, node.Name, stateWord(node, state), prior.ID)
	}
	follows := prior.follows(g, again)
	for _, n := range s.Roots {
		if follows[n] >= 0 {
			return notYet(g, n, "repeated", follows[n])
		}
	}
	return nil
}

// notYet refuses a node that the end of a live one may start.
func notYet(g *Graph, n int, what string, live int) error {
	return glue.Errorf(glue.InvalidInput, "Node %s (%s) can't be %s yet: %s has not ended, and its end may start it",
		g.Nodes[n].ID, g.Nodes[n].Name, what, g.Nodes[live].Name)
}

// follows says of each node below which live one it lies, by triggers that can fire in
// a new run: the end of that one may start it. It is -1 for the others.
func (r *Run) follows(g *Graph, again []bool) []int {
	via := make([]int, len(g.Nodes))
	for n := range via {
		via[n] = -1
	}
	for from := range g.Nodes {
		if !r.runs(g, from) {
			continue
		}
		stack := []int{from}
		for len(stack) > 0 {
			n := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			g.next(n, func(m int) {
				t := g.Nodes[m].Trigger
				if via[m] >= 0 || t >= 0 && r.Triggers[t].Fired && !again[m] || r.runs(g, m) {
					return
				}
				via[m] = from
				stack = append(stack, m)
			})
		}
	}
	return via
}

// judgeMoved says what becomes of moved attempts, and of what their ends may start.
func (p *Plan) judgeMoved(g *Graph, prior *Run, again []bool) {
	if prior.Live == 0 {
		return
	}
	for n, via := range prior.follows(g, again) {
		switch {
		case prior.runs(g, n):
			p.Nodes[n].Verdict = MovedOn
		case via >= 0 && !again[n]:
			p.Nodes[n].Verdict, p.Nodes[n].Via = Downstream, via
		}
	}
}

// Verdict is what the plan says of a node, given whether CanRun marks it: one that is
// carried stays so if the ends of moved attempts can't let it run again.
func (p *Plan) Verdict(n int, can bool) Verdict {
	if v := p.Nodes[n].Verdict; v != Downstream || can || !p.Run.Nodes[n].Carried {
		return v
	}
	return Carried
}
