package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

func newResumeCommand(a *app) *cobra.Command {
	var o resumeOptions
	cmd := &cobra.Command{
		Use:   "resume (WORKFLOW [RUN] | --where CONDITION) (--failed | --node NODE ...)",
		Short: "Repeat nodes of a run and all that waits for them; carry the rest over",
		Long: `Resume a run that is COMPLETED: a new run repeats the nodes you choose and all
that lies downstream of them. All other nodes are carried over with what they
left. RUN defaults to the newest run.

Choose with any of these; each says what it chose and why:
  --failed       jobs and crawlers whose latest attempt did not succeed
  --node         by name, id or pattern; 'job+' means the job and all behind it,
                 which a resume repeats anyway
  --changed      jobs whose definition or script differs from what the run used
  --missing      nodes that succeeded but whose declared outputs are gone
                 (declared by the job argument --reglue-output)
  --recommended  the smallest set that repairs the run, from all of the above
  --held         what an earlier --until or --except held back
If there is nothing to choose, nothing is changed and the exit code is 2.

--plan shows what would become of every node, why, and how long it would take,
changes nothing and gives a token. With --plan-token the resume is refused, with
what changed, unless everything that the plan rests on is as it was; and the jobs
run the very scripts that the plan saw.

What goes beyond AWS's own operation (--changed, --missing, --held, --accept,
--until, --except, --property, --arg, --timeout, --retries, --rewind-bookmark,
--from-stopped, --while-running, --again, --where) needs a reglue server; the rest works on an AWS
account too.

--while-running resumes a run that still runs: what has ended can be repeated, unless
something below it runs now. The old run ends (STOPPED, "Superseded by …"); what runs in
it is moved to the new run and goes on untouched, joins wait for both, and nothing runs
twice.

A Spark job with a bookmark reads on from its last commit. One that committed in the run
would read nothing when it is repeated: the plan says so, and --rewind-bookmark sets the
bookmarks of the jobs that run again back to before the run, in the transaction that
starts the new run. On an AWS account: 'reglue bookmark JOB --reset --to-run JOBRUN'.

` + whereHelp,
		Example: `  reglue resume nightly --failed --plan
  reglue resume nightly --recommended
  reglue resume nightly wr_3fa2c81d --node clean_orders --node 'load_*'
  reglue resume nightly --failed --arg load:--batch-size=500 --timeout load=120
  reglue resume nightly --accept check_totals --because "known rounding, ticket 812"
  reglue resume nightly --failed --until clean_orders
  reglue resume nightly --failed --while-running
  reglue resume nightly --node load --rewind-bookmark
  reglue resume nightly --failed --before load='psql -c "delete from sales where day = current_date"'
  reglue resume --where 'node=load and state=FAILED and started>-6h' --plan
  reglue resume --where 'error~Throttling and started>-2d' --rate 10/m
  reglue resume nightly --failed --aws-profile prod`,
		GroupID:           groupRepair,
		Args:              o.many.args,
		ValidArgsFunction: a.completeArgs(completeWorkflow, completeRun),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.many.where != "" {
				return a.resumeWhere(cmd.Context(), o)
			}
			return a.resume(cmd.Context(), args[0], optional(args, 1), o)
		},
	}
	o.server.register(cmd)
	o.register(cmd.Flags())
	o.many.register(cmd)
	for _, flag := range []string{"node", "accept", "until", "except", "rewind-bookmark"} {
		_ = cmd.RegisterFlagCompletionFunc(flag, a.completeFlag(completeNode)) // the flag exists
	}
	_ = cmd.RegisterFlagCompletionFunc("expect-head", a.completeFlag(completeRun)) // the flag exists
	completeWith(cmd, "definition", "original", "current")
	return cmd
}

func (a *app) resume(ctx context.Context, workflow, run string, o resumeOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	a.server = o.server
	if o.plan {
		return a.withTarget(ctx, reads, func(ctx context.Context, t *target) error {
			r, err := a.prepareResume(ctx, t, workflow, run, o)
			if err != nil {
				return err
			}
			return stoppedRun(t, r.prior, a.showPlan(ctx, r))
		})
	}
	return a.withOwner(ctx, repairs, o.server, func(ctx context.Context, t *target) error {
		r, err := a.prepareResume(ctx, t, workflow, run, o)
		if err != nil {
			return err
		}
		return a.carryOut(ctx, r)
	})
}

// carryOut asks for the new run and follows it. Until it has started an interrupt
// leaves everything as it was.
func (a *app) carryOut(ctx context.Context, r *resuming) error {
	prior, t := r.prior, r.t
	if err := r.makePlan(ctx); err != nil {
		return stoppedRun(t, prior, err)
	}
	if err := r.checkBefore(); err != nil {
		return err
	}
	if !a.json() {
		a.writeChoices(a.out, r.choices)
	}
	if err := a.agree(r); err != nil {
		return err
	}
	until, stop := a.untilSignal(ctx)
	defer stop()
	newRun, starts, before, err := a.begin(ctx, until, r)
	if err != nil {
		if until.Err() != nil && ctx.Err() == nil {
			err = errors.New("interrupted: nothing was resumed")
		}
		if ran := r.ranText(); ran != "" {
			err = fmt.Errorf("%w%s", err, ran)
		}
		return err
	}
	left := until.Err() != nil // the interrupt came too late to hold it up
	stop()
	if !a.json() {
		if len(r.choices) > 0 {
			fmt.Fprintln(a.out)
		}
		var did []string
		if len(starts) > 0 {
			did = append(did, "starting with "+nodeNames(prior, starts))
		}
		if len(r.req.Accept) > 0 {
			did = append(did, "accepting "+nodeNames(prior, r.req.Accept))
		}
		started := strings.Join(did, ", ")
		a.out.paragraph(fmt.Sprintf("Resumed run %s of %s as %s, %s.",
			shortRun(prior.WorkflowRunId), prior.Name, shortRun(newRun), started), "", plain)
		if before != nil {
			a.out.paragraph(before.text(), "", yellow)
		}
		if moved := r.moved(); moved != "" {
			a.out.paragraph("Moved to it, as they run: "+moved+". The old run is over.", "", plain)
		}
		fmt.Fprintln(a.out)
	}
	switch {
	case r.o.detach:
		return a.detach(t, prior.Name, newRun, r.o.server)
	case left:
		if err := a.detach(t, prior.Name, newRun, r.o.server); err != nil {
			return err
		}
		return &exitError{code: exitDetached}
	}
	return a.watch(ctx, t, prior.Name, newRun, r.o.server)
}

// begin runs what is to be run before, and starts the new run.
func (a *app) begin(ctx, until context.Context, r *resuming) (run string, starts []string, before *resumedAs, err error) {
	if before, err = resumedFrom(until, r.t, r.prior); err != nil {
		return "", nil, nil, err
	}
	if r.o.wait && len(r.before) > 0 { // what is run first should not have to wait then
		if err := r.waitForJobs(until); err != nil {
			return "", nil, nil, err
		}
	}
	if err := a.runBefore(until, r); err != nil {
		return "", nil, nil, err
	}
	run, starts, err = r.execute(ctx, until)
	return run, starts, before, err
}

// moved names the nodes that go on in the new run.
func (r *resuming) moved() string {
	var ids []string
	for i := range r.plan.Nodes {
		if r.plan.Nodes[i].Verdict == plan.Moved {
			ids = append(ids, r.plan.Nodes[i].ID)
		}
	}
	return nodeNames(r.prior, ids)
}

// resumedFrom is the newest run that was resumed from this one, among the newest
// runs; nil when there is none.
func resumedFrom(ctx context.Context, t *target, prior *glue.WorkflowRun) (*resumedAs, error) {
	var newest *glue.WorkflowRun
	seen := 0
	for run, err := range workflowRuns(ctx, t, prior.Name, runPage) {
		if err != nil {
			return nil, err
		}
		if run.PreviousRunId == prior.WorkflowRunId && (newest == nil || run.StartedOn > newest.StartedOn) {
			newest = run
		}
		if seen++; seen == runPage {
			break
		}
	}
	if newest == nil {
		return nil, nil
	}
	return &resumedAs{newest.WorkflowRunId, outcomeOf(newest)}, nil
}

func (r *resumedAs) text() string {
	return fmt.Sprintf("It was already resumed as %s: %s.", shortRun(r.RunID), r.Outcome.text())
}

// stoppedRun adds to the refusal of a STOPPED run what lets it be resumed here.
func stoppedRun(t *target, prior *glue.WorkflowRun, err error) error {
	var refused *glue.Error
	if t.Kind == targetAWS || prior.Status != glue.WorkflowRunStatusStopped || !errors.As(err, &refused) || refused.Kind != glue.IllegalWorkflowState {
		return err
	}
	return &glue.Error{Kind: refused.Kind, Err: err,
		Message: refused.Message + ", as in AWS; to resume it all the same add --from-stopped (a server started with 'reglue serve --resume-stopped' needs no flag)"}
}

// namesShown is how many nodes are named in a sentence.
const namesShown = 6

// nodeNames are the names of nodes, for a sentence.
func nodeNames(run *glue.WorkflowRun, ids []string) string {
	byID := map[string]string{}
	for i := range run.Graph.Nodes {
		byID[run.Graph.Nodes[i].UniqueId] = run.Graph.Nodes[i].Name
	}
	var names []string
	for i, id := range ids {
		if i == namesShown {
			names = append(names, fmt.Sprintf("%d more", len(ids)-i))
			break
		}
		names = append(names, oneLine(byID[id]))
	}
	return strings.Join(names, ", ")
}

// failedNodes are the nodes that --failed means.
func failedNodes(run *glue.WorkflowRun) ([]string, error) {
	var ids []string
	views := viewNodes(run)
	for i := range views {
		if views[i].failed() {
			ids = append(ids, views[i].node.UniqueId)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("no node of run %s failed: there is nothing to repeat, and nothing was changed; to repeat a node all the same, name it with --node",
			shortRun(run.WorkflowRunId))
	}
	return ids, nil
}

// namedNodes are the nodes that names, ids and globs mean. A glob takes only
// nodes that ran; a node named outright must have.
func namedNodes(run *glue.WorkflowRun, patterns []string) ([]string, error) {
	var ids []string
	seen := map[string]bool{}
	for _, pattern := range patterns {
		found, err := findNodes(run.Graph, pattern)
		if err != nil {
			return nil, err
		}
		ran := 0
		for _, n := range found {
			v := viewNode(run, n)
			if v.state == flow.Blank {
				continue
			}
			ran++
			if !seen[n.UniqueId] {
				seen[n.UniqueId] = true
				ids = append(ids, n.UniqueId)
			}
		}
		if ran == 0 {
			return nil, neverRan(run, pattern, found[0])
		}
	}
	return ids, nil
}

func neverRan(run *glue.WorkflowRun, pattern string, n *glue.Node) error {
	if n.Type == glue.NodeTypeTrigger {
		return fmt.Errorf("%s is a trigger; only jobs and crawlers can be repeated", n.Name)
	}
	text := fmt.Sprintf("%q never started in run %s, so it can't be repeated", pattern, shortRun(run.WorkflowRunId))
	if reason := reasonsOf(run)[n.UniqueId]; reason != "" {
		text += " (" + reason + ")"
	}
	return errors.New(text + "; it runs by itself when what it waits for does, see 'reglue resume " + quote(run.Name) + " --failed --plan'")
}
