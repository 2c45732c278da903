package executortest

import (
	"context"
	"sync"
	"time"

	"github.com/reglue/reglue/internal/executor"
)

// Instant is an executor that runs nothing: each attempt is RUNNING and then at
// once over, in the state that Outcome gives. It is for tests and benchmarks of
// what lies above executors; like a real one it starts an id at most once.
type Instant struct {
	// Outcome decides how an attempt ends; nil means SUCCEEDED. Returning an
	// empty State keeps the attempt running until End or Stop.
	Outcome func(executor.Spec) (executor.State, string)

	mu      sync.Mutex
	started map[string]executor.State
	order   []executor.Spec
	out     chan executor.Report
	once    sync.Once
}

func (x *Instant) init() {
	x.once.Do(func() {
		x.started = map[string]executor.State{}
		x.out = make(chan executor.Report, 1<<16)
	})
}

// Start reports RUNNING and, unless Outcome holds it, the end.
func (x *Instant) Start(spec executor.Spec) {
	x.init()
	x.mu.Lock()
	defer x.mu.Unlock()
	if s, ok := x.started[spec.JobRunID]; ok {
		if s != "" {
			x.send(spec.JobRunID, s, "")
		}
		return
	}
	x.order = append(x.order, spec)
	state, message := executor.Succeeded, ""
	if x.Outcome != nil {
		state, message = x.Outcome(spec)
	}
	x.started[spec.JobRunID] = state
	x.send(spec.JobRunID, executor.Running, "")
	if state != "" {
		x.send(spec.JobRunID, state, message)
	}
}

// Stop ends an attempt STOPPED unless it is over.
func (x *Instant) Stop(id string) { x.End(id, executor.Stopped, "") }

// End ends an attempt that Outcome held; one that is over stays as it is.
func (x *Instant) End(id string, s executor.State, message string) {
	x.init()
	x.mu.Lock()
	defer x.mu.Unlock()
	if now := x.started[id]; now != "" {
		s = now
	}
	x.started[id] = s
	x.send(id, s, message)
}

// Started are the attempts started so far, in order.
func (x *Instant) Started() []executor.Spec {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]executor.Spec(nil), x.order...)
}

func (x *Instant) send(id string, s executor.State, message string) {
	x.out <- executor.Report{JobRunID: id, State: s, Message: message, At: time.Now()}
}

// Run passes the reports on until the context ends.
func (x *Instant) Run(ctx context.Context, report func(executor.Report)) error {
	x.init()
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-x.out:
			report(r)
		}
	}
}
