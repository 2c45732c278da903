package api

import (
	"maps"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

// Limits of what a resume keeps, in bytes.
const (
	maxNote        = 2048 // who and why
	maxPropertyKey = 255  // as in StartWorkflowRun
	maxBefore      = 100
	maxBeforeText  = 16 << 10 // of a command, and of what it wrote
)

// checkResume holds what a request sets against the limits.
func checkResume(r *plan.Request) error {
	switch {
	case r.Definition != "" && r.Definition != definitionOriginal && r.Definition != definitionCurrent:
		return invalid("Definition must be %s or %s, not %.40q", definitionOriginal, definitionCurrent, r.Definition)
	case len(r.Accept) > 0 && strings.TrimSpace(r.Because) == "":
		return invalid("Because is required with Accept: say why the failed node counts as SUCCEEDED")
	case len(r.Accept) == 0 && r.Because != "":
		return invalid("Because goes with Accept: it says why a failed node counts as SUCCEEDED")
	case r.RewindAllBookmarks && len(r.RewindBookmarks) > 0:
		return invalid("Give RewindBookmarks or RewindAllBookmarks, not both")
	case len(r.Because) > maxNote:
		return invalid("Because has %d bytes, more than %d", len(r.Because), maxNote)
	}
	if err := checkProperties("Properties", r.Properties); err != nil {
		return err
	}
	for key := range r.Properties {
		if key == "" || len(key) > maxPropertyKey {
			return invalid("Properties: a key must have 1 to %d bytes, %.40q has %d", maxPropertyKey, key, len(key))
		}
	}
	for _, job := range slices.Sorted(maps.Keys(r.Overrides)) {
		o := r.Overrides[job]
		if o.Timeout != nil && (*o.Timeout < 1 || *o.Timeout > maxTimeoutMinutes) {
			return invalid("Overrides: Timeout of %s must be between 1 and %d minutes, got %d", job, maxTimeoutMinutes, *o.Timeout)
		}
		if err := checkArguments(o.Arguments); err != nil {
			return err
		}
		for key := range o.Arguments {
			if len(key) < len("--k") || !strings.HasPrefix(key, "--") {
				return invalid("Overrides: %q is no argument of %s: its key begins with --, as in --key", key, job)
			}
		}
		if o.Retries != nil && (*o.Retries < 0 || *o.Retries > maxRetries) {
			return invalid("Overrides: Retries of %s must be between 0 and %d", job, maxRetries)
		}
	}
	return nil
}

// checkRecord holds what a run is to keep of its resume against the limits.
func checkRecord(r *plan.ExecuteRequest) error {
	switch {
	case len(r.By) > maxNote:
		return invalid("By has %d bytes, more than %d", len(r.By), maxNote)
	case len(r.ClientToken) > maxClientToken:
		return invalid("ClientToken must be a string of 1 to 255 characters")
	case len(r.Before) > maxBefore:
		return invalid("Before has %d commands, more than %d", len(r.Before), maxBefore)
	}
	for i := range r.Before {
		if b := &r.Before[i]; len(b.Command) > maxBeforeText || len(b.Output) > maxBeforeText {
			return invalid("Before: a command, or what is kept of its output, has more than %d bytes", maxBeforeText)
		}
	}
	return nil
}

// checkOverridden refuses overrides of jobs that the run does not have.
func checkOverridden(g *flow.Graph, overrides map[string]glue.RunOverride) error {
	unknown := maps.Clone(overrides)
	for n := range g.Nodes {
		if g.Nodes[n].Type == glue.NodeTypeJob {
			delete(unknown, g.Nodes[n].Name)
		}
	}
	for _, job := range slices.Sorted(maps.Keys(unknown)) {
		return invalid("Overrides names the job %s, which is not part of the run", job)
	}
	return nil
}

// checkTaken looks again, within the transaction, whether the properties fit with
// those that the run has by now.
func checkTaken(tx *store.Tx, w *worked, r *plan.ExecuteRequest) error {
	if len(r.Properties) == 0 {
		return nil
	}
	now, err := tx.Properties(w.rec.Seq)
	if err != nil {
		return err
	}
	return checkMerged(merge(now, r.Properties))
}

// merge is a map with another one over it.
func merge(under, over map[string]string) map[string]string {
	all := maps.Clone(orEmpty(under))
	maps.Copy(all, over)
	return all
}
