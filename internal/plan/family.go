package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// Family is a run with all its resumes, and what is kept of those.
type Family struct {
	*flow.Family
	Workflow string
	// Records are what a reglue server keeps of the resumes, by run id.
	Records map[string]*Record
	// Now is when the family is looked at.
	Now glue.Time
}

// NewFamily puts a family together from its runs, in any order.
func NewFamily(workflow string, runs []flow.Observed, records map[string]*Record, now time.Time) (*Family, error) {
	at := glue.MakeTime(now)
	f, err := flow.NewFamily(runs, int64(at))
	if err != nil {
		return nil, err
	}
	return &Family{f, workflow, records, at}, nil
}

// HeadRun is the run that started last.
func (f *Family) HeadRun() *glue.WorkflowRun { return f.Runs[f.Head].Run }

// Set says what a resume set otherwise than the run before it.
func (f *Family) Set(m *flow.Member) []string {
	var properties map[string]string
	if m.Parent >= 0 {
		properties = f.Runs[m.Parent].Run.WorkflowRunProperties
	}
	return settingChanges(f.Records[m.Run.PreviousRunId], f.Records[m.Run.WorkflowRunId], properties)
}

// InOrder are the nodes, upstream before downstream.
func (f *Family) InOrder() []*flow.Supply {
	byID := map[string]*flow.Supply{}
	for i := range f.Nodes {
		byID[f.Runs[f.Head].Graph.Nodes[f.Nodes[i].Node].ID] = &f.Nodes[i]
	}
	var out []*flow.Supply
	for _, n := range DownstreamOrder(f.HeadRun().Graph) {
		if s := byID[n.UniqueId]; s != nil {
			out = append(out, s)
		}
	}
	return out
}

// IsAccepted reports whether a resume took the attempt, which did not succeed, as
// SUCCEEDED.
func IsAccepted(s *flow.Supply) bool {
	return s.Shown != nil && s.Shown.State == flow.Succeeded && strings.HasPrefix(Problem(s.Shown), glue.AcceptedMessage)
}

// Problem is the error of an attempt.
func Problem(at *flow.FamilyAttempt) string {
	if at.Job != nil {
		return at.Job.ErrorMessage
	}
	return at.Crawl.ErrorMessage
}

// settingChanges say what a resume set that the run before it had not, or had
// otherwise: run properties, and the overrides of jobs.
func settingChanges(before, now *Record, properties map[string]string) []string {
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
			out = append(out, fmt.Sprintf("%s timeout %s", job, minutes(*is.Timeout)))
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

func minutes(n int32) string {
	if n == 1 {
		return "1 minute"
	}
	return fmt.Sprintf("%d minutes", n)
}
