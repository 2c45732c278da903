package executor

import (
	"context"
	"time"
)

// Spec is all that an executor needs to know to run one attempt of a job. It is
// computed from committed state alone, so the same attempt always has the same
// Spec.
type Spec struct {
	// JobRunID names the attempt for good: starting the same id twice starts
	// at most one process.
	JobRunID string
	JobName  string
	// Command is JobCommand.Name: glueetl, pythonshell, gluestreaming, glueray.
	Command       string
	PythonVersion string
	// GlueVersion, WorkerType, NumberOfWorkers and MaxCapacity (in DPUs) are the
	// job's, with what its run was asked for instead; all may be zero.
	GlueVersion     string
	WorkerType      string
	NumberOfWorkers int
	MaxCapacity     float64
	// ScriptLocation is the job's script as the definition (or the
	// --scriptLocation argument) gives it: s3://…, file:///… or an absolute path.
	ScriptLocation string
	// Arguments are the merged arguments: defaults, then the trigger's or the
	// caller's, then the non-overridable ones. Keys as given, normally "--key".
	Arguments map[string]string
	// WorkflowName and WorkflowRunID are empty outside of a workflow.
	WorkflowName  string
	WorkflowRunID string
	// Timeout counts from the moment the process runs; zero means none.
	Timeout time.Duration
	// Files maps scripts and extra files, as they are asked for, to the SHA-256
	// (hex) of the bytes that must be run, whatever is there by now. Those bytes
	// were kept before.
	Files map[string]string
	// EndpointURL is where the job reaches this server's Glue protocol. It
	// holds the job run's token, so it is a secret.
	EndpointURL string
}

// State is what an executor says of an attempt.
type State string

// The states that an executor reports. Waiting, Starting and Running may be
// followed by others; the rest are ends.
const (
	Waiting   State = "WAITING" // for a free slot; Detail says for what
	Running   State = "RUNNING"
	Succeeded State = "SUCCEEDED"
	Failed    State = "FAILED"
	Stopped   State = "STOPPED"
	TimedOut  State = "TIMEOUT"
)

// Terminal reports whether an attempt in this state is over.
func (s State) Terminal() bool {
	return s == Succeeded || s == Failed || s == Stopped || s == TimedOut
}

// Report is one thing an executor learned of an attempt. Reports of one attempt
// come in order; an end may be reported more than once and is the last.
type Report struct {
	JobRunID string
	State    State
	// Message is the ErrorMessage of a failed attempt, one line.
	Message string
	// Detail explains WAITING, and tells what a RUNNING attempt runs on.
	Detail string
	// At is when it happened by the clock of the machine.
	At time.Time
	// Ran is how long the process ran, by a monotonic clock; set on an end.
	Ran time.Duration
	// Files maps script and extra files, as they were asked for, to the
	// SHA-256 (hex) of the bytes that were run; set with Running.
	Files map[string]string
}

// Executor runs attempts. Start, Stop and Forget only hand over the request and
// must not block on the work; outcomes come as reports. All are idempotent and
// safe for concurrent use.
type Executor interface {
	// Start runs the attempt unless it ever started or was stopped before. For
	// an attempt that is already known it reports where that stands, so a
	// restarted engine calls Start again for every attempt it holds live, in
	// the order of their creation.
	Start(spec Spec)
	// Stop ends the attempt: TERM, then KILL after the grace, for its process
	// group and every process that carries its id. An attempt that never
	// started will not start any more and is reported STOPPED.
	Stop(jobRunID string)
	// Run carries out requests and sends reports until the context ends, and
	// returns when nothing of the executor is left in this process. Jobs go on.
	Run(ctx context.Context, report func(Report)) error
}

// Logs finds what an attempt wrote.
type Logs interface {
	// LogPaths returns the files that hold standard output and standard error
	// of an attempt. They need not exist.
	LogPaths(jobRunID string) (stdout, stderr string)
}

// Files opens what a location names: s3://bucket/key through the folder maps,
// file:///path, or an absolute path.
type Files interface {
	// Open returns the local path that holds the bytes of the location. The
	// error names the location and says what to do.
	Resolve(location string) (path string, err error)
}
