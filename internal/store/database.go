package store

import "github.com/reglue/reglue/internal/glue"

// DatabaseRecord is a database of the Data Catalog as kept. Its id is never given
// to another one.
type DatabaseRecord struct {
	ID       int64
	Database glue.Database
}

const (
	sqlDatabase  = `SELECT id, body FROM catalog_databases WHERE name = $1`
	sqlDatabases = `SELECT id, body FROM catalog_databases WHERE name > $1 ORDER BY name LIMIT $2`

	sqlDatabaseNames = `SELECT name FROM catalog_databases WHERE name > $1 ORDER BY name LIMIT $2`
	sqlPutDatabase   = `INSERT INTO catalog_databases (name, id, body) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET body = excluded.body`
	sqlDeleteDatabase = `DELETE FROM catalog_databases WHERE name = $1`
)

const kindDatabase = "database"

// Database reads a database, nil when there is none.
func (tx *Tx) Database(name string) (*DatabaseRecord, error) {
	return one(tx, scanDatabase, sqlDatabase, name)
}

// Databases are the databases after the given name, in byte order of their names.
func (tx *Tx) Databases(after string, limit int) ([]DatabaseRecord, error) {
	return list(tx, scanDatabase, sqlDatabases, after, int64(limit))
}

// DatabaseNames are the names of what Databases returns.
func (tx *Tx) DatabaseNames(after string, limit int) ([]string, error) {
	return list(tx, scanOne[string], sqlDatabaseNames, after, int64(limit))
}

// PutDatabase creates a database, which gives it its id, or replaces it.
func (tx *Tx) PutDatabase(d *DatabaseRecord) error {
	if !tx.write {
		return errReadOnly
	}
	if d.ID == 0 {
		d.ID = tx.db.seqs.next(seqCatalog)
	}
	body, err := toJSON(d.Database, false)
	if err != nil {
		return err
	}
	return tx.exec(sqlPutDatabase, d.Database.Name, d.ID, body)
}

// DeleteDatabase removes a database and its tags. What was in it is out of reach
// at once, and SweepCatalog clears it away.
func (tx *Tx) DeleteDatabase(d *DatabaseRecord) error {
	if err := tx.exec(sqlDeleteDatabase, d.Database.Name); err != nil {
		return err
	}
	if err := tx.exec(sqlPutOrphan, d.ID, bit(false)); err != nil {
		return err
	}
	return tx.deleteTags(tx.db.scope.ARN(kindDatabase, d.Database.Name))
}

func scanDatabase(s scanner) (d DatabaseRecord, err error) {
	var body string
	if err := s.Scan(&d.ID, &body); err != nil {
		return d, err
	}
	d.Database, err = fromJSON[glue.Database](body)
	return d, err
}
