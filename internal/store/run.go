package store

import (
	"cmp"
	"errors"
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

const (
	// What each step changes is kept beside the row of a live run, which may be
	// long: see run_progress.
	runColumns = `seq, id, workflow, status, started, completed, previous, origin, roots, sources, definition,
		COALESCE(p.statistics, r.statistics), error, event, COALESCE(p.rev, r.rev), COALESCE(p.clock, r.clock), resume`
	runTable = `runs r LEFT JOIN run_progress p ON p.run = r.seq`
	// Its index holds the live runs alone, so the words must stay the same.
	runLive = `status IN ('RUNNING', 'STOPPING')`

	sqlInsertRun = `INSERT INTO runs (seq, id, workflow, status, started, completed, previous, origin, roots, sources,
			definition, statistics, error, event, rev, clock, resume, key, hidden, properties, states)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 0, $19, $20)`
	sqlInsertRunSource = `INSERT INTO run_sources (source, run) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	sqlUpdateRun       = `UPDATE runs SET status = $2, completed = $3, statistics = $4, error = $5, rev = $6,
		clock = $7, states = $8 WHERE seq = $1`
	sqlPutRunProgress = `INSERT INTO run_progress (run, statistics, rev, clock) VALUES ($1, $2, $3, $4)
		ON CONFLICT (run) DO UPDATE SET statistics = excluded.statistics, rev = excluded.rev, clock = excluded.clock`
	sqlDeleteRunProgress = `DELETE FROM run_progress WHERE run = $1`

	sqlRun = `SELECT ` + runColumns + `, states FROM ` + runTable + `
		WHERE key = $1 AND id = $2 AND workflow = $3 AND hidden = 0`
	sqlRunBySeq = `SELECT ` + runColumns + `, states FROM ` + runTable + ` WHERE seq = $1`
	sqlRunSeq   = `SELECT seq FROM runs WHERE key = $1 AND id = $2`
	sqlRuns     = `SELECT ` + runColumns + `, NULL FROM ` + runTable + `
		WHERE workflow = $1 AND seq < $2 AND hidden = 0 ORDER BY seq DESC LIMIT $3`
	sqlLastRun = `SELECT ` + runColumns + `, states FROM ` + runTable + `
		WHERE workflow = $1 AND hidden = 0 ORDER BY seq DESC LIMIT 1`
	sqlLiveRuns     = `SELECT ` + runColumns + `, states FROM ` + runTable + ` WHERE ` + runLive + ` AND hidden = 0`
	sqlLiveRunCount = `SELECT count(*) FROM runs WHERE ` + runLive + ` AND workflow = $1 AND hidden = 0`
	sqlResumesOf    = `SELECT id FROM runs WHERE previous <> '' AND previous = $1 AND hidden = 0 ORDER BY seq`

	sqlRunProperties    = `SELECT properties FROM runs WHERE seq = $1`
	sqlSetRunProperties = `UPDATE runs SET properties = $2 WHERE seq = $1`
)

// InsertRun adds a run and gives it its Seq. The properties are those that it
// begins with.
func (tx *Tx) InsertRun(r *Run, properties map[string]string) error {
	roots, err := toJSON(r.Roots, r.Roots == nil)
	if err != nil {
		return err
	}
	sources, err := toJSON(r.Sources, r.Sources == nil)
	if err != nil {
		return err
	}
	event, err := toJSON(r.Event, r.Event == nil)
	if err != nil {
		return err
	}
	props, err := mapJSON(properties)
	if err != nil {
		return err
	}
	resume, err := toJSON(r.Resume, r.Resume == nil)
	if err != nil {
		return err
	}
	r.Seq = tx.db.seqs.next(seqRun)
	err = tx.exec(sqlInsertRun, r.Seq, r.ID, r.Workflow, string(r.Status), int64(r.Started), int64(r.Completed),
		r.Previous, r.Origin, roots, sources, r.Definition, statisticsText(&r.Statistics), r.Error, event,
		r.Rev, r.Clock, resume, idKey(r.ID), props, r.States)
	if err != nil {
		return err
	}
	return tx.insertSources(r)
}

// insertSources notes which runs must be kept as long as this one.
func (tx *Tx) insertSources(r *Run) error {
	for _, id := range append([]string{r.Previous}, r.Sources...) {
		if id == "" || id == r.ID {
			continue
		}
		if err := tx.exec(sqlInsertRunSource, id, r.Seq); err != nil {
			return err
		}
	}
	return nil
}

// UpdateRun writes what changes in a run's life: status, completion, statistics,
// error, rev, clock and states.
func (tx *Tx) UpdateRun(r *Run) error {
	err := tx.exec(sqlUpdateRun, r.Seq, string(r.Status), int64(r.Completed), statisticsText(&r.Statistics),
		r.Error, r.Rev, r.Clock, r.States)
	if err != nil {
		return err
	}
	return tx.exec(sqlDeleteRunProgress, r.Seq)
}

// UpdateRunProgress writes what a step changes in a run that goes on as it was:
// statistics, rev and clock. It costs the same however much the run keeps.
func (tx *Tx) UpdateRunProgress(r *Run) error {
	return tx.exec(sqlPutRunProgress, r.Seq, statisticsText(&r.Statistics), r.Rev, r.Clock)
}

// Run reads a run of a workflow, nil when there is none or it is past retention.
func (tx *Tx) Run(workflow, id string) (*Run, error) {
	return one(tx, scanRun, sqlRun, idKey(id), id, workflow)
}

// RunBySeq reads a run whether or not it is still shown, for what carries from
// it; nil when its rows are gone.
func (tx *Tx) RunBySeq(seq int64) (*Run, error) {
	return one(tx, scanRun, sqlRunBySeq, seq)
}

// RunSeqs finds the seqs of runs, whether or not they are still shown. Runs that
// are gone are left out.
func (tx *Tx) RunSeqs(ids []string) (map[string]int64, error) {
	out := make(map[string]int64, len(ids))
	for _, id := range ids {
		seq, ok, err := value[int64](tx, sqlRunSeq, idKey(id), id)
		if err != nil {
			return nil, err
		}
		if ok {
			out[id] = seq
		}
	}
	return out, nil
}

// Runs are the runs of a workflow before the given seq (0 for all), newest
// first, without their States.
func (tx *Tx) Runs(workflow string, beforeSeq int64, limit int) ([]Run, error) {
	return list(tx, scanRun, sqlRuns, workflow, before(beforeSeq), int64(limit))
}

// LastRun is the newest run of a workflow, nil when it has none.
func (tx *Tx) LastRun(workflow string) (*Run, error) {
	return one(tx, scanRun, sqlLastRun, workflow)
}

// LiveRuns are all runs that are not over, oldest first.
func (tx *Tx) LiveRuns() ([]Run, error) {
	all, err := list(tx, scanRun, sqlLiveRuns)
	// Sorting there would make SQLite walk all runs instead of the live ones.
	slices.SortFunc(all, func(a, b Run) int { return cmp.Compare(a.Seq, b.Seq) })
	return all, err
}

// LiveRunCount counts the runs of a workflow that are not over.
func (tx *Tx) LiveRunCount(workflow string) (int, error) {
	n, _, err := value[int64](tx, sqlLiveRunCount, workflow)
	return int(n), err
}

// ResumesOf are the ids of the runs that were resumed from a run, oldest first.
func (tx *Tx) ResumesOf(runID string) ([]string, error) {
	return list(tx, scanOne[string], sqlResumesOf, runID)
}

// Properties are a run's properties; nil when it never had any.
func (tx *Tx) Properties(runSeq int64) (map[string]string, error) {
	text, _, err := value[string](tx, sqlRunProperties, runSeq)
	if err != nil {
		return nil, err
	}
	return fromJSON[map[string]string](text)
}

// SetProperties replaces a run's properties.
func (tx *Tx) SetProperties(runSeq int64, properties map[string]string) error {
	text, err := mapJSON(properties)
	if err != nil {
		return err
	}
	return tx.exec(sqlSetRunProperties, runSeq, text)
}

// before is the bound of a page that goes backwards: 0 asks for the newest.
func before(seq int64) int64 {
	if seq == 0 {
		return 1<<63 - 1
	}
	return seq
}

func scanRun(s scanner) (r Run, err error) {
	var roots, sources, statistics, event, resume string
	err = s.Scan(&r.Seq, &r.ID, &r.Workflow, (*string)(&r.Status), (*int64)(&r.Started), (*int64)(&r.Completed),
		&r.Previous, &r.Origin, &roots, &sources, &r.Definition, &statistics, &r.Error, &event,
		&r.Rev, &r.Clock, &resume, &r.States)
	if err != nil {
		return r, err
	}
	var errs [5]error
	r.Roots, errs[0] = fromJSON[[]int](roots)
	r.Sources, errs[1] = fromJSON[[]string](sources)
	r.Event, errs[2] = fromJSON[*glue.StartingEventBatchCondition](event)
	r.Resume, errs[4] = fromJSON[*Resume](resume)
	errs[3] = readStatistics(statistics, &r.Statistics)
	return r, errors.Join(errs[:]...)
}
