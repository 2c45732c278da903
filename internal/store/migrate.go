package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step from a version of the schema to the next.
type migration struct {
	version int64
	name    string
	sql     string
}

const (
	sqlTableCount = `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name <> 'migrations'`
	sqlHasVersion = `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'migrations'`
	sqlMigrations = `CREATE TABLE IF NOT EXISTS migrations (
		version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied BIGINT NOT NULL)`
)

// These need the table of migrations.
const (
	sqlVersion         = `SELECT COALESCE(max(version), 0) FROM migrations`
	sqlInsertMigration = `INSERT INTO migrations (version, name, applied) VALUES ($1, $2, $3)`
	sqlCopy            = `VACUUM INTO $1`
)

// readMigrations reads the embedded files, which are named NNNN_name.sql and
// numbered without gaps.
func readMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var out []migration
	for i, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var number int64
		base := strings.TrimSuffix(filepath.Base(name), ".sql")
		if _, err := fmt.Sscanf(base, "%04d_", &number); err != nil || number != int64(i)+1 {
			return nil, fmt.Errorf("migration %s: want number %04d", name, i+1)
		}
		out = append(out, migration{version: number, name: base, sql: string(text)})
	}
	return out, nil
}

// migrator brings a database to the last of its steps.
type migrator struct {
	conn  *conn
	path  string
	log   *slog.Logger
	steps []migration
}

func (m *migrator) migrate(ctx context.Context) error {
	have, err := version(ctx, m.conn)
	if err != nil {
		return err
	}
	if err := m.refuseNewer(have); err != nil {
		return err
	}
	todo := m.steps[have:]
	if have > 0 && len(todo) > 0 {
		if err := m.copy(ctx, have); err != nil {
			return err
		}
	}
	if have == 0 {
		if err := m.conn.exec(ctx, sqlMigrations); err != nil {
			return err
		}
	}
	for _, step := range todo {
		if err := m.apply(ctx, step); err != nil {
			return fmt.Errorf("migrate to version %d (%s): %w", step.version, step.name, err)
		}
		m.log.Info("database migrated", "version", step.version, "step", step.name)
	}
	return nil
}

func (m *migrator) refuseNewer(have int64) error {
	if have <= int64(len(m.steps)) {
		return nil
	}
	return hinted(nil, "use the reglue that wrote it, or a newer one",
		"%s has schema version %d, but this reglue knows only up to %d", m.path, have, len(m.steps))
}

// apply carries out one step in a transaction of its own.
func (m *migrator) apply(ctx context.Context, step migration) (err error) {
	if err := m.conn.exec(ctx, sqlBeginWrite); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.conn.exec(ctx, sqlRollback))
		}
	}()
	if _, err := m.conn.c.ExecContext(ctx, step.sql); err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	if err := m.conn.exec(ctx, sqlInsertMigration, step.version, step.name, now); err != nil {
		return err
	}
	return m.conn.exec(ctx, sqlCommit)
}

// copy keeps the database as it is beside itself, whole or not at all.
func (m *migrator) copy(ctx context.Context, have int64) error {
	to := fmt.Sprintf("%s.v%d.bak", m.path, have)
	err := m.copyTo(ctx, to)
	if err != nil {
		return hinted(err, "free some space or fix the folder; the database was not touched",
			"can't copy the database to %s before migrating it", to)
	}
	m.log.Info("database copied before migration", "copy", to)
	return nil
}

func (m *migrator) copyTo(ctx context.Context, to string) error {
	part := to + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := m.conn.exec(ctx, sqlCopy, part); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(part, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// version is the schema version of a database, 0 for an empty one. One that
// holds other tables is not ours.
func version(ctx context.Context, c *conn) (int64, error) {
	ours, err := number(ctx, c, sqlHasVersion)
	if err != nil {
		return 0, err
	}
	if ours == 0 {
		tables, err := number(ctx, c, sqlTableCount)
		if err == nil && tables > 0 {
			err = hinted(nil, "choose another folder with --data", "%s is a database of another program", File)
		}
		return 0, err
	}
	return number(ctx, c, sqlVersion)
}

// checkCurrent holds a database that can't be migrated now against this
// version's schema.
func checkCurrent(ctx context.Context, c *conn) error {
	steps, err := readMigrations(migrationFiles)
	if err != nil {
		return err
	}
	have, err := version(ctx, c)
	if err != nil {
		return err
	}
	switch want := int64(len(steps)); {
	case have == 0:
		return ErrNoStore
	case have > want:
		return (&migrator{path: File, steps: steps}).refuseNewer(have)
	case have < want:
		return hinted(nil, "start `reglue serve` on it once: it copies the database and migrates it",
			"%s has schema version %d, this reglue reads version %d", File, have, want)
	}
	return nil
}

func number(ctx context.Context, c *conn, query string) (n int64, err error) {
	rows, err := c.query(ctx, query)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, err
		}
	}
	return n, rows.Err()
}
