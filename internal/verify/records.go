package verify

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/reglue/reglue/internal/glue"
)

// records are the checks of what a resume leaves written: the new run and the old.
func records() []Check {
	return []Check{
		{ID: "R25", Rule: "A resumed run begins with a copy of the run properties, which then are its own.",
			Source: Decided, Cite: "the outputs of carried jobs are in them", JobRuns: 2, run: checkProperties},
		{ID: "R26", Rule: "A resumed run has no StartingEventBatchCondition.",
			Source: Decided, Cite: "no event started it", JobRuns: 2, run: checkNoEvent},
		{ID: "R27", Rule: "Statistics of a resumed run are about the whole graph; carried nodes count by their state.",
			Source: Decided, Cite: "the graph is complete too", JobRuns: 5, run: checkResumedStatistics},
		{ID: "R31", Rule: "A resume never changes the run that it resumes.", Source: Documented, Cite: guideResume, JobRuns: 3, run: checkOriginal},
		{ID: "R32", Rule: "A resumed run is the newest run of the workflow, started when it was resumed.",
			Source: Decided, Cite: "it is a run of its own", JobRuns: 2, run: checkNewest},
		{ID: "R35", Rule: "When a resume is answered, the new run can be read.",
			Source: Decided, Cite: "the answer comes after the run is stored", JobRuns: 2, run: checkReadable},
		{ID: "R36", Rule: "PreviousRunId is the run that was resumed; a plain run has none.",
			Source: Documented, Cite: guideResume, JobRuns: 3, run: checkChain},
		{ID: "R37", Rule: "A client's repeat of a resume, under the same invocation id, starts no second run.",
			Source: Decided, Cite: "a resume that runs twice loads data twice", JobRuns: 3, run: checkRepeat},
	}
}

// broken makes a run of one job that failed, and repairs the job.
func (t *trial) broken() *run {
	r := t.draw("begin: A\njob A: outcome=fail").start().end()
	r.given("A=FAILED")
	r.repair("A")
	return r
}

func (r *run) properties() map[string]string {
	var out glue.GetWorkflowRunPropertiesResponse
	r.call("GetWorkflowRunProperties", &glue.GetWorkflowRunPropertiesRequest{Name: r.name, RunId: r.id}, &out)
	return out.RunProperties
}

func (r *run) put(key, value string) error {
	return r.try("PutWorkflowRunProperties", &glue.PutWorkflowRunPropertiesRequest{
		Name: r.name, RunId: r.id, RunProperties: map[string]string{key: value}}, nil)
}

// has holds run properties against those that are wanted.
func (r *run) hasProperties(of string, want map[string]string) {
	got := r.properties()
	r.expect(maps.Equal(got, want), fmt.Sprintf("%s: run properties %v", of, want), fmt.Sprint(got))
}

func checkProperties(t *trial) {
	r := t.draw("begin: A\njob A: outcome=fail").startWith(map[string]string{"a": "1", "b": "1"}).end()
	r.repair("A")
	want := map[string]string{"a": "1", "b": "1"}
	if r.put("b", "2") == nil {
		want["b"] = "2"
	}
	next := r.resume("A")
	next.hasProperties("the resumed run", want)
	if err := next.put("c", "3"); err != nil {
		t.giveUp("PutWorkflowRunProperties", err)
	}
	r.hasProperties("the original run, after a change in the resumed one", want)
	next.end()
}

func checkNoEvent(t *trial) {
	next := t.broken().resume("A").end()
	e := next.StartingEventBatchCondition
	t.expect(e == nil, "no StartingEventBatchCondition", fmt.Sprintf("%+v", e))
}

func checkResumedStatistics(t *trial) {
	r := t.draw(guideBroken).start().end()
	r.given("J1=SUCCEEDED J2=FAILED J3=FAILED")
	r.repair("J2")
	next := r.resume("J2").end()
	next.given("J1=SUCCEEDED J2=SUCCEEDED J3=FAILED J4=SUCCEEDED J5=blank")
	next.counts(glue.WorkflowRunStatistics{TotalActions: 5, SucceededActions: 3, FailedActions: 1})
}

// counts holds statistics against those that are wanted.
func (r *run) counts(want glue.WorkflowRunStatistics) {
	got := *r.Statistics
	r.expect(got == want, counted(want)+" with "+r.states(), counted(got))
}

// counted are the counters that are not zero.
func counted(s glue.WorkflowRunStatistics) string {
	text := fmt.Sprintf("%d actions", s.TotalActions)
	for _, c := range []struct {
		n    int32
		what string
	}{
		{s.SucceededActions, "succeeded"}, {s.FailedActions, "failed"}, {s.TimeoutActions, "timed out"}, {s.StoppedActions, "stopped"},
		{s.ErroredActions, "in error"}, {s.RunningActions, "running"}, {s.WaitingActions, "waiting"},
	} {
		if c.n != 0 {
			text += fmt.Sprintf(", %d %s", c.n, c.what)
		}
	}
	return text
}

// raw is a run as the endpoint shows it, in a form that can be compared.
func (r *run) raw() string {
	var out map[string]any
	r.call("GetWorkflowRun", &glue.GetWorkflowRunRequest{Name: r.name, RunId: r.id, IncludeGraph: new(true)}, &out)
	text, err := json.Marshal(out) // sorts the keys
	if err != nil {
		r.cannot("GetWorkflowRun: %v", err)
	}
	return string(text)
}

func checkOriginal(t *trial) {
	r := t.draw("begin: A\nt: A=SUCCEEDED > B\njob B: outcome=fail").start().end()
	r.given("A=SUCCEEDED B=FAILED")
	before := r.raw()
	r.repair("B")
	r.resume("B").end()
	after := r.raw()
	r.look()
	t.expect(before == after, "the original run reads as before", fmt.Sprintf("it changed; now %s with %s", r.Status, r.states()))
}

func checkNewest(t *trial) {
	r := t.broken()
	next := r.resume("A").end()
	var out glue.GetWorkflowResponse
	t.call("GetWorkflow", &glue.GetWorkflowRequest{Name: r.name}, &out)
	last := "none"
	if out.Workflow != nil && out.Workflow.LastRun != nil {
		last = out.Workflow.LastRun.WorkflowRunId
	}
	t.expect(last == next.id, "LastRun of the workflow is the resumed run "+next.id, last)
	if runs := r.allRuns(); len(runs) > 0 {
		t.expect(runs[0].WorkflowRunId == next.id, "GetWorkflowRuns begins with the resumed run "+next.id, runs[0].WorkflowRunId)
	}
	t.expect(next.StartedOn >= r.CompletedOn, "StartedOn is not before the original run's end, "+r.CompletedOn.String(), next.StartedOn.String())
}

func checkReadable(t *trial) {
	next := t.broken().resume("A")
	var out glue.GetWorkflowRunResponse
	err := t.try("GetWorkflowRun", &glue.GetWorkflowRunRequest{Name: next.name, RunId: next.id}, &out)
	if err != nil {
		t.expect(false, "GetWorkflowRun right after the resume answers the new run", err.Error())
		return
	}
	next.end()
}

func checkChain(t *trial) {
	first := t.draw("begin: A\njob A: outcome=fail").start().end()
	second := first.resume("A").end()
	third := second.resume("A").end()
	for _, link := range []struct {
		what      string
		got, want string
	}{
		{"a plain run has PreviousRunId", first.PreviousRunId, ""},
		{"a resumed run has PreviousRunId", second.PreviousRunId, first.id},
		{"a resumed run that was resumed has PreviousRunId", third.PreviousRunId, second.id},
	} {
		t.expect(link.got == link.want, link.what+" "+orNone(link.want), orNone(link.got))
	}
}

func checkRepeat(t *trial) {
	again, ok := t.Caller.(Repeater)
	if !ok {
		panic(&stopped{NotApplicable, "calls within this process have no invocation id"})
	}
	r := t.broken()
	in := &glue.ResumeWorkflowRunRequest{Name: r.name, RunId: r.id, NodeIds: r.ids("A")}
	var answers [2]glue.ResumeWorkflowRunResponse
	for i := range answers {
		if err := again.CallAs(t.ctx, r.full("invocation"), "ResumeWorkflowRun", in, &answers[i]); err != nil {
			t.giveUp("ResumeWorkflowRun", err)
		}
	}
	t.expect(answers[0].RunId == answers[1].RunId, "the repeat answers the same run, "+answers[0].RunId, answers[1].RunId)
	n := len(r.allRuns())
	t.expect(n == 2, "2 runs, the original and one resume", fmt.Sprint(n))
}
