package store

import (
	"context"
	"errors"

	"github.com/reglue/reglue/internal/glue"
)

// The account and region of a folder for which none were chosen.
const (
	DefaultAccount = "000000000000"
	DefaultRegion  = "us-east-1"
)

const (
	metaAccount = "account"
	metaRegion  = "region"
)

// Scope is the account and region of the folder.
func (db *DB) Scope() glue.Scope { return db.scope }

// settle keeps account and region in a new folder, and holds later settings
// against them: names and node ids depend on both.
func (db *DB) settle(ctx context.Context, opt Options) error {
	errs, err := db.Commit(ctx, []func(*Tx) error{func(tx *Tx) error {
		if err := db.readScope(tx); err != nil {
			return err
		}
		if db.scope.Account != "" {
			return nil
		}
		db.scope = glue.Scope{Account: DefaultAccount, Region: DefaultRegion}
		if opt.Account != "" {
			db.scope.Account = opt.Account
		}
		if opt.Region != "" {
			db.scope.Region = opt.Region
		}
		if err := tx.SetMeta(metaAccount, db.scope.Account); err != nil {
			return err
		}
		return tx.SetMeta(metaRegion, db.scope.Region)
	}})
	if err := errors.Join(append(errs, err)...); err != nil {
		return err
	}
	for _, s := range []struct{ name, want, kept string }{
		{"account", opt.Account, db.scope.Account},
		{"region", opt.Region, db.scope.Region},
	} {
		if s.want != "" && s.want != s.kept {
			return hinted(nil, "leave --"+s.name+" out, or use another data folder",
				"the data folder was created for %s %s, not %s", s.name, s.kept, s.want)
		}
	}
	return nil
}

func (db *DB) readScope(tx *Tx) (err error) {
	if db.scope.Account, _, err = tx.Meta(metaAccount); err != nil {
		return err
	}
	db.scope.Region, _, err = tx.Meta(metaRegion)
	return err
}
