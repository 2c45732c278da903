package verify

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

// An endpoint that can't be talked to gets no report.
func TestUnusableEndpoints(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"unreachable":  {errors.New("connection refused"), "connection refused"},
		"other key":    {&glue.Error{Kind: "UnrecognizedClientException", Message: "unknown key"}, "the endpoint refuses GetWorkflow: "},
		"no Glue":      {&glue.Error{Kind: "HTTP404"}, "the endpoint has no GetWorkflow... it is no Glue endpoint"},
		"no workflows": {&glue.Error{Kind: glue.UnknownOperation}, "the endpoint has no GetWorkflow"},
		"broken":       {&glue.Error{Kind: "HTTP502"}, "the endpoint has no GetWorkflow"},
	} {
		e := &endpoint{answer: func(string, any) (any, error) { return nil, tt.err }}
		_, err := Run(t.Context(), e.options(Checks()...))
		if want := strings.ReplaceAll(tt.want, "...", ":"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// lacking answers that some operations are not there.
func lacking(err error, ops ...string) *endpoint {
	return &endpoint{answer: func(op string, in any) (any, error) {
		for _, lacks := range ops {
			if op == lacks {
				return nil, err
			}
		}
		return succeeds(glue.JobRunStateSucceeded)(op, in)
	}}
}

var (
	passes    = Check{ID: "passes", Rule: "It is so.", Source: Documented, run: func(*trial) {}}
	passesJob = Check{ID: "passes-job", Rule: "It is so.", Source: Documented, JobRuns: 1, run: func(*trial) {}}
	resumes   = Check{ID: "R5", Rule: "It resumes.", Source: Documented, needs: "ResumeWorkflowRun", run: func(t *trial) { t.cannot("ran") }}
	unseen    = Check{ID: "R12", Rule: "Nobody sees it.", Source: Decided, verdict: NotApplicable, reason: "no crawlers"}
)

// What an endpoint lacks is not built, however it says so; what needs no lacking
// operation is checked all the same.
func TestNotBuilt(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]*glue.Error{
		"as AWS": {Kind: glue.UnknownOperation}, "a web server": {Kind: "HTTP404"}, "a proxy": {Kind: "HTTP501"}, "broken": {Kind: "HTTP500"},
		"in words": {Kind: glue.Internal, Message: "API action 'ResumeWorkflowRun' for service 'glue' not yet implemented"},
	} {
		e := lacking(err, "ResumeWorkflowRun")
		r := verifies(t, e, resumes, passes, unseen)
		got := []Verdict{r.Results[0].Verdict, r.Results[1].Verdict, r.Results[2].Verdict}
		if diff := cmp.Diff([]Verdict{NotBuilt, Pass, NotApplicable}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if r.Incomplete || !strings.Contains(r.Results[0].Reason, "the endpoint has no ResumeWorkflowRun") || r.Results[2].Reason != "no crawlers" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	// Found out in the middle of a check.
	e := lacking(&glue.Error{Kind: glue.UnknownOperation}, "StopTrigger")
	stops := Check{ID: "stops", run: func(t *trial) { t.call("StopTrigger", &glue.StopTriggerRequest{Name: "x"}, nil) }}
	if r := verifies(t, e, stops).Results[0]; r.Verdict != NotBuilt || r.Reason != "the endpoint has no StopTrigger" {
		t.Errorf("%+v", r)
	}
}

// Where no job runs, checks with jobs are not tried one by one, and the report is
// incomplete.
func TestNoJobRuns(t *testing.T) {
	t.Parallel()
	r := verifies(t, &endpoint{answer: succeeds(glue.JobRunStateFailed)}, passes, passesJob)
	if r.Results[0].Verdict != Pass || r.Results[1].Verdict != Unchecked || !r.Incomplete {
		t.Errorf("%+v", r)
	}
	if want := "jobs do not run here as they should: a job that should succeed is FAILED (so it is)"; r.Results[1].Reason != want {
		t.Errorf("%q, want %q", r.Results[1].Reason, want)
	}
	r = verifies(t, &endpoint{answer: succeeds(glue.JobRunStateSucceeded)}, passes, passesJob)
	if r.Results[1].Verdict != Pass || r.Incomplete || r.Count(Pass) != 2 {
		t.Errorf("%+v", r)
	}
}

// What was found before a check had to end early still counts.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	end := func(t *trial) { panic(&stopped{Unchecked, "out of patience"}) }
	for name, tt := range map[string]struct {
		source Source
		run    func(*trial)
		want   Verdict
		reason string
	}{
		"holds":               {Documented, func(t *trial) { t.expect(true, "a", "b") }, Pass, ""},
		"documented":          {Documented, func(t *trial) { t.expect(false, "a", "b") }, Wrong, ""},
		"decided":             {Decided, func(t *trial) { t.expect(false, "a", "b") }, Differs, ""},
		"a detail":            {Documented, func(t *trial) { t.expectDecided(false, "a", "b") }, Differs, ""},
		"ended early":         {Documented, end, Unchecked, "out of patience"},
		"found, then ended":   {Documented, func(t *trial) { t.expect(false, "a", "b"); end(t) }, Wrong, "out of patience"},
		"waits in vain":       {Documented, func(t *trial) { t.wait(func() (bool, string) { return false, "for a sign" }) }, Unchecked, "no end after 10s: still waiting for a sign"},
		"waits a little":      {Documented, func(t *trial) { n := 0; t.wait(func() (bool, string) { n++; return n > 9, "" }) }, Pass, ""},
		"an operation breaks": {Documented, func(t *trial) { t.call("StartTrigger", &glue.StartTriggerRequest{Name: "x"}, nil) }, Unchecked, "StartTrigger: OperationTimeoutException: too slow"},
	} {
		e := lacking(&glue.Error{Kind: glue.OperationTimeout, Message: "too slow"}, "StartTrigger")
		got := verifies(t, e, Check{ID: "it", Source: tt.source, run: tt.run}).Results[0]
		if got.Verdict != tt.want || got.Reason != tt.reason {
			t.Errorf("%s: %s %q, want %s %q", name, got.Verdict, got.Reason, tt.want, tt.reason)
		}
	}
}

// An interrupt ends what is under way, deletes what was made and is told of the
// rest.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	e := &endpoint{answer: succeeds(glue.JobRunStateSucceeded)}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		slow := Check{ID: "slow", run: func(t *trial) {
			t.draw("begin: A")
			cancel()
			t.wait(func() (bool, string) { return false, "for ever" })
		}}
		told := 0
		o := e.options(slow, passes)
		o.Done = func(*Result) { told++ }
		r, err := Run(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.Results {
			if r.Results[i].Verdict != Unchecked || r.Results[i].Reason != interrupted {
				t.Errorf("%+v", r.Results[i])
			}
		}
		if !r.Incomplete || told != 2 {
			t.Errorf("told of %d, %+v", told, r)
		}
		want := []string{"DeleteTrigger …-slow-begin", "DeleteWorkflow …-slow-flow", "DeleteJob …-slow-A"}
		if diff := cmp.Diff(want, e.called(r.Prefix, "DeleteTrigger", "DeleteWorkflow", "DeleteJob")); diff != "" {
			t.Error(diff)
		}
	})
}
