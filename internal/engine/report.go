package engine

import (
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/failpoint"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// report takes what the executor learned of a job run.
func (e *Engine) report(r executor.Report) {
	if r.State.Terminal() {
		failpoint.Hit("engine.report")
	}
	e.queue.put(&input{report: true, progress: !r.State.Terminal(), do: func(b *batch) error { return b.reported(r) }})
}

var reported = map[executor.State]flow.State{
	executor.Waiting:   flow.Waiting,
	executor.Running:   flow.Running,
	executor.Succeeded: flow.Succeeded,
	executor.Failed:    flow.Failed,
	executor.Stopped:   flow.Stopped,
	executor.TimedOut:  flow.TimedOut,
}

// reported applies a report. One about a job run that is over changes nothing.
func (b *batch) reported(r executor.Report) error {
	lj := b.e.jobRuns[r.JobRunID]
	if lj == nil {
		return nil
	}
	state := reported[r.State]
	b.touched = true
	if r.Files != nil {
		lj.rec.Files = r.Files
	}
	if !state.Terminal() {
		if lj.rec.Detail != r.Detail {
			lj.rec.Detail = r.Detail
			b.e.dirty[r.JobRunID] = lj
		}
		return b.progressed(lj, state)
	}
	lj.rec.Message, lj.rec.Ran = r.Message, r.Ran.Milliseconds()
	if lj.run == nil {
		return b.endedAlone(lj, state)
	}
	retries := 0
	if lj.job != nil {
		retries = lj.job.Retries()
	}
	if o := lj.run.rec.Override(lj.rec.Job); o.Retries != nil {
		retries = *o.Retries
	}
	return b.apply(lj.run, flow.Ended{Attempt: lj.rec.Attempt, State: state, Retries: retries})
}

func (b *batch) progressed(lj *liveJob, state flow.State) error {
	if lj.run != nil {
		return b.apply(lj.run, flow.Progressed{Attempt: lj.rec.Attempt, State: state})
	}
	if lj.rec.State != state && lj.rec.State != flow.Stopping {
		b.progress(lj, state, int64(max(b.now, lj.rec.Modified)))
	}
	return nil
}

// endedAlone ends a job run outside of a workflow and retries it if it may be.
func (b *batch) endedAlone(lj *liveJob, state flow.State) error {
	stopping, at := lj.rec.State == flow.Stopping, max(b.now, lj.rec.Modified)
	if err := b.finish(lj, state, int64(at)); err != nil {
		return err
	}
	orphan := lj.rec.Run != 0 // its workflow was deleted
	if state != flow.Failed || stopping || orphan || lj.job == nil || lj.rec.Retry >= lj.job.Retries() {
		return nil
	}
	return b.retryAlone(lj, at)
}

func (b *batch) retryAlone(lj *liveJob, at glue.Time) error {
	next := &liveJob{rec: lj.rec}
	r := &next.rec
	r.Seq, r.Retry, r.Previous, r.Started, r.Completed = 0, lj.rec.Retry+1, lj.rec.ID, at, 0
	r.ID = glue.RetryID(glue.FirstAttemptID(lj.rec.ID), r.Retry)
	r.Message, r.Ran, r.Files = "", 0, nil
	return b.startAlone(next)
}

// startAlone creates a job run outside of a workflow; one that is refused ends
// at once, as a job run that a trigger starts does.
func (b *batch) startAlone(lj *liveJob) error {
	refused, err := b.create(lj, "")
	if err != nil {
		return err
	}
	if refused != flow.Blank {
		return b.finish(lj, refused, int64(lj.rec.Started))
	}
	b.start(lj, lj.override())
	return nil
}

// writeProgress writes the progress that no other commit took along, at most a
// batch of it: what is left comes next, and requests need not wait for all.
func (e *Engine) writeProgress(b *batch) error {
	runs := map[*liveRun]bool{}
	left := maxBatch
	for id, lj := range e.dirty {
		if left--; left < 0 {
			break
		}
		b.touched = true
		if err := b.tx.UpdateJobRun(&lj.rec); err != nil {
			return err
		}
		if lj.run != nil {
			runs[lj.run] = true
		}
		b.aloneChanged(lj)
		delete(e.dirty, id)
	}
	for lr := range runs {
		// Another event may have written the run's Rev before its job runs; who
		// reads by Rev must see the difference.
		lr.rec.Rev++
		lr.rec.Statistics = lr.run.Statistics()
		b.runChanged(lr)
		if err := b.tx.UpdateRunProgress(&lr.rec); err != nil {
			return err
		}
	}
	return nil
}
