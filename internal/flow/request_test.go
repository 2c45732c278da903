package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/flow/oracle"
)

// request asks for a resume of a run: most often as AWS has it, else one that also
// accepts nodes and holds others back. As a rule it makes sense, at times it does not.
func (w *world) request(p *played) oracle.Request {
	q := oracle.Request{Nodes: w.choose(p)}
	if !w.beyond || w.rnd.IntN(5) < 2 {
		return q
	}
	q.AnyEnd = w.rnd.IntN(2) == 0
	var failed []string
	for n := range w.g.Nodes {
		if last := p.run.Nodes[n].Last; last != Blank && last != Succeeded || w.rnd.IntN(80) == 0 {
			failed = append(failed, w.g.Nodes[n].Name)
		}
	}
	if len(failed) > 0 && w.rnd.IntN(2) == 0 {
		for range 1 + w.rnd.IntN(2) {
			q.Accept = append(q.Accept, pick(w.rnd, failed))
		}
		q.Nodes = slices.DeleteFunc(q.Nodes, func(n string) bool { return w.rnd.IntN(2) == 0 || slices.Contains(q.Accept, n) })
	}
	var again []string
	for n, below := range w.anew(q.Nodes, q.Accept) {
		if below && w.g.Nodes[n].Trigger < 0 && !slices.Contains(q.Nodes, w.g.Nodes[n].Name) || w.rnd.IntN(80) == 0 {
			again = append(again, w.g.Nodes[n].Name)
		}
	}
	if len(again) == 0 {
		return q
	}
	switch w.rnd.IntN(3) {
	case 0:
		q.Until = []string{pick(w.rnd, again)}
	case 1:
		q.Except = []string{pick(w.rnd, again)}
	case 2:
		q.Until, q.Except = []string{pick(w.rnd, again), pick(w.rnd, again)}, []string{pick(w.rnd, again)}
	}
	return q
}

// asked is the request in the words of flow.
func (w *world) asked(q oracle.Request) *Request {
	return &Request{Nodes: w.ids(q.Nodes), Accept: w.ids(q.Accept), Until: w.ids(q.Until), Except: w.ids(q.Except), AnyEnd: q.AnyEnd, WhileRunning: q.WhileRunning}
}

// requestOptions writes a request as the options of a scenario's command.
func requestOptions(q oracle.Request) string {
	s := ""
	for _, o := range []struct {
		name  string
		nodes []string
	}{{"nodes", q.Nodes}, {"accept", q.Accept}, {"until", q.Until}, {"except", q.Except}} {
		if len(o.nodes) > 0 {
			s += fmt.Sprintf(" %s=%s", o.name, strings.Join(o.nodes, ","))
		}
	}
	if q.AnyEnd {
		s += " any-end"
	}
	if q.WhileRunning {
		s += " while-running"
	}
	return s
}

// anew marks what lies at or below some nodes, or below others, by the
// definitions alone.
func (w *world) anew(from, below []string) []bool {
	again := make([]bool, len(w.g.Nodes))
	var visit func(name string)
	visit = func(name string) {
		for _, t := range w.spec {
			for _, want := range t.Wants {
				for _, next := range t.Starts {
					if want.Node == name {
						again[w.node(t.Name)] = true
						if m := w.node(next); !again[m] {
							again[m] = true
							visit(next)
						}
					}
				}
			}
		}
	}
	for _, name := range from {
		if n := w.node(name); n >= 0 {
			again[n] = true
			visit(name)
		}
	}
	for _, name := range below {
		visit(name)
	}
	return again
}

// planned checks the plan itself: all that lies downstream of a root or of an
// accepted node is new, nothing else is, and what is held back says so.
func (w *world) planned(p *played, plan *Plan) error {
	again := w.anew(p.oracle.Roots, p.oracle.Accept)
	follows := w.follows(p)
	for n := range w.g.Nodes {
		st, t, name := plan.Run.Nodes[n], w.g.Nodes[n].Trigger, w.g.Nodes[n].Name
		at := func(s Start) bool { return t >= 0 && w.g.Actions[s.Action].Trigger == t && !s.Root }
		blank := st.Last == Blank && !st.Carried && (t < 0 || !plan.Run.Triggers[t].Fired || slices.ContainsFunc(plan.Start, at))
		was := p.prior.run.Nodes[n].Last != Blank || t >= 0 && p.prior.run.Triggers[t].Fired
		want := LeftBlank
		switch {
		case slices.Contains(plan.Roots, n):
			want = Root
		case slices.Contains(p.oracle.Accept, name):
			want = Accepted
		case slices.Contains(p.oracle.Held, name):
			want = Held
		case again[n] || follows[n]:
			want = Downstream
		case t < 0 && p.prior.run.runs(w.g, n):
			want = MovedOn
		case was:
			want = Carried
		}
		if again[n] && !blank {
			return fmt.Errorf("invariant: %s lies downstream of a root and is not evaluated again", name)
		}
		v := plan.Nodes[n]
		if v.Verdict != want || v.Selected != slices.Contains(p.oracle.Nodes, name) {
			return fmt.Errorf("plan says %+v of %s, want verdict %d", v, name, want)
		}
		if _, ok := plan.Prior[n]; ok != (want == Accepted) || ok && (plan.Prior[n] == Succeeded || !plan.Prior[n].Terminal()) {
			return fmt.Errorf("plan says that %s really ended %s", name, plan.Prior[n])
		}
		if want == Downstream && !w.anew([]string{w.g.Nodes[v.Via].Name}, nil)[n] {
			return fmt.Errorf("plan says that %s lies below %s", name, w.g.Nodes[v.Via].Name)
		}
	}
	return nil
}

// follows marks what the ends of moved attempts may start, outside of what is
// evaluated anew: it lies below them by triggers that have not fired.
func (w *world) follows(p *played) []bool {
	out, again := make([]bool, len(w.g.Nodes)), w.anew(p.oracle.Roots, p.oracle.Accept)
	var visit func(name string)
	visit = func(name string) {
		for i, t := range w.spec {
			watches := slices.ContainsFunc(t.Wants, func(want oracle.Want) bool { return want.Node == name })
			if n := w.node(t.Name); !watches || p.prior.run.Triggers[i].Fired || again[n] || out[n] {
				continue
			}
			out[w.node(t.Name)] = true
			for _, next := range t.Starts {
				n := w.node(next)
				fixed := again[n] || slices.Contains(p.oracle.Accept, next) || p.prior.run.runs(w.g, n)
				if !fixed && !out[n] {
					out[n] = true
					visit(next)
				}
			}
		}
	}
	for n := range w.g.Nodes {
		if p.prior.run.runs(w.g, n) {
			visit(w.g.Nodes[n].Name)
		}
	}
	return out
}

// keptPlan holds what happened against what the plan said: the roots started, what
// can't start did not, and what is carried, accepted or held back stayed so.
func (w *world) keptPlan(p *played) error {
	started := map[int]bool{}
	for _, s := range p.starts {
		started[w.g.Actions[s.Action].Node] = true
	}
	for n := range w.g.Nodes {
		name, v := w.g.Nodes[n].Name, p.plan.Verdict(n, p.can[n])
		if v == MovedOn { // it ends, and a circle may start it again
			continue
		}
		fires := w.g.Nodes[n].Trigger
		fired := fires >= 0 && p.run.Triggers[fires].Fired
		startsSome := func(a Action) bool { return a.Trigger == fires && p.can[a.Node] }
		switch {
		case p.can[n] && (v != Root && v != Downstream || fires >= 0 && !slices.ContainsFunc(w.g.Actions, startsSome)):
			return fmt.Errorf("plan said that %s can run, but it starts nothing", name)
		case v == Root && !started[n]:
			return fmt.Errorf("plan said that %s starts, but it did not", name)
		case v != Carried && (started[n] || fired) && !p.can[n]:
			return fmt.Errorf("plan said that %s can't start, but it did", name)
		case v != Root && v != Downstream && (started[n] || p.run.Nodes[n] != p.begin.Nodes[n]):
			return fmt.Errorf("plan said that %s stays as it is, but it changed", name)
		}
		for _, a := range w.g.Nodes[n].Actions {
			if v != Root && v != Downstream && p.run.Actions[a] != p.begin.Actions[a] {
				return fmt.Errorf("plan said that %s stays as it is, but its action did not", name)
			}
		}
	}
	return nil
}
