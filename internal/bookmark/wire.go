package bookmark

import "github.com/reglue/reglue/internal/glue"

// The operations that reglue has beside AWS Glue's. The first two are for a running
// job alone, with its own token.
const (
	OpOpen    = "OpenJobBookmark"
	OpCommit  = "CommitJobBookmark"
	OpHistory = "GetJobBookmarkHistory"
)

// OpenRequest asks for the state of the job's bookmark, to commit a later one. A
// Paused one commits nothing, and may ask for the states after two runs.
type OpenRequest struct {
	JobName   string
	Paused    bool   `json:",omitempty"`
	FromRunId string `json:",omitempty"`
	ToRunId   string `json:",omitempty"`
}

// OpenAnswer is what the job begins with. A state is empty when nothing was read.
type OpenAnswer struct {
	// RunId is the job run that asked.
	RunId   string
	Version int64
	Attempt int64
	State   string `json:",omitempty"`
	// FromState and ToState are those after the two runs.
	FromState string `json:",omitempty"`
	ToState   string `json:",omitempty"`
}

// CommitRequest keeps a state, if the bookmark still has the version that it was made
// from. The same request again changes nothing and has the same answer.
type CommitRequest struct {
	JobName string
	Version int64
	State   string
}

// CommitAnswer is the version that the commit made.
type CommitAnswer struct {
	Version, Run, Attempt int64
}

// HistoryRequest asks for the versions that are kept of a job's bookmark.
type HistoryRequest struct{ JobName string }

// HistoryAnswer has them, newest first.
type HistoryAnswer struct{ Versions []Version }

// Version is one version of a bookmark.
type Version struct {
	Version int64
	// Cause is COMMIT, RESET or REWIND.
	Cause string
	// Run counts the job runs that committed, Attempt those before this one that did not.
	Run, Attempt int64
	// RunId is the job run whose state it is; empty after a reset.
	RunId string `json:",omitempty"`
	// RewoundTo is the version that a REWIND went back to.
	RewoundTo int64  `json:",omitempty"`
	By        string `json:",omitempty"`
	At        glue.Time
	// Size is that of the state, in bytes.
	Size int64
}
