// Package oracle says what a workflow run must look like, from its whole list of
// events. It is deliberately dumb: all it keeps is a history of lines, which each
// question scans from end to end. It shares no code with flow.
package oracle

import "slices"

// Trigger is one of the snapshot; no trigger has the name of a node.
type Trigger struct {
	Name               string
	Start, Active, Any bool
	Wants              []Want
	Starts             []string
}

// Want is a condition.
type Want struct{ Node, State string }

// Attempt names a start: the action's place, and how often it started before.
type Attempt struct {
	Run, Trigger string
	Index, Start int
}

// Line is an event (begin, progress, end, stop, stop-attempt, superseded), where Retry is how
// many are allowed, or a fact (fire, start, state, retried, end, accept). A trigger
// fires by the end of an attempt; a Root is started by a resume.
type Line struct {
	What, Node, State string
	Attempt, Same     Attempt
	Retry             int
	Refused, Root     bool
}

// Run is what is given: ID, Triggers, From, Request, Events; and what Replay finds:
// Status, Roots, Held, Lines, of which so many were Taken from the run before.
type Run struct {
	ID, Status  string
	Triggers    []Trigger
	From        *Run // what it resumes, replayed so far
	Roots, Held []string
	Taken       int
	Request
	Events, Lines []Line
}

// Replay works the run out from nothing. Its answer is the node, or "run", that a
// resume is refused for.
func (r *Run) Replay() (refused string) {
	r.Status, r.Roots, r.Held, r.Lines = "", nil, nil, nil
	if r.From != nil {
		refused = r.resume()
	}
	for _, e := range r.Events {
		r.step(e, r.Now(e.Attempt))
	}
	return refused
}

func (r *Run) last(is func(Line) bool) (last Line) {
	for _, l := range r.Lines {
		if is(l) {
			last = l
		}
	}
	return last
}

// Last is the last line of a kind about a node or trigger.
func (r *Run) Last(what, name string) Line {
	return r.last(func(l Line) bool { return l.What == what && l.Node == name })
}

// Now is the last line about an attempt.
func (r *Run) Now(a Attempt) Line {
	return r.last(func(l Line) bool { return l.What != "fire" && l.Attempt == a })
}

func (r *Run) live(l Line) bool {
	return slices.Contains([]string{"start", "state"}, r.Now(l.Attempt).What)
}

// running are the nodes of the live attempts, by the order of start.
func (r *Run) running() (nodes []string) {
	for _, l := range r.Lines {
		if l.What == "start" && r.live(l) {
			nodes = append(nodes, l.Node)
		}
	}
	return nodes
}

func (r *Run) add(l Line, what, state string) {
	l.What, l.State = what, state
	r.Lines = append(r.Lines, l)
}

func (r *Run) step(e, now Line) {
	switch running := r.Status == "RUNNING"; {
	case e.What == "begin":
		r.Status = "RUNNING"
		for _, t := range r.Triggers {
			r.fire(t, t.Start, Attempt{})
		}
	case e.What == "stop" && running:
		r.Status = "STOPPING"
		for _, l := range r.Lines {
			if l.What == "start" && r.live(l) {
				r.add(r.Now(l.Attempt), "state", "STOPPING")
			}
		}
	case e.What == "superseded" && running:
		r.Status = "STOPPED"
		return
	case e.What == "stop" || r.Status == "STOPPED" || !r.live(e) || e.What == "progress" && now.State == "STOPPING":
		return
	case e.What != "end":
		r.add(now, "state", e.State)
	case e.State == "FAILED" && !e.Refused && now.Retry < e.Retry && running && now.State != "STOPPING":
		r.add(now, "retried", e.State)
		r.start(now.Node, e.Attempt, Line{Retry: now.Retry + 1, Same: e.Attempt})
	default:
		r.add(now, "end", e.State)
		r.ended(r.Now(e.Attempt), running)
	}
	r.settle()
}

func (r *Run) settle() {
	if len(r.running()) == 0 {
		r.Status = map[string]string{"RUNNING": "COMPLETED", "STOPPING": "STOPPED"}[r.Status]
	}
}

func (r *Run) ended(end Line, running bool) {
	for _, t := range r.Triggers {
		hit := slices.Contains(t.Wants, Want{end.Node, end.State})
		r.fire(t, hit && r.hold(t) && t.Active && running && !r.fired(t.Name), end.Attempt)
	}
}

// hold reports whether a trigger's conditions hold.
func (r *Run) hold(t Trigger) bool {
	is := func(w Want) bool { return r.Last("end", w.Node).State == w.State }
	not := func(w Want) bool { return !is(w) }
	return slices.ContainsFunc(t.Wants, is) && (t.Any || !slices.ContainsFunc(t.Wants, not))
}

func (r *Run) fire(t Trigger, yes bool, by Attempt) {
	if starts := func(n string) bool { return !slices.Contains(r.Held, n) }; yes && slices.ContainsFunc(t.Starts, starts) {
		r.add(Line{Node: t.Name, Attempt: by}, "fire", "")
		for i, node := range t.Starts {
			if starts(node) {
				r.start(node, Attempt{Trigger: t.Name, Index: i}, Line{})
			}
		}
	}
}

func (r *Run) start(node string, a Attempt, l Line) {
	a.Run, a.Start = r.ID, 0
	for _, old := range r.Lines {
		if b := old.Attempt; old.What == "start" && b.Trigger == a.Trigger && b.Index == a.Index {
			a.Start++
		}
	}
	l.Node, l.Attempt = node, a
	r.add(l, "start", "STARTING")
}

func (r *Run) fired(trigger string) bool { return r.Last("fire", trigger).What != "" }

// below adds all that lies downstream of a node, not by triggers to skip.
func (r *Run) below(node string, found map[string]bool, skip func(string) bool) map[string]bool {
	for _, t := range r.Triggers {
		watches := slices.ContainsFunc(t.Wants, func(w Want) bool { return w.Node == node })
		if watches && !found[t.Name] && !skip(t.Name) {
			found[t.Name] = true
			for _, n := range t.Starts {
				found[n] = true
				r.below(n, found, skip)
			}
		}
	}
	return found
}

func (r *Run) leads(from, to string) bool {
	return r.below(from, map[string]bool{}, func(string) bool { return false })[to]
}
