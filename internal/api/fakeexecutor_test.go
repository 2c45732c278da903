package api

import (
	"context"
	"slices"

	"github.com/reglue/reglue/internal/executor"
)

func newFakeExecutor() *fakeExecutor {
	return &fakeExecutor{
		outcome: map[string][]executor.State{}, byWhole: executor.Succeeded,
		live: map[string]executor.Spec{}, ready: make(chan struct{}),
	}
}

// Run hands reports to the engine until the context ends.
func (x *fakeExecutor) Run(ctx context.Context, report func(executor.Report)) error {
	x.report = report
	close(x.ready)
	<-ctx.Done()
	return nil
}

func (x *fakeExecutor) send(r executor.Report) {
	<-x.ready
	x.report(r)
}

func (x *fakeExecutor) Start(spec executor.Spec) {
	x.mu.Lock()
	if slices.ContainsFunc(x.started, func(s executor.Spec) bool { return s.JobRunID == spec.JobRunID }) {
		x.mu.Unlock()
		return
	}
	x.started = append(x.started, spec)
	x.live[spec.JobRunID] = spec
	state := x.byWhole
	if next := x.outcome[spec.JobName]; len(next) > 0 {
		state, x.outcome[spec.JobName] = next[0], next[1:]
	}
	x.mu.Unlock()
	x.send(executor.Report{JobRunID: spec.JobRunID, State: executor.Running})
	if state != "" {
		x.end(spec.JobRunID, state)
	}
}

// Stop ends a job run, unless the test wants to see it stopping.
func (x *fakeExecutor) Stop(id string) {
	x.mu.Lock()
	deaf := x.deaf
	x.mu.Unlock()
	if !deaf {
		x.end(id, executor.Stopped)
	}
}

// end reports the end of a job run.
func (x *fakeExecutor) end(id string, state executor.State) {
	x.mu.Lock()
	delete(x.live, id)
	x.mu.Unlock()
	r := executor.Report{JobRunID: id, State: state, Ran: 2500e6}
	if state == executor.Failed {
		r.Message = "ValueError: bad row"
	}
	x.send(r)
}

// starts are the job runs of a job that were started, by id.
func (x *fakeExecutor) starts(job string) []executor.Spec {
	x.mu.Lock()
	defer x.mu.Unlock()
	var found []executor.Spec
	for _, s := range x.started {
		if s.JobName == job {
			found = append(found, s)
		}
	}
	return found
}
