package store

const (
	sqlOrphan       = `SELECT id, is_table FROM catalog_orphans WHERE id > 0 ORDER BY id LIMIT 1`
	sqlPutOrphan    = `INSERT INTO catalog_orphans (id, is_table) VALUES ($1, $2)`
	sqlDeleteOrphan = `DELETE FROM catalog_orphans WHERE id = $1`

	sqlOrphanTables    = `SELECT id FROM catalog_tables WHERE database_id = $1 LIMIT $2`
	sqlClearFunctions  = `DELETE FROM catalog_functions WHERE database_id = $1`
	sqlClearPartitions = `DELETE FROM catalog_partitions WHERE table_id = $1
		AND key IN (SELECT key FROM catalog_partitions WHERE table_id = $1 LIMIT $2)`
	sqlClearVersions = `DELETE FROM catalog_versions WHERE table_id = $1
		AND version IN (SELECT version FROM catalog_versions WHERE table_id = $1 LIMIT $2)`
	sqlClearSchemas = `DELETE FROM catalog_schemas WHERE table_id = $1
		AND hash IN (SELECT hash FROM catalog_schemas WHERE table_id = $1 LIMIT $2)`
	sqlCountSchemas = `SELECT count(*) FROM (SELECT 1 FROM catalog_schemas WHERE table_id = $1 LIMIT $2) AS some`
)

// SweepCatalog clears away about so many rows of what was in deleted databases
// and tables; more says that some are left.
func (tx *Tx) SweepCatalog(rows int) (more bool, err error) {
	orphans, err := list(tx, scanOrphan, sqlOrphan)
	if err != nil || len(orphans) == 0 {
		return false, err
	}
	o := orphans[0]
	left := 0
	if o.isTable {
		left, err = tx.sweepTable(o.id, rows)
	} else {
		left, err = tx.sweepDatabase(o.id, rows)
	}
	if err != nil || left > 0 {
		return true, err
	}
	return true, tx.exec(sqlDeleteOrphan, o.id)
}

type orphan struct {
	id      int64
	isTable bool
}

func scanOrphan(s scanner) (o orphan, err error) {
	return o, s.Scan(&o.id, &o.isTable)
}

// sweepDatabase makes orphans of the tables of a database.
func (tx *Tx) sweepDatabase(id int64, rows int) (left int, err error) {
	tables, err := list(tx, scanOne[int64], sqlOrphanTables, id, int64(rows))
	if err != nil {
		return 0, err
	}
	for _, table := range tables {
		if err := tx.DeleteTable(table); err != nil {
			return 0, err
		}
	}
	if len(tables) == rows {
		return 1, nil
	}
	return 0, tx.exec(sqlClearFunctions, id)
}

func (tx *Tx) sweepTable(id int64, rows int) (left int, err error) {
	for _, kind := range []struct{ clear, count string }{
		{sqlClearPartitions, sqlCountPartitions},
		{sqlClearVersions, sqlCountTableVersions},
		{sqlClearSchemas, sqlCountSchemas},
	} {
		if err := tx.exec(kind.clear, id, int64(rows)); err != nil {
			return 0, err
		}
		n, _, err := value[int64](tx, kind.count, id, int64(1))
		if err != nil || n > 0 {
			return int(n), err
		}
	}
	return 0, tx.exec(sqlClearPartitionIndexes, id)
}
