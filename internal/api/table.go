package api

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// tableOf is a table as its input describes it; times and version are not set.
func (a *API) tableOf(database string, in *glue.TableInput) (glue.Table, error) {
	t := glue.Table{
		Name: folded(in.Name), DatabaseName: folded(database), Description: in.Description, Owner: in.Owner,
		LastAccessTime: in.LastAccessTime, LastAnalyzedTime: in.LastAnalyzedTime, StorageDescriptor: in.StorageDescriptor,
		PartitionKeys: in.PartitionKeys, ViewOriginalText: in.ViewOriginalText, ViewExpandedText: in.ViewExpandedText,
		TableType: in.TableType, Parameters: in.Parameters, TargetTable: in.TargetTable, CatalogId: a.scope.Account,
	}
	if in.Retention != nil {
		t.Retention = *in.Retention
	}
	seen := map[string]bool{}
	for _, key := range in.PartitionKeys {
		if seen[folded(key.Name)] {
			return t, invalid("PartitionKeys has %s twice", key.Name)
		}
		seen[folded(key.Name)] = true
	}
	if in.ViewDefinition == nil {
		return t, nil
	}
	text, err := json.Marshal(in.ViewDefinition)
	if err != nil {
		return t, err
	}
	t.ViewDefinition, t.IsMultiDialectView = &glue.ViewDefinition{}, new(bool)
	*t.IsMultiDialectView = true
	return t, json.Unmarshal(text, t.ViewDefinition)
}

// inputOf checks the members that name a table and describe it.
func inputOf(name string, in *glue.TableInput) (*glue.TableInput, error) {
	switch {
	case in == nil:
		return nil, invalid("TableInput must be set")
	case name != "" && folded(name) != folded(in.Name):
		return nil, invalid("Name is %s, TableInput.Name is %s: a table has one name", name, in.Name)
	}
	return in, nil
}

func (a *API) createTable(ctx context.Context, r *glue.CreateTableRequest) (*glue.CreateTableResponse, error) {
	in, err := inputOf(r.Name, r.TableInput)
	if err != nil {
		return nil, err
	}
	table, err := a.tableOf(r.DatabaseName, in)
	if err != nil {
		return nil, err
	}
	err = a.alter(ctx, func(tx *store.Tx, now glue.Time) error {
		d, err := openDatabase(tx, r.DatabaseName)
		if err != nil {
			return err
		}
		if old, err := tx.Table(d.ID, table.Name); err != nil || old != nil {
			return orThere(err, "Table")
		}
		limit := quota(a.opt.Catalog.Tables, DefaultMaxTables)
		err = a.roomWithin("tables", d.ID, limit, func(n int) (int, error) { return tx.CountTables(d.ID, n) })
		if err != nil {
			return err
		}
		table.CreateTime, table.UpdateTime, table.VersionId = now, now, "0"
		rec := &store.TableRecord{Database: d.ID, Table: table}
		if err := tx.PutTable(rec); err != nil {
			return err
		}
		return putIndexes(tx, rec, r.PartitionIndexes)
	})
	return &glue.CreateTableResponse{}, err
}

// updateTable replaces the whole definition. What it was stays as a version
// unless the request says otherwise.
func (a *API) updateTable(ctx context.Context, r *glue.UpdateTableRequest) (*glue.UpdateTableResponse, error) {
	in, err := inputOf(r.Name, r.TableInput)
	if err != nil {
		return nil, err
	}
	table, err := a.tableOf(r.DatabaseName, in)
	if err != nil {
		return nil, err
	}
	err = a.alter(ctx, func(tx *store.Tx, now glue.Time) error {
		rec, err := findTable(tx, r.DatabaseName, table.Name)
		if err != nil {
			return err
		}
		if r.VersionId != "" && r.VersionId != rec.Table.VersionId {
			return glue.Errorf(glue.ConcurrentModification,
				"Update table failed due to concurrent modifications: the table has version %s, not %s.", rec.Table.VersionId, r.VersionId)
		}
		if !isTrue(r.SkipArchive) {
			if err := a.archive(tx, rec); err != nil {
				return err
			}
		}
		if table.ViewDefinition, err = updatedView(rec.Table.ViewDefinition, table.ViewDefinition, r.ViewUpdateAction); err != nil {
			return err
		}
		rec.Version++
		table.CreateTime, table.UpdateTime, table.VersionId = rec.Table.CreateTime, now, strconv.FormatInt(rec.Version, 10)
		rec.Table = table
		return tx.PutTable(rec)
	})
	return &glue.UpdateTableResponse{}, err
}

func (a *API) archive(tx *store.Tx, rec *store.TableRecord) error {
	limit := quota(a.opt.Catalog.Versions, DefaultMaxTableVersions)
	err := a.roomWithin("table versions", rec.ID, limit, func(n int) (int, error) { return tx.CountTableVersions(rec.ID, n) })
	if err != nil {
		return err
	}
	return tx.ArchiveTable(rec)
}

// updatedView is a view after an update: without an action the new definition,
// else the old one with the dialects of the new one added, replaced or dropped.
func updatedView(old, change *glue.ViewDefinition, action glue.ViewUpdateAction) (*glue.ViewDefinition, error) {
	switch {
	case action == "":
		return change, nil
	case change == nil:
		return nil, invalid("ViewUpdateAction %s needs a ViewDefinition", action)
	case old == nil:
		old = &glue.ViewDefinition{}
	}
	all := slices.Clone(old.Representations)
	for _, r := range change.Representations {
		at := slices.IndexFunc(all, func(o glue.ViewRepresentation) bool { return o.Dialect == r.Dialect })
		switch {
		case action == glue.ViewUpdateActionAdd && at >= 0:
			return nil, glue.Errorf(glue.AlreadyExists, "The view has the dialect %s already.", r.Dialect)
		case (action == glue.ViewUpdateActionReplace || action == glue.ViewUpdateActionDrop) && at < 0:
			return nil, glue.Errorf(glue.EntityNotFound, "The view has no dialect %s.", r.Dialect)
		case action == glue.ViewUpdateActionDrop:
			all = slices.Delete(all, at, at+1)
		case at >= 0:
			all[at] = r
		default:
			all = append(all, r)
		}
	}
	whole := *change
	whole.Representations = all
	return &whole, nil
}

func (a *API) deleteTable(ctx context.Context, r *glue.DeleteTableRequest) (*glue.DeleteTableResponse, error) {
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		d, err := openDatabase(tx, r.DatabaseName)
		if err != nil {
			return err
		}
		return dropTable(tx, d.ID, r.Name)
	})
	if err == nil {
		a.sweep(ctx)
	}
	return &glue.DeleteTableResponse{}, err
}

func dropTable(tx *store.Tx, database int64, name string) error {
	t, err := tableIn(tx, database, name)
	if err != nil {
		return err
	}
	return tx.DeleteTable(t.ID)
}

func (a *API) batchDeleteTable(ctx context.Context, r *glue.BatchDeleteTableRequest) (*glue.BatchDeleteTableResponse, error) {
	out := &glue.BatchDeleteTableResponse{}
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		out.Errors = []glue.TableError{}
		d, err := openDatabase(tx, r.DatabaseName)
		if err != nil {
			return err
		}
		for _, name := range r.TablesToDelete {
			failed, err := itemFailed(dropTable(tx, d.ID, name))
			if err != nil {
				return err
			}
			if failed != nil {
				out.Errors = append(out.Errors, glue.TableError{TableName: name, ErrorDetail: failed})
			}
		}
		return nil
	})
	if err == nil {
		a.sweep(ctx)
	}
	return out, err
}

func (a *API) getTable(ctx context.Context, r *glue.GetTableRequest) (*glue.GetTableResponse, error) {
	out := &glue.GetTableResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		t, err := findTable(tx, r.DatabaseName, r.Name)
		if err == nil {
			out.Table = &t.Table
		}
		return err
	})
	return out, err
}

func (a *API) getTables(ctx context.Context, r *glue.GetTablesRequest) (*glue.GetTablesResponse, error) {
	if err := checkAttributes(r.AttributesToGet, glue.TableAttributesName); err != nil {
		return nil, err
	}
	pattern, err := namePattern("Expression", r.Expression)
	if err != nil {
		return nil, err
	}
	p, err := newPage("GetTables", r.NextToken, r.MaxResults, defaultPage, folded(r.DatabaseName), r.Expression)
	if err != nil {
		return nil, err
	}
	out := &glue.GetTablesResponse{}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		d, err := openDatabase(tx, r.DatabaseName)
		if err != nil {
			return err
		}
		recs, err := tablesLike(tx, d.ID, pattern, p.after, p.more())
		recs, out.NextToken = cut(&p, recs, func(t *store.TableRecord) string { return t.Table.Name })
		out.TableList = make([]glue.Table, len(recs))
		for i := range recs {
			out.TableList[i] = onlyOfTable(recs[i].Table, r.AttributesToGet)
		}
		return err
	})
	return out, err
}

// tablesLike are the tables of a database after the given name, of those whose
// names match a pattern.
func tablesLike(tx *store.Tx, database int64, pattern *regexp.Regexp, after string, limit int) ([]store.TableRecord, error) {
	if pattern == nil {
		return tx.Tables(database, after, limit)
	}
	var out []store.TableRecord
	for {
		names, err := tx.TableNames(database, after, 1000)
		if err != nil || len(names) == 0 {
			return out, err
		}
		for _, name := range names {
			if !pattern.MatchString(name) {
				continue
			}
			t, err := tx.Table(database, name)
			if err != nil {
				return nil, err
			}
			if out = append(out, *t); len(out) == limit {
				return out, nil
			}
		}
		after = names[len(names)-1]
	}
}

func onlyOfTable(t glue.Table, attributes []glue.TableAttributes) glue.Table {
	if attributes == nil {
		return t
	}
	only := glue.Table{Name: t.Name}
	if slices.Contains(attributes, glue.TableAttributesTableType) {
		only.TableType = t.TableType
	}
	return only
}
