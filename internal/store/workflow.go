package store

import (
	"database/sql"

	"github.com/reglue/reglue/internal/glue"
)

// WorkflowRecord is a workflow as kept.
type WorkflowRecord struct {
	Name        string
	Description string
	// Properties are the DefaultRunProperties; nil and empty stay apart.
	Properties        map[string]string
	MaxConcurrentRuns *int32
	Created           glue.Time
	Modified          glue.Time
	// Definition is the snapshot of its triggers as they are now, 0 when it
	// must be made anew.
	Definition int64
}

const (
	workflowColumns = `name, description, properties, max_concurrent_runs, created, modified, definition`

	sqlWorkflow      = `SELECT ` + workflowColumns + ` FROM workflows WHERE name = $1`
	sqlWorkflowNames = `SELECT name FROM workflows WHERE name > $1 ORDER BY name LIMIT $2`
	sqlPutWorkflow   = `INSERT INTO workflows (` + workflowColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (name) DO UPDATE SET description = excluded.description, properties = excluded.properties,
			max_concurrent_runs = excluded.max_concurrent_runs, created = excluded.created,
			modified = excluded.modified, definition = excluded.definition`
	sqlTouchWorkflow          = `UPDATE workflows SET modified = $2, definition = 0 WHERE name = $1`
	sqlDeleteWorkflow         = `DELETE FROM workflows WHERE name = $1`
	sqlDeleteWorkflowTriggers = `DELETE FROM triggers WHERE workflow = $1`
	sqlHideWorkflowRuns       = `UPDATE runs SET hidden = 1 WHERE workflow = $1 AND hidden = 0`
	sqlCountWorkflowTriggers  = `SELECT count(*) FROM triggers WHERE workflow = $1`
	sqlDeleteTriggerTags      = `DELETE FROM tags WHERE arn IN (SELECT $2 || name FROM triggers WHERE workflow = $1)`
)

// Kinds of resources in an ARN.
const (
	kindWorkflow = "workflow"
	kindTrigger  = "trigger"
	kindJob      = "job"
)

// Workflow reads a workflow, nil when there is none.
func (tx *Tx) Workflow(name string) (*WorkflowRecord, error) {
	return one(tx, scanWorkflow, sqlWorkflow, name)
}

// WorkflowNames are the names after the given one, in byte order.
func (tx *Tx) WorkflowNames(after string, limit int) ([]string, error) {
	return list(tx, scanOne[string], sqlWorkflowNames, after, int64(limit))
}

// PutWorkflow creates or replaces a workflow.
func (tx *Tx) PutWorkflow(w *WorkflowRecord) error {
	properties, err := mapJSON(w.Properties)
	if err != nil {
		return err
	}
	var most sql.NullInt64
	if w.MaxConcurrentRuns != nil {
		most = sql.NullInt64{Int64: int64(*w.MaxConcurrentRuns), Valid: true}
	}
	return tx.exec(sqlPutWorkflow, w.Name, w.Description, properties, most,
		int64(w.Created), int64(w.Modified), w.Definition)
}

// TouchWorkflow says that the workflow's triggers changed.
func (tx *Tx) TouchWorkflow(name string, at glue.Time) error {
	return tx.exec(sqlTouchWorkflow, name, int64(at))
}

// DeleteWorkflow removes a workflow with its triggers and tags and hides its
// runs. Job runs stay readable under their job until Expire.
func (tx *Tx) DeleteWorkflow(name string) error {
	triggers, _, err := value[int64](tx, sqlCountWorkflowTriggers, name)
	if err != nil {
		return err
	}
	if err := tx.exec(sqlDeleteTriggerTags, name, tx.db.scope.ARN(kindTrigger, "")); err != nil {
		return err
	}
	if err := tx.exec(sqlDeleteWorkflowTriggers, name); err != nil {
		return err
	}
	if err := tx.exec(sqlAddSequence, seqTriggerCount, -triggers); err != nil {
		return err
	}
	if err := tx.exec(sqlHideWorkflowRuns, name); err != nil {
		return err
	}
	if err := tx.deleteTags(tx.db.scope.ARN(kindWorkflow, name)); err != nil {
		return err
	}
	return tx.exec(sqlDeleteWorkflow, name)
}

func scanWorkflow(s scanner) (w WorkflowRecord, err error) {
	var properties string
	var most sql.NullInt64
	err = s.Scan(&w.Name, &w.Description, &properties, &most,
		(*int64)(&w.Created), (*int64)(&w.Modified), &w.Definition)
	if err != nil {
		return w, err
	}
	if most.Valid {
		n := int32(most.Int64)
		w.MaxConcurrentRuns = &n
	}
	w.Properties, err = fromJSON[map[string]string](properties)
	return w, err
}
