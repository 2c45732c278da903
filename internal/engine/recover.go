package engine

import (
	"errors"
	"fmt"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// reload reads all that is live from the store, as the transaction sees it.
func (e *Engine) reload(tx *store.Tx) error {
	e.reset()
	recs, err := tx.LiveRuns()
	if err != nil {
		return err
	}
	for i := range recs {
		lr, err := e.loadLive(tx, &recs[i])
		if errors.Is(err, errUnreadable) {
			if err := e.giveUp(tx, &recs[i], err); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		e.runs[lr.rec.Seq] = lr
		e.flows[lr.rec.Workflow]++
	}
	jobRuns, err := tx.LiveJobRuns()
	if err != nil {
		return err
	}
	for i := range jobRuns {
		if err := e.loadJobRun(tx, &jobRuns[i]); err != nil {
			return err
		}
	}
	e.stale = false
	return nil
}

// giveUp ends a run whose rows make no sense: it is in ERROR and says why, and
// the others go on.
func (e *Engine) giveUp(tx *store.Tx, rec *store.Run, cause error) error {
	e.opt.Log.Error("a run can't be read and is ended", "workflow", rec.Workflow, "run_id", rec.ID, "error", cause)
	rec.Status, rec.Error = glue.WorkflowRunStatusError, "The run can't be recovered: "+cause.Error()
	rec.Completed = glue.Time(rec.Clock)
	rec.Rev++
	return tx.UpdateRun(rec)
}

func (e *Engine) loadLive(tx *store.Tx, rec *store.Run) (*liveRun, error) {
	run, graph, err := e.Load(tx, rec)
	if err != nil {
		return nil, err
	}
	return &liveRun{rec: *rec, run: run, graph: graph, attempts: map[int]*liveJob{}}, nil
}

func (e *Engine) loadJobRun(tx *store.Tx, rec *store.JobRun) error {
	lj := &liveJob{rec: *rec, run: e.runs[rec.Owner()]}
	if rec.MovedTo != 0 {
		var err error
		if lj.home, err = tx.RunBySeq(rec.Run); err != nil {
			return err
		}
	}
	if rec.Definition != 0 {
		job, err := tx.JobDefinition(rec.Definition)
		if err != nil {
			return err
		}
		lj.job = job
	}
	e.jobRuns[rec.ID] = lj
	e.limit(rec.Job).count++
	if lj.run != nil {
		lj.run.attempts[rec.Action] = lj
	}
	return nil
}

// redispatch repeats the effects that may not have happened before a restart:
// it hands every live job run to the executor again, in the order of creation.
func (e *Engine) redispatch(b *batch) error {
	live, err := b.tx.LiveJobRuns()
	if err != nil {
		return err
	}
	for i := range live {
		lj := e.jobRuns[live[i].ID]
		if lj == nil {
			return fmt.Errorf("job run %s is live but was not loaded", live[i].ID)
		}
		if lj.rec.State == flow.Stopping {
			b.in.effects = append(b.in.effects, effect{stop: lj.rec.ID})
			continue
		}
		if lj.run == nil && lj.rec.Run != 0 {
			// Its run is over or gone; nothing would follow from it.
			if err := b.stop(lj, int64(max(b.now, lj.rec.Modified))); err != nil {
				return err
			}
			continue
		}
		b.start(lj, lj.override())
	}
	return nil
}

// Load rebuilds the state of a run from its rows, and its graph. The run is the
// caller's own unless it has ended; then it is shared and must not be changed.
func (e *Engine) Load(tx *store.Tx, rec *store.Run) (*flow.Run, *flow.Graph, error) {
	g, err := e.Graph(tx, rec.Definition)
	if err != nil {
		return nil, nil, err
	}
	if !rec.Completed.IsZero() {
		run, err := e.loadEnded(tx, g, rec)
		return run, g, err
	}
	base := flow.NewRun(g, rec.ID)
	if rec.Previous != "" {
		if base, err = e.Rebase(tx, g, rec); err != nil {
			return nil, nil, err
		}
	}
	jobRuns, err := tx.JobRunsOf(rec.Seq)
	if err != nil {
		return nil, nil, err
	}
	rows := make([]flow.Row, len(jobRuns))
	for i := range jobRuns {
		rows[i] = jobRuns[i].Row()
	}
	run, err := flow.Restore(g, base, rec.Status, rec.Clock, rows)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return run, g, nil
}

// errUnreadable says that rows were read but make no sense.
var errUnreadable = errors.New("stored rows make no sense")

// loadEnded reads the end states of a run, which lists of runs leave out.
func (e *Engine) loadEnded(tx *store.Tx, g *flow.Graph, rec *store.Run) (*flow.Run, error) {
	if run, ok := e.ended.get(rec.Seq); ok {
		return run, nil
	}
	if rec.States == nil {
		whole, err := tx.RunBySeq(rec.Seq)
		if err != nil {
			return nil, err
		}
		if whole == nil {
			return nil, fmt.Errorf("run %s is not stored any more", rec.ID)
		}
		rec = whole
	}
	if rec.States == nil {
		// It ended in ERROR, without states.
		run := flow.NewRun(g, rec.ID)
		run.Status, run.Clock = rec.Status, rec.Clock
		return run, nil
	}
	run, err := flow.Decode(g, rec.ID, rec.Status, rec.Clock, rec.States)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	e.ended.put(rec.Seq, run)
	return run, nil
}

// Rebase is a resumed run before anything started in it. What it carries follows
// from the run that it resumes, which is over and keeps its states.
func (e *Engine) Rebase(tx *store.Tx, g *flow.Graph, rec *store.Run) (*flow.Run, error) {
	seqs, err := tx.RunSeqs([]string{rec.Previous})
	if err != nil {
		return nil, err
	}
	prior, err := tx.RunBySeq(seqs[rec.Previous])
	if err != nil {
		return nil, err
	}
	if prior == nil || prior.Completed.IsZero() {
		return nil, fmt.Errorf("%w: run %s resumes run %s, which is not stored any more", errUnreadable, rec.ID, rec.Previous)
	}
	run, before, err := e.Load(tx, prior)
	if err != nil {
		return nil, err
	}
	if prior.Definition != rec.Definition {
		run = flow.Move(before, run, g)
	}
	return flow.Rebase(g, run, rec.Scope(), rec.ID), nil
}
