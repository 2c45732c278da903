package metastore

import (
	"context"
	"strings"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/metastore/hms"
)

// defaultDatabase always exists for Hive's clients.
const defaultDatabase = "default"

// withDefault creates the database default, once a connection, if there is none.
func (s *session) withDefault(ctx context.Context) error {
	if s.ready {
		return nil
	}
	_, err := do[glue.GetDatabaseResponse](ctx, s, "GetDatabase", &glue.GetDatabaseRequest{Name: defaultDatabase})
	if isKind(err, glue.EntityNotFound) {
		_, err = do[glue.CreateDatabaseResponse](ctx, s, "CreateDatabase", &glue.CreateDatabaseRequest{DatabaseInput: &glue.DatabaseInput{
			Name: defaultDatabase, Description: "Default Hive database", LocationUri: s.folders.ofDatabase(defaultDatabase),
		}})
		if isKind(err, glue.AlreadyExists) {
			err = nil
		}
	}
	s.ready = err == nil
	return err
}

// database reads one; one without a location has its place in the warehouse.
func (s *session) database(ctx context.Context, name string) (*glue.Database, error) {
	if err := s.withDefault(ctx); err != nil {
		return nil, err
	}
	out, err := do[glue.GetDatabaseResponse](ctx, s, "GetDatabase", &glue.GetDatabaseRequest{Name: name})
	if err != nil {
		return nil, err
	}
	d := *out.Database
	if d.LocationUri == "" {
		d.LocationUri = s.folders.ofDatabase(d.Name)
	}
	return &d, nil
}

func (s *session) GetDatabase(ctx context.Context, name string) (*hms.Database, error) {
	d, err := s.database(ctx, name)
	if err != nil {
		return nil, s.fault(err, faults{missing: noSuch, invalid: noSuch})
	}
	return toDatabase(d), nil
}

func (s *session) GetAllDatabases(ctx context.Context) ([]string, error) {
	return s.GetDatabases(ctx, "")
}

func (s *session) GetDatabases(ctx context.Context, pattern string) ([]string, error) {
	if err := s.withDefault(ctx); err != nil {
		return nil, s.fault(err, faults{})
	}
	wanted, names := likeName(pattern), []string{}
	request := &glue.GetDatabasesRequest{}
	for {
		page, err := do[glue.GetDatabasesResponse](ctx, s, "GetDatabases", request)
		if err != nil {
			return nil, s.fault(err, faults{})
		}
		for i := range page.DatabaseList {
			if name := page.DatabaseList[i].Name; wanted(name) {
				names = append(names, name)
			}
		}
		if request.NextToken = page.NextToken; request.NextToken == "" {
			return names, nil
		}
	}
}

func (s *session) CreateDatabase(ctx context.Context, d *hms.Database) error {
	if d == nil {
		return meta("there is no database in the call")
	}
	in := &glue.DatabaseInput{
		Name: strings.ToLower(d.Name), Description: deref(d.Description), LocationUri: deref(d.LocationUri), Parameters: d.Parameters,
	}
	if in.LocationUri == "" {
		in.LocationUri = s.folders.ofDatabase(in.Name)
	}
	_, err := do[glue.CreateDatabaseResponse](ctx, s, "CreateDatabase", &glue.CreateDatabaseRequest{DatabaseInput: in})
	if err != nil {
		return s.fault(err, faults{exists: already, invalid: badObject})
	}
	s.make(in.LocationUri)
	return nil
}

func (s *session) AlterDatabase(ctx context.Context, name string, d *hms.Database) error {
	if d == nil {
		return meta("there is no database in the call")
	}
	old, err := do[glue.GetDatabaseResponse](ctx, s, "GetDatabase", &glue.GetDatabaseRequest{Name: name})
	if err != nil {
		return s.fault(err, faults{missing: noSuch})
	}
	_, err = do[glue.UpdateDatabaseResponse](ctx, s, "UpdateDatabase", &glue.UpdateDatabaseRequest{
		Name: name, DatabaseInput: &glue.DatabaseInput{
			Name: d.Name, Description: deref(d.Description), LocationUri: deref(d.LocationUri), Parameters: d.Parameters,
			CreateTableDefaultPermissions: old.Database.CreateTableDefaultPermissions,
			TargetDatabase:                old.Database.TargetDatabase, FederatedDatabase: old.Database.FederatedDatabase,
		},
	})
	return s.fault(err, faults{missing: noSuch})
}

// DropDatabase refuses one that holds something unless it cascades, which deletes the
// files of managed tables too.
func (s *session) DropDatabase(ctx context.Context, name string, deleteData, cascade bool) error {
	d, err := s.database(ctx, name)
	if err != nil {
		return s.fault(err, faults{missing: noSuch})
	}
	if d.Name == defaultDatabase {
		return meta("Can not drop " + defaultDatabase + " database in catalog")
	}
	tables, err := s.tableNames(ctx, d.Name, "")
	if err != nil {
		return s.fault(err, faults{missing: noSuch})
	}
	if !cascade && len(tables) > 0 {
		return badOperation("Database " + d.Name + " is not empty. One or more tables exist.")
	}
	for _, table := range tables {
		if err := s.dropTable(ctx, d.Name, table, deleteData); err != nil && !isKind(err, glue.EntityNotFound) {
			return s.fault(err, faults{})
		}
	}
	if _, err := do[glue.DeleteDatabaseResponse](ctx, s, "DeleteDatabase", &glue.DeleteDatabaseRequest{Name: name}); err != nil {
		return s.fault(err, faults{missing: noSuch})
	}
	if deleteData {
		s.removeEmpty(d.LocationUri)
	}
	return nil
}
