package api

import (
	"slices"

	"github.com/reglue/reglue/internal/cron"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

const maxCrawlerActions = 2

// The states that a condition may wait for.
var (
	watchableJobStates   = []glue.JobRunState{glue.JobRunStateSucceeded, glue.JobRunStateStopped, glue.JobRunStateFailed, glue.JobRunStateTimeout}
	watchableCrawlStates = []glue.CrawlState{glue.CrawlStateSucceeded, glue.CrawlStateFailed, glue.CrawlStateCancelled}
)

// checkTrigger holds a definition against the rules that the model does not
// know and that need nothing else.
func checkTrigger(t *glue.Trigger) error {
	return firstOf(t, checkType, checkSchedule, checkActions, checkPredicate, checkOwnJobs)
}

func checkType(t *glue.Trigger) error {
	switch {
	case t.Type == glue.TriggerTypeScheduled && t.Schedule == "":
		return invalid("Schedule cannot be null or empty for a SCHEDULED trigger")
	case t.Type == glue.TriggerTypeConditional && (t.Predicate == nil || len(t.Predicate.Conditions) == 0):
		return invalid("Predicate cannot be null or empty")
	case t.Type == glue.TriggerTypeEvent && t.WorkflowName == "":
		return invalid("An EVENT trigger can only start a workflow: WorkflowName cannot be null or empty")
	}
	return nil
}

func checkSchedule(t *glue.Trigger) error {
	if t.Schedule == "" {
		return nil
	}
	if _, err := cron.Parse(t.Schedule); err != nil {
		return invalid("Invalid schedule expression: %v", err)
	}
	return nil
}

func checkActions(t *glue.Trigger) error {
	if len(t.Actions) == 0 {
		return invalid("Actions cannot be null or empty")
	}
	crawlers := 0
	for i := range t.Actions {
		a := &t.Actions[i]
		if (a.JobName == "") == (a.CrawlerName == "") {
			return invalid("Action %d must name either a job or a crawler", i+1)
		}
		if a.CrawlerName != "" {
			crawlers++
		}
		if err := checkTimeout(a.Timeout); err != nil {
			return err
		}
		if err := checkArguments(a.Arguments); err != nil {
			return err
		}
	}
	if crawlers > maxCrawlerActions {
		return invalid("Actions cannot contain more than two crawlers")
	}
	return nil
}

func checkPredicate(t *glue.Trigger) error {
	if t.Predicate == nil {
		return nil
	}
	if len(t.Predicate.Conditions) > 1 && t.Predicate.Logical == "" {
		return invalid("Logical cannot be null or empty with more than one condition, choose from [AND, ANY]")
	}
	for i := range t.Predicate.Conditions {
		if err := checkCondition(i+1, &t.Predicate.Conditions[i]); err != nil {
			return err
		}
	}
	return nil
}

func checkCondition(n int, c *glue.Condition) error {
	switch {
	case c.LogicalOperator == "":
		return invalid("Logical operator cannot be null or empty")
	case (c.JobName == "") == (c.CrawlerName == ""):
		return invalid("Condition %d must name either a job or a crawler", n)
	case c.JobName != "" && !slices.Contains(watchableJobStates, c.State):
		return invalid("State cannot be null or empty, choose from one of the following job state: [SUCCEEDED, STOPPED, FAILED, TIMEOUT]")
	case c.JobName != "" && c.CrawlState != "":
		return invalid("Condition %d watches a job: CrawlState is for crawlers, use State", n)
	case c.CrawlerName != "" && !slices.Contains(watchableCrawlStates, c.CrawlState):
		return invalid("State cannot be null or empty, choose from one of the following crawler state: [SUCCEEDED, FAILED, CANCELLED]")
	case c.CrawlerName != "" && c.State != "":
		return invalid("Condition %d watches a crawler: State is for jobs, use CrawlState", n)
	}
	return nil
}

// checkOwnJobs refuses a trigger that starts what it watches.
func checkOwnJobs(t *glue.Trigger) error {
	if t.Predicate == nil {
		return nil
	}
	for i := range t.Predicate.Conditions {
		if job := t.Predicate.Conditions[i].JobName; job != "" && starts(t, job) {
			return invalid("Job cannot be a Predicate and Action for Conditional Trigger.")
		}
	}
	return nil
}

// checkReferences holds that the workflow and the jobs that a trigger names are
// there. Crawlers are not built in this version, so none is.
func (a *API) checkReferences(tx *store.Tx, t *glue.Trigger) error {
	if t.WorkflowName != "" {
		if w, err := tx.Workflow(t.WorkflowName); err != nil {
			return err
		} else if w == nil {
			return missingNamed("Workflow", t.WorkflowName)
		}
	}
	seen := map[string]bool{}
	check := func(job, crawler string) error {
		if crawler != "" {
			return missingNamed("Crawler", crawler)
		}
		if seen[job] {
			return nil
		}
		seen[job] = true
		rec, err := tx.Job(job)
		if err == nil && rec == nil {
			err = missingNamed("Job", job)
		}
		return err
	}
	for i := range t.Actions {
		if err := check(t.Actions[i].JobName, t.Actions[i].CrawlerName); err != nil {
			return err
		}
	}
	if t.Predicate == nil {
		return nil
	}
	for i := range t.Predicate.Conditions {
		if err := check(t.Predicate.Conditions[i].JobName, t.Predicate.Conditions[i].CrawlerName); err != nil {
			return err
		}
	}
	return nil
}

// checkStartTrigger holds that a workflow has one starting trigger.
func checkStartTrigger(tx *store.Tx, t *glue.Trigger) error {
	if t.WorkflowName == "" || t.Type == glue.TriggerTypeConditional {
		return nil
	}
	other, err := tx.StartTriggerOf(t.WorkflowName)
	if err != nil || other == "" {
		return err
	}
	return invalid("Workflow %s already has a starting trigger: %s", t.WorkflowName, other)
}
