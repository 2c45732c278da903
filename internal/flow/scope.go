package flow

import (
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

// Request says what a resume repeats. Nodes alone is ResumeWorkflowRun as AWS has
// it; the rest goes beyond. All name nodes by their UniqueId.
type Request struct {
	// Nodes are repeated, and all that lies downstream of them. A node that an
	// earlier resume held back may be named too, once its trigger's conditions
	// hold.
	Nodes []string
	// Accept are nodes whose latest attempt did not succeed. The new run takes
	// them as SUCCEEDED, and what lies downstream of them is evaluated anew.
	Accept []string
	// Until holds back what does not lead to one of these nodes.
	Until []string
	// Except are held back: the new run does not start them, nor what only
	// they lead to. A later resume may.
	Except []string
	// AnyEnd permits a run that ended in STOPPED or ERROR (against R3).
	AnyEnd bool
	// WhileRunning permits a run that is RUNNING (against R3): the new run takes
	// over what is live in it, and what has ended may be repeated.
	WhileRunning bool
}

// Scope is what distinguishes a resumed run, before anything starts in it, from
// the run before it. Its nodes are indexes of the graph.
type Scope struct {
	// Roots are the nodes that the resume started directly.
	Roots []int
	// Accepted are the nodes that the resume took as SUCCEEDED.
	Accepted []int
	// Held are the nodes that triggers do not start in this run, in order.
	Held []int
}

// either is the word for what the resume repeats, accepts, or the two.
func (s *Scope) either(repeats, accepts string) string {
	switch {
	case len(s.Accepted) == 0:
		return repeats
	case len(s.Roots) == 0:
		return accepts
	}
	return repeats + " or " + accepts
}

// holds reports whether the run holds a node back.
func (r *Run) holds(n int) bool {
	_, held := slices.BinarySearch(r.Held, n)
	return held
}

// holdsAll reports whether the run holds back all that a trigger starts.
func (r *Run) holdsAll(g *Graph, t int) bool {
	first, end := g.TriggerActions(t)
	if len(r.Held) == 0 || first == end {
		return false
	}
	for a := first; a < end; a++ {
		if !r.holds(g.Actions[a].Node) {
			return false
		}
	}
	return true
}

// Ready is the action by which a node that an earlier resume held back can start
// when it is named: that of an active trigger whose conditions hold, whether or not
// it has fired for what else it starts.
func (r *Run) Ready(g *Graph, n int) (action int, ok bool) {
	if !r.holds(n) {
		return 0, false
	}
	for _, a := range g.Nodes[n].Actions {
		t := g.Actions[a].Trigger
		tr, met := &g.Triggers[t], int(r.Triggers[t].Met)
		if tr.Active && met > 0 && (tr.Any || met == len(tr.Conditions)) {
			return a, true
		}
	}
	return 0, false
}

// again marks what a scope evaluates anew: the roots, and all that lies downstream
// of them or of an accepted node.
func (g *Graph) again(s *Scope) []bool {
	from := s.Roots
	if len(s.Accepted) > 0 {
		from = slices.Clone(s.Roots)
		for _, n := range s.Accepted {
			g.next(n, func(m int) { from = append(from, m) })
		}
	}
	return g.Reach(from...)
}

// scope works out what a request means for a run. Of the selected nodes those are
// roots that no other one, and no accepted one, leads to.
func (q *Request) scope(g *Graph, prior *Run, selected []int) (Scope, error) {
	s := Scope{Roots: minimal(g, prior, selected)}
	accepted, err := chooseAccepted(g, prior, q.Accept)
	if err != nil {
		return s, err
	}
	if len(accepted) > 0 {
		s.Accepted = accepted
		below := g.again(&Scope{Accepted: accepted})
		s.Roots = slices.DeleteFunc(s.Roots, func(n int) bool { return below[n] })
	}
	again, root := g.again(&s), set(s.Roots)
	var follows []int
	if len(accepted) > 0 && prior.Live > 0 {
		follows = prior.follows(g, again)
	}
	for _, n := range accepted {
		node := &g.Nodes[n]
		switch {
		case root[n]:
			return s, glue.Errorf(glue.InvalidInput, "Node %s (%s) is to be repeated and to be accepted; name it once", node.ID, node.Name)
		case again[n]:
			return s, glue.Errorf(glue.InvalidInput,
				"Node %s (%s) can't be accepted: it lies downstream of a node that is repeated or accepted, so it may run again", node.ID, node.Name)
		case follows != nil && follows[n] >= 0:
			return s, notYet(g, n, "accepted", follows[n])
		}
	}
	if err := q.hold(g, prior, &s, set(selected), again); err != nil {
		return s, err
	}
	if prior.Live == 0 {
		return s, nil
	}
	return s, s.twice(g, prior, again)
}

func set(nodes []int) map[int]bool {
	out := make(map[int]bool, len(nodes))
	for _, n := range nodes {
		out[n] = true
	}
	return out
}

// hold works out what the new run holds back: what Until and Except leave out of
// all that is evaluated anew, and what the run before held and this one does not
// touch.
func (q *Request) hold(g *Graph, prior *Run, s *Scope, selected map[int]bool, again []bool) error {
	until, err := q.named(g, prior, q.Until, again, "Until")
	if err != nil {
		return err
	}
	except, err := q.named(g, prior, q.Except, again, "Except")
	if err != nil {
		return err
	}
	held := make(map[int]bool)
	for _, n := range except {
		if selected[n] {
			return glue.Errorf(glue.InvalidInput, "Node %s (%s) is to be repeated and to be left out; name it once", g.Nodes[n].ID, g.Nodes[n].Name)
		}
		held[n] = true
	}
	if len(until) > 0 {
		leads := g.Upstream(until...)
		for n := range g.Nodes {
			if again[n] && !leads[n] && g.Nodes[n].Trigger < 0 {
				held[n] = true
			}
		}
		for _, n := range s.Roots {
			delete(held, n)
		}
	}
	for _, n := range prior.Held {
		if !again[n] {
			held[n] = true
		}
	}
	for n := range held {
		s.Held = append(s.Held, n)
	}
	slices.Sort(s.Held)
	return nil
}

// named finds nodes that must be among those that are evaluated anew.
func (q *Request) named(g *Graph, prior *Run, ids []string, again []bool, member string) ([]int, error) {
	var out []int
	for _, id := range ids {
		n, err := jobOrCrawler(g, prior, id)
		if err != nil {
			return nil, err
		}
		if !again[n] {
			return nil, glue.Errorf(glue.InvalidInput,
				"%s names node %s (%s), which is not among the nodes that this resume repeats or lets follow", member, id, g.Nodes[n].Name)
		}
		out = append(out, n)
	}
	return out, nil
}

// chooseAccepted finds the nodes to accept, without duplicates.
func chooseAccepted(g *Graph, prior *Run, ids []string) ([]int, error) {
	seen := make(map[int]bool, len(ids))
	var out []int
	for _, id := range ids {
		n, err := jobOrCrawler(g, prior, id)
		if err != nil {
			return nil, err
		}
		why := ""
		switch state := prior.trouble(g, n); {
		case prior.runs(g, n):
			why = "has not ended"
		case state == Blank:
			why = "never ran"
		case state == Succeeded && prior.Nodes[n].Accepted:
			why = "is accepted already"
		case state == Succeeded:
			why = "succeeded"
		}
		if why != "" {
			return nil, glue.Errorf(glue.InvalidInput, "Node %s (%s) %s in workflow run %s, so there is nothing to accept", id, g.Nodes[n].Name, why, prior.ID)
		}
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out, nil
}

// trouble is the state in which a node's latest attempt ended if that is not
// SUCCEEDED, else that of its latest end: two triggers may have started one job.
func (r *Run) trouble(g *Graph, n int) State {
	if at, ok := r.Latest(g, n); ok && r.Actions[at.Action].State != Succeeded {
		return r.Actions[at.Action].State
	}
	return r.Nodes[n].Last
}

func jobOrCrawler(g *Graph, prior *Run, id string) (int, error) {
	n, ok := g.NodeByID(id)
	if !ok {
		return 0, glue.Errorf(glue.InvalidInput, "Node %s is not part of workflow run %s", id, prior.ID)
	}
	if g.Nodes[n].Type == glue.NodeTypeTrigger {
		return 0, glue.Errorf(glue.InvalidInput, "Node %s is the trigger %s; name a job or a crawler", id, g.Nodes[n].Name)
	}
	return n, nil
}

// accept takes a node that the run carries as SUCCEEDED, with each of its actions
// that ran.
func (r *Run) accept(g *Graph, n int) {
	for _, a := range g.Nodes[n].Actions {
		if r.Actions[a].State != Blank {
			r.Actions[a].State = Succeeded
		}
	}
	r.Nodes[n].Last, r.Nodes[n].Accepted = Succeeded, true
}

// accepted fires what the accepted nodes complete, as if they had just ended.
func (s *step) accepted(nodes []int) {
	fired := map[int]bool{}
	for _, n := range nodes {
		for _, w := range s.g.Nodes[n].Watches {
			tr, ts := &s.g.Triggers[w.Trigger], s.r.Triggers[w.Trigger]
			complete := w.State == Succeeded && (tr.Any || int(ts.Met) == len(tr.Conditions))
			if complete && tr.Active && !fired[w.Trigger] && !s.r.holdsAll(s.g, w.Trigger) {
				fired[w.Trigger] = true
				s.fire(w.Trigger, ts, s.predecessors(tr, NodeChange{n, s.r.Nodes[n]}))
			}
		}
	}
}

// Upstream marks the given nodes and all that lead to them, triggers included. It
// visits each edge once.
func (g *Graph) Upstream(to ...int) []bool {
	return g.walk(to, func(n int, push func(int)) {
		if t := g.Nodes[n].Trigger; t >= 0 {
			for _, c := range g.Triggers[t].Conditions {
				push(c.Node)
			}
			return
		}
		for _, a := range g.Nodes[n].Actions {
			push(g.Triggers[g.Actions[a].Trigger].Node)
		}
	})
}
