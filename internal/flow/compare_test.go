package flow

import (
	"fmt"
	"slices"

	"github.com/reglue/reglue/internal/flow/oracle"
	"github.com/reglue/reglue/internal/glue"
)

// compare holds a run against the oracle's replay of all its events; started is
// what the last event started.
func (w *world) compare(p *played, started []Start, ev Event) error {
	o := p.oracle
	o.Replay()
	if string(p.run.Status) != o.Status {
		return fmt.Errorf("run is %s, oracle says %s", p.run.Status, o.Status)
	}
	if err := w.compareRoots(p); err != nil {
		return err
	}
	for t := range w.g.Triggers {
		name := w.g.Triggers[t].Def.Name
		if fired := o.Last("fire", name).What != ""; fired != p.run.Triggers[t].Fired {
			return fmt.Errorf("trigger %s: fired %t, oracle says %t", name, !fired, fired)
		}
	}
	if err := w.compareActions(p); err != nil {
		return err
	}
	if err := w.compareNodes(p); err != nil {
		return err
	}
	return w.compareStarts(p, started, ev)
}

func (w *world) compareRoots(p *played) error {
	var roots []string
	for _, n := range p.run.Roots {
		roots = append(roots, w.g.Nodes[n].Name)
	}
	if !slices.Equal(roots, p.oracle.Roots) {
		return fmt.Errorf("roots %v, oracle says %v", roots, p.oracle.Roots)
	}
	return nil
}

func (w *world) compareActions(p *played) error {
	type action struct {
		trigger string
		index   int
	}
	first, last, starts := map[action]int{}, map[action]int{}, map[action]int32{}
	for i, l := range p.oracle.Lines {
		if l.What == "start" {
			k := action{l.Attempt.Trigger, l.Attempt.Index}
			if starts[k] == 0 {
				first[k] = i
			}
			last[k] = i
			starts[k]++
		}
	}
	var want glue.WorkflowRunStatistics
	prev := struct{ began, latest int32 }{}
	order := map[int]int32{}
	for a := range w.g.Actions {
		k := action{w.g.Triggers[w.g.Actions[a].Trigger].Def.Name, w.g.Actions[a].Index}
		got, line := p.run.Actions[a], oracle.Line{}
		want.TotalActions++
		if starts[k] > 0 {
			line = p.oracle.Now(p.oracle.Lines[last[k]].Attempt)
			order[first[k]], order[-1-last[k]] = got.Began, got.Latest
		}
		if line.State == "" {
			line.State = "-"
		}
		if got.State.String() != line.State || int(got.Retry) != line.Retry || got.Starts != starts[k] {
			return fmt.Errorf("action %v: %+v, oracle says %+v after %d starts", k, got, line, starts[k])
		}
		count(&want, line.State)
	}
	for i := range p.oracle.Lines { // in the oracle's order the places must rise
		if at, ok := order[i]; ok {
			if at <= prev.began {
				return fmt.Errorf("the order of first starts: %v", p.run.Actions)
			}
			prev.began = at
		}
		if at, ok := order[-1-i]; ok {
			if at <= prev.latest {
				return fmt.Errorf("the order of latest starts: %v", p.run.Actions)
			}
			prev.latest = at
		}
	}
	if got := p.run.Statistics(); got != want {
		return fmt.Errorf("statistics %+v, oracle says %+v", got, want)
	}
	return nil
}

// count adds an action to the statistics, as glue-semantics section 3 maps states.
func count(s *glue.WorkflowRunStatistics, state string) {
	switch state {
	case "STARTING", "RUNNING", "STOPPING":
		s.RunningActions++
	case "WAITING":
		s.WaitingActions++
	case "SUCCEEDED":
		s.SucceededActions++
	case "FAILED", "EXPIRED":
		s.FailedActions++
	case "STOPPED":
		s.StoppedActions++
	case "TIMEOUT":
		s.TimeoutActions++
	case "ERROR":
		s.ErroredActions++
	}
}

func (w *world) compareNodes(p *played) error {
	ends, tried := map[string]oracle.Line{}, map[string]oracle.Attempt{}
	for _, l := range p.oracle.Lines {
		switch l.What {
		case "end":
			ends[l.Node] = l
		case "start":
			tried[l.Node] = l.Attempt
		}
	}
	for n := range w.g.Nodes {
		node, got := &w.g.Nodes[n], p.run.Nodes[n]
		end, ended := ends[node.Name]
		if ended != (got.Last != Blank) || ended && got.Last.String() != end.State {
			return fmt.Errorf("node %s: ended %s, oracle says %+v", node.Name, got.Last, end)
		}
		if !ended {
			continue
		}
		name := p.name(w.g, Attempt{int(got.Action), int(got.Start)})
		name.Run = p.run.Sources[got.Source]
		if name != end.Attempt || int(got.Retry) != end.Retry || got.Carried != (end.Attempt.Run != p.run.ID) {
			return fmt.Errorf("node %s: %+v of %v, oracle says %+v", node.Name, got, name, end)
		}
		at, ok := p.run.Latest(w.g, n)
		latest := p.name(w.g, at)
		latest.Run = name.Run
		if !ok || latest != tried[node.Name] {
			return fmt.Errorf("node %s: latest attempt %v, oracle says %v", node.Name, latest, tried[node.Name])
		}
	}
	return nil
}

// compareStarts checks which attempts started, in which order, and with the right
// ids: each its own, predecessors and repeated ones those that really ran.
func (w *world) compareStarts(p *played, started []Start, ev Event) error {
	i := 0
	for _, l := range p.oracle.Lines {
		if l.What != "start" || l.Attempt.Run != p.run.ID {
			continue
		}
		if i >= len(p.starts) || p.name(w.g, p.starts[i].Attempt) != l.Attempt || p.starts[i].Retry != l.Retry {
			return fmt.Errorf("start %d: oracle says %v", i, l.Attempt)
		}
		s := p.starts[i]
		i++
		if _, old := p.ids[l.Attempt]; old {
			continue
		}
		for _, q := range w.runs {
			for at, id := range q.ids {
				if id == s.JobRunID {
					return fmt.Errorf("%v has the id of %v", l.Attempt, at)
				}
			}
		}
		p.ids[l.Attempt] = s.JobRunID
		if root := p.prior != nil && l.Same.Run == p.prior.oracle.ID || l.Same.Run != "" && l.Same.Run != p.run.ID; s.Root != root {
			return fmt.Errorf("%v: root %t, oracle says %t", l.Attempt, s.Root, root)
		}
		same := l.Same
		if l.Retry > 0 { // the oracle names the attempt before, flow the first
			same.Start -= l.Retry - 1
		}
		if s.SameAs != w.id(p, same) {
			return fmt.Errorf("%v: repeats %q, oracle says %v", l.Attempt, s.SameAs, same)
		}
	}
	if i != len(p.starts) {
		return fmt.Errorf("%d starts, oracle says %d", len(p.starts), i)
	}
	for _, s := range started {
		if want := w.because(p, s, ev); !slices.Equal(s.Predecessors, want) {
			return fmt.Errorf("%v: predecessors %v, want %v", s.Attempt, s.Predecessors, want)
		}
	}
	return nil
}

// because are the job runs that met the conditions of the trigger that fired.
func (w *world) because(p *played, s Start, ev Event) []glue.Predecessor {
	e, ok := ev.(Ended)
	if !ok || s.Root || s.Retry > 0 {
		return nil
	}
	var out []glue.Predecessor
	add := func(l oracle.Line) {
		if l.Node[0] == 'J' {
			out = append(out, glue.Predecessor{JobName: l.Node, RunId: w.id(p, l.Attempt)})
		}
	}
	t := w.spec[w.g.Actions[s.Action].Trigger]
	if t.Any {
		add(p.oracle.Now(p.name(w.g, e.Attempt)))
		return out
	}
	for _, want := range t.Wants {
		add(p.oracle.Last("end", want.Node))
	}
	return out
}

// id is the job run id of an attempt of this run or one that it descends from.
func (w *world) id(p *played, at oracle.Attempt) string {
	for ; p != nil; p = p.prior {
		if id, ok := p.ids[at]; ok {
			return id
		}
	}
	return ""
}

func (r *Run) clone() *Run {
	c := *r
	c.Sources = slices.Clone(r.Sources)
	c.Actions = slices.Clone(r.Actions)
	c.Nodes = slices.Clone(r.Nodes)
	c.Triggers = slices.Clone(r.Triggers)
	c.Roots = slices.Clone(r.Roots)
	return &c
}

// differs names the first part in which two runs differ, empty when none.
func (r *Run) differs(s *Run) string {
	switch {
	case r.ID != s.ID || r.Status != s.Status || r.Clock != s.Clock:
		return fmt.Sprintf("%s %s %d and %s %s %d", r.ID, r.Status, r.Clock, s.ID, s.Status, s.Clock)
	case !slices.Equal(r.Sources, s.Sources):
		return fmt.Sprintf("sources %v and %v", r.Sources, s.Sources)
	case !slices.Equal(r.Actions, s.Actions):
		return fmt.Sprintf("actions %v and %v", r.Actions, s.Actions)
	case !slices.Equal(r.Nodes, s.Nodes):
		return fmt.Sprintf("nodes %v and %v", r.Nodes, s.Nodes)
	case !slices.Equal(r.Triggers, s.Triggers):
		return fmt.Sprintf("triggers %v and %v", r.Triggers, s.Triggers)
	case !slices.Equal(r.Roots, s.Roots):
		return fmt.Sprintf("roots %v and %v", r.Roots, s.Roots)
	case r.Live != s.Live || r.Begun != s.Begun || r.counts != s.counts:
		return fmt.Sprintf("live %d, begun %d, counts %v and live %d, begun %d, counts %v",
			r.Live, r.Begun, r.counts, s.Live, s.Begun, s.counts)
	}
	return ""
}
