package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/glue"
)

// trial is one check being carried out: what it made and what it found. Its
// methods end the check when there is no point in going on, as those of testing.T
// do.
type trial struct {
	*suite
	ctx      context.Context
	check    *Check
	findings []Finding
	jobRuns  map[string]bool

	prefix string
	// waiting is what the check waits for.
	waiting string
	// What was made, or may have been: an answer can get lost.
	workflows, triggers, jobs []string
	started                   []glue.JobRun // by hand, outside of a workflow
}

func newTrial(ctx context.Context, s *suite, c *Check) *trial {
	return &trial{suite: s, ctx: ctx, check: c, jobRuns: map[string]bool{}, prefix: s.prefix + "-" + strings.ToLower(c.ID) + "-"}
}

// stopped ends a check early.
type stopped struct {
	verdict Verdict
	reason  string
}

func (t *trial) cannot(format string, args ...any) {
	panic(&stopped{Unchecked, fmt.Sprintf(format, args...)})
}

// expect notes a finding unless the rule holds.
func (t *trial) expect(holds bool, expected, seen string) {
	t.expectAs(t.check.Source, holds, expected, seen)
}

// expectDecided is expect for a detail that this product decided, whatever the
// source of the rule.
func (t *trial) expectDecided(holds bool, expected, seen string) {
	t.expectAs(Decided, holds, expected, seen)
}

func (t *trial) expectAs(source Source, holds bool, expected, seen string) {
	if !holds {
		t.findings = append(t.findings, Finding{source, expected, seen})
	}
}

// refused holds an answer against a refusal of a kind: that it is refused is the
// rule, the kind is a decision where AWS does not name it.
func (t *trial) refused(what string, err error, kind glue.Kind, mentions ...string) {
	var answered *glue.Error
	switch {
	case err == nil:
		t.expect(false, what+" is refused", "it was accepted")
		return
	case !errors.As(err, &answered):
		t.cannot("%s: %v", what, err)
	case unbuilt(answered):
		t.giveUp(what, err)
	}
	t.expectDecided(answered.Kind == kind, what+": "+string(kind), string(answered.Kind)+": "+answered.Message)
	if answered.Kind != kind {
		return
	}
	for _, text := range mentions {
		t.expectDecided(strings.Contains(answered.Message, text), what+": the message names "+text, answered.Message)
	}
}

// call carries out an operation that has to work for the check to go on.
func (t *trial) call(op string, in, out any) {
	if err := t.try(op, in, out); err != nil {
		t.giveUp(op, err)
	}
}

// try carries out an operation that may be refused.
func (t *trial) try(op string, in, out any) error {
	err := t.Caller.Call(t.ctx, op, in, out)
	if err != nil && t.ctx.Err() != nil {
		t.outOfTime()
	}
	return err
}

// giveUp ends the check over an error.
func (t *trial) giveUp(what string, err error) {
	var answered *glue.Error
	if errors.As(err, &answered) && unbuilt(answered) {
		panic(&stopped{NotBuilt, "the endpoint has no " + what})
	}
	t.cannot("%s: %v", what, err)
}

// outOfTime ends the check because its time is over.
func (t *trial) outOfTime() {
	if !errors.Is(t.ctx.Err(), context.DeadlineExceeded) {
		t.cannot(interrupted)
	}
	waiting := t.waiting
	if waiting != "" {
		waiting = ": still waiting " + waiting
	}
	t.cannot("no end after %s%s", t.limit(t.check), waiting)
}

// wait looks again and again until done says so.
func (t *trial) wait(done func() (ok bool, waitingFor string)) {
	pause := t.Pause
	for {
		ok, what := done()
		if ok {
			t.waiting = ""
			return
		}
		t.waiting = what
		select {
		case <-t.ctx.Done():
			t.outOfTime()
		case <-time.After(pause):
		}
		pause = min(pause*3/2, t.MaxPause)
	}
}

// unbuilt reports whether an endpoint says that it lacks an operation.
func unbuilt(err *glue.Error) bool {
	if slices.Contains([]glue.Kind{
		glue.UnknownOperation, "UnknownOperation", "InvalidAction", "NotImplemented", "NotImplementedException", "HTTP404", "HTTP405", "HTTP501",
	}, err.Kind) {
		return true
	}
	// As LocalStack and others put it, whatever the code.
	return strings.Contains(err.Message, "not yet implemented") || strings.Contains(err.Message, "not been implemented")
}

// barred reports whether an endpoint does not let this client in at all.
func barred(err *glue.Error) bool {
	return slices.Contains([]glue.Kind{
		"AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "InvalidSignatureException", "SignatureDoesNotMatch",
		"InvalidClientTokenId", "MissingAuthenticationTokenException", "MissingAuthenticationToken", "IncompleteSignature",
		"IncompleteSignatureException", "ExpiredTokenException", "OptInRequired", "HTTP401", "HTTP403",
	}, err.Kind)
}
