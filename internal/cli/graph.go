package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

const (
	graphText    = "text"
	graphDOT     = "dot"
	graphMermaid = "mermaid"
	graphJSON    = "json"
)

func newGraphCommand(a *app) *cobra.Command {
	format, design := graphText, false
	cmd := &cobra.Command{
		Use:   "graph WORKFLOW [RUN]",
		Short: "Draw a run with its states, or the workflow's design",
		Long: `Draw a run: its triggers, what they start and wait for, and the states of its nodes.
RUN defaults to the newest run. --design draws the triggers as they are now, and so
does a workflow that has no run yet.`,
		Example: `  reglue graph nightly
  reglue graph nightly --design
  reglue graph nightly --format dot | dot -Tsvg > nightly.svg
  reglue graph nightly --format mermaid`,
		GroupID:           groupLook,
		Args:              arguments(1, 2),
		ValidArgsFunction: a.completeArgs(completeWorkflow, completeRun),
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.json() {
				format = graphJSON
			}
			return a.withTarget(cmd.Context(), reads, func(ctx context.Context, t *target) error {
				return a.graph(ctx, t, args[0], optional(args, 1), format, design)
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", graphText, "text, dot, mermaid or json")
	cmd.Flags().BoolVar(&design, "design", false, "the triggers as they are now, without a run")
	completeWith(cmd, "format", graphText, graphDOT, graphMermaid, graphJSON)
	return cmd
}

func (a *app) graph(ctx context.Context, t *target, workflow, run, format string, design bool) error {
	write, ok := map[string]func(io.Writer, *drawing) error{
		graphText: a.drawText, graphDOT: drawDOT, graphMermaid: drawMermaid,
		graphJSON: func(w io.Writer, d *drawing) error { return writeJSON(w, d.graph) },
	}[format]
	if !ok {
		return fmt.Errorf("--format must be text, dot, mermaid or json, not %q", format)
	}
	if design && run != "" {
		return errors.New("--design draws no run: leave RUN out")
	}
	d := &drawing{name: workflow}
	if design || run == "" {
		out, err := call[glue.GetWorkflowResponse](ctx, t, "GetWorkflow", &glue.GetWorkflowRequest{Name: workflow, IncludeGraph: yes()})
		if isKind(err, glue.EntityNotFound) {
			return noWorkflow(ctx, t, workflow)
		}
		if err != nil {
			return err
		}
		if w := out.Workflow; w != nil {
			d.graph, design = w.Graph, design || w.LastRun == nil
		}
	}
	if !design {
		r, err := loadRun(ctx, t, workflow, run)
		if err != nil {
			return err
		}
		d.graph, d.run = r.Graph, r
	}
	return write(a.out, d)
}

// drawing is what a graph is drawn from; run is nil for the design.
type drawing struct {
	name  string
	graph *glue.WorkflowGraph
	run   *glue.WorkflowRun
}

// state is a node's state in the run; false for the design.
func (d *drawing) state(n *glue.Node) (cell, bool) {
	if d.run == nil || n.Type == glue.NodeTypeTrigger {
		return cell{}, false
	}
	v := viewNode(d.run, n)
	return v.cell(), true
}

// drawText lists the triggers in the order in which they can fire, each with its
// condition and what it starts.
func (a *app) drawText(w io.Writer, d *drawing) error {
	if d.graph == nil || len(d.graph.Nodes) == 0 {
		fmt.Fprintf(w, "%s has no triggers yet: a run of it ends at once.\n", d.name)
		return nil
	}
	nodes := map[string]*glue.Node{}
	for i := range d.graph.Nodes {
		n := &d.graph.Nodes[i]
		nodes[string(n.Type)+n.Name] = n
	}
	for _, n := range plan.DownstreamOrder(d.graph) {
		if n.Type != glue.NodeTypeTrigger || n.TriggerDetails == nil || n.TriggerDetails.Trigger == nil {
			continue
		}
		t := n.TriggerDetails.Trigger
		fmt.Fprintf(w, "%s  %s\n", a.out.paint(bold, oneLine(n.Name)), a.out.paint(dim, triggerText(t)))
		for i := range t.Actions {
			branch := "├─ "
			if i == len(t.Actions)-1 {
				branch = "└─ "
			}
			fmt.Fprintln(w, "  "+branch+a.actionText(d, nodes, &t.Actions[i]))
		}
	}
	return nil
}

func (a *app) actionText(d *drawing, nodes map[string]*glue.Node, action *glue.Action) string {
	kind, name := glue.NodeTypeJob, action.JobName
	if action.CrawlerName != "" {
		kind, name = glue.NodeTypeCrawler, action.CrawlerName
	}
	text := oneLine(name)
	if kind == glue.NodeTypeCrawler {
		text += " (crawler)"
	}
	n := nodes[string(kind)+name]
	if n == nil {
		return text
	}
	if s, ok := d.state(n); ok {
		text += "  " + a.out.paint(s.colour, s.text)
	}
	return text
}

// triggerText says when a trigger fires.
func triggerText(t *glue.Trigger) string {
	switch t.Type {
	case glue.TriggerTypeOnDemand:
		return "on demand"
	case glue.TriggerTypeScheduled:
		return "at " + t.Schedule + notActive(t)
	case glue.TriggerTypeEvent:
		return "on an event"
	case glue.TriggerTypeConditional:
	}
	if t.Predicate == nil {
		return "without a condition" + notActive(t)
	}
	var parts []string
	for i := range t.Predicate.Conditions {
		c := &t.Predicate.Conditions[i]
		if c.CrawlerName != "" {
			parts = append(parts, c.CrawlerName+" "+string(c.CrawlState))
		} else {
			parts = append(parts, c.JobName+" "+string(c.State))
		}
	}
	join := " and "
	if t.Predicate.Logical == glue.LogicalAny {
		join = " or "
	}
	return "when " + strings.Join(parts, join) + notActive(t)
}

func notActive(t *glue.Trigger) string {
	if t.State == glue.TriggerStateActivated {
		return ""
	}
	return " [" + string(t.State) + ": does not fire]"
}
