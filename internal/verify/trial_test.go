package verify

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

// That a request is refused is the rule; the error's name and words are details.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err     error
		want    Verdict
		early   Verdict
		expects string
	}{
		"refused":       {&glue.Error{Kind: glue.InvalidInput, Message: "node wnode_1"}, Pass, "", ""},
		"accepted":      {nil, Wrong, "", "a resume is refused"},
		"another error": {&glue.Error{Kind: glue.EntityNotFound, Message: "node wnode_1"}, Differs, "", "a resume: InvalidInputException"},
		"other words":   {&glue.Error{Kind: glue.InvalidInput, Message: "no"}, Differs, "", "a resume: the message names wnode_1"},
		"not there":     {&glue.Error{Kind: glue.UnknownOperation}, Pass, NotBuilt, ""},
		"no answer":     {errors.New("cut"), Pass, Unchecked, ""},
	} {
		tr := trialOn(t, &endpoint{}, Documented)
		early := ended(func() { tr.refused("a resume", tt.err, glue.InvalidInput, "wnode_1") })
		if got := judge(tr.findings); got != tt.want || (early == nil) != (tt.early == "") || early != nil && early.verdict != tt.early {
			t.Errorf("%s: %s, ended %v, found %+v", name, got, early, tr.findings)
		}
		if tt.expects != "" && (len(tr.findings) != 1 || tr.findings[0].Expected != tt.expects) {
			t.Errorf("%s: %+v", name, tr.findings)
		}
	}
}

// runOf is a run in which nodes ended in states; a job without runs is blank.
func runOf(tr *trial, states map[string][]glue.JobRun) *run {
	w := &workflow{trial: tr, name: tr.prefix + "flow", defs: map[string]*jobDef{}}
	g := &glue.WorkflowGraph{}
	for job, runs := range states {
		w.define(job, "")
		g.Nodes = append(g.Nodes, glue.Node{Type: glue.NodeTypeJob, Name: w.full(job), UniqueId: "id-" + job, JobDetails: &glue.JobNodeDetails{JobRuns: runs}})
	}
	return &run{workflow: w, id: "wr_1", WorkflowRun: &glue.WorkflowRun{Graph: g}}
}

// A node stands where its latest attempt ended, in whatever order the endpoint tells
// the attempts.
func TestStates(t *testing.T) {
	t.Parallel()
	r := runOf(trialOn(t, &endpoint{}, Documented), map[string][]glue.JobRun{
		"A": {{Id: "1", JobRunState: "FAILED", StartedOn: 5}, {Id: "2", JobRunState: "SUCCEEDED", StartedOn: 9}},
		"B": {{Id: "4", JobRunState: "STOPPED", StartedOn: 5, Attempt: 1}, {Id: "3", JobRunState: "FAILED", StartedOn: 5}},
		"C": nil,
	})
	for want, holds := range map[string]bool{
		"A=SUCCEEDED B=STOPPED C=blank": true, "A=FAILED": false, "C=SUCCEEDED": false, "D=blank": false, "": true,
	} {
		if got, seen := r.compare(want); got != holds {
			t.Errorf("%q: %t, saw %q", want, got, seen)
		}
	}
	if got := r.states(); got != "A=SUCCEEDED B=STOPPED C=blank" {
		t.Errorf("got %q", got)
	}
	if diff := cmp.Diff([]string{"id-A", "id-C"}, r.ids("A", "C")); diff != "" {
		t.Error(diff)
	}
	if got := r.named([]string{"id-B", "elsewhere"}); got != "[B elsewhere]" {
		t.Errorf("got %q", got)
	}
	if early := ended(func() { r.ids("D") }); early == nil || early.verdict != Unchecked || !strings.Contains(early.reason, "no node with an id for") {
		t.Errorf("an id for no node: %v", early)
	}
}

// A run that is not as a rule needs it shows nothing about the rule; one that is
// and ends otherwise breaks it.
func TestGivenAndShown(t *testing.T) {
	t.Parallel()
	tr := trialOn(t, &endpoint{}, Documented)
	r := runOf(tr, map[string][]glue.JobRun{"A": {{Id: "1", JobRunState: "FAILED"}}})
	if early := ended(func() { r.given("A=SUCCEEDED") }); early == nil || early.reason != "the rule shows only in a run that ends A=SUCCEEDED; it ended A=FAILED" {
		t.Errorf("%+v", early)
	}
	if early := ended(func() { r.given("A=FAILED"); r.shows("A=FAILED") }); early != nil || len(tr.findings) > 0 {
		t.Errorf("%+v %+v", early, tr.findings)
	}
	r.roots = []string{"id-A"}
	r.shows("A=SUCCEEDED")
	if diff := cmp.Diff([]Finding{{Documented, "after a resume from [A]: A=SUCCEEDED", "A=FAILED"}}, tr.findings); diff != "" {
		t.Error(diff)
	}
}

// Lists are read to their last page.
func TestPages(t *testing.T) {
	t.Parallel()
	e := &endpoint{answer: func(op string, in any) (any, error) {
		switch in := in.(type) {
		case *glue.GetWorkflowRunsRequest:
			if in.NextToken == "" {
				return glue.GetWorkflowRunsResponse{Runs: []glue.WorkflowRun{{WorkflowRunId: "wr_2"}}, NextToken: "more"}, nil
			}
			return glue.GetWorkflowRunsResponse{Runs: []glue.WorkflowRun{{WorkflowRunId: "wr_1"}}}, nil
		case *glue.GetJobRunsRequest:
			if in.NextToken == "" {
				return glue.GetJobRunsResponse{JobRuns: []glue.JobRun{{Id: "jr_2"}}, NextToken: "more"}, nil
			}
			return glue.GetJobRunsResponse{JobRuns: []glue.JobRun{{Id: "jr_1"}}}, nil
		}
		return nil, nil
	}}
	tr := trialOn(t, e, Documented)
	w := runOf(tr, nil).workflow
	if runs := w.allRuns(); len(runs) != 2 || runs[1].WorkflowRunId != "wr_1" {
		t.Errorf("%+v", runs)
	}
	if runs := w.history("A"); len(runs) != 2 || len(tr.jobRuns) != 2 {
		t.Errorf("%+v, counted %v", runs, tr.jobRuns)
	}
}
