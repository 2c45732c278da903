package storetest

import (
	"bytes"
	"testing"

	"github.com/reglue/reglue/internal/store"
)

func putDefinition(t *testing.T, db *store.DB, kind, body string) (id int64) {
	t.Helper()
	commit(t, db, func(tx *store.Tx) (err error) {
		id, err = tx.PutDefinition(kind, []byte(body))
		return err
	})
	return id
}

func testDefinitions(t *testing.T, s *suite) {
	db := s.db(t)
	a := putDefinition(t, db, "job", `{"a":1}`)
	b := putDefinition(t, db, "job", `{"b":1}`)
	other := putDefinition(t, db, "triggers", `{"a":1}`)
	if a == b || a == other || a == 0 {
		t.Errorf("ids %d, %d, %d: want three different ones", a, b, other)
	}
	if again := putDefinition(t, db, "job", `{"a":1}`); again != a {
		t.Errorf("the same definition got id %d, then %d", a, again)
	}
	big := bytes.Repeat([]byte("0123456789é"), 200_000)
	id := putDefinition(t, db, "triggers", string(big))
	if got := get(t, db, func(tx *store.Tx) ([]byte, error) { return tx.Definition(id) }); !bytes.Equal(got, big) {
		t.Errorf("a definition of %d bytes came back with %d", len(big), len(got))
	}
	want(t, db, "an unknown definition", nil, func(tx *store.Tx) ([]byte, error) { return tx.Definition(999) })
}

func testDefinitionRollback(t *testing.T, s *suite) {
	db := s.db(t)
	put := func(id *int64, body string) func(*store.Tx) error {
		return func(tx *store.Tx) (err error) {
			*id, err = tx.PutDefinition("job", []byte(body))
			return err
		}
	}
	var lost, kept, again int64
	errs, err := db.Commit(t.Context(), []func(*store.Tx) error{
		func(tx *store.Tx) error {
			if err := put(&lost, "shared")(tx); err != nil {
				return err
			}
			return errUndo
		},
		put(&kept, "shared"),
		put(&again, "shared"),
	})
	if err != nil || errs[0] == nil || errs[1] != nil || errs[2] != nil {
		t.Fatalf("errors %v, %v", errs, err)
	}
	if kept != again {
		t.Errorf("two members got ids %d and %d for one definition", kept, again)
	}
	if later := putDefinition(t, db, "job", "shared"); later != kept {
		t.Errorf("a later commit got id %d, want %d", later, kept)
	}
	want(t, db, "the definition", []byte("shared"), func(tx *store.Tx) ([]byte, error) { return tx.Definition(kept) })

	// The only member that put it failed: nothing may remember it.
	_, err = db.Commit(t.Context(), []func(*store.Tx) error{func(tx *store.Tx) error {
		if err := put(&lost, "lost")(tx); err != nil {
			return err
		}
		return errUndo
	}})
	if err != nil {
		t.Fatal(err)
	}
	id := putDefinition(t, db, "job", "lost")
	want(t, db, "a definition put again", []byte("lost"), func(tx *store.Tx) ([]byte, error) { return tx.Definition(id) })
}
