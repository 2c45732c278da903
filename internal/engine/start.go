package engine

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// invocationMemory is how long a client's repeat of a call gets the first answer
// (R37).
const invocationMemory = time.Hour

// Call identifies a call that a client may repeat on its own: AWS clients send
// the same invocation id with every attempt (R37). The zero Call is never taken
// for a repeat.
type Call struct {
	Invocation string
	Caller     string
	// JobRun is the live job run that calls with its token; empty for others.
	JobRun    string
	Operation string
	BodyHash  string
}

// once gives the stored answer of a repeated call, or carries it out and stores
// what answer then holds.
func (b *batch) once(c Call, answer any, f func() error) error {
	if c.Invocation == "" {
		return f()
	}
	seen, err := b.tx.Invocation(c.Caller, c.Operation, c.Invocation)
	if err != nil {
		return err
	}
	if seen != nil && seen.Body == c.BodyHash && b.now-seen.At < glue.Time(invocationMemory.Milliseconds()) {
		return json.Unmarshal(seen.Answer, answer)
	}
	if err := f(); err != nil {
		return err
	}
	b.touched = true
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return b.tx.PutInvocation(&store.Invocation{
		ID: c.Invocation, Caller: c.Caller, Operation: c.Operation, Body: c.BodyHash, Answer: body, At: b.now,
	})
}

// StartWorkflowRun starts a run of the workflow; properties override its
// defaults key by key. Errors: EntityNotFound, ConcurrentRunsExceeded.
func (e *Engine) StartWorkflowRun(ctx context.Context, call Call, workflow string, properties map[string]string) (runID string, err error) {
	err = e.do(ctx, func(b *batch) error {
		return b.once(call, &runID, func() error {
			w, err := b.workflow(workflow)
			if err != nil {
				return err
			}
			runID, err = b.startRun(w, properties)
			return err
		})
	})
	if err != nil {
		return "", err
	}
	return runID, nil
}

func (b *batch) startRun(w *workflow, properties map[string]string) (string, error) {
	if err := b.e.room(w, 0); err != nil {
		return "", err
	}
	if err := b.snapshot(w); err != nil {
		return "", err
	}
	id := glue.NewRunID()
	lr := &liveRun{
		rec: store.Run{
			ID: id, Workflow: w.rec.Name, Status: glue.WorkflowRunStatusRunning, Started: b.now,
			Origin: id, Definition: w.rec.Definition, Clock: int64(b.now),
		},
		run: flow.NewRun(w.graph, id), graph: w.graph, attempts: map[int]*liveJob{},
	}
	all := make(map[string]string, len(w.rec.Properties)+len(properties))
	maps.Copy(all, w.rec.Properties)
	maps.Copy(all, properties)
	if err := b.insertRun(lr, all); err != nil {
		return "", err
	}
	if len(w.graph.Actions) == 0 {
		b.e.opt.Log.Warn("workflow has no trigger that starts anything; its run is over at once", "workflow", w.rec.Name, "run_id", id)
	}
	return id, b.apply(lr, flow.Begun{})
}

func (b *batch) insertRun(lr *liveRun, properties map[string]string) error {
	b.touched = true
	lr.rec.Statistics = lr.run.Statistics()
	if err := b.tx.InsertRun(&lr.rec, properties); err != nil {
		return err
	}
	b.e.runs[lr.rec.Seq] = lr
	b.e.flows[lr.rec.Workflow]++
	b.runChanged(lr)
	return nil
}

// room checks the workflow's own limit of live runs, of which some end as the new one
// starts.
func (e *Engine) room(w *workflow, end int) error {
	if limit := w.rec.MaxConcurrentRuns; limit != nil && e.flows[w.rec.Name]-end >= int(*limit) {
		return glue.Errorf(glue.ConcurrentRunsExceeded, "Concurrent runs exceeded for workflow: %s.", w.rec.Name)
	}
	return nil
}

// StartTrigger fires an ON_DEMAND trigger: that of a workflow starts a run of
// it, another one starts its jobs. Errors: EntityNotFound, InvalidInput,
// ConcurrentRunsExceeded. For a trigger that waits for something it returns
// false and does nothing: activating is a change of definition.
func (e *Engine) StartTrigger(ctx context.Context, call Call, name string) (fired bool, err error) {
	err = e.do(ctx, func(b *batch) error {
		return b.once(call, &fired, func() error {
			tr, err := b.tx.Trigger(name)
			if err != nil {
				return err
			}
			if tr == nil {
				return notFound()
			}
			if tr.Type != glue.TriggerTypeOnDemand {
				return nil
			}
			fired = true
			if tr.WorkflowName == "" {
				return b.fireAlone(tr)
			}
			w, err := b.workflow(tr.WorkflowName)
			if err != nil {
				return err
			}
			_, err = b.startRun(w, nil)
			return err
		})
	})
	return fired, err
}

// roomForJobRuns checks the account's limit of live job runs.
func (e *Engine) roomForJobRuns(n int) error {
	if limit := e.opt.MaxJobRuns; limit > 0 && len(e.jobRuns)+n > limit {
		return glue.Errorf(glue.LimitExceeded,
			"The number of concurrent job runs has exceeded the limit. Your account is limited to %d concurrent job runs.", limit)
	}
	return nil
}

// fireAlone starts the jobs of a trigger outside of any workflow.
func (b *batch) fireAlone(tr *glue.Trigger) error {
	if err := b.e.roomForJobRuns(len(tr.Actions)); err != nil {
		return err
	}
	for i := range tr.Actions {
		a := &tr.Actions[i]
		lj := &liveJob{rec: store.JobRun{
			ID: glue.NewJobRunID(), Job: a.JobName, Trigger: tr.Name, Started: b.now,
			Request: &glue.StartJobRunRequest{
				JobName: a.JobName, Arguments: a.Arguments, Timeout: a.Timeout,
				SecurityConfiguration: a.SecurityConfiguration, NotificationProperty: a.NotificationProperty,
			},
		}}
		if err := b.startAlone(lj); err != nil {
			return err
		}
	}
	return nil
}

// StartJobRun starts a job outside of any workflow. With JobRunId it retries
// that run. Errors: EntityNotFound, ConcurrentRunsExceeded.
func (e *Engine) StartJobRun(ctx context.Context, call Call, req *glue.StartJobRunRequest) (id string, err error) {
	err = e.do(ctx, func(b *batch) error {
		return b.once(call, &id, func() error {
			job, _, err := b.e.defs.job(b.tx, req.JobName)
			if err != nil {
				return err
			}
			if job == nil {
				return glue.Errorf(glue.EntityNotFound, "Failed to start job run due to missing metadata.")
			}
			if err := b.e.roomForJobRuns(1); err != nil {
				return err
			}
			if b.e.limit(req.JobName).count >= job.ConcurrentRuns() {
				return glue.Errorf(glue.ConcurrentRunsExceeded, "Concurrent runs exceeded for %s", req.JobName)
			}
			lj := &liveJob{rec: store.JobRun{ID: glue.NewJobRunID(), Job: req.JobName, Request: req, Started: b.now}}
			if err := b.retryOf(lj, req.JobRunId); err != nil {
				return err
			}
			id = lj.rec.ID
			return b.startAlone(lj)
		})
	})
	return id, err
}

// retryOf makes a job run the retry of an earlier one of the same job.
func (b *batch) retryOf(lj *liveJob, previous string) error {
	if previous == "" {
		return nil
	}
	prev, err := b.tx.JobRun(previous)
	if err != nil {
		return err
	}
	if prev == nil || prev.Job != lj.rec.Job {
		return glue.Errorf(glue.EntityNotFound, "Job run %s of job %s was not found, so it can't be retried", previous, lj.rec.Job)
	}
	lj.rec.Previous, lj.rec.Retry = previous, prev.Retry+1
	return nil
}
