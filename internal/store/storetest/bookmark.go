package storetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func testBookmarks(t *testing.T, s *suite) {
	db := s.db(t)
	newest := func(tx *store.Tx) (*store.Bookmark, error) { return tx.NewestBookmark("j") }
	want(t, db, "none", nil, newest)
	one := &store.Bookmark{
		Job: "j", Version: 1, Cause: store.BookmarkCommit, Run: 1, Attempt: 2, RunID: "jr_1", Previous: "jr_0", By: "ada", RewoundTo: 4, At: 7, Body: `{"ü": 1}`,
	}
	two := &store.Bookmark{Job: "j", Version: 2, Cause: store.BookmarkReset, At: 8}
	other := &store.Bookmark{Job: "J", Version: 1, Cause: store.BookmarkCommit, Body: "other"}
	for _, b := range []*store.Bookmark{one, two, other} {
		commit(t, db, func(tx *store.Tx) error { return tx.PutBookmark(b) })
	}
	bare := *one
	bare.Body = ""
	if one.Size != int64(len(one.Body)) {
		t.Errorf("size %d", one.Size)
	}
	want(t, db, "the first", one, func(tx *store.Tx) (*store.Bookmark, error) { return tx.Bookmark("j", 1) })
	want(t, db, "not there", nil, func(tx *store.Tx) (*store.Bookmark, error) { return tx.Bookmark("j", 3) })
	want(t, db, "the newest", two, newest)
	for id, committed := range map[string]bool{"jr_1": true, "jr_0": false, "": false} {
		want(t, db, "committed by "+id, committed, func(tx *store.Tx) (bool, error) { return tx.CommittedBookmark("j", id) })
	}
	want(t, db, "all", []store.Bookmark{*two, bare}, func(tx *store.Tx) ([]store.Bookmark, error) { return tx.Bookmarks("j") })
	if errs, err := db.Commit(t.Context(), []func(*store.Tx) error{func(tx *store.Tx) error { return tx.PutBookmark(two) }}); err != nil || errs[0] == nil {
		t.Errorf("a version was written twice: %v, %v", errs, err)
	}

	reader := &store.BookmarkReader{Job: "j", RunID: "jr_1", Attempt: 3, Committed: true}
	read := func(tx *store.Tx) (*store.BookmarkReader, error) { return tx.BookmarkReader("j") }
	want(t, db, "no reader", nil, read)
	commit(t, db, func(tx *store.Tx) error { return tx.PutBookmarkReader(&store.BookmarkReader{Job: "j", RunID: "jr_0"}) },
		func(tx *store.Tx) error { return tx.PutBookmarkReader(reader) })
	want(t, db, "the reader", reader, read)

	commit(t, db, func(tx *store.Tx) (err error) {
		_, err = tx.PutJob(&glue.Job{Name: "j"})
		return err
	}, func(tx *store.Tx) error { return tx.DeleteJob("j") })
	want(t, db, "of a deleted job", nil, newest)
	want(t, db, "the reader of a deleted job", nil, read)
	want(t, db, "of another job", other, func(tx *store.Tx) (*store.Bookmark, error) { return tx.Bookmark("J", 1) })
}

// testBookmarkHistory: so much is kept and no more, and always what the newest
// version was made from.
func testBookmarkHistory(t *testing.T, s *suite) {
	db := s.db(t)
	versions := func(job string) (out []int64) {
		all := get(t, db, func(tx *store.Tx) ([]store.Bookmark, error) { return tx.Bookmarks(job) })
		for _, b := range all {
			out = append(out, b.Version)
		}
		slices.Reverse(out)
		return out
	}
	put := func(job, body string, n int) {
		for v := 1; v <= n; v++ {
			commit(t, db, func(tx *store.Tx) error {
				return tx.PutBookmark(&store.Bookmark{Job: job, Version: int64(v), Cause: store.BookmarkCommit, Body: body})
			})
		}
	}
	put("small", "{}", store.BookmarkVersions+20)
	if got := versions("small"); len(got) != store.BookmarkVersions || got[0] != 21 {
		t.Errorf("%d versions from %d on", len(got), got[0])
	}
	put("large", strings.Repeat("x", 20<<20), 5)
	if diff := cmp.Diff([]int64{3, 4, 5}, versions("large")); diff != "" {
		t.Error(diff)
	}
	put("huge", strings.Repeat("x", 40<<20), 4)
	if diff := cmp.Diff([]int64{3, 4}, versions("huge")); diff != "" {
		t.Error(diff)
	}
}
