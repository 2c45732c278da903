package flow

// ExplainPlan gives the reasons of a plan's verdicts: what each node of the new
// run takes over, repeats or leaves blank, and why.
func ExplainPlan(g *Graph, prior *Run, p *Plan) *Reasons {
	why, _ := p.Explain(g, prior)
	return why
}

// Explain gives the reasons of a plan's verdicts, and marks the nodes that start,
// or fire, if every node ends as is wished for. Of no other node can the new run
// start anything.
func (p *Plan) Explain(g *Graph, prior *Run) (why *Reasons, can []bool) {
	w := newPlanWhy(g, prior, p)
	return &Reasons{say: w.node}, w.can
}

func newPlanWhy(g *Graph, prior *Run, p *Plan) *planWhy {
	w := &planWhy{g: g, prior: prior, p: p, now: newWhy(g, p.Run), triggers: make([]triggerWhy, len(g.Triggers))}
	w.can = w.reachable()
	return w
}

// CanRun marks the nodes of a plan that can run, as Explain does.
func (p *Plan) CanRun(g *Graph, prior *Run) []bool { return newPlanWhy(g, prior, p).can }

type planWhy struct {
	g     *Graph
	prior *Run
	p     *Plan
	now   *why
	// can marks what may start, or fire, if every node ends as is wished for.
	can []bool
	// triggers are those of the graph, as far as something was said of them.
	triggers []triggerWhy
}

// triggerWhy is the sentence of a trigger and the node behind it.
type triggerWhy struct {
	sentence string
	behind   int
}

// reachable follows the roots through the triggers that can still fire: one that
// is not active, or waits for a carried node in another state, can not (R20).
func (w *planWhy) reachable() []bool {
	can := make([]bool, len(w.g.Nodes))
	left := make([]int, len(w.g.Triggers)) // conditions of a join that still lack
	for t := range w.g.Triggers {
		tr := &w.g.Triggers[t]
		for _, c := range tr.Conditions {
			if !w.fact(c) {
				left[t]++
			}
		}
		if !tr.Active || w.p.Nodes[tr.Node].Verdict != Downstream || w.now.impossible(tr) != "" || w.p.Run.holdsAll(w.g, t) {
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
	for n := range w.p.Nodes {
		if v := w.p.Nodes[n].Verdict; v == Root || v == MovedOn {
			push(n)
		}
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
			if !w.fact(Condition{n, watch.State}) {
				left[watch.Trigger]--
			}
			if tr := &w.g.Triggers[watch.Trigger]; tr.Any || left[watch.Trigger] == 0 {
				push(tr.Node)
			}
		}
	}
	return can
}

func (w *planWhy) node(n int) (string, int) {
	node := &w.g.Nodes[n]
	switch w.p.Verdict(n, w.can[n]) {
	case Root:
		at, ran := w.prior.Latest(w.g, n)
		if !ran {
			return node.Name + " starts at once: it was selected, it had been held back, and what it waits for is done", -1
		}
		tr := &w.g.Triggers[w.g.Actions[at.Action].Trigger]
		ended := endWord(node, w.prior.Actions[at.Action].State) + " in run " + w.source(n)
		if w.prior.Nodes[n].Accepted {
			ended = "in run " + w.source(n) + " was accepted as " + stateWord(node, Succeeded)
		}
		return node.Name + " starts again at once: it was selected, and its latest attempt " + ended +
			" (arguments of trigger " + tr.Def.Name + ")", -1
	case Accepted:
		return node.Name + " is accepted as " + stateWord(node, Succeeded) + ": it " + endWord(node, w.p.Prior[n]) +
			" in run " + w.source(n), -1
	case Held:
		return w.held(n), -1
	case Carried:
		switch {
		case node.Trigger >= 0:
			return "trigger " + node.Name + " is carried: it had fired and does not fire again", -1
		case w.prior.Nodes[n].Accepted:
			return node.Name + " is carried: it was accepted as " + stateWord(node, Succeeded) +
				", though it did not succeed in run " + w.source(n), -1
		}
		return node.Name + " is carried: it " + endWord(node, w.p.Run.Nodes[n].Last) + " in run " + w.source(n), -1
	case Downstream:
		if node.Trigger >= 0 {
			return w.trigger(node.Trigger)
		}
		return w.downstream(n)
	case MovedOn:
		return node.Name + " is moved: it is " + stateWord(node, w.running(n)) + " in run " + w.prior.ID + " and goes on in the new run", -1
	case LeftBlank:
	}
	repeated := w.p.Run.either("repeated", "accepted")
	if node.Trigger >= 0 {
		return "trigger " + node.Name + " is left as it was: it did not fire in run " + w.prior.ID +
			" and is not downstream of what is " + repeated, -1
	}
	return node.Name + " is left blank: it never ran in run " + w.prior.ID + " and is not downstream of what is " + repeated, -1
}

// held tells which resume leaves the node out.
func (w *planWhy) held(n int) string {
	head := w.g.Nodes[n].Name + " is held back: "
	if w.now.again[n] {
		if w.p.Nodes[n].Selected {
			head += "it was selected but lies downstream of " + w.g.Nodes[w.p.Nodes[n].Via].Name + ", and "
		}
		return head + "this resume leaves it out; a later one may start it"
	}
	head += "an earlier resume left it out"
	if _, ready := w.prior.Ready(w.g, n); ready {
		head += "; what it waits for is done, so it starts when it is selected"
	}
	return head
}

// downstream tells which triggers may start the node again.
func (w *planWhy) downstream(n int) (string, int) {
	node, ran := &w.g.Nodes[n], w.prior.Nodes[n].Last != Blank
	head := node.Name
	if w.p.Nodes[n].Selected {
		head += " was selected but lies downstream of " + w.g.Nodes[w.p.Nodes[n].Via].Name + ", so it"
	}
	var now, may, not []string
	behind, seen := -1, -1
	for _, a := range node.Actions {
		t := w.g.Actions[a].Trigger
		if t == seen || w.p.Nodes[w.g.Triggers[t].Node].Verdict == Carried {
			continue // a carried trigger never fires again (R17, R21)
		}
		seen = t
		reason, next := w.trigger(t)
		if !w.can[w.g.Triggers[t].Node] {
			not = append(not, reason)
			continue
		}
		if behind < 0 {
			behind = next
		}
		if w.atOnce(t) {
			now = append(now, reason)
		} else {
			may = append(may, reason)
		}
	}
	starts := " starts"
	if ran {
		starts += " again"
	}
	switch {
	case now != nil && may != nil:
		return head + starts + " at once: " + list(now, "and") + "; and once more if " + list(may, "or"), behind
	case now != nil:
		return head + starts + " at once: " + list(now, "and"), behind
	case may != nil:
		return head + starts + " if " + list(may, "or"), behind
	case ran:
		head += " loses its state and"
	}
	return head + " can't start in the new run: " + list(not, "and"), behind
}

// atOnce reports whether an accepted node makes the trigger fire as the new run
// begins.
func (w *planWhy) atOnce(t int) bool {
	tr, accepted, hold := &w.g.Triggers[t], false, 0
	for _, c := range tr.Conditions {
		if w.fact(c) {
			hold++
			accepted = accepted || w.p.Nodes[c.Node].Verdict == Accepted
		}
	}
	return w.can[tr.Node] && accepted && (tr.Any || hold == len(tr.Conditions))
}

// trigger says what a trigger downstream waits for, and the first repeated or
// accepted node among that.
func (w *planWhy) trigger(t int) (string, int) {
	said := &w.triggers[t]
	if said.sentence == "" {
		reason, behind := w.fires(t)
		*said = triggerWhy{"trigger " + w.g.Triggers[t].Def.Name + " " + reason, behind}
	}
	return said.sentence, said.behind
}

func (w *planWhy) fires(t int) (string, int) {
	tr := &w.g.Triggers[t]
	switch {
	case !tr.Active:
		return "is " + string(tr.Def.State) + ", not ACTIVATED, and can't fire", -1
	case w.now.impossible(tr) != "":
		return "can't fire: it " + w.now.impossible(tr), -1
	case w.p.Run.holdsAll(w.g, t):
		return "does not fire: what it starts is held back", -1
	}
	n := w.needs(tr)
	switch {
	case !w.can[tr.Node] && len(n.lacks) == 0:
		return "can't fire: " + list(n.holds, tr.join()) + " held before, and only an end in the new run counts", -1
	case !w.can[tr.Node]:
		return "can't fire: it wants " + list(n.lacks, "and"), -1
	}
	s := ""
	switch {
	case w.atOnce(t):
		s = "fires, since " + list(n.accepted, "and") + are(n.accepted) + "accepted"
	case tr.Any:
		s = "fires on the first of " + list(n.wants, "or")
	default:
		s = "fires (it wants " + list(n.wants, "and")
		for _, part := range []struct {
			word  string
			holds []string
		}{{"accepted", n.accepted}, {"carried", n.holds}} {
			if len(part.holds) > 0 {
				s += "; " + part.word + ": " + list(part.holds, "and")
			}
		}
		return s + ")", n.first
	}
	if len(n.holds) > 0 {
		s += " (" + list(n.holds, "and") + are(n.holds) + "carried"
		if tr.Any {
			s += ", which does not count"
		}
		s += ")"
	}
	return s, n.first
}

// needs are the conditions of a trigger by what makes them true in the new run.
type needs struct {
	// wants can come true, accepted (by their nodes) and holds are true as it
	// begins; lacks says of the others why they stay false.
	wants, accepted, holds, lacks []string
	// first is the first node of wants and accepted, -1 for none.
	first int
}

func are(parts []string) string {
	if len(parts) > 1 {
		return " are "
	}
	return " is "
}

func (w *planWhy) needs(tr *Trigger) needs {
	out := needs{first: -1}
	for _, c := range tr.Conditions {
		want, name, last := w.now.want(c), w.g.Nodes[c.Node].Name, w.p.Run.Nodes[c.Node].Last
		switch v := w.p.Verdict(c.Node, w.can[c.Node]); {
		case w.can[c.Node]:
			out.wants = append(out.wants, want)
		case v == Accepted && last == c.State:
			out.accepted = append(out.accepted, name)
		case v == Carried && last == c.State:
			out.holds = append(out.holds, want)
			continue
		default:
			out.lacks = append(out.lacks, want+", but "+w.lack(c.Node))
			continue
		}
		if out.first < 0 {
			out.first = c.Node
		}
	}
	return out
}

// lack says of a node that does not end as a trigger wants it why it does not.
func (w *planWhy) lack(n int) string {
	node, last := &w.g.Nodes[n], w.p.Run.Nodes[n].Last
	switch w.p.Verdict(n, w.can[n]) {
	case Accepted:
		return node.Name + " is accepted as " + stateWord(node, last)
	case Carried:
		return node.Name + " is carried as " + stateWord(node, last)
	case Held:
		return node.Name + " is held back"
	default:
		return node.Name + " won't run"
	}
}

// fact reports whether a condition holds as the new run begins.
func (w *planWhy) fact(c Condition) bool {
	last := w.p.Run.Nodes[c.Node].Last
	return last != Blank && last == c.State
}

// running is the state of a node's live attempt.
func (w *planWhy) running(n int) State {
	for _, a := range w.g.Nodes[n].Actions {
		if s := w.prior.Actions[a].State; s.Live() {
			return s
		}
	}
	return Blank
}

// source is the run in which a node's state that the plan shows came about.
func (w *planWhy) source(n int) string { return w.prior.Sources[w.prior.Nodes[n].Source] }
