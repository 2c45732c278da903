package api

import (
	"cmp"
	"context"

	"github.com/reglue/reglue/internal/bookmark"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func noBookmark(job string) error {
	return glue.Errorf(glue.EntityNotFound, "Continuation for job %s not found", job)
}

// getJobBookmark answers what the bookmark is, or what it was as a job run left it.
func (a *API) getJobBookmark(ctx context.Context, r *glue.GetJobBookmarkRequest) (*glue.GetJobBookmarkResponse, error) {
	out := &glue.GetJobBookmarkResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		h, err := readHistory(tx, r.JobName)
		if err != nil {
			return err
		}
		at := h.newest()
		if r.RunId != "" {
			at = h.commitOf(r.RunId)
		}
		if at == nil {
			return noBookmark(r.JobName)
		}
		out.JobBookmarkEntry, err = h.entry(at)
		return err
	})
	return out, err
}

// resetJobBookmark forgets all that was read, or goes back to the state after a job
// run: the one that it left, else the one that it found.
func (a *API) resetJobBookmark(ctx context.Context, r *glue.ResetJobBookmarkRequest) (*glue.ResetJobBookmarkResponse, error) {
	out := &glue.ResetJobBookmarkResponse{}
	by := callFrom(ctx, "ResetJobBookmark").Caller
	err := a.alter(ctx, func(tx *store.Tx, now glue.Time) error {
		h, err := readHistory(tx, r.JobName)
		if err != nil {
			return err
		}
		if h.newest() == nil {
			return noBookmark(r.JobName)
		}
		if r.RunId == "" {
			err = h.add(&store.Bookmark{Cause: store.BookmarkReset, By: by, At: now})
		} else {
			var at *store.Bookmark
			if at, err = h.after(r.RunId); err == nil {
				err = h.rewind(at, by, now)
			}
		}
		if err == nil {
			out.JobBookmarkEntry, err = h.entry(h.newest())
		}
		return err
	})
	return out, err
}

// openJobBookmark gives a running job what it has read before.
func (a *API) openJobBookmark(ctx context.Context, r *bookmark.OpenRequest) (*bookmark.OpenAnswer, error) {
	if (r.FromRunId == "") != (r.ToRunId == "") {
		return nil, invalid("Give both FromRunId and ToRunId (--job-bookmark-from and --job-bookmark-to), or neither")
	}
	if r.FromRunId != "" && !r.Paused {
		return nil, invalid("FromRunId and ToRunId need %s %s", bookmark.Argument, bookmark.Pause)
	}
	id := callFrom(ctx, bookmark.OpOpen).JobRun
	var out *bookmark.OpenAnswer
	read := func(tx *store.Tx) (h *history, err error) {
		if h, err = ownHistory(tx, id, r.JobName); err != nil {
			return nil, err
		}
		out = &bookmark.OpenAnswer{RunId: id}
		if at := h.newest(); at != nil {
			out.Version = at.Version
			out.State, err = h.state(at)
		}
		return h, err
	}
	if !r.Paused {
		return out, a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
			h, err := read(tx)
			if err == nil {
				out.Attempt, err = h.noteReader(id)
			}
			return err
		})
	}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		h, err := read(tx)
		if err != nil || r.FromRunId == "" {
			return err
		}
		if out.FromState, err = h.stateAfter(r.FromRunId); err != nil {
			return err
		}
		out.ToState, err = h.stateAfter(r.ToRunId)
		return err
	})
	return out, err
}

// commitJobBookmark keeps what a running job has read, if nothing else changed the
// bookmark since the job read it.
func (a *API) commitJobBookmark(ctx context.Context, r *bookmark.CommitRequest) (*bookmark.CommitAnswer, error) {
	if _, err := bookmark.Parse(r.State); err != nil || r.State == "" {
		return nil, invalid("State is not that of a bookmark: %v", cmp.Or(err, errNoState))
	}
	id := callFrom(ctx, bookmark.OpCommit).JobRun
	out := &bookmark.CommitAnswer{}
	err := a.alter(ctx, func(tx *store.Tx, now glue.Time) error {
		h, err := ownHistory(tx, id, r.JobName)
		if err != nil {
			return err
		}
		b, err := h.repeated(id, r)
		if err != nil {
			return err
		}
		if b == nil {
			if b, err = h.commit(id, r, now); err != nil {
				return err
			}
		}
		*out = bookmark.CommitAnswer{Version: b.Version, Run: b.Run, Attempt: b.Attempt}
		return nil
	})
	bookmarkCommitted()
	return out, err
}

func (a *API) getBookmarkHistory(ctx context.Context, r *bookmark.HistoryRequest) (*bookmark.HistoryAnswer, error) {
	out := &bookmark.HistoryAnswer{Versions: []bookmark.Version{}}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		h, err := readHistory(tx, r.JobName)
		if err != nil {
			return err
		}
		for i := range h.all {
			b := &h.all[i]
			out.Versions = append(out.Versions, bookmark.Version{
				Version: b.Version, Cause: string(b.Cause), Run: b.Run, Attempt: b.Attempt, RunId: b.RunID,
				RewoundTo: b.RewoundTo, By: b.By, At: b.At, Size: b.Size,
			})
		}
		return nil
	})
	return out, err
}
