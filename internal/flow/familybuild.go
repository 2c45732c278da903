package flow

import (
	"cmp"
	"errors"
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

// NewFamily puts a family together from its runs, in any order.
func NewFamily(runs []Observed, now int64) (*Family, error) {
	if len(runs) == 0 {
		return nil, errors.New("a family has at least one run")
	}
	b := familyBuilder{now: now, index: map[attemptKey]int{}}
	if err := b.tree(runs); err != nil {
		return nil, err
	}
	for m := range b.f.Runs {
		b.attempts(m)
	}
	b.inOrder()
	b.supplies()
	b.times()
	return &b.f, nil
}

type familyBuilder struct {
	f     Family
	now   int64
	index map[attemptKey]int
	// shown are the attempts that each run shows, by node.
	shown []map[nodeKey][]int
}

// tree orders the runs and finds the head.
func (b *familyBuilder) tree(runs []Observed) error {
	known, resumes := map[string]bool{}, map[string][]Observed{}
	for _, r := range runs {
		known[r.Run.WorkflowRunId] = true
	}
	var stack []Observed
	for _, r := range runs {
		id := r.Run.PreviousRunId
		if known[id] {
			resumes[id] = append(resumes[id], r)
			continue
		}
		stack = append(stack, r)
		if id != "" && !slices.Contains(b.f.Lost, id) {
			b.f.Lost = append(b.f.Lost, id)
		}
	}
	newestFirst(stack)
	at := map[string]int{}
	for len(stack) > 0 {
		r := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		m := Member{Observed: r, Parent: -1}
		if p, ok := at[r.Run.PreviousRunId]; ok {
			m.Parent, m.Depth = p, b.f.Runs[p].Depth+1
		}
		at[r.Run.WorkflowRunId] = len(b.f.Runs)
		b.f.Runs = append(b.f.Runs, m)
		below := resumes[r.Run.WorkflowRunId]
		newestFirst(below)
		stack = append(stack, below...)
	}
	if len(b.f.Runs) < len(runs) {
		return errors.New("runs that resume each other in a circle")
	}
	for i := range b.f.Runs {
		if b.f.Runs[i].Run.StartedOn >= b.f.Runs[b.f.Head].Run.StartedOn {
			b.f.Head = i
		}
	}
	return nil
}

func newestFirst(runs []Observed) {
	slices.SortStableFunc(runs, func(a, b Observed) int { return cmp.Compare(b.Run.StartedOn, a.Run.StartedOn) })
}

// attempts notes what a run shows. What the runs before it in the tree showed
// already is known; of the rest, what is older than the run ran in a lost one.
func (b *familyBuilder) attempts(m int) {
	run := b.f.Runs[m].Run
	b.shown = append(b.shown, map[nodeKey][]int{})
	for i := range run.Graph.Nodes {
		n := &run.Graph.Nodes[i]
		node := nodeKey{n.Type, n.Name}
		for _, a := range nodeAttempts(n) {
			key := a.key()
			at, known := b.index[key]
			if !known {
				a.Run = m
				if run.PreviousRunId != "" && a.State.Terminal() && a.Began < int64(run.StartedOn) {
					a.Run, a.Before = -1, run.PreviousRunId
				}
				at = len(b.f.Attempts)
				b.index[key] = at
				b.f.Attempts = append(b.f.Attempts, a)
			}
			b.shown[m][node] = append(b.shown[m][node], at)
		}
		b.count(m, b.shown[m][node])
	}
}

// count adds the attempts of a node to what the run did and what it carried.
func (b *familyBuilder) count(m int, shown []int) {
	member := &b.f.Runs[m]
	for _, i := range shown {
		a := &b.f.Attempts[i]
		took := a.Took(b.now)
		switch {
		case a.Run == m:
			member.Ran++
			member.Worked += took
		case a.Ended == 0 || a.Ended > int64(member.Run.StartedOn): // it ran on, moved here
		case !b.retried(a, shown):
			member.Saved.Starts++
			member.Saved.Time += took
		}
	}
}

// retried reports whether a later attempt of those retries this one.
func (b *familyBuilder) retried(a *FamilyAttempt, among []int) bool {
	return a.Job != nil && slices.ContainsFunc(among, func(i int) bool {
		j := b.f.Attempts[i].Job
		return j.Attempt == a.Job.Attempt+1 &&
			(j.PreviousRunId == a.Job.Id || glue.FirstAttemptID(j.Id) == glue.FirstAttemptID(a.Job.Id))
	})
}

// inOrder sorts all attempts by their start.
func (b *familyBuilder) inOrder() {
	byStart := make([]int, len(b.f.Attempts))
	for i := range byStart {
		byStart[i] = i
	}
	slices.SortStableFunc(byStart, func(i, j int) int {
		return cmp.Compare(b.f.Attempts[i].order(), b.f.Attempts[j].order())
	})
	sorted, place := make([]FamilyAttempt, len(byStart)), make([]int, len(byStart))
	for to, from := range byStart {
		sorted[to], place[from] = b.f.Attempts[from], to
	}
	b.f.Attempts = sorted
	for _, shown := range b.shown {
		for _, list := range shown {
			for i := range list {
				list[i] = place[list[i]]
			}
		}
	}
}

// supplies finds for each node of the head where its state comes from.
func (b *familyBuilder) supplies() {
	all := map[nodeKey][]int{}
	for i := range b.f.Attempts {
		k := b.f.Attempts[i].key().node
		all[k] = append(all[k], i)
	}
	line := make([]bool, len(b.f.Runs)) // the head and what it descends from
	for m := b.f.Head; m >= 0; m = b.f.Runs[m].Parent {
		line[m] = true
	}
	head := &b.f.Runs[b.f.Head]
	g, answers := head.Graph, map[nodeKey]*glue.Node{}
	for i := range head.Run.Graph.Nodes {
		n := &head.Run.Graph.Nodes[i]
		answers[nodeKey{n.Type, n.Name}] = n
	}
	for n := range g.Nodes {
		if g.Nodes[n].Trigger >= 0 {
			continue
		}
		k := nodeKey{g.Nodes[n].Type, g.Nodes[n].Name}
		s := Supply{Node: n, Attempts: all[k], Latest: -1, Reset: -1, Aside: -1}
		if shown := b.shown[b.f.Head][k]; len(shown) > 0 {
			s.Latest = shown[len(shown)-1]
			as := nodeAttempts(answers[k])
			s.Shown = &as[len(as)-1]
		}
		for _, i := range s.Attempts {
			switch run := b.f.Attempts[i].Run; {
			case i <= s.Latest:
			case run >= 0 && !line[run]:
				s.Aside = i
			case s.Latest < 0:
				s.Reset = i
			}
		}
		b.f.Nodes = append(b.f.Nodes, s)
	}
}

// times sums up the runs, and measures where none of them was live.
func (b *familyBuilder) times() {
	type span struct{ from, to int64 }
	spans, live := make([]span, 0, len(b.f.Runs)), false
	for i := range b.f.Runs {
		m := &b.f.Runs[i]
		b.f.Saved.Starts += m.Saved.Starts
		b.f.Saved.Time += m.Saved.Time
		end := int64(m.Run.CompletedOn)
		if !m.State.Over() {
			live, end = true, b.now
		}
		spans = append(spans, span{int64(m.Run.StartedOn), max(end, int64(m.Run.StartedOn))})
	}
	for i := range b.f.Attempts {
		b.f.Worked += b.f.Attempts[i].Took(b.now)
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	end := spans[0].to
	for _, s := range spans[1:] {
		b.f.Idle += max(0, s.from-end)
		end = max(end, s.to)
	}
	b.f.Began, b.f.Wall = spans[0].from, end-spans[0].from
	if !live {
		b.f.Ended = end
	}
}
