package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/reglue/reglue/internal/glue"
)

// File is the name of the database in its folder.
const File = "reglue.db"

// Options are the settings of a store. The zero value is usable.
type Options struct {
	// Log gets what an operator wants to know; nil drops it.
	Log *slog.Logger
	// Account and Region are kept in the folder when it is created. Empty
	// means the kept ones, or the default for a new folder.
	Account, Region string
}

// DB is an open store. Its methods are safe for concurrent use, except that
// only one goroutine may Commit at a time.
type DB struct {
	path  string
	log   *slog.Logger
	scope glue.Scope

	// The writer's side; nil when the store is open for reading only.
	writing *sql.DB
	writer  *conn
	seqs    *sequences
	// definitions are committed ones, by hash.
	definitions map[definitionHash]int64
	// broken is the fatal error after which nothing is written any more.
	broken     error
	checkpoint *checkpointer

	reading *sql.DB
	// idle holds the read connections that are not in use; a nil one is still
	// to be opened.
	idle chan *conn

	closing sync.Once
	// gone is closed when Close begins.
	gone   chan struct{}
	closed error
}

// Open opens the store in a folder for the one owner that writes it. It creates
// what is missing, for its user alone, and brings an older database up to date
// after copying it.
func Open(ctx context.Context, dir string, opt Options) (*DB, error) {
	db := &DB{log: opt.Log, definitions: make(map[definitionHash]int64), gone: make(chan struct{})}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if db.path, err = prepareFile(dir); err != nil {
		return nil, err
	}
	if err := db.open(ctx, opt); err != nil {
		return nil, errors.Join(explain(err, db.path), db.Close())
	}
	return db, nil
}

func (db *DB) open(ctx context.Context, opt Options) error {
	info, err := os.Stat(db.path)
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		// A log before the database exists would be thrown away.
		if err := db.create(ctx); err != nil {
			return err
		}
	}
	if err := growLog(db.path); err != nil {
		return err
	}
	if err := db.openWriter(ctx); err != nil {
		return err
	}
	if db.seqs, err = loadSequences(ctx, db.writer); err != nil {
		return err
	}
	if err := db.settle(ctx, opt); err != nil {
		return err
	}
	if db.checkpoint, err = startCheckpointer(ctx, db.writing, db.path, db.log); err != nil {
		return err
	}
	return db.openReaders(ctx)
}

// create makes the database in the empty file.
func (db *DB) create(ctx context.Context) error {
	if err := db.openWriter(ctx); err != nil {
		return err
	}
	err := errors.Join(db.writer.close(), db.writing.Close())
	db.writer, db.writing = nil, nil
	return err
}

// openWriter opens the writing connection and brings the schema up to date.
func (db *DB) openWriter(ctx context.Context) error {
	if err := db.connectWriter(ctx); err != nil {
		return err
	}
	steps, err := readMigrations(migrationFiles)
	if err != nil {
		return err
	}
	m := migrator{conn: db.writer, path: db.path, log: db.log, steps: steps}
	return m.migrate(ctx)
}

func (db *DB) connectWriter(ctx context.Context) (err error) {
	if db.writing, err = openSQLite(db.path, writePragmas); err != nil {
		return err
	}
	db.writer, err = newConn(ctx, db.writing)
	return err
}

// prepareFile makes the folder and the empty database file, both for this user
// alone: SQLite gives its log the permissions of the database.
func prepareFile(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", hinted(err, "choose another folder with --data", "can't create the data folder %s", dir)
	}
	if err := checkFilesystem(dir); err != nil {
		return "", err
	}
	path, err := filepath.Abs(filepath.Join(dir, File))
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", hinted(err, "the data folder must belong to the user that runs reglue", "can't open %s", path)
	}
	info, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if info.Size() > 0 {
		return path, nil
	}
	// The names of a new store must survive a power cut as its content does.
	return path, errors.Join(syncDir(filepath.Dir(path)), syncDir(filepath.Dir(filepath.Dir(path))))
}

// Every connection gets these. Immediate transactions and a busy timeout make a
// writer wait for another process that recovers the log, instead of failing.
var basePragmas = []string{
	"busy_timeout(10000)",
	"foreign_keys(1)",
	"temp_store(2)",
}

var writePragmas = append([]string{
	"journal_mode(wal)",
	"synchronous(full)",
	"fullfsync(1)",
	"checkpoint_fullfsync(1)",
	// Checkpoints run beside the writer: see checkpointer.
	"wal_autocheckpoint(0)",
	"cache_size(-32000)",
}, basePragmas...)

var readPragmas = append([]string{
	"query_only(1)",
	"cache_size(-4000)",
}, basePragmas...)

func openSQLite(path string, pragmas []string) (*sql.DB, error) {
	if rc := registerVFS(); rc != sqlite3.SQLITE_OK {
		return nil, fmt.Errorf("register the VFS: SQLite's code %d", rc)
	}
	return sql.Open("sqlite", dsn(path, pragmas))
}

// dsn names the file as a URI, so that any character may be in its path. The
// file exists already: nothing here creates one.
func dsn(path string, pragmas []string) string {
	q := url.Values{"mode": {"rw"}, "vfs": {vfsName}, "_pragma": pragmas}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// Close waits for the views that run and closes the store. The last process to
// close it leaves all in one file. Closing again does nothing.
func (db *DB) Close() error {
	db.closing.Do(func() { db.closed = db.close() })
	return db.closed
}

func (db *DB) close() error {
	close(db.gone)
	var errs []error
	if db.checkpoint != nil {
		errs = append(errs, db.checkpoint.stop())
	}
	if db.reading != nil {
		for range readers {
			if c := <-db.idle; c != nil {
				errs = append(errs, c.close())
			}
		}
		errs = append(errs, db.reading.Close())
	}
	// The writer goes last, so that it is the one to fold the log into the file.
	if db.writer != nil {
		errs = append(errs, db.writer.close())
	}
	if db.writing != nil {
		errs = append(errs, db.writing.Close())
	}
	return errors.Join(errs...)
}
