package engine

import (
	"context"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// StopWorkflowRun stops a run: its live job runs are ended, nothing more starts.
// Errors: EntityNotFound, IllegalWorkflowState.
func (e *Engine) StopWorkflowRun(ctx context.Context, workflow, runID string) error {
	return e.do(ctx, func(b *batch) error {
		rec, err := b.tx.Run(workflow, runID)
		if err != nil {
			return err
		}
		if rec == nil {
			return notFound()
		}
		lr := e.runs[rec.Seq]
		if lr == nil || lr.run.Status != glue.WorkflowRunStatusRunning {
			return glue.Errorf(glue.IllegalWorkflowState, "Workflow run %s is not in RUNNING state", runID)
		}
		return b.apply(lr, flow.StopAsked{})
	})
}

// StopJobRuns asks live runs of a job to stop. For each id it gives the reason
// why it could not, or nil.
func (e *Engine) StopJobRuns(ctx context.Context, job string, ids []string) (reasons []*glue.ErrorDetail, err error) {
	err = e.do(ctx, func(b *batch) error {
		reasons = make([]*glue.ErrorDetail, len(ids))
		for i, id := range ids {
			detail, err := b.stopJobRun(job, id)
			if err != nil {
				return err
			}
			reasons[i] = detail
		}
		return nil
	})
	return reasons, err
}

func (b *batch) stopJobRun(job, id string) (*glue.ErrorDetail, error) {
	lj := b.e.jobRuns[id]
	if lj == nil || lj.rec.Job != job {
		rec, err := b.tx.JobRun(id)
		if err != nil {
			return nil, err
		}
		if rec == nil || rec.Job != job {
			return &glue.ErrorDetail{ErrorCode: "EntityNotFoundException",
				ErrorMessage: "Job run " + id + " of job " + job + " was not found"}, nil
		}
		return &glue.ErrorDetail{ErrorCode: "JobRunInvalidStateTransitionException",
			ErrorMessage: "Job run " + id + " is in " + rec.State.String() + " state and can't be stopped"}, nil
	}
	if lj.run != nil {
		return nil, b.apply(lj.run, flow.AttemptStopAsked{Attempt: lj.rec.Attempt})
	}
	return nil, b.stop(lj, int64(max(b.now, lj.rec.Modified)))
}

// DeleteWorkflow removes a workflow with its triggers and runs, and stops what
// runs in them. A missing workflow is no error.
func (e *Engine) DeleteWorkflow(ctx context.Context, name string) error {
	return e.do(ctx, func(b *batch) error {
		b.changed(Changed{})
		b.touched = true
		e.defs.forget()
		for seq, lr := range e.runs {
			if lr.rec.Workflow != name {
				continue
			}
			for _, lj := range lr.attempts {
				// It ends as a job run of its own; nothing follows from it.
				lj.run = nil
				if err := b.stop(lj, int64(max(b.now, lj.rec.Modified))); err != nil {
					return err
				}
			}
			delete(e.runs, seq)
		}
		delete(e.flows, name)
		return b.tx.DeleteWorkflow(name)
	})
}
