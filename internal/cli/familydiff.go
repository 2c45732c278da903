package cli

import (
	"fmt"
	"maps"
	"slices"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// settingChanges say what a resume set that the run before it had not, or had
// otherwise: run properties, and the overrides of jobs.
func settingChanges(before, now *plan.Record, properties map[string]string) []string {
	if now == nil {
		return nil
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(now.Properties)) {
		out = append(out, changed("property "+name, properties, name, now.Properties[name]))
	}
	old := map[string]glue.RunOverride{}
	if before != nil {
		old = before.Overrides
	}
	for _, job := range slices.Sorted(maps.Keys(now.Overrides)) {
		was, is := old[job], now.Overrides[job]
		for _, key := range slices.Sorted(maps.Keys(is.Arguments)) {
			if value, ok := was.Arguments[key]; !ok || value != is.Arguments[key] {
				out = append(out, changed(job+" "+key, was.Arguments, key, is.Arguments[key]))
			}
		}
		if is.Timeout != nil && (was.Timeout == nil || *was.Timeout != *is.Timeout) {
			out = append(out, fmt.Sprintf("%s timeout %s", job, plural(int(*is.Timeout), "minute")))
		}
		if is.Retries != nil && (was.Retries == nil || *was.Retries != *is.Retries) {
			out = append(out, fmt.Sprintf("%s retries %d", job, *is.Retries))
		}
	}
	return out
}

// settings say what a resume is asked to set, and what it takes over of that from
// the run that it resumes.
func settings(before *plan.Record, req *plan.Request) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(req.Properties)) {
		out = append(out, "property "+name+"="+req.Properties[name])
	}
	var old map[string]glue.RunOverride
	if before != nil {
		old = before.Overrides
	}
	jobs := map[string]glue.RunOverride{}
	maps.Copy(jobs, old)
	maps.Copy(jobs, req.Overrides)
	for _, job := range slices.Sorted(maps.Keys(jobs)) {
		over, asked := req.Overrides[job]
		text := job + ": " + overrideText(over.Over(old[job]))
		if !asked {
			text += ", as in the run before"
		}
		out = append(out, text)
	}
	return out
}

// changed is a setting with what it was.
func changed(what string, before map[string]string, key, value string) string {
	if was, ok := before[key]; ok {
		return fmt.Sprintf("%s=%s (was %s)", what, value, was)
	}
	return what + "=" + value
}
