package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

type resumeOptions struct {
	failed bool
	nodes  []string
	plan   bool
	detach bool
	server ownServer
}

func newResumeCommand(a *app) *cobra.Command {
	var o resumeOptions
	cmd := &cobra.Command{
		Use:   "resume WORKFLOW [RUN] (--failed | --node NODE ...)",
		Short: "Repeat nodes of a run and all that waits for them; carry the rest over",
		Long: `Resume a run that is COMPLETED: a new run repeats the nodes you choose and all
that lies downstream of them. All other nodes are carried over with what they
left. RUN defaults to the newest run.

--failed chooses every job and crawler whose latest attempt did not succeed:
FAILED, TIMEOUT, ERROR, EXPIRED or STOPPED; crawls FAILED, CANCELLED or ERROR.
If there is none, nothing is changed and the exit code is 2.

--plan shows what would become of every node, and why, and changes nothing.`,
		Example: `  reglue resume nightly --failed --plan
  reglue resume nightly --failed
  reglue resume nightly wr_3fa2c81d --node clean_orders --node 'load_*'
  reglue resume nightly --failed --aws-profile prod`,
		GroupID:           groupRepair,
		Args:              arguments(1, 2),
		ValidArgsFunction: a.completeArgs(completeWorkflow, completeRun),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.resume(cmd.Context(), args[0], optional(args, 1), o)
		},
	}
	o.server.register(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.failed, "failed", false, "every job and crawler whose latest attempt did not succeed")
	f.StringArrayVar(&o.nodes, "node", nil, "a node by name, id or pattern such as 'load_*' (repeatable)")
	f.BoolVar(&o.plan, "plan", false, "show what would become of every node and change nothing")
	f.BoolVar(&o.detach, "detach", false, "start the run and return")
	_ = cmd.RegisterFlagCompletionFunc("node", a.completeFlag(completeNode)) // the flag exists
	return cmd
}

func (a *app) resume(ctx context.Context, workflow, run string, o resumeOptions) error {
	if o.failed == (len(o.nodes) > 0) {
		return errors.New("choose what to repeat: --failed, or --node NODE (repeatable), not both")
	}
	a.server = o.server
	if o.plan {
		return a.withTarget(ctx, reads, func(ctx context.Context, t *target) error {
			prior, ids, err := chooseNodes(ctx, t, workflow, run, o)
			if err != nil {
				return err
			}
			return stoppedRun(t, prior, a.showPlan(ctx, t, prior, ids))
		})
	}
	return a.withOwner(ctx, repairs, o.server, func(ctx context.Context, t *target) error {
		prior, ids, err := chooseNodes(ctx, t, workflow, run, o)
		if err != nil {
			return err
		}
		return a.resumeNodes(ctx, t, prior, ids, o)
	})
}

// resumeNodes asks for the new run and follows it.
func (a *app) resumeNodes(ctx context.Context, t *target, prior *glue.WorkflowRun, ids []string, o resumeOptions) error {
	what := fmt.Sprintf("Resume run %s of %s, repeating %s", shortRun(prior.WorkflowRunId), prior.Name, nodeNames(prior, ids))
	if err := a.confirm(t, what); err != nil {
		return err
	}
	before, err := resumedFrom(ctx, t, prior)
	if err != nil {
		return err
	}
	out, err := call[glue.ResumeWorkflowRunResponse](ctx, t, "ResumeWorkflowRun",
		&glue.ResumeWorkflowRunRequest{Name: prior.Name, RunId: prior.WorkflowRunId, NodeIds: ids})
	if err != nil {
		return stoppedRun(t, prior, err)
	}
	if !a.json() {
		a.out.paragraph(fmt.Sprintf("Resumed run %s of %s as %s, starting with %s.",
			shortRun(prior.WorkflowRunId), prior.Name, shortRun(out.RunId), nodeNames(prior, out.NodeIds)), "", plain)
		if before != nil {
			a.out.paragraph(before.text(), "", yellow)
		}
		fmt.Fprintln(a.out)
	}
	if o.detach {
		return a.detach(t, prior.Name, out.RunId, o.server)
	}
	return a.watch(ctx, t, prior.Name, out.RunId, o.server)
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
		Message: refused.Message + ", as in AWS; a server that was started with 'reglue serve --resume-stopped' resumes STOPPED runs too"}
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

// chooseNodes reads the run and finds the ids of the nodes to repeat.
func chooseNodes(ctx context.Context, t *target, workflow, run string, o resumeOptions) (*glue.WorkflowRun, []string, error) {
	prior, err := loadRun(ctx, t, workflow, run)
	if err != nil {
		return nil, nil, err
	}
	if !outcomeOf(prior).over() {
		return nil, nil, fmt.Errorf("run %s of %s is still %s; only a run that is COMPLETED can be resumed: wait for it (reglue show %s -f), or stop it",
			shortRun(prior.WorkflowRunId), workflow, prior.Status, quote(workflow))
	}
	if prior.Graph == nil {
		return nil, nil, fmt.Errorf("run %s has no graph", prior.WorkflowRunId)
	}
	var ids []string
	if o.failed {
		ids, err = failedNodes(prior)
	} else {
		ids, err = namedNodes(prior, o.nodes)
	}
	return prior, ids, err
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
