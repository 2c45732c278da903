package verify

import (
	"fmt"
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

// firing are the checks of the triggers of a resumed run.
func firing() []Check {
	return []Check{
		{ID: "R17", Rule: "A trigger that fired and is carried over never fires again.",
			Source: Decided, Cite: "it is not below a chosen node", JobRuns: 4, run: checkCarriedTrigger},
		{ID: "R18", Rule: "For an AND trigger the ends of carried nodes count.",
			Source: Decided, Cite: "else a join could never complete after a resume", JobRuns: 4, run: checkAnd},
		{ID: "R19", Rule: "An ANY trigger fires on an end in this run alone, not on one that was carried over.",
			Source: Decided, Cite: "else what is below would start before what is above it", JobRuns: 6, run: checkAny},
		{ID: "R20", Rule: "An AND trigger does not fire while a carried node ended otherwise; resuming that node completes it.",
			Source: Decided, Cite: "follows from R18", JobRuns: 5, run: checkAndCarriedFailure},
		{ID: "R21", Rule: "A node below that a carried and a restarted trigger start is started by the restarted one alone.",
			Source: Decided, Cite: "follows from R17", JobRuns: 5, run: checkTwoTriggers},
		{ID: "R22", Rule: "A resume follows the triggers as they were when the run started.",
			Source: Decided, Cite: "its graph is that of the original run", JobRuns: 3, run: checkSnapshotResumed},
		{ID: "R39", Rule: "Triggers that were stopped or deleted since still count in a resume.",
			Source: Decided, Cite: "follows from R22", JobRuns: 4, run: checkTriggersGone},
		{ID: "R40", Rule: "Runs of more than 100 nodes are resumed like others.",
			Source: Decided, Cite: "100 is AWS's advice, not a rule", JobRuns: 2, run: checkManyNodes},
	}
}

func checkCarriedTrigger(t *trial) {
	r := t.draw("begin: A B\nt: A=SUCCEEDED > C\njob B: outcome=fail").start().end()
	r.given("A=SUCCEEDED B=FAILED C=SUCCEEDED")
	r.repair("B")
	r.resume("B").end().shows("A=SUCCEEDED B=SUCCEEDED C=SUCCEEDED")
	for _, job := range []string{"A", "C"} {
		n := len(r.history(job))
		t.expect(n == 1, job+", which a carried trigger started, has run once", fmt.Sprintf("%d times", n))
	}
}

func checkAnd(t *trial) {
	r := t.draw("begin: A B\nj: A=SUCCEEDED AND B=SUCCEEDED > C\njob B: outcome=fail").start().end()
	r.given("A=SUCCEEDED B=FAILED C=blank")
	r.repair("B")
	r.resume("B").end().shows("A=SUCCEEDED B=SUCCEEDED C=SUCCEEDED")
}

func checkAny(t *trial) {
	r := t.draw("begin: A B\nj: A=SUCCEEDED OR B=SUCCEEDED > C\njob B: outcome=fail").start().end()
	r.given("A=SUCCEEDED B=FAILED C=SUCCEEDED")
	r.resume("B").end().shows("A=SUCCEEDED B=FAILED C=blank")
	r.repair("B")
	next := r.resume("B").end()
	next.shows("A=SUCCEEDED B=SUCCEEDED C=SUCCEEDED")
	next.expectAfter("B", "C")
}

// expectAfter holds that a job started when another had ended.
func (r *run) expectAfter(first, second string) {
	ended, started := r.last(first).CompletedOn, r.last(second).StartedOn
	r.expect(started == 0 || started >= ended, second+" starts after the end of "+first+" at "+ended.String(), started.String())
}

func checkAndCarriedFailure(t *trial) {
	r := t.draw("begin: A B\nj: A=SUCCEEDED AND B=SUCCEEDED > C\njob A: outcome=fail\njob B: outcome=fail").start().end()
	r.given("A=FAILED B=FAILED C=blank")
	r.repair("A", "B")
	second := r.resume("B").end()
	second.shows("A=FAILED B=SUCCEEDED C=blank")
	t.expect(second.Status == glue.WorkflowRunStatusCompleted, "the run ends COMPLETED", string(second.Status))
	second.resume("A").end().shows("A=SUCCEEDED B=SUCCEEDED C=SUCCEEDED")
}

func checkTwoTriggers(t *trial) {
	r := t.draw("begin: A B\nt: A=SUCCEEDED > C\nu: B=SUCCEEDED > C\njob B: outcome=fail").start().end()
	r.given("A=SUCCEEDED B=FAILED C=SUCCEEDED")
	r.repair("B")
	next := r.resume("B").end()
	next.shows("A=SUCCEEDED B=SUCCEEDED C=SUCCEEDED")
	t.expect(len(next.jobRunsOf("C")) == 1, "C runs once", fmt.Sprintf("%d times", len(next.jobRunsOf("C"))))
	t.expect(next.last("C").TriggerName == r.full("u"), "C is started by "+r.full("u"), orNone(next.last("C").TriggerName))
	next.expectAfter("B", "C")
}

func checkSnapshotResumed(t *trial) {
	r := t.draw("begin: A\nt: A=SUCCEEDED > B\njob A: outcome=fail").start().end()
	r.given("A=FAILED B=blank")
	r.add("v: A=SUCCEEDED > Y")
	r.retarget("t", "A=SUCCEEDED > X")
	r.repair("A")
	next := r.resume("A").end()
	next.shows("A=SUCCEEDED B=SUCCEEDED")
	for _, job := range []string{"X", "Y"} {
		t.expect(next.node(job) == nil, "no node for "+job+", which a trigger starts only since then", "there is one, "+orBlank(next.state(job)))
	}
}

// retarget changes the definition of a conditional trigger.
func (w *workflow) retarget(short, text string) {
	def := w.trigger(short, text)
	for job := range w.defs {
		if name := w.full(job); !slices.Contains(w.jobs, name) {
			w.make(&w.jobs, name, "CreateJob", w.job(job))
		}
	}
	w.call("UpdateTrigger", &glue.UpdateTriggerRequest{Name: def.Name,
		TriggerUpdate: &glue.TriggerUpdate{Predicate: def.Predicate, Actions: def.Actions}}, nil)
}

func checkTriggersGone(t *trial) {
	r := t.draw("begin: A\nt: A=SUCCEEDED > B\nu: A=SUCCEEDED > C\njob A: outcome=fail").start().end()
	r.given("A=FAILED B=blank C=blank")
	t.call("StopTrigger", &glue.StopTriggerRequest{Name: r.full("t")}, nil)
	t.call("DeleteTrigger", &glue.DeleteTriggerRequest{Name: r.full("u")}, nil)
	r.repair("A")
	r.resume("A").end().shows("A=SUCCEEDED B=SUCCEEDED C=SUCCEEDED")
}

func checkManyNodes(t *trial) {
	const triggers = 100
	text := "begin: A\njob A: outcome=fail\n"
	for i := range triggers {
		text += fmt.Sprintf("t%d: A=TIMEOUT > B\n", i)
	}
	r := t.draw(text).start().end()
	r.given("A=FAILED B=blank")
	r.repair("A")
	next := r.mayResume("a resume of a run of more than 100 nodes", "A").end()
	next.shows("A=SUCCEEDED B=blank")
	want := triggers + 3
	t.expect(len(next.Graph.Nodes) == want, fmt.Sprintf("its graph has %d nodes", want), fmt.Sprint(len(next.Graph.Nodes)))
}
