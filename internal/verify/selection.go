package verify

import (
	"fmt"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// guide is the workflow of the guide's page on resuming.
const guide = `
begin: J1
t2: J1=SUCCEEDED > J2
t3: J1=SUCCEEDED > J3
t4: J2=SUCCEEDED > J4
t5: J3=SUCCEEDED > J5
`

const guideBroken = guide + `
job J2: outcome=fail
job J3: outcome=fail
`

// long is how long a job takes that is stopped before it ends, and briefly one
// that is waited for.
const (
	long    = "seconds=600"
	briefly = "seconds=2"
)

// selection are the checks of which runs and nodes can be resumed, and what the
// answer names.
func selection() []Check {
	return []Check{
		{ID: "R3", Rule: "A run that still runs can't be resumed.", Source: Documented, Cite: guideResume, JobRuns: 1, run: checkRunning},
		{ID: "R8-duplicates", Rule: "A node that is named twice counts once.",
			Source: Decided, Cite: "naming a node twice means nothing more", JobRuns: 2, run: checkDuplicates},
		{ID: "R9", Rule: "A node that a resumed run carried over can be resumed from that run.",
			Source: Decided, Cite: "clients pick nodes from this run's graph", JobRuns: 7, run: checkCarriedEligible},
		{ID: "R10", Rule: "A node that succeeded, in a run without a failure, can be resumed from.",
			Source: Decided, Cite: "AWS limits it neither to failed nodes nor to failed runs", JobRuns: 4, run: checkSucceeded},
		{ID: "R11", Rule: "A node whose job run was refused for concurrency counts as attempted.",
			Source: Decided, Cite: "it has a job run in the node", JobRuns: 3, run: checkRefusedNode},
		{ID: "R12", Rule: "A crawler node counts as attempted once a crawl is recorded, started or not.", Source: Decided,
			Cite: "as R11", verdict: Unchecked, reason: "this suite makes no crawlers: they need data of yours to crawl"},
		{ID: "R13", Rule: "Selected nodes that lie behind other selected ones are dropped; the answer names what is started.",
			Source: Documented, Cite: guideResume, JobRuns: 8, run: checkMinimal},
		{ID: "R13-circle", Rule: "In a circle of triggers the selected node that started first is kept.",
			Source: Decided, Cite: "one of them has to be", JobRuns: 6, run: checkCircle},
		{ID: "R38", Rule: "A stopped run can't be resumed.", Source: Documented, Cite: guideResume, JobRuns: 1, run: checkStopped},
		{ID: "R41", Rule: "A run can be resumed any number of times, a resumed run once.",
			Source: Documented, Cite: guideResume + " (newer version)", JobRuns: 4, run: checkOnceMore},
	}
}

func checkRunning(t *trial) {
	r := t.draw("begin: A\njob A: " + long).start().begun("A")
	t.refused("a resume of a run that is RUNNING", t.resumeRaw(r.name, r.id, r.ids("A")...), glue.IllegalWorkflowState, "RUNNING")
}

func checkStopped(t *trial) {
	r := t.draw("begin: A\njob A: " + long).start().begun("A")
	r.stop()
	r.end()
	t.refused("a resume of a run that is "+string(r.Status), t.resumeRaw(r.name, r.id, r.ids("A")...), glue.IllegalWorkflowState, "STOPPED")
}

func checkDuplicates(t *trial) {
	r := t.draw("begin: A\njob A: outcome=fail").start().end()
	next := r.mayResume("a resume from [A A]", "A", "A").end()
	t.expect(len(next.roots) == 1, "a resume from [A A] starts [A]", next.named(next.roots))
	t.expect(len(next.jobRunsOf("A")) == 1, "A runs once", fmt.Sprintf("%d times", len(next.jobRunsOf("A"))))
}

func checkCarriedEligible(t *trial) {
	r := t.draw(guideBroken).start().end()
	r.given("J1=SUCCEEDED J2=FAILED J3=FAILED J4=blank J5=blank")
	r.repair("J2", "J3")
	second := r.resume("J2").end()
	third := second.mayResume("a resume of the resumed run from J3, which it carried", "J3").end()
	third.shows("J1=SUCCEEDED J2=SUCCEEDED J3=SUCCEEDED J4=SUCCEEDED J5=SUCCEEDED")
}

func checkSucceeded(t *trial) {
	r := t.draw("begin: A\nt: A=SUCCEEDED > B").start().end()
	r.given("A=SUCCEEDED B=SUCCEEDED")
	next := r.mayResume("a resume from A, which succeeded", "A").end()
	next.shows("A=SUCCEEDED B=SUCCEEDED")
}

func checkRefusedNode(t *trial) {
	w := t.draw("begin: A")
	busy := w.byHand("A", map[string]string{"--seconds": "600"})
	r := w.start().end()
	r.given("A=FAILED")
	w.stopByHand(busy)
	next := r.mayResume("a resume from A, whose job run was refused", "A").end()
	next.shows("A=SUCCEEDED")
}

func checkMinimal(t *trial) {
	r := t.draw(guideBroken).start().end()
	r.given("J1=SUCCEEDED J2=FAILED J3=FAILED")
	first := r.resume("J1", "J2").end()
	t.expect(first.named(first.roots) == "[J1]", "a resume from [J1 J2] answers [J1]", first.named(first.roots))
	second := r.resume("J3", "J2").end()
	seen := second.named(second.roots)
	t.expect(seen == "[J3 J2]" || seen == "[J2 J3]", "a resume from [J3 J2] answers both", seen)
	t.expectDecided(seen != "[J2 J3]", "the answer keeps the order of the request, [J3 J2]", seen)
}

func checkCircle(t *trial) {
	r := t.draw("begin: A\nx: A=SUCCEEDED > B\ny: B=SUCCEEDED > A").start().end()
	r.given("A=SUCCEEDED B=SUCCEEDED")
	next := r.mayResume("a resume from [B A] in a circle", "B", "A").end()
	t.expect(next.named(next.roots) == "[A]", "a resume from [B A] answers [A], which started first", next.named(next.roots))
}

func checkOnceMore(t *trial) {
	first := t.draw("begin: A\njob A: outcome=fail").start().end()
	second := first.resume("A").end()
	third := second.mayResume("a first resume of a resumed run", "A").end()
	t.refused("a second resume of a resumed run", t.resumeRaw(second.name, second.id, second.ids("A")...), glue.IllegalWorkflowState, first.id)
	again := first.mayResume("another resume of the run that the chain began with", "A").end()
	for _, r := range []*run{third, again} {
		r.shows("A=FAILED")
	}
}

// byHand starts a job outside of the workflow and waits until it runs.
func (w *workflow) byHand(short string, args map[string]string) string {
	var out glue.StartJobRunResponse
	w.call("StartJobRun", &glue.StartJobRunRequest{JobName: w.full(short), Arguments: args}, &out)
	w.started = append(w.started, glue.JobRun{Id: out.JobRunId, JobName: w.full(short)})
	w.jobRuns[out.JobRunId] = true
	w.awaitJobRun(short, out.JobRunId, "RUNNING SUCCEEDED FAILED STOPPED ERROR TIMEOUT")
	return out.JobRunId
}

func (w *workflow) stopByHand(id string) {
	for i := range w.started {
		if r := w.started[i]; r.Id == id {
			w.call("BatchStopJobRun", &glue.BatchStopJobRunRequest{JobName: r.JobName, JobRunIds: []string{id}}, nil)
			w.awaitJobRun(w.short(r.JobName), id, "STOPPED SUCCEEDED FAILED ERROR TIMEOUT")
			w.started = append(w.started[:i], w.started[i+1:]...)
			return
		}
	}
}

// awaitJobRun waits until a job run has one of the states.
func (w *workflow) awaitJobRun(short, id, states string) {
	w.wait(func() (bool, string) {
		jr := w.jobRun(short, id)
		return strings.Contains(" "+states+" ", " "+string(jr.JobRunState)+" "), fmt.Sprintf("for job run %s, which is %s", id, jr.JobRunState)
	})
}

func (w *workflow) jobRun(short, id string) *glue.JobRun {
	var out glue.GetJobRunResponse
	w.call("GetJobRun", &glue.GetJobRunRequest{JobName: w.full(short), RunId: id, PredecessorsIncluded: new(true)}, &out)
	if out.JobRun == nil {
		w.cannot("GetJobRun answers no job run for %s", id)
	}
	return out.JobRun
}
