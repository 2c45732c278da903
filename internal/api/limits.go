package api

import (
	"strings"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// Limits that the model does not hold.
const (
	maxPropertyValue  = 64 << 10  // bytes of one run property
	maxProperties     = 260 << 10 // bytes of all properties of a run
	maxArguments      = 260 << 10 // bytes of all arguments of a job run
	maxTimeoutMinutes = 10080
	maxTags           = 50
)

// tally is an upper bound of how many there are of something, so that creating
// one does not count all others.
type tally struct {
	n     int
	known bool
}

// add notes one more, or says that the quota is used up. Before it refuses it
// counts, since deletions are not noted.
func (t *tally) add(quota int, count func(limit int) (int, error)) (fits bool, err error) {
	if quota < 0 {
		return true, nil
	}
	if !t.known || t.n >= quota {
		if t.n, err = count(quota + 1); err != nil {
			return false, err
		}
		t.known = true
	}
	if t.n >= quota {
		return false, nil
	}
	t.n++
	return true, nil
}

// quota is a limit of the options: zero stands for the default.
func quota(set, whole int) int {
	if set == 0 {
		return whole
	}
	return set
}

func overQuota(what string, quota int) error {
	return glue.Errorf(glue.LimitExceeded,
		"The number of %s has exceeded the limit. Your account is limited to %d %s.", what, quota, what)
}

func (a *API) roomForWorkflow(tx *store.Tx) error {
	return a.room(&a.workflows, "workflows", quota(a.opt.MaxWorkflows, DefaultMaxWorkflows), tx.WorkflowNames)
}

func (a *API) roomForJob(tx *store.Tx) error {
	return a.room(&a.jobs, "jobs", quota(a.opt.MaxJobs, DefaultMaxJobs), tx.JobNames)
}

func (a *API) room(t *tally, what string, limit int, names func(after string, limit int) ([]string, error)) error {
	fits, err := t.add(limit, func(n int) (int, error) {
		all, err := names("", n)
		return len(all), err
	})
	if err == nil && !fits {
		err = overQuota(what, limit)
	}
	return err
}

// roomForTrigger asks the store, which keeps the count.
func (a *API) roomForTrigger(tx *store.Tx) error {
	limit := quota(a.opt.MaxTriggers, DefaultMaxTriggers)
	if limit < 0 {
		return nil
	}
	n, err := tx.TriggerCount()
	if err == nil && n >= limit {
		err = overQuota("triggers", limit)
	}
	return err
}

// checkJobCount holds a trigger against the quota of jobs that it may start; the
// kind is that of the error.
func (a *API) checkJobCount(t *glue.Trigger, kind glue.Kind) error {
	limit, jobs := quota(a.opt.MaxJobsPerTrigger, DefaultMaxJobsPerTrigger), 0
	for i := range t.Actions {
		if t.Actions[i].JobName != "" {
			jobs++
		}
	}
	if limit >= 0 && jobs > limit {
		return glue.Errorf(kind, "Actions cannot contain more than %d jobs, got %d", limit, jobs)
	}
	return nil
}

// checkProperties holds the properties of a request against the size limits.
func checkProperties(member string, properties map[string]string) error {
	for key, value := range properties {
		if len(value) > maxPropertyValue {
			return invalid("%s: the value of %q has %d bytes, more than the %d that a run property may have",
				member, key, len(value), maxPropertyValue)
		}
	}
	if n := byteCount(properties); n > maxProperties {
		return invalid("%s: keys and values have %d bytes, more than the %d that a run's properties may have", member, n, maxProperties)
	}
	return nil
}

// checkMerged holds what a run's properties become against the size limit.
func checkMerged(properties map[string]string) error {
	if n := byteCount(properties); n > maxProperties {
		return glue.Errorf(glue.LimitExceeded,
			"The run's properties would have %d bytes, more than the limit of %d", n, maxProperties)
	}
	return nil
}

func checkArguments(maps ...map[string]string) error {
	n := 0
	for _, m := range maps {
		n += byteCount(m)
	}
	if n > maxArguments {
		return invalid("The arguments have %d bytes, more than the %d that a job run may have", n, maxArguments)
	}
	return nil
}

func byteCount(m map[string]string) int {
	n := 0
	for key, value := range m {
		n += len(key) + len(value)
	}
	return n
}

func checkTimeout(minutes *int32) error {
	if minutes != nil && *minutes > maxTimeoutMinutes {
		return invalid("Timeout must be at most %d minutes, got %d", maxTimeoutMinutes, *minutes)
	}
	return nil
}

func checkMaxRuns(n *int32) error {
	if n != nil && *n < 1 {
		return invalid("MaxConcurrentRuns must be at least 1, got %d; leave it out for no limit", *n)
	}
	return nil
}

// checkTags holds tags against the rule for keys that AWS keeps for itself, and a
// policy of automatic repair against its form.
func checkTags(tags map[string]string) error {
	for key := range tags {
		if strings.HasPrefix(strings.ToLower(key), "aws") {
			return invalid("Tag key %q is not allowed: keys that begin with aws are reserved", key)
		}
	}
	return checkRepairTag(tags)
}
