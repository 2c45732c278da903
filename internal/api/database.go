package api

import (
	"context"
	"slices"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

const kindDatabase = "database"

// databaseOf is a database as its input describes it.
func (a *API) databaseOf(in *glue.DatabaseInput, created glue.Time) glue.Database {
	return glue.Database{
		Name: folded(in.Name), Description: in.Description, LocationUri: in.LocationUri, Parameters: in.Parameters,
		CreateTime: created, CreateTableDefaultPermissions: in.CreateTableDefaultPermissions,
		TargetDatabase: in.TargetDatabase, CatalogId: a.scope.Account, FederatedDatabase: in.FederatedDatabase,
	}
}

func (a *API) createDatabase(ctx context.Context, r *glue.CreateDatabaseRequest) (*glue.CreateDatabaseResponse, error) {
	if err := checkTags(r.Tags); err != nil {
		return nil, err
	}
	err := a.alter(ctx, func(tx *store.Tx, now glue.Time) error {
		d := &store.DatabaseRecord{Database: a.databaseOf(r.DatabaseInput, now)}
		if old, err := tx.Database(d.Database.Name); err != nil || old != nil {
			return orThere(err, "Database")
		}
		limit := quota(a.opt.Catalog.Databases, DefaultMaxDatabases)
		if err := a.room(&a.catalog.databases, "databases", limit, tx.DatabaseNames); err != nil {
			return err
		}
		if err := tx.PutDatabase(d); err != nil {
			return err
		}
		return tx.PutTags(a.scope.ARN(kindDatabase, d.Database.Name), r.Tags)
	})
	return &glue.CreateDatabaseResponse{}, err
}

// orThere is err, or that there is one already.
func orThere(err error, kind string) error {
	if err != nil {
		return err
	}
	return glue.Errorf(glue.AlreadyExists, "%s already exists.", kind)
}

// updateDatabase replaces the whole definition.
func (a *API) updateDatabase(ctx context.Context, r *glue.UpdateDatabaseRequest) (*glue.UpdateDatabaseResponse, error) {
	if folded(r.Name) != folded(r.DatabaseInput.Name) {
		return nil, invalid("Database cannot be renamed: Name is %s, DatabaseInput.Name is %s", r.Name, r.DatabaseInput.Name)
	}
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		d, err := findDatabase(tx, r.Name)
		if err != nil {
			return err
		}
		d.Database = a.databaseOf(r.DatabaseInput, d.Database.CreateTime)
		return tx.PutDatabase(d)
	})
	return &glue.UpdateDatabaseResponse{}, err
}

func (a *API) deleteDatabase(ctx context.Context, r *glue.DeleteDatabaseRequest) (*glue.DeleteDatabaseResponse, error) {
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		d, err := findDatabase(tx, r.Name)
		if err != nil {
			return err
		}
		return tx.DeleteDatabase(d)
	})
	if err == nil {
		a.sweep(ctx)
	}
	return &glue.DeleteDatabaseResponse{}, err
}

func (a *API) getDatabase(ctx context.Context, r *glue.GetDatabaseRequest) (*glue.GetDatabaseResponse, error) {
	out := &glue.GetDatabaseResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		d, err := findDatabase(tx, r.Name)
		if err == nil {
			out.Database = &d.Database
		}
		return err
	})
	return out, err
}

// getDatabases knows of none that another account shares.
func (a *API) getDatabases(ctx context.Context, r *glue.GetDatabasesRequest) (*glue.GetDatabasesResponse, error) {
	if err := checkAttributes(r.AttributesToGet, glue.DatabaseAttributesName); err != nil {
		return nil, err
	}
	p, err := newPage("GetDatabases", r.NextToken, r.MaxResults, defaultPage, r.ResourceShareType)
	if err != nil {
		return nil, err
	}
	out := &glue.GetDatabasesResponse{DatabaseList: []glue.Database{}}
	if r.ResourceShareType == glue.ResourceShareTypeForeign || r.ResourceShareType == glue.ResourceShareTypeFederated {
		return out, nil
	}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		recs, err := tx.Databases(p.after, p.more())
		recs, out.NextToken = cut(&p, recs, func(d *store.DatabaseRecord) string { return d.Database.Name })
		for i := range recs {
			out.DatabaseList = append(out.DatabaseList, onlyOfDatabase(recs[i].Database, r.AttributesToGet))
		}
		return err
	})
	return out, err
}

func onlyOfDatabase(d glue.Database, attributes []glue.DatabaseAttributes) glue.Database {
	if attributes == nil {
		return d
	}
	only := glue.Database{Name: d.Name}
	if slices.Contains(attributes, glue.DatabaseAttributesTargetDatabase) {
		only.TargetDatabase = d.TargetDatabase
	}
	return only
}

// checkAttributes holds that a list of attributes, when there is one, has the
// name among them.
func checkAttributes[T ~string](attributes []T, name T) error {
	if attributes != nil && !slices.Contains(attributes, name) {
		return invalid("AttributesToGet must include %s", name)
	}
	return nil
}
