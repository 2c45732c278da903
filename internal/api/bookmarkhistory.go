package api

import (
	"errors"
	"fmt"

	"github.com/reglue/reglue/internal/bookmark"
	"github.com/reglue/reglue/internal/failpoint"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

var errNoState = errors.New("it is empty")

// bookmarkCommitted is the moment at which a commit is durable and not answered.
func bookmarkCommitted() { failpoint.Hit("api.bookmark") }

// history are the kept versions of a job's bookmark in a transaction.
type history struct {
	tx  *store.Tx
	job string
	all []store.Bookmark // newest first, without bodies
}

// readHistory reads it; there may be no version.
func readHistory(tx *store.Tx, job string) (*history, error) {
	rec, err := tx.Job(job)
	if err != nil {
		return nil, err
	}
	if rec == nil {
		return nil, missingNamed("Job", job)
	}
	return keptHistory(tx, job)
}

// keptHistory is what is kept, whether or not there is such a job.
func keptHistory(tx *store.Tx, job string) (*history, error) {
	all, err := tx.Bookmarks(job)
	return &history{tx, job, all}, err
}

// ownHistory is that of the job whose run calls, which is no one else's to open.
func ownHistory(tx *store.Tx, jobRun, job string) (*history, error) {
	if jobRun == "" {
		return nil, glue.Errorf(accessDenied,
			"A bookmark is read and kept by a running job, with its own token; others use GetJobBookmark and ResetJobBookmark")
	}
	jr, err := tx.JobRun(jobRun)
	if err != nil {
		return nil, err
	}
	switch {
	case jr == nil || !jr.State.Live():
		return nil, glue.Errorf(accessDenied, "Job run %s is over: its attempt keeps nothing any more", jobRun)
	case jr.Job != job:
		return nil, glue.Errorf(accessDenied,
			"Job run %s is of job %s, and can't use the bookmark of job %s: give Job.init the JOB_NAME that it was started with", jobRun, jr.Job, job)
	}
	rec, err := tx.Job(job)
	if err != nil {
		return nil, err
	}
	switch {
	case rec == nil:
		return nil, glue.Errorf(glue.EntityNotFound, "Job %s was deleted, and its bookmark with it, while job run %s ran", job, jobRun)
	case rec.Job.CreatedOn > jr.Started:
		return nil, glue.Errorf(glue.ConcurrentModification,
			"Job %s was deleted and created again while job run %s ran: the bookmark is that of the new job", job, jobRun)
	}
	ran, err := tx.JobDefinition(jr.Definition)
	if err != nil {
		return nil, err
	}
	if !bookmark.Has(ran) {
		return nil, invalid("Job %s is not a Spark job: only glueetl and gluestreaming jobs have bookmarks", job)
	}
	return readHistory(tx, job)
}

// newest is the version that counts, nil when there is none.
func (h *history) newest() *store.Bookmark {
	if len(h.all) == 0 {
		return nil
	}
	return &h.all[0]
}

// number is that of the version that counts; 0 stands for that before the first.
func (h *history) number() int64 {
	if b := h.newest(); b != nil {
		return b.Version
	}
	return 0
}

// commitOf is the last version that a job run made, nil when it made none that is kept.
func (h *history) commitOf(jobRun string) *store.Bookmark {
	for i := range h.all {
		if h.all[i].Cause == store.BookmarkCommit && h.all[i].RunID == jobRun {
			return &h.all[i]
		}
	}
	return nil
}

// after is the version that counted when a job run ended, its own last one before
// others; nil stands for nothing read.
func (h *history) after(jobRun string) (*store.Bookmark, error) {
	if b := h.commitOf(jobRun); b != nil {
		return b, nil
	}
	jr, err := h.tx.JobRun(jobRun)
	if err != nil {
		return nil, err
	}
	if jr == nil || jr.Job != h.job {
		return nil, glue.Errorf(glue.EntityNotFound, "Job run %s of job %s not found", jobRun, h.job)
	}
	for i := range h.all {
		if jr.Completed.IsZero() || h.all[i].At <= jr.Completed {
			return &h.all[i], nil
		}
	}
	return nil, h.tooOld("job run " + jobRun)
}

// tooOld refuses a version that is not kept any more; it is nil when all are kept.
func (h *history) tooOld(of string) error {
	n := len(h.all)
	if n == 0 || h.all[n-1].Version == 1 {
		return nil
	}
	return invalid("The bookmark of job %s is kept from version %d (%s) on, and that of %s is older: reset it as a whole",
		h.job, h.all[n-1].Version, h.all[n-1].At, of)
}

// state is the body of a version; nil is that before the first.
func (h *history) state(b *store.Bookmark) (string, error) {
	if b == nil {
		return "", nil
	}
	whole, err := h.tx.Bookmark(h.job, b.Version)
	if err != nil || whole == nil {
		return "", err
	}
	return whole.Body, nil
}

func (h *history) stateAfter(jobRun string) (string, error) {
	b, err := h.after(jobRun)
	if err != nil {
		return "", err
	}
	return h.state(b)
}

// entry is a version as AWS shows it.
func (h *history) entry(b *store.Bookmark) (*glue.JobBookmarkEntry, error) {
	state, err := h.state(b)
	if state == "" {
		state = "{}"
	}
	return &glue.JobBookmarkEntry{
		JobName: h.job, Version: int32(b.Version), Run: int32(b.Run), Attempt: int32(b.Attempt),
		PreviousRunId: b.Previous, RunId: b.RunID, JobBookmark: state,
	}, err
}

// noteReader notes that a job run read the bookmark to keep it anew, and returns how
// many before it did and then kept nothing.
func (h *history) noteReader(jobRun string) (int64, error) {
	last, err := h.tx.BookmarkReader(h.job)
	if err != nil {
		return 0, err
	}
	now := store.BookmarkReader{Job: h.job, RunID: jobRun}
	switch {
	case last == nil:
	case last.RunID == jobRun:
		return last.Attempt, nil
	case !last.Committed:
		now.Attempt = last.Attempt + 1
	}
	return now.Attempt, h.tx.PutBookmarkReader(&now)
}

// repeated is the version that this very commit made before, nil when it did not.
func (h *history) repeated(jobRun string, r *bookmark.CommitRequest) (*store.Bookmark, error) {
	b, err := h.tx.Bookmark(h.job, r.Version+1)
	if err != nil || b == nil || b.Cause != store.BookmarkCommit || b.RunID != jobRun || b.Body != r.State {
		return nil, err
	}
	return b, nil
}

// commit adds the version of a commit.
func (h *history) commit(jobRun string, r *bookmark.CommitRequest, now glue.Time) (*store.Bookmark, error) {
	if r.Version != h.number() {
		return nil, glue.Errorf(glue.ConcurrentModification, "%s", h.moved(r.Version))
	}
	b := &store.Bookmark{Cause: store.BookmarkCommit, Run: 1, RunID: jobRun, At: now, Body: r.State}
	switch last := h.newest(); {
	case last == nil:
	case last.Cause == store.BookmarkCommit && last.RunID == jobRun:
		b.Run, b.Previous = last.Run, last.Previous
	default:
		b.Run, b.Previous = last.Run+1, last.RunID
	}
	reader, err := h.tx.BookmarkReader(h.job)
	if err != nil {
		return nil, err
	}
	if reader != nil && reader.RunID == jobRun {
		b.Attempt, reader.Committed = reader.Attempt, true
		if err := h.tx.PutBookmarkReader(reader); err != nil {
			return nil, err
		}
	}
	return b, h.add(b)
}

// moved says what changed the bookmark since a job run read a version of it.
func (h *history) moved(read int64) string {
	var what string
	switch last := h.newest(); {
	case last == nil:
		what = "there is none"
	case last.Cause == store.BookmarkCommit:
		what = fmt.Sprintf("job run %s committed version %d at %s", last.RunID, last.Version, last.At)
	default:
		what = fmt.Sprintf("version %d was made by a %s at %s", last.Version, last.Cause, last.At)
	}
	return fmt.Sprintf("The bookmark of job %s changed since this run read version %d of it: %s. Nothing was kept: "+
		"what this run read is read again, unless that change covers it. Runs of a job with bookmarks must not overlap (MaxConcurrentRuns 1)",
		h.job, read, what)
}

// rewind goes back to a version; nil is that before the first.
func (h *history) rewind(to *store.Bookmark, by string, now glue.Time) error {
	b := &store.Bookmark{Cause: store.BookmarkRewind, By: by, At: now}
	if to != nil {
		if to.Version == h.number() {
			return nil
		}
		state, err := h.state(to)
		if err != nil {
			return err
		}
		b.Run, b.Attempt, b.RunID, b.Previous, b.RewoundTo, b.Body = to.Run, to.Attempt, to.RunID, to.Previous, to.Version, state
	}
	return h.add(b)
}

// add makes a version the newest.
func (h *history) add(b *store.Bookmark) error {
	b.Job, b.Version = h.job, h.number()+1
	if err := h.tx.PutBookmark(b); err != nil {
		return err
	}
	bare := *b
	bare.Body = ""
	h.all = append([]store.Bookmark{bare}, h.all...)
	return nil
}
