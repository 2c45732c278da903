package api

import (
	"context"
	"strings"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func (a *API) functionOf(database string, in *glue.UserDefinedFunctionInput, created glue.Time) (*glue.UserDefinedFunction, error) {
	if in.FunctionName == "" {
		return nil, invalid("FunctionInput.FunctionName must be set")
	}
	f := &glue.UserDefinedFunction{
		FunctionName: in.FunctionName, DatabaseName: folded(database), ClassName: in.ClassName, OwnerName: in.OwnerName,
		FunctionType: in.FunctionType, OwnerType: in.OwnerType, CreateTime: created, ResourceUris: in.ResourceUris,
		CatalogId: a.scope.Account,
	}
	return f, nil
}

func findFunction(tx *store.Tx, database, name string) (*store.DatabaseRecord, *glue.UserDefinedFunction, error) {
	d, err := openDatabase(tx, database)
	if err != nil {
		return nil, nil, err
	}
	f, err := tx.Function(d.ID, name)
	if err == nil && f == nil {
		err = glue.Errorf(glue.EntityNotFound, "Function %s not found.", name)
	}
	return d, f, err
}

func (a *API) createUserDefinedFunction(
	ctx context.Context, r *glue.CreateUserDefinedFunctionRequest,
) (*glue.CreateUserDefinedFunctionResponse, error) {
	err := a.alter(ctx, func(tx *store.Tx, now glue.Time) error {
		f, err := a.functionOf(r.DatabaseName, r.FunctionInput, now)
		if err != nil {
			return err
		}
		d, err := openDatabase(tx, r.DatabaseName)
		if err != nil {
			return err
		}
		if old, err := tx.Function(d.ID, f.FunctionName); err != nil || old != nil {
			return orThere(err, "Function")
		}
		limit := quota(a.opt.Catalog.Functions, DefaultMaxFunctions)
		err = a.roomWithin("functions", d.ID, limit, func(n int) (int, error) { return tx.CountFunctions(d.ID, n) })
		if err != nil {
			return err
		}
		return tx.PutFunction(d.ID, f)
	})
	return &glue.CreateUserDefinedFunctionResponse{}, err
}

func (a *API) updateUserDefinedFunction(
	ctx context.Context, r *glue.UpdateUserDefinedFunctionRequest,
) (*glue.UpdateUserDefinedFunctionResponse, error) {
	if name := r.FunctionInput.FunctionName; name != "" && name != r.FunctionName {
		return nil, invalid("A function can't be renamed: FunctionName is %s, FunctionInput.FunctionName is %s", r.FunctionName, name)
	}
	r.FunctionInput.FunctionName = r.FunctionName
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		d, old, err := findFunction(tx, r.DatabaseName, r.FunctionName)
		if err != nil {
			return err
		}
		f, err := a.functionOf(r.DatabaseName, r.FunctionInput, old.CreateTime)
		if err != nil {
			return err
		}
		return tx.PutFunction(d.ID, f)
	})
	return &glue.UpdateUserDefinedFunctionResponse{}, err
}

func (a *API) deleteUserDefinedFunction(
	ctx context.Context, r *glue.DeleteUserDefinedFunctionRequest,
) (*glue.DeleteUserDefinedFunctionResponse, error) {
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		d, _, err := findFunction(tx, r.DatabaseName, r.FunctionName)
		if err != nil {
			return err
		}
		return tx.DeleteFunction(d.ID, r.FunctionName)
	})
	return &glue.DeleteUserDefinedFunctionResponse{}, err
}

func (a *API) getUserDefinedFunction(
	ctx context.Context, r *glue.GetUserDefinedFunctionRequest,
) (*glue.GetUserDefinedFunctionResponse, error) {
	out := &glue.GetUserDefinedFunctionResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) (err error) {
		_, out.UserDefinedFunction, err = findFunction(tx, r.DatabaseName, r.FunctionName)
		return err
	})
	return out, err
}

// getUserDefinedFunctions looks into all databases when none is named.
func (a *API) getUserDefinedFunctions(
	ctx context.Context, r *glue.GetUserDefinedFunctionsRequest,
) (*glue.GetUserDefinedFunctionsResponse, error) {
	pattern, err := namePattern("Pattern", r.Pattern)
	if err != nil {
		return nil, err
	}
	p, err := newPage("GetUserDefinedFunctions", r.NextToken, r.MaxResults, defaultPage, folded(r.DatabaseName), r.Pattern, r.FunctionType)
	if err != nil {
		return nil, err
	}
	wanted := func(f *glue.UserDefinedFunction) bool {
		return pattern.MatchString(f.FunctionName) && (r.FunctionType == "" || r.FunctionType == f.FunctionType)
	}
	out := &glue.GetUserDefinedFunctionsResponse{}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		all, err := functionsWhere(tx, r.DatabaseName, p.after, p.more(), wanted)
		out.UserDefinedFunctions, out.NextToken = cut(&p, all, functionKey)
		return err
	})
	return out, err
}

// functionKey sorts functions by database and name, neither of which holds a
// line feed.
func functionKey(f *glue.UserDefinedFunction) string { return f.DatabaseName + "\n" + f.FunctionName }

// functionsWhere are functions of a database, or of all, after the given key.
func functionsWhere(
	tx *store.Tx, database, after string, limit int, wanted func(*glue.UserDefinedFunction) bool,
) (out []glue.UserDefinedFunction, err error) {
	first, name, _ := strings.Cut(after, "\n")
	if database != "" {
		d, err := openDatabase(tx, database)
		if err != nil {
			return nil, err
		}
		return appendFunctions(tx, out, d.ID, name, limit, wanted)
	}
	if first != "" { // the rest of the database that the page before ended in
		d, err := tx.Database(first)
		if err != nil {
			return nil, err
		}
		if d != nil {
			if out, err = appendFunctions(tx, out, d.ID, name, limit, wanted); err != nil {
				return nil, err
			}
		}
	}
	for len(out) < limit {
		databases, err := tx.Databases(first, 100)
		if err != nil || len(databases) == 0 {
			return out, err
		}
		for i := range databases {
			if out, err = appendFunctions(tx, out, databases[i].ID, "", limit, wanted); err != nil {
				return nil, err
			}
		}
		first = databases[len(databases)-1].Database.Name
	}
	return out, nil
}

// appendFunctions adds functions of one database until there are so many.
func appendFunctions(
	tx *store.Tx, out []glue.UserDefinedFunction, database int64, after string, limit int, wanted func(*glue.UserDefinedFunction) bool,
) ([]glue.UserDefinedFunction, error) {
	for len(out) < limit {
		page, err := tx.Functions(database, after, limit)
		if err != nil || len(page) == 0 {
			return out, err
		}
		for i := range page {
			if wanted(&page[i]) && len(out) < limit {
				out = append(out, page[i])
			}
		}
		after = page[len(page)-1].FunctionName
	}
	return out, nil
}
