package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/failpoint"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

// Options are the parts and settings of an Engine.
type Options struct {
	Store    *store.DB
	Executor executor.Executor
	Log      *slog.Logger
	// EndpointURL is where a job run reaches this server; it holds its token.
	EndpointURL func(jobRunID string) string
	// UnlimitedResumes lifts the rule that a resumed run can be resumed once
	// (R41).
	UnlimitedResumes bool
	// ResumeStopped permits a resume of STOPPED runs (R38).
	ResumeStopped bool
	// ResumeRunning permits a resume of RUNNING runs, which supersedes them (R3).
	ResumeRunning bool
	// Retention is how long ended runs are kept; zero keeps them.
	Retention time.Duration
	// Forget removes what else is kept of job runs that ended before a time,
	// such as their logs. Nil removes nothing.
	Forget func(before time.Time) error
	// MaxJobRuns is how many job runs may be live when a call starts one
	// outside of a workflow; zero means no limit.
	MaxJobRuns int
}

// Engine runs workflows. Its methods are safe for concurrent use; those that
// change something wait until the change is durable.
type Engine struct {
	opt   Options
	scope glue.Scope
	queue *queue

	// Below here only the committer goroutine.
	runs     map[int64]*liveRun    // by sequence
	jobRuns  map[string]*liveJob   // live ones, by id
	jobs     map[string]*liveLimit // live runs by job
	flows    map[string]int        // live runs by workflow
	defs     definitions
	dirty    map[string]*liveJob // progress not yet written
	stale    bool
	timer    *time.Timer
	timerSet bool
	// plansWritten is set when planned resumes were written that may be due soon.
	plansWritten bool

	graphs graphCache
	ended  endedCache

	commits  atomic.Int64
	watchers watchers

	// resolve works out the request of a planned resume; set before Run.
	resolve func(context.Context, *plan.ExecuteRequest) (*ResumeRequest, error)
	// plannedWake has size one: a wake-up that is already pending may be dropped.
	plannedWake chan struct{}
}

// liveRun is a workflow run that is not over.
type liveRun struct {
	rec   store.Run
	run   *flow.Run
	graph *flow.Graph
	// attempts are the live attempts by action.
	attempts map[int]*liveJob
}

// liveJob is a job run that is not over; run is the one that it belongs to, nil outside
// of a workflow.
type liveJob struct {
	rec store.JobRun
	job *glue.Job
	run *liveRun
	// home is the run that started it, if it was moved since: what it was started
	// with follows from that one.
	home *store.Run
}

// startedBy is the run that started a workflow's job run.
func (lj *liveJob) startedBy() *store.Run {
	if lj.home != nil {
		return lj.home
	}
	return &lj.run.rec
}

type liveLimit struct{ count int }

// New makes an engine; Run starts it.
func New(opt Options) *Engine {
	e := &Engine{opt: opt, scope: opt.Store.Scope(), queue: newQueue(), plannedWake: make(chan struct{}, 1)}
	e.reset()
	return e
}

func (e *Engine) reset() {
	e.runs = map[int64]*liveRun{}
	e.jobRuns = map[string]*liveJob{}
	e.jobs = map[string]*liveLimit{}
	e.flows = map[string]int{}
	e.dirty = map[string]*liveJob{}
	e.defs.forget()
	e.graphs.init()
	e.ended.init()
}

// progressDelay is how long a job run's progress waits for another commit to
// ride in before it gets one of its own.
const progressDelay = 20 * time.Millisecond

// Run finds the live runs, hands them to the executor again, and then serves
// requests and reports until the context ends. It returns an error when the
// store can't be trusted any more; the process must then exit.
func (e *Engine) Run(ctx context.Context) error {
	e.timer = time.NewTimer(progressDelay)
	e.timer.Stop()
	defer e.timer.Stop()
	defer e.queue.close()
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	failed := make(chan error, 1)
	wg.Go(func() {
		if err := e.opt.Executor.Run(ctx, e.report); err != nil && ctx.Err() == nil {
			failed <- fmt.Errorf("executor: %w", err)
		}
	})
	wg.Go(func() { e.housekeeping(ctx) })
	wg.Go(func() { e.carryOutPlanned(ctx) })
	e.stale = true // the reload hands what is live to the executor again
	first := &input{do: func(*batch) error { return nil }, done: make(chan error, 1)}
	if err := e.commit(ctx, []*input{first}); err != nil {
		return err
	}
	if err := <-first.done; err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	for {
		select {
		case <-ctx.Done():
			return e.drain(context.WithoutCancel(ctx))
		case err := <-failed:
			return err
		case <-e.timer.C:
			e.timerSet = false
			e.queue.put(&input{do: e.writeProgress})
		case <-e.queue.wake:
		}
		if err := e.commit(ctx, e.queue.take()); err != nil {
			return err
		}
	}
}

// drain commits what was asked for before the end.
func (e *Engine) drain(ctx context.Context) error {
	e.queue.put(&input{do: e.writeProgress})
	return e.commit(ctx, e.queue.take())
}

// commit carries out inputs in one transaction, answers, and dispatches.
func (e *Engine) commit(ctx context.Context, inputs []*input) error {
	inputs = taken(inputs)
	if len(inputs) == 0 {
		return nil
	}
	now := glue.MakeTime(time.Now())
	if n := leadingProgress(inputs); !e.stale && n > 0 {
		// A member that writes nothing need not be one: alone, another needs no savepoint.
		if err := e.applyProgress(inputs[:n], now); err != nil {
			return err
		}
		if inputs = inputs[n:]; len(inputs) == 0 {
			return nil
		}
	}
	members := make([]func(*store.Tx) error, len(inputs))
	for i, in := range inputs {
		members[i] = func(tx *store.Tx) error { return e.member(in, tx, now) }
	}
	errs, err := e.opt.Store.Commit(context.WithoutCancel(ctx), members)
	if err != nil {
		return e.rollback(inputs, err)
	}
	e.commits.Add(1)
	failpoint.Hit("engine.commit")
	for i, in := range inputs {
		if errs[i] == nil {
			e.dispatch(in.effects)
			e.watchers.tell(in.changes)
		} else if in.done == nil {
			e.putLater(in, errs[i])
		}
		in.finish(errs[i])
	}
	e.armProgress()
	e.wakePlanned()
	return nil
}

// Commits counts the transactions so far.
func (e *Engine) Commits() int64 { return e.commits.Load() }

// armProgress sees to it that progress is written soon, even if no other commit
// comes along.
func (e *Engine) armProgress() {
	if due := len(e.dirty) > 0; due != e.timerSet {
		if e.timerSet = due; due {
			e.timer.Reset(progressDelay)
		} else {
			e.timer.Stop()
		}
	}
}

// leadingProgress counts the progress that comes before all else.
func leadingProgress(inputs []*input) int {
	for i, in := range inputs {
		if !in.progress {
			return i
		}
	}
	return len(inputs)
}

// applyProgress takes progress into memory without a transaction of its own.
func (e *Engine) applyProgress(inputs []*input, now glue.Time) error {
	for _, in := range inputs {
		if err := in.do(&batch{e: e, now: now, in: in}); err != nil {
			return err
		}
	}
	e.armProgress()
	return nil
}

func (e *Engine) member(in *input, tx *store.Tx, now glue.Time) error {
	if e.stale {
		if err := e.reload(tx); err != nil {
			return err
		}
		// What the executor reported since the last commit is gone with the
		// memory; asked again, it says where each job run stands.
		e.queue.put(&input{report: true, do: e.redispatch})
	}
	b := &batch{e: e, tx: tx, now: now, in: in}
	in.effects, in.changes = in.effects[:0], nil
	err := in.do(b)
	if err != nil && b.touched {
		e.stale = true
	}
	return err
}

// rollback drops what the failed transaction did to memory. Reports are kept and
// tried again, since nobody would send them a second time.
func (e *Engine) rollback(inputs []*input, err error) error {
	e.stale = true
	if store.IsFatal(err) {
		for _, in := range inputs {
			in.finish(err)
		}
		return fmt.Errorf("store failed; restart to recover: %w", err)
	}
	e.opt.Log.Error("commit failed; nothing was written", "error", err, "inputs", len(inputs))
	for _, in := range inputs {
		if in.done == nil {
			e.putLater(in, err)
			continue
		}
		in.finish(commitError(err))
	}
	return nil
}

// maxTries bounds how often an input of nobody is tried; its waits add up to
// several minutes.
const maxTries = 25

// putLater tries an input again that nobody would send a second time.
func (e *Engine) putLater(in *input, err error) {
	in.tries++
	if !in.report || in.tries > maxTries {
		e.opt.Log.Error("given up; a restart takes it up again", "error", err, "tries", in.tries)
		return
	}
	e.opt.Log.Warn("could not be applied; it is tried again", "error", err, "tries", in.tries)
	time.AfterFunc(time.Duration(in.tries)*time.Second, func() { e.queue.put(in) })
}

func commitError(err error) error {
	if store.IsFull(err) {
		return &glue.Error{Kind: glue.Internal, Err: err,
			Message: "The disk that holds the data folder is full; nothing was changed. Free some space and try again."}
	}
	return err
}

// Update makes a change of definitions durable. The function runs in the
// committer's transaction and must not keep tx; an error undoes what it wrote.
func (e *Engine) Update(ctx context.Context, f func(tx *store.Tx, now glue.Time) error) error {
	return e.do(ctx, func(b *batch) error {
		e.defs.forget()
		b.changed(Changed{})
		return f(b.tx, b.now)
	})
}

// UpdateRun makes a change of what a run of a workflow keeps beside its states durable,
// likewise. The function tells which run it changed.
func (e *Engine) UpdateRun(ctx context.Context, workflow string, f func(tx *store.Tx) (runID string, err error)) error {
	return e.do(ctx, func(b *batch) error {
		id, err := f(b.tx)
		if err == nil {
			b.changed(Changed{Workflow: workflow, Run: id})
		}
		return err
	})
}

// do hands a request to the committer and waits for its outcome. Until it is
// taken up the context may end it, and then nothing was done.
func (e *Engine) do(ctx context.Context, f func(b *batch) error) error {
	in := &input{do: f, done: make(chan error, 1)}
	if !e.queue.put(in) {
		return errClosed
	}
	select {
	case err := <-in.done:
		return err
	case <-ctx.Done():
		if in.withdraw() {
			return glue.Errorf(glue.OperationTimeout, "The request could not be taken up in time; nothing was changed")
		}
		return <-in.done
	}
}

var errClosed = errors.New("the server is shutting down; try again")

// dispatch hands the effects of a commit to the executor.
func (e *Engine) dispatch(effects []effect) {
	for i := range effects {
		if ef := &effects[i]; ef.stop != "" {
			e.opt.Executor.Stop(ef.stop)
		} else {
			e.opt.Executor.Start(ef.spec)
		}
	}
}
