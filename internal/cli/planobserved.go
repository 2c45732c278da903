package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// observation is what AWS's own operations tell for plans of a resume.
type observation struct {
	prior *glue.WorkflowRun
	jobs  []*plan.Job
	// head is the newest run of the family.
	head string
	// profile is set when the jobs were looked at with a profile.
	profile bool
}

func observeForPlan(ctx context.Context, t *target, prior *glue.WorkflowRun) (*observation, error) {
	g, _, err := flow.Observe(prior)
	if err != nil {
		return nil, err
	}
	o := &observation{prior: prior, profile: t.Profile != ""}
	if o.jobs, err = observedFactsOf(ctx, t, prior, g); err != nil {
		return nil, err
	}
	o.head, err = familyHead(ctx, t, prior)
	return o, err
}

// plan makes the plan of a resume. What the selectors choose is written into the
// request as nodes. A token must still hold.
func (o *observation) plan(req *plan.Request, token string, now time.Time) (*plan.Answer, error) {
	prior, jobs := o.prior, o.jobs
	g, run, err := flow.Observe(prior)
	if err != nil {
		return nil, err
	}
	out := &plan.Answer{}
	if req.Select.Any() {
		out.Choices = plan.Select(g, run, jobs, req.Select)
		for i := range out.Choices {
			req.NodeIds = append(req.NodeIds, out.Choices[i].ID)
		}
		if len(req.NodeIds) == 0 {
			return nil, errors.New("the selectors choose nothing of this run: there is nothing to repeat, and nothing was changed")
		}
		req.Select = plan.Selectors{}
	}
	p, err := flow.Resume(g, run, req.NodeIds, "the new run", now.UnixMilli())
	if err != nil {
		return nil, err
	}
	subject := plan.Subject{Graph: g, Prior: run, Plan: p}
	out.Plan = subject.Describe(prior.Name, jobs, false)
	out.Plan.Asks = nil // what is marked as safe is not known
	out.Plan.Head = o.head
	if !o.profile {
		return out, nil
	}
	state := fmt.Sprintf("%s %s", prior.Status, prior.CompletedOn)
	basis := plan.NewBasis(out.Plan, *req, state, jobs)
	out.Plan.Token = basis.Token()
	if token == "" {
		return out, nil
	}
	changes, err := basis.Compare(token)
	if err == nil && len(changes) > 0 {
		err = glue.Errorf(glue.ConcurrentModification, "the plan does not hold any more, and nothing was started: %s; make a new plan", strings.Join(changes, "; "))
	}
	return out, err
}

// observedFactsOf are those that a profile gives access to; of another endpoint only
// how long the run's jobs took.
func observedFactsOf(ctx context.Context, t *target, prior *glue.WorkflowRun, g *flow.Graph) ([]*plan.Job, error) {
	if t.Profile == "" {
		return observedJobs(prior, g), nil
	}
	objects, err := newObjectStamps(ctx, t.Profile, t.Region)
	if err != nil {
		return nil, err
	}
	return gatherFacts(ctx, t, objects, prior, g)
}

// familyHead is the newest of all runs that the run and its resumes began with and
// led to, looked for in the list of runs.
func familyHead(ctx context.Context, t *target, prior *glue.WorkflowRun) (string, error) {
	var all []*glue.WorkflowRun
	for run, err := range workflowRuns(ctx, t, prior.Name, runPage) {
		if err != nil {
			return "", err
		}
		all = append(all, run)
	}
	head := prior
	for _, run := range flow.Kin(all, prior.WorkflowRunId) {
		if run.StartedOn > head.StartedOn {
			head = run
		}
	}
	return head.WorkflowRunId, nil
}

// isHead refuses when the run that is expected to be the newest of the family is not.
func isHead(ctx context.Context, t *target, prior *glue.WorkflowRun, expected string) error {
	head, err := familyHead(ctx, t, prior)
	if err != nil {
		return err
	}
	return expectHead(head, expected)
}

func expectHead(head, expected string) error {
	if expected == "" || head == expected {
		return nil
	}
	return glue.Errorf(glue.ConcurrentModification, "run %s was expected to be the newest of its family, but %s is; nothing was changed", shortRun(expected), shortRun(head))
}
