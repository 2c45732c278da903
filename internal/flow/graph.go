package flow

import (
	"slices"
	"sync"

	"github.com/reglue/reglue/internal/glue"
)

// Graph is a workflow's triggers, compiled. It never changes and is shared by
// all runs of the same definition.
type Graph struct {
	// Nodes are in the order of the API: triggers as created, each followed by
	// the nodes it is the first to start, then nodes that are only watched.
	Nodes    []Node
	Triggers []Trigger
	// Actions are all actions of all triggers, in order; an action of a run is
	// addressed by its index here.
	Actions []Action

	byID func() map[string]int
	// visits counts the edges that a search follows. Only the tests of cost set
	// it.
	visits *int
}

// Node is a trigger, job or crawler of the graph.
type Node struct {
	Type glue.NodeType
	Name string
	// ID is the UniqueId of the API.
	ID string
	// Trigger is the index of a TRIGGER node's trigger, else -1.
	Trigger int
	// Actions start this job or crawler.
	Actions []int
	// Watches are the conditions on this job or crawler, grouped by trigger.
	Watches []Watch
}

// Watch is one condition of a trigger on a node.
type Watch struct {
	Trigger int
	State   State
}

// Trigger is a compiled trigger.
type Trigger struct {
	Def  *glue.Trigger
	Node int
	// First and Count address its actions in Graph.Actions.
	First, Count int
	// Conditions are what a conditional trigger waits for.
	Conditions []Condition
	// Any is set when one met condition is enough.
	Any bool
	// Starts is set for the trigger that begins a run.
	Starts bool
	// Active is set when a conditional trigger may fire: its state was
	// ACTIVATED when the snapshot was taken.
	Active bool
}

// Condition is one condition of a trigger.
type Condition struct {
	Node  int
	State State
}

// Action is one action of a trigger.
type Action struct {
	Trigger int
	// Index is the action's place in its trigger.
	Index int
	// Node is the job or crawler it starts.
	Node int
}

type nodeKey struct {
	typ  glue.NodeType
	name string
}

// Build compiles triggers, in the order of their creation. The function id gives
// each node its UniqueId. The triggers are kept, not copied.
func Build(triggers []glue.Trigger, id func(t glue.NodeType, name string) string) *Graph {
	b := builder{g: &Graph{}, id: id, seen: make(map[nodeKey]int, 2*len(triggers))}
	for i := range triggers {
		b.trigger(&triggers[i])
	}
	for t := range b.g.Triggers {
		b.conditions(t)
	}
	g := b.g
	g.byID = sync.OnceValue(func() map[string]int {
		m := make(map[string]int, len(g.Nodes))
		for i := range g.Nodes {
			m[g.Nodes[i].ID] = i
		}
		return m
	})
	return g
}

// NodeByID finds a node by its UniqueId.
func (g *Graph) NodeByID(id string) (int, bool) {
	n, ok := g.byID()[id]
	return n, ok
}

// TriggerActions are the indexes of a trigger's actions: from first up to end.
func (g *Graph) TriggerActions(t int) (first, end int) {
	tr := &g.Triggers[t]
	return tr.First, tr.First + tr.Count
}

type builder struct {
	g    *Graph
	id   func(t glue.NodeType, name string) string
	seen map[nodeKey]int
}

func (b *builder) node(t glue.NodeType, name string) int {
	k := nodeKey{t, name}
	if n, ok := b.seen[k]; ok {
		return n
	}
	n := len(b.g.Nodes)
	b.seen[k] = n
	b.g.Nodes = append(b.g.Nodes, Node{Type: t, Name: name, ID: b.id(t, name), Trigger: -1})
	return n
}

func (b *builder) trigger(def *glue.Trigger) {
	t := len(b.g.Triggers)
	n := b.node(glue.NodeTypeTrigger, def.Name)
	b.g.Nodes[n].Trigger = t
	conditional := def.Type == glue.TriggerTypeConditional
	tr := Trigger{
		Def: def, Node: n, First: len(b.g.Actions), Count: len(def.Actions),
		Starts: !conditional,
		Active: conditional && def.State == glue.TriggerStateActivated,
	}
	for i := range def.Actions {
		target := b.node(actionTarget(&def.Actions[i]))
		b.g.Nodes[target].Actions = append(b.g.Nodes[target].Actions, len(b.g.Actions))
		b.g.Actions = append(b.g.Actions, Action{Trigger: t, Index: i, Node: target})
	}
	b.g.Triggers = append(b.g.Triggers, tr)
}

func (b *builder) conditions(t int) {
	tr := &b.g.Triggers[t]
	if tr.Starts || tr.Def.Predicate == nil {
		return
	}
	tr.Any = tr.Def.Predicate.Logical == glue.LogicalAny
	for i := range tr.Def.Predicate.Conditions {
		c := &tr.Def.Predicate.Conditions[i]
		typ, name, state := glue.NodeTypeJob, c.JobName, JobState(c.State)
		if c.CrawlerName != "" {
			typ, name, state = glue.NodeTypeCrawler, c.CrawlerName, CrawlState(c.CrawlState)
		}
		n := b.node(typ, name)
		tr.Conditions = append(tr.Conditions, Condition{Node: n, State: state})
		b.g.Nodes[n].Watches = append(b.g.Nodes[n].Watches, Watch{Trigger: t, State: state})
	}
}

func actionTarget(a *glue.Action) (glue.NodeType, string) {
	if a.CrawlerName != "" {
		return glue.NodeTypeCrawler, a.CrawlerName
	}
	return glue.NodeTypeJob, a.JobName
}

// Reach marks the given nodes and all that lie downstream of them, triggers
// included. It visits each edge once.
func (g *Graph) Reach(from ...int) []bool { return g.walk(from, g.next) }

// walk marks the given nodes and all that visit leads to from them, each visited
// once.
func (g *Graph) walk(from []int, visit func(n int, push func(int))) []bool {
	seen := make([]bool, len(g.Nodes))
	stack := slices.Clone(from)
	for _, n := range from {
		seen[n] = true
	}
	push := func(n int) {
		if !seen[n] {
			seen[n] = true
			stack = append(stack, n)
		}
	}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		visit(n, push)
	}
	return seen
}

// next visits the direct successors of a node, one edge at a time.
func (g *Graph) next(n int, visit func(int)) {
	if g.visits != nil {
		*g.visits += 1 + len(g.Nodes[n].Watches)
	}
	if t := g.Nodes[n].Trigger; t >= 0 {
		first, end := g.TriggerActions(t)
		if g.visits != nil {
			*g.visits += end - first
		}
		for a := first; a < end; a++ {
			visit(g.Actions[a].Node)
		}
		return
	}
	for _, w := range g.Nodes[n].Watches {
		visit(g.Triggers[w.Trigger].Node)
	}
}
