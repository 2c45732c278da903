package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/runner"
)

// loggedRun is a job run whose log is asked for, and how to learn that it is over.
type loggedRun struct {
	run  *glue.JobRun
	over func(context.Context) bool
}

// findJobRun finds the job run whose log is asked for. With wait it waits for a
// node that has not started.
func (a *app) findJobRun(ctx context.Context, t *target, args []string, wait bool) (*loggedRun, error) {
	if len(args) == 1 {
		if !strings.HasPrefix(args[0], jobRunPrefix) {
			return nil, fmt.Errorf("name a node of the workflow: reglue logs %s NODE, or a job run by its id (jr_…)", quote(args[0]))
		}
		return a.jobRunByID(t, args[0])
	}
	workflow, run, name := workflowRunNode(args)
	for waited := false; ; waited = true {
		r, err := loadRun(ctx, t, workflow, run)
		if err != nil {
			return nil, err
		}
		run = r.WorkflowRunId // a newer run is another one
		node, err := anyNode(r.Graph, name)
		if err != nil {
			return nil, err
		}
		if v := viewNode(r, node); v.job != nil {
			return &loggedRun{v.job, func(ctx context.Context) bool { return attemptOver(ctx, t, v.job.Id, node.Name) }}, nil
		}
		if !wait || node.Type != glue.NodeTypeJob || outcomeOf(r).over() {
			return nil, noJobRun(r, node)
		}
		if t.unowned() {
			return nil, fmt.Errorf("%w; %w", noJobRun(r, node), errUnowned)
		}
		if !waited {
			fmt.Fprintf(a.Stderr, "%s; waiting for it\n", noJobRun(r, node))
		}
		pause := pollFast
		if t.Kind == targetAWS {
			pause = pollSlow
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

func noJobRun(r *glue.WorkflowRun, node *glue.Node) error {
	text := fmt.Sprintf("%s has no job run in run %s", node.Name, shortRun(r.WorkflowRunId))
	if reason := reasonsOf(r)[node.UniqueId]; reason != "" {
		text += ": " + reason
	}
	return errors.New(text)
}

// attemptOver asks for the state of a job run. Without an owner the state stands
// still, and the job run's own folder knows better.
func attemptOver(ctx context.Context, t *target, id, job string) bool {
	if t.unowned() && folderOver(t.Folder, id) {
		return true
	}
	out, err := call[glue.GetJobRunResponse](ctx, t, "GetJobRun", &glue.GetJobRunRequest{JobName: job, RunId: id})
	return err == nil && out.JobRun != nil && flow.JobState(out.JobRun.JobRunState).Terminal()
}

// folderOver reports whether a job run's folder says how it ended.
func folderOver(data, id string) bool {
	status, err := runner.Inspect(runner.JobDir(data, id))
	return err == nil && status.Exit != nil
}

// jobRunByID finds a job run by its id, or by a beginning that no other has, in
// the data folder: the API does not tell a job run's state by its id alone.
func (a *app) jobRunByID(t *target, id string) (*loggedRun, error) {
	data := t.Folder
	if data == "" {
		return nil, noLogsHere(t, &glue.JobRun{Id: id})
	}
	if status, err := runner.Inspect(runner.JobDir(data, id)); err != nil || status.Claim == nil {
		found, err := jobRunsLike(data, id)
		if err != nil {
			return nil, err
		}
		switch len(found) {
		case 0:
			return nil, fmt.Errorf("there is no log of job run %s: no job run has this id, or it never started", id)
		case 1:
			id = found[0]
		default:
			return nil, fmt.Errorf("%d job runs begin with %q; give more of the id: %s",
				len(found), id, strings.Join(found[:min(len(found), nearNames)], ", "))
		}
	}
	return &loggedRun{&glue.JobRun{Id: id}, func(context.Context) bool { return folderOver(data, id) }}, nil
}

// jobRunsLike are the claimed job runs whose id begins so.
func jobRunsLike(data, beginning string) ([]string, error) {
	shards, err := os.ReadDir(filepath.Join(data, "jobs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var found []string
	for _, shard := range shards {
		runs, err := os.ReadDir(filepath.Join(data, "jobs", shard.Name()))
		if err != nil {
			continue // no folder of job runs
		}
		for _, run := range runs {
			if id, ok := runner.ClaimedID(run.Name()); ok && strings.HasPrefix(id, beginning) {
				found = append(found, id)
			}
		}
	}
	return found, nil
}
