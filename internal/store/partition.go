package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/reglue/reglue/internal/glue"
)

const (
	sqlPartition  = `SELECT key, schema_id, body FROM catalog_partitions WHERE table_id = $1 AND key = $2`
	sqlPartitions = `SELECT key, schema_id, body FROM catalog_partitions
		WHERE table_id = $1 AND key >= $2 ORDER BY key LIMIT $3`
	sqlPartitionKeys   = `SELECT key FROM catalog_partitions WHERE table_id = $1 AND key >= $2 ORDER BY key LIMIT $3`
	sqlPartitionKeysIn = `SELECT key FROM catalog_partitions
		WHERE table_id = $1 AND key >= $2 AND key < $3 ORDER BY key LIMIT $4`
	sqlPutPartition = `INSERT INTO catalog_partitions (table_id, key, schema_id, body) VALUES ($1, $2, $3, $4)
		ON CONFLICT (table_id, key) DO UPDATE SET schema_id = excluded.schema_id, body = excluded.body`
	sqlDeletePartition = `DELETE FROM catalog_partitions WHERE table_id = $1 AND key = $2`
	sqlCountPartitions = `SELECT count(*) FROM (SELECT 1 FROM catalog_partitions WHERE table_id = $1 LIMIT $2) AS some`

	sqlSchema       = `SELECT body FROM catalog_schemas WHERE id = $1`
	sqlSchemaByHash = `SELECT id FROM catalog_schemas WHERE table_id = $1 AND hash = $2`
	sqlInsertSchema = `INSERT INTO catalog_schemas (id, table_id, hash, body) VALUES ($1, $2, $3, $4)`
	sqlUnusedSchema = `DELETE FROM catalog_schemas WHERE id = $1
		AND NOT EXISTS (SELECT 1 FROM catalog_partitions WHERE schema_id = $1)`
)

// PartitionRecord is a partition as kept. The key sorts as the partition's values
// do; the values themselves are not kept beside it.
type PartitionRecord struct {
	Key       string
	Partition glue.Partition

	schema int64
}

// Partitions are the partitions of one table, for the time of a transaction.
type Partitions struct {
	tx    *Tx
	table int64
	// Columns and formats repeat from partition to partition; they are read and
	// looked up once each.
	schemas map[int64]*glue.StorageDescriptor
	ids     map[string]int64
}

// Partitions are the partitions of a table.
func (tx *Tx) Partitions(table int64) *Partitions {
	return &Partitions{tx: tx, table: table, schemas: map[int64]*glue.StorageDescriptor{}, ids: map[string]int64{}}
}

// Get reads a partition, nil when there is none.
func (p *Partitions) Get(key string) (*PartitionRecord, error) {
	rec, err := one(p.tx, scanPartition, sqlPartition, p.table, key)
	if err != nil || rec == nil {
		return nil, err
	}
	return rec, p.complete(rec)
}

// From are the partitions from a key on, in the order of their keys.
func (p *Partitions) From(key string, limit int) ([]PartitionRecord, error) {
	all, err := list(p.tx, scanPartition, sqlPartitions, p.table, key, int64(limit))
	for i := range all {
		if err := p.complete(&all[i]); err != nil {
			return nil, err
		}
	}
	return all, err
}

// Keys are the keys from one on and before another, in order. An empty before
// means no end.
func (p *Partitions) Keys(from, before string, limit int) ([]string, error) {
	if before == "" {
		return list(p.tx, scanOne[string], sqlPartitionKeys, p.table, from, int64(limit))
	}
	return list(p.tx, scanOne[string], sqlPartitionKeysIn, p.table, from, before, int64(limit))
}

// Count counts the partitions, no further than limit.
func (p *Partitions) Count(limit int) (int, error) {
	n, _, err := value[int64](p.tx, sqlCountPartitions, p.table, int64(limit))
	return int(n), err
}

// Put creates a partition, or replaces one that was read.
func (p *Partitions) Put(rec *PartitionRecord) error {
	before := rec.schema
	own := rec.Partition
	own.Values, own.StorageDescriptor = nil, nil
	rec.schema = 0
	if sd := rec.Partition.StorageDescriptor; sd != nil {
		shared := *sd
		own.StorageDescriptor = &glue.StorageDescriptor{}
		divide(&shared, own.StorageDescriptor)
		var err error
		if rec.schema, err = p.schema(&shared); err != nil {
			return err
		}
	}
	body, err := toJSON(own, false)
	if err != nil {
		return err
	}
	if err := p.tx.exec(sqlPutPartition, p.table, rec.Key, rec.schema, body); err != nil {
		return err
	}
	return p.unused(before, rec.schema)
}

// Delete removes a partition that was read.
func (p *Partitions) Delete(rec *PartitionRecord) error {
	if err := p.tx.exec(sqlDeletePartition, p.table, rec.Key); err != nil {
		return err
	}
	return p.unused(rec.schema, 0)
}

// divide moves what differs between the partitions of a table.
func divide(shared, own *glue.StorageDescriptor) {
	own.Location, shared.Location = shared.Location, ""
	own.AdditionalLocations, shared.AdditionalLocations = shared.AdditionalLocations, nil
	own.Parameters, shared.Parameters = shared.Parameters, nil
	own.SkewedInfo, shared.SkewedInfo = shared.SkewedInfo, nil
}

// complete puts together what divide took apart.
func (p *Partitions) complete(rec *PartitionRecord) error {
	if rec.schema == 0 {
		return nil
	}
	shared, ok := p.schemas[rec.schema]
	if !ok {
		body, found, err := value[string](p.tx, sqlSchema, rec.schema)
		if err == nil && !found {
			err = fmt.Errorf("table %d has no schema %d", p.table, rec.schema)
		}
		if err != nil {
			return err
		}
		sd, err := fromJSON[glue.StorageDescriptor](body)
		if err != nil {
			return err
		}
		shared = &sd
		p.schemas[rec.schema] = shared
	}
	whole := *shared
	if own := rec.Partition.StorageDescriptor; own != nil {
		divide(own, &whole)
	}
	rec.Partition.StorageDescriptor = &whole
	return nil
}

// schema keeps what partitions share, once.
func (p *Partitions) schema(shared *glue.StorageDescriptor) (int64, error) {
	body, err := toJSON(shared, false)
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	if id, ok := p.ids[hash]; ok {
		return id, nil
	}
	id, known, err := value[int64](p.tx, sqlSchemaByHash, p.table, hash)
	if err != nil {
		return 0, err
	}
	if !known {
		if !p.tx.write {
			return 0, errReadOnly
		}
		id = p.tx.db.seqs.next(seqCatalog)
		if err := p.tx.exec(sqlInsertSchema, id, p.table, hash, body); err != nil {
			return 0, err
		}
	}
	p.ids[hash] = id
	return id, nil
}

// unused removes a schema that no partition uses any more.
func (p *Partitions) unused(before, now int64) error {
	if before == 0 || before == now {
		return nil
	}
	clear(p.ids)
	return p.tx.exec(sqlUnusedSchema, before)
}

func scanPartition(s scanner) (rec PartitionRecord, err error) {
	var body string
	if err := s.Scan(&rec.Key, &rec.schema, &body); err != nil {
		return rec, err
	}
	rec.Partition, err = fromJSON[glue.Partition](body)
	return rec, err
}
