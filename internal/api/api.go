package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// The quotas that an AWS account has unless it asks for more.
const (
	DefaultMaxWorkflows = 1000
	DefaultMaxTriggers  = 1000
	DefaultMaxJobs      = 2000
	// DefaultMaxJobsPerTrigger is how many jobs one trigger may start.
	DefaultMaxJobsPerTrigger = 50
)

// maxCachedFacts bounds small things that are kept, by number.
const maxCachedFacts = 500_000

// maxLastingJobs bounds what is kept of the jobs of runs, by number.
const maxLastingJobs = 200_000

// defaultTimeout is how long a request may wait until its change is taken up.
const defaultTimeout = 30 * time.Second

// Options are the settings of an API. The zero value is usable.
type Options struct {
	// Log gets errors that are not the caller's; nil drops them.
	Log *slog.Logger
	// MaxWorkflows, MaxTriggers and MaxJobs limit how many there may be. Zero
	// means the default of an AWS account, a negative number no limit.
	MaxWorkflows, MaxTriggers, MaxJobs int
	// MaxJobsPerTrigger limits the jobs that one trigger starts, likewise.
	MaxJobsPerTrigger int
	// Catalog limits how much the Data Catalog may hold, likewise.
	Catalog CatalogQuotas
	// Files are the scripts and outputs of jobs. Nil knows of none.
	Files Files
	// ResumeStopped permits a resume of STOPPED runs (R38); the engine has the
	// same setting.
	ResumeStopped bool
	// ResumeRunning permits a resume of RUNNING runs, likewise.
	ResumeRunning bool
	// Timeout is how long a request may wait until it is taken up; zero means
	// 30 seconds.
	Timeout time.Duration
}

// Files are what jobs read and write.
type Files interface {
	executor.Files
	// Exists reports whether a location holds anything.
	Exists(location string) (bool, error)
	// Pin keeps what a location holds, so that jobs can be told to use it, and
	// returns its SHA-256 (hex).
	Pin(location string) (string, error)
	// Written are the first locations that a job run was seen to write, and how
	// many more there are.
	Written(jobRunID string) (locations []string, more int)
}

// noFiles knows of none.
type noFiles struct{}

func (noFiles) Resolve(location string) (string, error) {
	return "", fmt.Errorf("location %q: this process has no files", location)
}
func (noFiles) Exists(string) (bool, error)           { return true, nil }
func (noFiles) Written(string) ([]string, int)        { return nil, 0 }
func (f noFiles) Pin(location string) (string, error) { return f.Resolve(location) }

// API carries out operations. It is safe for concurrent use.
type API struct {
	db       *store.DB
	engine   *engine.Engine
	readOnly bool
	opt      Options
	scope    glue.Scope

	// workflows and jobs are used by the engine's committer alone.
	workflows, jobs tally
	catalog         catalogTallies

	graphs      cache[graphKey, []byte]
	definitions cache[int64, *glue.Job]
	// What plans rest on: runFacts are by run, defined by definition, jobsAfter by the
	// change.
	runFacts  cache[int64, *runFacts]
	defined   cache[int64, *definedFacts]
	lasting   cache[lastingKey, []lastingJob]
	jobsAfter cache[int64, map[string]int64]
	contents  contents
	// changes counts the changes of definitions.
	changes atomic.Int64
}

// New makes an API over a store and the engine that changes it. Without an
// engine it only reads: operations that change something are refused.
func New(db *store.DB, e *engine.Engine, opt Options) *API {
	a := &API{db: db, engine: e, readOnly: e == nil, opt: opt, scope: db.Scope()}
	if e == nil {
		// It is never run: it only compiles graphs.
		a.engine = engine.New(engine.Options{Store: db})
	}
	a.engine.ResolvePlanned(a.plannedRequest)
	if a.opt.Log == nil {
		a.opt.Log = slog.New(slog.DiscardHandler)
	}
	if a.opt.Timeout == 0 {
		a.opt.Timeout = defaultTimeout
	}
	a.graphs.limit = maxGraphBytes
	a.definitions.limit = maxCachedJobs
	a.defined.limit, a.runFacts.limit, a.lasting.limit, a.jobsAfter.limit = maxCachedFacts, maxCachedFacts, maxLastingJobs, 1
	if a.opt.Files == nil {
		a.opt.Files = noFiles{}
	}
	a.contents.files = a.opt.Files
	return a
}

// Call carries out an operation. The body is the JSON of its request; the answer
// is what to send as JSON. See Error for what becomes of an error.
func (a *API) Call(ctx context.Context, op string, body []byte) (any, error) {
	run, ok := operations[op]
	if !ok {
		run, ok = extensions[op]
	}
	switch {
	case !ok && glue.KnownOperation(op):
		return nil, glue.Errorf(glue.UnknownOperation, "Operation %s of AWS Glue is not built in this version of reglue", op)
	case !ok:
		return nil, glue.Errorf(glue.UnknownOperation, "AWS Glue has no operation %.100q", op)
	}
	ctx, cancel := context.WithTimeout(ctx, a.opt.Timeout)
	defer cancel()
	answer, err := run(a, ctx, op, body)
	if err != nil {
		return nil, refusal(op, err)
	}
	return answer, nil
}

// refusal gives a request that breaks the model's rules the kind of error that
// its operation declares, so that typed clients can catch it.
func refusal(op string, err error) error {
	var broken *glue.ValidationError
	if !errors.As(err, &broken) {
		return err
	}
	kind := glue.Validation
	if glue.Declares(op, glue.InvalidInput) {
		kind = glue.InvalidInput
	}
	return &glue.Error{Kind: kind, Message: broken.Error(), Err: err}
}

// operation decodes a request and carries it out.
type operation func(a *API, ctx context.Context, op string, body []byte) (any, error)

// typed makes an operation of a function from request to response.
func typed[Request, Response any](f func(*API, context.Context, *Request) (Response, error)) operation {
	return func(a *API, ctx context.Context, op string, body []byte) (any, error) {
		request := new(Request)
		if err := glue.Decode(op, body, request); err != nil {
			return nil, err
		}
		return f(a, ctx, request)
	}
}

var operations = map[string]operation{
	"BatchGetWorkflows":        typed((*API).batchGetWorkflows),
	"CreateWorkflow":           typed((*API).createWorkflow),
	"DeleteWorkflow":           typed((*API).deleteWorkflow),
	"GetWorkflow":              typed((*API).getWorkflow),
	"GetWorkflowRun":           typed((*API).getWorkflowRun),
	"GetWorkflowRunProperties": typed((*API).getWorkflowRunProperties),
	"GetWorkflowRuns":          typed((*API).getWorkflowRuns),
	"ListWorkflows":            typed((*API).listWorkflows),
	"PutWorkflowRunProperties": typed((*API).putWorkflowRunProperties),
	"ResumeWorkflowRun":        withToken(typed((*API).resumeWorkflowRun)),
	"StartWorkflowRun":         typed((*API).startWorkflowRun),
	"StopWorkflowRun":          typed((*API).stopWorkflowRun),
	"UpdateWorkflow":           typed((*API).updateWorkflow),

	"BatchGetTriggers": typed((*API).batchGetTriggers),
	"CreateTrigger":    typed((*API).createTrigger),
	"DeleteTrigger":    typed((*API).deleteTrigger),
	"GetTrigger":       typed((*API).getTrigger),
	"GetTriggers":      typed((*API).getTriggers),
	"ListTriggers":     typed((*API).listTriggers),
	"StartTrigger":     typed((*API).startTrigger),
	"StopTrigger":      typed((*API).stopTrigger),
	"UpdateTrigger":    typed((*API).updateTrigger),

	"BatchGetJobs": typed((*API).batchGetJobs),
	"CreateJob":    typed((*API).createJob),
	"DeleteJob":    typed((*API).deleteJob),
	"GetJob":       typed((*API).getJob),
	"GetJobs":      typed((*API).getJobs),
	"ListJobs":     typed((*API).listJobs),
	"UpdateJob":    typed((*API).updateJob),

	"BatchStopJobRun": typed((*API).batchStopJobRun),
	"GetJobRun":       typed((*API).getJobRun),
	"GetJobRuns":      typed((*API).getJobRuns),
	"StartJobRun":     typed((*API).startJobRun),

	"GetJobBookmark":   typed((*API).getJobBookmark),
	"ResetJobBookmark": typed((*API).resetJobBookmark),

	"GetTags":       typed((*API).getTags),
	"TagResource":   typed((*API).tagResource),
	"UntagResource": typed((*API).untagResource),

	"CreateDatabase": inCatalog((*API).createDatabase),
	"DeleteDatabase": inCatalog((*API).deleteDatabase),
	"GetDatabase":    inCatalog((*API).getDatabase),
	"GetDatabases":   inCatalog((*API).getDatabases),
	"UpdateDatabase": inCatalog((*API).updateDatabase),

	"BatchDeleteTable": inCatalog((*API).batchDeleteTable),
	"CreateTable":      inCatalog((*API).createTable),
	"DeleteTable":      inCatalog((*API).deleteTable),
	"GetTable":         inCatalog((*API).getTable),
	"GetTables":        inCatalog((*API).getTables),
	"UpdateTable":      inCatalog((*API).updateTable),

	"BatchDeleteTableVersion": inCatalog((*API).batchDeleteTableVersion),
	"DeleteTableVersion":      inCatalog((*API).deleteTableVersion),
	"GetTableVersion":         inCatalog((*API).getTableVersion),
	"GetTableVersions":        inCatalog((*API).getTableVersions),

	"BatchCreatePartition": inCatalog((*API).batchCreatePartition),
	"BatchDeletePartition": inCatalog((*API).batchDeletePartition),
	"BatchGetPartition":    inCatalog((*API).batchGetPartition),
	"BatchUpdatePartition": inCatalog((*API).batchUpdatePartition),
	"CreatePartition":      inCatalog((*API).createPartition),
	"DeletePartition":      inCatalog((*API).deletePartition),
	"GetPartition":         inCatalog((*API).getPartition),
	"GetPartitions":        inCatalog((*API).getPartitions),
	"UpdatePartition":      inCatalog((*API).updatePartition),

	"CreatePartitionIndex": inCatalog((*API).createPartitionIndex),
	"DeletePartitionIndex": inCatalog((*API).deletePartitionIndex),
	"GetPartitionIndexes":  inCatalog((*API).getPartitionIndexes),

	"CreateUserDefinedFunction": inCatalog((*API).createUserDefinedFunction),
	"DeleteUserDefinedFunction": inCatalog((*API).deleteUserDefinedFunction),
	"GetUserDefinedFunction":    inCatalog((*API).getUserDefinedFunction),
	"GetUserDefinedFunctions":   inCatalog((*API).getUserDefinedFunctions),
	"UpdateUserDefinedFunction": inCatalog((*API).updateUserDefinedFunction),
}

// change makes a change of definitions durable; the function runs in the
// engine's transaction, and its error undoes what it wrote.
func (a *API) change(ctx context.Context, f func(tx *store.Tx, now glue.Time) error) error {
	if a.readOnly {
		return errReadOnly
	}
	defer a.changes.Add(1)
	return a.engine.Update(ctx, f)
}

type callKey struct{}

// WithCall gives the operations of a context the identity of the call, so that
// a client's own repeat of it starts nothing twice (R37).
func WithCall(ctx context.Context, c engine.Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callFrom is the identity of the call of an operation.
func callFrom(ctx context.Context, op string) engine.Call {
	c, _ := ctx.Value(callKey{}).(engine.Call)
	c.Operation = op
	return c
}
