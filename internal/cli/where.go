package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// whereOptions choose many runs to resume.
type whereOptions struct {
	where string
	rate  string
}

const whereHelp = `--where resumes many runs at once: all that match a condition, are COMPLETED, the
newest of their family and not resumed yet. Without a selection it means --failed.
It shows them all, asks once, and starts them one by one; each only if nobody
resumed it meanwhile, and only when its jobs have room. Terms:
  workflow run node   =  !=  with patterns such as load_*; ~ for a part
  state               of that node's latest attempt; of any node without node
  error               its message, with ~ for a part, in any case
  status              of the run
  started ended       >  <   a time, or relative: -6h, -2d
  property.NAME       a run property
joined by and, or, not and parentheses.`

func (o *whereOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.where, "where", "", "resume all runs that match, such as 'node=load and state=FAILED and started>-6h'")
	f.StringVar(&o.rate, "rate", "", "with --where: at most this many starts a time, such as 2/s or 10/m")
}

// whereArgs takes a workflow and a run, or --where alone.
func (o *whereOptions) args(cmd *cobra.Command, args []string) error {
	switch {
	case o.where == "" && cmd.Flags().Changed("where"):
		return misused(cmd, errors.New("--where is empty: write for example --where 'state=FAILED and started>-6h'"))
	case o.where == "" && o.rate != "":
		return misused(cmd, errors.New("--rate goes with --where"))
	case o.where == "":
		return arguments(1, 2)(cmd, args)
	case len(args) > 0:
		return misused(cmd, fmt.Errorf("--where chooses the runs: leave %q out, or write --where 'workflow=%s and (…)'", args[0], args[0]))
	}
	return nil
}

// ratePause is the time between two starts of a rate such as 2/s.
func ratePause(rate string) (time.Duration, error) {
	if rate == "" {
		return 0, nil
	}
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}
	number, unit, ok := strings.Cut(rate, "/")
	n, err := strconv.ParseFloat(number, 64)
	const most = 1000
	if !ok || err != nil || !(n > 0) || n > most || per[unit] == 0 {
		return 0, fmt.Errorf("--rate must be a number of starts a second, minute or hour, such as 2/s, 10/m or 0.5/s, not %q", rate)
	}
	return max(time.Millisecond, time.Duration(float64(per[unit])/n)), nil
}

// chosen is a run that matches, and how it would be resumed.
type chosen struct {
	*resuming
	// left says why it is left out; nil when it is not.
	left error
}

// check refuses flags that make no sense for many runs.
func (o *resumeOptions) checkMany() error {
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"--before", len(o.before) > 0}, {"--plan-token", o.planToken != ""}, {"--expect-head", o.expectHead != ""}, {"--wait", o.wait},
		{"--while-running", o.running},
	} {
		if f.given {
			return fmt.Errorf("%s is for one run and does not go with --where", f.name)
		}
	}
	if !o.sel.Any() && len(o.nodes)+len(o.accept) == 0 {
		o.sel.Failed = true
	}
	return o.check()
}

// choose finds the runs to resume: those that match, are over and the newest of
// their family.
func (a *app) choose(ctx context.Context, t *target, w *plan.Where, o resumeOptions) ([]chosen, error) {
	var out []chosen
	for name, err := range workflowNames(ctx, t) {
		if err != nil {
			return nil, err
		}
		runs, err := a.matching(ctx, t, name, w, o)
		if err != nil {
			return nil, err
		}
		for _, run := range runs {
			c, err := a.prepareOne(ctx, t, run, o)
			if err != nil {
				return nil, err
			}
			if c != nil {
				out = append(out, *c)
			}
		}
	}
	slices.SortStableFunc(out, func(x, y chosen) int { return int(x.prior.StartedOn - y.prior.StartedOn) })
	return out, nil
}

// matching are the runs of a workflow that match, without those that could not be
// resumed by their state or family.
func (a *app) matching(ctx context.Context, t *target, workflow string, w *plan.Where, o resumeOptions) ([]*glue.WorkflowRun, error) {
	var out []*glue.WorkflowRun
	since := w.Since()
	resumed := map[string]bool{} // families, by each run of theirs that a newer one names
	for run, err := range workflowRuns(ctx, t, workflow, runPage) {
		if isKind(err, glue.EntityNotFound) {
			return nil, nil // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		if run.StartedOn.Time().Before(since) {
			break
		}
		head := !resumed[run.WorkflowRunId]
		if run.PreviousRunId != "" {
			resumed[run.PreviousRunId] = true
		}
		outcome := outcomeOf(run)
		if !head || !outcome.over() || run.Status != glue.WorkflowRunStatusCompleted && !o.fromEnded || o.onlyFailed() && outcome.whole() {
			continue
		}
		facts := factsOf(run)
		match := w.Match(facts)
		if match == plan.No {
			continue
		}
		whole, err := getRun(ctx, t, workflow, run.WorkflowRunId)
		if isKind(err, glue.EntityNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if w.Match(factsOf(whole)) == plan.Yes {
			out = append(out, whole)
		}
	}
	return out, nil
}

// onlyFailed reports whether a run in which nothing failed has nothing to repeat.
func (o *resumeOptions) onlyFailed() bool {
	return o.sel == (plan.Selectors{Failed: true}) && len(o.nodes)+len(o.accept) == 0
}

// factsOf is what a condition looks at, of a run with or without its graph.
func factsOf(run *glue.WorkflowRun) *plan.RunFacts {
	f := &plan.RunFacts{
		Workflow: run.Name, Run: run.WorkflowRunId, Status: string(run.Status),
		Started: run.StartedOn.Time(), Ended: run.CompletedOn.Time(), Properties: run.WorkflowRunProperties,
	}
	if run.Graph == nil {
		return f
	}
	f.Nodes = []plan.NodeFacts{}
	views := viewNodes(run)
	for i := range views {
		v := &views[i]
		f.Nodes = append(f.Nodes, plan.NodeFacts{Name: v.node.Name, State: string(v.state.Job()), Error: v.problem()})
	}
	return f
}

// prepareOne works out the resume of one run; nil when it is not the newest of its
// family after all. What the server refuses is left out and says why.
func (a *app) prepareOne(ctx context.Context, t *target, run *glue.WorkflowRun, o resumeOptions) (*chosen, error) {
	r, err := a.prepareResume(ctx, t, run.Name, run.WorkflowRunId, o)
	if err == nil {
		err = r.makePlan(ctx)
	}
	var refused *glue.Error
	switch {
	case r != nil && r.plain:
		return nil, errors.New("--where starts resumes that a server keeps; this endpoint has AWS's operations alone: resume its runs one by one, see 'reglue runs --failed'")
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && errors.As(err, &refused) && (refused.Kind == glue.Internal || refused.Kind == glue.OperationTimeout):
		return nil, err
	case err != nil:
		return &chosen{resuming: &resuming{a: a, t: t, o: o, prior: run}, left: err}, nil
	case r.plan.Head != "" && r.plan.Head != run.WorkflowRunId:
		return nil, nil
	}
	return &chosen{resuming: r}, nil
}

// resumeWhere resumes all runs that match a condition.
func (a *app) resumeWhere(ctx context.Context, o resumeOptions) error {
	if err := o.checkMany(); err != nil {
		return err
	}
	w, err := plan.ParseWhere(o.many.where, a.now())
	if err != nil {
		return fmt.Errorf("--where: %w", err)
	}
	pause, err := ratePause(o.many.rate)
	if err != nil {
		return err
	}
	a.server = o.server
	preview := func(ctx context.Context, t *target) ([]chosen, error) {
		if t.Kind == targetAWS {
			return nil, errors.New("--where starts resumes that a server keeps; on an AWS account resume runs one by one, see 'reglue runs --failed'")
		}
		interruptible, stop := a.untilSignal(ctx)
		defer stop()
		all, err := a.choose(interruptible, t, w, o)
		if err == nil && (o.plan || !a.json()) {
			err = a.showChosen(all, o)
		}
		return all, err
	}
	if o.plan {
		return a.withTarget(ctx, reads, func(ctx context.Context, t *target) error {
			_, err := preview(ctx, t)
			return err
		})
	}
	return a.withOwner(ctx, repairs, o.server, func(ctx context.Context, t *target) error {
		all, err := preview(ctx, t)
		if err != nil {
			return err
		}
		in := plan.StartBulkRequest{PauseMs: pause.Milliseconds(), By: whoAmI(), Condition: w.String()}
		for i := range all {
			if all[i].left == nil {
				in.Resumes = append(in.Resumes, plan.ExecuteRequest{Request: all[i].req})
			}
		}
		if len(in.Resumes) == 0 {
			return errors.New("no run to resume matches; nothing was changed")
		}
		if len(in.Resumes) > plan.MaxBulk {
			return fmt.Errorf("%d runs match, at most %d can be resumed at once; narrow the condition, for example with started>", len(in.Resumes), plan.MaxBulk)
		}
		if err := a.agreeMany(all, len(in.Resumes)); err != nil {
			return err
		}
		out, err := call[plan.StartBulkAnswer](ctx, t, plan.OpStartBulk, &in)
		if err != nil {
			return err
		}
		if !a.json() {
			fmt.Fprintf(a.out, "\nStarted %s: %s.\n", out.BulkId, plural(len(in.Resumes), "resume"))
		}
		if o.detach {
			return a.detachBulk(t, out.BulkId, o.server)
		}
		return a.watchBulk(ctx, t, out.BulkId, o.server)
	})
}

// agreeMany asks once for all runs.
func (a *app) agreeMany(all []chosen, n int) error {
	risky := map[string]bool{}
	for i := range all {
		if all[i].left == nil {
			for _, name := range all[i].plan.Asks {
				risky[name] = true
			}
		}
	}
	what := "Resume " + plural(n, "run")
	if a.flags.yes {
		return nil
	}
	if !a.interactive() {
		return fmt.Errorf("%s: add --yes to confirm, since no terminal is there to ask on; nothing was changed", strings.ToLower(what[:1])+what[1:])
	}
	if len(risky) > 0 {
		a.err.paragraph(fmt.Sprintf("Not marked as safe to repeat (tag %s=true): %s.", plan.IdempotentTag, someNames(risky)), "", yellow)
	}
	return a.ask(what + "?")
}

func someNames(set map[string]bool) string {
	var names []string
	for name := range set {
		names = append(names, oneLine(name))
	}
	slices.Sort(names)
	if more := len(names) - namesShown; more > 0 {
		names = append(names[:namesShown], fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// chosenJSON is a run of a preview as -o json gives it.
type chosenJSON struct {
	Workflow string   `json:"workflow"`
	RunID    string   `json:"runId"`
	Outcome  outcome  `json:"outcome"`
	Failed   []string `json:"failedNodes"`
	Starts   []string `json:"starts,omitempty"`
	Follow   int      `json:"mayFollow"`
	LeftOut  string   `json:"leftOut,omitempty"`
}

func (a *app) showChosen(all []chosen, o resumeOptions) error {
	list := make([]chosenJSON, len(all))
	starts, left := 0, 0
	for i := range all {
		c, d := &all[i], &list[i]
		*d = chosenJSON{Workflow: c.prior.Name, RunID: c.prior.WorkflowRunId, Outcome: outcomeOf(c.prior), Failed: []string{}}
		views := viewNodes(c.prior)
		for k := range views {
			if views[k].failed() {
				d.Failed = append(d.Failed, views[k].name())
			}
		}
		if c.left != nil {
			d.LeftOut = c.left.Error()
			left++
			continue
		}
		for k := range c.plan.Nodes {
			if n := &c.plan.Nodes[k]; n.Verdict == plan.Start {
				d.Starts = append(d.Starts, oneLine(n.Name))
			}
		}
		d.Follow = c.plan.Counts[plan.Downstream]
		starts += len(d.Starts)
	}
	if a.json() {
		return writeJSON(a.out, list)
	}
	if len(all) == 0 {
		fmt.Fprintln(a.out, "No run to resume matches.")
		return nil
	}
	var t table
	t.head("WORKFLOW", "RUN", "STARTED", "FAILED", "WOULD START")
	for i := range list {
		d := &list[i]
		would := cell{few(d.Starts), cyan}
		if d.Follow > 0 {
			would.text += fmt.Sprintf(", then up to %d more", d.Follow)
		}
		if d.LeftOut != "" {
			would = cell{"– left out: " + shortReason(all[i].left), yellow}
		}
		t.add(cell{oneLine(d.Workflow), plain}, cell{shortRun(d.RunID), plain}, cell{ago(all[i].prior.StartedOn, a.now()), plain},
			cell{few(d.Failed), red}, would)
	}
	t.write(a.out)
	fmt.Fprintln(a.out)
	text := fmt.Sprintf("%s to resume, %s to start at once", plural(len(all)-left, "run"), plural(starts, "node"))
	if left > 0 {
		text += fmt.Sprintf("; %s left out", plural(left, "run"))
	}
	if o.plan {
		text += ". Nothing was changed"
	}
	a.out.paragraph(text+".", "", bold)
	return nil
}

// few names a node or two.
func few(names []string) string {
	const most = 2
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" +%d", len(names)-most)
	}
	return strings.Join(names, ", ")
}
