package verify

import (
	"fmt"

	"github.com/reglue/reglue/internal/glue"
)

// limits are the checks of limits and of several runs at a time.
func limits() []Check {
	return []Check{
		{ID: "R33", Rule: "A resume beyond the workflow's MaxConcurrentRuns is refused and makes no run.",
			Source: Documented, Cite: apiResume, JobRuns: 2, run: checkResumeLimit},
		{ID: "R34", Rule: "A run may be resumed while another resume of it runs; the job's own limit decides between them.",
			Source: Decided, Cite: "AWS allows several resumes of one run", JobRuns: 3, run: checkConcurrentResumes},
		{ID: "start-limit", Rule: "A start beyond the workflow's MaxConcurrentRuns is refused with ConcurrentRunsExceededException.",
			Source: Documented, Cite: apiWorkflow, JobRuns: 1, run: checkStartLimit},
		{ID: "job-limit", Rule: "A trigger that starts a job beyond the job's limit leaves a FAILED job run, and the run ends.",
			Source: Documented, Cite: guideJobRuns, JobRuns: 2, run: checkJobLimit},
	}
}

// limited makes a workflow that may run once at a time.
func (t *trial) limited(text string) *workflow {
	one := int32(1)
	w := t.create("flow", &glue.CreateWorkflowRequest{MaxConcurrentRuns: &one})
	w.add(text)
	return w
}

func checkResumeLimit(t *trial) {
	w := t.limited("begin: A\njob A: outcome=fail")
	r := w.start().end()
	r.given("A=FAILED")
	w.set("A", "outcome=succeed "+long)
	w.start().begun("A")
	t.refused("a resume while the only run allowed runs", t.resumeRaw(r.name, r.id, r.ids("A")...), glue.ConcurrentRunsExceeded)
	n := len(w.allRuns())
	t.expect(n == 2, "2 runs, none of them new", fmt.Sprint(n))
	t.refusedDecided("a bad node while the limit is reached", t.resumeRaw(r.name, r.id, noNode), glue.InvalidInput)
}

// refusedDecided holds a detail of a refusal.
func (t *trial) refusedDecided(what string, err error, kind glue.Kind) {
	t.expectDecided(isKind(err, kind), what+": "+string(kind), fmt.Sprint(err))
}

func checkConcurrentResumes(t *trial) {
	r := t.broken()
	r.set("A", long)
	first := r.mayResume("a first resume", "A").begun("A")
	second := r.mayResume("a second resume while the first runs", "A").end()
	second.shows("A=FAILED")
	first.look()
	t.expect(first.Status == glue.WorkflowRunStatusRunning, "the first resume goes on", string(first.Status))
}

func checkStartLimit(t *trial) {
	w := t.limited("begin: A\njob A: " + long)
	w.start().begun("A")
	err := t.try("StartWorkflowRun", &glue.StartWorkflowRunRequest{Name: w.name}, nil)
	t.refused("a second start", err, glue.ConcurrentRunsExceeded)
	n := len(w.allRuns())
	t.expectDecided(n == 1, "1 run, no record of the refused one", fmt.Sprint(n))
}

func checkJobLimit(t *trial) {
	w := t.draw("begin: A\njob A: " + long)
	w.start().begun("A")
	second := w.start().end()
	second.shows("A=FAILED")
	t.expect(second.Status == glue.WorkflowRunStatusCompleted, "the run ends COMPLETED", string(second.Status))
}
