package local

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/spark"
	"github.com/reglue/reglue/internal/runner"
)

// Options say how jobs run. DataDir and Files are required.
type Options struct {
	DataDir string
	// Files finds scripts and extra files.
	Files executor.Files
	// Python is the interpreter of Python shell jobs; empty means the python3
	// on PATH.
	Python string
	// Spark says how Spark jobs run.
	Spark spark.Settings
	// MaxJobs bounds the job runs that run at the same time; zero means four a
	// processor. A Spark job on this machine counts as spark.SlotsPerCore for each
	// core that it uses.
	MaxJobs int
	// StopGrace lies between TERM and KILL; zero means ten seconds.
	StopGrace time.Duration
	// LogLimit bounds each log in bytes; zero means runner.DefaultLogLimit.
	LogLimit int64
	// PythonPath are folders that every job may import from, such as that of
	// the awsglue package.
	PythonPath []string
	// PassEnv names variables of the server that jobs get beyond the usual.
	PassEnv []string
	// Env gives variables of one job run, such as endpoints and throw-away
	// credentials. They win over all others.
	Env func(executor.Spec) map[string]string
	// SessionEnv gives those in which a Spark that is kept warm for a workflow run
	// differs from its jobs.
	SessionEnv func(workflowRunID string) map[string]string
	// Check tells why a job run can't be run as things are, such as a connection
	// that is not there; nil finds nothing. What it returns ends the job run.
	Check func(executor.Spec) error
	// Log takes what has no other place; nil means none.
	Log *slog.Logger
	// Runner changes how runners are started. Its DataDir, Events and Log are
	// set from the above.
	Runner runner.Options
}

const (
	defaultGrace = 10 * time.Second
	jobsPerCore  = 4
	// retryAfter is how long starting pauses when the machine lacks something.
	// No event tells when it has it again.
	retryAfter = 2 * time.Second
)

// Executor runs jobs on this machine. Make one with New.
type Executor struct {
	opts   Options
	log    *slog.Logger
	python *python
	pip    *pip
	spark  *sparks

	mu    sync.Mutex
	inbox []func()
	busy  bool // somebody carries out what is in the inbox, or nobody may

	// The rest belongs to what is carried out.
	closed   bool // nothing is, any more
	ctx      context.Context
	report   func(executor.Report)
	client   *runner.Client
	attempts map[string]*attempt
	seq      int
	queue    []*attempt // those that wait for a slot, in order
	used     int        // slots
	paused   bool       // nothing starts until retryAfter is over
	wg       sync.WaitGroup
}

var (
	_ executor.Executor = (*Executor)(nil)
	_ executor.Logs     = (*Executor)(nil)
)

// New returns an executor over the data folder. It touches nothing before Run.
func New(opts Options) (*Executor, error) {
	if opts.DataDir == "" || opts.Files == nil {
		return nil, fmt.Errorf("local executor: DataDir and Files are required")
	}
	data, err := filepath.Abs(opts.DataDir)
	if err != nil {
		return nil, err
	}
	opts.DataDir = data
	if opts.MaxJobs <= 0 {
		opts.MaxJobs = jobsPerCore * runtime.NumCPU()
	}
	if opts.StopGrace <= 0 {
		opts.StopGrace = defaultGrace
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	x := &Executor{
		opts:     opts,
		log:      opts.Log,
		busy:     true, // until Run
		attempts: map[string]*attempt{},
	}
	x.python = &python{named: opts.Python}
	x.pip = &pip{dir: filepath.Join(data, "python")}
	if err := opts.Spark.Check(); err != nil {
		return nil, err
	}
	x.spark = &sparks{settings: opts.Spark, home: filepath.Join(data, "spark"), machine: spark.ThisMachine(opts.MaxJobs)}
	return x, nil
}

// Start implements executor.Executor.
func (x *Executor) Start(spec executor.Spec) { x.do(func() { x.start(spec) }) }

// Stop implements executor.Executor.
func (x *Executor) Stop(jobRunID string) { x.do(func() { x.stop(jobRunID) }) }

// Forget removes the folders and logs of job runs that were over before a time.
func (x *Executor) Forget(before time.Time) error { return runner.Sweep(x.opts.DataDir, before) }

// LogPaths implements executor.Logs.
func (x *Executor) LogPaths(jobRunID string) (stdout, stderr string) {
	return runner.LogPaths(x.opts.DataDir, jobRunID)
}

// Run implements executor.Executor. It may be called once.
func (x *Executor) Run(ctx context.Context, report func(executor.Report)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opts := x.opts.Runner
	opts.DataDir, opts.Log = x.opts.DataDir, x.log
	opts.Events = func(e runner.Event) { x.do(func() { x.heard(e) }) }
	client, err := runner.Connect(ctx, opts)
	if err != nil {
		return fmt.Errorf("local executor: %w", err)
	}
	x.ctx, x.report, x.client = ctx, report, client
	x.wg.Go(x.sweepScratch)
	x.carryOut()
	<-ctx.Done()
	ended := make(chan struct{})
	x.do(func() {
		x.closed = true
		close(ended)
	})
	<-ended
	x.wg.Wait()
	return client.Close()
}

// do carries out f after what was asked before: at once, or whoever is at it does.
// So nobody has to wake up for it, and it must not block.
func (x *Executor) do(f func()) {
	x.mu.Lock()
	x.inbox = append(x.inbox, f)
	busy := x.busy
	x.busy = true
	x.mu.Unlock()
	if !busy {
		x.carryOut()
	}
}

// carryOut empties the inbox; the caller has set busy.
func (x *Executor) carryOut() {
	for work := x.take(); len(work) > 0; work = x.take() {
		for _, f := range work {
			if !x.closed {
				f()
			}
		}
		if !x.closed {
			x.fill()
		}
	}
}

// take removes what waits; when that is nothing, nobody is busy any more.
func (x *Executor) take() []func() {
	x.mu.Lock()
	defer x.mu.Unlock()
	work := x.inbox
	x.inbox = nil
	x.busy = len(work) > 0
	return work
}

// later carries out f after a while.
func (x *Executor) later(d time.Duration, f func()) {
	x.wg.Go(func() {
		select {
		case <-x.ctx.Done():
		case <-time.After(d):
			x.do(f)
		}
	})
}
