package store

import (
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// AttemptRecord is the part of a workflow's job run that plans rest on.
type AttemptRecord struct {
	Job string
	flow.Attempt
	State      flow.State
	Definition int64
	// Ran is how long the process ran, in milliseconds.
	Ran int64
	// Files maps script and extra files to the SHA-256 of what was run. Equal
	// ones are shared and must not be changed.
	Files map[string]string
}

const (
	attemptColumns = `job, action, start, state, definition, ran, files`
	sqlAttempts    = `SELECT ` + attemptColumns + ` FROM job_runs WHERE run = $1 AND moved_to = 0
		UNION ALL SELECT ` + attemptColumns + ` FROM job_runs WHERE ` + movedHere
	sqlJobDefinitions = `SELECT name, definition FROM jobs`
)

// Attempts are the job runs that belong to a workflow run, in no order.
func (tx *Tx) Attempts(runSeq int64) ([]AttemptRecord, error) {
	seen := map[string]map[string]string{}
	return list(tx, func(s scanner) (a AttemptRecord, err error) {
		var state, files string
		if err := s.Scan(&a.Job, &a.Action, &a.Start, &state, &a.Definition, &a.Ran, &files); err != nil {
			return a, err
		}
		a.State = flow.JobState(glue.JobRunState(state))
		known, ok := seen[files]
		if !ok {
			if known, err = fromJSON[map[string]string](files); err != nil {
				return a, err
			}
			seen[files] = known
		}
		a.Files = known
		return a, nil
	}, sqlAttempts, runSeq)
}

// JobDefinitions are the definitions of all jobs, by name.
func (tx *Tx) JobDefinitions() (map[string]int64, error) {
	type entry struct {
		name       string
		definition int64
	}
	all, err := list(tx, func(s scanner) (e entry, err error) {
		return e, s.Scan(&e.name, &e.definition)
	}, sqlJobDefinitions)
	out := make(map[string]int64, len(all))
	for _, e := range all {
		out[e.name] = e.definition
	}
	return out, err
}
