package main

import (
	"context"
	"fmt"
	"time"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/executortest"
)

// chain runs chains of no-op jobs: the cost of a durable step.
func chain(ctx context.Context, r *run) error {
	for _, n := range []int{r.size(40, 10), r.size(400, 20), r.size(4000, 40)} {
		if err := chainAt(ctx, r, n); err != nil {
			return err
		}
	}
	return nil
}

// chainAt measures the steps from the start of the first job to that of the last,
// as the executor sees them: asking the store would share the processors.
func chainAt(ctx context.Context, r *run, n int) error {
	x := &executortest.Instant{}
	h, err := newHost(ctx, fmt.Sprintf("%s/%d", r.dir, n), x)
	if err != nil {
		return err
	}
	if err := h.define(ctx, "w", chainOf(n)); err != nil {
		return err
	}
	var begin time.Time
	var began, commits int64
	last := make(chan time.Duration, 1)
	starts := 0
	x.Outcome = func(executor.Spec) (executor.State, string) {
		switch starts++; starts {
		case 1:
			begin, began = time.Now(), h.engine.Commits()
		case n:
			commits = h.engine.Commits() - began
			last <- time.Since(begin)
		}
		return executor.Succeeded, ""
	}
	id, err := h.engine.StartWorkflowRun(ctx, call, "w", nil)
	if err != nil {
		return err
	}
	steps := float64(n - 1)
	r.ratio(fmt.Sprintf("a step of a chain of %d", n), (<-last).Seconds()/steps)
	r.say("commits a step", float64(commits)/steps, "")
	if err := h.wait(ctx, "w", id); err != nil {
		return err
	}
	return h.close()
}

// oneNodeRuns starts many runs of one job and waits for all of them.
func oneNodeRuns(ctx context.Context, r *run) error {
	h, err := newHost(ctx, r.dir, &executortest.Instant{})
	if err != nil {
		return err
	}
	if err := h.define(ctx, "w", chainOf(1)); err != nil {
		return err
	}
	n := r.size(20_000, 500)
	ids := make([]string, n)
	commits := h.engine.Commits()
	begin := time.Now()
	if err := each(n, 512, func(i int) (err error) {
		ids[i], err = h.engine.StartWorkflowRun(ctx, call, "w", nil)
		return err
	}); err != nil {
		return err
	}
	for _, id := range ids {
		if err := h.wait(ctx, "w", id); err != nil {
			return err
		}
	}
	r.say("durable one-node runs", float64(n)/time.Since(begin).Seconds(), "a second")
	r.say("runs a commit", float64(n)/float64(h.engine.Commits()-commits), "")
	return h.close()
}

// fanIn ends many jobs at once that all join.
func fanIn(ctx context.Context, r *run) error {
	h, err := newHost(ctx, r.dir, &executortest.Instant{})
	if err != nil {
		return err
	}
	n := r.size(10_000, 1000)
	ts, joins := joinOf(n)
	if err := h.define(ctx, "w", ts); err != nil {
		return err
	}
	commits := h.engine.Commits()
	begin := time.Now()
	id, err := h.engine.StartWorkflowRun(ctx, call, "w", nil)
	if err != nil {
		return err
	}
	if err := h.wait(ctx, "w", id); err != nil {
		return err
	}
	r.say(fmt.Sprintf("%d nodes, %d joins of 500 and one of all", n, joins), time.Since(begin).Seconds(), "s")
	r.say("commits", float64(h.engine.Commits()-commits), "")
	return h.close()
}
