package flow

import "github.com/reglue/reglue/internal/glue"

// Run is the state of one workflow run on its graph. Only Apply changes it.
type Run struct {
	ID     string
	Status glue.WorkflowRunStatus
	// Clock is the time of the last change, Unix milliseconds; it never goes
	// back.
	Clock int64
	// Sources are the runs in which attempts shown by this run really ran:
	// itself first, then those that it carries from.
	Sources []string
	// Actions, Nodes and Triggers run beside those of the graph.
	Actions  []ActionState
	Nodes    []NodeState
	Triggers []TriggerState
	// Live counts the actions whose attempt is not over.
	Live int
	// Begun counts starts, to order them.
	Begun int32
	// Scope is what a resume made of the run before; empty in a run that began
	// by its start trigger.
	Scope
	// Moved says where attempts began that this run, or one that it carries from,
	// took over while their node ran, by action.
	Moved map[int]Moved

	counts [states]int32
}

// ActionState is where an action of a run stands.
type ActionState struct {
	// State is the state of the latest attempt.
	State State
	// Retry is the number of the latest attempt, from 0.
	Retry uint8
	// Starts counts the attempts of this action in this run.
	Starts int32
	// Began orders the actions by their first start, from 1; a carried action
	// keeps its place.
	Began int32
	// Latest orders the actions by their latest start, as Began does.
	Latest int32
}

// NodeState is where a job or crawler of a run stands: its latest end.
type NodeState struct {
	// Last is the state of the latest end; Blank when nothing has ended.
	Last State
	// Retry is the retry number of the attempt that ended.
	Retry uint8
	// Carried is set for a node that this run took over from an earlier one
	// and that does not run in it.
	Carried bool
	// Accepted is set for a carried node that a resume took as SUCCEEDED.
	Accepted bool
	// Source is the run of that attempt, an index into Run.Sources.
	Source int32
	// Action and Start name the attempt that ended.
	Action int32
	Start  int32
	// ID is the job run of that attempt where it does not follow from the graph:
	// in a run that was moved to another one.
	ID string
}

// TriggerState is where a trigger of a run stands.
type TriggerState struct {
	Fired bool
	// Met counts the conditions that hold now.
	Met int32
}

// Attempt names one start of an action within a run; starts count from 0.
type Attempt struct {
	Action int
	Start  int
}

// NewRun is a run of the graph that has not begun.
func NewRun(g *Graph, id string) *Run {
	return &Run{
		ID:       id,
		Sources:  []string{id},
		Actions:  make([]ActionState, len(g.Actions)),
		Nodes:    make([]NodeState, len(g.Nodes)),
		Triggers: make([]TriggerState, len(g.Triggers)),
		counts:   [states]int32{Blank: int32(len(g.Actions))},
	}
}

// Over reports whether the run has ended.
func (r *Run) Over() bool {
	switch r.Status {
	case glue.WorkflowRunStatusCompleted, glue.WorkflowRunStatusStopped, glue.WorkflowRunStatusError:
		return true
	default:
		return false
	}
}

// Statistics counts each action of the run once, by its latest attempt; carried
// ones count by their carried state (R27). What a superseded run no longer has it
// does not count as running.
func (r *Run) Statistics() glue.WorkflowRunStatistics {
	c := r.counts
	if r.Over() {
		c[Starting], c[Running], c[Stopping], c[Waiting] = 0, 0, 0, 0
	}
	return glue.WorkflowRunStatistics{
		TotalActions:     int32(len(r.Actions)),
		RunningActions:   c[Starting] + c[Running] + c[Stopping],
		WaitingActions:   c[Waiting],
		SucceededActions: c[Succeeded],
		FailedActions:    c[Failed] + c[Expired],
		StoppedActions:   c[Stopped],
		TimeoutActions:   c[TimedOut],
		ErroredActions:   c[Errored],
	}
}

// Apply makes the change part of the run. An empty change leaves the clock too,
// so that a late event does not move the time at which a run ended.
func (r *Run) Apply(c *Change) {
	if c.Empty() {
		return
	}
	if c.At > r.Clock {
		r.Clock = c.At
	}
	if c.Status != "" {
		r.Status = c.Status
	}
	for _, a := range c.Actions {
		r.setAction(a.Action, a.ActionState)
	}
	for _, n := range c.Nodes {
		r.Nodes[n.Node] = n.NodeState
	}
	for _, t := range c.Triggers {
		r.Triggers[t.Trigger] = t.TriggerState
	}
}

func (r *Run) setAction(a int, s ActionState) {
	old := &r.Actions[a]
	r.counts[old.State]--
	r.counts[s.State]++
	if old.State.Live() {
		r.Live--
	}
	if s.State.Live() {
		r.Live++
	}
	r.Begun = max(r.Begun, s.Latest)
	*old = s
}

// Latest is the attempt of a node that started last, and false when the node
// never started. It is not always the one that ended last: two triggers may have
// started one job.
func (r *Run) Latest(g *Graph, n int) (Attempt, bool) {
	at, newest := Attempt{}, int32(0)
	for _, a := range g.Nodes[n].Actions {
		if s := &r.Actions[a]; s.Latest > newest {
			at, newest = Attempt{a, int(s.Starts) - 1}, s.Latest
		}
	}
	return at, newest > 0
}

// JobRunID is the id of the attempt with this retry number, in the run itself
// or in the source that it was carried from.
func (r *Run) JobRunID(g *Graph, source int32, at Attempt, retry uint8) string {
	a, run, start := &g.Actions[at.Action], r.Sources[source], at.Start-int(retry)
	if r.moved(at.Action, start) {
		run = r.Moved[at.Action].Run
	}
	first := glue.JobRunID(run, g.Triggers[a.Trigger].Def.Name, a.Index, start)
	return glue.RetryID(first, int(retry))
}

// recount sets what follows from the actions' and nodes' states: the counts, the
// live actions and the conditions that hold.
func (r *Run) recount(g *Graph) {
	r.counts, r.Live, r.Begun = [states]int32{}, 0, 0
	for i := range r.Actions {
		s := r.Actions[i]
		r.counts[s.State]++
		if s.State.Live() {
			r.Live++
		}
		r.Begun = max(r.Begun, s.Latest)
	}
	for t := range g.Triggers {
		met := int32(0)
		for _, c := range g.Triggers[t].Conditions {
			if last := r.Nodes[c.Node].Last; last != Blank && last == c.State {
				met++
			}
		}
		r.Triggers[t].Met = met
	}
}
