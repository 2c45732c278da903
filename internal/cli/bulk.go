package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

func newBulkCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bulk [ID | pause ID | continue ID | cancel ID]",
		Short: "Look at and steer what 'resume --where' started",
		Long: `List the bulk resumes that 'reglue resume --where' started, newest first, or show
one with what became of each run. A paused one starts nothing more until it is
continued; cancelling calls off what has not started and leaves what has.`,
		Example: `  reglue bulk
  reglue bulk bulk_3fa2c81d07
  reglue bulk pause bulk_3fa2c81d07`,
		GroupID: groupRepair,
		Args:    arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withTarget(cmd.Context(), reads, func(ctx context.Context, t *target) error {
				if len(args) == 0 {
					return a.listBulks(ctx, t)
				}
				all, err := readBulk(ctx, t, args[0])
				if err != nil {
					return err
				}
				if a.json() {
					return writeJSON(a.out, all)
				}
				a.showBulk(all)
				return nil
			})
		},
	}
	for _, action := range []struct{ word, action, does, done string }{
		{"pause", plan.BulkPause, "Start nothing more until it is continued", "is paused: nothing more starts"},
		{"continue", plan.BulkContinue, "Go on with a paused one", "goes on"},
		{"cancel", plan.BulkCancel, "Call off what has not started", "is cancelled: what has started goes on"},
	} {
		var o ownServer
		sub := &cobra.Command{
			Use: action.word + " ID", Short: action.does, Args: arguments(1, 1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.withOwner(cmd.Context(), repairs, o, func(ctx context.Context, t *target) error {
					in := &plan.UpdateBulkRequest{BulkId: args[0], Action: action.action}
					if err := needsServer(t.Call(ctx, plan.OpUpdateBulk, in, nil)); err != nil {
						return err
					}
					fmt.Fprintf(a.out, "%s %s.\n", args[0], action.done)
					return nil
				})
			},
		}
		o.register(sub)
		cmd.AddCommand(sub)
	}
	return cmd
}

// needsServer says of an operation that an endpoint does not have what has it.
func needsServer(err error) error {
	if isKind(err, glue.UnknownOperation) {
		return errors.New("this endpoint does not keep planned resumes: that needs a reglue server of this version")
	}
	return err
}

func (a *app) listBulks(ctx context.Context, t *target) error {
	out, err := call[plan.ListBulksAnswer](ctx, t, plan.OpListBulks, &plan.ListBulksRequest{})
	if err != nil {
		return needsServer(err)
	}
	if a.json() {
		return writeJSON(a.out, out.Bulks)
	}
	if len(out.Bulks) == 0 {
		fmt.Fprintln(a.out, "No bulk resumes. 'reglue resume --where …' starts one.")
		return nil
	}
	var rows table
	rows.head("BULK", "STARTED", "STATE", "RESUMES", "WHERE")
	for i := range out.Bulks {
		b := &out.Bulks[i]
		rows.add(cell{b.BulkId, plain}, cell{ago(b.CreatedOn, a.now()), plain}, bulkCell(b), cell{bulkCounts(b), plain}, cell{oneLine(b.Condition), dim})
	}
	rows.write(a.out)
	return nil
}

func bulkCell(b *plan.Bulk) cell {
	switch b.State {
	case plan.BulkRunning:
		return cell{"● running", cyan}
	case plan.BulkPaused:
		return cell{"‖ paused", yellow}
	case plan.BulkCancelled:
		return cell{"■ cancelled", yellow}
	}
	// What became of the runs that it started is told by them.
	return cell{"· done", plain}
}

// bulkCounts says how many of the resumes started, and what became of the others.
func bulkCounts(b *plan.Bulk) string {
	text := fmt.Sprintf("%d of %d started", b.Counts[plan.Done], b.Total())
	for _, s := range []struct{ state, word string }{
		{plan.Failed, "refused"}, {plan.Skipped, "skipped"}, {plan.Cancelled, "called off"},
	} {
		if n := b.Counts[s.state]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, s.word)
		}
	}
	return text
}

// readBulk reads a bulk with all its resumes.
func readBulk(ctx context.Context, t *target, id string) (*plan.GetBulkAnswer, error) {
	var all *plan.GetBulkAnswer
	for token := ""; ; {
		page, err := call[plan.GetBulkAnswer](ctx, t, plan.OpGetBulk, &plan.GetBulkRequest{BulkId: id, NextToken: token})
		if isKind(err, glue.EntityNotFound) {
			return nil, fmt.Errorf("there is no bulk resume %q; 'reglue bulk' lists them", id)
		}
		if err != nil {
			return nil, needsServer(err)
		}
		if all == nil {
			all = page
		} else {
			all.Bulk, all.Resumes = page.Bulk, append(all.Resumes, page.Resumes...)
		}
		if token = page.NextToken; token == "" {
			all.NextToken = ""
			return all, nil
		}
	}
}

// newOutcome is what the run of a planned resume came to.
func newOutcome(p *plan.Planned) outcome {
	return outcomeOf(&glue.WorkflowRun{Status: p.NewStatus, Statistics: p.NewStatistics})
}

// plannedCell is what became of a planned resume, or what it waits for.
func (a *app) plannedCell(p *plan.Planned) cell {
	switch p.State {
	case plan.Done:
		if p.NewStatistics == nil {
			return cell{shortRun(p.NewRunId) + ", which is gone", dim}
		}
		o := newOutcome(p)
		return cell{o.mark().text + " " + shortRun(p.NewRunId) + ": " + o.text(), o.mark().colour}
	case plan.Failed:
		return cell{"✗ " + oneLine(p.Error), red}
	case plan.Skipped:
		text := "– " + oneLine(p.Error)
		if p.NewRunId != "" {
			text = "– skipped for " + shortRun(p.NewRunId) + ": " + oneLine(p.Error)
		}
		return cell{text, yellow}
	case plan.Cancelled:
		text := "■ called off"
		if p.Error != "" {
			text += ": " + oneLine(p.Error)
		}
		return cell{text, yellow}
	}
	if p.Error != "" {
		return cell{"○ " + oneLine(p.Error), plain}
	}
	if in := p.DueOn.Time().Sub(a.now()); in >= time.Second {
		return cell{"○ starts in " + duration(in), plain}
	}
	return cell{"○ to start", plain}
}

func (a *app) showBulk(all *plan.GetBulkAnswer) {
	b := all.Bulk
	state := bulkCell(b)
	head := fmt.Sprintf("  %s: %s", state.text, bulkCounts(b))
	if b.PauseMs > 0 {
		head += fmt.Sprintf("; at least %s apart", duration(time.Duration(b.PauseMs)*time.Millisecond))
	}
	fmt.Fprintf(a.out, "%s%s\n", a.out.paint(bold, b.BulkId), a.out.paint(state.colour, head))
	a.out.paragraph(fmt.Sprintf("by %s, %s, where %s", b.By, ago(b.CreatedOn, a.now()), b.Condition), "", dim)
	fmt.Fprintln(a.out)
	var rows table
	rows.head("WORKFLOW", "RUN", "RESUMED AS")
	for i := range all.Resumes {
		p := &all.Resumes[i]
		rows.add(cell{oneLine(p.Name), plain}, cell{shortRun(p.RunId), plain}, a.plannedCell(p))
	}
	rows.write(a.out)
	switch b.State {
	case plan.BulkRunning:
		fmt.Fprintln(a.out)
		a.hints(hint{"pause", a.command("bulk", "pause", b.BulkId)}, hint{"cancel", a.command("bulk", "cancel", b.BulkId)})
	case plan.BulkPaused:
		fmt.Fprintln(a.out)
		a.hints(hint{"continue", a.command("bulk", "continue", b.BulkId)}, hint{"cancel", a.command("bulk", "cancel", b.BulkId)})
	}
}

// bulkOver reports whether all that a bulk started is over, and nothing more starts.
func bulkOver(all *plan.GetBulkAnswer) bool {
	if all.Bulk.State == plan.BulkRunning || all.Bulk.State == plan.BulkPaused {
		return false
	}
	for i := range all.Resumes {
		if p := &all.Resumes[i]; p.NewStatistics != nil && !newOutcome(p).over() {
			return false
		}
	}
	return true
}

// bulkPoll is the pause between two looks at a bulk.
const bulkPoll = 500 * time.Millisecond

// watchBulk follows a bulk until all that it started is over, and gives the exit
// code. An interrupt leaves it going.
func (a *app) watchBulk(ctx context.Context, t *target, id string, o ownServer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-a.Signals:
			cancel(errInterrupted)
		case <-ctx.Done():
		}
	}()
	last, err := a.followBulk(ctx, t, id)
	if err != nil && errors.Is(context.Cause(ctx), errInterrupted) {
		fmt.Fprintln(a.Stderr)
		if err := a.detachBulk(t, id, o); err != nil {
			return err
		}
		return &exitError{code: exitDetached}
	}
	if err != nil {
		return err
	}
	if a.json() {
		if err := writeJSON(a.out, last); err != nil {
			return err
		}
	} else {
		a.sumBulk(last)
	}
	for i := range last.Resumes {
		p := &last.Resumes[i]
		if p.State == plan.Failed || p.State == plan.Done && !newOutcome(p).whole() {
			return &exitError{code: exitFailed}
		}
	}
	return nil
}

// followBulk writes a line for each start and each end.
func (a *app) followBulk(ctx context.Context, t *target, id string) (*plan.GetBulkAnswer, error) {
	to := a.progressScreen()
	shown := map[string]string{}
	state := plan.BulkRunning
	for {
		all, err := readBulk(ctx, t, id)
		if err != nil {
			return nil, err
		}
		if all.Bulk.State != state {
			state = all.Bulk.State
			if state == plan.BulkPaused {
				fmt.Fprintln(to, cut(fmt.Sprintf("‖ paused; %s goes on with it", a.command("bulk", "continue", id)), to.width()))
			}
		}
		for i := range all.Resumes {
			p := &all.Resumes[i]
			stage := p.State
			if p.State == plan.Done && p.NewStatistics != nil && newOutcome(p).over() {
				stage = "over"
			} else if p.State == plan.Pending {
				stage = p.Error
			}
			if stage == shown[p.RunId] || stage == "" {
				continue
			}
			shown[p.RunId] = stage
			c := a.plannedCell(p)
			if stage == plan.Done {
				c = cell{"● resumed as " + shortRun(p.NewRunId), cyan}
			}
			line := fmt.Sprintf("%s  %s  ", oneLine(p.Name), shortRun(p.RunId))
			if width := to.width(); width > 0 {
				c.text = cut(c.text, max(1, width-utf8.RuneCountInString(line)))
			}
			fmt.Fprintln(to, line+to.paint(c.colour, c.text))
		}
		if bulkOver(all) {
			return all, nil
		}
		if t.unowned() {
			return nil, errUnowned
		}
		if err := sleep(ctx, bulkPoll); err != nil {
			return nil, err
		}
	}
}

func (a *app) sumBulk(all *plan.GetBulkAnswer) {
	whole, broken := 0, 0
	var again []string
	for i := range all.Resumes {
		p := &all.Resumes[i]
		switch {
		case p.State != plan.Done:
		case newOutcome(p).whole():
			whole++
		default:
			broken++
			again = append(again, p.NewRunId)
		}
	}
	parts := []string{plural(whole, "run") + " repaired"}
	if broken > 0 {
		parts = append(parts, fmt.Sprintf("%d still broken", broken))
	}
	c := all.Bulk.Counts
	for _, s := range []struct{ state, word string }{{plan.Failed, "refused"}, {plan.Skipped, "skipped"}, {plan.Cancelled, "called off"}} {
		if c[s.state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c[s.state], s.word))
		}
	}
	sign := cell{"✓", green}
	if broken+c[plan.Failed] > 0 {
		sign = cell{"✗", red}
	}
	fmt.Fprintln(a.out)
	fmt.Fprintf(a.out, "%s %s\n", a.out.paint(sign.colour, sign.text), a.out.paint(bold, all.Bulk.BulkId+": "+strings.Join(parts, ", ")+"."))
	a.hints(hint{"each run", a.command("bulk", all.Bulk.BulkId)})
	if len(again) > 0 {
		a.hints(hint{"what is broken", a.command("runs", "--failed", "--since", "1h")})
	}
}

// detachBulk leaves a bulk going and says how to come back to it. If this process
// owns the folder, another one takes it over.
func (a *app) detachBulk(t *target, id string, o ownServer) error {
	carriedOn, err := a.handOver(t, o, "nothing more starts")
	if err != nil {
		return err
	}
	if a.json() {
		return writeJSON(a.out, map[string]string{"bulkId": id})
	}
	a.out.paragraph(id+" goes on"+carriedOn, "", plain)
	a.hints(
		hint{"look", a.command("bulk", id)},
		hint{"pause", a.command("bulk", "pause", id)},
		hint{"cancel", a.command("bulk", "cancel", id)},
	)
	return nil
}

// anyPlanned reports whether resumes are to happen that somebody must see to.
func anyPlanned(ctx context.Context, t *target) (bool, error) {
	bulks, err := call[plan.ListBulksAnswer](ctx, t, plan.OpListBulks, &plan.ListBulksRequest{})
	if isKind(err, glue.UnknownOperation) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for i := range bulks.Bulks {
		if bulks.Bulks[i].State == plan.BulkRunning {
			return true, nil
		}
	}
	repairs, err := call[plan.RepairsAnswer](ctx, t, plan.OpRepairs, &plan.RepairsRequest{Pending: true})
	if err != nil {
		return false, err
	}
	return len(repairs.Repairs) > 0, nil
}
