package oracle

import "slices"

// Request is what a resume is asked for.
type Request struct {
	Nodes, Accept, Until, Except []string
	AnyEnd, WhileRunning         bool
}

func (r *Run) resume() (refused string) {
	over := r.From.Status == "COMPLETED" || r.AnyEnd && len(r.From.running()) == 0
	if !over && (r.From.Status != "RUNNING" || !r.WhileRunning) || len(r.Nodes)+len(r.Accept) == 0 {
		return "run"
	}
	first := func(n string) int { // what was held back comes last
		i := slices.IndexFunc(r.From.Lines, func(l Line) bool { return l.What == "start" && l.Node == n })
		return (i + len(r.From.Lines) + 1) % (len(r.From.Lines) + 1)
	}
	for i, n := range r.Nodes {
		if r.From.by(n).Trigger == "" {
			return n
		}
		drop := slices.Contains(r.Nodes[:i], n) || slices.ContainsFunc(r.Accept, func(a string) bool { return r.leads(a, n) })
		for j, m := range r.Nodes {
			drop = drop || m != n && r.leads(m, n) && (!r.leads(n, m) || first(m) < first(n) || first(m) == first(n) && j < i)
		}
		if !drop {
			r.Roots = append(r.Roots, n)
		}
	}
	if refused = r.narrow(); refused != "" {
		return refused
	}
	for _, l := range r.From.Lines {
		if !r.again(l.Node) {
			r.Lines = append(r.Lines, l)
		}
	}
	for _, n := range r.Accept {
		for _, l := range r.Lines {
			if l.Node == n && l.What == "start" {
				r.add(r.Now(l.Attempt), "end", "SUCCEEDED")
			}
		}
		r.add(r.From.Last("end", n), "end", "SUCCEEDED") // the latest end stays the latest
		r.add(r.From.Last("end", n), "accept", "SUCCEEDED")
	}
	r.Status, r.Taken = "RUNNING", len(r.Lines)
	for _, n := range r.Roots {
		by, last := r.From.by(n), r.From.Last("start", n)
		r.start(n, by, Line{Same: last.Attempt, Root: true})
	}
	for _, n := range r.Accept {
		r.ended(r.Last("end", n), true)
	}
	r.settle()
	return ""
}

// narrow finds what is held back, or the node that can't be accepted, led to or
// left out.
func (r *Run) narrow() (refused string) {
	var all, bad []string
	for _, t := range r.Triggers {
		all = append(all, t.Starts...)
	}
	refuse := func(nodes []string, is func(string) bool) {
		i := slices.IndexFunc(nodes, is)
		bad = append(bad, nodes[max(0, i):i+1]...)
	}
	refuse(r.Accept, func(n string) bool {
		last, end := r.From.Last("start", n), r.From.Last("end", n).State
		return slices.Contains(r.From.running(), n) || last.What == "" || r.From.Now(last.Attempt).State == "SUCCEEDED" && end == "SUCCEEDED"
	})
	follows := func(n string) bool { // by triggers that can fire
		over := func(t string) bool { return r.From.fired(t) && !r.again(t) }
		below := func(m string) bool { return r.From.below(m, map[string]bool{}, over)[n] }
		return slices.ContainsFunc(r.From.running(), below)
	}
	refuse(r.Accept, func(n string) bool { return r.again(n) || follows(n) })
	refuse(slices.Concat(r.Until, r.Except), func(n string) bool { return !r.again(n) || !slices.Contains(all, n) })
	refuse(r.Except, func(n string) bool { return slices.Contains(r.Nodes, n) })
	refuse(r.From.running(), r.again)
	refuse(r.Roots, follows)
	for _, n := range all {
		to := func(u string) bool { return u == n || r.leads(n, u) }
		out := slices.Contains(r.Except, n) || len(r.Until) > 0 && !slices.ContainsFunc(r.Until, to) && !slices.Contains(r.Roots, n)
		if r.again(n) && out || !r.again(n) && slices.Contains(r.From.Held, n) {
			r.Held = append(r.Held, n)
		}
	}
	return append(bad, "")[0]
}

// again reports whether a resume evaluates a node anew.
func (r *Run) again(node string) bool {
	below := func(n string) bool { return r.leads(n, node) }
	return slices.Contains(r.Roots, node) || slices.ContainsFunc(slices.Concat(r.Roots, r.Accept), below)
}

// by is the action by which a resume can start a node, if it ran or is held back.
func (r *Run) by(node string) Attempt {
	at := r.Last("start", node).Attempt
	for _, t := range r.Triggers {
		i := slices.Index(t.Starts, node)
		if at.Trigger == "" && i >= 0 && t.Active && slices.Contains(r.Held, node) && r.hold(t) {
			at = Attempt{Trigger: t.Name, Index: i}
		}
	}
	return at
}
