package flow

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

// Observe rebuilds a run from GetWorkflowRun's answer with IncludeGraph, of this
// server or of AWS, where job run ids can't be derived. What the answer does not
// say is inferred: a crawl's trigger, and for a resumed run what it carries (it ended
// before the run began), what it took over while that ran (it only began before) and
// its roots. The result serves Resume for a
// preview and Explain; it is not for Step.
func Observe(run *glue.WorkflowRun) (*Graph, *Run, error) { return observe(run, &Known{}) }

func observe(run *glue.WorkflowRun, k *Known) (*Graph, *Run, error) {
	if run == nil {
		return nil, nil, fmt.Errorf("there is no workflow run in the answer")
	}
	o, err := newObserver(run)
	if err != nil {
		return nil, nil, fmt.Errorf("workflow run %s: %w", run.WorkflowRunId, err)
	}
	o.known = k
	for i := range run.Graph.Nodes {
		if err := o.read(&run.Graph.Nodes[i]); err != nil {
			return nil, nil, fmt.Errorf("workflow run %s: %w", run.WorkflowRunId, err)
		}
	}
	o.assign()
	o.fired()
	o.r.recount(o.g)
	return o.g, o.r, nil
}

// sighting is one job run or crawl of a node.
type sighting struct {
	node           int
	id, previous   string
	trigger        string
	state          State
	attempt        int
	started, ended glue.Time
	carried, moved bool
}

type observer struct {
	run  *glue.WorkflowRun
	g    *Graph
	r    *Run
	seen []sighting
	// known is what is known beside the answer.
	known *Known
	// again marks what a resumed run repeats.
	again []bool
}

func newObserver(run *glue.WorkflowRun) (*observer, error) {
	if run.Graph == nil || (len(run.Graph.Nodes) == 0 && run.Statistics != nil && run.Statistics.TotalActions > 0) {
		return nil, fmt.Errorf("it has no graph: ask for it with IncludeGraph")
	}
	if run.WorkflowRunId == "" || run.Status == "" {
		return nil, fmt.Errorf("it has no id or no status")
	}
	ids := map[nodeKey]string{}
	var triggers []glue.Trigger
	for i := range run.Graph.Nodes {
		n := &run.Graph.Nodes[i]
		key := nodeKey{n.Type, n.Name}
		if n.Name == "" || n.UniqueId == "" {
			return nil, fmt.Errorf("node %d of its graph has no Name or no UniqueId", i)
		}
		if ids[key] != "" {
			return nil, fmt.Errorf("its graph has two %s nodes %s", n.Type, n.Name)
		}
		ids[key] = n.UniqueId
		if n.Type == glue.NodeTypeTrigger {
			t, err := observedTrigger(n)
			if err != nil {
				return nil, err
			}
			triggers = append(triggers, *t)
		}
	}
	g := Build(triggers, func(t glue.NodeType, name string) string {
		if id := ids[nodeKey{t, name}]; id != "" {
			return id
		}
		return fmt.Sprintf("%s %s is not in the graph", t, name)
	})
	r := NewRun(g, run.WorkflowRunId)
	r.Status = run.Status
	r.Clock = int64(max(run.StartedOn, run.CompletedOn))
	return &observer{run: run, g: g, r: r}, nil
}

func observedTrigger(n *glue.Node) (*glue.Trigger, error) {
	if n.TriggerDetails == nil || n.TriggerDetails.Trigger == nil {
		return nil, fmt.Errorf("node %s: a trigger without TriggerDetails", n.Name)
	}
	t := *n.TriggerDetails.Trigger
	if t.Name == "" {
		t.Name = n.Name
	}
	if t.Name != n.Name {
		return nil, fmt.Errorf("node %s: its TriggerDetails are those of %s", n.Name, t.Name)
	}
	for i := range t.Actions {
		if (t.Actions[i].JobName == "") == (t.Actions[i].CrawlerName == "") {
			return nil, fmt.Errorf("trigger %s: action %d names no job or crawler, or both", n.Name, i)
		}
	}
	if t.Predicate == nil {
		return &t, nil
	}
	for i := range t.Predicate.Conditions {
		c := &t.Predicate.Conditions[i]
		if (c.JobName == "") == (c.CrawlerName == "") {
			return nil, fmt.Errorf("trigger %s: condition %d names no job or crawler, or both", n.Name, i)
		}
	}
	return &t, nil
}

// read takes down the job runs and crawls of a node.
func (o *observer) read(n *glue.Node) error {
	if n.Type == glue.NodeTypeTrigger {
		return nil
	}
	var seen []sighting
	if d := n.JobDetails; d != nil {
		for i := range d.JobRuns {
			j := &d.JobRuns[i]
			seen = append(seen, sighting{
				id: j.Id, previous: j.PreviousRunId, trigger: j.TriggerName, state: JobState(j.JobRunState),
				attempt: int(j.Attempt), started: j.StartedOn, ended: cmp.Or(j.CompletedOn, j.LastModifiedOn, j.StartedOn),
			})
			if seen[i].state == Blank {
				return fmt.Errorf("node %s: job run %s is in the unknown state %q", n.Name, j.Id, j.JobRunState)
			}
		}
	}
	if d := n.CrawlerDetails; d != nil {
		for i := range d.Crawls {
			c := &d.Crawls[i]
			seen = append(seen, sighting{state: CrawlState(c.State), started: c.StartedOn, ended: cmp.Or(c.CompletedOn, c.StartedOn)})
			if seen[len(seen)-1].state == Blank {
				return fmt.Errorf("node %s: its crawl %d is in the unknown state %q", n.Name, i, c.State)
			}
		}
	}
	if len(seen) == 0 {
		return nil
	}
	index, ok := o.g.NodeByID(n.UniqueId)
	if !ok || len(o.g.Nodes[index].Actions) == 0 {
		return fmt.Errorf("node %s has %d runs, but no trigger of the graph starts it", n.Name, len(seen))
	}
	for i := range seen {
		if seen[i].started == 0 && seen[i].state.Live() {
			seen[i].started = math.MaxInt64 // it waits for its start
		}
	}
	// Oldest first; of the same moment, the answer's order says which is newer.
	slices.Reverse(seen)
	slices.SortStableFunc(seen, func(a, b sighting) int { return cmp.Compare(a.started, b.started) })
	for i := range seen {
		seen[i].node = index
		before := o.run.PreviousRunId != "" && seen[i].started < o.run.StartedOn
		seen[i].carried = before && seen[i].state.Terminal() && seen[i].ended <= o.run.StartedOn
		seen[i].moved = before && !seen[i].carried
		if err := o.possible(&seen[i]); err != nil {
			return err
		}
	}
	o.seen = append(o.seen, seen...)
	return nil
}

// possible checks that the trigger that a job run names can have started it.
func (o *observer) possible(s *sighting) error {
	node := &o.g.Nodes[s.node]
	for _, a := range node.Actions {
		if s.trigger == "" || o.g.Triggers[o.g.Actions[a].Trigger].Def.Name == s.trigger {
			return nil
		}
	}
	return fmt.Errorf("node %s: job run %s names the trigger %s, which does not start it", node.Name, s.id, s.trigger)
}

// assign gives every sighting, in the order of the starts, to an action and an
// attempt of it, and each node its latest end.
func (o *observer) assign() {
	slices.SortStableFunc(o.seen, func(a, b sighting) int { return cmp.Compare(a.started, b.started) })
	rows := make([]Row, len(o.seen))
	attempts := map[string]Attempt{} // by job run id
	for i := range o.seen {
		s := &o.seen[i]
		at, retry := o.action(s, attempts)
		if s.id != "" {
			attempts[s.id] = at
		}
		rows[i] = Row{Attempt: at, Retry: retry, State: s.state, Rev: int64(s.ended)}
		a := &o.r.Actions[at.Action]
		o.r.Begun++
		a.State, a.Retry, a.Starts, a.Latest = s.state, uint8(retry), int32(at.Start)+1, o.r.Begun
		a.Began = cmp.Or(a.Began, o.r.Begun)
		if s.moved {
			o.moved(at, retry)
		}
	}
	latest := make([]int64, len(o.g.Nodes))
	for i := range rows {
		row, s := &rows[i], &o.seen[i]
		if !row.State.Terminal() || o.r.retried(row) || row.Rev < latest[s.node] {
			continue
		}
		latest[s.node] = row.Rev
		o.r.Nodes[s.node] = NodeState{
			Last: row.State, Retry: uint8(row.Retry), Carried: s.carried, Source: o.source(s.carried),
			Action: int32(row.Action), Start: int32(row.Start),
		}
	}
	o.resumed()
}

// action finds what a sighting is an attempt of: the one that it retries, else
// an action of its trigger that has not started yet, else the last one.
func (o *observer) action(s *sighting, attempts map[string]Attempt) (at Attempt, retry int) {
	if s.attempt > 0 {
		before, ok := attempts[s.previous]
		if !ok {
			before, ok = attempts[glue.RetryID(glue.FirstAttemptID(s.id), s.attempt-1)]
		}
		if ok {
			return Attempt{before.Action, int(o.r.Actions[before.Action].Starts)}, int(o.r.Actions[before.Action].Retry) + 1
		}
	}
	for _, a := range o.g.Nodes[s.node].Actions {
		if s.trigger != "" && o.g.Triggers[o.g.Actions[a].Trigger].Def.Name != s.trigger {
			continue
		}
		at = Attempt{a, int(o.r.Actions[a].Starts)}
		if at.Start == 0 {
			break
		}
	}
	return at, 0
}

func (o *observer) moved(at Attempt, retry int) {
	if o.r.Moved == nil {
		o.r.Moved = map[int]Moved{}
	}
	o.r.Moved[at.Action] = Moved{Run: o.run.PreviousRunId, Start: at.Start - retry}
}

func (o *observer) source(carried bool) int32 {
	if !carried {
		return 0
	}
	if len(o.r.Sources) == 1 {
		o.r.Sources = append(o.r.Sources, o.run.PreviousRunId)
	}
	return 1
}

// resumed finds the roots of a resumed run: of the nodes that started in it, those
// that no other one leads to.
func (o *observer) resumed() {
	if o.run.PreviousRunId == "" {
		return
	}
	var here []int
	known, moved := map[int]bool{}, map[int]bool{}
	for i := range o.seen {
		s := &o.seen[i]
		moved[s.node] = moved[s.node] || s.moved
		if !s.carried && !known[s.node] {
			known[s.node] = true
			here = append(here, s.node)
		}
	}
	here = slices.DeleteFunc(here, func(n int) bool { return moved[n] })
	o.r.Roots = minimal(o.g, o.r, here)
	if o.known.WhileRunning {
		o.r.Roots = o.g.nodes(o.known.Roots)
	}
	o.again = o.g.Reach(o.r.Roots...)
}

// fired infers which triggers fired: those whose actions started, other than the
// roots of this run, and of what a resumed run carries, those whose conditions hold.
func (o *observer) fired() {
	direct := o.direct()
	o.r.recount(o.g)
	for t := range o.g.Triggers {
		tr, ts := &o.g.Triggers[t], &o.r.Triggers[t]
		carried := o.again != nil && !o.again[tr.Node]
		complete := ts.Met > 0 && (tr.Any || int(ts.Met) == len(tr.Conditions))
		ts.Fired = tr.Starts || carried && tr.Active && complete
		first, end := o.g.TriggerActions(t)
		for a := first; a < end; a++ {
			st := o.r.Actions[a]
			byTrigger := carried || !direct[a] || int(st.Starts)-1 > int(st.Retry)
			ts.Fired = ts.Fired || st.State != Blank && byTrigger
		}
	}
}

// direct are the actions that the resume itself started: of each root the one that
// started first.
func (o *observer) direct() map[int]bool {
	out := make(map[int]bool, len(o.r.Roots))
	for _, n := range o.r.Roots {
		first := -1
		for _, a := range o.g.Nodes[n].Actions {
			began := o.r.Actions[a].Began
			if began > 0 && (first < 0 || began < o.r.Actions[first].Began) {
				first = a
			}
		}
		out[first] = true
	}
	return out
}
