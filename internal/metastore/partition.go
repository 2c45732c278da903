package metastore

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/metastore/hms"
)

// batchSize is how many partitions one operation of a batch takes.
const batchSize = 100

// adding are the exceptions of calls that add partitions.
var adding = faults{missing: badObject, exists: already, invalid: badObject}

func (s *session) AddPartition(ctx context.Context, p *hms.Partition) (*hms.Partition, error) {
	return s.AddPartitionWithEnvironmentContext(ctx, p, nil)
}

func (s *session) AddPartitionWithEnvironmentContext(
	ctx context.Context, p *hms.Partition, _ *hms.EnvironmentContext,
) (*hms.Partition, error) {
	if p == nil {
		return nil, meta("there is no partition in the call")
	}
	if err := s.addPartitions(ctx, p.DbName, p.TableName, []*hms.Partition{p}, false); err != nil {
		return nil, s.fault(err, adding)
	}
	return p, nil
}

func (s *session) AddPartitions(ctx context.Context, all []*hms.Partition) (int32, error) {
	if len(all) == 0 {
		return 0, nil
	}
	err := s.addPartitions(ctx, all[0].DbName, all[0].TableName, all, false)
	return int32(len(all)), s.fault(err, adding) //nolint:gosec // a call has at most maxElements
}

func (s *session) AddPartitionsReq(ctx context.Context, r *hms.AddPartitionsRequest) (*hms.AddPartitionsResult_, error) {
	if err := s.addPartitions(ctx, r.DbName, r.TblName, r.Parts, r.IfNotExists); err != nil {
		return nil, s.fault(err, adding)
	}
	out := &hms.AddPartitionsResult_{}
	if r.NeedResult_ == nil || *r.NeedResult_ {
		out.Partitions = r.Parts
	}
	return out, nil
}

func (s *session) AppendPartition(ctx context.Context, database, table string, values []string) (*hms.Partition, error) {
	return s.AppendPartitionWithEnvironmentContext(ctx, database, table, values, nil)
}

// AppendPartitionWithEnvironmentContext adds a partition that is like its table.
func (s *session) AppendPartitionWithEnvironmentContext(
	ctx context.Context, database, table string, values []string, _ *hms.EnvironmentContext,
) (*hms.Partition, error) {
	t, err := s.table(ctx, database, table)
	if err != nil {
		return nil, s.fault(err, adding)
	}
	p := &hms.Partition{Values: values, DbName: t.DatabaseName, TableName: t.Name, Sd: toStorage(t.StorageDescriptor)}
	p.Sd.Location = nil
	if err := s.addPartitions(ctx, database, table, []*hms.Partition{p}, false); err != nil {
		return nil, s.fault(err, adding)
	}
	return p, nil
}

// addPartitions adds partitions, and makes their folders. When one is there already it
// adds none, or the others if that is asked for.
func (s *session) addPartitions(ctx context.Context, database, table string, all []*hms.Partition, ifNotExists bool) error {
	t, err := s.table(ctx, database, table)
	if err != nil {
		return err
	}
	inputs := make([]glue.PartitionInput, len(all))
	for i, p := range all {
		if p == nil || len(p.Values) != len(t.PartitionKeys) || len(p.Values) == 0 {
			return glue.Errorf(glue.InvalidInput, "a partition of %s.%s has %d values: one for each of its partition keys", database, table, len(t.PartitionKeys))
		}
		if p.Sd == nil {
			p.Sd = toStorage(t.StorageDescriptor)
			p.Sd.Location = nil
		}
		if deref(p.Sd.Location) == "" {
			p.Sd.Location = null(below(location(t.StorageDescriptor), partitionName(t.PartitionKeys, p.Values)))
		}
		inputs[i] = fromPartition(p, nil)
	}
	if !ifNotExists {
		if err := s.noneThere(ctx, t, inputs); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(inputs, batchSize) {
		if err := s.createPartitions(ctx, t, part, ifNotExists); err != nil {
			return err
		}
	}
	return nil
}

// noneThere fails if one of the partitions is there already.
func (s *session) noneThere(ctx context.Context, t *glue.Table, inputs []glue.PartitionInput) error {
	for part := range slices.Chunk(inputs, batchSize) {
		request := &glue.BatchGetPartitionRequest{DatabaseName: t.DatabaseName, TableName: t.Name}
		for i := range part {
			request.PartitionsToGet = append(request.PartitionsToGet, glue.PartitionValueList{Values: part[i].Values})
		}
		out, err := do[glue.BatchGetPartitionResponse](ctx, s, "BatchGetPartition", request)
		if err != nil {
			return err
		}
		if len(out.Partitions) > 0 {
			return glue.Errorf(glue.AlreadyExists, "Partition already exists: %s", strings.Join(out.Partitions[0].Values, ", "))
		}
	}
	return nil
}

func (s *session) createPartitions(ctx context.Context, t *glue.Table, inputs []glue.PartitionInput, ifNotExists bool) error {
	out, err := do[glue.BatchCreatePartitionResponse](ctx, s, "BatchCreatePartition", &glue.BatchCreatePartitionRequest{
		DatabaseName: t.DatabaseName, TableName: t.Name, PartitionInputList: inputs,
	})
	if err != nil {
		return err
	}
	for i := range out.Errors {
		e := out.Errors[i].ErrorDetail
		if ifNotExists && glue.Kind(e.ErrorCode) == glue.AlreadyExists {
			continue
		}
		return glue.Errorf(glue.Kind(e.ErrorCode), "partition %s: %s", strings.Join(out.Errors[i].PartitionValues, ", "), e.ErrorMessage)
	}
	for i := range inputs {
		s.make(inputs[i].StorageDescriptor.Location)
	}
	return nil
}

func (s *session) AlterPartition(ctx context.Context, database, table string, p *hms.Partition) error {
	return s.AlterPartitions(ctx, database, table, []*hms.Partition{p})
}

func (s *session) AlterPartitionWithEnvironmentContext(
	ctx context.Context, database, table string, p *hms.Partition, _ *hms.EnvironmentContext,
) error {
	return s.AlterPartitions(ctx, database, table, []*hms.Partition{p})
}

func (s *session) AlterPartitionsWithEnvironmentContext(
	ctx context.Context, database, table string, all []*hms.Partition, _ *hms.EnvironmentContext,
) error {
	return s.AlterPartitions(ctx, database, table, all)
}

func (s *session) AlterPartitions(ctx context.Context, database, table string, all []*hms.Partition) error {
	altering := faults{missing: badOperation, invalid: badOperation}
	for part := range slices.Chunk(all, batchSize) {
		request := &glue.BatchUpdatePartitionRequest{DatabaseName: database, TableName: table}
		for _, p := range part {
			if p == nil {
				return meta("a partition of the call is missing")
			}
			in := fromPartition(p, nil)
			request.Entries = append(request.Entries, glue.BatchUpdatePartitionRequestEntry{PartitionValueList: p.Values, PartitionInput: &in})
		}
		out, err := do[glue.BatchUpdatePartitionResponse](ctx, s, "BatchUpdatePartition", request)
		if err != nil {
			return s.fault(err, altering)
		}
		for i := range out.Errors {
			e := out.Errors[i].ErrorDetail
			return s.fault(glue.Errorf(glue.Kind(e.ErrorCode), "partition %s: %s",
				strings.Join(out.Errors[i].PartitionValueList, ", "), e.ErrorMessage), altering)
		}
	}
	return nil
}

func (s *session) RenamePartition(ctx context.Context, database, table string, values []string, p *hms.Partition) error {
	renaming := faults{missing: badOperation, exists: badOperation, invalid: badOperation}
	if p == nil {
		return meta("there is no partition in the call")
	}
	t, old, err := s.partition(ctx, database, table, values)
	if err != nil {
		return s.fault(err, renaming)
	}
	in := fromPartition(p, old.StorageDescriptor)
	if slices.Equal(p.Values, values) {
		return s.AlterPartition(ctx, database, table, p)
	}
	return s.fault(s.renamePartition(ctx, t, old, &in), renaming)
}

func (s *session) DropPartition(ctx context.Context, database, table string, values []string, deleteData bool) (bool, error) {
	return s.DropPartitionWithEnvironmentContext(ctx, database, table, values, deleteData, nil)
}

func (s *session) DropPartitionWithEnvironmentContext(
	ctx context.Context, database, table string, values []string, deleteData bool, _ *hms.EnvironmentContext,
) (bool, error) {
	t, old, err := s.partition(ctx, database, table, values)
	if err == nil {
		_, err = do[glue.DeletePartitionResponse](ctx, s, "DeletePartition", &glue.DeletePartitionRequest{
			DatabaseName: database, TableName: table, PartitionValues: values,
		})
	}
	if err != nil {
		return false, s.fault(err, faults{missing: noSuch})
	}
	if deleteData && t.TableType == managedTable {
		s.remove(ctx, t, location(old.StorageDescriptor))
	}
	return true, nil
}

// partition reads a table and one of its partitions.
func (s *session) partition(ctx context.Context, database, table string, values []string) (*glue.Table, *glue.Partition, error) {
	t, err := s.table(ctx, database, table)
	if err != nil {
		return nil, nil, err
	}
	out, err := do[glue.GetPartitionResponse](ctx, s, "GetPartition", &glue.GetPartitionRequest{
		DatabaseName: database, TableName: table, PartitionValues: values,
	})
	if err != nil {
		return nil, nil, err
	}
	if out.Partition == nil {
		return nil, nil, errors.New("GetPartition answered without a partition")
	}
	return t, out.Partition, nil
}
