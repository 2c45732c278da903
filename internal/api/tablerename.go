package api

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/reglue/reglue/internal/catalog"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// renameTable replaces the whole definition, with another name, in one transaction; what
// it was stays as a version. AWS has no such operation.
func (a *API) renameTable(ctx context.Context, r *catalog.RenameTableRequest) (*catalog.RenameTableResponse, error) {
	in, err := inputOf("", r.TableInput)
	if err != nil {
		return nil, err
	}
	// What AWS's model says of a definition holds for this operation too.
	body, err := json.Marshal(glue.UpdateTableRequest{DatabaseName: r.DatabaseName, TableInput: in})
	if err != nil {
		return nil, err
	}
	if err := glue.Decode("UpdateTable", body, new(glue.UpdateTableRequest)); err != nil {
		return nil, err
	}
	table, err := a.tableOf(r.DatabaseName, in)
	if err != nil {
		return nil, err
	}
	err = a.alter(ctx, func(tx *store.Tx, now glue.Time) error {
		rec, err := findTable(tx, r.DatabaseName, r.Name)
		if err != nil {
			return err
		}
		if old, err := tx.Table(rec.Database, table.Name); err != nil || old != nil {
			return orThere(err, "Table")
		}
		if err := a.archive(tx, rec); err != nil {
			return err
		}
		rec.Version++
		table.CreateTime, table.UpdateTime, table.VersionId = rec.Table.CreateTime, now, strconv.FormatInt(rec.Version, 10)
		rec.Table = table
		if err := tx.PutTable(rec); err != nil || r.From == "" {
			return err
		}
		return movePartitions(tx.Partitions(rec.ID), strings.TrimSuffix(r.From, "/")+"/", strings.TrimSuffix(r.To, "/")+"/")
	})
	return &catalog.RenameTableResponse{}, err
}

// movePartitions gives the partitions that lie in a folder their new locations.
func movePartitions(all *store.Partitions, from, to string) error {
	for after := ""; ; {
		recs, err := all.From(nextKey(after), 1000)
		if err != nil || len(recs) == 0 {
			return err
		}
		for i := range recs {
			after = recs[i].Key
			sd := recs[i].Partition.StorageDescriptor
			if sd == nil || !strings.HasPrefix(sd.Location, from) {
				continue
			}
			sd.Location = to + strings.TrimPrefix(sd.Location, from)
			if err := all.Put(&recs[i]); err != nil {
				return err
			}
		}
	}
}
