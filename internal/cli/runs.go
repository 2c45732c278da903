package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/glue"
)

type runsOptions struct {
	failed bool
	since  time.Duration
	limit  int
}

const defaultRunLimit = 20

// span is a time span as a flag takes it: Go's, and days.
type span time.Duration

func (s *span) String() string {
	if *s == 0 {
		return ""
	}
	return time.Duration(*s).String()
}

// Type names the value in the help.
func (s *span) Type() string { return "duration" }

// Set reads 12h, 90m or 2d.
func (s *span) Set(text string) error {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		const most = 100_000
		n, err := strconv.ParseFloat(days, 64)
		if err != nil || n < 0 || n > most {
			return errors.New("write it as 12h, 90m or 2d")
		}
		*s = span(n * float64(24*time.Hour))
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return errors.New("write it as 12h, 90m or 2d")
	}
	*s = span(d)
	return nil
}

func newRunsCommand(a *app) *cobra.Command {
	var o runsOptions
	cmd := &cobra.Command{
		Use:   "runs [WORKFLOW]",
		Short: "List runs with what they really came to",
		Long: `List the runs of one workflow, or of all, newest first. The outcome is what the
nodes came to, which AWS's own status does not tell: it calls a run COMPLETED
whatever failed in it.`,
		Example: `  reglue runs
  reglue runs nightly
  reglue runs --failed --since 12h
  reglue runs --failed -o json | jq -r '.[].runId'`,
		GroupID:           groupLook,
		Args:              arguments(0, 1),
		ValidArgsFunction: a.completeArgs(completeWorkflow),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.since > 0 && !cmd.Flags().Changed("limit") {
				o.limit = 0
			}
			return a.withTarget(cmd.Context(), reads, func(ctx context.Context, t *target) error {
				return a.runs(ctx, t, strings.Join(args, ""), o)
			})
		},
	}
	cmd.Flags().BoolVar(&o.failed, "failed", false, "only runs in which a node failed or was stopped, or that could not start")
	cmd.Flags().Var((*span)(&o.since), "since", "only runs that started within this time, such as 12h or 2d")
	cmd.Flags().IntVarP(&o.limit, "limit", "n", defaultRunLimit, "at most this many; 0 for all, as with --since")
	return cmd
}

// listedRun is a run as `runs -o json` gives it.
type listedRun struct {
	Workflow      string       `json:"workflow"`
	RunID         string       `json:"runId"`
	PreviousRunID string       `json:"previousRunId,omitempty"`
	StartedOn     string       `json:"startedOn,omitempty"`
	CompletedOn   string       `json:"completedOn,omitempty"`
	Outcome       outcome      `json:"outcome"`
	ErrorMessage  string       `json:"errorMessage,omitempty"`
	Failed        []failedNode `json:"failedNodes,omitempty"`
	// ResumedAs is the newest run that was resumed from this one.
	ResumedAs *resumedAs `json:"resumedAs,omitempty"`

	run *glue.WorkflowRun
}

// resumedAs is a run that repaired another, or tried to.
type resumedAs struct {
	RunID   string  `json:"runId"`
	Outcome outcome `json:"outcome"`
}

// failedNode is a node that failed, with the first line of its error.
type failedNode struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Error string `json:"error,omitempty"`
}

func (a *app) runs(ctx context.Context, t *target, workflow string, o runsOptions) error {
	if o.since < 0 || o.limit < 0 {
		return fmt.Errorf("--since and --limit can't be negative")
	}
	list, err := a.collectRuns(ctx, t, workflow, o)
	if err != nil {
		return err
	}
	if a.json() {
		return writeJSON(a.out, list)
	}
	a.writeRuns(list, workflow, o)
	if o.limit > 0 && len(list) == o.limit {
		fmt.Fprintf(a.Stderr, "The newest %d are shown; -n 0 shows all.\n", o.limit)
	}
	return nil
}

// collectRuns reads the runs asked for. Only of failed ones is the graph read,
// for the names of the nodes.
func (a *app) collectRuns(ctx context.Context, t *target, workflow string, o runsOptions) ([]listedRun, error) {
	workflows := []string{workflow}
	if workflow == "" {
		workflows = nil
		for name, err := range workflowNames(ctx, t) {
			if err != nil {
				return nil, err
			}
			workflows = append(workflows, name)
		}
	}
	list := []listedRun{}
	for _, name := range workflows {
		runs, err := a.runsOf(ctx, t, name, o)
		if err != nil {
			return nil, err
		}
		list = append(list, runs...)
	}
	slices.SortStableFunc(list, func(x, y listedRun) int { return cmp.Compare(y.run.StartedOn, x.run.StartedOn) })
	if o.limit > 0 {
		list = list[:min(len(list), o.limit)]
	}
	for i := range list {
		if err := list[i].addFailures(ctx, t); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// runsOf reads the runs of one workflow, stopping when enough are found or the
// rest is too old.
func (a *app) runsOf(ctx context.Context, t *target, workflow string, o runsOptions) ([]listedRun, error) {
	page := int32(runPage)
	if o.limit > 0 && !o.failed {
		page = int32(min(o.limit, runPage))
	}
	var list []listedRun
	resumed := map[string]*resumedAs{} // by the run it was resumed from
	for run, err := range workflowRuns(ctx, t, workflow, page) {
		if isKind(err, glue.EntityNotFound) {
			return nil, noWorkflow(ctx, t, workflow)
		}
		if err != nil {
			return nil, err
		}
		if o.since > 0 && a.now().Sub(run.StartedOn.Time()) > o.since {
			if t.Kind == targetAWS {
				continue // AWS does not say how it sorts runs
			}
			break
		}
		outcome := outcomeOf(run)
		if _, later := resumed[run.PreviousRunId]; run.PreviousRunId != "" && !later {
			resumed[run.PreviousRunId] = &resumedAs{run.WorkflowRunId, outcome}
		}
		if o.failed && outcome.Failed+outcome.Stopped == 0 && outcome.Status != glue.WorkflowRunStatusError {
			continue
		}
		list = append(list, listedRun{
			Workflow: workflow, RunID: run.WorkflowRunId, PreviousRunID: run.PreviousRunId,
			StartedOn: run.StartedOn.String(), CompletedOn: run.CompletedOn.String(),
			Outcome: outcome, ErrorMessage: run.ErrorMessage, run: run,
		})
		if o.limit > 0 && len(list) == o.limit && t.Kind != targetAWS {
			break
		}
	}
	for i := range list {
		list[i].ResumedAs = resumed[list[i].RunID]
	}
	return list, nil
}

// addFailures names the nodes that failed.
func (l *listedRun) addFailures(ctx context.Context, t *target) error {
	if l.Outcome.Failed+l.Outcome.Stopped == 0 {
		return nil
	}
	run, err := getRun(ctx, t, l.Workflow, l.RunID)
	if isKind(err, glue.EntityNotFound) {
		return nil // gone meanwhile
	}
	if err != nil {
		return err
	}
	views := viewNodes(run)
	for i := range views {
		if v := &views[i]; v.failed() {
			l.Failed = append(l.Failed, failedNode{v.name(), v.state.String(), firstLine(v.problem())})
		}
	}
	return nil
}

// firstLine is the line of an error message to show where there is room for one.
func firstLine(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	return oneLine(text)
}

func (a *app) writeRuns(list []listedRun, workflow string, o runsOptions) {
	if len(list) == 0 {
		fmt.Fprintln(a.out, noRunsText(workflow, o))
		return
	}
	var t table
	t.head("WORKFLOW", "RUN", "STARTED", "TOOK", "OUTCOME")
	var details [][]failedNode
	for i := range list {
		l := &list[i]
		t.add(cell{oneLine(l.Workflow), plain}, cell{shortRun(l.RunID), plain},
			cell{ago(l.run.StartedOn, a.now()), plain}, cell{duration(runTook(l.run, a.now())), plain}, l.Outcome.cell())
		details = append(details, l.Failed)
	}
	lines := t.lines(a.out)
	fmt.Fprintln(a.out, lines[0])
	for i, line := range lines[1:] {
		fmt.Fprintln(a.out, line)
		if list[i].ErrorMessage != "" && list[i].Outcome.SupersededBy == "" {
			a.detail("  " + oneLine(list[i].ErrorMessage))
		}
		a.writeFailures(details[i])
		if r := list[i].ResumedAs; r != nil {
			a.detail("  resumed as " + shortRun(r.RunID) + ": " + r.Outcome.text())
		}
	}
}

// failuresShown is how many failed nodes of a run are listed.
const failuresShown = 5

func (a *app) writeFailures(failed []failedNode) {
	for i, f := range failed {
		if i == failuresShown {
			a.detail(fmt.Sprintf("  … and %d more", len(failed)-i))
			return
		}
		text := "  " + f.Name
		if f.State != "FAILED" {
			text += " " + f.State
		}
		if f.Error != "" {
			text += ": " + f.Error
		}
		a.detail(text)
	}
}

// detail writes a secondary line, cut to the screen.
func (a *app) detail(text string) {
	fmt.Fprintln(a.out, a.out.paint(dim, cut(text, a.out.width())))
}

func noRunsText(workflow string, o runsOptions) string {
	what := "No runs"
	if o.failed {
		what = "No failed runs"
	}
	if workflow != "" {
		what += " of " + workflow
	}
	if o.since > 0 {
		what += " in the last " + strings.TrimSuffix(strings.TrimSuffix(o.since.String(), "0s"), "0m")
	}
	return what + "."
}
