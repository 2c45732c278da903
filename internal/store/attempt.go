package store

import (
	"fmt"

	fast "github.com/segmentio/encoding/json" // for thousands of definitions at once

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
	sqlUsedJobs       = `SELECT id, body FROM definitions WHERE id IN (SELECT definition FROM job_runs WHERE run = $1)`
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

// UsedJobs are the jobs as the attempts of a workflow run used them, by the ids of
// their definitions.
func (tx *Tx) UsedJobs(runSeq int64) (map[int64]*glue.Job, error) {
	out := map[int64]*glue.Job{}
	_, err := list(tx, func(s scanner) (id int64, err error) {
		var body []byte
		if err := s.Scan(&id, &body); err != nil {
			return id, err
		}
		job := &glue.Job{}
		if err := fast.Unmarshal(body, job); err != nil {
			return id, fmt.Errorf("definition %d: %w", id, err)
		}
		out[id] = job
		return id, nil
	}, sqlUsedJobs, runSeq)
	return out, err
}
