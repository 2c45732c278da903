package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// newest is the version of this build's schema.
func newest(t *testing.T) int64 { return int64(len(steps(t))) }

// current makes a database of this build's version with one value in it.
func current(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	db, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	mustCommit(t, db, setMeta("a", "1"))
	closeTest(t, db)
	return dir
}

func steps(t *testing.T, more ...migration) []migration {
	t.Helper()
	all, err := readMigrations(migrationFiles)
	if err != nil {
		t.Fatal(err)
	}
	return append(slices.Clone(all), more...)
}

// migrate brings the database in a folder to the given steps.
func migrateTo(t *testing.T, dir string, to []migration) error {
	t.Helper()
	db := &DB{path: filepath.Join(dir, File), log: slog.New(slog.DiscardHandler), gone: make(chan struct{})}
	if err := db.connectWriter(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := migrator{conn: db.writer, path: db.path, log: db.log, steps: to}
	return errors.Join(m.migrate(t.Context()), db.Close())
}

func TestMigrationCopiesTheDatabaseFirst(t *testing.T) {
	t.Parallel()
	dir := current(t)
	two := migration{version: newest(t) + 1, name: "0002_more", sql: "CREATE TABLE more (x BIGINT); UPDATE meta SET value = 'new' WHERE name = 'a'"}
	three := migration{version: newest(t) + 2, name: "0003_again", sql: "INSERT INTO more (x) VALUES (1)"}
	if err := migrateTo(t, dir, steps(t, two, three)); err != nil {
		t.Fatal(err)
	}
	bak := filepath.Join(dir, fmt.Sprintf("%s.v%d.bak", File, newest(t)))
	info, err := os.Stat(bak)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the copy has mode %o", info.Mode().Perm())
	}
	// The copy is the whole database as it was: this version can open it.
	old := t.TempDir()
	content, err := os.ReadFile(bak)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(old, File), content, 0o600); err != nil {
		t.Fatal(err)
	}
	wantMeta(t, openTest(t, old), "a", "1")

	// The migrated one is newer than this version.
	_, err = Open(t.Context(), dir, Options{})
	wantHint(t, err, fmt.Sprintf("version %d", newest(t)+2), fmt.Sprintf("up to %d", newest(t)))
	_, err = OpenReadOnly(t.Context(), dir)
	wantHint(t, err, fmt.Sprintf("version %d", newest(t)+2), fmt.Sprintf("up to %d", newest(t)))
	if got := strings.Join(files(t, dir), " "); strings.Contains(got, ".part") {
		t.Errorf("left behind: %s", got)
	}
	// Migrating again does nothing.
	if err := migrateTo(t, dir, steps(t, two, three)); err != nil {
		t.Fatal(err)
	}
}

func TestFailedMigrationChangesNothing(t *testing.T) {
	t.Parallel()
	dir := current(t)
	bad := migration{version: newest(t) + 1, name: "0002_bad", sql: "CREATE TABLE more (x BIGINT); UPDATE meta SET value = 'new'; SELECT * FROM nowhere"}
	err := migrateTo(t, dir, steps(t, bad))
	if err == nil || !strings.Contains(err.Error(), "0002_bad") {
		t.Errorf("got %v", err)
	}
	db := openTest(t, dir)
	wantMeta(t, db, "a", "1")
	// A later try replaces the copy.
	closeTest(t, db)
	if err := migrateTo(t, dir, steps(t, migration{version: newest(t) + 1, name: "0002_good", sql: "CREATE TABLE more (x BIGINT)"})); err != nil {
		t.Fatal(err)
	}
}

func TestNoCopyNoMigration(t *testing.T) {
	t.Parallel()
	dir := current(t)
	// A folder in its place makes the copy fail.
	if err := os.MkdirAll(filepath.Join(dir, fmt.Sprintf("%s.v%d.bak", File, newest(t)), "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	err := migrateTo(t, dir, steps(t, migration{version: newest(t) + 1, name: "0002_more", sql: "CREATE TABLE more (x BIGINT)"}))
	wantHint(t, err, "copy", "not touched")
	wantMeta(t, openTest(t, dir), "a", "1")
}

func TestReadOnlyDoesNotMigrate(t *testing.T) {
	t.Parallel()
	dir := current(t)
	db := openTest(t, dir)
	_, err := db.writer.c.ExecContext(t.Context(), "DELETE FROM migrations")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReadOnly(t.Context(), dir); !errors.Is(err, ErrNoStore) {
		t.Errorf("a database without a schema: %v", err)
	}
}

func TestMigrationFiles(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]fstest.MapFS{
		"gap":       {"migrations/0001_a.sql": {}, "migrations/0003_b.sql": {}},
		"no number": {"migrations/first.sql": {}},
		"twice":     {"migrations/0001_a.sql": {}, "migrations/0001_b.sql": {}},
	} {
		if _, err := readMigrations(files); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestMigrationIsLogged(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	db, err := Open(context.Background(), t.TempDir(), Options{Log: slog.New(slog.NewTextHandler(&out, nil))})
	if err != nil {
		t.Fatal(err)
	}
	closeTest(t, db)
	if !strings.Contains(out.String(), "0001_init") {
		t.Errorf("log: %s", out.String())
	}
}
