package store

import (
	"cmp"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// Run is a workflow run as kept. Its states are kept attempt by attempt while it
// lives, and as one compact value (States) when it is over.
type Run struct {
	// Seq orders runs by creation; it is the key that a run's rows share.
	Seq      int64
	ID       string
	Workflow string
	Status   glue.WorkflowRunStatus
	Started  glue.Time
	// Completed is zero while the run is not over.
	Completed glue.Time
	// Previous is the run that this one was resumed from, else empty.
	Previous string
	// Origin is the run that the chain of resumes began with: its own id for a
	// run that is not a resume.
	Origin string
	// Roots are the nodes that the resume started, as indexes of the graph.
	Roots []int
	// Sources are the runs whose attempts this one carries, oldest last.
	Sources []string
	// Resume is what the resume asked for beside the nodes, nil when that is all.
	Resume *Resume
	// Definition is the snapshot of the triggers that it runs on.
	Definition int64
	Statistics glue.WorkflowRunStatistics
	// Error says why the run could not start.
	Error string
	// Event is the batch condition of a run that events started.
	Event *glue.StartingEventBatchCondition
	// Rev counts the run's events; Clock is the time of the last one, Unix
	// milliseconds.
	Rev   int64
	Clock int64
	// States is flow.Encode of a run that is over, else nil.
	States []byte
}

// JobRun is one attempt of a job, inside a workflow run or not.
type JobRun struct {
	// Seq orders job runs by creation.
	Seq int64
	ID  string
	Job string
	// Run is the Seq of the workflow run that started it, 0 outside of a workflow.
	// What it was started with follows from that one.
	Run int64
	// MovedTo is the Seq of the workflow run that took it over while it ran, 0 when
	// none did.
	MovedTo int64
	// Attempt is the action and start of a workflow's job run.
	flow.Attempt
	// Retry is the number shown as Attempt, from 0.
	Retry int
	// Root is set when a resume started it directly.
	Root  bool
	State flow.State
	// Definition is the job as it was when the attempt started; 0 when the job
	// was gone.
	Definition int64
	// Previous is the job run that this one retries.
	Previous string
	// Trigger is the trigger that started it, by name; empty outside.
	Trigger   string
	Started   glue.Time
	Modified  glue.Time
	Completed glue.Time
	// Ran is how long the process ran, in milliseconds.
	Ran int64
	// Message is the ErrorMessage, Detail the StateDetail.
	Message string
	Detail  string
	// Request holds what StartJobRun asked for beside the definition, nil for
	// a workflow's job run, whose action is in the run's definition.
	Request *glue.StartJobRunRequest
	// Predecessors are the job runs that met the trigger's conditions.
	Predecessors []glue.Predecessor
	// Files maps script and extra files to the SHA-256 of what was run.
	Files map[string]string
	// Rev is the run's event that changed it last.
	Rev int64
}

// Row is the part of a job run that the state of the run that it belongs to is rebuilt
// from.
func (j *JobRun) Row() flow.Row {
	return flow.Row{Attempt: j.Attempt, Retry: j.Retry, Root: j.Root, Moved: j.MovedTo != 0, State: j.State, Rev: j.Rev}
}

// Owner is the Seq of the workflow run that it belongs to: its end counts there.
func (j *JobRun) Owner() int64 { return cmp.Or(j.MovedTo, j.Run) }

// Invocation is the answer to a call that a client may repeat (R37).
type Invocation struct {
	// ID is the client's amz-sdk-invocation-id, Caller its access key.
	ID, Caller, Operation string
	// Body is the SHA-256 of the request's body.
	Body string
	// Answer is the response's JSON.
	Answer []byte
	At     glue.Time
}
