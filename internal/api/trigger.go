package api

import (
	"context"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func (a *API) createTrigger(ctx context.Context, r *glue.CreateTriggerRequest) (*glue.CreateTriggerResponse, error) {
	t := &glue.Trigger{
		Name: r.Name, WorkflowName: r.WorkflowName, Type: r.Type, State: glue.TriggerStateCreated,
		Description: r.Description, Schedule: r.Schedule, Actions: r.Actions, Predicate: r.Predicate,
		EventBatchingCondition: r.EventBatchingCondition,
	}
	if err := checkTrigger(t); err != nil {
		return nil, err
	}
	if err := a.checkJobCount(t, glue.LimitExceeded); err != nil {
		return nil, err
	}
	if err := checkTags(r.Tags); err != nil {
		return nil, err
	}
	if isTrue(r.StartOnCreation) {
		if !waits(t) {
			return nil, invalid("StartOnCreation is not supported for %s triggers", t.Type)
		}
		t.State = glue.TriggerStateActivated
	}
	err := a.change(ctx, func(tx *store.Tx, now glue.Time) error {
		if old, err := tx.Trigger(r.Name); err != nil || old != nil {
			return orTaken(err, "Trigger", r.Name, old != nil && sameTrigger(old, t))
		}
		if err := a.checkReferences(tx, t); err != nil {
			return err
		}
		if err := checkStartTrigger(tx, t); err != nil {
			return err
		}
		if err := a.roomForTrigger(tx); err != nil {
			return err
		}
		if err := putTrigger(tx, t, now); err != nil {
			return err
		}
		return tx.PutTags(a.scope.ARN(kindTrigger, r.Name), r.Tags)
	})
	if err != nil {
		return nil, err
	}
	return &glue.CreateTriggerResponse{Name: r.Name}, nil
}

// sameTrigger compares two definitions apart from their states.
func sameTrigger(a, b *glue.Trigger) bool {
	x, y := *a, *b
	x.State, y.State = "", ""
	return sameJSON(x, y)
}

// waits reports whether a trigger is activated and deactivated. The others fire
// when they are told to.
func waits(t *glue.Trigger) bool {
	return t.Type == glue.TriggerTypeScheduled || t.Type == glue.TriggerTypeConditional
}

// putTrigger writes a trigger; its workflow has changed with it.
func putTrigger(tx *store.Tx, t *glue.Trigger, now glue.Time) error {
	if err := tx.PutTrigger(t); err != nil {
		return err
	}
	return touch(tx, t, now)
}

func touch(tx *store.Tx, t *glue.Trigger, now glue.Time) error {
	if t.WorkflowName == "" {
		return nil
	}
	return tx.TouchWorkflow(t.WorkflowName, now)
}

// updateTrigger replaces the whole definition; type, workflow and state stay.
func (a *API) updateTrigger(ctx context.Context, r *glue.UpdateTriggerRequest) (*glue.UpdateTriggerResponse, error) {
	u := r.TriggerUpdate
	out := &glue.UpdateTriggerResponse{}
	err := a.change(ctx, func(tx *store.Tx, now glue.Time) error {
		old, err := findTrigger(tx, r.Name)
		if err != nil {
			return err
		}
		if len(u.Actions) == 0 {
			return invalid("Actions cannot be null or empty; an update replaces the whole definition")
		}
		t := &glue.Trigger{
			Name: old.Name, WorkflowName: old.WorkflowName, Type: old.Type, State: old.State,
			Description: u.Description, Schedule: u.Schedule, Actions: u.Actions, Predicate: u.Predicate,
			EventBatchingCondition: u.EventBatchingCondition,
		}
		if err := checkTrigger(t); err != nil {
			return err
		}
		// UpdateTrigger does not declare the error for quotas.
		if err := a.checkJobCount(t, glue.InvalidInput); err != nil {
			return err
		}
		if err := a.checkReferences(tx, t); err != nil {
			return err
		}
		out.Trigger = t
		return putTrigger(tx, t, now)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (a *API) deleteTrigger(ctx context.Context, r *glue.DeleteTriggerRequest) (*glue.DeleteTriggerResponse, error) {
	err := a.change(ctx, func(tx *store.Tx, now glue.Time) error {
		t, err := tx.Trigger(r.Name)
		if err != nil || t == nil {
			return err
		}
		if err := tx.DeleteTrigger(r.Name); err != nil {
			return err
		}
		return touch(tx, t, now)
	})
	if err != nil {
		return nil, err
	}
	return &glue.DeleteTriggerResponse{Name: r.Name}, nil
}

// startTrigger fires an ON_DEMAND trigger and activates one that waits.
func (a *API) startTrigger(ctx context.Context, r *glue.StartTriggerRequest) (*glue.StartTriggerResponse, error) {
	if a.readOnly {
		return nil, errReadOnly
	}
	fired, err := a.engine.StartTrigger(ctx, callFrom(ctx, "StartTrigger"), r.Name)
	if err != nil {
		return nil, err
	}
	if !fired {
		if err := a.setTriggerState(ctx, r.Name, glue.TriggerStateActivated, "started: it fires on events"); err != nil {
			return nil, err
		}
	}
	return &glue.StartTriggerResponse{Name: r.Name}, nil
}

func (a *API) stopTrigger(ctx context.Context, r *glue.StopTriggerRequest) (*glue.StopTriggerResponse, error) {
	if err := a.setTriggerState(ctx, r.Name, glue.TriggerStateDeactivated, "stopped: it is never active"); err != nil {
		return nil, err
	}
	return &glue.StopTriggerResponse{Name: r.Name}, nil
}

// setTriggerState activates or deactivates a trigger; one that is so already is
// left as it is.
func (a *API) setTriggerState(ctx context.Context, name string, state glue.TriggerState, cannot string) error {
	return a.change(ctx, func(tx *store.Tx, now glue.Time) error {
		t, err := findTrigger(tx, name)
		if err != nil {
			return err
		}
		if !waits(t) {
			return invalid("Trigger %s is of type %s and cannot be %s", name, t.Type, cannot)
		}
		if t.State == state {
			return nil
		}
		t.State = state
		return putTrigger(tx, t, now)
	})
}

// findTrigger reads a trigger, or says that it is missing.
func findTrigger(tx *store.Tx, name string) (*glue.Trigger, error) {
	t, err := tx.Trigger(name)
	if err == nil && t == nil {
		err = missing()
	}
	return t, err
}

func (a *API) getTrigger(ctx context.Context, r *glue.GetTriggerRequest) (*glue.GetTriggerResponse, error) {
	out := &glue.GetTriggerResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) (err error) {
		out.Trigger, err = findTrigger(tx, r.Name)
		return err
	})
	return out, err
}

type batchGetTriggersResponse struct {
	Triggers         []*glue.Trigger
	TriggersNotFound []string
}

func (a *API) batchGetTriggers(ctx context.Context, r *glue.BatchGetTriggersRequest) (*batchGetTriggersResponse, error) {
	out := &batchGetTriggersResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) (err error) {
		out.Triggers, out.TriggersNotFound, err = each(r.TriggerNames, tx.Trigger)
		return err
	})
	return out, err
}

func (a *API) getTriggers(ctx context.Context, r *glue.GetTriggersRequest) (*glue.GetTriggersResponse, error) {
	p, err := newPage("GetTriggers", r.NextToken, r.MaxResults, defaultPage, r.DependentJobName)
	if err != nil {
		return nil, err
	}
	out := &glue.GetTriggersResponse{}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		job, err := dependentJob(tx, r.DependentJobName)
		if err != nil {
			return err
		}
		triggers, err := tx.Triggers(p.after, p.more(), job)
		out.Triggers, out.NextToken = cut(&p, triggers, func(t *glue.Trigger) string { return t.Name })
		return err
	})
	return out, err
}

// dependentJob is the job whose triggers to list: the one asked for if any
// trigger can start it, else none, which stands for all triggers.
func dependentJob(tx *store.Tx, job string) (string, error) {
	if job == "" {
		return "", nil
	}
	if names, err := tx.TriggerNames("", 1, job); err != nil || len(names) > 0 {
		return job, err
	}
	if rec, err := tx.Job(job); err != nil {
		return "", err
	} else if rec == nil {
		return "", missingNamed("Job", job)
	}
	return "", nil
}

func (a *API) listTriggers(ctx context.Context, r *glue.ListTriggersRequest) (*glue.ListTriggersResponse, error) {
	p, err := newPage("ListTriggers", r.NextToken, r.MaxResults, defaultPage, r.DependentJobName, r.Tags)
	if err != nil {
		return nil, err
	}
	out := &glue.ListTriggersResponse{}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		job, err := dependentJob(tx, r.DependentJobName)
		if err != nil {
			return err
		}
		names, err := triggerNames(tx, &p, job, r.Tags)
		out.TriggerNames, out.NextToken = cut(&p, names, ownName)
		return err
	})
	return out, err
}

// triggerNames reads a page of names, and one more, of the triggers that start a
// job and carry tags, as far as these are given.
func triggerNames(tx *store.Tx, p *page, job string, tags map[string]string) ([]string, error) {
	if len(tags) == 0 {
		return tx.TriggerNames(p.after, p.more(), job)
	}
	if job == "" {
		return tx.TaggedNames(kindTrigger, tags, p.after, p.more())
	}
	var both []string
	for after := p.after; len(both) < p.more(); {
		tagged, err := tx.TaggedNames(kindTrigger, tags, after, p.more())
		if err != nil || len(tagged) == 0 {
			return both, err
		}
		for _, name := range tagged {
			t, err := tx.Trigger(name)
			if err != nil {
				return nil, err
			}
			if t != nil && starts(t, job) && len(both) < p.more() {
				both = append(both, name)
			}
		}
		after = tagged[len(tagged)-1]
	}
	return both, nil
}

func starts(t *glue.Trigger, job string) bool {
	for i := range t.Actions {
		if t.Actions[i].JobName == job {
			return true
		}
	}
	return false
}
