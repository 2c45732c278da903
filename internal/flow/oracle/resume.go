package oracle

import "slices"

// Request is what a resume is asked for.
type Request struct {
	Nodes, Accept, Until, Except []string
	AnyEnd                       bool
}

func (r *Run) resume() (refused string) {
	if r.From.Status != "COMPLETED" && !r.AnyEnd || len(r.Nodes)+len(r.Accept) == 0 {
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
	r.Status = "RUNNING"
	for _, n := range r.Roots {
		by, last := r.From.by(n), r.From.Last("start", n)
		r.start(n, Attempt{r.ID, by.Trigger, by.Index, 0}, Line{Same: last.Attempt, Root: true})
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
		return last.What == "" || r.From.Now(last.Attempt).State == "SUCCEEDED" && end == "SUCCEEDED"
	})
	refuse(r.Accept, r.again)
	refuse(slices.Concat(r.Until, r.Except), func(n string) bool { return !r.again(n) || !slices.Contains(all, n) })
	refuse(r.Except, func(n string) bool { return slices.Contains(r.Nodes, n) })
	for _, n := range all {
		to := func(u string) bool { return u == n || r.leads(n, u) }
		out := slices.Contains(r.Except, n) || len(r.Until) > 0 && !slices.ContainsFunc(r.Until, to) && !slices.Contains(r.Roots, n)
		if r.again(n) && out || !r.again(n) && slices.Contains(r.From.Held, n) {
			r.Held = append(r.Held, n)
		}
	}
	return append(bad, "")[0]
}
