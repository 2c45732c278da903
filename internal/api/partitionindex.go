package api

import (
	"context"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// checkIndex holds an index against the keys of its table and the indexes that
// there are.
func checkIndex(t *store.TableRecord, have []glue.PartitionIndex, index *glue.PartitionIndex) error {
	if len(have) >= maxPartitionIndexes {
		return glue.Errorf(glue.LimitExceeded, "Partition index limit exceeded. Maximum: %d", maxPartitionIndexes)
	}
	for i := range have {
		switch {
		case have[i].IndexName == index.IndexName:
			return glue.Errorf(glue.AlreadyExists, "Partition Index %s already exists with the same name.", index.IndexName)
		case slices.EqualFunc(have[i].Keys, index.Keys, strings.EqualFold):
			return glue.Errorf(glue.AlreadyExists, "Partition Index %s already exists with the same keys.", have[i].IndexName)
		}
	}
	for i, name := range index.Keys {
		if keyOf(t, name) == nil {
			return invalid("IndexKeys not a part of PartitionColumns. Verify the indexKeys : [%s]", name)
		}
		if slices.ContainsFunc(index.Keys[:i], func(other string) bool { return strings.EqualFold(other, name) }) {
			return invalid("Partition index %s has the key %s twice", index.IndexName, name)
		}
	}
	return nil
}

func keyOf(t *store.TableRecord, name string) *glue.Column {
	for i := range t.Table.PartitionKeys {
		if strings.EqualFold(t.Table.PartitionKeys[i].Name, name) {
			return &t.Table.PartitionKeys[i]
		}
	}
	return nil
}

// putIndexes creates indexes of a table that has none yet.
func putIndexes(tx *store.Tx, t *store.TableRecord, indexes []glue.PartitionIndex) error {
	for i := range indexes {
		if err := checkIndex(t, indexes[:i], &indexes[i]); err != nil {
			return err
		}
		if err := tx.PutPartitionIndex(t.ID, &indexes[i]); err != nil {
			return err
		}
	}
	return nil
}

// openIndexes reads a table that can be worked on, with its partition indexes.
func openIndexes(tx *store.Tx, database, name string) (*store.TableRecord, []glue.PartitionIndex, error) {
	t, err := openTable(tx, database, name)
	if err != nil {
		return nil, nil, err
	}
	have, err := tx.PartitionIndexes(t.ID)
	return t, have, err
}

func (a *API) createPartitionIndex(
	ctx context.Context, r *glue.CreatePartitionIndexRequest,
) (*glue.CreatePartitionIndexResponse, error) {
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		t, have, err := openIndexes(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		if err := checkIndex(t, have, r.PartitionIndex); err != nil {
			return err
		}
		return tx.PutPartitionIndex(t.ID, r.PartitionIndex)
	})
	return &glue.CreatePartitionIndexResponse{}, err
}

func (a *API) deletePartitionIndex(
	ctx context.Context, r *glue.DeletePartitionIndexRequest,
) (*glue.DeletePartitionIndexResponse, error) {
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		t, have, err := openIndexes(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(have, func(i glue.PartitionIndex) bool { return i.IndexName == r.IndexName }) {
			return glue.Errorf(glue.EntityNotFound, "Partition index %s not found.", r.IndexName)
		}
		return tx.DeletePartitionIndex(t.ID, r.IndexName)
	})
	return &glue.DeletePartitionIndexResponse{}, err
}

// getPartitionIndexes tells them active: partitions are found by their sorted keys
// from the start, so there is nothing to fill. A table has few, which are one page.
func (a *API) getPartitionIndexes(
	ctx context.Context, r *glue.GetPartitionIndexesRequest,
) (*glue.GetPartitionIndexesResponse, error) {
	if _, err := newPage("GetPartitionIndexes", r.NextToken, nil, defaultPage, r.DatabaseName, r.TableName); err != nil {
		return nil, err
	}
	out := &glue.GetPartitionIndexesResponse{PartitionIndexDescriptorList: []glue.PartitionIndexDescriptor{}}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		t, have, err := openIndexes(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		for _, index := range have {
			d := glue.PartitionIndexDescriptor{IndexName: index.IndexName, IndexStatus: glue.PartitionIndexStatusActive}
			for _, name := range index.Keys {
				key := glue.KeySchemaElement{Name: name}
				if column := keyOf(t, name); column != nil {
					key.Type = column.Type
				}
				d.Keys = append(d.Keys, key)
			}
			out.PartitionIndexDescriptorList = append(out.PartitionIndexDescriptorList, d)
		}
		return nil
	})
	return out, err
}
