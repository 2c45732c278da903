package verify

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/reglue/reglue/internal/glue"
)

// Caller carries out one operation of the Glue API by name. An error that the
// endpoint answered is a *glue.Error.
type Caller interface {
	Call(ctx context.Context, op string, in, out any) error
}

// Repeater is a Caller that can send a call again as an AWS client does that got no
// answer: under the invocation id of the first time.
type Repeater interface {
	CallAs(ctx context.Context, invocation, op string, in, out any) error
}

// Options are what a suite runs with.
type Options struct {
	Caller Caller
	Checks []Check
	// ScriptLocation is where the endpoint finds Script; Role is that of the jobs.
	ScriptLocation, Role string
	// Parallel is how many checks run at a time.
	Parallel int
	// Limit bounds a check, and QuickLimit one that needs no job, finding out
	// whether jobs run, and waiting for a run to stop.
	Limit, QuickLimit time.Duration
	// Pause is the shortest and MaxPause the longest time between two looks at a
	// run.
	Pause, MaxPause time.Duration
	// Done is told of each result as it comes, one at a time.
	Done func(*Result)
}

// Report is what a suite found.
type Report struct {
	// Prefix begins the name of everything that was made.
	Prefix  string   `json:"prefix"`
	Results []Result `json:"checks"`
	// Incomplete is set when a check that should have found out something did not.
	Incomplete bool `json:"incomplete"`
	// Left names what could not be deleted again.
	Left    []string `json:"left,omitempty"`
	JobRuns int      `json:"jobRuns"`
	Seconds float64  `json:"seconds"`
}

// Count is how many checks ended with a verdict.
func (r *Report) Count(v Verdict) int {
	n := 0
	for i := range r.Results {
		if r.Results[i].Verdict == v {
			n++
		}
	}
	return n
}

// suite is one run of checks against an endpoint.
type suite struct {
	Options
	prefix string
	// missing are the operations that the endpoint does not have, with how it shows.
	missing map[string]string
	// idle says why no check with jobs can run.
	idle string

	mu   sync.Mutex
	left []string
}

// Run holds an endpoint against the checks. It returns an error if the endpoint
// can't be talked to at all. When the context ends, what was made is deleted and
// the report is about what was seen until then.
func Run(ctx context.Context, o Options) (*Report, error) {
	began := time.Now()
	s := &suite{Options: o, prefix: "reglue-verify-" + randomName(), missing: map[string]string{}}
	if err := s.probe(ctx); err != nil {
		return nil, err
	}
	r := &Report{Prefix: s.prefix, Results: make([]Result, len(o.Checks))}
	quick := func(c *Check) bool { return c.Quick() }
	s.each(ctx, r, quick)
	for i := range o.Checks {
		if !o.Checks[i].Quick() && s.missing[o.Checks[i].needs] == "" {
			s.idle = s.warmUp(ctx)
			break
		}
	}
	s.each(ctx, r, func(c *Check) bool { return !quick(c) })
	for i := range r.Results {
		r.JobRuns += r.Results[i].JobRuns
		r.Incomplete = r.Incomplete || o.Checks[i].run != nil && r.Results[i].Verdict == Unchecked
	}
	r.Left = s.left
	r.Seconds = time.Since(began).Seconds()
	return r, nil
}

func randomName() string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// probe finds out which operations there are, with names that do not exist.
func (s *suite) probe(ctx context.Context) error {
	name := s.prefix + "-missing"
	asks := []struct {
		op string
		in any
	}{
		{"GetWorkflow", &glue.GetWorkflowRequest{Name: name}},
		{"ResumeWorkflowRun", &glue.ResumeWorkflowRunRequest{Name: name, RunId: "wr_missing", NodeIds: []string{"wnode_missing"}}},
		{"StopWorkflowRun", &glue.StopWorkflowRunRequest{Name: name, RunId: "wr_missing"}},
	}
	for _, ask := range asks {
		err := s.Caller.Call(ctx, ask.op, ask.in, nil)
		var answered *glue.Error
		switch {
		case err == nil:
		case !errors.As(err, &answered):
			return err
		case unbuilt(answered):
			s.missing[ask.op] = "the endpoint has no " + ask.op
		case strings.HasPrefix(string(answered.Kind), "HTTP5"):
			// To a question about a missing name, as Moto does.
			s.missing[ask.op] = fmt.Sprintf("the endpoint has no %s: it breaks with %s and no Glue error", ask.op, answered.Kind)
		case barred(answered):
			return fmt.Errorf("the endpoint refuses %s: %w", ask.op, err)
		}
	}
	if s.missing["GetWorkflow"] != "" {
		return errors.New("the endpoint has no GetWorkflow: it is no Glue endpoint, or one without workflows")
	}
	return nil
}

// warmUp runs one job, so that checks need not find out one by one that none runs.
func (s *suite) warmUp(ctx context.Context) (idle string) {
	probe := Check{ID: "probe", run: func(t *trial) {
		r := t.draw("begin: A").start().end()
		if state := r.state("A"); state != "SUCCEEDED" {
			t.cannot("a job that should succeed is %s %s", orBlank(state), r.problem("A"))
		}
	}}
	if got := s.carryOut(ctx, &probe); got.Verdict != Pass {
		return "jobs do not run here as they should: " + got.Reason
	}
	return ""
}

// each carries out the checks that are wanted, several at a time.
func (s *suite) each(ctx context.Context, r *Report, wanted func(*Check) bool) {
	var told sync.Mutex
	var all sync.WaitGroup
	free := make(chan struct{}, max(s.Parallel, 1))
	for i := range s.Checks {
		c := &s.Checks[i]
		if !wanted(c) {
			continue
		}
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			r.Results[i] = s.result(ctx, c)
			if s.Done != nil {
				told.Lock()
				defer told.Unlock()
				s.Done(&r.Results[i])
			}
		})
	}
	all.Wait()
}

// result carries a check out if there is a point in it.
func (s *suite) result(ctx context.Context, c *Check) Result {
	r := Result{ID: c.ID, Rule: c.Rule, Source: c.Source, Cite: c.Cite}
	switch {
	case c.run == nil:
		r.Verdict, r.Reason = c.verdict, c.reason
	case s.missing[c.needs] != "":
		r.Verdict, r.Reason = NotBuilt, s.missing[c.needs]
	case ctx.Err() != nil:
		r.Verdict, r.Reason = Unchecked, interrupted
	case s.idle != "" && !c.Quick():
		r.Verdict, r.Reason = Unchecked, s.idle
	default:
		return s.carryOut(ctx, c)
	}
	return r
}

const interrupted = "interrupted"

func (s *suite) limit(c *Check) time.Duration {
	if c.Quick() {
		return s.QuickLimit
	}
	return s.Limit
}

// carryOut carries a check out and deletes what it made.
func (s *suite) carryOut(ctx context.Context, c *Check) (r Result) {
	began := time.Now()
	r = Result{ID: c.ID, Rule: c.Rule, Source: c.Source, Cite: c.Cite}
	limited, cancel := context.WithTimeout(ctx, s.limit(c))
	defer cancel()
	t := newTrial(limited, s, c)
	defer func() {
		t.cleanUp(ctx)
		r.Findings, r.JobRuns = t.findings, len(t.jobRuns)
		r.Seconds = time.Since(began).Seconds()
		switch p := recover().(type) {
		case nil:
			r.Verdict = judge(t.findings)
		case *stopped:
			r.Verdict, r.Reason = p.verdict, p.reason
			if len(t.findings) > 0 {
				r.Verdict = judge(t.findings)
			}
		default:
			panic(p)
		}
	}()
	c.run(t)
	return r
}
