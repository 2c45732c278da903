package engine

import (
	"context"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// Resumed is the answer to a resume.
type Resumed struct {
	RunID   string
	NodeIDs []string
}

// ResumeWorkflowRun starts a new run that repeats the nodes and all downstream
// of them and carries the rest (glue-semantics 6). Checks come in the order of
// R1; a refused call leaves nothing behind. Errors: EntityNotFound,
// IllegalWorkflowState, InvalidInput, ConcurrentRunsExceeded.
func (e *Engine) ResumeWorkflowRun(ctx context.Context, call Call, workflow, runID string, nodeIDs []string) (res Resumed, err error) {
	err = e.do(ctx, func(b *batch) error {
		return b.once(call, &res, func() error {
			res, err = b.resume(workflow, runID, nodeIDs)
			return err
		})
	})
	return res, err
}

func (b *batch) resume(workflow, runID string, nodeIDs []string) (Resumed, error) {
	w, err := b.workflow(workflow)
	if err != nil {
		return Resumed{}, err
	}
	prior, err := b.tx.Run(workflow, runID)
	if err != nil {
		return Resumed{}, err
	}
	if prior == nil {
		return Resumed{}, notFound()
	}
	if err := b.resumable(prior); err != nil {
		return Resumed{}, err
	}
	run, graph, err := b.e.Load(b.tx, prior)
	if err != nil {
		return Resumed{}, err
	}
	plan, err := flow.Resume(graph, b.asCompleted(run), nodeIDs, glue.NewRunID(), int64(max(b.now, prior.Completed)))
	if err != nil {
		return Resumed{}, err
	}
	if err := b.e.room(w); err != nil {
		return Resumed{}, err
	}
	return b.startPlan(prior, graph, plan)
}

// resumable checks the state of the run (R3, R38) and of its chain (R41).
func (b *batch) resumable(prior *store.Run) error {
	stopped := prior.Status == glue.WorkflowRunStatusStopped && b.e.opt.ResumeStopped
	if !stopped {
		if err := flow.Resumable(&flow.Run{ID: prior.ID, Status: prior.Status}); err != nil {
			return err
		}
	}
	if prior.Previous == "" || b.e.opt.UnlimitedResumes {
		return nil
	}
	again, err := b.tx.ResumesOf(prior.ID)
	if err != nil || len(again) == 0 {
		return err
	}
	return glue.Errorf(glue.IllegalWorkflowState,
		"Workflow run %s is itself a resumed run and was already resumed as %s; resume the original run %s instead",
		prior.ID, again[0], prior.Origin)
}

// asCompleted lets a STOPPED run be resumed when the settings permit it.
func (b *batch) asCompleted(run *flow.Run) *flow.Run {
	if run.Status != glue.WorkflowRunStatusStopped || !b.e.opt.ResumeStopped {
		return run
	}
	c := *run
	c.Status = glue.WorkflowRunStatusCompleted
	return &c
}

func (b *batch) startPlan(prior *store.Run, graph *flow.Graph, plan *flow.Plan) (Resumed, error) {
	properties, err := b.tx.Properties(prior.Seq)
	if err != nil {
		return Resumed{}, err
	}
	lr := &liveRun{
		rec: store.Run{
			ID: plan.Run.ID, Workflow: prior.Workflow, Status: plan.Run.Status,
			Started: glue.Time(plan.Run.Clock), Previous: prior.ID, Origin: prior.Origin,
			Roots: plan.Roots, Sources: plan.Run.Sources[1:], Definition: prior.Definition, Clock: plan.Run.Clock, Rev: 1,
		},
		run: plan.Run, graph: graph, attempts: map[int]*liveJob{},
	}
	if err := b.insertRun(lr, properties); err != nil {
		return Resumed{}, err
	}
	res := Resumed{RunID: lr.rec.ID}
	var refused []flow.Ended
	for i := range plan.Start {
		end, err := b.startAttempt(lr, &plan.Start[i], plan.Run.Clock)
		if err != nil {
			return Resumed{}, err
		}
		if end != nil {
			refused = append(refused, *end)
		}
		res.NodeIDs = append(res.NodeIDs, graph.Nodes[plan.Roots[i]].ID)
	}
	for i := range refused {
		if err := b.apply(lr, refused[i]); err != nil {
			return Resumed{}, err
		}
	}
	return res, nil
}
