package flow

import "github.com/reglue/reglue/internal/glue"

// Change is what an event does to a run: the new states, and the effects to
// carry out once they are committed.
type Change struct {
	// At is the time of the change, Unix milliseconds.
	At int64
	// Status is the run's new status, empty when it stays.
	Status   glue.WorkflowRunStatus
	Actions  []ActionChange
	Nodes    []NodeChange
	Triggers []TriggerChange

	// Start and Stop are the effects, in order.
	Start []Start
	Stop  []Attempt
}

// ActionChange is the new state of an action.
type ActionChange struct {
	Action int
	ActionState
}

// NodeChange is the new state of a node.
type NodeChange struct {
	Node int
	NodeState
}

// TriggerChange is the new state of a trigger.
type TriggerChange struct {
	Trigger int
	TriggerState
}

// Start is the effect that starts an attempt.
type Start struct {
	Attempt
	JobRunID string
	Retry    int
	// Root is set when a resume started it directly, not its trigger (R16).
	Root bool
	// Predecessors are the job runs that met the trigger's conditions.
	Predecessors []glue.Predecessor
	// SameAs is the job run whose predecessors this one shares: the first
	// attempt of a retry, or the attempt that a resume repeats. Else empty.
	SameAs string
}

// Empty reports whether nothing changes.
func (c *Change) Empty() bool {
	return c.Status == "" && len(c.Actions) == 0 && len(c.Nodes) == 0 && len(c.Triggers) == 0 && len(c.Stop) == 0
}
