package flow

import "fmt"

// ExplainPlan gives the reasons of a plan's verdicts: what each node of the new
// run takes over, repeats or leaves blank, and why.
func ExplainPlan(g *Graph, prior *Run, p *Plan) *Reasons {
	return &Reasons{say: newPlanWhy(g, prior, p).node}
}

func newPlanWhy(g *Graph, prior *Run, p *Plan) *planWhy {
	w := &planWhy{g: g, prior: prior, p: p, now: newWhy(g, p.Run)}
	w.can = w.reachable()
	return w
}

// CanRun marks the nodes of a plan that start, or fire, if every node ends as is
// wished for.
func (p *Plan) CanRun(g *Graph, prior *Run) []bool { return newPlanWhy(g, prior, p).can }

type planWhy struct {
	g     *Graph
	prior *Run
	p     *Plan
	now   *why
	// can marks what may start, or fire, if every node ends as is wished for.
	can []bool
}

// reachable follows the roots through the triggers that can still fire: one that
// is not active, or waits for a carried node in another state, can not (R20).
func (w *planWhy) reachable() []bool {
	can := make([]bool, len(w.g.Nodes))
	left := make([]int, len(w.g.Triggers)) // conditions of a join that still lack
	for t := range w.g.Triggers {
		tr := &w.g.Triggers[t]
		for _, c := range tr.Conditions {
			if v := w.p.Nodes[c.Node].Verdict; v != Carried && v != Accepted || w.p.Run.Nodes[c.Node].Last != c.State {
				left[t]++
			}
		}
		if !tr.Active || w.p.Nodes[tr.Node].Verdict != Downstream || w.now.impossible(tr) != "" {
			left[t] = -1
		}
	}
	var stack []int
	push := func(n int) {
		if !can[n] {
			can[n] = true
			stack = append(stack, n)
		}
	}
	for _, n := range w.p.Roots {
		push(n)
	}
	for _, n := range w.p.Run.Accepted {
		for _, watch := range w.g.Nodes[n].Watches {
			if tr := &w.g.Triggers[watch.Trigger]; watch.State == Succeeded && (tr.Any && left[watch.Trigger] >= 0 || left[watch.Trigger] == 0) {
				push(tr.Node)
			}
		}
	}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if w.g.Nodes[n].Trigger >= 0 {
			w.g.next(n, func(m int) {
				if w.p.Nodes[m].Verdict != Held {
					push(m)
				}
			})
			continue
		}
		for _, watch := range w.g.Nodes[n].Watches {
			if left[watch.Trigger] < 0 {
				continue
			}
			left[watch.Trigger]--
			if tr := &w.g.Triggers[watch.Trigger]; tr.Any || left[watch.Trigger] == 0 {
				push(tr.Node)
			}
		}
	}
	return can
}

func (w *planWhy) node(n int) (string, int) {
	node := &w.g.Nodes[n]
	switch w.p.Nodes[n].Verdict {
	case Root:
		at, ran := w.prior.Latest(w.g, n)
		if !ran {
			return node.Name + " starts at once: it was selected, it had been held back, and what it waits for is done", -1
		}
		tr := &w.g.Triggers[w.g.Actions[at.Action].Trigger]
		return fmt.Sprintf("%s starts again at once: it was selected, and its latest attempt %s in run %s (arguments of trigger %s)",
			node.Name, endWord(node, w.prior.Actions[at.Action].State), w.source(n), tr.Def.Name), -1
	case Accepted:
		return fmt.Sprintf("%s is accepted as %s: it %s in run %s", node.Name, stateWord(node, Succeeded),
			endWord(node, w.prior.Nodes[n].Last), w.source(n)), -1
	case Held:
		return node.Name + " is held back: this resume leaves it out; a later one may start it", -1
	case Carried:
		if node.Trigger >= 0 {
			return fmt.Sprintf("trigger %s is carried: it had fired and does not fire again", node.Name), -1
		}
		return fmt.Sprintf("%s is carried: it %s in run %s", node.Name, endWord(node, w.p.Run.Nodes[n].Last), w.source(n)), -1
	case Downstream:
		if node.Trigger >= 0 {
			reason, behind := w.fires(node.Trigger)
			return fmt.Sprintf("trigger %s %s", node.Name, reason), behind
		}
		return w.downstream(n)
	case LeftBlank:
	}
	if node.Trigger >= 0 {
		return fmt.Sprintf("trigger %s is left as it was: it did not fire in run %s and is not downstream of what is repeated",
			node.Name, w.prior.ID), -1
	}
	return fmt.Sprintf("%s is left blank: it never ran in run %s and is not downstream of what is repeated", node.Name, w.prior.ID), -1
}

// downstream tells which triggers may start the node again.
func (w *planWhy) downstream(n int) (string, int) {
	node := &w.g.Nodes[n]
	head := node.Name
	if w.p.Nodes[n].Selected {
		head += fmt.Sprintf(" was selected but lies downstream of %s, so it", w.g.Nodes[w.p.Nodes[n].Via].Name)
	}
	var may, not []string
	behind, seen := -1, -1
	for _, a := range node.Actions {
		t := w.g.Actions[a].Trigger
		if t == seen || w.p.Nodes[w.g.Triggers[t].Node].Verdict == Carried {
			continue // a carried trigger never fires again (R17, R21)
		}
		seen = t
		reason, next := w.fires(t)
		reason = fmt.Sprintf("trigger %s %s", w.g.Triggers[t].Def.Name, reason)
		if !w.can[w.g.Triggers[t].Node] {
			not = append(not, reason)
			continue
		}
		if may == nil {
			behind = next
		}
		may = append(may, reason)
	}
	if may == nil {
		if w.prior.Nodes[n].Last != Blank {
			head += " loses its state and"
		}
		return fmt.Sprintf("%s can't start in the new run: %s", head, list(not, "and")), behind
	}
	return fmt.Sprintf("%s starts again if %s", head, list(may, "or")), behind
}

// fires says what a trigger downstream waits for, and the first repeated node
// among that.
func (w *planWhy) fires(t int) (string, int) {
	tr := &w.g.Triggers[t]
	if !tr.Active {
		return fmt.Sprintf("is %s, not ACTIVATED, and can't fire", tr.Def.State), -1
	}
	if s := w.now.impossible(tr); s != "" {
		return "can't fire: it " + s, -1
	}
	var wants, holds, lacks []string
	behind := -1
	for _, c := range tr.Conditions {
		carried := w.p.Nodes[c.Node].Verdict == Carried || w.p.Nodes[c.Node].Verdict == Accepted
		switch last := w.p.Run.Nodes[c.Node].Last; {
		case w.can[c.Node]:
			wants = append(wants, w.now.want(c))
			if behind < 0 {
				behind = c.Node
			}
		case w.p.Nodes[c.Node].Verdict == Accepted && last == c.State:
			wants = append(wants, w.now.want(c)+" (accepted)")
		case carried && last == c.State:
			holds = append(holds, w.now.want(c))
		case carried:
			lacks = append(lacks, fmt.Sprintf("%s, but %s is carried as %s", w.now.want(c),
				w.g.Nodes[c.Node].Name, stateWord(&w.g.Nodes[c.Node], last)))
		default:
			lacks = append(lacks, fmt.Sprintf("%s, but %s won't run", w.now.want(c), w.g.Nodes[c.Node].Name))
		}
	}
	if !w.can[tr.Node] && w.p.Run.holdsAll(w.g, t) {
		return "does not fire: what it starts is held back", -1
	}
	if !w.can[tr.Node] {
		return "can't fire: it wants " + list(lacks, "and"), -1
	}
	if tr.Any {
		s := "fires on the first of " + list(wants, "or")
		if len(holds) > 0 {
			s += " (" + list(holds, "and") + " is carried and does not count)"
		}
		return s, behind
	}
	s := "fires (it wants " + list(wants, "and")
	if len(holds) > 0 {
		s += "; carried: " + list(holds, "and")
	}
	return s + ")", behind
}

// source is the run in which a node's state that the plan shows came about.
func (w *planWhy) source(n int) string { return w.prior.Sources[w.prior.Nodes[n].Source] }
