package cli

import (
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// rehearsalDescription is a rehearsal as -o json gives it.
type rehearsalDescription struct {
	Workflow     string                     `json:"workflow"`
	Template     string                     `json:"template,omitempty"`
	RunID        string                     `json:"runId,omitempty"`
	Resume       []string                   `json:"resume,omitempty"` // the nodes that start directly
	Accepted     []string                   `json:"accepted,omitempty"`
	Held         []string                   `json:"held,omitempty"`
	Status       glue.WorkflowRunStatus     `json:"status"`
	Outcome      outcome                    `json:"outcome"`
	Statistics   glue.WorkflowRunStatistics `json:"statistics"`
	Seconds      float64                    `json:"seconds"`
	CriticalPath []rehearsedAttempt         `json:"criticalPath"`
	Nodes        []rehearsedNode            `json:"nodes"`
	Triggers     []rehearsedTrigger         `json:"triggers"`
	Notes        []string                   `json:"notes,omitempty"`
	Expectations []judgement                `json:"expectations,omitempty"`
	Met          bool                       `json:"met"`
}

type rehearsedAttempt struct {
	Node        string  `json:"node,omitempty"`
	State       string  `json:"state"`
	Retry       int     `json:"retry,omitempty"`
	Trigger     string  `json:"trigger,omitempty"`
	FromSeconds float64 `json:"fromSeconds"`
	ToSeconds   float64 `json:"toSeconds"`
}

type rehearsedNode struct {
	Name         string             `json:"name"`
	Type         glue.NodeType      `json:"type"`
	ID           string             `json:"id"`
	State        string             `json:"state"` // empty: never started
	Carried      bool               `json:"carried,omitempty"`
	Attempts     []rehearsedAttempt `json:"attempts,omitempty"`
	Seconds      float64            `json:"seconds"` // of all attempts
	DurationFrom string             `json:"durationFrom,omitempty"`
	Reason       string             `json:"reason"`
	Cause        string             `json:"cause,omitempty"`
}

type rehearsedTrigger struct {
	Name   string `json:"name"`
	Fired  bool   `json:"fired"`
	Reason string `json:"reason"`
}

func (v *rehearsalView) describe() rehearsalDescription {
	d := rehearsalDescription{
		Workflow: v.s.workflow, Template: v.s.template, Resume: v.s.roots, Status: v.r.Run.Status, Outcome: v.outcome(),
		Statistics: v.r.Run.Statistics(), Seconds: millis(v.r.Took).Seconds(), CriticalPath: []rehearsedAttempt{},
		Nodes: []rehearsedNode{}, Triggers: []rehearsedTrigger{}, Notes: v.s.notes,
		Accepted: namesIn(v.s.g, v.r.Run.Accepted), Held: namesIn(v.s.g, v.r.Run.Held), Expectations: v.judged, Met: v.unmet() == nil,
	}
	if v.s.run != nil {
		d.RunID = v.s.run.WorkflowRunId
	}
	attempts := make([][]rehearsedAttempt, len(v.s.g.Nodes))
	for i := range v.r.Attempts {
		n := v.r.Attempts[i].Node
		attempts[n] = append(attempts[n], v.describeAttempt(i))
	}
	for _, i := range v.r.CriticalPath() {
		at := v.describeAttempt(i)
		at.Node = v.s.g.Nodes[v.r.Attempts[i].Node].Name
		d.CriticalPath = append(d.CriticalPath, at)
	}
	causes := map[int]string{}
	for _, b := range flow.Blocked(v.s.g, v.r.Run).Blocked {
		if b.Cause >= 0 {
			causes[b.Node] = v.s.g.Nodes[b.Cause].Name
		}
	}
	why := flow.Explain(v.s.g, v.r.Run)
	for n := range v.s.g.Nodes {
		node := &v.s.g.Nodes[n]
		if node.Trigger >= 0 {
			d.Triggers = append(d.Triggers, rehearsedTrigger{node.Name, v.r.Run.Triggers[node.Trigger].Fired, why.Sentence(n)})
			continue
		}
		out := rehearsedNode{
			Name: node.Name, Type: node.Type, ID: node.ID, State: plan.WireState(node, stateIn(v.s.g, v.r.Run, n)),
			Carried: v.r.Run.Nodes[n].Carried, Attempts: attempts[n], DurationFrom: v.cast.source[n], Reason: why.Sentence(n), Cause: causes[n],
		}
		for _, at := range out.Attempts {
			out.Seconds += at.ToSeconds - at.FromSeconds
		}
		d.Nodes = append(d.Nodes, out)
	}
	return d
}

func (v *rehearsalView) describeAttempt(i int) rehearsedAttempt {
	at := &v.r.Attempts[i]
	return rehearsedAttempt{
		State: plan.WireState(&v.s.g.Nodes[at.Node], at.End), Retry: at.Retry, Trigger: v.s.g.Triggers[v.s.g.Actions[at.Action].Trigger].Def.Name,
		FromSeconds: millis(at.Began).Seconds(), ToSeconds: millis(at.Ended).Seconds(),
	}
}
