package cfn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reglue/reglue/internal/glue"
)

const (
	retries   = 8               // of a call that met another change of the same workflow
	firstWait = time.Second / 4 // doubled after each
	maxWait   = 2 * time.Minute // for a deleted trigger to be gone
)

// Apply brings the server to what the template says: one call after the other,
// as Glue refuses changes of a workflow at the same time. Applied twice, the
// second time changes nothing. On an error it returns what was done before, and
// the error names the resource.
func Apply(ctx context.Context, c Caller, t *Template) ([]Result, error) {
	changes, err := Diff(ctx, c, t)
	if err != nil {
		return nil, err
	}
	return CarryOut(ctx, c, changes)
}

// CarryOut does what Diff found, for callers that show it first.
func CarryOut(ctx context.Context, c Caller, changes []Change) ([]Result, error) {
	results := make([]Result, 0, len(changes))
	for _, change := range changes {
		if err := change.carryOut(ctx, c); err != nil {
			return results, about(change.Kind, change.Name, err)
		}
		results = append(results, change.Result)
	}
	return results, nil
}

func (ch Change) carryOut(ctx context.Context, c Caller) error {
	for i, call := range ch.calls {
		if err := insist(ctx, c, call); err != nil {
			err = fmt.Errorf("%s: %w", call.op, err)
			if i > 0 && ch.undo != nil {
				return errors.Join(err, ch.restore(ctx, c))
			}
			return err
		}
		if call.settle {
			if err := waitGone(ctx, c, ch.Name); err != nil {
				return errors.Join(err, ch.restore(ctx, c))
			}
		}
	}
	return nil
}

// restore brings back what a replacement deleted. It is done even when the
// caller has given up, or the old trigger would be lost.
func (ch Change) restore(ctx context.Context, c Caller) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if err := insist(ctx, c, *ch.undo); err != nil {
		return fmt.Errorf("the old %s %s is deleted and could not be created again: %w", ch.Kind, ch.Name, err)
	}
	return fmt.Errorf("the old %s %s is back as it was", ch.Kind, ch.Name)
}

// insist makes a call again while another change of the same workflow is in its
// way.
func insist(ctx context.Context, c Caller, call call) error {
	wait := firstWait
	for try := 0; ; try++ {
		err := c.Call(ctx, call.op, call.in, answer(call.op))
		if try == retries || !errors.Is(err, &glue.Error{Kind: glue.ConcurrentModification}) {
			return err
		}
		if sleep(ctx, wait) != nil {
			return err
		}
		wait *= 2
	}
}

// answer returns where the answer of a changing operation goes.
func answer(op string) any {
	switch op {
	case "CreateDatabase":
		return new(glue.CreateDatabaseResponse)
	case "UpdateDatabase":
		return new(glue.UpdateDatabaseResponse)
	case "CreateTable":
		return new(glue.CreateTableResponse)
	case "UpdateTable":
		return new(glue.UpdateTableResponse)
	case "CreatePartition":
		return new(glue.CreatePartitionResponse)
	case "UpdatePartition":
		return new(glue.UpdatePartitionResponse)
	case "CreateConnection":
		return new(glue.CreateConnectionResponse)
	case "UpdateConnection":
		return new(glue.UpdateConnectionResponse)
	case "CreateSecurityConfiguration":
		return new(glue.CreateSecurityConfigurationResponse)
	case "DeleteSecurityConfiguration":
		return new(glue.DeleteSecurityConfigurationResponse)
	case "CreateJob":
		return new(glue.CreateJobResponse)
	case "UpdateJob":
		return new(glue.UpdateJobResponse)
	case "CreateWorkflow":
		return new(glue.CreateWorkflowResponse)
	case "UpdateWorkflow":
		return new(glue.UpdateWorkflowResponse)
	case "CreateTrigger":
		return new(glue.CreateTriggerResponse)
	case "UpdateTrigger":
		return new(glue.UpdateTriggerResponse)
	case "StartTrigger":
		return new(glue.StartTriggerResponse)
	case "DeleteTrigger":
		return new(glue.DeleteTriggerResponse)
	case "TagResource":
		return new(glue.TagResourceResponse)
	}
	return nil
}

// waitGone waits until a deleted trigger is gone; on AWS that takes a while.
func waitGone(ctx context.Context, c Caller, name string) error {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	for wait := firstWait; ; wait = min(2*wait, 5*time.Second) {
		err := c.Call(ctx, "GetTrigger", &glue.GetTriggerRequest{Name: name}, &glue.GetTriggerResponse{})
		if errors.Is(err, &glue.Error{Kind: glue.EntityNotFound}) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("wait for the deletion: %w", err)
		}
		if err := sleep(ctx, wait); err != nil {
			return fmt.Errorf("the deleted trigger is still there: %w", err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
