package verify

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// runs are the checks of workflow runs as such, which a resume builds on.
func runs() []Check {
	return []Check{
		{ID: "graph", Rule: "A job is one node; edges lead from triggers to what they start and from what they watch to them.",
			Source: Documented, Cite: guideConcepts, run: checkGraph},
		{ID: "node-ids", Rule: "A node has the same id in the workflow and in all of its runs.",
			Source: Decided, Cite: "seen in captured answers", run: checkNodeIDs},
		{ID: "unknown-run", Rule: "Reading or stopping an unknown run is EntityNotFoundException.",
			Source: Documented, Cite: "API, GetWorkflowRun", run: checkUnknownRun},
		{ID: "stop-over", Rule: "A run that is over can't be stopped: IllegalWorkflowStateException.",
			Source: Documented, Cite: "API, StopWorkflowRun", run: checkStopOver},
		{ID: "properties", Rule: "Properties given at the start go before the defaults; putting merges; the defaults stay.",
			Source: Documented, Cite: guideProps, run: checkRunProperties},
		{ID: "pagination", Rule: "Paging shows every run once, and the last page has no token.",
			Source: Documented, Cite: apiRuns, run: checkPages},
		{ID: "failure-completes", Rule: "A failed job stops nothing else, and the run still ends COMPLETED.",
			Source: Documented, Cite: guideResume, JobRuns: 4, run: checkFailure},
		{ID: "statistics", Rule: "Statistics count the actions of the run by the state of their latest attempt.",
			Source: Documented, Cite: apiStats, JobRuns: 5, run: checkStatistics},
		{ID: "ends-last", Rule: "A run never ends while a node runs or could still start.",
			Source: Decided, Cite: "the end of a run is undocumented in detail", JobRuns: 4, run: checkEndsLast},
		{ID: "retries", Rule: "A failed job is tried again as often as MaxRetries says; its watchers see the last attempt.",
			Source: Documented, Cite: "guide, Adding jobs", JobRuns: 3, run: checkRetries},
		{ID: "old-attempts", Rule: "The end of an attempt that is followed by another changes nothing below.",
			Source: Decided, Cite: "else branches for failure and success both run", JobRuns: 3, run: checkOldAttempt},
		{ID: "any-once", Rule: "A conditional trigger fires at most once a run.",
			Source: Decided, Cite: "a second fire would run everything below twice", JobRuns: 3, run: checkAnyOnce},
		{ID: "inactive", Rule: "A conditional trigger that is not activated does not fire.",
			Source: Decided, Cite: "that is what deactivating is for", JobRuns: 1, run: checkInactive},
		{ID: "snapshot", Rule: "Changing a trigger while a run is under way does not change the run.",
			Source: Documented, Cite: guideResume, JobRuns: 2, run: checkSnapshot},
		{ID: "by-hand", Rule: "A job that is started by hand fires no trigger of a workflow.",
			Source: Documented, Cite: guideTriggers, JobRuns: 3, run: checkByHand},
		{ID: "stop", Rule: "Stopping a run stops its jobs, and what has not started never does.",
			Source: Documented, Cite: guideStop, JobRuns: 1, run: checkStop},
	}
}

func checkGraph(t *trial) {
	w := t.draw(guide)
	var out glue.GetWorkflowResponse
	t.call("GetWorkflow", &glue.GetWorkflowRequest{Name: w.name, IncludeGraph: new(true)}, &out)
	if out.Workflow == nil || out.Workflow.Graph == nil {
		t.expect(false, "GetWorkflow with IncludeGraph has a graph", "none")
		return
	}
	names := map[string]string{}
	var nodes, edges []string
	for _, n := range out.Workflow.Graph.Nodes {
		names[n.UniqueId] = w.short(n.Name)
		nodes = append(nodes, w.short(n.Name))
	}
	for _, e := range out.Workflow.Graph.Edges {
		edges = append(edges, names[e.SourceId]+">"+names[e.DestinationId])
	}
	slices.Sort(nodes)
	slices.Sort(edges)
	want := "J1 J2 J3 J4 J5 begin t2 t3 t4 t5"
	t.expect(strings.Join(nodes, " ") == want, "the nodes "+want, strings.Join(nodes, " "))
	want = "J1>t2 J1>t3 J2>t4 J3>t5 begin>J1 t2>J2 t3>J3 t4>J4 t5>J5"
	t.expect(strings.Join(edges, " ") == want, "the edges "+want, orNone(strings.Join(edges, " ")))
}

func checkNodeIDs(t *trial) {
	r := t.finished()
	second := r.start().end()
	var out glue.GetWorkflowResponse
	t.call("GetWorkflow", &glue.GetWorkflowRequest{Name: r.name, IncludeGraph: new(true)}, &out)
	if out.Workflow == nil || out.Workflow.Graph == nil {
		t.cannot("GetWorkflow answers no graph")
	}
	for _, g := range []*glue.WorkflowGraph{second.Graph, out.Workflow.Graph} {
		for i := range r.Graph.Nodes {
			n := &r.Graph.Nodes[i]
			other := findNode(g, n.Name)
			if other == nil {
				t.expect(false, "a node for "+n.Name+" everywhere", "it is missing in one graph")
				continue
			}
			t.expect(other.UniqueId == n.UniqueId && n.UniqueId != "", n.Name+" has UniqueId "+n.UniqueId+" everywhere", orNone(other.UniqueId))
		}
	}
}

func checkUnknownRun(t *trial) {
	w := t.create("flow", &glue.CreateWorkflowRequest{})
	t.refused("GetWorkflowRun of an unknown run",
		t.try("GetWorkflowRun", &glue.GetWorkflowRunRequest{Name: w.name, RunId: "wr_missing"}, nil), glue.EntityNotFound)
	t.refused("StopWorkflowRun of an unknown run",
		t.try("StopWorkflowRun", &glue.StopWorkflowRunRequest{Name: w.name, RunId: "wr_missing"}, nil), glue.EntityNotFound)
	t.refused("StartWorkflowRun of an unknown workflow",
		t.try("StartWorkflowRun", &glue.StartWorkflowRunRequest{Name: w.full("missing")}, nil), glue.EntityNotFound)
}

func checkStopOver(t *trial) {
	r := t.finished()
	t.refused("stopping a run that is "+string(r.Status),
		t.try("StopWorkflowRun", &glue.StopWorkflowRunRequest{Name: r.name, RunId: r.id}, nil), glue.IllegalWorkflowState)
}

func checkRunProperties(t *trial) {
	defaults := map[string]string{"a": "1", "b": "1"}
	w := t.create("flow", &glue.CreateWorkflowRequest{DefaultRunProperties: defaults})
	// No job has to run for this; one is here so that there is something to start.
	w.add("t: A=TIMEOUT > B")
	r := w.startWith(map[string]string{"b": "2"})
	r.hasProperties("a run with defaults and b=2", map[string]string{"a": "1", "b": "2"})
	if err := r.put("c", "3"); err != nil {
		t.giveUp("PutWorkflowRunProperties", err)
	}
	r.hasProperties("after putting c=3", map[string]string{"a": "1", "b": "2", "c": "3"})
	var out glue.GetWorkflowResponse
	t.call("GetWorkflow", &glue.GetWorkflowRequest{Name: w.name}, &out)
	t.expect(out.Workflow != nil && maps.Equal(out.Workflow.DefaultRunProperties, defaults), fmt.Sprintf("the defaults stay %v", defaults),
		"they changed")
}

func checkPages(t *trial) {
	r := t.begunIn("flow")
	want := []string{r.id}
	for range 4 {
		want = append(want, r.start().id)
	}
	slices.Reverse(want)
	var got []string
	size, token := int32(2), ""
	for page := range want {
		var out glue.GetWorkflowRunsResponse
		if err := t.try("GetWorkflowRuns", &glue.GetWorkflowRunsRequest{Name: r.name, MaxResults: &size, NextToken: token}, &out); err != nil {
			t.expect(false, fmt.Sprintf("GetWorkflowRuns with MaxResults %d answers page %d", size, page+1), err.Error())
			return
		}
		t.expect(len(out.Runs) <= int(size), fmt.Sprintf("at most %d runs on page %d", size, page+1), fmt.Sprint(len(out.Runs)))
		for i := range out.Runs {
			got = append(got, out.Runs[i].WorkflowRunId)
		}
		if token = out.NextToken; token == "" {
			break
		}
	}
	t.expect(token == "", "the last page has no NextToken", "there is always another page")
	sorted := slices.Equal(got, want)
	inOrder := slices.Clone(got)
	slices.Sort(inOrder)
	slices.Sort(want)
	once := slices.Equal(inOrder, want)
	t.expect(once, fmt.Sprintf("paging by %d shows the %d runs once each", size, len(want)), fmt.Sprintf("%d runs, of them %d different",
		len(got), len(slices.Compact(inOrder))))
	t.expectDecided(sorted || !once, "the newest run is first", "another order")
	err := t.try("GetWorkflowRuns", &glue.GetWorkflowRunsRequest{Name: r.name, NextToken: "no token of yours"}, nil)
	t.refusedDecided("a NextToken that is none", err, glue.InvalidInput)
}

func checkFailure(t *trial) {
	r := t.draw("begin: A B\nt: A=SUCCEEDED > C\nu: B=SUCCEEDED > D\nv: A=FAILED > E\njob A: outcome=fail").start().end()
	r.shows("A=FAILED B=SUCCEEDED C=blank D=SUCCEEDED E=SUCCEEDED")
	t.expect(r.Status == glue.WorkflowRunStatusCompleted, "the run ends COMPLETED", string(r.Status))
	t.expectDecided(r.ErrorMessage == "", "the run has no ErrorMessage for a failed job", r.ErrorMessage)
}

func checkStatistics(t *trial) {
	w := t.draw(guide + "job J1: " + briefly + "\njob J3: outcome=fail")
	r := w.start().begun("J1")
	s := r.Statistics
	t.expect(s.TotalActions == 5 && s.RunningActions+s.WaitingActions == 1 && s.SucceededActions == 0,
		"while J1 runs: 5 actions, 1 running", counted(*s))
	r.end()
	r.given("J1=SUCCEEDED J2=SUCCEEDED J3=FAILED J4=SUCCEEDED J5=blank")
	r.counts(glue.WorkflowRunStatistics{TotalActions: 5, SucceededActions: 3, FailedActions: 1})
	var out struct {
		Run struct{ Statistics map[string]any }
	}
	t.call("GetWorkflowRun", &glue.GetWorkflowRunRequest{Name: r.name, RunId: r.id}, &out)
	t.expectDecided(len(out.Run.Statistics) >= 8, "all 8 counters are sent, also those that are 0", fmt.Sprint(len(out.Run.Statistics)))
}

func checkEndsLast(t *trial) {
	r := t.draw("begin: A\nt: A=SUCCEEDED > B\nu: B=SUCCEEDED > C\nv: C=FAILED > D\njob C: outcome=fail").start()
	r.end() // what is seen at the first sight of the end counts
	r.shows("A=SUCCEEDED B=SUCCEEDED C=FAILED D=SUCCEEDED")
	for _, job := range []string{"A", "B", "C", "D"} {
		ended := r.last(job).CompletedOn
		t.expect(ended != 0 && ended <= r.CompletedOn, job+" ended before the run, at "+r.CompletedOn.String(), orNone(ended.String()))
	}
}

func checkRetries(t *trial) {
	r := t.draw("begin: A\nt: A=FAILED > B\njob A: outcome=fail retries=1").start().end()
	r.shows("A=FAILED B=SUCCEEDED")
	n := len(r.jobRunsOf("A"))
	t.expect(n == 2, "A with MaxRetries 1 is tried twice", fmt.Sprintf("%d times", n))
	t.expectDecided(len(r.jobRunsOf("B")) == 1, "B, which watches for FAILED, runs once", fmt.Sprintf("%d times", len(r.jobRunsOf("B"))))
	ended, began := r.last("A").CompletedOn, r.last("B").StartedOn
	t.expectDecided(began >= ended, "B starts after the last attempt ended, at "+ended.String(), began.String())
}

func checkOldAttempt(t *trial) {
	r := t.draw("begin: A\nt: A=FAILED > Bad\nu: A=SUCCEEDED > Good\njob A: outcome=fail-first retries=1").start().end()
	if len(r.jobRunsOf("A")) != 2 || r.state("A") != glue.JobRunStateSucceeded {
		t.cannot("the rule shows only in a job that fails and then succeeds; this one has %s", describe(r.jobRunsOf("A")))
	}
	r.shows("A=SUCCEEDED Bad=blank Good=SUCCEEDED")
	r.counts(glue.WorkflowRunStatistics{TotalActions: 3, SucceededActions: 2})
}

func checkAnyOnce(t *trial) {
	r := t.draw("begin: A B\nj: A=SUCCEEDED OR B=SUCCEEDED > C").start().end()
	r.shows("A=SUCCEEDED B=SUCCEEDED C=SUCCEEDED")
	n := len(r.jobRunsOf("C"))
	t.expect(n == 1, "C, below an ANY trigger that two jobs satisfy, runs once", fmt.Sprintf("%d times", n))
}

func checkInactive(t *trial) {
	t.draw("begin: A\n~t: A=SUCCEEDED > B").start().end().shows("A=SUCCEEDED B=blank")
}

func checkSnapshot(t *trial) {
	w := t.draw("begin: A\nt: A=SUCCEEDED > B\njob A: " + briefly)
	r := w.start().begun("A")
	w.retarget("t", "A=SUCCEEDED > X")
	r.end()
	r.shows("A=SUCCEEDED B=SUCCEEDED")
	n := len(w.history("X"))
	t.expect(n == 0, "X, which the trigger starts only since then, does not run", fmt.Sprintf("it ran %d times", n))
}

func checkByHand(t *trial) {
	w := t.draw("begin: A\nt: A=SUCCEEDED > B")
	id := w.byHand("A", nil)
	w.awaitJobRun("A", id, "SUCCEEDED FAILED STOPPED ERROR TIMEOUT")
	// A whole run gives a trigger that fired wrongly the time to show.
	w.start().end().shows("A=SUCCEEDED B=SUCCEEDED")
	n := len(w.history("B"))
	t.expect(n == 1, "B runs once, for the run of the workflow", fmt.Sprintf("%d times", n))
}

func checkStop(t *trial) {
	r := t.draw("begin: A\nt: A=STOPPED > B\nu: A=SUCCEEDED > C\njob A: " + long).start().begun("A")
	r.stop()
	r.end()
	t.expect(r.Status == glue.WorkflowRunStatusStopped, "the run ends STOPPED", string(r.Status))
	r.shows("A=STOPPED B=blank C=blank")
}
