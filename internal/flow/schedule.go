package flow

import "slices"

// Schedule says when nodes would run if every one that starts succeeds, with all
// times in milliseconds from the start of the run.
type Schedule struct {
	// Start and End run beside the nodes of the graph: -1 where nothing runs.
	Start, End []int64
	// Total is the end of the last node.
	Total int64
	// Path are the jobs and crawlers of the critical path, first to last: each
	// waits for the one before it.
	Path []int
}

// Schedule works out when the nodes of the plan would run, given how long each
// takes. A moved attempt counts as if it began with the run, since how far it is
// is not known.
func (p *Plan) Schedule(g *Graph, duration func(n int) int64) *Schedule {
	s := newScheduler(g, p.Run, duration)
	for _, st := range p.Start {
		a := &g.Actions[st.Action]
		if !st.Root { // an accepted node fired its trigger
			t := g.Triggers[a.Trigger].Node
			s.out.Start[t], s.out.End[t] = 0, 0
		}
		s.start(a.Node, 0, -1)
	}
	for _, at := range p.Run.MovedAttempts() {
		s.start(g.Actions[at.Action].Node, 0, -1)
	}
	return s.run()
}

// FullSchedule is the schedule of a run from its beginning.
func FullSchedule(g *Graph, duration func(n int) int64) *Schedule {
	s := newScheduler(g, NewRun(g, ""), duration)
	for t := range g.Triggers {
		if g.Triggers[t].Starts {
			s.fire(t, 0, -1)
		}
	}
	return s.run()
}

type scheduler struct {
	g        *Graph
	r        *Run
	duration func(n int) int64
	out      *Schedule
	// left counts the conditions that each trigger still lacks.
	left []int
	// cause is the node whose end let a node start, -1 for none.
	cause []int
	ends  endQueue
}

func newScheduler(g *Graph, r *Run, duration func(n int) int64) *scheduler {
	s := &scheduler{
		g: g, r: r, duration: duration, left: make([]int, len(g.Triggers)), cause: make([]int, len(g.Nodes)),
		out: &Schedule{Start: make([]int64, len(g.Nodes)), End: make([]int64, len(g.Nodes))},
	}
	for n := range g.Nodes {
		s.out.Start[n], s.out.End[n], s.cause[n] = -1, -1, -1
	}
	for t := range g.Triggers {
		tr := &g.Triggers[t]
		s.left[t] = len(tr.Conditions) - int(r.Triggers[t].Met)
		if tr.Any {
			s.left[t] = 1
		}
		if !tr.Active || r.Triggers[t].Fired || len(tr.Conditions) == 0 {
			s.left[t] = -1
		}
	}
	return s
}

func (s *scheduler) run() *Schedule {
	last := -1
	for len(s.ends) > 0 {
		e := s.ends.pop()
		last = e.node
		s.out.Total = e.at
		s.end(e.node, e.at)
	}
	for n := last; n >= 0 && s.out.Start[n] >= 0; n = s.cause[n] {
		s.out.Path = append(s.out.Path, n)
	}
	slices.Reverse(s.out.Path)
	return s.out
}

func (s *scheduler) start(n int, at int64, cause int) {
	if s.out.Start[n] >= 0 || s.r.holds(n) && cause >= 0 {
		return // a node that two triggers start counts once
	}
	s.out.Start[n], s.out.End[n], s.cause[n] = at, at+max(0, s.duration(n)), cause
	s.ends.push(scheduledEnd{s.out.End[n], n})
}

func (s *scheduler) end(n int, at int64) {
	for _, w := range s.g.Nodes[n].Watches {
		left := &s.left[w.Trigger]
		if w.State != Succeeded || *left < 0 {
			continue
		}
		// What held as the run began is no condition that lacks.
		if s.g.Triggers[w.Trigger].Any || s.r.Nodes[n].Last != Succeeded {
			*left--
		}
		if *left <= 0 {
			*left = -1
			s.fire(w.Trigger, at, n)
		}
	}
}

func (s *scheduler) fire(t int, at int64, cause int) {
	if s.r.holdsAll(s.g, t) {
		return
	}
	node := s.g.Triggers[t].Node
	s.out.Start[node], s.out.End[node] = at, at
	first, end := s.g.TriggerActions(t)
	for a := first; a < end; a++ {
		s.start(s.g.Actions[a].Node, at, cause)
	}
}

// scheduledEnd is the end of a node at a time.
type scheduledEnd struct {
	at   int64
	node int
}

// before is the order by time, then that of the graph.
func (e scheduledEnd) before(o scheduledEnd) bool {
	return e.at < o.at || e.at == o.at && e.node < o.node
}

// endQueue is a heap: no end is before that at half its index.
type endQueue []scheduledEnd

func (q *endQueue) push(e scheduledEnd) {
	*q = append(*q, e)
	h := *q
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h[i].before(h[up]) {
			return
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

func (q *endQueue) pop() scheduledEnd {
	h := *q
	first, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	*q = h
	for i := 0; ; {
		down := 2*i + 1
		if down+1 < last && h[down+1].before(h[down]) {
			down++
		}
		if down >= last || !h[down].before(h[i]) {
			return first
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
}
