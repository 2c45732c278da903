package flow

import (
	"fmt"
	"maps"
	"slices"

	"github.com/reglue/reglue/internal/flow/oracle"
	"github.com/reglue/reglue/internal/glue"
)

// compare holds a run against the oracle's replay of all its events; started is
// what the last event started.
func (w *world) compare(p *played, started []Start) error {
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
	if err := w.compareStarts(p, started); err != nil {
		return err
	}
	return w.compareNodes(p)
}

func (w *world) compareRoots(p *played) error {
	if roots := w.names(p.run.Roots); !slices.Equal(roots, p.oracle.Roots) {
		return fmt.Errorf("roots %v, oracle says %v", roots, p.oracle.Roots)
	}
	var accepted []string
	for _, n := range p.oracle.Accept {
		if !slices.Contains(accepted, n) {
			accepted = append(accepted, n)
		}
	}
	if !slices.Equal(w.names(p.run.Accepted), accepted) {
		return fmt.Errorf("accepted %v, oracle says %v", w.names(p.run.Accepted), accepted)
	}
	held, want := w.names(p.run.Held), slices.Clone(p.oracle.Held)
	slices.Sort(held)
	slices.Sort(want)
	if want = slices.Compact(want); !slices.Equal(held, want) {
		return fmt.Errorf("held back %v, oracle says %v", held, want)
	}
	return nil
}

func (w *world) names(nodes []int) (out []string) {
	for _, n := range nodes {
		out = append(out, w.g.Nodes[n].Name)
	}
	return out
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
		over := p.run.Over() && got.State.Live() // and counts where it was moved to
		if got.State.String() != line.State || int(got.Retry) != line.Retry || got.Starts != starts[k] {
			return fmt.Errorf("action %v: %+v, oracle says %+v after %d starts", k, got, line, starts[k])
		}
		if !over {
			count(&want, line.State)
		}
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
	ends, tried, carried := map[string]oracle.Line{}, map[string]oracle.Attempt{}, map[string]bool{}
	for i, l := range p.oracle.Lines {
		switch l.What {
		case "end":
			ends[l.Node], carried[l.Node] = l, i < p.oracle.Taken
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
		name := w.owner(p, Attempt{int(got.Action), int(got.Start)})
		if name != end.Attempt || int(got.Retry) != end.Retry || got.Carried != carried[node.Name] {
			return fmt.Errorf("node %s: %+v of %v, oracle says %+v", node.Name, got, name, end)
		}
		if accepted := p.oracle.Last("accept", node.Name).What != ""; got.Accepted != accepted {
			return fmt.Errorf("node %s: accepted %t, oracle says %t", node.Name, got.Accepted, accepted)
		}
		if id := p.run.EndID(w.g, n); id != w.id(p, end.Attempt) {
			return fmt.Errorf("node %s: its end is that of %s, oracle says %v", node.Name, id, end.Attempt)
		}
		at, ok := p.run.Latest(w.g, n)
		latest := w.owner(p, at)
		if !ok || latest != tried[node.Name] {
			return fmt.Errorf("node %s: latest attempt %v, oracle says %v", node.Name, latest, tried[node.Name])
		}
	}
	return nil
}

// compareStarts checks which attempts started, in which order, and with the right
// ids: each its own, predecessors and repeated ones those that really ran.
func (w *world) compareStarts(p *played, started []Start) error {
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
		if s.Root != l.Root {
			return fmt.Errorf("%v: root %t, oracle says %t", l.Attempt, s.Root, l.Root)
		}
		same := l.Same
		for r := l.Retry; r > 1; r-- { // the oracle names the attempt before, flow the first
			first := func(s oracle.Line) bool { return s.What == "start" && s.Attempt == same }
			same = p.oracle.Lines[slices.IndexFunc(p.oracle.Lines, first)].Same
		}
		if s.SameAs != w.id(p, same) {
			return fmt.Errorf("%v: repeats %q, oracle says %v", l.Attempt, s.SameAs, same)
		}
	}
	if i != len(p.starts) {
		return fmt.Errorf("%d starts, oracle says %d", len(p.starts), i)
	}
	for _, s := range started {
		if want := w.because(p, s); !slices.Equal(s.Predecessors, want) {
			return fmt.Errorf("%v: predecessors %v, want %v", s.Attempt, s.Predecessors, want)
		}
	}
	return nil
}

// because are the job runs that met the conditions of the trigger that fired, or
// that would have if its node had not been held back.
func (w *world) because(p *played, s Start) []glue.Predecessor {
	t := w.spec[w.g.Actions[s.Action].Trigger]
	o, by := p.oracle, p.oracle.Last("fire", t.Name).Attempt
	if s.SameAs != "" || t.Start {
		return nil
	}
	if s.Root {
		o = p.prior.oracle
		first := slices.IndexFunc(t.Wants, func(w oracle.Want) bool { return o.Last("end", w.Node).State == w.State })
		by = o.Last("end", t.Wants[first].Node).Attempt
	}
	var out []glue.Predecessor
	add := func(l oracle.Line) {
		if l.Node[0] == 'J' {
			out = append(out, glue.Predecessor{JobName: l.Node, RunId: w.id(p, l.Attempt)})
		}
	}
	if t.Any {
		add(o.Now(by))
		return out
	}
	for _, want := range t.Wants {
		add(o.Last("end", want.Node))
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
	c.Moved = maps.Clone(r.Moved)
	c.Roots, c.Accepted, c.Held = slices.Clone(r.Roots), slices.Clone(r.Accepted), slices.Clone(r.Held)
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
	case !slices.Equal(r.Roots, s.Roots) || !slices.Equal(r.Accepted, s.Accepted) || !slices.Equal(r.Held, s.Held):
		return fmt.Sprintf("scope %+v and %+v", r.Scope, s.Scope)
	case !maps.Equal(r.Moved, s.Moved):
		return fmt.Sprintf("moved %v and %v", r.Moved, s.Moved)
	case r.Live != s.Live || r.Begun != s.Begun || r.counts != s.counts:
		return fmt.Sprintf("live %d, begun %d, counts %v and live %d, begun %d, counts %v",
			r.Live, r.Begun, r.counts, s.Live, s.Begun, s.counts)
	}
	return ""
}
