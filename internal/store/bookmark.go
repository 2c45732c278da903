package store

import "github.com/reglue/reglue/internal/glue"

// BookmarkCause says how a version of a bookmark came to be.
type BookmarkCause string

// The causes of a version.
const (
	// BookmarkCommit is a job run that kept what it had read.
	BookmarkCommit BookmarkCause = "COMMIT"
	// BookmarkReset forgot all that had been read.
	BookmarkReset BookmarkCause = "RESET"
	// BookmarkRewind went back to what an earlier version was.
	BookmarkRewind BookmarkCause = "REWIND"
)

// Bookmark is one version of what a job has read.
type Bookmark struct {
	Job     string
	Version int64
	Cause   BookmarkCause
	// Run counts the job runs that committed, Attempt those before it since the
	// last one that did.
	Run, Attempt int64
	// RunID is the job run whose state this is, Previous the one that committed
	// before it.
	RunID, Previous string
	// By names who reset or rewound it.
	By string
	// RewoundTo is the version that a REWIND went back to; 0 is that before the first.
	RewoundTo int64
	At        glue.Time
	Size      int64 // of the body, in bytes
	Body      string
}

// BookmarkReader is the job run that read a job's bookmark last, to commit.
type BookmarkReader struct {
	Job, RunID string
	Attempt    int64
	Committed  bool
}

// What is kept of a bookmark: this many versions, and of them the newest whose
// bodies have this many bytes together, though always two.
const (
	BookmarkVersions = 100
	bookmarkBytes    = 64 << 20
)

const (
	bookmarkColumns = `job, version, cause, run_number, attempt, run_id, previous, caller, rewound_to, at, size`
	sqlBookmark     = `SELECT ` + bookmarkColumns + `, body FROM bookmarks WHERE job = $1 AND version = $2`
	sqlBookmarks    = `SELECT ` + bookmarkColumns + `, '' FROM bookmarks WHERE job = $1 ORDER BY version DESC`
	sqlNewest       = `SELECT ` + bookmarkColumns + `, '' FROM bookmarks WHERE job = $1 ORDER BY version DESC LIMIT 1`
	sqlCommitted    = `SELECT 1 FROM bookmarks WHERE job = $1 AND cause = 'COMMIT' AND run_id = $2 LIMIT 1`
	sqlPutBookmark  = `INSERT INTO bookmarks (` + bookmarkColumns + `, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	sqlPruneBookmarks  = `DELETE FROM bookmarks WHERE job = $1 AND version < $2`
	sqlDeleteBookmarks = `DELETE FROM bookmarks WHERE job = $1`

	sqlBookmarkReader    = `SELECT job, run_id, attempt, committed FROM bookmark_readers WHERE job = $1`
	sqlPutBookmarkReader = `INSERT INTO bookmark_readers (job, run_id, attempt, committed) VALUES ($1, $2, $3, $4)
		ON CONFLICT (job) DO UPDATE SET run_id = excluded.run_id, attempt = excluded.attempt, committed = excluded.committed`
	sqlDeleteBookmarkReader = `DELETE FROM bookmark_readers WHERE job = $1`
)

// Bookmark reads a version of a job's bookmark, nil when it is not kept.
func (tx *Tx) Bookmark(job string, version int64) (*Bookmark, error) {
	return one(tx, scanBookmark, sqlBookmark, job, version)
}

// NewestBookmark reads the version of a job's bookmark that counts, without its
// body; nil when there is none.
func (tx *Tx) NewestBookmark(job string) (*Bookmark, error) {
	return one(tx, scanBookmark, sqlNewest, job)
}

// Bookmarks are the kept versions of a job's bookmark, newest first, without their
// bodies. No version between them is missing.
func (tx *Tx) Bookmarks(job string) ([]Bookmark, error) {
	return list(tx, scanBookmark, sqlBookmarks, job)
}

// CommittedBookmark reports whether a kept version of a job's bookmark was committed by
// a job run.
func (tx *Tx) CommittedBookmark(job, jobRun string) (bool, error) {
	_, ok, err := value[int64](tx, sqlCommitted, job, jobRun)
	return ok, err
}

// PutBookmark adds the version after the newest, and forgets the oldest when there
// are too many.
func (tx *Tx) PutBookmark(b *Bookmark) error {
	b.Size = int64(len(b.Body))
	err := tx.exec(sqlPutBookmark, b.Job, b.Version, string(b.Cause), b.Run, b.Attempt, b.RunID, b.Previous, b.By,
		b.RewoundTo, int64(b.At), b.Size, b.Body)
	if err != nil {
		return err
	}
	all, err := tx.Bookmarks(b.Job)
	if err != nil {
		return err
	}
	bytes := int64(0)
	for i := range all {
		bytes += all[i].Size
		if i >= BookmarkVersions || i >= 2 && bytes > bookmarkBytes {
			return tx.exec(sqlPruneBookmarks, b.Job, all[i-1].Version)
		}
	}
	return nil
}

// DeleteBookmark removes all versions of a job's bookmark, if there are any.
func (tx *Tx) DeleteBookmark(job string) error {
	if err := tx.exec(sqlDeleteBookmarks, job); err != nil {
		return err
	}
	return tx.exec(sqlDeleteBookmarkReader, job)
}

// BookmarkReader reads who read a job's bookmark last, nil when nobody did.
func (tx *Tx) BookmarkReader(job string) (*BookmarkReader, error) {
	return one(tx, func(s scanner) (r BookmarkReader, err error) {
		return r, s.Scan(&r.Job, &r.RunID, &r.Attempt, &r.Committed)
	}, sqlBookmarkReader, job)
}

// PutBookmarkReader keeps who read a job's bookmark last.
func (tx *Tx) PutBookmarkReader(r *BookmarkReader) error {
	return tx.exec(sqlPutBookmarkReader, r.Job, r.RunID, r.Attempt, bit(r.Committed))
}

func scanBookmark(s scanner) (b Bookmark, err error) {
	return b, s.Scan(&b.Job, &b.Version, (*string)(&b.Cause), &b.Run, &b.Attempt, &b.RunID, &b.Previous, &b.By,
		&b.RewoundTo, (*int64)(&b.At), &b.Size, &b.Body)
}
