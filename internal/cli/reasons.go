package cli

import (
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// reasonsOf says of the nodes of a run, by their ids and fit for a terminal, why
// they never started or what made them start.
func reasonsOf(run *glue.WorkflowRun) map[string]string {
	g, r, err := flow.Observe(run)
	if err != nil {
		return map[string]string{} // what can't be understood is shown without reasons
	}
	reasons := plan.Reasons(g, r)
	for id, text := range reasons {
		reasons[id] = oneLine(text)
	}
	return reasons
}
