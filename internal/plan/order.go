package plan

import "github.com/reglue/reglue/internal/glue"

// DownstreamOrder sorts nodes so that each comes after those it waits for; what
// is on a cycle comes last, in the order of the graph.
func DownstreamOrder(g *glue.WorkflowGraph) []*glue.Node {
	index := make(map[string]int, len(g.Nodes))
	for i := range g.Nodes {
		index[g.Nodes[i].UniqueId] = i
	}
	next := make([][]int, len(g.Nodes))
	waits := make([]int, len(g.Nodes))
	for _, e := range g.Edges {
		from, ok := index[e.SourceId]
		to, ok2 := index[e.DestinationId]
		if ok && ok2 {
			next[from] = append(next[from], to)
			waits[to]++
		}
	}
	done := make([]bool, len(g.Nodes))
	order := make([]*glue.Node, 0, len(g.Nodes))
	var ready []int
	for i := range g.Nodes {
		if waits[i] == 0 {
			ready = append(ready, i)
		}
	}
	for len(ready) > 0 {
		i := ready[0]
		ready = ready[1:]
		done[i] = true
		order = append(order, &g.Nodes[i])
		for _, to := range next[i] {
			if waits[to]--; waits[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
	for i := range g.Nodes {
		if !done[i] {
			order = append(order, &g.Nodes[i])
		}
	}
	return order
}
