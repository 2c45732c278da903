package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// observe rebuilds a run from the server's answer, with what a reglue server keeps
// of it as a resume; the record is nil where there is none.
func observe(ctx context.Context, t *target, run *glue.WorkflowRun) (*flow.Graph, *flow.Run, *plan.Record, error) {
	record, err := recordOf(ctx, t, run)
	if err != nil {
		return nil, nil, nil, err
	}
	if record == nil {
		g, r, err := flow.Observe(run)
		return g, r, nil, err
	}
	known := flow.Known{Held: record.Held, WhileRunning: record.WhileRunning, Roots: record.Roots}
	for i := range record.Accepted {
		if acc := &record.Accepted[i]; acc.RunId == run.WorkflowRunId {
			known.Accepted = append(known.Accepted, acc.NodeId)
		} else {
			known.Before = append(known.Before, acc.NodeId)
		}
	}
	g, r, err := flow.ObserveScope(run, &known)
	return g, r, record, err
}

// recordOf is what a reglue server keeps of a run as a resume; nil when that is
// nothing, or not known.
func recordOf(ctx context.Context, t *target, run *glue.WorkflowRun) (*plan.Record, error) {
	if run.PreviousRunId == "" || t.Kind == targetAWS {
		return nil, nil
	}
	record, err := call[plan.Record](ctx, t, plan.OpGet, &plan.GetRequest{Name: run.Name, RunId: run.WorkflowRunId})
	switch {
	case isKind(err, glue.UnknownOperation):
		return nil, nil
	case err != nil:
		return nil, err
	case record.At.IsZero():
		return nil, nil
	}
	return record, nil
}

// showRecord tells what a resume set beyond the nodes that it repeats.
func (a *app) showRecord(r *glue.WorkflowRun, record *plan.Record) {
	if record == nil {
		return
	}
	say := func(format string, args ...any) {
		a.out.paragraph(shortRuns(oneLine(fmt.Sprintf(format, args...))), "  ", dim)
	}
	if record.By != "" {
		say("resumed by %s", record.By)
	}
	for i := range record.Accepted {
		acc := &record.Accepted[i]
		say("%s was accepted as SUCCEEDED by %s: %s (it ended %s)", nodeNames(r, []string{acc.NodeId}), cmp.Or(acc.By, "an unnamed caller"), acc.Because, acc.State)
	}
	if record.WhileRunning {
		say("resumed while it ran: what ran in the run before was moved here")
	}
	if record.Moved {
		say("on the workflow's triggers as they were when it was resumed, not those of the run before")
	}
	if len(record.Held) > 0 {
		say("held back: %s", nodeNames(r, record.Held))
	}
	for _, name := range slices.Sorted(maps.Keys(record.Properties)) {
		say("property %s=%s", name, record.Properties[name])
	}
	for _, job := range slices.Sorted(maps.Keys(record.Overrides)) {
		say("%s: %s", job, overrideText(record.Overrides[job]))
	}
	if len(record.Rewound) > 0 {
		say("bookmarks set back to before the run: %s", strings.Join(record.Rewound, ", "))
	}
	for i := range record.Before {
		b := &record.Before[i]
		say("before %s: %s (%s)", b.Node, b.Command, duration(time.Duration(b.TookMs)*time.Millisecond))
	}
	if record.Pinned > 0 {
		say("%s as the plan saw them", plural(record.Pinned, "file"))
	}
}

// overrideText is an override in the words of the flags.
func overrideText(o glue.RunOverride) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(o.Arguments)) {
		parts = append(parts, key+"="+o.Arguments[key])
	}
	if o.Timeout != nil {
		parts = append(parts, plural(int(*o.Timeout), "minute")+" of timeout")
	}
	if o.Retries != nil {
		parts = append(parts, fmt.Sprintf("retries %d", *o.Retries))
	}
	return strings.Join(parts, ", ")
}
