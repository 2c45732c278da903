package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

func newRepairsCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "repairs [WORKFLOW]",
		Short: "List automatic repairs: to come, done, and given up",
		Long: `List the automatic repairs of one workflow, or of all, newest first. A workflow
is repaired by itself when it has a policy in its tag ` + plan.RepairTag + `:

  times=3              tries for a run and its resumes (default 3)
  wait=30s             before the first try (default 1m)
  backoff=2            each further wait is that much longer (default 1)
  within=120m          no try later than this after the first failure
  on=FAILED+TIMEOUT    ends of jobs to repair (default these)
  match=TEXT           only if the error of each holds this text, or * pattern
  timeout=2x           longer timeout for jobs that ended TIMEOUT
  retries=1            retries of the repeated jobs
  off                  instead of all: no repair

A template sets it as Metadata: {Reglue: {AutoResume: "times=3 wait=30s"}} of its
AWS::Glue::Workflow, any AWS client with TagResource or CreateWorkflow.`,
		Example: `  reglue repairs
  reglue repairs nightly -o json`,
		GroupID:           groupRepair,
		Args:              arguments(0, 1),
		ValidArgsFunction: a.completeArgs(completeWorkflow),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withTarget(cmd.Context(), reads, func(ctx context.Context, t *target) error {
				return a.listRepairs(ctx, t, optional(args, 0))
			})
		},
	}
}

func (a *app) listRepairs(ctx context.Context, t *target, workflow string) error {
	out, err := call[plan.RepairsAnswer](ctx, t, plan.OpRepairs, &plan.RepairsRequest{Name: workflow})
	if err != nil {
		return needsServer(err)
	}
	if a.json() {
		return writeJSON(a.out, out.Repairs)
	}
	if len(out.Repairs) == 0 {
		fmt.Fprintf(a.out, "No automatic repairs. A workflow asks for them with its tag %s.\n", plan.RepairTag)
		return nil
	}
	var rows table
	rows.head("WORKFLOW", "RUN", "PLANNED", "REPAIR")
	for i := range out.Repairs {
		p := &out.Repairs[i]
		rows.add(cell{oneLine(p.Name), plain}, cell{shortRun(p.RunId), plain}, cell{ago(p.CreatedOn, a.now()), plain}, a.plannedCell(p))
	}
	rows.write(a.out)
	return nil
}

// showRepair tells of a broken run when it is repaired by itself, or why not.
func (a *app) showRepair(ctx context.Context, t *target, r *glue.WorkflowRun) error {
	if t.Kind == targetAWS || !misleading(outcomeOf(r)) {
		return nil
	}
	record, err := call[plan.Record](ctx, t, plan.OpGet, &plan.GetRequest{Name: r.Name, RunId: r.WorkflowRunId})
	if isKind(err, glue.UnknownOperation) {
		return nil
	}
	if err != nil || record.Repair == nil {
		return err
	}
	p := record.Repair
	text, colour := "", yellow
	switch p.State {
	case plan.Pending:
		text = fmt.Sprintf("%s comes at %s", p.By, p.DueOn.Time().Local().Format(time.DateTime))
		if in := p.DueOn.Time().Sub(a.now()); in >= time.Second {
			text += ", in " + duration(in)
		}
		if p.Error != "" {
			text += "; it " + p.Error
		}
		if t.unowned() {
			text += "; no process owns the data folder now, and one must: reglue serve"
		}
		colour = cyan
	case plan.Done:
		text = p.By + ": resumed as " + shortRun(p.NewRunId)
		if p.NewStatistics != nil {
			text += ", " + newOutcome(p).text()
		}
		colour = plain
	case plan.Skipped:
		if text = p.Error; p.NewRunId != "" {
			text = "automatic repair was not needed: " + p.Error + " as " + shortRun(p.NewRunId)
		}
	case plan.Failed:
		if text, colour = p.Error, red; p.Tries > 0 {
			text = p.By + " failed: " + p.Error
		}
	default:
		text = p.By + " was called off: " + p.Error
	}
	a.out.paragraph("↻ "+text, "", colour)
	return nil
}
