package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/spark"
	"github.com/reglue/reglue/internal/runner"
)

// problem is why an attempt can never start: it ends FAILED with this text.
type problem struct{ text string }

func (p *problem) Error() string { return p.text }

func problemf(format string, args ...any) error {
	return &problem{fmt.Sprintf(format, args...)}
}

// fatal makes an error a problem, unless it tells of something that may pass.
func fatal(err error) error {
	for _, e := range []syscall.Errno{
		syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO,
		syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EAGAIN,
	} {
		if errors.Is(err, e) {
			return err
		}
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &problem{err.Error()}
}

// The special arguments that the executor itself honours.
const (
	argExtraPyFiles = "--extra-py-files"
	argModules      = "--additional-python-modules"
	argPipOptions   = "--python-modules-installer-option"
)

const argLimit = 260 << 10 // Glue's bound on all arguments together

// prepare makes ready what an attempt needs, and says what to run.
func (x *Executor) prepare(ctx context.Context, s executor.Spec) (runner.Spec, error) {
	var spec runner.Spec
	if err := supported(s); err != nil {
		return spec, err
	}
	if spark.IsJob(s.Command) {
		return x.prepareSpark(ctx, s)
	}
	used := &usedFiles{pinned: s.Files, sums: map[string]string{}}
	script, err := x.keepNamed(s.ScriptLocation, used)
	if err != nil {
		return spec, fmt.Errorf("the job's script: %w", err)
	}
	path, err := x.extraPath(s.Arguments[argExtraPyFiles], used)
	if err != nil {
		return spec, fmt.Errorf("%s: %w", argExtraPyFiles, err)
	}
	py, path, err := x.interpreter(ctx, x.python, s, path, used)
	if err != nil {
		return spec, err
	}
	if err := py.obeys(); err != nil {
		return spec, err
	}
	return runner.Spec{
		Argv:     append([]string{py.program, script}, arguments(s)...),
		Env:      settings(x.environment(s, path)),
		Timeout:  s.Timeout,
		Grace:    x.opts.StopGrace,
		LogLimit: x.opts.LogLimit,
		Notes:    used.sums,
	}, nil
}

// supported refuses what this executor does not run.
func supported(s executor.Spec) error {
	switch s.Command {
	case "pythonshell", spark.CommandETL, spark.CommandStreaming:
	case "glueray":
		return problemf("reglue does not run Ray jobs (Command.Name \"glueray\"); it runs Spark jobs (\"glueetl\", \"gluestreaming\") and Python shell jobs (\"pythonshell\").")
	default:
		return problemf("Command.Name %q is not one of Glue's; reglue runs \"glueetl\", \"gluestreaming\" and \"pythonshell\".", s.Command)
	}
	if strings.HasPrefix(s.PythonVersion, "2") {
		return problemf("PythonVersion %s is not supported: reglue runs Python 3.", s.PythonVersion)
	}
	if s.ScriptLocation == "" {
		return problemf("The job has no script: set Command.ScriptLocation or the argument --scriptLocation.")
	}
	total := 0
	for k, v := range s.Arguments {
		total += len(k) + len(v)
	}
	if total > argLimit {
		return problemf("The job's arguments have %d bytes together; Glue takes at most %d.", total, argLimit)
	}
	return nil
}

// interpreter returns what runs the script, which may not be fit for it, and all
// that goes onto PYTHONPATH.
func (x *Executor) interpreter(ctx context.Context, py *python, s executor.Spec, path []string, used *usedFiles) (interpreter, []string, error) {
	plain := x.serverEnv()
	if modules := splitList(s.Arguments[argModules]); len(modules) > 0 {
		info, err := py.check(ctx, x.opts.PythonPath, plain)
		if err != nil {
			return info, nil, err
		}
		folder, err := x.pip.install(ctx, info, request{
			modules: modules,
			options: strings.Fields(s.Arguments[argPipOptions]),
			keep:    func(location string) (string, error) { return x.keepNamed(location, used) },
		}, plain)
		if err != nil {
			return info, nil, fmt.Errorf("%s: %w", argModules, err)
		}
		path = append(path, folder)
	}
	path = append(path, x.opts.PythonPath...)
	info, err := py.check(ctx, path, plain)
	return info, path, err
}

// arguments is what the script gets: always pairs, in a stable order, and the
// ones that Glue sets last, so that they win.
func arguments(s executor.Spec) []string {
	own := [][2]string{
		{"--JOB_NAME", s.JobName},
		{"--JOB_ID", jobID(s.JobName)},
		{"--JOB_RUN_ID", s.JobRunID},
	}
	if s.WorkflowRunID != "" {
		own = append(own, [2]string{"--WORKFLOW_NAME", s.WorkflowName}, [2]string{"--WORKFLOW_RUN_ID", s.WorkflowRunID})
	}
	var argv []string
	for _, k := range slices.Sorted(maps.Keys(s.Arguments)) {
		if !slices.ContainsFunc(own, func(kv [2]string) bool { return kv[0] == k }) {
			argv = append(argv, k, s.Arguments[k])
		}
	}
	for _, kv := range own {
		argv = append(argv, kv[0], kv[1])
	}
	return argv
}

// jobID is stable for a job of that name.
func jobID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return "j_" + hex.EncodeToString(sum[:])
}

// splitList reads one of Glue's comma lists.
func splitList(s string) []string {
	var items []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
