package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/bookmark"
	"github.com/reglue/reglue/internal/glue"
)

type bookmarkOptions struct {
	reset bool
	to    string
}

func newBookmarkCommand(a *app) *cobra.Command {
	var o bookmarkOptions
	cmd := &cobra.Command{
		Use:   "bookmark JOB [--reset [--to-run JOBRUN]]",
		Short: "Show what a Spark job has read, or let it read that again",
		Long: `Show the bookmark of a job: of each transformation_ctx what was read and by which
job run, and the versions that are kept. A job has one once a run with
--job-bookmark-option job-bookmark-enable came to Job.commit().

--reset makes the next run read everything again. With --to-run it goes back to what
the bookmark was after that job run, so that only what later runs read is read again.
A run of the job that is going on then commits nothing any more: it fails.`,
		Example: `  reglue bookmark load
  reglue bookmark load --reset --to-run jr_5b2e91c4
  reglue bookmark load --reset --aws-profile prod`,
		GroupID:           groupRepair,
		Args:              arguments(1, 1),
		ValidArgsFunction: a.completeArgs(completeJob),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.to != "" && !o.reset {
				return misused(cmd, errors.New("--to-run goes with --reset"))
			}
			if !o.reset {
				return a.withTarget(cmd.Context(), reads, func(ctx context.Context, t *target) error {
					return a.showBookmark(ctx, t, args[0])
				})
			}
			return a.withOwner(cmd.Context(), repairs, ownServer{}, func(ctx context.Context, t *target) error {
				return a.resetBookmark(ctx, t, args[0], o.to)
			})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.reset, "reset", false, "forget what was read; with --to-run, what was read after a job run")
	f.StringVar(&o.to, "to-run", "", "the job run to go back to, by its id or the beginning of it")
	_ = cmd.RegisterFlagCompletionFunc("to-run", a.completeFlag(completeJobRun)) // the flag exists
	return cmd
}

// bookmarkDescription is a bookmark as -o json gives it.
type bookmarkDescription struct {
	*glue.JobBookmarkEntry
	// State is the bookmark's text, read; nil when it is not of the form that awsglue
	// of reglue writes.
	State *bookmark.State `json:",omitempty"`
	// Versions are those that are kept, newest first; an AWS account tells none.
	Versions []bookmark.Version `json:",omitempty"`
}

func (a *app) showBookmark(ctx context.Context, t *target, job string) error {
	got, err := call[glue.GetJobBookmarkResponse](ctx, t, "GetJobBookmark", &glue.GetJobBookmarkRequest{JobName: job})
	if err != nil {
		return noBookmark(ctx, t, job, err)
	}
	d := &bookmarkDescription{JobBookmarkEntry: got.JobBookmarkEntry}
	if d.JobBookmarkEntry == nil {
		return fmt.Errorf("job %s has no bookmark", job)
	}
	if d.JobBookmark != "{}" {
		d.State, _ = bookmark.Parse(d.JobBookmark) // AWS's own form is shown as it is
	}
	history, err := call[bookmark.HistoryAnswer](ctx, t, bookmark.OpHistory, &bookmark.HistoryRequest{JobName: job})
	switch {
	case err == nil:
		d.Versions = history.Versions
	case !isKind(err, glue.UnknownOperation):
		return err
	}
	if a.json() {
		return writeJSON(a.out, d)
	}
	a.writeBookmark(d)
	return nil
}

// noBookmark says of a job without one whether there is such a job.
func noBookmark(ctx context.Context, t *target, job string, err error) error {
	if !isKind(err, glue.EntityNotFound) {
		return err
	}
	names, listErr := jobNames(ctx, t)
	if listErr != nil {
		return listErr
	}
	for _, name := range names {
		if name == job {
			return fmt.Errorf("job %s has no bookmark: no run with %s %s has committed one", job, bookmark.Argument, bookmark.Enable)
		}
	}
	return fmt.Errorf("there is no job %q; %s", job, orNear("job", job, names))
}

func (a *app) resetBookmark(ctx context.Context, t *target, job, to string) error {
	what := "Forget all that job " + job + " has read"
	if to != "" {
		var err error
		if to, err = findJobRun(ctx, t, job, to); err != nil {
			return err
		}
		what = fmt.Sprintf("Set the bookmark of job %s back to what it was after job run %s", job, to)
	}
	if err := a.confirm(t, what); err != nil {
		return err
	}
	got, err := call[glue.ResetJobBookmarkResponse](ctx, t, "ResetJobBookmark", &glue.ResetJobBookmarkRequest{JobName: job, RunId: to})
	if err != nil {
		if to == "" {
			err = noBookmark(ctx, t, job, err)
		}
		return err
	}
	if a.json() {
		return writeJSON(a.out, got.JobBookmarkEntry)
	}
	if e := got.JobBookmarkEntry; e != nil && e.RunId != "" {
		fmt.Fprintf(a.out, "The bookmark of %s is what job run %s left (version %d). The next run reads on from there.\n", job, shortJobRun(e.RunId), e.Version)
	} else {
		fmt.Fprintf(a.out, "The bookmark of %s is empty. The next run reads everything.\n", job)
	}
	return a.warnOfLiveRun(ctx, t, job)
}

// warnOfLiveRun says which run of the job will not be able to commit.
func (a *app) warnOfLiveRun(ctx context.Context, t *target, job string) error {
	for run, err := range jobRuns(ctx, t, job) {
		if err != nil {
			return err
		}
		if run.CompletedOn.IsZero() {
			a.err.paragraph(fmt.Sprintf("note: job run %s is %s. If it has read its bookmark already, its commit will be refused.",
				shortJobRun(run.Id), strings.ToLower(string(run.JobRunState))), "", yellow)
		}
	}
	return nil
}
