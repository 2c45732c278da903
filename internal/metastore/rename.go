package metastore

import (
	"context"

	"github.com/reglue/reglue/internal/catalog"
	"github.com/reglue/reglue/internal/glue"
)

// rename gives a table another name. The files of a managed table go with it, unless
// the call names another location: its folder is moved first, and moved back when the
// catalog refuses.
func (s *session) rename(ctx context.Context, old *glue.Table, in *glue.TableInput) error {
	request := &catalog.RenameTableRequest{DatabaseName: old.DatabaseName, Name: old.Name, TableInput: in}
	from := location(old.StorageDescriptor)
	moves := old.TableType == managedTable && from != "" && (location(in.StorageDescriptor) == from || location(in.StorageDescriptor) == "")
	if moves {
		_, err := s.table(ctx, old.DatabaseName, in.Name)
		if err == nil {
			return glue.Errorf(glue.AlreadyExists, "new table %s.%s already exists", old.DatabaseName, in.Name)
		}
		d, err := s.database(ctx, old.DatabaseName)
		if err != nil {
			return err
		}
		to := below(d.LocationUri, in.Name)
		if err := s.move(ctx, old.DatabaseName, from, to); err != nil {
			return err
		}
		in.StorageDescriptor.Location = to
		request.From, request.To = from, to
	}
	_, err := do[catalog.RenameTableResponse](ctx, s, catalog.OpRenameTable, request)
	if err != nil && moves {
		if back := s.move(ctx, old.DatabaseName, request.To, from); back != nil {
			s.server.opt.Log.Error("the files of a table that keeps its name are elsewhere", "table", old.Name, "folder", request.To, "error", back)
		}
	}
	return err
}

// renamePartition gives a partition other values. The files of a managed table's go
// with it when they lie where Hive puts them.
func (s *session) renamePartition(ctx context.Context, t *glue.Table, old *glue.Partition, in *glue.PartitionInput) error {
	if len(in.Values) != len(t.PartitionKeys) {
		return glue.Errorf(glue.InvalidInput, "the partition has %d values, the table has %d partition keys", len(in.Values), len(t.PartitionKeys))
	}
	from, root := location(old.StorageDescriptor), location(t.StorageDescriptor)
	moves := t.TableType == managedTable && from == below(root, partitionName(t.PartitionKeys, old.Values))
	if in.StorageDescriptor == nil {
		in.StorageDescriptor = old.StorageDescriptor
	}
	to := below(root, partitionName(t.PartitionKeys, in.Values))
	if moves {
		in.StorageDescriptor.Location = to
	} else if in.StorageDescriptor.Location == "" {
		in.StorageDescriptor.Location = from
	}
	_, err := do[glue.CreatePartitionResponse](ctx, s, "CreatePartition", &glue.CreatePartitionRequest{
		DatabaseName: t.DatabaseName, TableName: t.Name, PartitionInput: in,
	})
	if err != nil {
		return err
	}
	gone := old.Values
	var failed error
	if moves {
		if failed = s.move(ctx, t.DatabaseName, from, to); failed != nil {
			gone = in.Values
		}
	}
	_, err = do[glue.DeletePartitionResponse](ctx, s, "DeletePartition", &glue.DeletePartitionRequest{
		DatabaseName: t.DatabaseName, TableName: t.Name, PartitionValues: gone,
	})
	if failed != nil {
		return failed
	}
	return err
}
