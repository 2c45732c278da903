package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/glue"
)

func newStopCommand(a *app) *cobra.Command {
	detach := false
	cmd := &cobra.Command{
		Use:   "stop WORKFLOW [RUN]",
		Short: "Stop a run and the jobs that run in it",
		Long: `Stop a run: jobs that run get TERM and then KILL, what has not started never will.
RUN defaults to the newest. A stopped run can't be resumed.`,
		Example: `  reglue stop nightly
  reglue stop nightly wr_3fa2c81d`,
		GroupID:           groupRepair,
		Args:              arguments(1, 2),
		ValidArgsFunction: a.completeArgs(completeWorkflow, completeRun),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.untilSignal(cmd.Context())
			defer cancel()
			return a.withOwner(ctx, repairs, ownServer{}, func(ctx context.Context, t *target) error {
				return a.stop(ctx, t, args[0], optional(args, 1), detach)
			})
		},
	}
	cmd.Flags().BoolVar(&detach, "detach", false, "return once the stop is asked for")
	return cmd
}

// optional is an argument that may be missing.
func optional(args []string, i int) string {
	if i < len(args) {
		return args[i]
	}
	return ""
}

func (a *app) stop(ctx context.Context, t *target, workflow, run string, detach bool) error {
	id, err := findRun(ctx, t, workflow, run)
	if err != nil {
		return err
	}
	if err := a.confirm(t, fmt.Sprintf("Stop run %s of %s", shortRun(id), workflow)); err != nil {
		return err
	}
	if err := t.Call(ctx, "StopWorkflowRun", &glue.StopWorkflowRunRequest{Name: workflow, RunId: id}, nil); err != nil {
		if isKind(err, glue.EntityNotFound) {
			_, err = loadRun(ctx, t, workflow, id)
		}
		return err
	}
	if detach {
		return a.told(workflow, id, "Stopping run %s of %s.", shortRun(id), workflow)
	}
	last, err := a.follow(ctx, t, workflow, id)
	if err != nil {
		return err
	}
	if a.json() {
		return writeJSON(a.out, describe(last))
	}
	a.summary(last)
	return nil
}

// told says in the asked form that a change of a run was made.
func (a *app) told(workflow, run, format string, args ...any) error {
	if a.json() {
		return writeJSON(a.out, map[string]string{"workflow": workflow, "runId": run})
	}
	fmt.Fprintf(a.out, format+"\n", args...)
	return nil
}
