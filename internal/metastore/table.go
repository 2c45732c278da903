package metastore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/metastore/hms"
)

func (s *session) table(ctx context.Context, database, name string) (*glue.Table, error) {
	out, err := do[glue.GetTableResponse](ctx, s, "GetTable", &glue.GetTableRequest{DatabaseName: database, Name: name})
	if err != nil {
		return nil, err
	}
	return out.Table, nil
}

// tables calls f with those of a database whose names match a pattern, in their order.
func (s *session) tables(ctx context.Context, database, pattern string, attributes []glue.TableAttributes, f func(*glue.Table)) error {
	wanted := likeName(pattern)
	request := &glue.GetTablesRequest{DatabaseName: database, AttributesToGet: attributes}
	for {
		page, err := do[glue.GetTablesResponse](ctx, s, "GetTables", request)
		if err != nil {
			return err
		}
		for i := range page.TableList {
			if t := &page.TableList[i]; wanted(t.Name) {
				f(t)
			}
		}
		if request.NextToken = page.NextToken; request.NextToken == "" {
			return nil
		}
	}
}

func (s *session) tableNames(ctx context.Context, database, pattern string) ([]string, error) {
	names := []string{}
	err := s.tables(ctx, database, pattern, []glue.TableAttributes{glue.TableAttributesName}, func(t *glue.Table) {
		names = append(names, t.Name)
	})
	return names, err
}

func (s *session) GetTable(ctx context.Context, database, name string) (*hms.Table, error) {
	t, err := s.table(ctx, database, name)
	if err != nil {
		return nil, s.fault(err, faults{missing: noSuch, invalid: noSuch})
	}
	return toTable(t), nil
}

func (s *session) GetTableReq(ctx context.Context, r *hms.GetTableRequest) (*hms.GetTableResult_, error) {
	t, err := s.GetTable(ctx, r.DbName, r.TblName)
	return &hms.GetTableResult_{Table: t}, err
}

// GetTableObjectsByName leaves out what is not there.
func (s *session) GetTableObjectsByName(ctx context.Context, database string, names []string) ([]*hms.Table, error) {
	out := []*hms.Table{}
	for _, name := range names {
		t, err := s.table(ctx, database, name)
		if isKind(err, glue.EntityNotFound) {
			continue
		}
		if err != nil {
			return nil, s.fault(err, faults{})
		}
		out = append(out, toTable(t))
	}
	return out, nil
}

func (s *session) GetTableObjectsByNameReq(ctx context.Context, r *hms.GetTablesRequest) (*hms.GetTablesResult_, error) {
	all, err := s.GetTableObjectsByName(ctx, r.DbName, r.TblNames)
	return &hms.GetTablesResult_{Tables: all}, err
}

func (s *session) GetAllTables(ctx context.Context, database string) ([]string, error) {
	return s.GetTables(ctx, database, "")
}

// GetTables knows of none in a database that is not there, as Hive's.
func (s *session) GetTables(ctx context.Context, database, pattern string) ([]string, error) {
	names, err := s.tableNames(ctx, database, pattern)
	if isKind(err, glue.EntityNotFound) {
		return []string{}, nil
	}
	return names, s.fault(err, faults{})
}

// nameAndType is what is read of a table when its type counts.
var nameAndType = []glue.TableAttributes{glue.TableAttributesName, glue.TableAttributesTableType}

func (s *session) GetTablesByType(ctx context.Context, database, pattern, typ string) ([]string, error) {
	names := []string{}
	err := s.tables(ctx, database, pattern, nameAndType, func(t *glue.Table) {
		if toTable(t).TableType == typ {
			names = append(names, t.Name)
		}
	})
	if isKind(err, glue.EntityNotFound) {
		return []string{}, nil
	}
	return names, s.fault(err, faults{})
}

func (s *session) GetTableMeta(ctx context.Context, databases, tables string, types []string) ([]*hms.TableMeta, error) {
	names, err := s.GetDatabases(ctx, databases)
	if err != nil {
		return nil, err
	}
	out := []*hms.TableMeta{}
	for _, name := range names {
		err := s.tables(ctx, name, tables, nil, func(t *glue.Table) {
			m := &hms.TableMeta{DbName: name, TableName: t.Name, TableType: toTable(t).TableType, Comments: null(t.Parameters["comment"])}
			if len(types) == 0 || slices.Contains(types, m.TableType) {
				out = append(out, m)
			}
		})
		if err != nil && !isKind(err, glue.EntityNotFound) {
			return nil, s.fault(err, faults{})
		}
	}
	return out, nil
}

// GetFields are the columns of a table but for the partition keys.
func (s *session) GetFields(ctx context.Context, database, name string) ([]*hms.FieldSchema, error) {
	t, err := s.table(ctx, database, name)
	if err != nil {
		return nil, s.fault(err, faults{missing: unknownTable})
	}
	return toTable(t).Sd.Cols, nil
}

// GetSchema are the columns of a table and the partition keys.
func (s *session) GetSchema(ctx context.Context, database, name string) ([]*hms.FieldSchema, error) {
	t, err := s.table(ctx, database, name)
	if err != nil {
		return nil, s.fault(err, faults{missing: unknownTable})
	}
	h := toTable(t)
	return append(h.Sd.Cols, h.PartitionKeys...), nil
}

func (s *session) GetSchemaWithEnvironmentContext(
	ctx context.Context, database, name string, _ *hms.EnvironmentContext,
) ([]*hms.FieldSchema, error) {
	return s.GetSchema(ctx, database, name)
}

func (s *session) CreateTable(ctx context.Context, t *hms.Table) error {
	return s.CreateTableWithEnvironmentContext(ctx, t, nil)
}

// CreateTableWithEnvironmentContext gives a table without a location one in the folder
// of its database, and makes the folder, as Hive's does.
func (s *session) CreateTableWithEnvironmentContext(ctx context.Context, t *hms.Table, _ *hms.EnvironmentContext) error {
	if t == nil || t.Sd == nil {
		return meta("the call has no table with a storage descriptor")
	}
	d, err := s.database(ctx, t.DbName)
	if err != nil {
		return s.fault(err, faults{missing: noSuch})
	}
	in := fromTable(t, nil)
	view := in.TableType == virtualView
	if in.StorageDescriptor.Location == "" && !view {
		in.StorageDescriptor.Location = below(d.LocationUri, in.Name)
	}
	_, err = do[glue.CreateTableResponse](ctx, s, "CreateTable", &glue.CreateTableRequest{DatabaseName: t.DbName, TableInput: in})
	if err != nil {
		return s.fault(err, faults{missing: noSuch, exists: already, invalid: badObject})
	}
	if !view {
		s.make(in.StorageDescriptor.Location)
	}
	return nil
}

func (s *session) DropTable(ctx context.Context, database, name string, deleteData bool) error {
	return s.DropTableWithEnvironmentContext(ctx, database, name, deleteData, nil)
}

func (s *session) DropTableWithEnvironmentContext(
	ctx context.Context, database, name string, deleteData bool, _ *hms.EnvironmentContext,
) error {
	return s.fault(s.dropTable(ctx, database, name, deleteData), faults{missing: noSuch})
}

// dropTable deletes a table, and then the files of a managed one.
func (s *session) dropTable(ctx context.Context, database, name string, deleteData bool) error {
	t, err := s.table(ctx, database, name)
	if err != nil {
		return err
	}
	_, err = do[glue.DeleteTableResponse](ctx, s, "DeleteTable", &glue.DeleteTableRequest{DatabaseName: database, Name: name})
	if err == nil && deleteData && t.TableType == managedTable {
		s.remove(ctx, t, location(t.StorageDescriptor))
	}
	return err
}

func location(sd *glue.StorageDescriptor) string {
	if sd == nil {
		return ""
	}
	return sd.Location
}

func (s *session) AlterTable(ctx context.Context, database, name string, t *hms.Table) error {
	return s.AlterTableWithEnvironmentContext(ctx, database, name, t, nil)
}

func (s *session) AlterTableWithEnvironmentContext(
	ctx context.Context, database, name string, t *hms.Table, env *hms.EnvironmentContext,
) error {
	if t == nil {
		return meta("there is no table in the call")
	}
	old, err := s.table(ctx, database, name)
	if err != nil {
		return s.fault(err, faults{missing: badOperation})
	}
	in := fromTable(t, old)
	switch {
	case !sameKeys(old.PartitionKeys, in.PartitionKeys):
		return badOperation("partition keys can not be changed.")
	case t.DbName != "" && !strings.EqualFold(t.DbName, database):
		return badOperation(fmt.Sprintf("table %s.%s can't be moved to database %s", database, name, t.DbName))
	case in.Name != old.Name:
		return s.fault(s.rename(ctx, old, in), faults{missing: badOperation, exists: badOperation, invalid: badOperation})
	case env != nil && strings.EqualFold(env.Properties["CASCADE"], "true") && len(in.PartitionKeys) > 0:
		return badOperation("a change of a table's columns does not cascade to its partitions here: leave out CASCADE")
	}
	skip := env != nil && strings.EqualFold(env.Properties["skipAWSGlueArchive"], "true")
	_, err = do[glue.UpdateTableResponse](ctx, s, "UpdateTable", &glue.UpdateTableRequest{
		DatabaseName: database, TableInput: in, SkipArchive: &skip,
	})
	return s.fault(err, faults{missing: badOperation, invalid: badOperation})
}

func sameKeys(a, b []glue.Column) bool {
	return slices.EqualFunc(a, b, func(x, y glue.Column) bool {
		return strings.EqualFold(x.Name, y.Name) && strings.EqualFold(x.Type, y.Type)
	})
}
