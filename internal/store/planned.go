package store

import "github.com/reglue/reglue/internal/glue"

// PlannedState is where a planned resume stands.
type PlannedState string

// The states of a planned resume. All but PlannedPending are ends.
const (
	PlannedPending   PlannedState = "PENDING"
	PlannedDone      PlannedState = "DONE"      // the new run was started
	PlannedFailed    PlannedState = "FAILED"    // refused, or given up
	PlannedCancelled PlannedState = "CANCELLED" // somebody called it off
	PlannedSkipped   PlannedState = "SKIPPED"   // there was no need any more
)

// Planned is a resume that is to happen, or what became of it.
type Planned struct {
	ID string
	// Bulk is the bulk resume that it belongs to; empty for an automatic repair.
	Bulk          string
	Workflow, Run string
	// Origin is the run that the family of Run began with.
	Origin string
	// Request is what is asked for, as JSON.
	Request []byte
	// Due is when to start it, or to try again.
	Due   glue.Time
	State PlannedState
	// Tries counts how often it was put off.
	Tries int
	// NewRun is the run that it started, or the one that made it needless.
	NewRun string
	// Error says why it waits, or why it started nothing.
	Error          string
	By             string
	Created, Ended glue.Time
}

// BulkState is where a bulk resume stands.
type BulkState string

// The states of a bulk resume. It is BulkDone once none of its resumes is pending.
const (
	BulkRunning   BulkState = "RUNNING"
	BulkPaused    BulkState = "PAUSED"
	BulkDone      BulkState = "DONE"
	BulkCancelled BulkState = "CANCELLED"
)

// Bulk is many resumes that were asked for at once.
type Bulk struct {
	ID    string
	State BulkState
	// Pause is the least time between two starts, in milliseconds.
	Pause int64
	// Next is the earliest time of the next start.
	Next glue.Time
	By   string
	// Condition is what the runs were chosen by.
	Condition      string
	Created, Ended glue.Time
}

const (
	plannedColumns = `id, bulk, workflow, run, origin, request, due, state, tries, new_run, error, asked_by, created, ended`
	bulkColumns    = `id, state, pause, next_at, asked_by, condition, created, ended`

	sqlInsertPlanned = `INSERT INTO planned (` + plannedColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	sqlUpdatePlanned = `UPDATE planned SET due = $2, state = $3, tries = $4, new_run = $5, error = $6, ended = $7 WHERE id = $1`
	sqlPlanned       = `SELECT ` + plannedColumns + ` FROM planned WHERE id = $1`
	sqlPlannedOfBulk = `SELECT ` + plannedColumns + ` FROM planned WHERE bulk = $1 AND id > $2 ORDER BY id LIMIT $3`
	sqlPlannedOfRun  = `SELECT ` + plannedColumns + ` FROM planned WHERE run = $1 ORDER BY created, id`
	sqlRepairsOf     = `SELECT ` + plannedColumns + ` FROM planned WHERE origin = $1 AND bulk = '' ORDER BY created, id`
	sqlDuePlanned    = `SELECT ` + plannedColumns + ` FROM planned
		WHERE state = 'PENDING' AND bulk = $1 AND due <= $2 ORDER BY due, id LIMIT $3`
	sqlNextPlanned   = `SELECT due FROM planned WHERE state = 'PENDING' AND bulk = $1 ORDER BY due LIMIT 1`
	sqlPutOff        = `UPDATE planned SET due = $3 WHERE state = 'PENDING' AND bulk = $1 AND workflow = $2 AND due < $3`
	sqlCancelBulk    = `UPDATE planned SET state = 'CANCELLED', ended = $2 WHERE state = 'PENDING' AND bulk = $1`
	sqlCountPlanned  = `SELECT state, count(*) FROM planned WHERE bulk = $1 GROUP BY state`
	sqlRepairs       = `SELECT ` + plannedColumns + ` FROM planned WHERE bulk = '' ORDER BY created DESC, id LIMIT $1`
	sqlExpirePlanned = `DELETE FROM planned WHERE id IN (SELECT id FROM planned WHERE ended > 0 AND ended < $1 LIMIT $2)`
	sqlExpireBulks   = `DELETE FROM bulks WHERE created < $1 AND ended > 0
		AND NOT EXISTS (SELECT 1 FROM planned p WHERE p.bulk = bulks.id)`

	sqlInsertBulk   = `INSERT INTO bulks (` + bulkColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlUpdateBulk   = `UPDATE bulks SET state = $2, next_at = $3, ended = $4 WHERE id = $1`
	sqlBulk         = `SELECT ` + bulkColumns + ` FROM bulks WHERE id = $1`
	sqlBulks        = `SELECT ` + bulkColumns + ` FROM bulks ORDER BY created DESC, id LIMIT $1`
	sqlRunningBulks = `SELECT ` + bulkColumns + ` FROM bulks WHERE state = 'RUNNING' ORDER BY id`
)

// InsertPlanned adds a planned resume.
func (tx *Tx) InsertPlanned(p *Planned) error {
	return tx.exec(sqlInsertPlanned, p.ID, p.Bulk, p.Workflow, p.Run, p.Origin, string(p.Request), int64(p.Due),
		string(p.State), int64(p.Tries), p.NewRun, p.Error, p.By, int64(p.Created), int64(p.Ended))
}

// UpdatePlanned writes what changes in the life of a planned resume: due, state,
// tries, new run, error and end.
func (tx *Tx) UpdatePlanned(p *Planned) error {
	return tx.exec(sqlUpdatePlanned, p.ID, int64(p.Due), string(p.State), int64(p.Tries), p.NewRun, p.Error, int64(p.Ended))
}

// Planned reads a planned resume, nil when there is none.
func (tx *Tx) Planned(id string) (*Planned, error) { return one(tx, scanPlanned, sqlPlanned, id) }

// PlannedOfBulk are the resumes of a bulk after the one with the given id, in
// their order.
func (tx *Tx) PlannedOfBulk(bulk, after string, limit int) ([]Planned, error) {
	return list(tx, scanPlanned, sqlPlannedOfBulk, bulk, after, int64(limit))
}

// PlannedOfRun are the planned resumes of a run, whatever became of them, oldest
// first.
func (tx *Tx) PlannedOfRun(run string) ([]Planned, error) {
	return list(tx, scanPlanned, sqlPlannedOfRun, run)
}

// RepairsOf are the automatic repairs of the family that began with a run, oldest
// first.
func (tx *Tx) RepairsOf(origin string) ([]Planned, error) {
	return list(tx, scanPlanned, sqlRepairsOf, origin)
}

// Repairs are the newest automatic repairs, newest first.
func (tx *Tx) Repairs(limit int) ([]Planned, error) {
	return list(tx, scanPlanned, sqlRepairs, int64(limit))
}

// DuePlanned are the pending resumes of a bulk, or automatic repairs, that are
// due, the longest due first.
func (tx *Tx) DuePlanned(bulk string, now glue.Time, limit int) ([]Planned, error) {
	return list(tx, scanPlanned, sqlDuePlanned, bulk, int64(now), int64(limit))
}

// NextPlanned is when the next pending resume of a bulk, or automatic repair, is
// due; pending is false when there is none.
func (tx *Tx) NextPlanned(bulk string) (due glue.Time, pending bool, err error) {
	at, pending, err := value[int64](tx, sqlNextPlanned, bulk)
	return glue.Time(at), pending, err
}

// PutOffPlanned puts all pending resumes of a workflow in a bulk off until a time.
func (tx *Tx) PutOffPlanned(bulk, workflow string, until glue.Time) error {
	return tx.exec(sqlPutOff, bulk, workflow, int64(until))
}

// CancelPlanned calls off all pending resumes of a bulk.
func (tx *Tx) CancelPlanned(bulk string, now glue.Time) error {
	return tx.exec(sqlCancelBulk, bulk, int64(now))
}

// PlannedCounts counts the resumes of a bulk by state.
func (tx *Tx) PlannedCounts(bulk string) (map[PlannedState]int, error) {
	type count struct {
		state PlannedState
		n     int
	}
	counts, err := list(tx, func(s scanner) (c count, err error) {
		return c, s.Scan((*string)(&c.state), &c.n)
	}, sqlCountPlanned, bulk)
	out := make(map[PlannedState]int, len(counts))
	for _, c := range counts {
		out[c.state] = c.n
	}
	return out, err
}

// InsertBulk adds a bulk resume.
func (tx *Tx) InsertBulk(b *Bulk) error {
	return tx.exec(sqlInsertBulk, b.ID, string(b.State), b.Pause, int64(b.Next), b.By, b.Condition, int64(b.Created), int64(b.Ended))
}

// UpdateBulk writes a bulk's state, next start and end.
func (tx *Tx) UpdateBulk(b *Bulk) error {
	return tx.exec(sqlUpdateBulk, b.ID, string(b.State), int64(b.Next), int64(b.Ended))
}

// Bulk reads a bulk resume, nil when there is none.
func (tx *Tx) Bulk(id string) (*Bulk, error) { return one(tx, scanBulk, sqlBulk, id) }

// Bulks are the newest bulk resumes, newest first.
func (tx *Tx) Bulks(limit int) ([]Bulk, error) { return list(tx, scanBulk, sqlBulks, int64(limit)) }

// RunningBulks are the bulk resumes that go on.
func (tx *Tx) RunningBulks() ([]Bulk, error) { return list(tx, scanBulk, sqlRunningBulks) }

// ExpirePlanned removes what ended before a time, at most limit planned resumes,
// and the bulks that have none left.
func (tx *Tx) ExpirePlanned(before glue.Time, limit int) error {
	if err := tx.exec(sqlExpirePlanned, int64(before), int64(limit)); err != nil {
		return err
	}
	return tx.exec(sqlExpireBulks, int64(before))
}

// Tag is the value of one tag of a resource, empty when it has none.
func (tx *Tx) Tag(arn, name string) (string, error) {
	v, _, err := value[string](tx, sqlTag, arn, name)
	return v, err
}

func scanPlanned(s scanner) (p Planned, err error) {
	return p, s.Scan(&p.ID, &p.Bulk, &p.Workflow, &p.Run, &p.Origin, &p.Request, (*int64)(&p.Due), (*string)(&p.State),
		&p.Tries, &p.NewRun, &p.Error, &p.By, (*int64)(&p.Created), (*int64)(&p.Ended))
}

func scanBulk(s scanner) (b Bulk, err error) {
	return b, s.Scan(&b.ID, (*string)(&b.State), &b.Pause, (*int64)(&b.Next), &b.By, &b.Condition,
		(*int64)(&b.Created), (*int64)(&b.Ended))
}
