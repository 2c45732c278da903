package flow

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

// Row is one attempt of a run as a store keeps it.
type Row struct {
	Attempt
	Retry int
	// Root is set when a resume started it directly.
	Root bool
	// Moved is set when it began in an earlier run.
	Moved bool
	State State
	// Rev is the run's event that changed the attempt last; it orders ends.
	Rev int64
}

// Restore rebuilds a run from its attempts, in the order of their creation. The
// base is the run before anything started: NewRun, or Rebase for a resumed one.
func Restore(g *Graph, base *Run, status glue.WorkflowRunStatus, clock int64, rows []Row) (*Run, error) {
	r := base
	r.Status, r.Clock = status, clock
	rows = r.restoreMoved(rows)
	for i := range rows {
		if err := r.restoreStart(g, &rows[i]); err != nil {
			return nil, err
		}
	}
	ends := make([]*Row, 0, len(rows))
	for i := range rows {
		// An attempt that was retried is not the node's end.
		if row := &rows[i]; row.State.Terminal() && !r.retried(row) {
			ends = append(ends, row)
		}
	}
	slices.SortStableFunc(ends, func(a, b *Row) int { return cmp.Compare(a.Rev, b.Rev) })
	for _, row := range ends {
		r.Nodes[g.Actions[row.Action].Node] = NodeState{
			Last: row.State, Retry: uint8(row.Retry), Action: int32(row.Action), Start: int32(row.Start),
		}
	}
	r.restoreFired(g)
	r.recount(g)
	return r, nil
}

// restoreMoved leaves out the attempts that were over before what they led to was
// moved: the base knows them.
func (r *Run) restoreMoved(rows []Row) []Row {
	old := func(row Row) bool {
		return row.Moved && row.Action >= 0 && row.Action < len(r.Actions) && row.Start < int(r.Actions[row.Action].Starts)-1
	}
	if !slices.ContainsFunc(rows, old) {
		return rows
	}
	return slices.DeleteFunc(slices.Clone(rows), old)
}

func (r *Run) restoreStart(g *Graph, row *Row) error {
	if row.Action < 0 || row.Action >= len(g.Actions) {
		return fmt.Errorf("run %s: stored attempt of action %d, but the graph has %d", r.ID, row.Action, len(g.Actions))
	}
	a := &r.Actions[row.Action]
	if row.Moved && a.State.Live() && int32(row.Start) == a.Starts-1 {
		a.State = row.State
		return nil
	}
	if row.Moved || int32(row.Start) != a.Starts {
		return fmt.Errorf("run %s: node %s: stored start %d follows %d starts",
			r.ID, g.Nodes[g.Actions[row.Action].Node].Name, row.Start, a.Starts)
	}
	if !row.State.Live() && !row.State.Terminal() || row.Retry > row.Start {
		return fmt.Errorf("run %s: node %s: stored start %d is retry %d in state %d, which can't be",
			r.ID, g.Nodes[g.Actions[row.Action].Node].Name, row.Start, row.Retry, row.State)
	}
	r.Begun++
	if a.Began == 0 {
		a.Began = r.Begun
	}
	a.Starts, a.Retry, a.State, a.Latest = int32(row.Start)+1, uint8(row.Retry), row.State, r.Begun
	if !row.Root && row.Retry == 0 {
		r.Triggers[g.Actions[row.Action].Trigger].Fired = true
	}
	return nil
}

// retried reports whether a later attempt retries the row's. A retry keeps
// counting, so the action's retry number says how many came after it, unless a
// cycle started the action anew; then the row before it ended for good.
func (r *Run) retried(row *Row) bool {
	a := &r.Actions[row.Action]
	later := int(a.Starts) - 1 - row.Start
	return later > 0 && int(a.Retry)-later == row.Retry
}

// restoreFired marks start triggers of a run that has begun: they fired, even
// those without actions. A resumed run keeps what it carries.
func (r *Run) restoreFired(g *Graph) {
	if r.Status == "" {
		return
	}
	for t := range g.Triggers {
		if g.Triggers[t].Starts {
			r.Triggers[t].Fired = true
		}
	}
}
