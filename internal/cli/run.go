package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/cfn"
	"github.com/reglue/reglue/internal/glue"
)

type runOptions struct {
	template   templateOptions
	workflow   string
	properties []string
	detach     bool
	server     ownServer
}

func newRunCommand(a *app) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run TEMPLATE | --workflow NAME",
		Short: "Run a workflow and follow it to its end",
		Long: `Apply a CloudFormation template and run its workflow, or run a workflow that is
there already, and show the progress.

The first Ctrl-C leaves the run going and says how to come back to it; a second
one stops it. The exit code is 0 if every node is well, 1 if one failed or was
stopped, 2 if nothing was run, 130 if the run was left going.`,
		Example: `  reglue run pipeline.yaml
  reglue run pipeline.yaml --parameter Bucket=lake --property day=2024-02-29
  reglue run --workflow nightly --detach`,
		GroupID: groupRun,
		Args:    arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.run(cmd.Context(), optional(args, 0), o)
		},
	}
	o.template.register(cmd)
	o.server.register(cmd)
	f := cmd.Flags()
	f.StringVar(&o.workflow, "workflow", "", "the workflow; with TEMPLATE, which of its workflows")
	f.StringArrayVar(&o.properties, "property", nil, "run property, NAME=VALUE (repeatable)")
	f.BoolVar(&o.detach, "detach", false, "start the run and return")
	_ = cmd.RegisterFlagCompletionFunc("workflow", a.completeFlag(completeWorkflow)) // the flag exists
	return cmd
}

func (a *app) run(ctx context.Context, template string, o runOptions) error {
	properties, err := pairs("--property", o.properties)
	if err != nil {
		return err
	}
	var t *cfn.Template
	workflow := o.workflow
	if template != "" {
		if t, err = a.readTemplate(ctx, template, o.template); err != nil {
			return err
		}
		if workflow, err = oneWorkflow(t, o.workflow); err != nil {
			return err
		}
	}
	if workflow == "" {
		return errors.New("name a template, or a workflow with --workflow")
	}
	a.server = o.server
	own := repairs
	if t != nil {
		own = creates
	}
	return a.withOwner(ctx, own, o.server, func(ctx context.Context, to *target) error {
		if t != nil {
			if err := a.applyQuietly(ctx, to, t); err != nil {
				return err
			}
		}
		id, err := a.start(ctx, to, workflow, properties)
		if err != nil {
			return err
		}
		if o.detach {
			return a.detach(to, workflow, id, o.server)
		}
		return a.watch(ctx, to, workflow, id, o.server)
	})
}

// oneWorkflow is the workflow of a template to run.
func oneWorkflow(t *cfn.Template, named string) (string, error) {
	var names []string
	for i := range t.Workflows {
		names = append(names, t.Workflows[i].Name)
		if t.Workflows[i].Name == named {
			return named, nil
		}
	}
	switch {
	case named != "":
		return "", fmt.Errorf("the template has no workflow %q; %s", named, orNear("workflow", named, names))
	case len(names) == 0:
		return "", errors.New("the template defines no workflow")
	case len(names) > 1:
		return "", fmt.Errorf("the template has %d workflows; choose one with --workflow: %s", len(names), strings.Join(names, ", "))
	}
	return names[0], nil
}

// applyQuietly applies a template before a run and tells only what changed.
func (a *app) applyQuietly(ctx context.Context, to *target, t *cfn.Template) error {
	results, err := a.applyTemplate(ctx, to, t, false)
	counts := map[cfn.Action]int{}
	for _, r := range results {
		counts[r.Action]++
	}
	var parts []string
	for _, action := range []cfn.Action{cfn.Created, cfn.Updated, cfn.Replaced} {
		if counts[action] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[action], action))
		}
	}
	if len(parts) > 0 {
		fmt.Fprintf(a.progressScreen(), "Applied the template: %s.\n", strings.Join(parts, ", "))
	}
	return err
}

func (a *app) start(ctx context.Context, to *target, workflow string, properties map[string]string) (string, error) {
	if err := a.confirm(to, "Start a run of "+workflow); err != nil {
		return "", err
	}
	in := &glue.StartWorkflowRunRequest{Name: workflow}
	if len(properties) > 0 {
		in.RunProperties = properties
	}
	out, err := call[glue.StartWorkflowRunResponse](ctx, to, "StartWorkflowRun", in)
	if isKind(err, glue.EntityNotFound) {
		return "", noWorkflow(ctx, to, workflow)
	}
	if err != nil {
		return "", err
	}
	return out.RunId, nil
}
