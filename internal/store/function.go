package store

import "github.com/reglue/reglue/internal/glue"

const (
	sqlFunction  = `SELECT body FROM catalog_functions WHERE database_id = $1 AND name = $2`
	sqlFunctions = `SELECT body FROM catalog_functions
		WHERE database_id = $1 AND name > $2 ORDER BY name LIMIT $3`
	sqlPutFunction = `INSERT INTO catalog_functions (database_id, name, body) VALUES ($1, $2, $3)
		ON CONFLICT (database_id, name) DO UPDATE SET body = excluded.body`
	sqlDeleteFunction = `DELETE FROM catalog_functions WHERE database_id = $1 AND name = $2`
	sqlCountFunctions = `SELECT count(*) FROM (SELECT 1 FROM catalog_functions WHERE database_id = $1 LIMIT $2) AS some`

	sqlPartitionIndexes      = `SELECT body FROM catalog_indexes WHERE table_id = $1 ORDER BY name`
	sqlPutPartitionIndex     = `INSERT INTO catalog_indexes (table_id, name, body) VALUES ($1, $2, $3)`
	sqlDeletePartitionIndex  = `DELETE FROM catalog_indexes WHERE table_id = $1 AND name = $2`
	sqlClearPartitionIndexes = `DELETE FROM catalog_indexes WHERE table_id = $1`
)

// Function reads a user-defined function of a database, nil when there is none.
func (tx *Tx) Function(database int64, name string) (*glue.UserDefinedFunction, error) {
	return one(tx, scanFunction, sqlFunction, database, name)
}

// Functions are the functions of a database after the given name, in byte order
// of their names.
func (tx *Tx) Functions(database int64, after string, limit int) ([]glue.UserDefinedFunction, error) {
	return list(tx, scanFunction, sqlFunctions, database, after, int64(limit))
}

// CountFunctions counts the functions of a database, no further than limit.
func (tx *Tx) CountFunctions(database int64, limit int) (int, error) {
	n, _, err := value[int64](tx, sqlCountFunctions, database, int64(limit))
	return int(n), err
}

// PutFunction creates or replaces a function.
func (tx *Tx) PutFunction(database int64, f *glue.UserDefinedFunction) error {
	body, err := toJSON(f, false)
	if err != nil {
		return err
	}
	return tx.exec(sqlPutFunction, database, f.FunctionName, body)
}

// DeleteFunction removes a function, if it is there.
func (tx *Tx) DeleteFunction(database int64, name string) error {
	return tx.exec(sqlDeleteFunction, database, name)
}

func scanFunction(s scanner) (f glue.UserDefinedFunction, err error) {
	var body string
	if err := s.Scan(&body); err != nil {
		return f, err
	}
	return fromJSON[glue.UserDefinedFunction](body)
}

// PartitionIndexes are the partition indexes of a table, in byte order of their
// names.
func (tx *Tx) PartitionIndexes(table int64) ([]glue.PartitionIndex, error) {
	return list(tx, scanPartitionIndex, sqlPartitionIndexes, table)
}

// PutPartitionIndex creates a partition index.
func (tx *Tx) PutPartitionIndex(table int64, index *glue.PartitionIndex) error {
	body, err := toJSON(index, false)
	if err != nil {
		return err
	}
	return tx.exec(sqlPutPartitionIndex, table, index.IndexName, body)
}

// DeletePartitionIndex removes a partition index, if it is there.
func (tx *Tx) DeletePartitionIndex(table int64, name string) error {
	return tx.exec(sqlDeletePartitionIndex, table, name)
}

func scanPartitionIndex(s scanner) (i glue.PartitionIndex, err error) {
	var body string
	if err := s.Scan(&body); err != nil {
		return i, err
	}
	return fromJSON[glue.PartitionIndex](body)
}
