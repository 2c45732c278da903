package plan

import "github.com/reglue/reglue/internal/glue"

// The operations for resumes that are planned: many at once, and automatic ones.
const (
	OpStartBulk  = "StartBulkResume"
	OpGetBulk    = "GetBulkResume"
	OpListBulks  = "ListBulkResumes"
	OpUpdateBulk = "UpdateBulkResume"
	OpRepairs    = "ListAutomaticRepairs"
)

// MaxBulk is how many resumes one bulk may have.
const MaxBulk = 10_000

// StartBulkRequest asks for many resumes. Each is worked out when its turn comes,
// and starts only if its run is still the newest of its family then.
type StartBulkRequest struct {
	Resumes []ExecuteRequest
	// PauseMs is the least time between two starts.
	PauseMs int64  `json:",omitempty"`
	By      string `json:",omitempty"`
	// Condition is what the runs were chosen by, to be shown.
	Condition string `json:",omitempty"`
}

// StartBulkAnswer names the bulk.
type StartBulkAnswer struct{ BulkId string }

// GetBulkRequest asks for a bulk and a page of its resumes.
type GetBulkRequest struct {
	BulkId    string
	NextToken string `json:",omitempty"`
}

// GetBulkAnswer is a bulk and a page of its resumes.
type GetBulkAnswer struct {
	Bulk      *Bulk
	Resumes   []Planned
	NextToken string `json:",omitempty"`
}

// ListBulksRequest asks for the newest bulks.
type ListBulksRequest struct{}

// ListBulksAnswer are the newest bulks, newest first.
type ListBulksAnswer struct{ Bulks []Bulk }

// UpdateBulkRequest pauses a bulk, lets it go on, or calls off what it has not
// started.
type UpdateBulkRequest struct {
	BulkId string
	// Action is PAUSE, CONTINUE or CANCEL.
	Action string
}

// The actions on a bulk.
const (
	BulkPause    = "PAUSE"
	BulkContinue = "CONTINUE"
	BulkCancel   = "CANCEL"
)

// RepairsRequest asks for automatic repairs.
type RepairsRequest struct {
	// Name is a workflow; empty for all.
	Name string `json:",omitempty"`
	// Pending leaves out those that are over.
	Pending bool `json:",omitempty"`
}

// RepairsAnswer are the newest automatic repairs, newest first.
type RepairsAnswer struct{ Repairs []Planned }

// Bulk is many resumes that were asked for at once.
type Bulk struct {
	BulkId string
	// State is RUNNING, PAUSED, DONE or CANCELLED.
	State     string
	PauseMs   int64  `json:",omitempty"`
	By        string `json:",omitempty"`
	Condition string `json:",omitempty"`
	CreatedOn glue.Time
	EndedOn   glue.Time `json:",omitzero"`
	// Counts are the resumes by state.
	Counts map[string]int
}

// The states of a bulk.
const (
	BulkRunning   = "RUNNING"
	BulkPaused    = "PAUSED"
	BulkDone      = "DONE"
	BulkCancelled = "CANCELLED"
)

// Total counts the resumes of a bulk.
func (b *Bulk) Total() int {
	n := 0
	for _, c := range b.Counts {
		n += c
	}
	return n
}

// Planned is a resume that is to happen, or what became of it.
type Planned struct {
	Name  string
	RunId string
	// State is PENDING, DONE, FAILED, CANCELLED or SKIPPED.
	State string
	// DueOn is when it starts, or tries again.
	DueOn glue.Time `json:",omitzero"`
	// Tries counts how often it was put off.
	Tries int `json:",omitempty"`
	// NewRunId is the run that it started, or that made it needless.
	NewRunId string `json:",omitempty"`
	// Error says why it waits, or why it started nothing.
	Error     string `json:",omitempty"`
	By        string `json:",omitempty"`
	CreatedOn glue.Time
	EndedOn   glue.Time `json:",omitzero"`
	// NewStatus and NewStatistics are those of the run that it started.
	NewStatus     glue.WorkflowRunStatus      `json:",omitempty"`
	NewStatistics *glue.WorkflowRunStatistics `json:",omitempty"`
}

// The states of a planned resume.
const (
	Pending   = "PENDING"
	Done      = "DONE"
	Failed    = "FAILED"
	Cancelled = "CANCELLED"
	Skipped   = "SKIPPED"
)
