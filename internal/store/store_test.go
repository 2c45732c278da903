package store_test

import (
	"testing"

	"github.com/reglue/reglue/internal/store"
	"github.com/reglue/reglue/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, open)
}

func open(t *testing.T, dir string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), dir, store.Options{})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return db
}
