package api

import (
	"context"
	"math"
	"strconv"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func tableVersionOf(t *store.TableRecord) *glue.TableVersion {
	return &glue.TableVersion{Table: &t.Table, VersionId: t.Table.VersionId}
}

// versionNumber reads a version id.
func versionNumber(id string) (int64, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n < 0 {
		return 0, invalid("VersionId must be a whole number, got %q", id)
	}
	return n, nil
}

// getTableVersion gives the present version when none is asked for.
func (a *API) getTableVersion(ctx context.Context, r *glue.GetTableVersionRequest) (*glue.GetTableVersionResponse, error) {
	out := &glue.GetTableVersionResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		t, err := findTable(tx, r.DatabaseName, r.TableName)
		if err != nil || r.VersionId == "" || r.VersionId == t.Table.VersionId {
			if err == nil {
				out.TableVersion = tableVersionOf(t)
			}
			return err
		}
		n, err := versionNumber(r.VersionId)
		if err != nil {
			return err
		}
		if t, err = tx.TableVersion(t.ID, n); err != nil {
			return err
		}
		if t == nil {
			return glue.Errorf(glue.EntityNotFound, "Version %s not found.", r.VersionId)
		}
		out.TableVersion = tableVersionOf(t)
		return nil
	})
	return out, err
}

// getTableVersions gives the newest first.
func (a *API) getTableVersions(ctx context.Context, r *glue.GetTableVersionsRequest) (*glue.GetTableVersionsResponse, error) {
	p, err := newPage("GetTableVersions", r.NextToken, r.MaxResults, defaultPage, folded(r.DatabaseName), folded(r.TableName))
	if err != nil {
		return nil, err
	}
	before, err := p.seq()
	if err != nil {
		return nil, err
	}
	out := &glue.GetTableVersionsResponse{TableVersions: []glue.TableVersion{}}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		t, err := findTable(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		var recs []store.TableRecord
		if before == 0 {
			before, recs = math.MaxInt64, []store.TableRecord{*t}
		}
		old, err := tx.TableVersions(t.ID, before, p.more()-len(recs))
		if err != nil {
			return err
		}
		recs, out.NextToken = cut(&p, append(recs, old...), func(t *store.TableRecord) string { return t.Table.VersionId })
		for i := range recs {
			out.TableVersions = append(out.TableVersions, *tableVersionOf(&recs[i]))
		}
		return nil
	})
	return out, err
}

func (a *API) deleteTableVersion(ctx context.Context, r *glue.DeleteTableVersionRequest) (*glue.DeleteTableVersionResponse, error) {
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		t, err := findTable(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		return deleteVersion(tx, t, r.VersionId)
	})
	return &glue.DeleteTableVersionResponse{}, err
}

// deleteVersion removes a version of a table, but not the present one.
func deleteVersion(tx *store.Tx, t *store.TableRecord, id string) error {
	n, err := versionNumber(id)
	switch {
	case err != nil:
		return err
	case n == t.Version:
		return invalid("Version %s is the present one of the table and can't be deleted", id)
	}
	old, err := tx.TableVersion(t.ID, n)
	if err != nil {
		return err
	}
	if old == nil {
		return glue.Errorf(glue.EntityNotFound, "Version %s not found.", id)
	}
	return tx.DeleteTableVersion(t.ID, n)
}

func (a *API) batchDeleteTableVersion(
	ctx context.Context, r *glue.BatchDeleteTableVersionRequest,
) (*glue.BatchDeleteTableVersionResponse, error) {
	out := &glue.BatchDeleteTableVersionResponse{}
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		out.Errors = []glue.TableVersionError{}
		t, err := findTable(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		for _, id := range r.VersionIds {
			failed, err := itemFailed(deleteVersion(tx, t, id))
			if err != nil {
				return err
			}
			if failed != nil {
				out.Errors = append(out.Errors, glue.TableVersionError{TableName: t.Table.Name, VersionId: id, ErrorDetail: failed})
			}
		}
		return nil
	})
	return out, err
}
