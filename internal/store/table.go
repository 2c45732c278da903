package store

import "github.com/reglue/reglue/internal/glue"

// TableRecord is a table of the Data Catalog as kept, in one version.
type TableRecord struct {
	ID int64
	// Database is the id of its database.
	Database int64
	Version  int64
	Table    glue.Table
}

const (
	tableColumns = `id, database_id, version, body`

	sqlTable  = `SELECT ` + tableColumns + ` FROM catalog_tables WHERE database_id = $1 AND name = $2`
	sqlTables = `SELECT ` + tableColumns + ` FROM catalog_tables
		WHERE database_id = $1 AND name > $2 ORDER BY name LIMIT $3`
	sqlTableNames  = `SELECT name FROM catalog_tables WHERE database_id = $1 AND name > $2 ORDER BY name LIMIT $3`
	sqlInsertTable = `INSERT INTO catalog_tables (id, database_id, name, version, body) VALUES ($1, $2, $3, $4, $5)`
	sqlUpdateTable = `UPDATE catalog_tables SET name = $2, version = $3, body = $4 WHERE id = $1`
	sqlDeleteTable = `DELETE FROM catalog_tables WHERE id = $1`
	sqlCountTables = `SELECT count(*) FROM (SELECT 1 FROM catalog_tables WHERE database_id = $1 LIMIT $2) AS some`

	sqlTableVersion  = `SELECT table_id, 0, version, body FROM catalog_versions WHERE table_id = $1 AND version = $2`
	sqlTableVersions = `SELECT table_id, 0, version, body FROM catalog_versions
		WHERE table_id = $1 AND version < $2 ORDER BY version DESC LIMIT $3`
	sqlPutTableVersion    = `INSERT INTO catalog_versions (table_id, version, body) VALUES ($1, $2, $3)`
	sqlDeleteTableVersion = `DELETE FROM catalog_versions WHERE table_id = $1 AND version = $2`
	sqlCountTableVersions = `SELECT count(*) FROM (SELECT 1 FROM catalog_versions WHERE table_id = $1 LIMIT $2) AS some`
)

// Table reads a table of a database, nil when there is none.
func (tx *Tx) Table(database int64, name string) (*TableRecord, error) {
	return one(tx, scanTable, sqlTable, database, name)
}

// Tables are the tables of a database after the given name, in byte order of
// their names.
func (tx *Tx) Tables(database int64, after string, limit int) ([]TableRecord, error) {
	return list(tx, scanTable, sqlTables, database, after, int64(limit))
}

// TableNames are the names of what Tables returns.
func (tx *Tx) TableNames(database int64, after string, limit int) ([]string, error) {
	return list(tx, scanOne[string], sqlTableNames, database, after, int64(limit))
}

// CountTables counts the tables of a database, no further than limit.
func (tx *Tx) CountTables(database int64, limit int) (int, error) {
	n, _, err := value[int64](tx, sqlCountTables, database, int64(limit))
	return int(n), err
}

// PutTable creates a table, which gives it its id, or replaces its present
// version, its name included.
func (tx *Tx) PutTable(t *TableRecord) error {
	if !tx.write {
		return errReadOnly
	}
	body, err := toJSON(t.Table, false)
	if err != nil {
		return err
	}
	if t.ID != 0 {
		return tx.exec(sqlUpdateTable, t.ID, t.Table.Name, t.Version, body)
	}
	t.ID = tx.db.seqs.next(seqCatalog)
	return tx.exec(sqlInsertTable, t.ID, t.Database, t.Table.Name, t.Version, body)
}

// DeleteTable removes a table. Its versions and partitions are out of reach at
// once, and SweepCatalog clears them away.
func (tx *Tx) DeleteTable(id int64) error {
	if err := tx.exec(sqlDeleteTable, id); err != nil {
		return err
	}
	return tx.exec(sqlPutOrphan, id, bit(true))
}

// ArchiveTable keeps a version of a table beside the one that will replace it.
func (tx *Tx) ArchiveTable(t *TableRecord) error {
	body, err := toJSON(t.Table, false)
	if err != nil {
		return err
	}
	return tx.exec(sqlPutTableVersion, t.ID, t.Version, body)
}

// TableVersion reads an archived version, nil when there is none.
func (tx *Tx) TableVersion(table, version int64) (*TableRecord, error) {
	return one(tx, scanTable, sqlTableVersion, table, version)
}

// TableVersions are the archived versions before the given one, newest first.
func (tx *Tx) TableVersions(table, before int64, limit int) ([]TableRecord, error) {
	return list(tx, scanTable, sqlTableVersions, table, before, int64(limit))
}

// DeleteTableVersion removes an archived version.
func (tx *Tx) DeleteTableVersion(table, version int64) error {
	return tx.exec(sqlDeleteTableVersion, table, version)
}

// CountTableVersions counts the archived versions, no further than limit.
func (tx *Tx) CountTableVersions(table int64, limit int) (int, error) {
	n, _, err := value[int64](tx, sqlCountTableVersions, table, int64(limit))
	return int(n), err
}

func scanTable(s scanner) (t TableRecord, err error) {
	var body string
	if err := s.Scan(&t.ID, &t.Database, &t.Version, &body); err != nil {
		return t, err
	}
	t.Table, err = fromJSON[glue.Table](body)
	return t, err
}
