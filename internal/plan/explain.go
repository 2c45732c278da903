package plan

import (
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// The operations that look at runs as AWS's own can't.
const (
	OpExplain = "ExplainWorkflowRun"
	OpFamily  = "GetWorkflowRunFamily"
)

// ExplainRequest asks why each node of a run stands where it stands.
type ExplainRequest struct {
	Name  string
	RunId string
}

// ExplainAnswer gives the reasons of all nodes, in the order of the run's graph.
type ExplainAnswer struct{ Nodes []Explained }

// Explained is the reason of a node.
type Explained struct {
	UniqueId string
	Name     string
	Type     glue.NodeType
	Kind     flow.Kind
	Sentence string
	// Chain goes back node by node to the first cause, which is last. LeftOut
	// counts the links before the last that a long chain lacks.
	Chain   []string `json:",omitempty"`
	LeftOut int      `json:",omitempty"`
}

// maxLinks bounds the links of a chain, so that the answer for a long line of nodes
// stays small.
const maxLinks = 12

// Explain gives the reasons of a run's nodes.
func Explain(g *flow.Graph, r *flow.Run) *ExplainAnswer {
	reasons := flow.Explain(g, r)
	causes := reasons.Causes()
	out := &ExplainAnswer{Nodes: make([]Explained, len(g.Nodes))}
	for n := range g.Nodes {
		node := &g.Nodes[n]
		reason, leftOut := causes(n, maxLinks)
		out.Nodes[n] = Explained{
			UniqueId: node.ID, Name: node.Name, Type: node.Type, Kind: reasons.Kind(n),
			Sentence: reason.Sentence, Chain: reason.Chain, LeftOut: leftOut,
		}
	}
	return out
}

// FamilyRequest asks for a run with all that it was resumed from and as.
type FamilyRequest struct {
	Name  string
	RunId string
}
