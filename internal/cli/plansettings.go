package cli

import (
	"fmt"
	"maps"
	"slices"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

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

func (d *planDescription) writeSettings(to screen) {
	if len(d.Settings) == 0 {
		return
	}
	fmt.Fprintf(to, "\n%s\n", to.paint(bold, "With other settings"))
	for _, s := range d.Settings {
		to.paragraph(s, "  ", plain)
	}
}
