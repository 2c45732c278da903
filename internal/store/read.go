package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// readers is how many views may run at once.
const readers = 4

var errClosed = errors.New("store: closed")

// OpenReadOnly opens the store in a folder for reading, whether or not an owner
// has it open. It never creates a store: ErrNoStore says that there is none.
func OpenReadOnly(ctx context.Context, dir string) (*DB, error) {
	path, err := filepath.Abs(filepath.Join(dir, File))
	if err != nil {
		return nil, err
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w", dir, ErrNoStore)
	case err != nil:
		return nil, err
	case info.Size() == 0:
		// Its owner is about to create it, or never came to it.
		return nil, fmt.Errorf("%s: %w", dir, ErrNoStore)
	}
	db := &DB{path: path, log: slog.New(slog.DiscardHandler), gone: make(chan struct{})}
	if err := db.openReading(ctx); err != nil {
		return nil, errors.Join(explain(err, path), db.Close())
	}
	return db, nil
}

func (db *DB) openReading(ctx context.Context) error {
	if err := checkFilesystem(filepath.Dir(db.path)); err != nil {
		return err
	}
	if err := db.openReaders(ctx); err != nil {
		return err
	}
	c, err := db.reader(ctx)
	if err != nil {
		return err
	}
	err = checkCurrent(ctx, c)
	db.giveBack(c)
	if err != nil {
		return err
	}
	return db.View(ctx, db.readScope)
}

func (db *DB) openReaders(ctx context.Context) (err error) {
	if db.reading, err = openSQLite(db.path, readPragmas); err != nil {
		return err
	}
	db.reading.SetMaxIdleConns(0)
	db.idle = make(chan *conn, readers)
	for range readers {
		db.idle <- nil
	}
	return nil
}

// reader takes a read connection, waiting for one if all are in use.
func (db *DB) reader(ctx context.Context) (*conn, error) {
	select {
	case c := <-db.idle:
		if c != nil {
			return c, nil
		}
		c, err := newConn(ctx, db.reading)
		if err != nil {
			db.giveBack(nil)
			return nil, err
		}
		return c, nil
	case <-db.gone:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// giveBack returns a read connection, nil for one that is gone.
func (db *DB) giveBack(c *conn) { db.idle <- c }

// View gives the function one consistent view of what is committed. Many views
// run beside each other and beside a Commit. The function must not open another
// view, and not stay long: the log can't start over while it reads.
func (db *DB) View(ctx context.Context, read func(*Tx) error) (err error) {
	c, err := db.reader(ctx)
	if err != nil {
		return err
	}
	// A statement that a context can cancel costs a goroutine; reads are short.
	tx := &Tx{ctx: context.WithoutCancel(ctx), caller: ctx, db: db, conn: c}
	defer func() {
		tx.over = true
		if end := c.exec(tx.ctx, sqlRollback); end != nil {
			// It can't be trusted with another view.
			err = errors.Join(err, end, c.close())
			c = nil
		}
		db.giveBack(c)
	}()
	if err := c.exec(tx.ctx, sqlBegin); err != nil {
		return err
	}
	return read(tx)
}
