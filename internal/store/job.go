package store

import (
	"fmt"

	"github.com/reglue/reglue/internal/glue"
)

// JobRecord is a job as kept: what it is, and the definition that holds it.
type JobRecord struct {
	Job        glue.Job
	Definition int64
}

// DefinitionJob is the kind of a definition that holds a job.
const DefinitionJob = "job"

const (
	sqlJob  = `SELECT j.definition, d.body FROM jobs j JOIN definitions d ON d.id = j.definition WHERE j.name = $1`
	sqlJobs = `SELECT j.definition, d.body FROM jobs j JOIN definitions d ON d.id = j.definition
		WHERE j.name > $1 ORDER BY j.name LIMIT $2`
	sqlJobNames = `SELECT name FROM jobs WHERE name > $1 ORDER BY name LIMIT $2`
	sqlPutJob   = `INSERT INTO jobs (name, definition) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET definition = excluded.definition`
	sqlDeleteJob = `DELETE FROM jobs WHERE name = $1`
)

// Job reads a job, nil when there is none.
func (tx *Tx) Job(name string) (*JobRecord, error) {
	return one(tx, scanJob, sqlJob, name)
}

// Jobs are the jobs after the given name, in byte order of their names.
func (tx *Tx) Jobs(after string, limit int) ([]JobRecord, error) {
	return list(tx, scanJob, sqlJobs, after, int64(limit))
}

// JobNames are the names of what Jobs returns.
func (tx *Tx) JobNames(after string, limit int) ([]string, error) {
	return list(tx, scanOne[string], sqlJobNames, after, int64(limit))
}

// PutJob creates or replaces a job and returns the definition that holds it.
func (tx *Tx) PutJob(job *glue.Job) (int64, error) {
	body, err := toJSON(job, false)
	if err != nil {
		return 0, err
	}
	id, err := tx.PutDefinition(DefinitionJob, []byte(body))
	if err != nil {
		return 0, err
	}
	return id, tx.exec(sqlPutJob, job.Name, id)
}

// DeleteJob removes a job, its tags and its bookmark, if it is there. Its runs stay.
func (tx *Tx) DeleteJob(name string) error {
	if err := tx.exec(sqlDeleteJob, name); err != nil {
		return err
	}
	if err := tx.DeleteBookmark(name); err != nil {
		return err
	}
	return tx.deleteTags(tx.db.scope.ARN(kindJob, name))
}

// JobDefinition reads a job as it was when the definition was made, nil when
// there is none.
func (tx *Tx) JobDefinition(id int64) (*glue.Job, error) {
	body, err := tx.Definition(id)
	if err != nil || body == nil {
		return nil, err
	}
	job, err := fromJSON[glue.Job](string(body))
	if err != nil {
		return nil, fmt.Errorf("definition %d: %w", id, err)
	}
	return &job, nil
}

func scanJob(s scanner) (j JobRecord, err error) {
	var body string
	if err := s.Scan(&j.Definition, &body); err != nil {
		return j, err
	}
	j.Job, err = fromJSON[glue.Job](body)
	return j, err
}
