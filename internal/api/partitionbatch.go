package api

import (
	"context"
	"errors"

	"github.com/reglue/reglue/internal/catalog"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// itemFailed tells an error that the caller is meant to see of one item of a batch
// from one that ends the batch.
func itemFailed(err error) (*glue.ErrorDetail, error) {
	var meant *glue.Error
	if !errors.As(err, &meant) || meant.Kind == glue.Internal {
		return nil, err
	}
	return &glue.ErrorDetail{ErrorCode: string(meant.Kind), ErrorMessage: meant.Message}, nil
}

func (a *API) batchCreatePartition(
	ctx context.Context, r *glue.BatchCreatePartitionRequest,
) (*glue.BatchCreatePartitionResponse, error) {
	out := &glue.BatchCreatePartitionResponse{}
	err := a.alter(ctx, func(tx *store.Tx, now glue.Time) error {
		out.Errors = []glue.PartitionError{}
		t, err := openTable(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		keys := make([]string, len(r.PartitionInputList))
		for i := range r.PartitionInputList { // one that can't be a partition of the table fails the whole call
			if keys[i], err = partitionKey(t, r.PartitionInputList[i].Values); err != nil {
				return err
			}
		}
		all := tx.Partitions(t.ID)
		for i := range keys {
			in := &r.PartitionInputList[i]
			failed, err := itemFailed(a.addPartition(all, t, keys[i], in, now))
			if err != nil {
				return err
			}
			if failed != nil {
				out.Errors = append(out.Errors, glue.PartitionError{PartitionValues: in.Values, ErrorDetail: failed})
			}
		}
		return nil
	})
	return out, err
}

func (a *API) batchUpdatePartition(
	ctx context.Context, r *glue.BatchUpdatePartitionRequest,
) (*glue.BatchUpdatePartitionResponse, error) {
	out := &glue.BatchUpdatePartitionResponse{}
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		out.Errors = []glue.BatchUpdatePartitionFailureEntry{}
		t, err := openTable(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		all := tx.Partitions(t.ID)
		for _, e := range r.Entries {
			failed, err := itemFailed(changePartition(all, t, e.PartitionValueList, e.PartitionInput))
			if err != nil {
				return err
			}
			if failed != nil {
				out.Errors = append(out.Errors, glue.BatchUpdatePartitionFailureEntry{PartitionValueList: e.PartitionValueList, ErrorDetail: failed})
			}
		}
		return nil
	})
	return out, err
}

func (a *API) batchDeletePartition(
	ctx context.Context, r *glue.BatchDeletePartitionRequest,
) (*glue.BatchDeletePartitionResponse, error) {
	out := &glue.BatchDeletePartitionResponse{}
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		out.Errors = []glue.PartitionError{}
		t, err := openTable(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		all := tx.Partitions(t.ID)
		for _, p := range r.PartitionsToDelete {
			failed, err := itemFailed(dropPartition(all, p.Values))
			if err != nil {
				return err
			}
			if failed != nil {
				out.Errors = append(out.Errors, glue.PartitionError{PartitionValues: p.Values, ErrorDetail: failed})
			}
		}
		return nil
	})
	return out, err
}

// batchGetPartition leaves out what is not there. None is left unprocessed.
func (a *API) batchGetPartition(ctx context.Context, r *glue.BatchGetPartitionRequest) (*glue.BatchGetPartitionResponse, error) {
	out := &glue.BatchGetPartitionResponse{Partitions: []glue.Partition{}, UnprocessedKeys: []glue.PartitionValueList{}}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		t, err := openTable(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		all := tx.Partitions(t.ID)
		for _, p := range r.PartitionsToGet {
			rec, err := all.Get(catalog.Key(p.Values...))
			if err != nil {
				return err
			}
			if rec != nil {
				out.Partitions = append(out.Partitions, a.partitionView(t, rec, true))
			}
		}
		return nil
	})
	return out, err
}
