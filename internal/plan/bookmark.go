package plan

import (
	"fmt"

	"github.com/reglue/reglue/internal/glue"
)

// Bookmark is where the bookmark of a job stands that keeps one, before it runs again.
type Bookmark struct {
	// Version is that of the bookmark now; 0 before the first.
	Version int64 `json:"version"`
	// RunID is the job run whose state it is, and At when that was kept.
	RunID string    `json:"runId,omitempty"`
	At    glue.Time `json:"at,omitzero"`
	// Committed is the attempt in the run before that kept what it read: repeated, the
	// job does not read it again. Later counts the commits of others since.
	Committed string `json:"committed,omitempty"`
	Later     int    `json:"later,omitempty"`
	// Rewind is set when the resume goes back to the version Before that attempt.
	Rewind bool  `json:"rewind,omitempty"`
	Before int64 `json:"before,omitempty"`
}

// Says is what the job will read, for the plan.
func (b *Bookmark) Says() string {
	switch {
	case b.Rewind:
		return fmt.Sprintf("its bookmark goes back to before the run (version %d): it reads the same input again", b.Before)
	case b.Committed != "":
		return fmt.Sprintf("it committed its bookmark (version %d): repeated, it does not read that input again", b.Version)
	case b.Version == 0:
		return "it never committed its bookmark: it reads everything"
	}
	return fmt.Sprintf("it did not commit its bookmark in the run: it reads on from version %d (%s)", b.Version, b.At)
}

// warnOfBookmarks says which jobs would read nothing, or something twice.
func (d *Plan) warnOfBookmarks() {
	for i := range d.Nodes {
		n := &d.Nodes[i]
		b := n.Bookmark
		switch {
		case b == nil || b.Committed == "":
		case !b.Rewind:
			d.Warnings = append(d.Warnings, fmt.Sprintf(
				"Job %s committed its bookmark in the run before (%s): repeated, it reads only what came since, perhaps nothing. "+
					"To read the same input again, rewind it (--rewind-bookmark=%s).", n.Name, b.Committed, n.Name))
		case b.Later > 0:
			d.Warnings = append(d.Warnings, fmt.Sprintf(
				"Job %s: %d later commits by other runs are undone with its bookmark; what those read is read again too.", n.Name, b.Later))
		}
	}
}

// Rewound are the names of the jobs whose bookmarks the resume rewinds.
func (d *Plan) Rewound() (names []string) {
	for i := range d.Nodes {
		if b := d.Nodes[i].Bookmark; b != nil && b.Rewind {
			names = append(names, d.Nodes[i].Name)
		}
	}
	return names
}

// SetBookmarks fills in where the bookmarks of the jobs that may run stand, by their
// nodes, and warns.
func (d *Plan) SetBookmarks(all map[int]*Bookmark) {
	for n, b := range all {
		d.Nodes[n].Bookmark = b
	}
	d.warnOfBookmarks()
}
