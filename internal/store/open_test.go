package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

func setMeta(key, value string) func(*Tx) error {
	return func(tx *Tx) error { return tx.SetMeta(key, value) }
}

func mustCommit(t *testing.T, db *DB, members ...func(*Tx) error) {
	t.Helper()
	errs, err := db.Commit(t.Context(), members)
	if err := errors.Join(append(errs, err)...); err != nil {
		t.Fatal(err)
	}
}

func wantMeta(t *testing.T, db *DB, key, value string) {
	t.Helper()
	err := db.View(t.Context(), func(tx *Tx) error {
		got, _, err := tx.Meta(key)
		if got != value {
			t.Errorf("%s is %q, want %q", key, got, value)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func closeTest(t *testing.T, db *DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// wantHint holds an error to be one that tells its reader what to do.
func wantHint(t *testing.T, err error, words ...string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an Error", err)
	}
	if e.Hint == "" {
		t.Errorf("no hint: %v", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q doesn't say %q", err, w)
		}
	}
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		names = append(names, f.Name())
	}
	return names
}

func TestFolderIsPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "a b?#%&é")
	db := openTest(t, dir)
	mustCommit(t, db, setMeta("a", "1"))
	mode := func(path string) fs.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	if got := mode(dir); got != 0o700 {
		t.Errorf("the folder has mode %o", got)
	}
	for _, name := range files(t, dir) {
		if got := mode(filepath.Join(dir, name)); got != 0o600 {
			t.Errorf("%s has mode %o", name, got)
		}
	}
}

func TestCloseLeavesOneFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 3 {
		db, err := Open(t.Context(), dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		mustCommit(t, db, setMeta("a", string(rune('0'+i))))
		wantMeta(t, db, "a", string(rune('0'+i)))
		closeTest(t, db)
		if diff := cmp.Diff([]string{File}, files(t, dir)); diff != "" {
			t.Errorf("files after Close (-want +got):\n%s", diff)
		}
	}
}

func TestClosedStoreRefuses(t *testing.T) {
	t.Parallel()
	db := openTest(t, t.TempDir())
	closeTest(t, db)
	closeTest(t, db)
	if err := db.View(t.Context(), func(*Tx) error { return nil }); err == nil {
		t.Error("a view of a closed store worked")
	}
	if _, err := db.Commit(t.Context(), []func(*Tx) error{setMeta("a", "1")}); err == nil {
		t.Error("a commit to a closed store worked")
	}
}

func TestPragmas(t *testing.T) {
	t.Parallel()
	db := openTest(t, t.TempDir())
	reader, err := db.reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer db.giveBack(reader)
	for _, c := range []struct {
		conn *conn
		name string
		want string
	}{
		{db.writer, "journal_mode", "wal"},
		{db.writer, "synchronous", "2"},
		{db.writer, "fullfsync", "1"},
		{db.writer, "checkpoint_fullfsync", "1"},
		{db.writer, "foreign_keys", "1"},
		{db.writer, "busy_timeout", "10000"},
		{db.checkpoint.conn, "fullfsync", "1"},
		{db.checkpoint.conn, "synchronous", "2"},
		{reader, "query_only", "1"},
		{reader, "busy_timeout", "10000"},
	} {
		var got string
		if err := c.conn.c.QueryRowContext(t.Context(), "PRAGMA "+c.name).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != c.want {
			t.Errorf("%s is %s, want %s", c.name, got, c.want)
		}
	}
}

func TestScopeIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := Open(t.Context(), dir, Options{Account: "123456789012", Region: "eu-west-3"})
	if err != nil {
		t.Fatal(err)
	}
	closeTest(t, db)
	for _, opt := range []Options{{}, {Account: "123456789012"}, {Region: "eu-west-3"}} {
		db, err := Open(t.Context(), dir, opt)
		if err != nil {
			t.Fatal(err)
		}
		if want := (glue.Scope{Account: "123456789012", Region: "eu-west-3"}); db.Scope() != want {
			t.Errorf("scope %+v", db.Scope())
		}
		closeTest(t, db)
	}
	_, err = Open(t.Context(), dir, Options{Account: "999999999999"})
	wantHint(t, err, "123456789012", "999999999999", "account")
	_, err = Open(t.Context(), dir, Options{Region: "us-east-1"})
	wantHint(t, err, "eu-west-3", "us-east-1", "region")
}

func TestUnusableFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), filepath.Join(file, "data"), Options{})
	wantHint(t, err, file)
}

// A store with many finished runs opens as fast as an empty one.
func TestOpensFast(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var members []func(*Tx) error
	for range 10_000 {
		members = append(members, func(tx *Tx) error {
			return tx.InsertRun(&Run{ID: glue.NewRunID(), Workflow: "w", Status: glue.WorkflowRunStatusCompleted}, nil)
		})
	}
	mustCommit(t, db, members...)
	closeTest(t, db)
	var took []time.Duration
	for range 5 {
		began := time.Now()
		db, err := Open(t.Context(), dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.View(t.Context(), func(tx *Tx) error { _, err := tx.LiveRuns(); return err }); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(began))
		closeTest(t, db)
	}
	if best := slices.Min(took); best > 300*time.Millisecond {
		t.Errorf("opening took %v at best", best)
	}
}
