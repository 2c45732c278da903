package flow

// componentSet holds the strongly connected components of a part of the graph,
// downstream components first.
type componentSet struct {
	// of is the component of each node, -1 where the search did not come.
	of    []int
	nodes [][]int
}

// components finds the strongly connected components of what the given nodes
// reach (Tarjan's algorithm, without recursion so that a chain of any length
// fits the stack).
func components(g *Graph, from []int) componentSet {
	t := tarjan{
		g:     g,
		set:   componentSet{of: make([]int, len(g.Nodes))},
		index: make([]int, len(g.Nodes)),
		low:   make([]int, len(g.Nodes)),
	}
	for n := range t.set.of {
		t.set.of[n] = -1
	}
	for _, n := range from {
		if t.index[n] == 0 {
			t.visit(n)
		}
	}
	return t.set
}

type tarjan struct {
	g     *Graph
	set   componentSet
	index []int // order of discovery from 1; 0 is unseen
	low   []int
	count int
	open  []int
	calls []call
}

// call is one node under search and the successors still to look at.
type call struct {
	node int
	succ []int
}

func (t *tarjan) enter(n int) {
	t.count++
	t.index[n], t.low[n] = t.count, t.count
	t.open = append(t.open, n)
	var succ []int
	t.g.next(n, func(m int) { succ = append(succ, m) })
	t.calls = append(t.calls, call{n, succ})
}

func (t *tarjan) visit(root int) {
	t.enter(root)
	for len(t.calls) > 0 {
		c := &t.calls[len(t.calls)-1]
		if len(c.succ) > 0 {
			m := c.succ[0]
			c.succ = c.succ[1:]
			switch {
			case t.index[m] == 0:
				t.enter(m)
			case t.set.of[m] < 0:
				t.low[c.node] = min(t.low[c.node], t.index[m])
			}
			continue
		}
		t.leave(c.node)
	}
}

func (t *tarjan) leave(n int) {
	t.calls = t.calls[:len(t.calls)-1]
	if len(t.calls) > 0 {
		up := t.calls[len(t.calls)-1].node
		t.low[up] = min(t.low[up], t.low[n])
	}
	if t.low[n] != t.index[n] {
		return
	}
	i := len(t.open) - 1
	for t.open[i] != n {
		i--
	}
	members := append([]int(nil), t.open[i:]...)
	t.open = t.open[:i]
	for _, m := range members {
		t.set.of[m] = len(t.set.nodes)
	}
	t.set.nodes = append(t.set.nodes, members)
}
