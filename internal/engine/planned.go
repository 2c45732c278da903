package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

const (
	// plannedLook bounds the sleep until the next planned resume is due, so that a
	// clock that was set is noticed.
	plannedLook = time.Minute
	// duePage is how many that are due are carried out before looking again.
	duePage = 50
	// A planned resume that can't start yet is put off, each time for longer.
	firstPutOff = 500 * time.Millisecond
	maxPutOff   = 5 * time.Second
	// maxFaults bounds how often one is tried that fails for reasons of our own.
	maxFaults = 20
)

// ResolvePlanned sets how a request of a planned resume is worked out when it is
// due. Without it the request must name its nodes. It must be called before Run.
func (e *Engine) ResolvePlanned(f func(context.Context, *plan.ExecuteRequest) (*ResumeRequest, error)) {
	e.resolve = f
}

// carryOutPlanned starts planned resumes when they are due, until the context ends.
func (e *Engine) carryOutPlanned(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-e.plannedWake:
		}
		timer.Reset(e.plannedPass(ctx))
	}
}

// wakePlanned lets carryOutPlanned look again once what it looks at is committed.
func (e *Engine) wakePlanned() {
	if !e.plansWritten {
		return
	}
	e.plansWritten = false
	select {
	case e.plannedWake <- struct{}{}:
	default: // it is about to look
	}
}

// plannedPass carries out what is due and returns how long nothing more is.
func (e *Engine) plannedPass(ctx context.Context) time.Duration {
	due, next, err := e.duePlanned(ctx, glue.MakeTime(time.Now()))
	for i := range due {
		if err == nil {
			err = e.carryOutOne(ctx, &due[i])
		}
	}
	switch {
	case ctx.Err() != nil:
		return plannedLook
	case err != nil:
		e.opt.Log.Warn("planned resumes wait", "error", err)
		return time.Second
	case len(due) > 0:
		return 0
	}
	return min(plannedLook, max(time.Millisecond, time.Until(next.Time())))
}

// duePlanned are the resumes that are due; next is when one will be.
func (e *Engine) duePlanned(ctx context.Context, now glue.Time) (due []store.Planned, next glue.Time, err error) {
	next = now + glue.Time(plannedLook.Milliseconds())
	err = e.opt.Store.View(ctx, func(tx *store.Tx) error {
		bulks, err := tx.RunningBulks()
		if err != nil {
			return err
		}
		for _, b := range append(bulks, store.Bulk{}) { // the last stands for automatic repairs
			at, pending, err := tx.NextPlanned(b.ID)
			if err != nil {
				return err
			}
			if at = max(at, b.Next); !pending || at > now {
				if pending {
					next = min(next, at)
				}
				continue
			}
			limit := duePage
			if b.Pause > 0 {
				limit = 1
			}
			ready, err := tx.DuePlanned(b.ID, now, limit)
			if err != nil {
				return err
			}
			due = append(due, ready...)
		}
		return nil
	})
	return due, next, err
}

// carryOutOne starts a resume that is due, or notes why not. An error is one of
// ours; then nothing was noted.
func (e *Engine) carryOutOne(ctx context.Context, p *store.Planned) error {
	req, err := e.resolvePlanned(ctx, p)
	if err == nil {
		err = e.startPlanned(ctx, p.ID, req)
	}
	if err == nil || ctx.Err() != nil || errors.Is(err, errClosed) {
		return ctx.Err()
	}
	return e.notStarted(ctx, p.ID, err)
}

func (e *Engine) resolvePlanned(ctx context.Context, p *store.Planned) (*ResumeRequest, error) {
	var r plan.ExecuteRequest
	if err := json.Unmarshal(p.Request, &r); err != nil {
		return nil, glue.Errorf(glue.InvalidInput, "The stored request can't be read: %v", err)
	}
	if e.resolve != nil {
		return e.resolve(ctx, &r)
	}
	return &ResumeRequest{
		Workflow: r.Name, RunID: r.RunId, Request: flow.Request{Nodes: r.NodeIds}, Overrides: r.Overrides, By: r.By,
	}, nil
}

// startPlanned starts a planned resume and writes its end in the same transaction,
// so that a crash at any moment leaves both or neither.
func (e *Engine) startPlanned(ctx context.Context, id string, req *ResumeRequest) error {
	return e.do(ctx, func(b *batch) error {
		p, bulk, err := b.due(id)
		if err != nil || p == nil {
			return err
		}
		if needless, err := b.needless(p); err != nil || needless {
			return err
		}
		req.planned = p
		res, err := b.resume(req)
		if err != nil {
			return err
		}
		if bulk != nil && bulk.Pause > 0 {
			bulk.Next = b.now + glue.Time(bulk.Pause)
			if err := b.tx.UpdateBulk(bulk); err != nil {
				return err
			}
		}
		p.NewRun, p.Error = res.RunID, ""
		e.opt.Log.Info("planned resume started", "workflow", p.Workflow, "run_id", p.Run, "new_run_id", res.RunID, "by", p.By)
		return b.endPlanned(p, store.PlannedDone)
	})
}

// due reads a planned resume within the transaction, nil when it is not its turn
// any more: it is over, or its bulk was paused or has just started another.
func (b *batch) due(id string) (*store.Planned, *store.Bulk, error) {
	p, err := b.tx.Planned(id)
	if err != nil || p == nil || p.State != store.PlannedPending || p.Due > b.now {
		return nil, nil, err
	}
	if p.Bulk == "" {
		return p, nil, nil
	}
	bulk, err := b.tx.Bulk(p.Bulk)
	if err != nil || bulk == nil || bulk.State != store.BulkRunning || bulk.Next > b.now {
		return nil, nil, err
	}
	return p, bulk, nil
}

// needless ends a planned resume whose run is gone, or whose family somebody has
// resumed since.
func (b *batch) needless(p *store.Planned) (bool, error) {
	run, err := b.tx.Run(p.Workflow, p.Run)
	if err != nil {
		return false, err
	}
	if run == nil {
		p.Error = "the run is gone: its workflow was deleted, or it is past retention"
		return true, b.endPlanned(p, store.PlannedCancelled)
	}
	head, err := Head(b.tx, run)
	if err != nil || head.ID == run.ID {
		return false, err
	}
	return true, b.skip(p, head.ID, head.Resume)
}

// skip ends a planned resume since there is another run.
func (b *batch) skip(p *store.Planned, run string, by *store.Resume) error {
	who := "somebody"
	if by != nil && by.By != "" {
		who = by.By
	}
	p.NewRun, p.Error = run, who+" resumed it meanwhile"
	return b.endPlanned(p, store.PlannedSkipped)
}

// skipOthers ends the other planned resumes of a run that is being resumed.
func (b *batch) skipOthers(prior string, req *ResumeRequest, newRun string) error {
	all, err := b.tx.PlannedOfRun(prior)
	if err != nil {
		return err
	}
	for i := range all {
		p := &all[i]
		if p.State != store.PlannedPending || req.planned != nil && req.planned.ID == p.ID {
			continue
		}
		if err := b.skip(p, newRun, &store.Resume{By: req.By}); err != nil {
			return err
		}
	}
	return nil
}

// endPlanned writes the end of a planned resume, and that of its bulk with the last
// one.
func (b *batch) endPlanned(p *store.Planned, state store.PlannedState) error {
	p.State, p.Ended = state, b.now
	b.changed(Changed{Workflow: p.Workflow, Run: p.Run})
	if err := b.tx.UpdatePlanned(p); err != nil || p.Bulk == "" {
		return err
	}
	_, pending, err := b.tx.NextPlanned(p.Bulk)
	if err != nil || pending {
		return err
	}
	bulk, err := b.tx.Bulk(p.Bulk)
	if err != nil || bulk == nil {
		return err
	}
	bulk.State, bulk.Ended = store.BulkDone, b.now
	return b.tx.UpdateBulk(bulk)
}

// notStarted notes why a planned resume was refused: it waits if there was no room
// or the fault was ours, else it is over.
func (e *Engine) notStarted(ctx context.Context, id string, cause error) error {
	return e.do(ctx, func(b *batch) error {
		p, _, err := b.due(id)
		if err != nil || p == nil {
			return err
		}
		if needless, err := b.needless(p); err != nil || needless {
			return err
		}
		p.Tries++
		var refused *glue.Error
		known := errors.As(cause, &refused) && refused.Kind != glue.Internal && refused.Kind != glue.OperationTimeout
		switch {
		case known && refused.Kind == glue.ConcurrentRunsExceeded:
			return b.putOff(p, "waits for room: "+refused.Message)
		case known && refused.Kind == glue.ConcurrentModification:
			return b.putOff(p, refused.Message)
		case known:
			p.Error = refused.Message
		case p.Tries < maxFaults:
			e.opt.Log.Warn("a planned resume could not start; it is tried again", "workflow", p.Workflow, "run_id", p.Run, "error", cause)
			return b.putOff(p, cause.Error())
		default:
			p.Error = cause.Error()
		}
		e.opt.Log.Warn("a planned resume failed", "workflow", p.Workflow, "run_id", p.Run, "by", p.By, "error", p.Error)
		return b.endPlanned(p, store.PlannedFailed)
	})
}

// putOff lets a planned resume try later, and with it those of its bulk behind it in
// the same workflow: they would meet the same.
func (b *batch) putOff(p *store.Planned, why string) error {
	wait := maxPutOff
	if doublings := p.Tries - 1; doublings < 4 {
		wait = min(maxPutOff, firstPutOff<<doublings)
	}
	p.Due, p.Error = b.now+glue.Time(wait.Milliseconds()), why
	if err := b.tx.UpdatePlanned(p); err != nil || p.Bulk == "" {
		return err
	}
	return b.tx.PutOffPlanned(p.Bulk, p.Workflow, p.Due)
}

// roomForPlan refuses a planned resume while a job that it may run is at its limit:
// started now, that job would fail at once.
func (b *batch) roomForPlan(g *flow.Graph, prior *flow.Run, p *flow.Plan) error {
	starts := map[string]int{}
	for i := range p.Start {
		starts[g.Nodes[g.Actions[p.Start[i].Action].Node].Name]++
	}
	can := p.CanRun(g, prior)
	for n := range g.Nodes {
		v, name := p.Nodes[n].Verdict, g.Nodes[n].Name
		if g.Nodes[n].Type != glue.NodeTypeJob || v != flow.Root && (v != flow.Downstream || !can[n]) {
			continue
		}
		job, _, err := b.e.defs.job(b.tx, name)
		if err != nil {
			return err
		}
		live := b.e.limit(name).count
		if job != nil && live > 0 && live+max(1, starts[name]) > job.ConcurrentRuns() {
			return glue.Errorf(glue.ConcurrentRunsExceeded, "job %s has %d of at most %d runs live", name, live, job.ConcurrentRuns())
		}
	}
	return nil
}

// StartBulk keeps many resumes to be carried out. Errors: EntityNotFound,
// InvalidInput.
func (e *Engine) StartBulk(ctx context.Context, call Call, bulk store.Bulk, requests []plan.ExecuteRequest) (id string, err error) {
	err = e.do(ctx, func(b *batch) error {
		return b.once(call, &id, func() error {
			id = newBulkID()
			return b.insertBulk(id, bulk, requests)
		})
	})
	return id, err
}

// newBulkID makes an id that is short enough to be typed.
func newBulkID() string {
	const length = 10
	return "bulk_" + strings.TrimPrefix(glue.NewRunID(), "wr_")[:length]
}

func (b *batch) insertBulk(id string, bulk store.Bulk, requests []plan.ExecuteRequest) error {
	bulk.ID, bulk.State, bulk.Created = id, store.BulkRunning, b.now
	if err := b.tx.InsertBulk(&bulk); err != nil {
		return err
	}
	b.e.plansWritten = true
	seen := map[string]bool{}
	for i := range requests {
		r := requests[i]
		run, err := b.tx.Run(r.Name, r.RunId)
		if err != nil {
			return err
		}
		if run == nil {
			return glue.Errorf(glue.EntityNotFound, "Workflow %s has no run %s; nothing was started", r.Name, r.RunId)
		}
		if seen[r.RunId] {
			return glue.Errorf(glue.InvalidInput, "Run %s is named twice; nothing was started", r.RunId)
		}
		seen[r.RunId] = true
		r.By, r.ExpectHead = bulk.By+" ("+id+")", r.RunId
		text, err := json.Marshal(&r)
		if err != nil {
			return err
		}
		err = b.tx.InsertPlanned(&store.Planned{
			ID: fmt.Sprintf("%s/%06d", id, i), Bulk: id, Workflow: r.Name, Run: r.RunId, Origin: run.Origin, Request: text,
			Due: b.now, State: store.PlannedPending, By: r.By, Created: b.now,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// UpdateBulk pauses a bulk, lets it go on, or calls off what it has not started:
// plan.BulkPause, BulkContinue and BulkCancel. Errors: EntityNotFound,
// IllegalWorkflowState.
func (e *Engine) UpdateBulk(ctx context.Context, id, action string) error {
	return e.do(ctx, func(b *batch) error {
		bulk, err := b.tx.Bulk(id)
		if err != nil {
			return err
		}
		if bulk == nil {
			return glue.Errorf(glue.EntityNotFound, "There is no bulk resume %s", id)
		}
		if bulk.State == store.BulkDone || bulk.State == store.BulkCancelled {
			return glue.Errorf(glue.IllegalWorkflowState, "Bulk resume %s is %s already; nothing was changed", id, bulk.State)
		}
		switch action {
		case plan.BulkPause:
			bulk.State = store.BulkPaused
		case plan.BulkContinue:
			bulk.State = store.BulkRunning
			e.plansWritten = true
		case plan.BulkCancel:
			bulk.State, bulk.Ended = store.BulkCancelled, b.now
			if err := b.tx.CancelPlanned(id, b.now); err != nil {
				return err
			}
		default:
			return glue.Errorf(glue.InvalidInput, "Action must be %s, %s or %s, not %.40q", plan.BulkPause, plan.BulkContinue, plan.BulkCancel, action)
		}
		return b.tx.UpdateBulk(bulk)
	})
}
