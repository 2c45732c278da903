package flow

// Outcome sums up what went wrong in a run.
type Outcome struct {
	// Failed are the nodes of FailedNodes.
	Failed []int
	// Blocked are the jobs and crawlers that never started.
	Blocked []Block
}

// Block is a node that has not started.
type Block struct {
	Node int
	// Sentence says why, as Explain does.
	Sentence string
	// Cause is the node whose end, or whose running, lies first behind it: -1
	// when it is no node, as with a trigger that is not activated.
	Cause int
}

// FailedNodes are the jobs and crawlers whose latest attempt ended FAILED,
// TIMEOUT, ERROR, EXPIRED or STOPPED (a crawl FAILED, CANCELLED or ERROR), in the
// order of the graph.
func FailedNodes(g *Graph, r *Run) []int {
	var out []int
	for n := range g.Nodes {
		if at, ok := r.Latest(g, n); ok {
			if s := r.Actions[at.Action].State; s.Terminal() && s != Succeeded {
				out = append(out, n)
			}
		}
	}
	return out
}

// Blocked says which nodes failed and which never started, each with its cause.
func Blocked(g *Graph, r *Run) Outcome {
	out := Outcome{Failed: FailedNodes(g, r)}
	w := newWhy(g, r)
	known := make([]cause, len(g.Nodes))
	for n := range g.Nodes {
		if g.Nodes[n].Trigger >= 0 || w.ended(n) {
			continue
		}
		sentence, _ := w.blank(n)
		out.Blocked = append(out.Blocked, Block{Node: n, Sentence: sentence, Cause: w.cause(n, known)})
	}
	return out
}

// cause is what is known of a blank node's cause.
type cause struct {
	seen bool
	node int
}

// cause follows the blank nodes upstream to the first one that ran. It remembers
// what it found, so that all causes cost one walk of the graph.
func (w *why) cause(n int, known []cause) int {
	var path []int
	at := n
	for at >= 0 && !w.ended(at) && !known[at].seen {
		known[at] = cause{true, -1} // a circle that nothing starts has no cause
		path = append(path, at)
		_, at = w.blank(at)
	}
	if at >= 0 && !w.ended(at) {
		at = known[at].node
	}
	for _, p := range path {
		known[p].node = at
	}
	return at
}
