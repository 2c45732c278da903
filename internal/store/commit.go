package store

import (
	"context"
	"fmt"
	"maps"
)

// Commit writes the members in one transaction. A member that returns an error
// is undone alone and its error is returned in errs at its place; the others
// stay. If err is not nil, nothing at all was written: see IsFull and IsFatal.
// Only one goroutine may call Commit at a time. Once begun it is not cancelled.
func (db *DB) Commit(ctx context.Context, members []func(*Tx) error) (errs []error, err error) {
	if db.writer == nil {
		return nil, errReadOnly
	}
	if err := db.failure(); err != nil {
		return nil, fmt.Errorf("the store failed before: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	db.catchUp(ctx)

	tx := &Tx{
		ctx: ctx, db: db, conn: db.writer, write: true, alone: len(members) == 1,
		fresh: make(map[definitionHash]int64),
	}
	whole := false
	defer func() {
		tx.over = true
		if !whole {
			err = db.rollback(ctx, err)
		}
	}()
	if err := tx.conn.exec(ctx, sqlBeginWrite); err != nil {
		return nil, explain(err, db.path)
	}
	errs = make([]error, len(members))
	for i, member := range members {
		if errs[i], err = tx.run(member); err != nil {
			return nil, explain(err, db.path)
		}
	}
	if tx.alone && errs[0] != nil {
		return errs, nil // nothing to commit
	}
	if err := tx.finish(); err != nil {
		return nil, explain(err, db.path)
	}
	whole = true
	maps.Copy(db.definitions, tx.fresh)
	db.committed(tx.writes)
	return errs, nil
}

// run carries out one member: failed is its own error, err one that ends the
// transaction.
func (tx *Tx) run(member func(*Tx) error) (failed, err error) {
	tx.saved, tx.member = false, tx.member[:0]
	failed = member(tx)
	if tx.ended != nil {
		return nil, tx.ended
	}
	if failed != nil {
		for _, h := range tx.member {
			delete(tx.fresh, h)
		}
	}
	if !tx.saved {
		return failed, nil
	}
	if failed != nil {
		if err := tx.conn.exec(tx.ctx, sqlRollbackTo); err != nil {
			return nil, err
		}
	}
	return failed, tx.conn.exec(tx.ctx, sqlRelease)
}

// finish keeps the sequences and commits.
func (tx *Tx) finish() error {
	if err := tx.db.seqs.save(tx); err != nil {
		return err
	}
	return tx.conn.exec(tx.ctx, sqlCommit)
}

// rollback undoes the open transaction and returns why it failed. SQLite may have
// undone it already, then there is none and its error says only that.
func (db *DB) rollback(ctx context.Context, cause error) error {
	_ = db.writer.exec(ctx, sqlRollback)
	db.seqs.reload()
	if inDoubt(cause) {
		if err := db.takeBack(ctx); err != nil {
			cause = fmt.Errorf("%w: %w", errInDoubt, err)
		}
	}
	if IsFatal(cause) {
		db.broken = cause
	}
	return cause
}
