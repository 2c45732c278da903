package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// carrying are the checks of what a resume carries over, what it starts anew and
// how.
func carrying() []Check {
	return []Check{
		{ID: "R14", Rule: "The chosen nodes and all below them run anew; the rest is carried over with its details.",
			Source: Documented, Cite: guideResume, JobRuns: 7, run: checkReset},
		{ID: "R15", Rule: "A node below that ran before but is not reached this time stays blank.",
			Source: Decided, Cite: "showing or counting its old end would be false", JobRuns: 4, run: checkBlank},
		{ID: "R16", Rule: "A chosen node starts with the arguments of the action, and under the trigger, that started it before.",
			Source: Decided, Cite: "the job must see the same arguments", JobRuns: 7, run: checkArguments},
		{ID: "R23", Rule: "A chosen job that was deleted since is a job run in ERROR, not a refused resume.",
			Source: Decided, Cite: "what ERROR means by the documentation", JobRuns: 3, run: checkDeletedJob},
		{ID: "R28", Rule: "Carried job runs keep id, times and state, and are not counted again among the job's runs.",
			Source: Documented, Cite: guideResume, JobRuns: 3, run: checkSameJobRuns},
		{ID: "R29", Rule: "Restarted job runs have a new id, Attempt 0, no PreviousRunId, and all retries again.",
			Source: Decided, Cite: "runs are linked by the workflow run already", JobRuns: 4, run: checkFreshJobRuns},
		{ID: "R30", Rule: "A resume leaves job bookmarks as they are.", Source: Documented, Cite: guideResume,
			verdict: NotApplicable, reason: "the suite's jobs are python shell jobs, which have no bookmarks"},
		{ID: "resumed-run-id", Rule: "Restarted jobs are told the id of the new run.",
			Source: Decided, Cite: "properties are read and written by it", JobRuns: 2, needs: "ResumeWorkflowRun", run: checkToldRunID},
		{ID: "carried-never-starts", Rule: "A carried node never starts again.",
			Source: Documented, Cite: guideResume, JobRuns: 6, needs: "ResumeWorkflowRun", run: checkCarriedNeverStarts},
		{ID: "descendants-rerun", Rule: "Every reachable node below a chosen one is evaluated anew, also if it had succeeded.",
			Source: Documented, Cite: guideResume, JobRuns: 7, needs: "ResumeWorkflowRun", run: checkDescendants},
	}
}

func checkReset(t *trial) {
	r := t.draw(guideBroken).start().end()
	r.given("J1=SUCCEEDED J2=FAILED J3=FAILED J4=blank J5=blank")
	r.repair("J2", "J3")
	next := r.resume("J2", "J3").end()
	next.shows("J1=SUCCEEDED J2=SUCCEEDED J3=SUCCEEDED J4=SUCCEEDED J5=SUCCEEDED")
	n := len(r.history("J1"))
	t.expect(n == 1, "J1, which was not chosen, has run once", fmt.Sprintf("%d times", n))
	for _, job := range []string{"J2", "J3"} {
		t.expect(next.last(job).Id != r.last(job).Id, job+" has a new job run", "it shows that of the run before")
	}
	t.expect(len(next.Graph.Nodes) == len(r.Graph.Nodes) && len(next.Graph.Edges) == len(r.Graph.Edges),
		fmt.Sprintf("the graph is complete: %d nodes, %d edges", len(r.Graph.Nodes), len(r.Graph.Edges)),
		fmt.Sprintf("%d nodes, %d edges", len(next.Graph.Nodes), len(next.Graph.Edges)))
}

func checkBlank(t *trial) {
	r := t.draw("begin: J\nok: J=SUCCEEDED > Good\nbad: J=FAILED > Clean\njob J: outcome=fail").start().end()
	r.given("J=FAILED Good=blank Clean=SUCCEEDED")
	r.repair("J")
	r.resume("J").end().shows("J=SUCCEEDED Good=SUCCEEDED Clean=blank")
}

func checkArguments(t *trial) {
	r := t.draw(`
begin: A{outcome=fail} B{outcome=succeed}
t: A=FAILED > C{outcome=fail}
job B: outcome=fail`).start().end()
	r.given("A=FAILED B=SUCCEEDED C=FAILED")
	next := r.resume("A", "B").end()
	next.shows("A=FAILED B=SUCCEEDED")
	only := r.resume("C").end()
	only.shows("C=FAILED")
	for job, trigger := range map[string]string{"A": "begin", "B": "begin"} {
		t.expect(next.last(job).TriggerName == r.full(trigger), job+" has TriggerName "+r.full(trigger), orNone(next.last(job).TriggerName))
	}
	t.expect(only.last("C").TriggerName == r.full("t"), "C has TriggerName "+r.full("t"), orNone(only.last("C").TriggerName))
	before, after := r.jobRun("C", r.last("C").Id).PredecessorRuns, r.jobRun("C", only.last("C").Id).PredecessorRuns
	t.expect(slices.Equal(before, after), fmt.Sprintf("C has the PredecessorRuns of before: %v", before), fmt.Sprint(after))
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func checkDeletedJob(t *trial) {
	r := t.draw("begin: A\nt: A=FAILED > B\njob A: outcome=fail\n").start().end()
	r.given("A=FAILED B=SUCCEEDED")
	t.call("DeleteJob", &glue.DeleteJobRequest{JobName: r.full("A")}, nil)
	next := r.mayResume("a resume from a job that was deleted since", "A").end()
	next.shows("A=ERROR B=blank")
	t.expect(next.Status == glue.WorkflowRunStatusCompleted, "the run ends COMPLETED", string(next.Status))
}

func checkSameJobRuns(t *trial) {
	r := t.draw("begin: A\nt: A=SUCCEEDED > B\njob B: outcome=fail").start().end()
	r.given("A=SUCCEEDED B=FAILED")
	r.repair("B")
	next := r.resume("B").end()
	was, is := r.jobRunsOf("A"), next.jobRunsOf("A")
	same := slices.EqualFunc(was, is, func(a, b glue.JobRun) bool {
		return a.Id == b.Id && a.JobRunState == b.JobRunState && a.StartedOn == b.StartedOn && a.CompletedOn == b.CompletedOn && a.Attempt == b.Attempt
	})
	t.expect(same, "A is carried as "+describe(was), describe(is))
	n := len(r.history("A"))
	t.expect(n == 1, "GetJobRuns of A has 1 job run", fmt.Sprint(n))
}

// describe tells job runs for a message.
func describe(runs []glue.JobRun) string {
	if len(runs) == 0 {
		return "no job run"
	}
	all := make([]string, 0, len(runs))
	for _, r := range runs {
		all = append(all, fmt.Sprintf("%s %s %s to %s", r.Id, r.JobRunState, r.StartedOn, r.CompletedOn))
	}
	return strings.Join(all, ", ")
}

func checkFreshJobRuns(t *trial) {
	r := t.draw("begin: A\njob A: outcome=fail retries=1").start().end()
	r.given("A=FAILED")
	if len(r.jobRunsOf("A")) != 2 {
		t.cannot("a job with MaxRetries 1 that fails shows %d job runs in its node, not 2", len(r.jobRunsOf("A")))
	}
	next := r.resume("A").end()
	runs := next.jobRunsOf("A")
	t.expect(len(runs) == 2, "A with MaxRetries 1 is tried twice again", fmt.Sprintf("%d times", len(runs)))
	if len(runs) == 0 {
		return
	}
	first := runs[len(runs)-1]
	known := slices.ContainsFunc(r.jobRunsOf("A"), func(old glue.JobRun) bool { return old.Id == first.Id })
	t.expect(!known, "A has a new job run id", first.Id+", which the run before had")
	t.expect(first.Attempt == 0, "Attempt 0", fmt.Sprint(first.Attempt))
	t.expect(first.PreviousRunId == "", "no PreviousRunId", first.PreviousRunId)
}

func checkToldRunID(t *trial) {
	r := t.draw("begin: A\njob A: outcome=fail").start().end()
	r.given("A=FAILED")
	r.set("A", "outcome=succeed not-in="+r.id)
	next := r.resume("A").end()
	holds, _ := next.compare("A=SUCCEEDED")
	t.expect(holds, "--WORKFLOW_RUN_ID of the restarted A is "+next.id, "A is "+orBlank(next.state("A"))+" "+next.problem("A"))
}

func checkCarriedNeverStarts(t *trial) {
	r := t.draw(guide + "job J2: outcome=fail").start().end()
	r.given("J1=SUCCEEDED J2=FAILED J3=SUCCEEDED J4=blank J5=SUCCEEDED")
	r.repair("J2")
	r.resume("J2").end()
	for _, job := range []string{"J1", "J3", "J5"} {
		n := len(r.history(job))
		t.expect(n == 1, job+" is carried and has run once", fmt.Sprintf("%d times", n))
	}
}

func checkDescendants(t *trial) {
	r := t.draw("begin: A\nt: A=SUCCEEDED > B\nu: B=SUCCEEDED > C\nv: C=FAILED > D\njob C: outcome=fail").start().end()
	r.given("A=SUCCEEDED B=SUCCEEDED C=FAILED D=SUCCEEDED")
	r.repair("C")
	next := r.resume("A").end()
	next.shows("A=SUCCEEDED B=SUCCEEDED C=SUCCEEDED D=blank")
	for _, job := range []string{"A", "B", "C"} {
		t.expect(next.last(job).Id != r.last(job).Id, job+" has a new job run", "it shows that of the run before")
	}
}
