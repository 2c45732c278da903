package local

import (
	"maps"
	"time"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/runner"
)

// heard takes an event of a runner.
func (x *Executor) heard(e runner.Event) {
	if e.Kind == runner.EventGone {
		for _, a := range x.attempts {
			if a.runner == e.Runner && (a.phase == asked || a.phase == running) {
				x.examine(a, "")
			}
		}
		return
	}
	a := x.attempts[e.ID]
	if a == nil || a.phase == settling || a.phase == waiting {
		return // of an attempt whose end is known, or from before a restart
	}
	switch e.Kind {
	case runner.EventStarted:
		a.runner = e.Runner
		x.nowRunning(a, e.At)
	case runner.EventEnded:
		x.over(a, *e.Exit)
	case runner.EventRefused:
		if a.stop {
			x.settle(a, runner.Exit{Reason: runner.Stopped})
			return
		}
		x.postpone(a, errText(e.Error))
	case runner.EventClaimed:
		x.examine(a, e.Runner)
	case runner.EventGone: // above
	}
}

// nowRunning reports a running attempt once.
func (x *Executor) nowRunning(a *attempt, at time.Time) {
	if a.phase == running {
		return
	}
	a.phase, a.since = running, at
	x.hold(a)
	x.tellRunning(a)
	if a.stop {
		x.client.Stop(a.runner, a.id, x.opts.StopGrace) // a dead runner is heard of anyway
	}
}

// over reports the end of an attempt and forgets it.
func (x *Executor) over(a *attempt, e runner.Exit) {
	if a.phase != running && !e.StartedAt.IsZero() {
		a.since = e.StartedAt
		x.tellRunning(a)
	}
	x.release(a)
	x.wg.Go(func() { x.removeScratch(a.id) })
	a.phase = ended
	delete(x.attempts, a.id)
	timeout := a.spec.Timeout
	if timeout == 0 && e.Reason == runner.TimedOut {
		timeout = a.claim().Timeout
	}
	state, message := executor.Outcome(executor.Exit{
		Code:     e.Code,
		Signal:   e.Signal,
		Stopped:  e.Reason == runner.Stopped,
		TimedOut: e.Reason == runner.TimedOut,
		Timeout:  timeout,
		Problem:  e.Message,
		Stderr:   x.stderrOf(a, e),
	})
	x.report(executor.Report{JobRunID: a.id, State: state, Message: message, At: e.EndedAt, Ran: e.Ran})
}

func (x *Executor) tellRunning(a *attempt) {
	if a.notes == nil {
		a.notes = a.claim().Notes
	}
	files := maps.Clone(a.notes)
	delete(files, noteDetail)
	x.report(executor.Report{JobRunID: a.id, State: executor.Running, At: a.since, Files: files, Detail: a.notes[noteDetail]})
}

// claim is what the runner noted of an attempt that another server started.
func (a *attempt) claim() runner.Claim {
	st, err := runner.Inspect(a.dir)
	if err != nil || st.Claim == nil {
		return runner.Claim{}
	}
	return *st.Claim
}

func (x *Executor) tellWaiting(a *attempt, detail string) {
	a.detail = detail
	if detail != "" {
		x.report(executor.Report{JobRunID: a.id, State: executor.Waiting, Detail: detail, At: time.Now().UTC()})
	}
}

// errText is an error that came as text.
type errText string

func (e errText) Error() string { return string(e) }
