package store

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// TestFailedCommitIsGone fills the disk up to the moment at which the index of
// the log cannot grow: by then the log holds the whole commit. It failed, so
// nobody may find it, neither this process nor one that recovers the log.
func TestFailedCommitIsGone(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		const how = "this test mounts a small disk, so run it as root, or through `unshare -rm`: %v"
		if os.Getenv("CI") == "true" {
			t.Fatalf(how, err)
		}
		t.Skipf(how, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	db := openTest(t, dir)
	ballast := filepath.Join(dir, "ballast")
	fillDisk(t, ballast)

	kept := ""
	// A view keeps the log from starting over.
	err := db.View(t.Context(), func(tx *Tx) error {
		if _, _, err := tx.Meta("key"); err != nil {
			return err
		}
		for i := range 10_000 {
			value := strconv.Itoa(i)
			if err := commitMeta(t, db, value); err != nil {
				return err
			}
			kept = value
		}
		return nil
	})
	if !inDoubt(err) || !IsFull(err) || IsFatal(err) {
		t.Fatalf("after %s: %v", kept, err)
	}
	crashed := t.TempDir()
	for _, name := range []string{File, File + "-wal"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(crashed, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	wantMeta(t, db, "key", kept)
	wantMeta(t, openTest(t, crashed), "key", kept)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	mustCommit(t, db, setMeta("key", "later"))
	wantMeta(t, db, "key", "later")
}

func commitMeta(t *testing.T, db *DB, value string) error {
	t.Helper()
	errs, err := db.Commit(t.Context(), []func(*Tx) error{setMeta("key", value)})
	return errors.Join(append(errs, err)...)
}

func fillDisk(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
}
