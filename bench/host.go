package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// host is an engine on a store of its own, without a wire.
type host struct {
	script string
	db     *store.DB
	engine *engine.Engine
	cancel context.CancelFunc
	done   chan error
}

func newHost(ctx context.Context, dir string, x executor.Executor) (*host, error) {
	db, err := store.Open(ctx, filepath.Join(dir, "data"), store.Options{Account: "000000000000", Region: "us-east-1"})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	h := &host{db: db, script: filepath.Join(dir, "noop.py"), cancel: cancel, done: make(chan error, 1)}
	if err := os.WriteFile(h.script, nil, 0o600); err != nil {
		cancel()
		return nil, err
	}
	h.engine = engine.New(engine.Options{Store: db, Executor: x, Log: slog.New(slog.DiscardHandler)})
	go func() { h.done <- h.engine.Run(ctx) }()
	return h, nil
}

func (h *host) close() error {
	h.cancel()
	if err := <-h.done; err != nil {
		return err
	}
	return h.db.Close()
}

// define stores a workflow of the triggers and the jobs that they start.
func (h *host) define(ctx context.Context, workflow string, triggers []glue.Trigger) error {
	jobs := map[string]bool{}
	for i := range triggers {
		for _, a := range triggers[i].Actions {
			jobs[a.JobName] = true
		}
	}
	return h.engine.Update(ctx, func(tx *store.Tx, now glue.Time) error {
		for name := range jobs {
			if _, err := tx.PutJob(noopJob(name, h.script, now)); err != nil {
				return err
			}
		}
		if err := tx.PutWorkflow(&store.WorkflowRecord{Name: workflow, Created: now, Modified: now}); err != nil {
			return err
		}
		for i := range triggers {
			triggers[i].WorkflowName = workflow
			if err := tx.PutTrigger(&triggers[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func noopJob(name, script string, now glue.Time) *glue.Job {
	limit := int32(1_000_000)
	return &glue.Job{
		Name: name, Role: "bench", CreatedOn: now, LastModifiedOn: now,
		Command:           &glue.JobCommand{Name: "pythonshell", ScriptLocation: "file://" + script},
		ExecutionProperty: &glue.ExecutionProperty{MaxConcurrentRuns: &limit},
	}
}

// start fires the actions of a workflow's start trigger.
func start(name string, jobs ...string) glue.Trigger {
	return glue.Trigger{Name: name, Type: glue.TriggerTypeOnDemand, State: glue.TriggerStateCreated, Actions: actions(jobs)}
}

// after fires when all the watched jobs have succeeded.
func after(name string, watched []string, jobs ...string) glue.Trigger {
	p := &glue.Predicate{Logical: glue.LogicalAnd}
	for _, w := range watched {
		p.Conditions = append(p.Conditions, glue.Condition{
			LogicalOperator: glue.LogicalOperatorEquals, JobName: w, State: glue.JobRunStateSucceeded,
		})
	}
	return glue.Trigger{
		Name: name, Type: glue.TriggerTypeConditional, State: glue.TriggerStateActivated,
		Predicate: p, Actions: actions(jobs),
	}
}

func actions(jobs []string) []glue.Action {
	out := make([]glue.Action, len(jobs))
	for i, j := range jobs {
		out[i].JobName = j
	}
	return out
}

// chainOf is a workflow of n jobs, each started by the one before.
func chainOf(n int) []glue.Trigger {
	ts := []glue.Trigger{start("t00000", node(0))}
	for i := 1; i < n; i++ {
		ts = append(ts, after(fmt.Sprintf("t%05d", i), []string{node(i - 1)}, node(i)))
	}
	return ts
}

func node(i int) string { return fmt.Sprintf("n%05d", i) }

func nodes(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, node(i))
	}
	return out
}

// wait waits until the run is over.
func (h *host) wait(ctx context.Context, workflow, id string) error {
	return h.until(ctx, workflow, id, func(r *store.Run) bool { return !r.Completed.IsZero() })
}

// until waits until the run is as told, by asking the store. Asking takes a fifth
// of the time at most.
func (h *host) until(ctx context.Context, workflow, id string, is func(*store.Run) bool) error {
	for {
		begin := time.Now()
		done := false
		err := h.db.View(ctx, func(tx *store.Tx) error {
			r, err := tx.Run(workflow, id)
			if err == nil && r == nil {
				err = fmt.Errorf("run %s is gone", id)
			}
			done = err == nil && is(r)
			return err
		})
		if err != nil || done {
			return err
		}
		time.Sleep(max(time.Millisecond, 4*time.Since(begin)))
	}
}

// each calls f n times, many at once, and returns the first error.
func each(n, parallel int, f func(i int) error) error {
	var wg sync.WaitGroup
	next := make(chan int)
	errs := make(chan error, parallel)
	for range parallel {
		wg.Go(func() {
			for i := range next {
				if err := f(i); err != nil {
					select {
					case errs <- err:
					default:
					}
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}
