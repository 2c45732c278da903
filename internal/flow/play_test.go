package flow

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/flow/oracle"
	"github.com/reglue/reglue/internal/glue"
)

// play makes a world's runs and holds every one against the oracle and the
// invariants. It answers with the first thing that is wrong.
func (w *world) play(sz size) error {
	p := &played{run: NewRun(w.g, "R1"), ids: map[oracle.Attempt]string{}}
	p.oracle = &oracle.Run{ID: "R1", Triggers: w.spec}
	w.runs = append(w.runs, p)
	if err := w.do(p, Begun{}); err != nil {
		return err
	}
	if err := w.finish(p, sz); err != nil {
		return err
	}
	for tries := 0; len(w.runs) < sz.runs && tries < sz.runs+1; tries++ {
		from := pick(w.rnd, w.runs)
		if w.rnd.IntN(2) == 0 {
			from = w.runs[len(w.runs)-1]
		}
		p, err := w.resume(from, w.request(from))
		if err != nil {
			return err
		}
		if p == nil {
			if !w.beyond {
				return nil
			}
			continue // refused, as the oracle said
		}
		if err := w.finish(p, sz); err != nil {
			return err
		}
	}
	return nil
}

// finish plays a run to its end. At times a resume comes before: then it is the new
// run that is played.
func (w *world) finish(p *played, sz size) error {
	for n := 0; !p.run.Over(); n++ {
		if n > 40*(1+len(w.g.Actions)) {
			return fmt.Errorf("run %s does not end", p.run.ID)
		}
		if err := w.do(p, w.event(p)); err != nil {
			return err
		}
		if !w.beyond || p.run.Over() || len(w.runs) >= sz.runs+3 || w.rnd.IntN(2) > 0 {
			continue
		}
		next, err := w.supersede(p)
		if err != nil {
			return err
		}
		if next != nil {
			p = next
		}
	}
	return w.over(p)
}

// supersede resumes a run while it runs, if that makes sense, and then ends it.
func (w *world) supersede(p *played) (*played, error) {
	var next *played
	var err error
	for tries := 0; tries < 3 && next == nil && err == nil; tries++ {
		q := w.request(p)
		q.WhileRunning = w.rnd.IntN(8) > 0
		next, err = w.resume(p, q)
	}
	if err != nil || next == nil {
		return nil, err
	}
	if err := w.do(p, Superseded{}); err != nil {
		return nil, err
	}
	if p.run.Status != glue.WorkflowRunStatusStopped || !p.run.Superseded() {
		return nil, fmt.Errorf("invariant: the superseded run is %s with %d live", p.run.Status, p.run.Live)
	}
	if next.run.Live < p.run.Live {
		return nil, fmt.Errorf("invariant: %d of %d live attempts were moved", next.run.Live, p.run.Live)
	}
	return next, w.over(p)
}

// do carries an event out and checks all that must hold after it.
func (w *world) do(p *played, ev Event) error {
	now := int64(1000 + w.rnd.IntN(50)) // at times before the last event
	before := p.run.clone()
	stale := w.stale(p, ev)
	c, err := Step(w.g, p.run, ev, now)
	if err != nil {
		return fmt.Errorf("%T: %w", ev, err)
	}
	if d := before.differs(p.run); d != "" {
		return fmt.Errorf("invariant: Step changed its input: %s", d)
	}
	if stale && (!c.Empty() || len(c.Start) > 0) {
		return fmt.Errorf("invariant: %#v of an old attempt changes %+v", ev, c)
	}
	if c.At < p.run.Clock {
		return fmt.Errorf("invariant: the clock goes back")
	}
	if err := w.stops(p, ev, &c); err != nil {
		return err
	}
	p.oracle.Events = append(p.oracle.Events, w.line(p, ev))
	p.store(ev, &c)
	w.tick(p, &c, ev)
	for _, s := range c.Start {
		if n := w.g.Actions[s.Action].Node; p.run.Nodes[n].Carried && len(p.run.Moved) == 0 || slices.Contains(p.run.Held, n) && s.Retry == 0 {
			return fmt.Errorf("invariant: %s starts, but it is carried or held back", w.g.Nodes[n].Name)
		}
	}
	p.run.Apply(&c)
	p.starts = append(p.starts, c.Start...)
	if w.rnd.IntN(16) == 0 {
		if err := w.explained(p); err != nil {
			return err
		}
	}
	if len(p.starts) < 25 || p.run.Over() || w.rnd.IntN(8) == 0 {
		if err := w.compare(p, c.Start); err != nil {
			return fmt.Errorf("after %#v: %w", ev, err)
		}
	}
	if w.look != nil && w.rnd.IntN(4) == 0 {
		if err := w.look(p); err != nil {
			return err
		}
	}
	return w.restored(p)
}

// stale reports whether the event is about an attempt that is over, or the run is.
func (w *world) stale(p *played, ev Event) bool {
	var at Attempt
	switch ev := ev.(type) {
	case Ended:
		at = ev.Attempt
	case Progressed:
		at = ev.Attempt
	case AttemptStopAsked:
		at = ev.Attempt
	default:
		return p.run.Over()
	}
	return p.run.Over() || !slices.Contains(w.live(p), at)
}

// stops checks the effects of a stop: all that is live, or the one attempt.
func (w *world) stops(p *played, ev Event, c *Change) error {
	var want []Attempt
	switch ev := ev.(type) {
	case StopAsked:
		if p.run.Status == glue.WorkflowRunStatusRunning {
			want = w.live(p)
		}
	case AttemptStopAsked:
		if slices.Contains(w.live(p), ev.Attempt) {
			want = []Attempt{ev.Attempt}
		}
	}
	if !slices.Equal(c.Stop, want) {
		return fmt.Errorf("%#v stops %v, want %v", ev, c.Stop, want)
	}
	return nil
}

// store keeps the attempts as a database would: a row made at each start, changed
// by what happens to it, numbered by the run's event.
func (p *played) store(ev Event, c *Change) {
	p.rev++
	for _, a := range c.Actions {
		for i := range p.rows {
			if r := &p.rows[i]; r.Action == a.Action && r.Start == int(a.Starts)-1 && r.State.Live() {
				r.State, r.Rev = a.State, p.rev
			}
		}
	}
	if e, ok := ev.(Ended); ok && !c.Empty() {
		for i := range p.rows {
			if r := &p.rows[i]; r.Attempt == e.Attempt {
				r.State, r.Rev = e.State, p.rev
			}
		}
	}
	for _, s := range c.Start {
		p.rows = append(p.rows, Row{Attempt: s.Attempt, Retry: s.Retry, Root: s.Root, State: Starting, Rev: p.rev})
	}
}

// movedRows are the rows of the attempts that a run took over, and of those that they
// retry.
func (p *played) movedRows(to *Run) (out []Row) {
	for _, r := range p.rows {
		if m, ok := to.Moved[r.Action]; ok && to.Actions[r.Action].State.Live() && r.Start >= m.Start {
			r.Moved = true
			out = append(out, r)
		}
	}
	return out
}

// superseded reports whether the run ended for one that took its attempts over.
func (p *played) superseded() bool {
	return slices.ContainsFunc(p.oracle.Events, func(l oracle.Line) bool { return l.What == "superseded" })
}

// restored checks that the run comes back from what a store keeps of it.
func (w *world) restored(p *played) error {
	if p.run.Superseded() {
		return nil // its states are kept as they were; its rows go on
	}
	base := NewRun(w.g, p.run.ID)
	if p.prior != nil {
		base = Rebase(w.g, p.prior.run, &p.run.Scope, p.run.ID)
	}
	back, err := Restore(w.g, base, p.run.Status, p.run.Clock, p.rows)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if d := back.differs(p.run); d != "" {
		return fmt.Errorf("invariant: restored run differs: %s", d)
	}
	return nil
}

// over checks a run that has ended.
func (w *world) over(p *played) error {
	if p.run.Live != 0 && !p.superseded() {
		return fmt.Errorf("invariant: run %s is over with %d attempts live", p.run.ID, p.run.Live)
	}
	back, err := Decode(w.g, p.run.ID, p.run.Status, p.run.Clock, Encode(p.run))
	if err != nil {
		return err
	}
	if d := back.differs(p.run); d != "" {
		return fmt.Errorf("invariant: decoded run differs: %s", d)
	}
	c, err := Step(w.g, p.run, StopAsked{}, 9999)
	if err != nil || !c.Empty() {
		return fmt.Errorf("invariant: a stop changes a run that is over: %+v %w", c, err)
	}
	if p.prior != nil {
		if err := w.keptPlan(p); err != nil {
			return err
		}
	}
	if err := w.explained(p); err != nil {
		return err
	}
	return w.couldStart(p)
}

// explained checks that every node has a reason, and every blocked one a cause
// that ran.
func (w *world) explained(p *played) error {
	why := Explain(w.g, p.run)
	for n := range w.g.Nodes {
		r := why.Node(n)
		for _, s := range append(r.Chain, r.Sentence) {
			if s == "" || strings.Contains(s, "no known state") || strings.Contains(s, "%!") {
				return fmt.Errorf("reason of %s: %q", w.g.Nodes[n].Name, s)
			}
		}
	}
	out := Blocked(w.g, p.run)
	blocked := 0
	for n := range w.g.Nodes {
		if _, started := p.run.Latest(w.g, n); !started && w.g.Nodes[n].Trigger < 0 {
			blocked++
		}
	}
	for _, b := range out.Blocked {
		if b.Cause < 0 {
			continue
		}
		if _, started := p.run.Latest(w.g, b.Cause); !started {
			return fmt.Errorf("cause of %s is %s, which never ran", w.g.Nodes[b.Node].Name, w.g.Nodes[b.Cause].Name)
		}
	}
	if blocked != len(out.Blocked) {
		return fmt.Errorf("%d nodes are blocked, outcome tells %d", blocked, len(out.Blocked))
	}
	return nil
}

// couldStart looks for a trigger that a completed run should have fired.
func (w *world) couldStart(p *played) error {
	if p.run.Status != glue.WorkflowRunStatusCompleted {
		return nil
	}
	for t := range w.g.Triggers {
		tr := &w.g.Triggers[t]
		if p.run.Triggers[t].Fired || !tr.Active {
			continue
		}
		hold, here := 0, 0
		for _, c := range tr.Conditions {
			st := p.run.Nodes[c.Node]
			if st.Last == c.State {
				hold++
				if !st.Carried || slices.Contains(p.run.Accepted, c.Node) {
					here++
				}
			}
		}
		free := slices.ContainsFunc(w.spec[t].Starts, func(name string) bool { return !slices.Contains(p.run.Held, w.node(name)) })
		if here > 0 && free && (tr.Any || hold == len(tr.Conditions)) {
			return fmt.Errorf("invariant: run %s is over, but trigger %s could fire", p.run.ID, tr.Def.Name)
		}
	}
	return nil
}

func (w *world) resume(from *played, q oracle.Request) (*played, error) {
	id := fmt.Sprintf("R%d", len(w.runs)+1)
	prior := *from.oracle // as it is now
	o := &oracle.Run{ID: id, Triggers: w.spec, From: &prior, Request: q}
	o.From.Replay()
	refused := o.Replay()
	before := from.run.clone()
	plan, err := ResumeAs(w.g, from.run, w.asked(q), id, 1100)
	if d := before.differs(from.run); d != "" {
		return nil, fmt.Errorf("invariant: Resume changed the prior run: %s", d)
	}
	if refused != "" || err != nil {
		return nil, w.refused(from, q, refused, err)
	}
	p := &played{
		run: plan.Run, oracle: o, prior: from, roots: plan.Roots, starts: plan.Start, ids: map[oracle.Attempt]string{},
		plan: plan, begin: plan.Run.clone(), can: plan.CanRun(w.g, from.run),
		base: Rebase(w.g, from.run, &plan.Run.Scope, id), rows: from.movedRows(plan.Run),
	}
	w.clock++
	p.at = w.clock
	w.runs = append(w.runs, p)
	if err := w.planned(p, plan); err != nil {
		return nil, err
	}
	if err := w.compare(p, plan.Start); err != nil {
		return nil, fmt.Errorf("after resume: %w", err)
	}
	p.store(nil, &Change{Start: plan.Start})
	w.tick(p, &Change{Start: plan.Start}, nil)
	return p, w.restored(p)
}

// refused checks that a resume was refused for the reason that the oracle gives.
func (w *world) refused(from *played, q oracle.Request, refused string, err error) error {
	var e *glue.Error
	if !errors.As(err, &e) || refused == "" {
		return fmt.Errorf("resume of %s at %+v: oracle refuses %q, flow says %w", from.run.ID, q, refused, err)
	}
	want, kind := w.ids([]string{refused})[0], glue.InvalidInput
	permitted := q.AnyEnd && from.run.Over() && !from.run.Superseded() || q.WhileRunning && from.run.Status == glue.WorkflowRunStatusRunning
	if from.run.Status != glue.WorkflowRunStatusCompleted && !permitted {
		want, kind = from.run.ID, glue.IllegalWorkflowState
	} else if refused == "run" {
		want = "NodeIds"
	}
	if e.Kind != kind || !strings.Contains(e.Message, want) {
		return fmt.Errorf("resume at %+v: refused with %w, want %s about %s", q, e, kind, want)
	}
	return nil
}

func (w *world) node(name string) int {
	return slices.IndexFunc(w.g.Nodes, func(n Node) bool { return n.Name == name })
}
