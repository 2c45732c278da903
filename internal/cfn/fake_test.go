package cfn

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

// fakeGlue is a server in memory that keeps to Glue's rules as far as Apply
// meets them: what is absent is EntityNotFound, requests are checked, an update
// overwrites, a workflow has one starting trigger, defaults are filled in.
type fakeGlue struct {
	jobs      map[string]*glue.Job
	workflows map[string]*glue.Workflow
	triggers  map[string]*glue.Trigger
	tags      map[string]map[string]string
	calls     []string
	refuse    func(op string, in any) error // asked before each call, when set
	lingering int                           // how many reads a deleted trigger stays for
	dying     map[string]int
}

func newFakeGlue() *fakeGlue {
	return &fakeGlue{
		jobs: map[string]*glue.Job{}, workflows: map[string]*glue.Workflow{}, triggers: map[string]*glue.Trigger{},
		tags: map[string]map[string]string{}, dying: map[string]int{},
	}
}

// changes returns the calls so far that change something, and forgets them all.
func (f *fakeGlue) changes() []string {
	var out []string
	for _, c := range f.calls {
		if len(c) < 3 || c[:3] != "Get" {
			out = append(out, c)
		}
	}
	f.calls = nil
	return out
}

func (f *fakeGlue) Call(_ context.Context, op string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	if err := glue.Validate(op, body); err != nil {
		return glue.Errorf(glue.InvalidInput, "%v", err)
	}
	if f.refuse != nil {
		if err := f.refuse(op, in); err != nil {
			return err
		}
	}
	answer, name, err := f.handle(op, in)
	f.calls = append(f.calls, op+" "+name)
	if err != nil {
		return err
	}
	if out == nil {
		return fmt.Errorf("%s: no place for the answer", op)
	}
	return recast(answer, out)
}

func notFound(what, name string) error {
	return glue.Errorf(glue.EntityNotFound, "%s with name: %s not found.", what, name)
}

func (f *fakeGlue) handle(op string, in any) (answer any, name string, err error) {
	switch in := in.(type) {
	case *glue.GetJobRequest:
		if j := f.jobs[in.JobName]; j != nil {
			return glue.GetJobResponse{Job: j}, in.JobName, nil
		}
		return nil, in.JobName, notFound("Job", in.JobName)
	case *glue.CreateJobRequest:
		if f.jobs[in.Name] != nil {
			return nil, in.Name, glue.Errorf(glue.AlreadyExists, "job exists")
		}
		f.putJob(in.Name, in)
		f.tag("job", in.Name, in.Tags)
		return glue.CreateJobResponse{Name: in.Name}, in.Name, nil
	case *glue.UpdateJobRequest:
		f.putJob(in.JobName, in.JobUpdate)
		return glue.UpdateJobResponse{JobName: in.JobName}, in.JobName, nil
	case *glue.GetWorkflowRequest:
		return f.getWorkflow(in.Name)
	case *glue.CreateWorkflowRequest:
		f.workflows[in.Name] = &glue.Workflow{Name: in.Name, Description: in.Description, DefaultRunProperties: in.DefaultRunProperties, MaxConcurrentRuns: in.MaxConcurrentRuns}
		f.tag("workflow", in.Name, in.Tags)
		return glue.CreateWorkflowResponse{Name: in.Name}, in.Name, nil
	case *glue.UpdateWorkflowRequest:
		return glue.UpdateWorkflowResponse{Name: in.Name}, in.Name, f.updateWorkflow(in)
	case *glue.GetTagsRequest:
		return glue.GetTagsResponse{Tags: f.tags[in.ResourceArn]}, in.ResourceArn, nil
	case *glue.TagResourceRequest:
		if f.tags[in.ResourceArn] == nil {
			f.tags[in.ResourceArn] = map[string]string{}
		}
		maps.Copy(f.tags[in.ResourceArn], in.TagsToAdd)
		return glue.TagResourceResponse{}, in.ResourceArn, nil
	}
	return f.handleTrigger(op, in)
}

func (f *fakeGlue) handleTrigger(op string, in any) (answer any, name string, err error) {
	switch in := in.(type) {
	case *glue.GetTriggerRequest:
		t := f.triggers[in.Name]
		if n, dying := f.dying[in.Name]; dying {
			if f.dying[in.Name] = n - 1; n <= 0 {
				delete(f.dying, in.Name)
				delete(f.triggers, in.Name)
				t = nil
			}
		}
		if t == nil {
			return nil, in.Name, notFound("Trigger", in.Name)
		}
		return glue.GetTriggerResponse{Trigger: t}, in.Name, nil
	case *glue.CreateTriggerRequest:
		return glue.CreateTriggerResponse{Name: in.Name}, in.Name, f.createTrigger(in)
	case *glue.UpdateTriggerRequest:
		old := f.triggers[in.Name]
		t := &glue.Trigger{}
		if err := recast(in.TriggerUpdate, t); err != nil {
			return nil, in.Name, err
		}
		t.Name, t.WorkflowName, t.Type, t.State = old.Name, old.WorkflowName, old.Type, old.State
		f.triggers[in.Name] = t
		return glue.UpdateTriggerResponse{Trigger: t}, in.Name, nil
	case *glue.StartTriggerRequest:
		f.triggers[in.Name].State = glue.TriggerStateActivated
		return glue.StartTriggerResponse{Name: in.Name}, in.Name, nil
	case *glue.DeleteTriggerRequest:
		f.dying[in.Name] = f.lingering
		return glue.DeleteTriggerResponse{Name: in.Name}, in.Name, nil
	}
	return nil, op, glue.Errorf(glue.UnknownOperation, "%s", op)
}

func (f *fakeGlue) putJob(name string, from any) {
	j := &glue.Job{}
	if err := recast(from, j); err != nil {
		panic(err)
	}
	j.Name = name
	if j.MaxRetries == nil {
		j.MaxRetries = new(int32)
	}
	if j.Timeout == nil {
		minutes := int32(2880)
		j.Timeout = &minutes
	}
	if j.ExecutionProperty == nil {
		one := int32(1)
		j.ExecutionProperty = &glue.ExecutionProperty{MaxConcurrentRuns: &one}
	}
	if j.MaxCapacity == nil {
		capacity := 0.0625
		j.MaxCapacity = &capacity
	}
	j.AllocatedCapacity, j.JobMode, j.ExecutionClass = new(int32), glue.JobModeScript, glue.ExecutionClassStandard
	j.GlueVersion, j.CreatedOn = "0.9", 1
	f.jobs[name] = j
}

func (f *fakeGlue) tag(kind, name string, tags map[string]string) {
	f.tags["arn:aws:glue:eu-west-1:123456789012:"+kind+"/"+name] = maps.Clone(tags)
}

func (f *fakeGlue) getWorkflow(name string) (any, string, error) {
	w := f.workflows[name]
	if w == nil {
		return nil, name, notFound("Workflow", name)
	}
	c := *w
	c.Graph = &glue.WorkflowGraph{}
	jobs := map[string]bool{}
	for _, n := range slices.Sorted(maps.Keys(f.triggers)) {
		t := f.triggers[n]
		if t.WorkflowName != name {
			continue
		}
		c.Graph.Nodes = append(c.Graph.Nodes, glue.Node{Type: glue.NodeTypeTrigger, Name: t.Name})
		for _, a := range t.Actions {
			if !jobs[a.JobName] {
				jobs[a.JobName] = true
				c.Graph.Nodes = append(c.Graph.Nodes, glue.Node{Type: glue.NodeTypeJob, Name: a.JobName})
			}
		}
	}
	return glue.GetWorkflowResponse{Workflow: &c}, name, nil
}

func (f *fakeGlue) updateWorkflow(in *glue.UpdateWorkflowRequest) error {
	w := f.workflows[in.Name]
	if w == nil {
		return notFound("Workflow", in.Name)
	}
	if in.Description != nil {
		w.Description = *in.Description
	}
	if in.DefaultRunProperties != nil {
		w.DefaultRunProperties = in.DefaultRunProperties
	}
	if in.MaxConcurrentRuns != nil {
		w.MaxConcurrentRuns = in.MaxConcurrentRuns
	}
	return nil
}

func (f *fakeGlue) createTrigger(in *glue.CreateTriggerRequest) error {
	if f.triggers[in.Name] != nil {
		return glue.Errorf(glue.AlreadyExists, "Trigger with name %s already exists", in.Name)
	}
	if in.WorkflowName != "" && f.workflows[in.WorkflowName] == nil {
		return notFound("Workflow", in.WorkflowName)
	}
	for _, a := range in.Actions {
		if f.jobs[a.JobName] == nil {
			return notFound("Job", a.JobName)
		}
	}
	for _, t := range f.triggers {
		if in.Type != glue.TriggerTypeConditional && t.Type != glue.TriggerTypeConditional && in.WorkflowName != "" && t.WorkflowName == in.WorkflowName {
			return glue.Errorf(glue.InvalidInput, "Workflow %s already has a starting trigger", in.WorkflowName)
		}
	}
	t := &glue.Trigger{}
	if err := recast(in, t); err != nil {
		return err
	}
	t.State = glue.TriggerStateCreated
	if in.StartOnCreation != nil && *in.StartOnCreation {
		if in.Type == glue.TriggerTypeOnDemand {
			return glue.Errorf(glue.InvalidInput, "StartOnCreation is not supported for ON_DEMAND triggers")
		}
		t.State = glue.TriggerStateActivated
	}
	f.triggers[in.Name] = t
	f.tag("trigger", in.Name, in.Tags)
	return nil
}
