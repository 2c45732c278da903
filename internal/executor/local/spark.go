package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/spark"
	"github.com/reglue/reglue/internal/runner"
)

// sparks is what the Spark jobs of a data folder share.
type sparks struct {
	settings spark.Settings
	machine  spark.Machine
	home     string

	mu      sync.Mutex
	pythons map[string]*python // by program
}

// noteDetail is the note of a claim that holds what an attempt runs on; the other
// notes are hashes of files by location.
const noteDetail = "reglue:detail"

const scratchFolder = "scratch"

func (s *sparks) scratch(id string) string { return filepath.Join(s.home, scratchFolder, id) }

// python is the one of a runtime.
func (s *sparks) python(program string) *python {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pythons == nil {
		s.pythons = map[string]*python{}
	}
	if s.pythons[program] == nil {
		s.pythons[program] = &python{named: program}
	}
	return s.pythons[program]
}

// clusterEnv are the variables of the server by which spark-submit finds clusters.
var clusterEnv = []string{"HADOOP_CONF_DIR", "YARN_CONF_DIR", "SPARK_CONF_DIR", "KUBECONFIG"}

// weight is how many slots an attempt takes. One whose definition is not known, as
// only a stop named it, counts once.
func (x *Executor) weight(a *attempt) int {
	if !spark.IsJob(a.spec.Command) {
		return 1
	}
	p := spark.Planner{Settings: x.spark.settings, Machine: x.spark.machine}
	if _, cores := p.Size(&spark.Job{Spec: a.spec}); cores > 0 {
		return x.spark.machine.Weight(cores)
	}
	return 1 // its work is done elsewhere
}

// prepareSpark makes ready what a Spark job needs, and says what to run.
func (x *Executor) prepareSpark(ctx context.Context, s executor.Spec) (runner.Spec, error) {
	var spec runner.Spec
	rt, err := spark.Find(ctx, spark.Search{Dir: x.spark.settings.Dir, Python: x.opts.Python, Getenv: os.Getenv})
	if errors.Is(err, spark.ErrNone) {
		return spec, problemf("This is a Spark job, and %v.", err)
	}
	if err != nil {
		return spec, fatal(err)
	}
	if err := spark.Prepare(x.spark.home); err != nil {
		return spec, fatal(err)
	}
	if s.Arguments, err = x.spark.arguments(s.Arguments); err != nil {
		return spec, fatal(err)
	}
	used := &usedFiles{pinned: s.Files, sums: map[string]string{}}
	job, path, err := x.sparkFiles(s, used)
	if err != nil {
		return spec, err
	}
	py, path, err := x.interpreter(ctx, x.spark.python(rt.Python), s, path, used)
	if err != nil {
		return spec, err
	}
	if err := py.obeys(); err != nil {
		return spec, err
	}
	rt.PythonVersion = py.Version
	job.Env = x.environment(s, path)
	for _, name := range clusterEnv {
		if value := os.Getenv(name); value != "" {
			job.Env[name] = value
		}
	}
	if x.opts.SessionEnv != nil {
		job.SessionEnv = x.opts.SessionEnv(s.WorkflowRunID)
	}
	job.Args = arguments(s)
	if job.UIPort, err = freePort(ctx); err != nil {
		return spec, fatal(err)
	}
	if err := os.MkdirAll(job.Scratch, 0o700); err != nil {
		return spec, fatal(err)
	}
	planner := spark.Planner{Runtime: rt, Settings: x.spark.settings, Machine: x.spark.machine}
	plan, err := planner.Plan(job)
	if err != nil {
		return spec, fatal(err)
	}
	used.sums[noteDetail] = plan.Detail
	return runner.Spec{
		Argv: plan.Argv, Env: settings(plan.Env),
		Timeout: s.Timeout, Grace: x.opts.StopGrace, LogLimit: x.opts.LogLimit, Notes: used.sums,
	}, nil
}

// arguments are those of a job, with a folder for temporary objects.
func (s *sparks) arguments(given map[string]string) (map[string]string, error) {
	if given[spark.ArgTempDir] != "" || s.settings.TempDir == nil {
		return given, nil
	}
	dir, err := s.settings.TempDir()
	if err != nil {
		return nil, err
	}
	args := map[string]string{spark.ArgTempDir: dir}
	for k, v := range given {
		if k != spark.ArgTempDir {
			args[k] = v
		}
	}
	return args, nil
}

// sparkFiles keeps all files of a Spark job, and returns what they put onto
// PYTHONPATH.
func (x *Executor) sparkFiles(s executor.Spec, used *usedFiles) (job spark.Job, path []string, err error) {
	job = spark.Job{Spec: s, Home: x.spark.home, Scratch: x.spark.scratch(s.JobRunID)}
	if job.Script, err = x.keepNamed(s.ScriptLocation, used); err != nil {
		return job, nil, fmt.Errorf("the job's script: %w", err)
	}
	if path, err = x.extraPath(s.Arguments[argExtraPyFiles], used); err != nil {
		return job, nil, fmt.Errorf("%s: %w", argExtraPyFiles, err)
	}
	for _, list := range []struct {
		name string
		to   *[]string
	}{{spark.ArgExtraJars, &job.Jars}, {spark.ArgExtraFiles, &job.Files}} {
		for _, location := range splitList(s.Arguments[list.name]) {
			file, err := x.keepNamed(location, used)
			if err != nil {
				return job, nil, fmt.Errorf("%s: %w", list.name, err)
			}
			*list.to = append(*list.to, file)
		}
	}
	return job, path, nil
}

// freePort is a port that nobody has at this moment.
func freePort(ctx context.Context) (int, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// removeScratch removes what Spark left of a job run that is over.
func (x *Executor) removeScratch(id string) {
	if err := os.RemoveAll(x.spark.scratch(id)); err != nil {
		x.log.Warn("cannot remove the scratch folder of a Spark job", "job_run_id", id, "error", err)
	}
}

// sweepScratch removes what was left by job runs that ended while no server ran.
func (x *Executor) sweepScratch() {
	if err := spark.SweepSessions(x.spark.home); err != nil {
		x.log.Warn("cannot remove what warm Sparks left", "error", err)
	}
	entries, err := os.ReadDir(filepath.Join(x.spark.home, scratchFolder))
	if err != nil {
		return // there is none before the first Spark job
	}
	for _, e := range entries {
		st, err := runner.Inspect(runner.JobDir(x.opts.DataDir, e.Name()))
		if err == nil && st.Exit != nil {
			x.removeScratch(e.Name())
		}
	}
}
