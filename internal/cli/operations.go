package cli

import (
	"context"
	"errors"
	"iter"

	"github.com/reglue/reglue/internal/glue"
)

// call carries out an operation and returns its answer.
func call[Out any](ctx context.Context, c Caller, op string, in any) (*Out, error) {
	out := new(Out)
	if err := c.Call(ctx, op, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// isKind reports whether the service answered with this kind of error.
func isKind(err error, kind glue.Kind) bool {
	return errors.Is(err, &glue.Error{Kind: kind})
}

func yes() *bool {
	b := true
	return &b
}

// getRun reads a run with its graph.
func getRun(ctx context.Context, c Caller, workflow, id string) (*glue.WorkflowRun, error) {
	out, err := call[glue.GetWorkflowRunResponse](ctx, c, "GetWorkflowRun",
		&glue.GetWorkflowRunRequest{Name: workflow, RunId: id, IncludeGraph: yes()})
	if err != nil {
		return nil, err
	}
	if out.Run == nil {
		return nil, glue.Errorf(glue.EntityNotFound, "Workflow %s has no run %s", workflow, id)
	}
	return out.Run, nil
}

// workflowNames yields the names of all workflows.
func workflowNames(ctx context.Context, c Caller) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		token := ""
		for {
			out, err := call[glue.ListWorkflowsResponse](ctx, c, "ListWorkflows", &glue.ListWorkflowsRequest{NextToken: token})
			if err != nil {
				yield("", err)
				return
			}
			for _, name := range out.Workflows {
				if !yield(name, nil) {
					return
				}
			}
			if token = out.NextToken; token == "" {
				return
			}
		}
	}
}

// workflowRuns yields a workflow's runs without their graphs, a page at a time,
// newest first as far as the service sorts them.
func workflowRuns(ctx context.Context, c Caller, workflow string, page int32) iter.Seq2[*glue.WorkflowRun, error] {
	return func(yield func(*glue.WorkflowRun, error) bool) {
		token := ""
		for {
			out, err := call[glue.GetWorkflowRunsResponse](ctx, c, "GetWorkflowRuns",
				&glue.GetWorkflowRunsRequest{Name: workflow, NextToken: token, MaxResults: &page})
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range out.Runs {
				if !yield(&out.Runs[i], nil) {
					return
				}
			}
			if token = out.NextToken; token == "" {
				return
			}
		}
	}
}
