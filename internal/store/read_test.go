package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadOnlyCreatesNothing(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	if _, err := OpenReadOnly(t.Context(), filepath.Join(parent, "none")); !errors.Is(err, ErrNoStore) {
		t.Errorf("a missing folder: %v", err)
	}
	if _, err := OpenReadOnly(t.Context(), parent); !errors.Is(err, ErrNoStore) {
		t.Errorf("an empty folder: %v", err)
	}
	if got := files(t, parent); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
	empty := filepath.Join(parent, File)
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReadOnly(t.Context(), parent); !errors.Is(err, ErrNoStore) {
		t.Errorf("an empty file: %v", err)
	}
}

func TestReadOnlyBesideAnOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := openTest(t, dir)
	mustCommit(t, db, setMeta("a", "1"))
	ro, err := OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	wantMeta(t, ro, "a", "1")
	mustCommit(t, db, setMeta("a", "2"))
	wantMeta(t, ro, "a", "2")
	if ro.Scope() != db.Scope() {
		t.Errorf("scope %+v, want %+v", ro.Scope(), db.Scope())
	}
	if _, err := ro.Commit(t.Context(), []func(*Tx) error{setMeta("a", "3")}); err == nil {
		t.Error("a commit through a read-only store worked")
	}
	closeTest(t, ro)
	mustCommit(t, db, setMeta("a", "4"))
	wantMeta(t, db, "a", "4")
}

func TestReadOnlyWithoutAnOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	mustCommit(t, db, setMeta("a", "1"))
	closeTest(t, db)
	before, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	ro, err := OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	wantMeta(t, ro, "a", "1")
	closeTest(t, ro)
	after, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("reading changed the database")
	}
	if diff := cmp.Diff([]string{File}, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
