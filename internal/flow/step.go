package flow

import (
	"cmp"
	"fmt"

	"github.com/reglue/reglue/internal/glue"
)

// Step says what an event changes. It does not change the run; its cost is the
// degree of the node that the event is about. An event about an old attempt, an
// attempt that is over or a run that is over gives an empty Change; any other
// that can't be is an error which names run, node and event.
func Step(g *Graph, r *Run, ev Event, now int64) (Change, error) {
	s := step{g: g, r: r, c: Change{At: max(now, r.Clock)}, live: r.Live, begun: r.Begun}
	if r.Over() {
		return s.c, nil
	}
	var err error
	switch ev := ev.(type) {
	case Begun:
		err = s.begin()
	case Progressed:
		err = s.progressed(ev)
	case Ended:
		err = s.ended(ev)
	case StopAsked:
		err = s.stopAsked()
	case AttemptStopAsked:
		err = s.attemptStopAsked(ev)
	case Superseded:
		s.superseded()
	default:
		err = fmt.Errorf("run %s: unknown event %T", r.ID, ev)
	}
	if err != nil {
		return Change{At: s.c.At}, err
	}
	s.settle()
	return s.c, nil
}

// step gathers the change of one event.
type step struct {
	g *Graph
	r *Run
	c Change
	// live and begun are the run's counts with the change applied.
	live  int
	begun int32
}

func (s *step) begin() error {
	if s.r.Status != "" {
		return fmt.Errorf("run %s: began twice", s.r.ID)
	}
	s.c.Status = glue.WorkflowRunStatusRunning
	for t := range s.g.Triggers {
		if s.g.Triggers[t].Starts {
			s.fire(t, s.r.Triggers[t], nil)
		}
	}
	return nil
}

func (s *step) progressed(ev Progressed) error {
	if !ev.State.Live() {
		return s.impossible(ev.Attempt, ev)
	}
	cur, ok, err := s.current(ev.Attempt, ev)
	if err != nil || !ok {
		return err
	}
	// A stop that was asked for stays visible until the attempt is over.
	if cur.State == ev.State || cur.State == Stopping {
		return nil
	}
	cur.State = ev.State
	s.setAction(ev.Action, cur)
	return nil
}

func (s *step) ended(ev Ended) error {
	if !ev.State.Terminal() {
		return s.impossible(ev.Attempt, ev)
	}
	cur, ok, err := s.current(ev.Attempt, ev)
	if err != nil || !ok {
		return err
	}
	if s.retries(cur, ev) {
		s.retry(ev.Attempt, cur)
		return nil
	}
	cur.State = ev.State
	s.live--
	s.setAction(ev.Action, cur)
	n := s.g.Actions[ev.Action].Node
	s.endNode(n, NodeState{
		Last: ev.State, Retry: cur.Retry, Action: int32(ev.Action), Start: int32(ev.Start),
	})
	return nil
}

// retries: only a failure of a job that really ran is retried, never a timeout
// or a stop, and nothing starts in a run that is stopping.
func (s *step) retries(cur ActionState, ev Ended) bool {
	return ev.State == Failed && !ev.Refused && int(cur.Retry) < ev.Retries &&
		cur.State != Stopping && s.r.Status == glue.WorkflowRunStatusRunning
}

func (s *step) retry(at Attempt, cur ActionState) {
	first := s.r.JobRunID(s.g, 0, Attempt{at.Action, at.Start - int(cur.Retry)}, 0)
	s.begun++
	cur.State, cur.Retry, cur.Starts, cur.Latest = Starting, cur.Retry+1, cur.Starts+1, s.begun
	s.setAction(at.Action, cur)
	s.c.Start = append(s.c.Start, Start{
		Attempt:  Attempt{at.Action, at.Start + 1},
		JobRunID: glue.RetryID(first, int(cur.Retry)),
		Retry:    int(cur.Retry),
		SameAs:   first,
	})
}

// endNode records a node's end and fires the triggers whose conditions it
// completes. Watches of one trigger lie together, so each trigger is seen once.
func (s *step) endNode(n int, now NodeState) {
	before := s.r.Nodes[n].Last
	s.c.Nodes = append(s.c.Nodes, NodeChange{n, now})
	watches := s.g.Nodes[n].Watches
	for i := 0; i < len(watches); {
		t, matched := watches[i].Trigger, false
		ts := s.r.Triggers[t]
		for ; i < len(watches) && watches[i].Trigger == t; i++ {
			if before != Blank && watches[i].State == before {
				ts.Met--
			}
			if watches[i].State == now.Last {
				ts.Met++
				matched = true
			}
		}
		s.watched(t, ts, matched, NodeChange{n, now})
	}
}

// watched fires the trigger if the end that just happened completes it.
func (s *step) watched(t int, ts TriggerState, matched bool, end NodeChange) {
	tr := &s.g.Triggers[t]
	complete := matched && (tr.Any || int(ts.Met) == len(tr.Conditions))
	if complete && !ts.Fired && tr.Active && s.r.Status == glue.WorkflowRunStatusRunning && !s.r.holdsAll(s.g, t) {
		s.fire(t, ts, s.predecessors(tr, end))
		return
	}
	if ts != s.r.Triggers[t] {
		s.c.Triggers = append(s.c.Triggers, TriggerChange{t, ts})
	}
}

// predecessors are the job runs that met the conditions: all of them for AND,
// the one that just ended for ANY. Crawls have no place in the API's shape.
func (s *step) predecessors(tr *Trigger, end NodeChange) []glue.Predecessor {
	var out []glue.Predecessor
	add := func(n int, st NodeState) {
		if node := &s.g.Nodes[n]; node.Type == glue.NodeTypeJob {
			id := cmp.Or(st.ID, s.r.JobRunID(s.g, st.Source, Attempt{int(st.Action), int(st.Start)}, st.Retry))
			out = append(out, glue.Predecessor{JobName: node.Name, RunId: id})
		}
	}
	if tr.Any {
		add(end.Node, end.NodeState)
		return out
	}
	for _, c := range tr.Conditions {
		if c.Node == end.Node {
			add(end.Node, end.NodeState)
		} else {
			add(c.Node, s.r.Nodes[c.Node])
		}
	}
	return out
}

// fire starts all actions of a trigger that are not held back, in order; a trigger
// fires once a run.
func (s *step) fire(t int, ts TriggerState, pred []glue.Predecessor) {
	ts.Fired = true
	s.c.Triggers = append(s.c.Triggers, TriggerChange{t, ts})
	first, end := s.g.TriggerActions(t)
	for a := first; a < end; a++ {
		if !s.r.holds(s.g.Actions[a].Node) {
			s.start(a, Start{Predecessors: pred})
		}
	}
}

func (s *step) start(a int, st Start) {
	// In a circle the action may be the one that just ended. What its end changed
	// is set anew here.
	cur := s.r.Actions[a]
	s.begun++
	if cur.Began == 0 {
		cur.Began = s.begun
	}
	cur.State, cur.Retry, cur.Latest = Starting, 0, s.begun
	st.Attempt = Attempt{a, int(cur.Starts)}
	st.JobRunID = s.r.JobRunID(s.g, 0, st.Attempt, 0)
	cur.Starts++
	s.live++
	s.setAction(a, cur)
	s.c.Start = append(s.c.Start, st)
}

func (s *step) stopAsked() error {
	if s.r.Status != glue.WorkflowRunStatusRunning {
		return nil
	}
	s.c.Status = glue.WorkflowRunStatusStopping
	for a, cur := range s.r.Actions {
		if cur.State.Live() {
			s.stop(a, cur)
		}
	}
	return nil
}

func (s *step) attemptStopAsked(ev AttemptStopAsked) error {
	cur, ok, err := s.current(ev.Attempt, ev)
	if err != nil || !ok {
		return err
	}
	s.stop(ev.Action, cur)
	return nil
}

func (s *step) stop(a int, cur ActionState) {
	if cur.State != Stopping {
		cur.State = Stopping
		s.setAction(a, cur)
	}
	s.c.Stop = append(s.c.Stop, Attempt{a, int(cur.Starts) - 1})
}

// settle ends the run when nothing is live any more.
func (s *step) settle() {
	if s.live > 0 {
		return
	}
	status := s.c.Status
	if status == "" {
		status = s.r.Status
	}
	switch status {
	case glue.WorkflowRunStatusRunning:
		s.c.Status = glue.WorkflowRunStatusCompleted
	case glue.WorkflowRunStatusStopping:
		s.c.Status = glue.WorkflowRunStatusStopped
	default: // it has not begun
	}
}

// current is the state of an attempt's action, and whether the attempt is the
// live one.
func (s *step) current(at Attempt, ev Event) (ActionState, bool, error) {
	if at.Action < 0 || at.Action >= len(s.r.Actions) {
		return ActionState{}, false, s.impossible(at, ev)
	}
	cur := s.r.Actions[at.Action]
	if at.Start < 0 || int32(at.Start) >= cur.Starts {
		return cur, false, s.impossible(at, ev)
	}
	return cur, int32(at.Start) == cur.Starts-1 && cur.State.Live(), nil
}

func (s *step) impossible(at Attempt, ev Event) error {
	if at.Action < 0 || at.Action >= len(s.g.Actions) {
		return fmt.Errorf("run %s: event %T names action %d of %d", s.r.ID, ev, at.Action, len(s.g.Actions))
	}
	a := &s.g.Actions[at.Action]
	return fmt.Errorf("run %s: node %s: event %T %+v can't follow %s, start %d of %d",
		s.r.ID, s.g.Nodes[a.Node].Name, ev, ev, s.r.Actions[at.Action].State, at.Start, s.r.Actions[at.Action].Starts)
}

func (s *step) setAction(a int, st ActionState) {
	s.c.Actions = append(s.c.Actions, ActionChange{a, st})
}
