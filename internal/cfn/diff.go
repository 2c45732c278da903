package cfn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// Caller calls operations of the Glue API. What the API refuses comes back as a
// *glue.Error, whose kind tells that something is absent.
type Caller interface {
	Call(ctx context.Context, op string, in, out any) error
}

// Action says what becomes of a resource.
type Action string

// The actions.
const (
	Created   Action = "created"
	Updated   Action = "updated"
	Replaced  Action = "replaced" // deleted and created again: type or workflow changed
	Unchanged Action = "unchanged"
	// Left is a trigger that is in one of the template's workflows but not in
	// the template. It may still fire; nothing is ever deleted because a template
	// lacks it.
	Left Action = "left"
)

// Result says what has been done to a resource, or with Diff what would be.
type Result struct {
	Kind   Kind     `json:"kind"`
	Name   string   `json:"name"`
	Action Action   `json:"action"`
	Fields []string `json:"fields,omitempty"` // what differs, for an update
	Note   string   `json:"note,omitempty"`   // what the user should know besides
}

// Change is one resource's way from what the server holds to what the template
// says.
type Change struct {
	Result
	calls []call
	undo  *call // what brings the old resource back when the last call is refused
}

// call is one call of an operation.
type call struct {
	op     string
	in     any
	settle bool // after it, wait until the trigger of the name is gone
}

// Diff compares a template with what the server holds and returns what Apply
// would do, in its order. It changes nothing.
func Diff(ctx context.Context, c Caller, t *Template) ([]Change, error) {
	d := differ{ctx: ctx, caller: c, t: t}
	if err := d.catalog(); err != nil {
		return nil, err
	}
	for i := range t.SecurityConfigurations {
		if err := d.securityConfiguration(&t.SecurityConfigurations[i]); err != nil {
			return nil, about(KindSecurityConfiguration, t.SecurityConfigurations[i].Name, err)
		}
	}
	for i := range t.Jobs {
		if err := d.job(&t.Jobs[i]); err != nil {
			return nil, about(KindJob, t.Jobs[i].Name, err)
		}
	}
	for i := range t.Workflows {
		if err := d.workflow(&t.Workflows[i]); err != nil {
			return nil, about(KindWorkflow, t.Workflows[i].Name, err)
		}
	}
	for i := range t.Triggers {
		if err := d.trigger(&t.Triggers[i]); err != nil {
			return nil, about(KindTrigger, t.Triggers[i].Name, err)
		}
	}
	// A workflow has one starting trigger at a time, so those that cease to be
	// one make room first.
	slices.SortStableFunc(d.triggers, func(a, b Change) int { return b.frees() - a.frees() })
	return slices.Concat(d.changes, d.triggers, d.left), nil
}

func about(kind Kind, name string, err error) error { return fmt.Errorf("%s %s: %w", kind, name, err) }

// frees is 1 for a change that takes a starting trigger from its workflow.
func (c Change) frees() int {
	if c.undo == nil {
		return 0
	}
	old, now := c.undo.in.(*glue.CreateTriggerRequest), c.calls[len(c.calls)-1].in.(*glue.CreateTriggerRequest)
	if old.Type == glue.TriggerTypeConditional || old.WorkflowName == now.WorkflowName && now.Type != glue.TriggerTypeConditional {
		return 0
	}
	return 1
}

type differ struct {
	ctx      context.Context
	caller   Caller
	t        *Template
	changes  []Change
	triggers []Change
	left     []Change
}

// get calls an operation that reads one resource and tells whether it exists.
func (d *differ) get(op string, in, out any) (bool, error) {
	err := d.caller.Call(d.ctx, op, in, out)
	if errors.Is(err, &glue.Error{Kind: glue.EntityNotFound}) {
		return false, nil
	}
	return err == nil, err
}

// impliedJob are the members of a job that a server fills in by itself, with the
// values that it gives; nil stands for any value.
var impliedJob = map[string][]string{
	"JobMode":                             {"SCRIPT"},
	"JobRunQueuingEnabled":                {"false"},
	"ExecutionClass":                      {"STANDARD"},
	"ExecutionProperty.MaxConcurrentRuns": {"1"},
	"MaxRetries":                          {"0"},
	"Timeout":                             {"2880", "480", "0"},
	"Command.PythonVersion":               nil,
	"GlueVersion":                         nil,
	"MaxCapacity":                         nil,
	"AllocatedCapacity":                   nil,
	"WorkerType":                          nil,
	"NumberOfWorkers":                     nil,
}

func (d *differ) job(want *glue.CreateJobRequest) error {
	change := Change{Result: Result{Kind: KindJob, Name: want.Name, Action: Created}}
	var got glue.GetJobResponse
	exists, err := d.get("GetJob", &glue.GetJobRequest{JobName: want.Name}, &got)
	if err != nil {
		return err
	}
	if !exists || got.Job == nil {
		change.calls = []call{{op: "CreateJob", in: want}}
		d.changes = append(d.changes, change)
		return nil
	}
	var now, then glue.JobUpdate
	if err := errors.Join(recast(got.Job, &now), recast(want, &then)); err != nil {
		return err
	}
	if change.Fields, err = differing(now, then, impliedJob); err != nil {
		return err
	}
	if len(change.Fields) > 0 {
		change.calls = append(change.calls, call{op: "UpdateJob", in: &glue.UpdateJobRequest{JobName: want.Name, JobUpdate: &then}})
	}
	if err := d.tags(&change, want.Tags); err != nil {
		return err
	}
	d.changes = append(d.changes, change.settled())
	return nil
}

// settled gives an existing resource's change its action.
func (c Change) settled() Change {
	c.Action = Updated
	if len(c.calls) == 0 {
		c.Action = Unchanged
	}
	return c
}

// recast copies the members that two of the API's types share.
func recast(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// tags adds the call that gives a resource the tags that it lacks. Tags that are
// not in the template are left alone: others may have put them there.
func (d *differ) tags(change *Change, want map[string]string) error {
	if len(want) == 0 {
		return nil
	}
	arn := fmt.Sprintf("arn:%s:glue:%s:%s:%s/%s", d.t.Partition, d.t.Region, d.t.Account, change.Kind, change.Name)
	var got glue.GetTagsResponse
	if err := d.caller.Call(d.ctx, "GetTags", &glue.GetTagsRequest{ResourceArn: arn}, &got); err != nil {
		// The ARN is put together from the options; another account or a
		// missing permission must not hold up the rest.
		var refused *glue.Error
		if !errors.As(err, &refused) {
			return fmt.Errorf("read the tags of %s: %w", arn, err)
		}
		change.Note = strings.TrimPrefix(change.Note+"; ", "; ") + fmt.Sprintf("its tags are left as they are, %s could not be read: %v", arn, refused)
		return nil
	}
	add := map[string]string{}
	for key, value := range want {
		if now, ok := got.Tags[key]; !ok || now != value {
			add[key] = value
		}
	}
	if len(add) > 0 {
		change.Fields = append(change.Fields, "Tags")
		change.calls = append(change.calls, call{op: "TagResource", in: &glue.TagResourceRequest{ResourceArn: arn, TagsToAdd: add}})
	}
	return nil
}

func (d *differ) workflow(want *glue.CreateWorkflowRequest) error {
	change := Change{Result: Result{Kind: KindWorkflow, Name: want.Name, Action: Created}}
	include := true
	var got glue.GetWorkflowResponse
	exists, err := d.get("GetWorkflow", &glue.GetWorkflowRequest{Name: want.Name, IncludeGraph: &include}, &got)
	if err != nil {
		return err
	}
	if !exists || got.Workflow == nil {
		change.calls = []call{{op: "CreateWorkflow", in: want}}
		d.changes = append(d.changes, change)
		return nil
	}
	now := glue.CreateWorkflowRequest{
		Description: got.Workflow.Description, DefaultRunProperties: got.Workflow.DefaultRunProperties,
		MaxConcurrentRuns: got.Workflow.MaxConcurrentRuns,
	}
	then := *want
	then.Name, then.Tags = "", nil
	if now.MaxConcurrentRuns != nil && then.MaxConcurrentRuns == nil {
		// UpdateWorkflow keeps what it is not given.
		change.Note = fmt.Sprintf("keeps its MaxConcurrentRuns of %d: Glue's API cannot take the limit away, give another in the template", *now.MaxConcurrentRuns)
		now.MaxConcurrentRuns = nil
	}
	if change.Fields, err = differing(now, then, nil); err != nil {
		return err
	}
	if len(change.Fields) > 0 {
		change.calls = append(change.calls, call{op: "UpdateWorkflow", in: updateWorkflow(want)})
	}
	if err := d.tags(&change, want.Tags); err != nil {
		return err
	}
	d.changes = append(d.changes, change.settled())
	d.leftIn(got.Workflow)
	return nil
}

// updateWorkflow sends empty members too: those that are absent keep what they
// were.
func updateWorkflow(want *glue.CreateWorkflowRequest) *glue.UpdateWorkflowRequest {
	properties := want.DefaultRunProperties
	if properties == nil {
		properties = map[string]string{}
	}
	return &glue.UpdateWorkflowRequest{
		Name: want.Name, Description: &want.Description,
		DefaultRunProperties: properties, MaxConcurrentRuns: want.MaxConcurrentRuns,
	}
}

// leftIn notes the triggers of a workflow that the template does not have.
func (d *differ) leftIn(w *glue.Workflow) {
	if w.Graph == nil {
		return
	}
	has := make(map[string]bool, len(d.t.Triggers))
	for i := range d.t.Triggers {
		has[d.t.Triggers[i].Name] = true
	}
	for _, n := range w.Graph.Nodes {
		if n.Type == glue.NodeTypeTrigger && !has[n.Name] {
			d.left = append(d.left, Change{Result: Result{
				Kind: KindTrigger, Name: n.Name, Action: Left,
				Note: fmt.Sprintf("is in the workflow %s but not in the template, and may still fire; delete it with DeleteTrigger if it is not wanted", w.Name),
			}})
		}
	}
}
