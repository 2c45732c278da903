package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/store"
)

// Open opens the store that is kept in a folder, creating it the first time.
// The suite closes it.
type Open func(t *testing.T, dir string) *store.DB

// Run runs the whole suite.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *suite)
	}{
		{"Definitions", testDefinitions},
		{"DefinitionsOfFailedMembers", testDefinitionRollback},
		{"Workflows", testWorkflows},
		{"Triggers", testTriggers},
		{"TriggersByJob", testTriggersByJob},
		{"StartTrigger", testStartTrigger},
		{"Jobs", testJobs},
		{"Tags", testTags},
		{"TaggedNames", testTaggedNames},
		{"NamesDifferInCase", testCase},
		{"OddNamesAndPaging", testOddNames},
		{"PagingSurvivesInserts", testPagingInserts},
		{"Databases", testDatabases},
		{"Tables", testTables},
		{"Partitions", testPartitions},
		{"SweepOfTheCatalog", testSweep},
		{"Bookmarks", testBookmarks},
		{"BookmarkHistory", testBookmarkHistory},
		{"Runs", testRuns},
		{"RunProgress", testRunProgress},
		{"RunPages", testRunPages},
		{"LiveRuns", testLiveRuns},
		{"Resumes", testResumes},
		{"RunProperties", testProperties},
		{"JobRuns", testJobRuns},
		{"JobRunsOfARun", testJobRunsOf},
		{"LiveJobRuns", testLiveJobRuns},
		{"SharedPredecessors", testSameAs},
		{"DeleteWorkflow", testDeleteWorkflow},
		{"Expire", testExpire},
		{"ExpireKeepsCarriedRuns", testExpireCarried},
		{"ExpireBites", testExpireBites},
		{"MovedJobRuns", testMoved},
		{"ExpireMovedJobRuns", testExpireMoved},
		{"Invocations", testInvocations},
		{"Meta", testMeta},
		{"FailedMemberIsUndoneAlone", testSavepoint},
		{"OnlyMember", testOnlyMember},
		{"MemberSeesEarlierMembers", testMembersInOrder},
		{"ViewsAreSnapshots", testSnapshot},
		{"ViewsCantWrite", testViewWrites},
		{"TransactionEndsWithItsFunction", testTxOver},
		{"PanicLeavesNothing", testPanic},
		{"ReadersBesideAWriter", testReaders},
		{"Restart", testRestart},
		{"SequencesSurviveRestart", testSequences},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, &suite{open: open, dir: t.TempDir()})
		})
	}
}

// suite is one test's store.
type suite struct {
	open Open
	dir  string
}

// db opens the test's store until the test ends.
func (s *suite) db(t *testing.T) *store.DB {
	t.Helper()
	db := s.open(t, s.dir)
	t.Cleanup(func() { closeDB(t, db) })
	return db
}

func closeDB(t *testing.T, db *store.DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

var errUndo = errors.New("undo this member")

// commit writes the members and fails the test unless all of them succeed.
func commit(t *testing.T, db *store.DB, members ...func(*store.Tx) error) {
	t.Helper()
	errs, err := db.Commit(t.Context(), members)
	if err := errors.Join(append(errs, err)...); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

func view(t *testing.T, db *store.DB, read func(*store.Tx) error) {
	t.Helper()
	if err := db.View(t.Context(), read); err != nil {
		t.Fatalf("view: %v", err)
	}
}

// get reads one value in a view of its own.
func get[T any](t *testing.T, db *store.DB, read func(*store.Tx) (T, error)) (v T) {
	t.Helper()
	view(t, db, func(tx *store.Tx) (err error) {
		v, err = read(tx)
		return err
	})
	return v
}

// want compares what a read gives with what it should give.
func want[T any](t *testing.T, db *store.DB, what string, wanted T, read func(*store.Tx) (T, error)) {
	t.Helper()
	if diff := cmp.Diff(wanted, get(t, db, read)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
