package cfn

import (
	"context"
	"errors"

	"github.com/reglue/reglue/internal/glue"
)

// Fetch reads a workflow with its triggers and jobs from a server, for Export.
// The graph names what belongs to it. Jobs that the triggers name but that are
// gone are returned in missing.
func Fetch(ctx context.Context, c Caller, workflow string) (t *Template, missing []string, err error) {
	include := true
	var got glue.GetWorkflowResponse
	if err := c.Call(ctx, "GetWorkflow", &glue.GetWorkflowRequest{Name: workflow, IncludeGraph: &include}, &got); err != nil {
		return nil, nil, about(KindWorkflow, workflow, err)
	}
	if got.Workflow == nil {
		return nil, nil, about(KindWorkflow, workflow, glue.Errorf(glue.EntityNotFound, "Entity not found"))
	}
	w := glue.CreateWorkflowRequest{}
	if err := recast(got.Workflow, &w); err != nil {
		return nil, nil, about(KindWorkflow, workflow, err)
	}
	t = &Template{Workflows: []glue.CreateWorkflowRequest{w}}
	if got.Workflow.Graph == nil {
		return t, nil, nil
	}
	for _, n := range got.Workflow.Graph.Nodes {
		switch n.Type {
		case glue.NodeTypeTrigger:
			err = fetchTrigger(ctx, c, t, n.Name)
		case glue.NodeTypeJob:
			if err = fetchJob(ctx, c, t, n.Name); errors.Is(err, &glue.Error{Kind: glue.EntityNotFound}) {
				missing, err = append(missing, n.Name), nil
			}
		case glue.NodeTypeCrawler: // crawlers are no part of the templates written here
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return t, missing, nil
}

func fetchTrigger(ctx context.Context, c Caller, t *Template, name string) error {
	var got glue.GetTriggerResponse
	err := c.Call(ctx, "GetTrigger", &glue.GetTriggerRequest{Name: name}, &got)
	if errors.Is(err, &glue.Error{Kind: glue.EntityNotFound}) || err == nil && got.Trigger == nil {
		return nil // deleted since the workflow was read
	}
	if err != nil {
		return about(KindTrigger, name, err)
	}
	t.Triggers = append(t.Triggers, createTrigger(got.Trigger))
	return nil
}

func fetchJob(ctx context.Context, c Caller, t *Template, name string) error {
	var got glue.GetJobResponse
	if err := c.Call(ctx, "GetJob", &glue.GetJobRequest{JobName: name}, &got); err != nil {
		return about(KindJob, name, err)
	}
	if got.Job == nil {
		return about(KindJob, name, glue.Errorf(glue.EntityNotFound, "Job with name: %s not found.", name))
	}
	job := glue.CreateJobRequest{}
	if err := recast(got.Job, &job); err != nil {
		return about(KindJob, name, err)
	}
	if job.MaxCapacity != nil {
		job.AllocatedCapacity = nil // the server derives it, and Glue refuses both
	}
	if job.WorkerType != "" {
		job.MaxCapacity, job.AllocatedCapacity = nil, nil // both derived from the workers
	}
	t.Jobs = append(t.Jobs, job)
	return nil
}
