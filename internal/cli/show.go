package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/glue"
)

func newShowCommand(a *app) *cobra.Command {
	follow := false
	cmd := &cobra.Command{
		Use:   "show WORKFLOW [RUN]",
		Short: "Show a run: each node, how it ended and why",
		Long: `Show a run with each of its jobs and crawlers: how it ended, how long it took, its
error, and for what never started what it waits for. RUN is an id or the
beginning of one and defaults to the newest run.`,
		Example: `  reglue show nightly
  reglue show nightly wr_3fa2c81d
  reglue show nightly -o json`,
		GroupID:           groupLook,
		Args:              arguments(1, 2),
		ValidArgsFunction: a.completeArgs(completeWorkflow, completeRun),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withTarget(cmd.Context(), reads, func(ctx context.Context, t *target) error {
				return a.show(ctx, t, args[0], optional(args, 1), follow)
			})
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "follow the run to its end")
	return cmd
}

func (a *app) show(ctx context.Context, t *target, workflow, run string, follow bool) error {
	r, err := loadRun(ctx, t, workflow, run)
	if err != nil {
		return err
	}
	// Reading the folder without its owner, nothing moves.
	unowned := t.Kind == targetInProcess && !outcomeOf(r).over()
	if follow && !unowned && !outcomeOf(r).over() {
		r, err = a.follow(ctx, t, workflow, r.WorkflowRunId)
		if errors.Is(err, context.Canceled) {
			return &exitError{code: exitDetached} // interrupted; the run goes on
		}
		if unowned = errors.Is(err, errUnowned); err != nil && !unowned {
			return err
		}
		if !a.json() && !unowned {
			a.summary(r)
			return nil
		}
	}
	record, err := recordOf(ctx, t, r)
	if err != nil {
		return err
	}
	if a.json() {
		d := describe(r)
		d.Resume = record
		return writeJSON(a.out, d)
	}
	a.showHead(r)
	a.showRecord(r, record)
	if err := a.showRepair(ctx, t, r); err != nil {
		return err
	}
	fmt.Fprintln(a.out)
	nodeTable(r, a.now()).write(a.out)
	if unowned {
		fmt.Fprintln(a.out)
		a.out.paragraph(unownedText, "  ", yellow)
		return nil
	}
	a.next(r)
	return nil
}

func (a *app) showHead(r *glue.WorkflowRun) {
	fmt.Fprintf(a.out, "%s  %s\n", a.out.paint(bold, oneLine(r.Name)), r.WorkflowRunId)
	o := outcomeOf(r)
	text := a.out.paint(o.mark().colour, o.cell().text)
	if misleading(o) {
		text += a.out.paint(dim, "  (AWS calls it COMPLETED)")
	}
	fmt.Fprintln(a.out, text)
	var parts []string
	if !r.StartedOn.IsZero() {
		parts = append(parts, fmt.Sprintf("started %s, %s", r.StartedOn.Time().Local().Format(time.DateTime), ago(r.StartedOn, a.now())))
	}
	if took := duration(runTook(r, a.now())); took != "" && o.over() {
		parts = append(parts, "took "+took)
	}
	for i, p := range parts {
		if i > 0 {
			fmt.Fprint(a.out, "; ")
		}
		fmt.Fprint(a.out, p)
	}
	if len(parts) > 0 {
		fmt.Fprintln(a.out)
	}
	if r.PreviousRunId != "" {
		fmt.Fprintf(a.out, "resumed from %s\n", shortRun(r.PreviousRunId))
	}
	if r.ErrorMessage != "" && o.SupersededBy == "" {
		fmt.Fprintln(a.out, a.out.paint(red, oneLine(r.ErrorMessage)))
	}
}

// misleading reports whether AWS's status hides what went wrong.
func misleading(o outcome) bool {
	return o.Status == glue.WorkflowRunStatusCompleted && o.Failed+o.Stopped > 0
}

// summary tells what a run that was followed came to.
func (a *app) summary(r *glue.WorkflowRun) {
	o := outcomeOf(r)
	text := fmt.Sprintf("Run %s of %s: %s", shortRun(r.WorkflowRunId), oneLine(r.Name), o.text())
	if took := duration(runTook(r, a.now())); took != "" {
		text += ". It took " + took + "."
	}
	sign := a.out.paint(o.mark().colour, o.mark().text)
	fmt.Fprintln(a.out)
	for _, line := range wrap(text, a.out.width()-2) {
		fmt.Fprintf(a.out, "%s %s\n", sign, a.out.paint(bold, line))
		sign = " "
	}
	if misleading(o) {
		fmt.Fprintln(a.out, a.out.paint(dim, "  AWS calls such a run COMPLETED."))
	}
	if !a.out.terminal {
		views := viewNodes(r)
		for i := range views {
			if v := &views[i]; v.failed() {
				text := fmt.Sprintf("  %s %s", v.name(), v.state)
				if problem := firstLine(v.problem()); problem != "" {
					text += ": " + problem
				}
				fmt.Fprintln(a.out, text)
			}
		}
	}
	a.carriedSummary(r)
	a.next(r)
}

// carriedSummary tells what a resumed run did not have to repeat.
func (a *app) carriedSummary(r *glue.WorkflowRun) {
	c := carriedOf(r, a.now())
	if c.carried == 0 {
		return
	}
	text := fmt.Sprintf("  %s carried over, %d ran", plural(c.carried, "node"), c.ran)
	if c.saved >= leastTold {
		text += "; " + duration(c.saved) + " of work was not repeated"
	}
	fmt.Fprintln(a.out, text+".")
}

// leastTold is the shortest time that does not read as 0.0s.
const leastTold = 50 * time.Millisecond

// carriedCount is what a resumed run carried over and what it ran.
type carriedCount struct {
	carried, ran int
	// saved is how long the carried nodes ran.
	saved time.Duration
}

func carriedOf(r *glue.WorkflowRun, now time.Time) carriedCount {
	var c carriedCount
	views := viewNodes(r)
	for i := range views {
		v := &views[i]
		switch {
		case v.carried:
			c.carried++
			c.saved += v.took(now)
		case !v.began.IsZero():
			c.ran++
		}
	}
	return c
}

// next offers the commands that suit a run's outcome.
func (a *app) next(r *glue.WorkflowRun) {
	o := outcomeOf(r)
	id := shortRun(r.WorkflowRunId)
	switch {
	case !o.over():
		fmt.Fprintln(a.out)
		a.hints(hint{"follow", a.command("show", r.Name, id, "-f")}, hint{"stop", a.command("stop", r.Name, id)})
	case o.SupersededBy != "":
		fmt.Fprintln(a.out)
		a.hints(hint{"it goes on as", a.command("show", r.Name, shortRun(o.SupersededBy), "-f")})
	case misleading(o):
		failed, blocked := notable(r)
		var hints []hint
		if failed != "" {
			hints = append(hints, hint{"its log", a.command("logs", r.Name, id, failed)})
		}
		if blocked != "" {
			hints = append(hints, hint{"why", a.command("why", r.Name, id, blocked)})
		}
		hints = append(hints, hint{"repair", a.command("resume", r.Name, id, "--failed", "--plan")})
		fmt.Fprintln(a.out)
		a.hints(hints...)
	}
}

// notable is the first node that failed and the first that never started.
func notable(r *glue.WorkflowRun) (failed, blocked string) {
	views := viewNodes(r)
	for i := range views {
		v := &views[i]
		if failed == "" && v.failed() {
			failed = v.name()
		}
		if blocked == "" && v.began.IsZero() && !v.state.Terminal() {
			blocked = v.name()
		}
	}
	return failed, blocked
}
