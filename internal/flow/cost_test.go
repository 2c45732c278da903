package flow

import (
	"fmt"
	"testing"

	"github.com/reglue/reglue/internal/flow/oracle"
)

// chain, fan and others are shapes of n jobs that a quadratic search would show on.
var shapes = map[string]func(n int) []oracle.Trigger{
	"chain": func(n int) []oracle.Trigger {
		out := []oracle.Trigger{{Name: "T0", Start: true, Starts: []string{"J0"}}}
		for i := 1; i < n; i++ {
			out = append(out, when(i, fmt.Sprintf("J%d", i), fmt.Sprintf("J%d", i-1)))
		}
		return out
	},
	"fan out and in": func(n int) []oracle.Trigger {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("J%d", i))
		}
		return []oracle.Trigger{{Name: "T0", Start: true, Starts: all}, when(1, "Join", all...)}
	},
	"one job of many triggers": func(n int) []oracle.Trigger {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("J%d", i))
		}
		out := []oracle.Trigger{{Name: "T0", Start: true, Starts: all}}
		for i := range n {
			out = append(out, when(i+1, "Shared", fmt.Sprintf("J%d", i)))
		}
		return out
	},
	"circle": func(n int) []oracle.Trigger {
		out := []oracle.Trigger{{Name: "T", Start: true, Starts: []string{"J0"}}}
		for i := range n {
			out = append(out, when(i, fmt.Sprintf("J%d", (i+1)%n), fmt.Sprintf("J%d", i)))
		}
		return out
	},
}

func when(i int, start string, watched ...string) oracle.Trigger {
	t := oracle.Trigger{Name: fmt.Sprintf("T%d", i), Active: true, Starts: []string{start}}
	for _, w := range watched {
		t.Wants = append(t.Wants, oracle.Want{Node: w, State: "SUCCEEDED"})
	}
	return t
}

// succeed plays a run in which every job succeeds.
func succeed(t *testing.T, g *Graph) *Run {
	t.Helper()
	r := NewRun(g, "R1")
	queue := []Event{Begun{}}
	for n := 0; len(queue) > 0; n++ {
		if n > 2*len(g.Actions)+1 {
			t.Fatal("more ends than actions")
		}
		c, err := Step(g, r, queue[0], 1)
		if err != nil {
			t.Fatal(err)
		}
		r.Apply(&c)
		queue = queue[1:]
		for _, s := range c.Start {
			queue = append(queue, Ended{Attempt: s.Attempt, State: Succeeded})
		}
	}
	if !r.Over() {
		t.Fatal("the run does not end")
	}
	return r
}

// TestResumeIsLinear counts the edges that a resume follows and what it
// allocates, with one root, with all nodes chosen and with all but the root held
// back: twice the nodes cost at most about twice.
func TestResumeIsLinear(t *testing.T) {
	for name, shape := range shapes {
		for _, chosen := range []string{"one", "all", "until"} {
			t.Run(name+", "+chosen, func(t *testing.T) {
				edges, allocs, size := resumeCost(t, shape(1000), chosen)
				edges2, allocs2, _ := resumeCost(t, shape(2000), chosen)
				if edges2 > edges*21/10 || edges > 8*size {
					t.Errorf("edges followed: %d at 1000, %d at 2000, graph has %d nodes and edges", edges, edges2, size)
				}
				if allocs2 > allocs*2.3 {
					t.Errorf("allocations: %.0f at 1000, %.0f at 2000", allocs, allocs2)
				}
			})
		}
	}
}

func resumeCost(t *testing.T, spec []oracle.Trigger, chosen string) (edges int, allocs float64, size int) {
	t.Helper()
	g := Build(definitions(spec), nodeID)
	r := succeed(t, g)
	q := &Request{Nodes: []string{"id-JOB-J0"}}
	switch chosen {
	case "all":
		q.Nodes = nil
		for n := range g.Nodes {
			if g.Nodes[n].Trigger < 0 {
				q.Nodes = append(q.Nodes, g.Nodes[n].ID)
			}
		}
	case "until":
		q.Until = q.Nodes
	}
	g.NodeByID("") // built once a graph
	g.visits = &edges
	size = len(g.Nodes) + len(g.Actions)
	for i := range g.Triggers {
		size += len(g.Triggers[i].Conditions)
	}
	if _, err := ResumeAs(g, r, q, "R2", 1); err != nil {
		t.Fatal(err)
	}
	g.visits = nil
	allocs = testing.AllocsPerRun(3, func() {
		if _, err := ResumeAs(g, r, q, "R2", 1); err != nil {
			t.Error(err)
		}
	})
	return edges, allocs, size
}

// TestStepCostsTheDegree: an end in a chain allocates the same however long the
// chain is, and one of a join's many branches does too.
func TestStepCostsTheDegree(t *testing.T) {
	for name, shape := range shapes {
		cost := func(n int) float64 {
			g := Build(definitions(shape(n)), nodeID)
			r := NewRun(g, "R1")
			c, err := Step(g, r, Begun{}, 1)
			if err != nil {
				t.Fatal(err)
			}
			r.Apply(&c)
			return testing.AllocsPerRun(20, func() {
				if _, err := Step(g, r, Ended{Attempt: Attempt{0, 0}, State: Succeeded}, 1); err != nil {
					t.Error(err)
				}
			})
		}
		if small, large := cost(20), cost(20_000); large > small {
			t.Errorf("%s: %.0f allocations with 20 jobs, %.0f with 20,000", name, small, large)
		}
	}
}

// TestLargeRunsExplain: the summary of a long blocked chain costs one walk, and
// plans of more than 100 nodes work as small ones do (R40).
func TestLargeRunsExplain(t *testing.T) {
	g := Build(definitions(shapes["chain"](5000)), nodeID)
	r := NewRun(g, "R1")
	for _, ev := range []Event{Begun{}, Ended{Attempt: Attempt{0, 0}, State: Failed}} {
		c, err := Step(g, r, ev, 1)
		if err != nil {
			t.Fatal(err)
		}
		r.Apply(&c)
	}
	out := Blocked(g, r)
	if len(out.Failed) != 1 || len(out.Blocked) != 4999 {
		t.Fatalf("%d failed, %d blocked", len(out.Failed), len(out.Blocked))
	}
	for _, b := range out.Blocked {
		if b.Cause != out.Failed[0] {
			t.Fatalf("%s: cause %d", b.Sentence, b.Cause)
		}
	}
	last := out.Blocked[len(out.Blocked)-1].Node
	if chain := Explain(g, r).Node(last).Chain; len(chain) != 4998 {
		t.Errorf("the chain of the last node has %d links", len(chain))
	}
	plan, err := Resume(g, r, []string{"id-JOB-J0"}, "R2", 1)
	if err != nil {
		t.Fatal(err)
	}
	if why := ExplainPlan(g, r, plan); why.Sentence(last) == "" || plan.Nodes[last].Verdict != Downstream {
		t.Errorf("plan of the last node: %+v", plan.Nodes[last])
	}
}
