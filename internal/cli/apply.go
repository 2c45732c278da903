package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/cfn"
)

// templateOptions say how a template is read.
type templateOptions struct {
	parameters []string
	stack      string
}

func (o *templateOptions) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&o.parameters, "parameter", nil, "value of a template's parameter, NAME=VALUE (repeatable)")
	cmd.Flags().StringVar(&o.stack, "stack-name", "", "what AWS::StackName is (default the template's file name)")
}

func newApplyCommand(a *app) *cobra.Command {
	var o templateOptions
	plan := false
	cmd := &cobra.Command{
		Use:   "apply TEMPLATE",
		Short: "Create or update what a CloudFormation template defines",
		Long: `Bring databases, tables, partitions, connections, security configurations, jobs,
workflows and triggers to what a CloudFormation template says, in YAML or JSON.
Nothing is deleted. What the template says and reglue does not do is told as a
warning.`,
		Example: `  reglue apply pipeline.yaml
  reglue apply pipeline.yaml --parameter Bucket=lake --stack-name nightly
  reglue apply pipeline.yaml --plan`,
		GroupID: groupRun,
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.readTemplate(cmd.Context(), args[0], o)
			if err != nil {
				return err
			}
			apply := func(ctx context.Context, to *target) error {
				results, err := a.applyTemplate(ctx, to, t, plan)
				// What was done before an error is shown as well.
				if showErr := a.showApplied(results, plan); err == nil {
					err = showErr
				}
				return err
			}
			switch {
			case !plan:
				return a.withTarget(cmd.Context(), creates, apply)
			case a.flags.endpoint == "" && a.flags.profile == "" && hasData(a.flags.data) != nil:
				return apply(cmd.Context(), &target{Caller: nothingYet{}, Kind: targetInProcess, Close: noClose})
			}
			return a.withTarget(cmd.Context(), reads, apply)
		},
	}
	o.register(cmd)
	cmd.Flags().BoolVar(&plan, "plan", false, "show what would be done and change nothing")
	return cmd
}

// readTemplate evaluates a template file; its warnings go to standard error.
func (a *app) readTemplate(ctx context.Context, name string, o templateOptions) (*cfn.Template, error) {
	t, warnings, err := a.parseTemplate(ctx, name, o)
	for _, w := range warnings {
		fmt.Fprintf(a.Stderr, "%s %s\n", a.err.paint(yellow, "warning:"), w)
	}
	if err == nil {
		err = a.refuseCrawlers(t)
	}
	return t, err
}

func (a *app) parseTemplate(ctx context.Context, name string, o templateOptions) (*cfn.Template, []cfn.Warning, error) {
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, fmt.Errorf("template: %w", err)
	}
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return nil, nil, err
	}
	parameters, err := pairs("--parameter", o.parameters)
	if err != nil {
		return nil, nil, err
	}
	opt := cfn.Options{StackName: o.stack, Region: a.flags.region, Parameters: parameters, Dir: dir}
	if a.flags.profile != "" {
		opt.AWS = true
		opt.Account, opt.Region, err = accountAndRegion(ctx, a.flags.profile, a.flags.region, bytes.Contains(src, []byte("AWS::AccountId")))
		if err != nil {
			return nil, nil, err
		}
	}
	return cfn.Parse(src, name, opt)
}

// pairs reads NAME=VALUE arguments.
func pairs(flag string, args []string) (map[string]string, error) {
	out := make(map[string]string, len(args))
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%s must be NAME=VALUE, not %q", flag, arg)
		}
		out[name] = value
	}
	return out, nil
}

// applyTemplate brings the target to what the template says, or only finds out
// what that would change.
func (a *app) applyTemplate(ctx context.Context, to *target, t *cfn.Template, plan bool) ([]cfn.Result, error) {
	changes, err := cfn.Diff(ctx, to, t)
	if err != nil {
		return nil, err
	}
	var results []cfn.Result
	n := 0
	for _, c := range changes {
		results = append(results, c.Result)
		if c.Action != cfn.Unchanged && c.Action != cfn.Left {
			n++
		}
	}
	if plan || n == 0 {
		return results, nil
	}
	if err := a.confirm(to, fmt.Sprintf("Create or update %d resources", n)); err != nil {
		return nil, err
	}
	return cfn.CarryOut(ctx, to, changes)
}

func (a *app) showApplied(results []cfn.Result, plan bool) error {
	if a.json() {
		if results == nil {
			results = []cfn.Result{}
		}
		return writeJSON(a.out, results)
	}
	var t table
	for _, r := range results {
		t.add(actionCell(r.Action, plan), cell{string(r.Kind), plain}, cell{r.Name, plain}, cell{remark(r), dim})
	}
	t.write(a.out)
	return nil
}

// remark is what there is to say about a result beside its action.
func remark(r cfn.Result) string {
	text := strings.Join(r.Fields, ", ")
	if text != "" && r.Note != "" {
		text += "; "
	}
	return text + r.Note
}

func actionCell(action cfn.Action, plan bool) cell {
	word := string(action)
	if plan && action != cfn.Unchanged && action != cfn.Left {
		word = "would be " + word
	}
	switch action {
	case cfn.Created:
		return cell{"+ " + word, green}
	case cfn.Updated, cfn.Replaced:
		return cell{"~ " + word, yellow}
	case cfn.Left:
		return cell{"! " + word, yellow}
	case cfn.Unchanged:
		return cell{"= " + word, dim}
	}
	return cell{word, plain}
}
