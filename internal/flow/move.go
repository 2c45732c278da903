package flow

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

// Move carries a run that is over to another graph of its workflow, by the names of
// triggers and nodes. What the new graph lacks is gone; what is new in it is blank,
// and held back like a node of a narrower resume, so that it can be chosen once what
// it waits for is done. A trigger keeps that it fired if it is still there.
func Move(g *Graph, r *Run, to *Graph) *Run {
	m := NewRun(to, r.ID)
	m.Status, m.Clock, m.Sources = r.Status, r.Clock, r.Sources
	nodes := newNodes(g, to)
	actions := newActions(g, to)
	for a := range g.Actions {
		if b, ok := actions[a]; ok {
			m.Actions[b] = r.Actions[a]
		}
	}
	known := make([]bool, len(to.Nodes))
	for n := range g.Nodes {
		at, ok := nodes[n]
		if !ok {
			continue
		}
		known[at] = true
		if t := g.Nodes[n].Trigger; t >= 0 {
			m.Triggers[to.Nodes[at].Trigger].Fired = r.Triggers[t].Fired
			continue
		}
		m.moveNode(g, r, n, to, at, actions)
	}
	for _, n := range r.Held {
		if at, ok := nodes[n]; ok {
			m.Held = append(m.Held, at)
		}
	}
	for n := range to.Nodes {
		if !known[n] && to.Nodes[n].Trigger < 0 {
			m.Held = append(m.Held, n)
		}
	}
	slices.Sort(m.Held)
	m.recount(to)
	return m
}

// moveNode keeps where a node stands. Its job run's id no longer follows from the
// graph, so it is noted.
func (r *Run) moveNode(g *Graph, from *Run, n int, to *Graph, at int, actions map[int]int) {
	st := from.Nodes[n]
	if st.Last == Blank {
		return
	}
	st.ID = from.EndID(g, n)
	action, ok := actions[int(st.Action)]
	if !ok && len(to.Nodes[at].Actions) > 0 {
		// Its trigger is gone; another one starts it now.
		action = to.Nodes[at].Actions[0]
		r.Actions[action] = from.Actions[st.Action]
	}
	st.Action = int32(action)
	r.Nodes[at] = st
}

// EndID is the id of the job run of a node's latest end.
func (r *Run) EndID(g *Graph, n int) string {
	st := &r.Nodes[n]
	if st.ID != "" || st.Last == Blank {
		return st.ID
	}
	return r.JobRunID(g, st.Source, Attempt{int(st.Action), int(st.Start)}, st.Retry)
}

// newNodes maps the nodes of a graph to those of the same type and name in another.
func newNodes(g, to *Graph) map[int]int {
	byName := make(map[nodeKey]int, len(to.Nodes))
	for n := range to.Nodes {
		byName[nodeKey{to.Nodes[n].Type, to.Nodes[n].Name}] = n
	}
	out := make(map[int]int, len(g.Nodes))
	for n := range g.Nodes {
		if at, ok := byName[nodeKey{g.Nodes[n].Type, g.Nodes[n].Name}]; ok {
			out[n] = at
		}
	}
	return out
}

// newActions maps the actions of a graph to those of another by which the trigger
// of the same name starts the same node.
func newActions(g, to *Graph) map[int]int {
	type key struct {
		trigger string
		node    nodeKey
		nth     int
	}
	keys := func(g *Graph) map[key]int {
		out, seen := make(map[key]int, len(g.Actions)), map[key]int{}
		for a := range g.Actions {
			node := &g.Nodes[g.Actions[a].Node]
			k := key{trigger: g.Triggers[g.Actions[a].Trigger].Def.Name, node: nodeKey{node.Type, node.Name}}
			nth := seen[k]
			seen[k]++
			k.nth = nth
			out[k] = a
		}
		return out
	}
	there := keys(to)
	out := map[int]int{}
	for k, a := range keys(g) {
		if b, ok := there[k]; ok {
			out[a] = b
		}
	}
	return out
}

// Difference says what differs between two graphs of a workflow, a sentence each.
func Difference(g, to *Graph) []string {
	var out []string
	nodes := newNodes(g, to)
	for n := range g.Nodes {
		if _, ok := nodes[n]; !ok {
			out = append(out, fmt.Sprintf("%s is not part of the workflow any more", describeNode(&g.Nodes[n])))
		}
	}
	kept := map[int]bool{}
	for at := range maps.Values(nodes) {
		kept[at] = true
	}
	for n := range to.Nodes {
		if !kept[n] {
			out = append(out, fmt.Sprintf("%s is new", describeNode(&to.Nodes[n])))
		}
	}
	for n := range g.Nodes {
		at, ok := nodes[n]
		if !ok || g.Nodes[n].Trigger < 0 {
			continue
		}
		out = append(out, changedTrigger(g.Triggers[g.Nodes[n].Trigger].Def, to.Triggers[to.Nodes[at].Trigger].Def)...)
	}
	return out
}

func changedTrigger(before, now *glue.Trigger) []string {
	var out []string
	say := func(changed bool, what string) {
		if changed {
			out = append(out, fmt.Sprintf("trigger %s %s", now.Name, what))
		}
	}
	say(!reflect.DeepEqual(before.Predicate, now.Predicate), "waits for other conditions")
	say(!reflect.DeepEqual(before.Actions, now.Actions), "starts other jobs, or the same with other arguments")
	say(before.State != now.State, fmt.Sprintf("was %s and is %s", before.State, now.State))
	say(before.Type != now.Type, fmt.Sprintf("was %s and is %s", before.Type, now.Type))
	return out
}

func describeNode(n *Node) string {
	switch n.Type {
	case glue.NodeTypeTrigger:
		return "trigger " + n.Name
	case glue.NodeTypeCrawler:
		return "crawler " + n.Name
	case glue.NodeTypeJob:
	}
	return "job " + n.Name
}
