package plan

import (
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// FamilyAnswer is a family as OpFamily and `reglue family -o json` give it.
type FamilyAnswer struct {
	Workflow string         `json:"workflow"`
	Head     string         `json:"head"`
	Runs     []MemberRun    `json:"runs"`
	Nodes    []SuppliedNode `json:"nodes"`
	Lost     []string       `json:"lost,omitempty"`
	Totals   FamilyTotals   `json:"totals"`
}

// MemberRun is a run of a family.
type MemberRun struct {
	RunID         string   `json:"runId"`
	PreviousRunID string   `json:"previousRunId,omitempty"`
	Depth         int      `json:"depth"`
	Head          bool     `json:"head,omitempty"`
	StartedOn     string   `json:"startedOn,omitempty"`
	CompletedOn   string   `json:"completedOn,omitempty"`
	Outcome       Outcome  `json:"outcome"`
	Repeated      []string `json:"repeated,omitempty"` // the nodes that the resume started directly
	Accepted      []string `json:"accepted,omitempty"` // those it took as SUCCEEDED
	Held          []string `json:"held,omitempty"`     // those it held back
	Set           []string `json:"set,omitempty"`      // settings that differ from those of the run before
	Attempts      int      `json:"attempts"`           // that ran in it
	Seconds       float64  `json:"seconds"`            // that they took
	Carried       int      `json:"carried"`            // starts that it did not repeat
	SavedSeconds  float64  `json:"savedSeconds"`       // that those took
}

// SuppliedNode is a job or crawler with the attempt that its present state comes from.
type SuppliedNode struct {
	Name  string        `json:"name"`
	Type  glue.NodeType `json:"type"`
	ID    string        `json:"id"`
	State string        `json:"state"` // as the head has it; empty: never started
	// Accepted is set when a resume took it as SUCCEEDED; Error says who and why.
	Accepted bool `json:"accepted,omitempty"`
	AttemptAnswer
	Reason   string          `json:"reason,omitempty"`
	Attempts []AttemptAnswer `json:"attempts,omitempty"` // all in the family, oldest first
	Aside    *AttemptAnswer  `json:"aside,omitempty"`    // a later one in another branch
}

// AttemptAnswer is one attempt of a family.
type AttemptAnswer struct {
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

// FamilyTotals are the sums over a family.
type FamilyTotals struct {
	StartedOn    string  `json:"startedOn,omitempty"`
	CompletedOn  string  `json:"completedOn,omitempty"` // empty while a run is live
	WallSeconds  float64 `json:"wallSeconds"`
	IdleSeconds  float64 `json:"idleSeconds"`
	Attempts     int     `json:"attempts"`
	Seconds      float64 `json:"seconds"`
	SavedStarts  int     `json:"savedStarts"`
	SavedSeconds float64 `json:"savedSeconds"`
}

// Describe is the family as it is answered.
func (f *Family) Describe() *FamilyAnswer {
	d := &FamilyAnswer{Workflow: f.Workflow, Head: f.HeadRun().WorkflowRunId, Runs: []MemberRun{}, Nodes: []SuppliedNode{}, Lost: f.Lost}
	for i := range f.Runs {
		m := &f.Runs[i]
		r := MemberRun{
			RunID: m.Run.WorkflowRunId, PreviousRunID: m.Run.PreviousRunId, Depth: m.Depth, Head: i == f.Head,
			StartedOn: m.Run.StartedOn.String(), CompletedOn: m.Run.CompletedOn.String(), Outcome: OutcomeOf(m.Run),
			Attempts: m.Ran, Seconds: millis(m.Worked).Seconds(), Carried: m.Saved.Starts, SavedSeconds: millis(m.Saved.Time).Seconds(),
		}
		if m.Run.PreviousRunId != "" {
			r.Repeated = names(m.Graph, m.State.Roots)
			r.Set = f.Set(m)
			r.Accepted, r.Held = names(m.Graph, m.State.Accepted), names(m.Graph, m.State.Held)
		}
		d.Runs = append(d.Runs, r)
	}
	reasons := Reasons(f.Runs[f.Head].Graph, f.Runs[f.Head].State)
	for _, s := range f.InOrder() {
		d.Nodes = append(d.Nodes, f.describeNode(s, reasons))
	}
	d.Totals = FamilyTotals{
		StartedOn: glue.Time(f.Began).String(), CompletedOn: glue.Time(f.Ended).String(),
		WallSeconds: millis(f.Wall).Seconds(), IdleSeconds: millis(f.Idle).Seconds(), Attempts: len(f.Attempts),
		Seconds: millis(f.Worked).Seconds(), SavedStarts: f.Saved.Starts, SavedSeconds: millis(f.Saved.Time).Seconds(),
	}
	return d
}

func (f *Family) describeNode(s *flow.Supply, reasons map[string]string) SuppliedNode {
	node := &f.Runs[f.Head].Graph.Nodes[s.Node]
	n := SuppliedNode{Name: node.Name, Type: node.Type, ID: node.ID, Reason: reasons[node.ID]}
	for _, i := range s.Attempts {
		n.Attempts = append(n.Attempts, f.describeAttempt(i))
	}
	if s.Latest >= 0 {
		n.AttemptAnswer = f.describeAttempt(s.Latest)
		n.AttemptAnswer.State, n.Error = "", Problem(s.Shown)
		n.State, n.Accepted = WireState(node, s.Shown.State), IsAccepted(s)
	}
	if s.Aside >= 0 {
		aside := f.describeAttempt(s.Aside)
		n.Aside = &aside
	}
	return n
}

func (f *Family) describeAttempt(i int) AttemptAnswer {
	at := &f.Attempts[i]
	d := AttemptAnswer{
		State: at.State.String(), Before: at.Before, StartedOn: glue.Time(at.Began).String(), CompletedOn: glue.Time(at.Ended).String(),
		Seconds: millis(at.Took(int64(f.Now))).Seconds(), Error: Problem(at),
	}
	if at.Run >= 0 {
		d.RunID = f.Runs[at.Run].Run.WorkflowRunId
	}
	if at.Job != nil {
		d.JobRunID, d.Retry, d.Trigger = at.Job.Id, int(at.Job.Attempt), at.Job.TriggerName
	} else {
		d.State = string(at.Crawl.State)
	}
	return d
}

// names are the names of nodes of a graph.
func names(g *flow.Graph, nodes []int) []string {
	out := []string{}
	for _, n := range nodes {
		out = append(out, g.Nodes[n].Name)
	}
	return out
}

func millis(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// WireState is a state in the words of the node's kind; empty for Blank.
func WireState(node *flow.Node, s flow.State) string {
	if node.Type == glue.NodeTypeCrawler {
		return string(s.Crawl())
	}
	return string(s.Job())
}
