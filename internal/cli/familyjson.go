package cli

import (
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// familyDescription is a family as -o json gives it.
type familyDescription struct {
	Workflow string         `json:"workflow"`
	Head     string         `json:"head"`
	Runs     []memberRun    `json:"runs"`
	Nodes    []suppliedNode `json:"nodes"`
	Lost     []string       `json:"lost,omitempty"`
	Totals   familyTotals   `json:"totals"`
}

type memberRun struct {
	RunID         string   `json:"runId"`
	PreviousRunID string   `json:"previousRunId,omitempty"`
	Depth         int      `json:"depth"`
	Head          bool     `json:"head,omitempty"`
	StartedOn     string   `json:"startedOn,omitempty"`
	CompletedOn   string   `json:"completedOn,omitempty"`
	Outcome       outcome  `json:"outcome"`
	Repeated      []string `json:"repeated,omitempty"` // the nodes that the resume started directly
	Accepted      []string `json:"accepted,omitempty"` // those it took as SUCCEEDED
	Held          []string `json:"held,omitempty"`     // those it held back
	Set           []string `json:"set,omitempty"`      // settings that differ from those of the run before
	Attempts      int      `json:"attempts"`           // that ran in it
	Seconds       float64  `json:"seconds"`            // that they took
	Carried       int      `json:"carried"`            // starts that it did not repeat
	SavedSeconds  float64  `json:"savedSeconds"`       // that those took
}

type suppliedNode struct {
	Name  string        `json:"name"`
	Type  glue.NodeType `json:"type"`
	ID    string        `json:"id"`
	State string        `json:"state"` // as the head has it; empty: never started
	// Accepted is set when a resume took it as SUCCEEDED; Error says who and why.
	Accepted bool `json:"accepted,omitempty"`
	attemptDescription
	Reason   string               `json:"reason,omitempty"`
	Attempts []attemptDescription `json:"attempts,omitempty"` // all in the family, oldest first
	Aside    *attemptDescription  `json:"aside,omitempty"`    // a later one in another branch
}

// attemptDescription is one attempt of a family.
type attemptDescription struct {
	State       string  `json:"state,omitempty"`
	RunID       string  `json:"runId,omitempty"`
	Before      string  `json:"before,omitempty"` // it ran in this lost run, or before
	JobRunID    string  `json:"jobRunId,omitempty"`
	Retry       int     `json:"retry,omitempty"`
	Trigger     string  `json:"trigger,omitempty"`
	StartedOn   string  `json:"startedOn,omitempty"`
	CompletedOn string  `json:"completedOn,omitempty"`
	Seconds     float64 `json:"seconds,omitempty"`
	Error       string  `json:"error,omitempty"`
}

type familyTotals struct {
	StartedOn    string  `json:"startedOn,omitempty"`
	CompletedOn  string  `json:"completedOn,omitempty"` // empty while a run is live
	WallSeconds  float64 `json:"wallSeconds"`
	IdleSeconds  float64 `json:"idleSeconds"`
	Attempts     int     `json:"attempts"`
	Seconds      float64 `json:"seconds"`
	SavedStarts  int     `json:"savedStarts"`
	SavedSeconds float64 `json:"savedSeconds"`
}

func (v *familyView) describe() familyDescription {
	f := v.f
	d := familyDescription{Workflow: v.workflow, Head: v.head.WorkflowRunId, Runs: []memberRun{}, Nodes: []suppliedNode{}, Lost: f.Lost}
	for i := range f.Runs {
		m := &f.Runs[i]
		r := memberRun{
			RunID: m.Run.WorkflowRunId, PreviousRunID: m.Run.PreviousRunId, Depth: m.Depth, Head: i == f.Head,
			StartedOn: m.Run.StartedOn.String(), CompletedOn: m.Run.CompletedOn.String(), Outcome: outcomeOf(m.Run),
			Attempts: m.Ran, Seconds: millis(m.Worked).Seconds(), Carried: m.Saved.Starts, SavedSeconds: millis(m.Saved.Time).Seconds(),
		}
		if m.Run.PreviousRunId != "" {
			r.Repeated = namesIn(m.Graph, m.State.Roots)
			r.Set = v.set(m)
			r.Accepted, r.Held = namesIn(m.Graph, m.State.Accepted), namesIn(m.Graph, m.State.Held)
		}
		d.Runs = append(d.Runs, r)
	}
	reasons := reasonsOf(v.head)
	for _, s := range v.inOrder() {
		d.Nodes = append(d.Nodes, v.describeNode(s, reasons))
	}
	d.Totals = familyTotals{
		StartedOn: glue.Time(f.Began).String(), CompletedOn: glue.Time(f.Ended).String(),
		WallSeconds: millis(f.Wall).Seconds(), IdleSeconds: millis(f.Idle).Seconds(), Attempts: len(f.Attempts),
		Seconds: millis(f.Worked).Seconds(), SavedStarts: f.Saved.Starts, SavedSeconds: millis(f.Saved.Time).Seconds(),
	}
	return d
}

func (v *familyView) describeNode(s *flow.Supply, reasons map[string]string) suppliedNode {
	node := &v.f.Runs[v.f.Head].Graph.Nodes[s.Node]
	n := suppliedNode{Name: node.Name, Type: node.Type, ID: node.ID, Reason: reasons[node.ID]}
	for _, i := range s.Attempts {
		n.Attempts = append(n.Attempts, v.describeAttempt(i))
	}
	if s.Latest >= 0 {
		n.attemptDescription = v.describeAttempt(s.Latest)
		n.attemptDescription.State, n.Error = "", problemOf(s.Shown)
		n.State, n.Accepted = wireState(node, s.Shown.State), isAccepted(s)
	}
	if s.Aside >= 0 {
		aside := v.describeAttempt(s.Aside)
		n.Aside = &aside
	}
	return n
}

func (v *familyView) describeAttempt(i int) attemptDescription {
	at := &v.f.Attempts[i]
	d := attemptDescription{
		State: at.State.String(), Before: at.Before, StartedOn: glue.Time(at.Began).String(), CompletedOn: glue.Time(at.Ended).String(),
		Seconds: millis(at.Took(v.now().UnixMilli())).Seconds(), Error: problemOf(at),
	}
	if at.Run >= 0 {
		d.RunID = v.f.Runs[at.Run].Run.WorkflowRunId
	}
	if at.Job != nil {
		d.JobRunID, d.Retry, d.Trigger = at.Job.Id, int(at.Job.Attempt), at.Job.TriggerName
	} else {
		d.State = string(at.Crawl.State)
	}
	return d
}
