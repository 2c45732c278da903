package console

import (
	"context"
	"net/http"
	"time"
)

// Change is what a commit changed: a workflow run; with Job, a job run outside of a
// workflow; or, when all is empty, definitions.
type Change struct {
	Workflow, Run string
	Job, JobRun   string
}

// Watcher tells what commits changed.
type Watcher interface {
	// Wake gets a value when there is something to take.
	Wake() <-chan struct{}
	// Take returns what changed since it was last called, each once; with lost set
	// anything may have.
	Take() (changes []Change, lost bool)
	Close()
}

// eventsPause is the least time between two looks at what changed, so that a run is
// told of at most ten times a second.
const eventsPause = 100 * time.Millisecond

type (
	helloEvent struct{ Server string }
	runEvent   struct{ Workflow, RunId string }
	jobEvent   struct{ Job, JobRunId string }
	noData     struct{}
)

// events streams what changes.
func (c *Console) events(w http.ResponseWriter, r *http.Request) {
	var watcher Watcher = noWatcher{}
	if c.opt.Watch != nil {
		watcher = c.opt.Watch() // before the first word, so that nothing is missed after it
		defer watcher.Close()
	}
	s, err := openStream(w)
	if err == nil {
		err = s.event("hello", "", helloEvent{c.opt.About.Server})
	}
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	for err == nil {
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
			err = s.pulse()
		case <-watcher.Wake():
			err = s.tell(watcher.Take())
			wait(r.Context(), eventsPause)
		}
	}
}

func (s *stream) tell(changes []Change, lost bool) error {
	if lost {
		return s.event("lost", "", noData{})
	}
	for _, c := range changes {
		var err error
		switch {
		case c.Run != "":
			err = s.event("run", "", runEvent{c.Workflow, c.Run})
		case c.JobRun != "":
			err = s.event("job", "", jobEvent{c.Job, c.JobRun})
		default:
			err = s.event("definitions", "", noData{})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// wait waits, or until the context ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// noWatcher has nothing to tell.
type noWatcher struct{}

func (noWatcher) Wake() <-chan struct{}  { return nil }
func (noWatcher) Take() ([]Change, bool) { return nil, false }
func (noWatcher) Close()                 {}
