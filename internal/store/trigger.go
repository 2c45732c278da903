package store

import "github.com/reglue/reglue/internal/glue"

const (
	sqlTrigger          = `SELECT body FROM triggers WHERE name = $1`
	sqlTriggerSeq       = `SELECT seq FROM triggers WHERE name = $1`
	sqlInsertTrigger    = `INSERT INTO triggers (name, seq, workflow, starts, body) VALUES ($1, $2, $3, $4, $5)`
	sqlUpdateTrigger    = `UPDATE triggers SET workflow = $2, starts = $3, body = $4 WHERE name = $1`
	sqlDeleteTrigger    = `DELETE FROM triggers WHERE name = $1`
	sqlWorkflowTriggers = `SELECT body FROM triggers WHERE workflow = $1 ORDER BY seq`
	sqlTriggers         = `SELECT body FROM triggers WHERE name > $1 ORDER BY name LIMIT $2`
	sqlTriggerNames     = `SELECT name FROM triggers WHERE name > $1 ORDER BY name LIMIT $2`
	sqlJobTriggers      = `SELECT t.body FROM trigger_jobs j JOIN triggers t ON t.name = j.trigger_name
		WHERE j.job = $3 AND j.trigger_name > $1 ORDER BY j.trigger_name LIMIT $2`
	sqlJobTriggerNames = `SELECT trigger_name FROM trigger_jobs
		WHERE job = $3 AND trigger_name > $1 ORDER BY trigger_name LIMIT $2`
	sqlStartTrigger      = `SELECT name FROM triggers WHERE workflow = $1 AND starts = 1 LIMIT 1`
	sqlTriggerCount      = `SELECT value FROM sequences WHERE name = 'trigger_count'`
	sqlInsertTriggerJob  = `INSERT INTO trigger_jobs (job, trigger_name) VALUES ($1, $2)`
	sqlDeleteTriggerJobs = `DELETE FROM trigger_jobs WHERE trigger_name = $1`
)

// Trigger reads a trigger, nil when there is none.
func (tx *Tx) Trigger(name string) (*glue.Trigger, error) {
	return one(tx, scanTrigger, sqlTrigger, name)
}

// PutTrigger creates or replaces a trigger. A replaced one keeps its place in
// the order of creation.
func (tx *Tx) PutTrigger(t *glue.Trigger) error {
	body, err := toJSON(t, false)
	if err != nil {
		return err
	}
	_, known, err := value[int64](tx, sqlTriggerSeq, t.Name)
	if err != nil {
		return err
	}
	starts := bit(t.WorkflowName != "" && t.Type != glue.TriggerTypeConditional)
	if known {
		err = tx.exec(sqlUpdateTrigger, t.Name, t.WorkflowName, starts, body)
	} else {
		err = tx.insertTrigger(t, starts, body)
	}
	if err != nil {
		return err
	}
	return tx.putTriggerJobs(t, known)
}

func (tx *Tx) insertTrigger(t *glue.Trigger, starts int64, body string) error {
	if err := tx.exec(sqlInsertTrigger, t.Name, tx.db.seqs.next(seqTrigger), t.WorkflowName, starts, body); err != nil {
		return err
	}
	return tx.exec(sqlAddSequence, seqTriggerCount, int64(1))
}

// putTriggerJobs notes which jobs the trigger starts.
func (tx *Tx) putTriggerJobs(t *glue.Trigger, known bool) error {
	if known {
		if err := tx.exec(sqlDeleteTriggerJobs, t.Name); err != nil {
			return err
		}
	}
	seen := make(map[string]bool, len(t.Actions))
	for i := range t.Actions {
		job := t.Actions[i].JobName
		if job == "" || seen[job] {
			continue
		}
		seen[job] = true
		if err := tx.exec(sqlInsertTriggerJob, job, t.Name); err != nil {
			return err
		}
	}
	return nil
}

// DeleteTrigger removes a trigger and its tags, if it is there.
func (tx *Tx) DeleteTrigger(name string) error {
	_, known, err := value[int64](tx, sqlTriggerSeq, name)
	if err != nil || !known {
		return err
	}
	if err := tx.exec(sqlDeleteTrigger, name); err != nil {
		return err
	}
	if err := tx.exec(sqlAddSequence, seqTriggerCount, int64(-1)); err != nil {
		return err
	}
	return tx.deleteTags(tx.db.scope.ARN(kindTrigger, name))
}

// WorkflowTriggers are a workflow's triggers in the order of their creation.
func (tx *Tx) WorkflowTriggers(workflow string) ([]glue.Trigger, error) {
	return list(tx, scanTrigger, sqlWorkflowTriggers, workflow)
}

// Triggers are the triggers after the given name, in byte order of their names;
// if a job is given, only those whose actions start it.
func (tx *Tx) Triggers(after string, limit int, job string) ([]glue.Trigger, error) {
	if job != "" {
		return list(tx, scanTrigger, sqlJobTriggers, after, int64(limit), job)
	}
	return list(tx, scanTrigger, sqlTriggers, after, int64(limit))
}

// TriggerNames are the names of what Triggers returns.
func (tx *Tx) TriggerNames(after string, limit int, job string) ([]string, error) {
	if job != "" {
		return list(tx, scanOne[string], sqlJobTriggerNames, after, int64(limit), job)
	}
	return list(tx, scanOne[string], sqlTriggerNames, after, int64(limit))
}

// StartTriggerOf names the trigger that starts the workflow, empty when it has
// none.
func (tx *Tx) StartTriggerOf(workflow string) (string, error) {
	name, _, err := value[string](tx, sqlStartTrigger, workflow)
	return name, err
}

// TriggerCount is the number of all triggers.
func (tx *Tx) TriggerCount() (int, error) {
	n, _, err := value[int64](tx, sqlTriggerCount)
	return int(n), err
}

func scanTrigger(s scanner) (glue.Trigger, error) {
	body, err := scanOne[string](s)
	if err != nil {
		return glue.Trigger{}, err
	}
	return fromJSON[glue.Trigger](body)
}
