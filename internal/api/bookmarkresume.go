package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/bookmark"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

// lineage are the commits that the bookmark is made of, newest first: those that a
// reset or a rewind undid are not among them. It ends where versions are not kept.
func (h *history) lineage() (commits []store.Bookmark) {
	at := h.number()
	for at > 0 {
		i := slices.IndexFunc(h.all, func(b store.Bookmark) bool { return b.Version == at })
		if i < 0 {
			return commits
		}
		switch b := h.all[i]; b.Cause {
		case store.BookmarkCommit:
			commits = append(commits, b)
			at--
		case store.BookmarkRewind:
			at = b.RewoundTo
		case store.BookmarkReset:
			return commits
		}
	}
	return commits
}

// standing is where a bookmark stands for a resume of a run with these attempts. The
// history is read only if one of them committed, as there may be many jobs.
func standing(tx *store.Tx, job string, attempts []string) (h *history, out *plan.Bookmark, err error) {
	out = &plan.Bookmark{}
	newest, err := tx.NewestBookmark(job)
	if err != nil || newest == nil {
		return nil, out, err
	}
	out.Version, out.RunID, out.At = newest.Version, newest.RunID, newest.At
	committed := false
	for _, id := range attempts {
		if !committed {
			if committed, err = tx.CommittedBookmark(job, id); err != nil {
				return nil, out, err
			}
		}
	}
	if !committed {
		return nil, out, nil
	}
	if h, err = keptHistory(tx, job); err != nil {
		return nil, out, err
	}
	for i, b := range h.lineage() {
		if slices.Contains(attempts, b.RunID) {
			if out.Committed == "" {
				out.Committed, out.Later = b.RunID, i
			}
			out.Before = b.Version - 1
		}
	}
	return h, out, nil
}

// addBookmarks says of the jobs that may run, and keep bookmarks, where these stand.
func (a *API) addBookmarks(tx *store.Tx, w *worked, g *flow.Graph, run *flow.Run, r *plan.Request) error {
	for _, id := range r.RewindBookmarks {
		if n, ok := g.NodeByID(id); !ok || w.jobs[n] == nil || !w.jobs[n].Bookmark || !w.answer.Plan.Nodes[n].Runs() {
			return invalid("RewindBookmarks names %s, which is no job that runs again and keeps a bookmark (%s %s)", id, bookmark.Argument, bookmark.Enable)
		}
	}
	all := map[int]*plan.Bookmark{}
	for n := range w.answer.Plan.Nodes {
		node := &w.answer.Plan.Nodes[n]
		if w.jobs[n] == nil || !w.jobs[n].Bookmark || !node.Runs() {
			continue
		}
		h, b, err := standing(tx, node.Name, attemptIDs(g, run, n))
		if err != nil {
			return err
		}
		b.Rewind = b.Committed != "" && (r.RewindAllBookmarks || slices.Contains(r.RewindBookmarks, node.ID))
		if b.Rewind && b.Before > 0 && h.kept(b.Before) == nil {
			return h.tooOld("run " + w.rec.ID)
		}
		all[n] = b
	}
	w.answer.Plan.SetBookmarks(all)
	return nil
}

// attemptIDs are the job runs of a node in a run: the last start and its retries.
func attemptIDs(g *flow.Graph, run *flow.Run, n int) []string {
	last := run.EndID(g, n)
	if last == "" {
		return nil
	}
	first := glue.FirstAttemptID(last)
	ids := []string{first}
	for i := 1; i <= int(run.Nodes[n].Retry); i++ {
		ids = append(ids, glue.RetryID(first, i))
	}
	return ids
}

// kept is a version, nil when it is not kept.
func (h *history) kept(version int64) *store.Bookmark {
	for i := range h.all {
		if h.all[i].Version == version {
			return &h.all[i]
		}
	}
	return nil
}

// rewound carries out what the plan rewinds, in the transaction of its resume.
func (w *worked) rewound(by string) func(tx *store.Tx, now glue.Time) error {
	var nodes []*plan.Node
	for i := range w.answer.Plan.Nodes {
		if n := &w.answer.Plan.Nodes[i]; n.Bookmark != nil && n.Bookmark.Rewind {
			nodes = append(nodes, n)
		}
	}
	if len(nodes) == 0 {
		return nil
	}
	return func(tx *store.Tx, now glue.Time) error {
		for _, n := range nodes {
			h, err := readHistory(tx, n.Name)
			if err != nil {
				return err
			}
			if h.number() != n.Bookmark.Version {
				return stalePlan([]string{"the bookmark of job " + n.Name + " changed"})
			}
			if err := h.rewind(h.kept(n.Bookmark.Before), by, now); err != nil {
				return err
			}
		}
		return nil
	}
}

// bookmarks stand for the versions that a plan rests on.
func (w *worked) bookmarks() string {
	var out strings.Builder
	for i := range w.answer.Plan.Nodes {
		if n := &w.answer.Plan.Nodes[i]; n.Bookmark != nil {
			fmt.Fprintf(&out, "%q %d\n", n.Name, n.Bookmark.Version)
		}
	}
	return out.String()
}

// bookmarksHold looks again, within the transaction, where the bookmarks stand.
func (w *worked) bookmarksHold(tx *store.Tx) (changes []string, err error) {
	for i := range w.answer.Plan.Nodes {
		n := &w.answer.Plan.Nodes[i]
		if n.Bookmark == nil {
			continue
		}
		b, err := tx.NewestBookmark(n.Name)
		if err != nil {
			return nil, err
		}
		if b == nil && n.Bookmark.Version != 0 || b != nil && b.Version != n.Bookmark.Version {
			changes = append(changes, "the bookmark of job "+n.Name+" changed")
		}
	}
	return changes, nil
}
