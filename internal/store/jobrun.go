package store

import (
	"cmp"
	"maps"
	"slices"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

const (
	jobRunColumns = `run, action, start, seq, id, job, retry, root, state, definition, previous, trigger_name,
		started, modified, completed, ran, message, detail, rev, request, files`
	jobRunRead = jobRunColumns + `, moved_to`
	// Those that were moved to a run; their index needs both terms.
	movedHere = `moved_to = $1 AND moved_to <> 0`
	// Its index holds the live job runs alone, so the words must stay the same.
	jobRunLive = `(state = 'WAITING' OR state = 'STARTING' OR state = 'RUNNING' OR state = 'STOPPING')`

	sqlInsertJobRun = `INSERT INTO job_runs (` + jobRunColumns + `, key, hidden, predecessors)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
			$22, 0, $23)`
	sqlInsertJobRunAs = `INSERT INTO job_runs (` + jobRunColumns + `, key, hidden, predecessors)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
			$22, 0, COALESCE((SELECT predecessors FROM job_runs WHERE key = $23 AND id = $24), ''))`
	sqlUpdateJobRun = `UPDATE job_runs SET state = $4, definition = $5, started = $6, modified = $7,
		completed = $8, ran = $9, message = $10, detail = $11, files = $12, rev = $13
		WHERE run = $1 AND action = $2 AND start = $3`

	sqlJobRun    = `SELECT ` + jobRunRead + `, predecessors FROM job_runs WHERE key = $1 AND id = $2 AND hidden = 0`
	sqlJobRunsOf = `SELECT ` + jobRunRead + `, '' FROM job_runs WHERE run = $1
		UNION ALL SELECT ` + jobRunRead + `, '' FROM job_runs WHERE ` + movedHere + ` AND run <> $1`
	sqlPredecessors = `SELECT predecessors FROM job_runs WHERE key = $1 AND id = $2`
	sqlJobRuns      = `SELECT ` + jobRunRead + `, predecessors FROM job_runs
		WHERE job = $1 AND seq < $2 AND hidden = 0 ORDER BY seq DESC LIMIT $3`
	sqlLiveJobRuns     = `SELECT ` + jobRunRead + `, predecessors FROM job_runs WHERE ` + jobRunLive + ` ORDER BY seq`
	sqlMoveStarted     = `UPDATE job_runs SET moved_to = $2 WHERE run = $1 AND action = $3 AND start >= $4`
	sqlMoveMoved       = `UPDATE job_runs SET moved_to = $2 WHERE ` + movedHere + ` AND action = $3 AND start >= $4`
	sqlLiveJobRunCount = `SELECT count(*) FROM job_runs WHERE ` + jobRunLive + ` AND job = $1`
)

// noAction is the action of a job run outside of a workflow.
const noAction = -1

// InsertJobRun adds a job run and gives it its Seq. Outside of a workflow (Run
// is 0) it also gives it its Action and Start. If sameAs names a job run and
// there are no Predecessors, it takes those of that one.
func (tx *Tx) InsertJobRun(j *JobRun, sameAs string) error {
	request, err := toJSON(j.Request, j.Request == nil)
	if err != nil {
		return err
	}
	files, err := mapJSON(j.Files)
	if err != nil {
		return err
	}
	predecessors, err := toJSON(j.Predecessors, j.Predecessors == nil)
	if err != nil {
		return err
	}
	j.Seq = tx.db.seqs.next(seqJobRun)
	if j.Run == 0 {
		j.Attempt = flow.Attempt{Action: noAction, Start: int(j.Seq)}
	}
	args := []any{j.Run, int64(j.Action), int64(j.Start), j.Seq, j.ID, j.Job, int64(j.Retry), bit(j.Root),
		string(j.State.Job()), j.Definition, j.Previous, j.Trigger, int64(j.Started), int64(j.Modified),
		int64(j.Completed), j.Ran, j.Message, j.Detail, j.Rev, request, files, idKey(j.ID)}
	if sameAs != "" && j.Predecessors == nil {
		return tx.exec(sqlInsertJobRunAs, append(args, idKey(sameAs), sameAs)...)
	}
	return tx.exec(sqlInsertJobRun, append(args, predecessors)...)
}

// UpdateJobRun writes what changes in a job run's life: state, definition,
// times, ran, message, detail, files and rev.
func (tx *Tx) UpdateJobRun(j *JobRun) error {
	files, err := mapJSON(j.Files)
	if err != nil {
		return err
	}
	return tx.exec(sqlUpdateJobRun, j.Run, int64(j.Action), int64(j.Start),
		string(j.State.Job()), j.Definition, int64(j.Started), int64(j.Modified), int64(j.Completed),
		j.Ran, j.Message, j.Detail, files, j.Rev)
}

// JobRun reads a job run, nil when there is none or it is past retention.
func (tx *Tx) JobRun(id string) (*JobRun, error) {
	return one(tx, scanJobRun, sqlJobRun, idKey(id), id)
}

// MoveJobRuns moves the job runs of an action from one workflow run to another, from
// a start on.
func (tx *Tx) MoveJobRuns(from, to int64, action, start int) error {
	if err := tx.exec(sqlMoveStarted, from, to, int64(action), int64(start)); err != nil {
		return err
	}
	return tx.exec(sqlMoveMoved, from, to, int64(action), int64(start))
}

// JobRunsOf are the job runs that a workflow run started and those that were moved to
// it, in the order of their creation, without their Predecessors. They are found also
// when the run is hidden.
func (tx *Tx) JobRunsOf(runSeq int64) ([]JobRun, error) {
	all, err := list(tx, filesOnce(), sqlJobRunsOf, runSeq)
	slices.SortFunc(all, func(a, b JobRun) int { return cmp.Compare(a.Seq, b.Seq) })
	return all, err
}

// Predecessors are the job runs that met the conditions of a job run's trigger.
func (tx *Tx) Predecessors(id string) ([]glue.Predecessor, error) {
	text, _, err := value[string](tx, sqlPredecessors, idKey(id), id)
	if err != nil {
		return nil, err
	}
	return fromJSON[[]glue.Predecessor](text)
}

// JobRuns are the runs of a job before the given seq (0 for all), newest first.
func (tx *Tx) JobRuns(job string, beforeSeq int64, limit int) ([]JobRun, error) {
	return list(tx, scanJobRun, sqlJobRuns, job, before(beforeSeq), int64(limit))
}

// LiveJobRuns are all job runs that are not over, in the order of their
// creation.
func (tx *Tx) LiveJobRuns() ([]JobRun, error) {
	return list(tx, scanJobRun, sqlLiveJobRuns)
}

// LiveJobRunCount counts the runs of a job that are not over.
func (tx *Tx) LiveJobRunCount(job string) (int, error) {
	n, _, err := value[int64](tx, sqlLiveJobRunCount, job)
	return int(n), err
}

// filesOnce scans job runs and reads equal Files once, since the job runs of a
// run mostly share their scripts and reading JSON costs more than the row.
func filesOnce() func(scanner) (JobRun, error) {
	seen := make(map[string]map[string]string)
	return func(s scanner) (JobRun, error) {
		j, files, err := scanJobRunRow(s)
		if err != nil {
			return j, err
		}
		m, ok := seen[files]
		if !ok {
			if m, err = fromJSON[map[string]string](files); err != nil {
				return j, err
			}
			seen[files] = m
		}
		j.Files = maps.Clone(m)
		return j, nil
	}
}

func scanJobRun(s scanner) (JobRun, error) {
	j, files, err := scanJobRunRow(s)
	if err != nil {
		return j, err
	}
	j.Files, err = fromJSON[map[string]string](files)
	return j, err
}

func scanJobRunRow(s scanner) (j JobRun, files string, err error) {
	var state, request, predecessors string
	err = s.Scan(&j.Run, &j.Action, &j.Start, &j.Seq, &j.ID, &j.Job, &j.Retry, &j.Root, &state, &j.Definition,
		&j.Previous, &j.Trigger, (*int64)(&j.Started), (*int64)(&j.Modified), (*int64)(&j.Completed), &j.Ran,
		&j.Message, &j.Detail, &j.Rev, &request, &files, &j.MovedTo, &predecessors)
	if err != nil {
		return j, "", err
	}
	j.State = flow.JobState(glue.JobRunState(state))
	if j.Request, err = fromJSON[*glue.StartJobRunRequest](request); err != nil {
		return j, "", err
	}
	j.Predecessors, err = fromJSON[[]glue.Predecessor](predecessors)
	return j, files, err
}
