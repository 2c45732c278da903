package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

var (
	errOver     = errors.New("store: the transaction is over")
	errReadOnly = errors.New("store: a write in a read transaction")
)

const (
	sqlBegin         = `BEGIN`
	sqlBeginWrite    = `BEGIN IMMEDIATE`
	sqlCommit        = `COMMIT`
	sqlRollback      = `ROLLBACK`
	sqlSavepoint     = `SAVEPOINT member`
	sqlRelease       = `RELEASE SAVEPOINT member`
	sqlRollbackTo    = `ROLLBACK TO SAVEPOINT member`
	sqlSetSequence   = `UPDATE sequences SET value = $2 WHERE name = $1`
	sqlAddSequence   = `UPDATE sequences SET value = value + $2 WHERE name = $1`
	sqlSelectNumbers = `SELECT name, value FROM sequences`
)

// Tx is a transaction: a consistent view, and in Commit the writes of a member.
// It is used by one goroutine and only until the function it was given to
// returns.
type Tx struct {
	ctx context.Context
	// caller ends a view between two statements; a commit isn't cancelled.
	caller context.Context
	db     *DB
	conn   *conn
	write  bool
	over   bool
	// saved is set once the running member has a savepoint; it gets one with
	// its first write.
	saved bool
	// alone is set for the only member: undoing it is undoing the transaction,
	// so it needs no savepoint, which costs a copy of every page it changes.
	alone bool
	// ended is the error after which nothing of the transaction can be kept.
	ended error
	// fresh are the definitions put by this transaction; member are the
	// running member's own.
	fresh  map[definitionHash]int64
	member []definitionHash
	writes int
}

// exec carries out a write.
func (tx *Tx) exec(query string, args ...any) error {
	if err := tx.usable(); err != nil {
		return err
	}
	if !tx.write {
		return errReadOnly
	}
	if !tx.saved && !tx.alone {
		if err := tx.conn.exec(tx.ctx, sqlSavepoint); err != nil {
			return tx.failed(err)
		}
		tx.saved = true
	}
	tx.writes++
	return tx.failed(tx.conn.exec(tx.ctx, query, args...))
}

func (tx *Tx) query(query string, args ...any) (*sql.Rows, error) {
	if err := tx.usable(); err != nil {
		return nil, err
	}
	rows, err := tx.conn.query(tx.ctx, query, args...)
	return rows, tx.failed(err)
}

func (tx *Tx) usable() error {
	if tx.over {
		return errOver
	}
	if tx.caller != nil {
		if err := tx.caller.Err(); err != nil {
			return err
		}
	}
	return tx.ended
}

// failed notes an error that ends the whole transaction, also when the member
// keeps it to itself.
func (tx *Tx) failed(err error) error {
	if err != nil && tx.ended == nil && endsTransaction(err) {
		tx.ended = err
	}
	return err
}

// scanner is a row to read.
type scanner interface{ Scan(dest ...any) error }

// list reads all rows of a query.
func list[T any](tx *Tx, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read a row of %s: %w", table(query), tx.failed(err))
		}
		out = append(out, v)
	}
	return out, tx.failed(rows.Err())
}

// one reads the only row of a query, nil when there is none.
func one[T any](tx *Tx, scan func(scanner) (T, error), query string, args ...any) (*T, error) {
	all, err := list(tx, scan, query, args...)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// value reads the only value of a query, zero when there is no row.
func value[T any](tx *Tx, query string, args ...any) (T, bool, error) {
	v, err := one(tx, scanOne[T], query, args...)
	if err != nil || v == nil {
		var zero T
		return zero, false, err
	}
	return *v, true, nil
}

func scanOne[T any](s scanner) (v T, err error) {
	return v, s.Scan(&v)
}

// table names the table that a query reads, for an error.
func table(query string) string {
	_, after, _ := strings.Cut(query, "FROM ")
	name, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	return strings.TrimSpace(name)
}
