package cli

import (
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// runDescription is a run as -o json gives it.
type runDescription struct {
	Workflow      string            `json:"workflow"`
	RunID         string            `json:"runId"`
	PreviousRunID string            `json:"previousRunId,omitempty"`
	StartedOn     string            `json:"startedOn,omitempty"`
	CompletedOn   string            `json:"completedOn,omitempty"`
	Outcome       outcome           `json:"outcome"`
	Whole         bool              `json:"whole"`
	ErrorMessage  string            `json:"errorMessage,omitempty"`
	Properties    map[string]string `json:"properties,omitempty"`
	// Resume is what a reglue server keeps of the run as a resume.
	Resume *plan.Record      `json:"resume,omitempty"`
	Nodes  []nodeDescription `json:"nodes"`
}

// nodeDescription is a job or crawler of a run as -o json gives it.
type nodeDescription struct {
	Name        string        `json:"name"`
	Type        glue.NodeType `json:"type"`
	ID          string        `json:"id"`
	State       string        `json:"state"` // empty: never started
	Carried     bool          `json:"carried,omitempty"`
	Accepted    bool          `json:"accepted,omitempty"`
	JobRunID    string        `json:"jobRunId,omitempty"`
	Trigger     string        `json:"trigger,omitempty"`
	Attempts    int           `json:"attempts,omitempty"`
	StartedOn   string        `json:"startedOn,omitempty"`
	CompletedOn string        `json:"completedOn,omitempty"`
	Seconds     float64       `json:"seconds,omitempty"`
	Error       string        `json:"error,omitempty"`
	StateDetail string        `json:"stateDetail,omitempty"`
	Reason      string        `json:"reason,omitempty"`
}

func describe(run *glue.WorkflowRun) runDescription {
	o := outcomeOf(run)
	d := runDescription{
		Workflow: run.Name, RunID: run.WorkflowRunId, PreviousRunID: run.PreviousRunId,
		StartedOn: run.StartedOn.String(), CompletedOn: run.CompletedOn.String(),
		Outcome: o, Whole: o.whole(), ErrorMessage: run.ErrorMessage,
		Properties: run.WorkflowRunProperties, Nodes: []nodeDescription{},
	}
	reasons := reasonsOf(run)
	views := viewNodes(run)
	for i := range views {
		n := views[i].describe()
		n.Reason = reasons[n.ID]
		d.Nodes = append(d.Nodes, n)
	}
	return d
}

func (v *nodeView) describe() nodeDescription {
	d := nodeDescription{
		Name: v.node.Name, Type: v.node.Type, ID: v.node.UniqueId, Carried: v.carried, Accepted: v.accepted(),
		StartedOn: v.began.String(), CompletedOn: v.ended.String(),
		Seconds: v.took(v.ended.Time()).Round(time.Millisecond).Seconds(), Error: v.problem(),
	}
	if v.state != flow.Blank {
		d.State = v.state.String()
	}
	if v.job != nil {
		d.JobRunID, d.Trigger, d.StateDetail = v.job.Id, v.job.TriggerName, v.job.StateDetail
		d.Attempts = len(v.node.JobDetails.JobRuns)
	}
	if v.crawl != nil {
		d.State = string(v.crawl.State)
		d.Attempts = len(v.node.CrawlerDetails.Crawls)
	}
	return d
}
