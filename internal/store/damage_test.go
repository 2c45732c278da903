package store

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
)

func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	good := t.TempDir()
	db, err := Open(t.Context(), good, Options{})
	if err != nil {
		t.Fatal(err)
	}
	closeTest(t, db)
	sound, err := os.ReadFile(filepath.Join(good, File))
	if err != nil {
		t.Fatal(err)
	}
	// Pages after the first hold the schema and the tables.
	holes := bytes.Clone(sound)
	for i := 4096 * 1; i < len(holes); i++ {
		holes[i] = 0xa5
	}
	header := bytes.Clone(sound)
	copy(header[100:], bytes.Repeat([]byte{0xff}, 2000))
	for name, content := range map[string][]byte{
		"not a database": bytes.Repeat([]byte("hello, world\n"), 1000),
		"short":          []byte("SQLite"),
		"cut":            sound[:5000],
		"pages":          holes,
		"schema page":    header,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, File)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			db, err := Open(t.Context(), dir, Options{})
			if err == nil {
				closeTest(t, db)
			}
			wantHint(t, err, "damaged", path)
			_, err = OpenReadOnly(t.Context(), dir)
			wantHint(t, err, "damaged", path)
			kept, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(kept, content) {
				t.Error("the damaged file was changed")
			}
		})
	}
}

func TestDatabaseOfAnotherProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other, err := sql.Open("sqlite", filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), "CREATE TABLE bookmarks (url TEXT)"); err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), dir, Options{})
	wantHint(t, err, "another program")
}
