package store

import "github.com/reglue/reglue/internal/glue"

const (
	// Old ones come first by seq, so the search ends where the young ones begin.
	sqlOldestRuns = `SELECT seq, started, completed FROM runs WHERE hidden = 0 AND seq > $1 ORDER BY seq LIMIT $2`
	sqlExpireRun  = `UPDATE runs SET hidden = 2 WHERE seq = $1`
	sqlHideRunsOf = `UPDATE job_runs SET hidden = 2 WHERE run = $1 AND moved_to = 0 AND hidden = 0`
	sqlHideMoved  = `UPDATE job_runs SET hidden = 2 WHERE ` + movedHere + ` AND hidden = 0`

	// A hidden run goes when no shown run needs it, and nothing that it started is
	// left that belongs to another one.
	sqlUnneededRuns = `SELECT seq FROM runs WHERE hidden <> 0 AND completed < $1 AND started < $1
		AND NOT EXISTS (SELECT 1 FROM run_sources s JOIN runs k ON k.seq = s.run
			WHERE s.source = runs.id AND k.hidden = 0)
		AND NOT EXISTS (SELECT 1 FROM job_runs j WHERE j.run = runs.seq AND j.moved_to <> 0)
		LIMIT $2`
	sqlRunAttempts = `SELECT run, action, start FROM job_runs WHERE run = $1
		UNION ALL SELECT run, action, start FROM job_runs WHERE ` + movedHere + ` LIMIT $2`
	sqlDeleteJobRun     = `DELETE FROM job_runs WHERE run = $1 AND action = $2 AND start = $3`
	sqlDeleteRun        = `DELETE FROM runs WHERE seq = $1`
	sqlDeleteRunSources = `DELETE FROM run_sources WHERE run = $1`

	sqlOldestJobRuns = `SELECT start, started, completed FROM job_runs
		WHERE run = 0 AND action = -1 AND start > $1 ORDER BY start LIMIT $2`
)

// Expire hides the runs that ended before a time, with their job runs, and
// removes the rows that no shown run needs: of hidden runs, of deleted
// workflows, and job runs outside of workflows. It handles limit rows and says
// how many; fewer mean that nothing is left, else the caller repeats it, a
// commit each.
func (tx *Tx) Expire(before glue.Time, limit int) (int, error) {
	e := expiry{tx: tx, before: before, limit: limit}
	for _, step := range []func() error{e.hideRuns, e.deleteRuns, e.deleteJobRuns} {
		if err := step(); err != nil {
			return e.done, err
		}
	}
	return e.done, nil
}

type expiry struct {
	tx     *Tx
	before glue.Time
	limit  int
	done   int
}

// aged is a row with its times.
type aged struct {
	seq                int64
	started, completed glue.Time
}

func scanAged(s scanner) (a aged, err error) {
	return a, s.Scan(&a.seq, (*int64)(&a.started), (*int64)(&a.completed))
}

// old walks rows in their order, by a query for a page of those after a seq, and
// calls remove for each that ended before the time. It goes up to the first page
// of rows that all began later: a single one may have been written while the
// clock stood wrong.
func (e *expiry) old(query string, remove func(seq int64) error) error {
	const page = 200
	young := false
	for after := int64(0); !young; {
		rows, err := list(e.tx, scanAged, query, after, int64(page))
		if err != nil || len(rows) == 0 {
			return err
		}
		young = true
		for _, a := range rows {
			if e.done >= e.limit {
				return nil
			}
			after = a.seq
			young = young && a.started >= e.before
			if a.completed.IsZero() || a.completed >= e.before {
				continue
			}
			if err := remove(a.seq); err != nil {
				return err
			}
			e.done++
		}
	}
	return nil
}

func (e *expiry) hideRuns() error {
	return e.old(sqlOldestRuns, func(seq int64) error {
		for _, query := range []string{sqlHideRunsOf, sqlHideMoved} {
			if err := e.tx.exec(query, seq); err != nil {
				return err
			}
		}
		return e.tx.exec(sqlExpireRun, seq)
	})
}

func (e *expiry) deleteRuns() error {
	if e.done >= e.limit {
		return nil
	}
	runs, err := list(e.tx, scanOne[int64], sqlUnneededRuns, int64(e.before), int64(e.limit-e.done))
	if err != nil {
		return err
	}
	for _, seq := range runs {
		if err := e.deleteRun(seq); err != nil || e.done >= e.limit {
			return err
		}
	}
	return nil
}

// deleteRun removes job runs of a run, and the run itself after the last one.
func (e *expiry) deleteRun(seq int64) error {
	attempts, err := list(e.tx, scanAttempt, sqlRunAttempts, seq, int64(e.limit-e.done))
	if err != nil {
		return err
	}
	for _, at := range attempts {
		if err := e.tx.exec(sqlDeleteJobRun, at[0], at[1], at[2]); err != nil {
			return err
		}
		e.done++
	}
	if e.done >= e.limit {
		return nil
	}
	e.done++
	for _, query := range []string{sqlDeleteRunSources, sqlDeleteRunProgress} {
		if err := e.tx.exec(query, seq); err != nil {
			return err
		}
	}
	return e.tx.exec(sqlDeleteRun, seq)
}

func scanAttempt(s scanner) (at [3]int64, err error) {
	return at, s.Scan(&at[0], &at[1], &at[2])
}

func (e *expiry) deleteJobRuns() error {
	return e.old(sqlOldestJobRuns, func(seq int64) error {
		return e.tx.exec(sqlDeleteJobRun, int64(0), int64(noAction), seq)
	})
}
