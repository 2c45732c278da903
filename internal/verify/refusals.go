package verify

import (
	"fmt"

	"github.com/reglue/reglue/internal/glue"
)

// Where rules are documented.
const (
	guideResume   = "guide, Resuming a workflow run"
	guideConcepts = "guide, Workflows API concepts"
	guideTriggers = "guide, About triggers"
	guideStop     = "guide, Stopping a workflow run"
	guideJobRuns  = "guide, Job run statuses"
	guideOverview = "guide, Overview of workflows"
	guideProps    = "guide, Workflow run properties in code"
	apiResume     = "API, ResumeWorkflowRun"
	apiRuns       = "API, GetWorkflowRuns"
	apiStats      = "API, WorkflowRunStatistics"
	apiRun        = "API, WorkflowRun"
	apiWorkflow   = "API, CreateWorkflow"
)

// noNode is a node id that no graph has.
const noNode = "wnode_00000000000000000000000000000000000000000000000000000000000000"

// refusals are the checks of what a resume must not accept. They need no job.
func refusals() []Check {
	return []Check{
		{ID: "R1", Rule: "Faults are reported in the order: shape, workflow, run, nodes.",
			Source: Decided, Cite: "permanent faults before transient ones", run: checkOrder},
		{ID: "R2", Rule: "An unknown workflow, an unknown run and the run of another workflow are EntityNotFoundException.",
			Source: Documented, Cite: apiResume, run: checkUnknown},
		{ID: "R4", Rule: "An empty list of nodes is refused.",
			Source: Decided, Cite: "the model allows it, the meaning does not", run: checkNoNodes},
		{ID: "R5", Rule: "An unknown node id is refused, and named.",
			Source: Decided, Cite: "a node is no resource: EntityNotFoundException would read as if the run were gone", run: checkUnknownNode},
		{ID: "R6", Rule: "A trigger node can't be resumed from.", Source: Documented, Cite: guideResume, run: checkTriggerNode},
		{ID: "R7", Rule: "A node that the run never attempted can't be resumed from.",
			Source: Documented, Cite: apiResume, run: checkNeverAttempted},
		{ID: "R8", Rule: "Of several bad nodes the first of the request is reported.",
			Source: Decided, Cite: "the same request gets the same answer", run: checkFirstBad},
		{ID: "R24", Rule: "Runs go with their workflow: once it is deleted, and made again, they can't be resumed.",
			Source: Decided, Cite: "no history without an owner", run: checkDeletedWorkflow},
		{ID: "nothing-left", Rule: "A refused resume leaves nothing behind: no run is made and the old one is as it was.",
			Source: Decided, Cite: "a refusal changes nothing", needs: "ResumeWorkflowRun", run: checkNothingLeft},
	}
}

// finished makes a run that is over and attempted nothing of job B.
func (t *trial) finished() *run { return t.begunIn("flow").end() }

// begunIn makes a run without jobs in a workflow of its own.
func (t *trial) begunIn(short string) *run {
	w := t.create(short, &glue.CreateWorkflowRequest{})
	w.add(short + "-t: A=TIMEOUT > B")
	var out glue.StartWorkflowRunResponse
	err := t.try("StartWorkflowRun", &glue.StartWorkflowRunRequest{Name: w.name}, &out)
	if isKind(err, glue.InvalidInput) {
		// Without a start trigger there is no run here. How A ends does not matter.
		w.add(short + "-begin: A")
		return w.start()
	}
	if err != nil {
		t.giveUp("StartWorkflowRun", err)
	}
	return &run{workflow: w, id: out.RunId}
}

// resumeRaw resumes by names and ids as they are.
func (t *trial) resumeRaw(workflow, id string, nodes ...string) error {
	if nodes == nil {
		nodes = []string{}
	}
	return t.try("ResumeWorkflowRun", &glue.ResumeWorkflowRunRequest{Name: workflow, RunId: id, NodeIds: nodes}, nil)
}

func checkOrder(t *trial) {
	r := t.finished()
	missing := r.full("missing")
	t.refused("an empty list of nodes for an unknown workflow", t.resumeRaw(missing, r.id), glue.InvalidInput)
	t.refused("a bad node of an unknown run", t.resumeRaw(r.name, "wr_missing", noNode), glue.EntityNotFound)
	t.refused("a bad node of an unknown workflow", t.resumeRaw(missing, r.id, noNode), glue.EntityNotFound)
}

func checkUnknown(t *trial) {
	r, other := t.finished(), t.begunIn("other").end()
	node := r.ids("B")[0]
	t.refused("a resume in an unknown workflow", t.resumeRaw(r.full("missing"), r.id, node), glue.EntityNotFound)
	t.refused("a resume of an unknown run", t.resumeRaw(r.name, "wr_missing", node), glue.EntityNotFound)
	t.refused("a resume of another workflow's run", t.resumeRaw(r.name, other.id, node), glue.EntityNotFound)
}

func checkNoNodes(t *trial) {
	r := t.finished()
	t.refused("a resume from no node", t.resumeRaw(r.name, r.id), glue.InvalidInput)
}

func checkUnknownNode(t *trial) {
	r := t.finished()
	t.refused("a resume from an unknown node", t.resumeRaw(r.name, r.id, noNode), glue.InvalidInput, noNode)
}

func checkTriggerNode(t *trial) {
	r := t.finished()
	t.refused("a resume from a trigger", t.resumeRaw(r.name, r.id, r.ids("flow-t")...), glue.InvalidInput)
}

func checkNeverAttempted(t *trial) {
	r := t.finished()
	t.refused("a resume from a job that was never attempted", t.resumeRaw(r.name, r.id, r.ids("B")...), glue.InvalidInput)
}

func checkFirstBad(t *trial) {
	r := t.finished()
	other := noNode[:len(noNode)-1] + "1"
	for _, pair := range [][2]string{{noNode, other}, {other, noNode}} {
		what := fmt.Sprintf("a resume from two unknown nodes, …%s first", pair[0][len(noNode)-1:])
		t.refused(what, t.resumeRaw(r.name, r.id, pair[0], pair[1]), glue.InvalidInput, pair[0])
	}
	t.refused("a resume from an unknown node before a trigger", t.resumeRaw(r.name, r.id, noNode, r.ids("flow-t")[0]), glue.InvalidInput, noNode)
}

func checkDeletedWorkflow(t *trial) {
	r := t.finished()
	node := r.ids("B")[0]
	t.call("DeleteWorkflow", &glue.DeleteWorkflowRequest{Name: r.name}, nil)
	t.refused("a resume in a deleted workflow", t.resumeRaw(r.name, r.id, node), glue.EntityNotFound)
	t.call("CreateWorkflow", &glue.CreateWorkflowRequest{Name: r.name}, nil)
	t.refused("a resume of a run from before the workflow was made again", t.resumeRaw(r.name, r.id, node), glue.EntityNotFound)
}

func checkNothingLeft(t *trial) {
	r := t.finished()
	before, runs := r.raw(), len(r.allRuns())
	t.expect(runs == 1, "1 run before", fmt.Sprint(runs))
	refused := map[string]error{
		"from no node":             t.resumeRaw(r.name, r.id),
		"from an unknown node":     t.resumeRaw(r.name, r.id, noNode),
		"from a trigger":           t.resumeRaw(r.name, r.id, r.ids("flow-t")...),
		"from an unattempted node": t.resumeRaw(r.name, r.id, r.ids("B")...),
	}
	for what, err := range refused {
		if err == nil {
			t.cannot("a resume %s was accepted here", what)
		}
	}
	after := len(r.allRuns())
	t.expect(after == runs, fmt.Sprintf("after %d refused resumes: %d run", len(refused), runs), fmt.Sprintf("%d runs", after))
	t.expect(r.raw() == before, "the run that was to be resumed is unchanged", "it changed")
}
