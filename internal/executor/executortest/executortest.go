// Package executortest is the conformance suite of executors: what package
// executor promises, checked with real jobs. Each executor runs it in a test of
// its own.
package executortest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/executor"
)

// Subject is an executor under test, with what the suite needs around it.
type Subject struct {
	// Open returns an executor over the state of the ones before it, as a
	// restarted server does.
	Open func(t *testing.T) executor.Executor
	// Script keeps a Python script and returns its location.
	Script func(t *testing.T, source string) string
	// Scratch is a folder that jobs and the suite both reach.
	Scratch string
	// LoseWorker kills whatever holds the running jobs, as a crash would.
	LoseWorker func(t *testing.T)
}

// patience bounds the wait for a report that should come soon: a Spark job's first
// minute on a busy machine is one.
const patience = 5 * time.Minute

// Run checks an executor. Each case gets a subject of its own.
func Run(t *testing.T, subject func(t *testing.T) Subject) {
	for _, c := range []struct {
		name string
		f    func(*testing.T, Subject)
	}{
		{"Success", success},
		{"Failure", failure},
		{"Exception", exceptionMessage},
		{"Arguments", arguments},
		{"HugeOutput", hugeOutput},
		{"Timeout", timeout},
		{"Stop", stopRunning},
		{"StopStubborn", stopStubborn},
		{"StopBeforeStart", stopBeforeStart},
		{"StopOver", stopOver},
		{"StartTwice", startTwice},
		{"StartAfterEnd", startAfterEnd},
		{"RestartWhileRunning", restartWhileRunning},
		{"EndWhileAway", endWhileAway},
		{"LostWorker", lostWorker},
		{"LostWhileAway", lostWhileAway},
		{"UnknownCommand", unknownCommand},
		{"NoScript", noScript},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.f(t, subject(t))
		})
	}
}

// Server is the part of a server that an executor talks to: it hears reports.
type Server struct {
	executor.Executor
	t     *testing.T
	close func()

	mu    sync.Mutex
	heard []executor.Report
	bell  chan struct{} // closed and replaced on each report
}

// Serve runs an executor until the test ends or Close.
func Serve(t *testing.T, x executor.Executor) *Server {
	t.Helper()
	s := &Server{Executor: x, t: t, bell: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- x.Run(ctx, s.hear) }()
	s.close = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(s.close)
	return s
}

// Close ends Run, as the end of a server does.
func (s *Server) Close() { s.close() }

func (s *Server) hear(r executor.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, r)
	close(s.bell)
	s.bell = make(chan struct{})
}

// Reports are those of one attempt so far.
func (s *Server) Reports(id string) []executor.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reports(id)
}

func (s *Server) reports(id string) []executor.Report {
	var found []executor.Report
	for _, r := range s.heard {
		if r.JobRunID == id {
			found = append(found, r)
		}
	}
	return found
}

// Wait returns the first report of the attempt for which ok holds.
func (s *Server) Wait(id, what string, ok func(executor.Report) bool) executor.Report {
	s.t.Helper()
	late := time.After(patience)
	for {
		s.mu.Lock()
		bell, reports := s.bell, s.reports(id)
		s.mu.Unlock()
		for _, r := range reports {
			if ok(r) {
				return r
			}
		}
		select {
		case <-bell:
		case <-late:
			s.t.Fatalf("%s: no report %s; there were %+v", id, what, reports)
		}
	}
}

// Reaches waits for a state.
func (s *Server) Reaches(id string, state executor.State) executor.Report {
	s.t.Helper()
	return s.Wait(id, string(state), func(r executor.Report) bool { return r.State == state })
}

// End waits for the end of an attempt and checks that its reports make sense.
func (s *Server) End(id string) executor.Report {
	s.t.Helper()
	end := s.Wait(id, "of an end", func(r executor.Report) bool { return r.State.Terminal() })
	if end.At.IsZero() {
		s.t.Errorf("%s: the end has no time: %+v", id, end)
	}
	for i, r := range s.Reports(id) {
		if r.State == end.State {
			break
		}
		if r.State.Terminal() {
			s.t.Errorf("%s: report %d is another end: %+v", id, i, r)
		}
	}
	return end
}

// Ends waits for the end and compares its state and message.
func (s *Server) Ends(id string, state executor.State, message string) executor.Report {
	s.t.Helper()
	end := s.End(id)
	if end.State != state || end.Message != message {
		s.t.Errorf("%s: ended %s %q, want %s %q", id, end.State, end.Message, state, message)
	}
	return end
}

// spec is a Python job that runs the source.
func (s Subject) spec(t *testing.T, id, source string) executor.Spec {
	t.Helper()
	return executor.Spec{
		JobRunID:       id,
		JobName:        "job of " + id,
		Command:        "pythonshell",
		ScriptLocation: s.Script(t, "import os, signal, sys, time\n"+source),
		Arguments:      map[string]string{},
	}
}

// unique makes an id that no other test of this machine uses, because strays are
// looked for by it.
func unique(t *testing.T, name string) string {
	clean := strings.NewReplacer("/", "-", "_", "-").Replace(t.Name())
	return fmt.Sprintf("jr_%s-%s-%d", clean, name, time.Now().UnixNano())
}
