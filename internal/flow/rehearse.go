package flow

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
)

// Script says how the attempts of a rehearsal go.
type Script struct {
	// End is how a node's attempt ends; retry counts from 0 for each start.
	End func(node, retry int) State
	// Takes is how long an attempt of an action that ends so lasts, in
	// milliseconds.
	Takes func(action int, end State) int64
	// Retries is how often a node's job may be retried.
	Retries func(node int) int
}

// Rehearsal is a run played to its end on a virtual clock that begins at 0. Its
// job run ids are those of no real run.
type Rehearsal struct {
	Run *Run
	// Attempts are in the order of their starts.
	Attempts []RehearsedAttempt
	// Took is when the last attempt ended, in milliseconds.
	Took int64

	// last is the attempt that ended last, -1 when none ran.
	last int
}

// RehearsedAttempt is one attempt of a rehearsal.
type RehearsedAttempt struct {
	Start
	Node int
	// Moved is set when the attempt was running already; it begins with the run.
	Moved bool
	// End is the state in which it ended.
	End State
	// Began and Ended are milliseconds of the virtual clock.
	Began, Ended int64
	// Cause is the attempt whose end started this one, -1 for what starts with
	// the run.
	Cause int
}

// Rehearse plays a run of the graph from its start trigger to its end, through
// Step alone. Ends of one moment come in the order of the graph, so the same
// script always gives the same rehearsal.
func Rehearse(g *Graph, s *Script) (*Rehearsal, error) {
	p := newPlay(g, NewRun(g, "rehearsal"), s)
	if err := p.step(Begun{}, 0, -1); err != nil {
		return nil, err
	}
	return p.toEnd()
}

// RehearsePlan plays a resume to its end. It plays the plan's own run, which
// therefore no longer is at its beginning afterwards.
func RehearsePlan(g *Graph, plan *Plan, s *Script) (*Rehearsal, error) {
	p := newPlay(g, plan.Run, s)
	plan.Run.Clock = 0
	for _, at := range plan.Run.MovedAttempts() {
		retry := int(plan.Run.Actions[at.Action].Retry)
		if err := p.begin(Start{Attempt: at, Retry: retry}, true, 0, -1); err != nil {
			return nil, err
		}
	}
	if err := p.starts(plan.Start, 0, -1); err != nil {
		return nil, err
	}
	return p.toEnd()
}

// CriticalPath are the attempts of which each began when the one before ended,
// from the start of the run to its end: what to make faster, if anything. They are
// indexes of Attempts.
func (r *Rehearsal) CriticalPath() []int {
	var path []int
	for i := r.last; i >= 0; i = r.Attempts[i].Cause {
		path = append(path, i)
	}
	slices.Reverse(path)
	return path
}

// play is a rehearsal under way.
type play struct {
	g      *Graph
	script *Script
	out    Rehearsal
	due    agenda
	// most bounds the starts. A trigger fires once a run, so that each action
	// starts at most once by its trigger and once by a resume, each with its
	// retries: circles end by themselves.
	most int
}

func newPlay(g *Graph, r *Run, s *Script) *play {
	p := &play{g: g, script: s, out: Rehearsal{Run: r, last: -1}}
	for a := range g.Actions {
		p.most += 2 * (1 + s.Retries(g.Actions[a].Node))
	}
	return p
}

func (p *play) toEnd() (*Rehearsal, error) {
	for len(p.due.ends) > 0 {
		i := heap.Pop(&p.due).(due).attempt
		a := &p.out.Attempts[i]
		p.out.Took, p.out.last = a.Ended, i
		end := Ended{Attempt: a.Attempt, State: a.End, Retries: p.script.Retries(a.Node)}
		if err := p.step(end, a.Ended, i); err != nil {
			return nil, err
		}
	}
	if !p.out.Run.Over() {
		return nil, fmt.Errorf("run %s: nothing is left to end, but it is %s", p.out.Run.ID, p.out.Run.Status)
	}
	return &p.out, nil
}

// step carries out an event that the end of an attempt, or nothing, caused.
func (p *play) step(ev Event, now int64, cause int) error {
	c, err := Step(p.g, p.out.Run, ev, now)
	if err != nil {
		return err
	}
	p.out.Run.Apply(&c)
	return p.starts(c.Start, now, cause)
}

// starts notes what starts now, and when it will end.
func (p *play) starts(starts []Start, now int64, cause int) error {
	for _, st := range starts {
		if err := p.begin(st, false, now, cause); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) begin(st Start, moved bool, now int64, cause int) error {
	if len(p.out.Attempts) == p.most {
		return fmt.Errorf("run %s: more than %d starts, which its triggers and retries do not explain", p.out.Run.ID, p.most)
	}
	node := p.g.Actions[st.Action].Node
	end := p.script.End(node, st.Retry)
	if !end.Terminal() {
		return fmt.Errorf("run %s: node %s: the script ends it as %s, which is no end", p.out.Run.ID, p.g.Nodes[node].Name, end)
	}
	i := len(p.out.Attempts)
	p.out.Attempts = append(p.out.Attempts, RehearsedAttempt{
		Start: st, Node: node, Moved: moved, End: end, Cause: cause, Began: now, Ended: now + max(0, p.script.Takes(st.Action, end)),
	})
	heap.Push(&p.due, due{at: p.out.Attempts[i].Ended, node: node, action: st.Action, attempt: i})
	return nil
}

// due is an attempt that will end.
type due struct {
	at                    int64
	node, action, attempt int
}

func (d due) compare(e due) int {
	return cmp.Or(cmp.Compare(d.at, e.at), cmp.Compare(d.node, e.node), cmp.Compare(d.action, e.action), cmp.Compare(d.attempt, e.attempt))
}

// agenda is a heap of what will end, by time and then by the order of the graph.
type agenda struct{ ends []due }

func (a *agenda) Len() int           { return len(a.ends) }
func (a *agenda) Less(i, j int) bool { return a.ends[i].compare(a.ends[j]) < 0 }
func (a *agenda) Swap(i, j int)      { a.ends[i], a.ends[j] = a.ends[j], a.ends[i] }
func (a *agenda) Push(x any)         { a.ends = append(a.ends, x.(due)) }
func (a *agenda) Pop() any {
	last := a.ends[len(a.ends)-1]
	a.ends = a.ends[:len(a.ends)-1]
	return last
}
