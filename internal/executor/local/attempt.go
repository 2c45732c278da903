package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/runner"
)

// phase is where an attempt stands in this process.
type phase int

const (
	waiting   phase = iota // in the queue
	preparing              // a goroutine makes its files ready
	asked                  // a runner was told to start it
	running
	settling // a goroutine writes down how it ends
	ended    // and forgotten
)

// attempt is one live attempt. It is forgotten once its end is reported: its
// folder remembers.
type attempt struct {
	seq    int // the order of the starts
	id     string
	dir    string
	spec   executor.Spec // zero when only a stop named it
	phase  phase
	stop   bool   // it is to end
	slots  int    // that it holds
	runner string // the instance that has it
	since  time.Time
	notes  map[string]string  // of its claim
	cancel context.CancelFunc // of its preparation
	detail string             // of its last WAITING
}

func (x *Executor) attempt(id string) *attempt {
	x.seq++
	a := &attempt{seq: x.seq, id: id, dir: runner.JobDir(x.opts.DataDir, id)}
	x.attempts[id] = a
	return a
}

func (x *Executor) start(spec executor.Spec) {
	if a := x.attempts[spec.JobRunID]; a != nil {
		switch a.phase {
		case waiting:
			x.tellWaiting(a, a.detail)
		case running:
			x.tellRunning(a)
		case preparing, asked, settling, ended: // its report is on the way
		}
		return
	}
	a := x.attempt(spec.JobRunID)
	a.spec = spec
	x.examine(a, "")
}

func (x *Executor) stop(id string) {
	a := x.attempts[id]
	if a == nil {
		a = x.attempt(id)
		a.stop = true
		x.examine(a, "")
		return
	}
	a.stop = true
	switch a.phase {
	case waiting:
		x.settle(a, runner.Exit{Reason: runner.Stopped})
	case preparing:
		a.cancel()
	case asked, running:
		x.client.Stop(a.runner, a.id, x.opts.StopGrace) // a dead runner is heard of anyway
	case settling, ended:
	}
}

// examine finds out from the folder where an attempt stands, and goes on from
// there. A runner that says it does not have the attempt is named by denied.
func (x *Executor) examine(a *attempt, denied string) {
	st, err := runner.Inspect(a.dir)
	if err == nil && st.HalfSettled() {
		err = runner.Unclaim(a.dir)
		st = runner.Status{}
	}
	switch {
	case err != nil:
		x.log.Error("cannot read the folder of a job run", "job_run_id", a.id, "error", err)
		a.phase = settling
		x.later(retryAfter, func() { x.examine(a, denied) })
	case st.Exit != nil:
		x.over(a, *st.Exit)
	case st.Claim == nil && a.stop:
		x.settle(a, runner.Exit{Reason: runner.Stopped})
	case st.Claim == nil && a.phase == asked:
		x.postpone(a, errText("the runner ended before it started the job"))
	case st.Claim == nil:
		x.enqueue(a)
	case st.Claim.Runner != denied && x.client.Alive(st.Claim.Runner):
		a.runner = st.Claim.Runner
		x.nowRunning(a, st.Claim.At)
	default:
		x.lost(a, st)
	}
}

// enqueue lets an attempt wait for a slot, in the order of the starts.
func (x *Executor) enqueue(a *attempt) {
	a.phase, a.runner = waiting, ""
	x.release(a)
	i, _ := slices.BinarySearchFunc(x.queue, a.seq, func(q *attempt, seq int) int { return q.seq - seq })
	x.queue = slices.Insert(x.queue, i, a)
}

// fill gives free slots to those that wait, first come first served: one that
// needs more than are free keeps those behind it waiting, or it might wait for ever.
func (x *Executor) fill() {
	for len(x.queue) > 0 && !x.paused && x.ctx.Err() == nil {
		a := x.queue[0]
		if a.phase == waiting && x.used+x.weight(a) > x.opts.MaxJobs {
			break
		}
		x.queue = x.queue[1:]
		if a.phase == waiting {
			x.hold(a)
			x.prepareAsync(a)
		}
	}
	if x.paused {
		return // who waits for what was said
	}
	// Those who came since the last time stand at the end.
	for _, a := range slices.Backward(x.queue) {
		if a.detail != "" {
			break
		}
		if a.phase == waiting {
			x.tellWaiting(a, x.waitsFor(a))
		}
	}
}

func (x *Executor) waitsFor(a *attempt) string {
	if n := x.weight(a); n > 1 {
		return fmt.Sprintf("waiting for %d of %d local job slots", n, x.opts.MaxJobs)
	}
	return fmt.Sprintf("waiting for one of %d local job slots", x.opts.MaxJobs)
}

// hold takes the slots of an attempt; one that was found running may exceed what
// there is.
func (x *Executor) hold(a *attempt) {
	if a.slots == 0 {
		a.slots = x.weight(a)
		x.used += a.slots
	}
}

func (x *Executor) release(a *attempt) {
	x.used -= a.slots
	a.slots = 0
}

// prepareAsync makes the files of an attempt ready and asks a runner for it.
func (x *Executor) prepareAsync(a *attempt) {
	ctx, cancel := context.WithCancel(x.ctx)
	a.phase, a.cancel = preparing, cancel
	x.wg.Go(func() {
		spec, err := x.prepare(ctx, a.spec)
		var instance string
		if err == nil && ctx.Err() == nil {
			instance, err = x.client.Start(a.id, spec)
		}
		x.do(func() { x.prepared(a, spec, instance, err) })
	})
}

func (x *Executor) prepared(a *attempt, spec runner.Spec, instance string, err error) {
	a.cancel()
	if a.phase != preparing { // the runner answered faster
		return
	}
	var bad *problem
	switch {
	case instance != "":
		a.phase, a.runner, a.notes = asked, instance, spec.Notes
		if !x.client.Alive(instance) {
			x.examine(a, "")
		} else if a.stop {
			x.client.Stop(instance, a.id, x.opts.StopGrace)
		}
	case a.stop:
		x.settle(a, runner.Exit{Reason: runner.Stopped})
	case x.ctx.Err() != nil: // we end; the next owner starts it
	case errors.As(err, &bad):
		x.settle(a, runner.Exit{Reason: runner.StartFailed, Code: -1, Message: err.Error()})
	default:
		x.postpone(a, err)
	}
}

// postpone keeps an attempt that could not be started for want of something that
// may come back, and pauses starting.
func (x *Executor) postpone(a *attempt, err error) {
	x.log.Warn("job run not started yet", "job_run_id", a.id, "error", err)
	x.enqueue(a)
	x.tellWaiting(a, fmt.Sprintf("could not be started yet, trying again: %v", err))
	if !x.paused {
		x.paused = true
		x.later(retryAfter, func() { x.paused = false })
	}
}

// settle writes down the end of an attempt that never started.
func (x *Executor) settle(a *attempt, e runner.Exit) {
	a.phase = settling
	e.EndedAt = time.Now().UTC()
	x.wg.Go(func() {
		err := runner.Settle(a.dir, e)
		x.do(func() {
			switch {
			case err == nil:
				x.over(a, e)
			case errors.Is(err, fs.ErrExist): // it did start
				x.examine(a, "")
			default:
				x.log.Error("cannot note the end of a job run", "job_run_id", a.id, "error", err)
				x.later(retryAfter, func() { x.settle(a, e) })
			}
		})
	})
}

// lost ends an attempt whose runner is dead, once all that is left of it is.
func (x *Executor) lost(a *attempt, st runner.Status) {
	a.phase = settling
	e := runner.Exit{Reason: runner.Lost, Code: -1, StartedAt: st.Claim.At, EndedAt: time.Now().UTC()}
	why := "its runner was killed or crashed"
	if !st.ThisBoot() {
		why = "the machine was restarted, or the data folder is a copy"
	}
	e.Message = fmt.Sprintf("The process that ran this job is gone (%s); how far the job came is not known. "+
		"What was left of it has been ended.", why)
	if a.stop {
		e = runner.Exit{Reason: runner.Stopped, StartedAt: e.StartedAt, EndedAt: e.EndedAt}
	}
	x.wg.Go(func() {
		var err error
		if st.ThisBoot() {
			err = runner.EndAll(a.id)
		}
		x.do(func() {
			if err != nil {
				x.log.Error("cannot end what is left of a lost job run", "job_run_id", a.id, "error", err)
				x.later(retryAfter, func() { x.lost(a, st) })
				return
			}
			// Without it the next owner comes to the same end by itself.
			if err := runner.WriteExit(a.dir, e); err != nil {
				x.log.Error("cannot note the end of a lost job run", "job_run_id", a.id, "error", err)
			}
			x.over(a, e)
		})
	})
}
