package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

func newWhyCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "why WORKFLOW [RUN] NODE",
		Short: "Say why a node ran, failed, waits or never started",
		Long: `Say why a node of a run stands where it stands, and follow the reason back node by
node to its first cause. NODE is a job, a crawler or a trigger.`,
		Example: `  reglue why nightly publish
  reglue why nightly wr_3fa2c81d publish`,
		GroupID:           groupLook,
		Args:              arguments(2, 3),
		ValidArgsFunction: a.completeArgs(completeWorkflow, completeRunOrNode, completeNode),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withTarget(cmd.Context(), reads, func(ctx context.Context, t *target) error {
				workflow, run, node := workflowRunNode(args)
				return a.why(ctx, t, workflow, run, node)
			})
		},
	}
}

// workflowRunNode reads WORKFLOW [RUN] NODE.
func workflowRunNode(args []string) (workflow, run, node string) {
	if len(args) == 3 {
		return args[0], args[1], args[2]
	}
	return args[0], "", optional(args, 1)
}

// reasonDescription is a reason as -o json gives it.
type reasonDescription struct {
	Workflow string          `json:"workflow"`
	RunID    string          `json:"runId"`
	Node     nodeDescription `json:"node"`
	Reason   string          `json:"reason"`
	Because  []string        `json:"because,omitempty"`
}

func (a *app) why(ctx context.Context, t *target, workflow, run, name string) error {
	r, err := loadRun(ctx, t, workflow, run)
	if err != nil {
		return err
	}
	if r.Graph == nil {
		return fmt.Errorf("run %s has no graph", r.WorkflowRunId)
	}
	node, err := anyNode(r.Graph, name)
	if err != nil {
		return err
	}
	g, state, _, err := observe(ctx, t, r)
	if err != nil {
		return err
	}
	n, ok := g.NodeByID(node.UniqueId)
	if !ok {
		return fmt.Errorf("node %s is not part of the run's triggers", name)
	}
	reason := flow.Explain(g, state).Node(n)
	v := viewNode(r, node)
	if a.json() {
		return writeJSON(a.out, reasonDescription{workflow, r.WorkflowRunId, v.describe(), reason.Sentence, reason.Chain})
	}
	a.writeReason(r, node, &v, reason)
	return nil
}

func (a *app) writeReason(r *glue.WorkflowRun, node *glue.Node, v *nodeView, reason flow.Reason) {
	head := a.out.paint(bold, oneLine(node.Name))
	if node.Type != glue.NodeTypeTrigger {
		s := v.cell()
		head += "  " + a.out.paint(s.colour, s.text)
	}
	fmt.Fprintf(a.out, "%s  %s\n", head, a.out.paint(dim, "in run "+shortRun(r.WorkflowRunId)))
	a.out.paragraph(shortRuns(reason.Sentence), "  ", plain)
	for _, link := range reason.Chain {
		a.out.paragraph("← "+shortRuns(link), "  ", plain)
	}
	if problem := oneLine(v.problem()); problem != "" {
		colour := red
		if v.accepted() {
			colour = yellow
		}
		a.out.paragraph(problem, "  ", colour)
	}
	if v.job != nil && v.state.Terminal() {
		fmt.Fprintln(a.out)
		a.hints(hint{"its log", a.command("logs", r.Name, shortRun(r.WorkflowRunId), node.Name)})
	}
}

// anyNode is the one node with a name or id, triggers included.
func anyNode(g *glue.WorkflowGraph, name string) (*glue.Node, error) {
	found, err := findNodes(g, name)
	if err == nil && len(found) == 1 {
		return found[0], nil
	}
	if err == nil {
		return nil, fmt.Errorf("%q matches %d nodes; name one", name, len(found))
	}
	for i := range g.Nodes {
		if g.Nodes[i].Name == name && g.Nodes[i].Type == glue.NodeTypeTrigger {
			return &g.Nodes[i], nil
		}
	}
	return nil, err
}
