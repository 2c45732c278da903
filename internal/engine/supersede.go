package engine

import (
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// supersede ends a run for the one that resumes it, and moves its live job runs there.
// They keep their ids, their argv and their tokens; only whom their ends concern is
// another. It is part of the transaction that starts the new run, which is inserted.
func (b *batch) supersede(old, next *liveRun) error {
	b.touched = true
	for _, at := range next.run.MovedAttempts() {
		lj := old.attempts[at.Action]
		if lj.home == nil {
			lj.home = &old.rec
		}
		lj.run, lj.rec.MovedTo = next, next.rec.Seq
		next.attempts[at.Action] = lj
		// What it retries goes with it.
		first := next.run.Moved[at.Action].Start
		if err := b.tx.MoveJobRuns(old.rec.Seq, next.rec.Seq, at.Action, first); err != nil {
			return err
		}
	}
	c, err := flow.Step(old.graph, old.run, flow.Superseded{}, int64(b.now))
	if err != nil {
		return err
	}
	old.run.Apply(&c)
	old.rec.Rev++
	old.rec.Clock, old.rec.Error = c.At, glue.SupersededMessage+next.rec.ID
	return b.writeRun(old)
}
