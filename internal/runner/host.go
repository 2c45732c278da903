package runner

import (
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// host is the state of a runner: its jobs and the servers connected to it.
type host struct {
	instance string
	boot     string
	build    string
	pid      int
	children *children
	journal  *journal
	blanks   *blanks
	folders  folders
	null     *os.File // the standard input of jobs
	log      *slog.Logger
	ending   *os.File // the start lock, held until the process is gone

	mu      sync.Mutex
	jobs    map[string]*job
	keeping int // ended jobs of which the exit is not durable yet
	lines   map[*line]bool
	retired bool
	changed chan struct{} // of size one: a dropped signal is one already due
}

// serve speaks with one server until it goes.
func (h *host) serve(l *line) {
	defer l.close()
	// Together: nothing is said before the hello, and who heard it is known.
	h.mu.Lock()
	err := l.send(hello{Protocol: protocolVersion, Instance: h.instance, PID: h.pid, Build: h.build})
	h.lines[l] = err == nil
	h.mu.Unlock()
	h.nudge()
	defer h.nudge()
	defer func() {
		h.mu.Lock()
		delete(h.lines, l)
		h.mu.Unlock()
	}()
	for {
		var r request
		if err := l.receive(&r); err != nil {
			h.log.Debug("server gone", "error", err)
			return
		}
		h.handle(r)
	}
}

func (h *host) handle(r request) {
	switch r.Op {
	case opStart:
		h.start(r)
	case opStop:
		h.stopJob(r)
	case opRetire:
		h.mu.Lock()
		h.retired = true
		h.mu.Unlock()
		h.nudge()
	default:
		h.log.Error("unknown request", "op", r.Op)
	}
}

func (h *host) start(r request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if j := h.jobs[r.ID]; j != nil {
		if at := j.startedAt(); !at.IsZero() {
			h.tellLocked(Event{Kind: EventStarted, ID: r.ID, At: at.UTC()})
		}
		return
	}
	if r.Spec == nil {
		h.log.Error("a start without a spec", "job_run_id", r.ID)
		return
	}
	j := &job{id: r.ID, dir: r.Dir, spec: *r.Spec, host: h, stop: make(chan struct{}), log: h.log.With("job_run_id", r.ID)}
	h.jobs[r.ID] = j
	go func() {
		event := j.run()
		h.mu.Lock()
		delete(h.jobs, j.id)
		h.keeping++
		h.tellLocked(event)
		told := len(h.lines) > 0
		h.mu.Unlock()
		j.keep(told)
		h.mu.Lock()
		h.keeping--
		alone := h.retired || len(h.lines) == 0
		h.mu.Unlock()
		if alone {
			h.nudge()
		}
	}()
}

// stopJob ends a job that is here. One that is not here may have ended, or
// belong to another runner: its folder tells the server.
func (h *host) stopJob(r request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if j := h.jobs[r.ID]; j != nil {
		j.askStop(r.Grace)
		return
	}
	h.tellLocked(Event{Kind: EventClaimed, ID: r.ID})
}

func (h *host) tell(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tellLocked(e)
}

func (h *host) tellLocked(e Event) {
	e.Runner = h.instance
	for l := range h.lines {
		if err := l.send(e); err != nil {
			h.log.Debug("server gone", "error", err)
		}
	}
}

// idle reports whether nobody needs this runner; draining, that it should not
// wait for another server either.
func (h *host) idle() (idle, draining bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.jobs)+h.keeping == 0 && (h.retired || len(h.lines) == 0), h.retired
}

func (h *host) nudge() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// untilIdle returns once nobody has needed this runner for the given time and
// end agrees that it is over.
func (h *host) untilIdle(patience time.Duration, end func() bool) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		idle, draining := h.idle()
		switch {
		case !idle:
			timer.Stop()
		case draining:
			timer.Reset(0)
		default:
			timer.Reset(patience)
		}
		select {
		case <-h.changed:
		case <-timer.C:
			if end() {
				return
			}
			// A server is connecting: its coming, or its going, will show.
			timer.Reset(time.Second)
			select {
			case <-h.changed:
			case <-timer.C:
			}
		}
	}
}

// sayGoodbye makes sure that every server has heard all.
func (h *host) sayGoodbye() {
	h.mu.Lock()
	lines := slices.Collect(maps.Keys(h.lines))
	h.mu.Unlock()
	for _, l := range lines {
		l.finish()
	}
}

// running lists the jobs, for the log.
func (h *host) running() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.jobs))
}
