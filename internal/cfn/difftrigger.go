package cfn

import (
	"errors"
	"fmt"

	"github.com/reglue/reglue/internal/glue"
)

// impliedTrigger are the members of a trigger that a server fills in by itself.
var impliedTrigger = map[string][]string{
	"Predicate.Logical":                  {"AND"},
	"EventBatchingCondition.BatchWindow": {"900"},
}

func (d *differ) trigger(want *glue.CreateTriggerRequest) error {
	change := Change{Result: Result{Kind: KindTrigger, Name: want.Name, Action: Created}}
	create := call{op: "CreateTrigger", in: want}
	var got glue.GetTriggerResponse
	exists, err := d.get("GetTrigger", &glue.GetTriggerRequest{Name: want.Name}, &got)
	switch {
	case err != nil:
		return err
	case !exists || got.Trigger == nil:
		change.calls = []call{create}
		d.triggers = append(d.triggers, change)
		return nil
	case got.Trigger.Type != want.Type || got.Trigger.WorkflowName != want.WorkflowName:
		d.triggers = append(d.triggers, replaceTrigger(change, got.Trigger, want))
		return nil
	}
	var now, then glue.TriggerUpdate
	if err := errors.Join(recast(got.Trigger, &now), recast(want, &then)); err != nil {
		return err
	}
	now.Name, then.Name = "", ""
	if change.Fields, err = differing(now, then, impliedTrigger); err != nil {
		return err
	}
	if len(change.Fields) > 0 {
		change.calls = append(change.calls, call{op: "UpdateTrigger", in: &glue.UpdateTriggerRequest{Name: want.Name, TriggerUpdate: &then}})
	}
	start(&change, got.Trigger, want)
	if err := d.tags(&change, want.Tags); err != nil {
		return err
	}
	d.triggers = append(d.triggers, change.settled())
	return nil
}

// start activates a trigger that the template wants active and that never was.
// One that somebody stopped stays so.
func start(change *Change, now *glue.Trigger, want *glue.CreateTriggerRequest) {
	if !active(want) {
		return
	}
	switch now.State {
	case glue.TriggerStateCreated, glue.TriggerStateCreating:
		change.Fields = append(change.Fields, "StartOnCreation")
		change.calls = append(change.calls, call{op: "StartTrigger", in: &glue.StartTriggerRequest{Name: want.Name}})
	case glue.TriggerStateDeactivated, glue.TriggerStateDeactivating:
		change.Note = "was stopped and stays so; activate it with StartTrigger"
	default: // active, or becoming so
	}
}

// active tells whether the template wants a trigger active from the start, for
// the types that can be.
func active(want *glue.CreateTriggerRequest) bool {
	return want.StartOnCreation != nil && *want.StartOnCreation &&
		(want.Type == glue.TriggerTypeConditional || want.Type == glue.TriggerTypeScheduled)
}

// replaceTrigger deletes and creates: the API can change neither the type nor the
// workflow of a trigger.
func replaceTrigger(change Change, now *glue.Trigger, want *glue.CreateTriggerRequest) Change {
	old := createTrigger(now)
	change.Action = Replaced
	if now.Type != want.Type {
		change.Fields = append(change.Fields, "Type")
	}
	if now.WorkflowName != want.WorkflowName {
		change.Fields = append(change.Fields, "WorkflowName")
		change.Note = fmt.Sprintf("was in the workflow %q", now.WorkflowName)
	}
	change.calls = []call{
		{op: "DeleteTrigger", in: &glue.DeleteTriggerRequest{Name: want.Name}, settle: true},
		{op: "CreateTrigger", in: want},
	}
	change.undo = &call{op: "CreateTrigger", in: &old}
	return change
}

// createTrigger returns the request that creates a trigger as it is.
func createTrigger(t *glue.Trigger) glue.CreateTriggerRequest {
	r := glue.CreateTriggerRequest{
		Name: t.Name, WorkflowName: t.WorkflowName, Type: t.Type, Schedule: t.Schedule, Predicate: t.Predicate,
		Actions: t.Actions, Description: t.Description, EventBatchingCondition: t.EventBatchingCondition,
	}
	if t.State == glue.TriggerStateActivated || t.State == glue.TriggerStateActivating {
		yes := true
		r.StartOnCreation = &yes
	}
	return r
}
