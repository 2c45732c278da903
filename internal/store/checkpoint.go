package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"github.com/reglue/reglue/internal/failpoint"
)

// FailCheckpoint is the fail point within a checkpoint, after it began to write
// the database.
const FailCheckpoint = "store.checkpoint"

const sqlCheckpoint = `PRAGMA wal_checkpoint(PASSIVE)`

const (
	// checkpointPages is about how many pages are written to the log between
	// two checkpoints, and pagesPerWrite a guess of what a write adds to them.
	checkpointPages = 2000
	pagesPerWrite   = 2
	// maxLogPages is the length of the log, in pages of 4 KiB, above which the
	// writer itself copies the rest of it between two commits. Only then can
	// the log start over under a load that never pauses.
	maxLogPages = 3000
)

// checkpointer copies the log into the database beside the writer, so that a
// commit need not wait for it.
type checkpointer struct {
	conn *conn
	path string
	log  *slog.Logger

	// added is a guess of the pages since the last checkpoint.
	added int
	wake  chan struct{}
	// long is set when the log has grown too long.
	long atomic.Bool
	// failed is the fatal error of a checkpoint, for the next commit.
	failed atomic.Pointer[error]
	// mu is held while a checkpoint runs; a second one would find it busy.
	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

func startCheckpointer(ctx context.Context, db *sql.DB, path string, log *slog.Logger) (*checkpointer, error) {
	c, err := newConn(ctx, db)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &checkpointer{
		conn: c, path: path, log: log,
		wake: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{}),
	}
	go p.loop(ctx)
	return p, nil
}

func (p *checkpointer) loop(ctx context.Context) {
	defer close(p.done)
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		p.mu.Lock()
		pages, err := p.run(context.WithoutCancel(ctx), p.conn)
		p.mu.Unlock()
		if err != nil {
			p.note(err)
			continue
		}
		p.long.Store(pages > maxLogPages)
	}
}

func (p *checkpointer) stop() error {
	p.cancel()
	<-p.done
	return p.conn.close()
}

// committed counts what a commit wrote and starts a checkpoint now and then.
func (db *DB) committed(writes int) {
	p := db.checkpoint
	if p == nil {
		return
	}
	if p.added += pagesPerWrite * writes; p.added < checkpointPages {
		return
	}
	p.added = 0
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// catchUp copies what the last checkpoint left, when the log is too long. It
// runs between two commits, so nothing is added meanwhile and the next commit
// starts the log over, unless a view still reads it.
func (db *DB) catchUp(ctx context.Context) {
	p := db.checkpoint
	if p == nil || !p.long.Load() || !p.mu.TryLock() {
		return
	}
	defer p.mu.Unlock()
	p.long.Store(false)
	if _, err := p.run(ctx, db.writer); err != nil {
		p.note(err)
	}
}

// note keeps a checkpoint's error: a full disk is no harm, since the log holds
// everything, but after a failed fsync nothing may be trusted.
func (p *checkpointer) note(err error) {
	p.log.Warn("checkpoint failed", "error", err)
	if IsFatal(err) {
		p.failed.Store(&err)
	}
}

// failure is the fatal error of an earlier commit or checkpoint.
func (db *DB) failure() error {
	if p := db.checkpoint; p != nil && db.broken == nil {
		if err := p.failed.Load(); err != nil {
			db.broken = *err
		}
	}
	return db.broken
}

// run makes a checkpoint and says how many pages the log holds.
func (p *checkpointer) run(ctx context.Context, c *conn) (pages int64, err error) {
	defer p.watch()()
	rows, err := c.query(ctx, sqlCheckpoint)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var busy, copied int64
	for rows.Next() {
		if err := rows.Scan(&busy, &pages, &copied); err != nil {
			return 0, err
		}
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("checkpoint: %w", err)
	}
	return pages, nil
}

// watch hits the fail point as soon as the running checkpoint has written to
// the database, at the latest when it has ended.
func (p *checkpointer) watch() (end func()) {
	if !failpoint.Wanted(FailCheckpoint) {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	before, _ := os.Stat(p.path)
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				failpoint.Hit(FailCheckpoint)
				return
			default:
			}
			now, err := os.Stat(p.path)
			if err == nil && before != nil && (now.ModTime() != before.ModTime() || now.Size() != before.Size()) {
				failpoint.Hit(FailCheckpoint)
				return
			}
		}
	}()
	return func() { close(stop); <-stopped }
}
