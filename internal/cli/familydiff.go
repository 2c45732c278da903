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

// changed is a setting with what it was.
func changed(what string, before map[string]string, key, value string) string {
	if was, ok := before[key]; ok {
		return fmt.Sprintf("%s=%s (was %s)", what, value, was)
	}
	return what + "=" + value
}
