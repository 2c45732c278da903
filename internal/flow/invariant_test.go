package flow

import (
	"fmt"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/flow/oracle"
	"github.com/reglue/reglue/internal/glue"
)

// TestAnyOrder: where each job has one trigger and there is no circle, the order
// of independent events makes no difference to where everything ends.
func TestAnyOrder(t *testing.T) {
	for s := range uint64(max(1, *graphs/60)) {
		rnd := rand.New(rand.NewPCG(s, 2))
		spec, outcomes := tree(rnd)
		g := Build(definitions(spec), nodeID)
		want := finishInOrder(t, g, rnd, outcomes)
		for range 4 {
			got := finishInOrder(t, g, rnd, outcomes)
			if d := endsDiffer(want, got); d != "" {
				w := &world{spec: spec}
				t.Fatalf("seed %d: another order ends otherwise: %s\n%s", s, d, w.script())
			}
		}
	}
}

// tree makes triggers of which each job has one and which watch only jobs made
// before, and says how every job will end.
func tree(rnd *rand.Rand) ([]oracle.Trigger, map[string]State) {
	outcomes := map[string]State{}
	var names []string
	var out []oracle.Trigger
	for i := range 2 + rnd.IntN(7) {
		t := oracle.Trigger{Name: fmt.Sprintf("T%d", i), Start: i == 0, Active: i > 0 && rnd.IntN(10) > 0, Any: i > 0 && rnd.IntN(3) == 0}
		for range (1 + rnd.IntN(3)) * min(i, 1) {
			n := pick(rnd, names)
			want := outcomes[n]
			if want == Errored || want == Expired || rnd.IntN(4) == 0 {
				want = pick(rnd, jobWants)
			}
			t.Wants = append(t.Wants, oracle.Want{Node: n, State: want.String()})
		}
		for range 1 + rnd.IntN(3) {
			n := fmt.Sprintf("J%d", len(names))
			names = append(names, n)
			outcomes[n] = pick(rnd, jobOutcomes)
			t.Starts = append(t.Starts, n)
		}
		out = append(out, t)
	}
	return out, outcomes
}

func finishInOrder(t *testing.T, g *Graph, rnd *rand.Rand, outcomes map[string]State) *Run {
	t.Helper()
	r := NewRun(g, "R1")
	c, err := Step(g, r, Begun{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	r.Apply(&c)
	return end(t, g, rnd, r, outcomes)
}

// end ends all that is live, in any order, until the run is over.
func end(t *testing.T, g *Graph, rnd *rand.Rand, r *Run, outcomes map[string]State) *Run {
	t.Helper()
	for !r.Over() {
		var live []int
		for a := range r.Actions {
			if r.Actions[a].State.Live() {
				live = append(live, a)
			}
		}
		a := pick(rnd, live)
		c, err := Step(g, r, Ended{Attempt: Attempt{a, int(r.Actions[a].Starts) - 1}, State: outcomes[g.Nodes[g.Actions[a].Node].Name]}, 0)
		if err != nil {
			t.Fatal(err)
		}
		r.Apply(&c)
	}
	return r
}

func endsDiffer(a, b *Run) string {
	if a.Status != b.Status || a.Statistics() != b.Statistics() {
		return fmt.Sprintf("%s %+v and %s %+v", a.Status, a.Statistics(), b.Status, b.Statistics())
	}
	for i := range a.Actions {
		if a.Actions[i].State != b.Actions[i].State {
			return fmt.Sprintf("action %d is %s and %s", i, a.Actions[i].State, b.Actions[i].State)
		}
	}
	if !slices.Equal(a.Nodes, b.Nodes) || !slices.Equal(a.Triggers, b.Triggers) {
		return fmt.Sprintf("%v %v and %v %v", a.Nodes, a.Triggers, b.Nodes, b.Triggers)
	}
	return ""
}

// TestOracleIsSmall keeps the oracle apart: it imports nothing of ours, and has few
// lines of code.
func TestOracleIsSmall(t *testing.T) {
	for name, most := range map[string]int{"oracle.go": 150, "resume.go": 105} {
		text, err := os.ReadFile("oracle/" + name)
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
				lines++
			}
		}
		if lines > most {
			t.Errorf("%s has %d lines of code, it must stay dumb: at most %d", name, lines, most)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			if i.Path.Value != `"slices"` {
				t.Errorf("%s imports %s", name, i.Path.Value)
			}
		}
	}
	if files, err := filepath.Glob("oracle/*.go"); err != nil || len(files) != 2 {
		t.Errorf("the oracle is %v: %v", files, err)
	}
}

// TestImpossibleEvents: an event that can't be is an error that names the run and
// leaves nothing to apply.
func TestImpossibleEvents(t *testing.T) {
	g := Build(definitions([]oracle.Trigger{{Name: "T1", Start: true, Starts: []string{"J1"}}}), nodeID)
	fresh, begun := NewRun(g, "wr_x"), NewRun(g, "wr_x")
	c, err := Step(g, begun, Begun{}, 5)
	if err != nil {
		t.Fatal(err)
	}
	begun.Apply(&c)
	for name, c := range map[string]struct {
		run *Run
		ev  Event
	}{
		"begun twice":            {begun, Begun{}},
		"no event":               {begun, nil},
		"action below":           {begun, Ended{Attempt: Attempt{-1, 0}, State: Failed}},
		"action above":           {begun, Progressed{Attempt{1, 0}, Running}},
		"start below":            {begun, AttemptStopAsked{Attempt{0, -1}}},
		"start to come":          {begun, Ended{Attempt: Attempt{0, 1}, State: Failed}},
		"before it begins":       {fresh, Ended{Attempt: Attempt{0, 0}, State: Failed}},
		"end in a live state":    {begun, Ended{Attempt: Attempt{0, 0}, State: Running}},
		"end in no state":        {begun, Ended{Attempt: Attempt{0, 0}}},
		"progress to an end":     {begun, Progressed{Attempt{0, 0}, Failed}},
		"progress to no state":   {begun, Progressed{Attempt{0, 0}, Blank}},
		"end in an unknown one":  {begun, Ended{Attempt: Attempt{0, 0}, State: states}},
		"progress to an unknown": {begun, Progressed{Attempt{0, 0}, 200}},
	} {
		t.Run(name, func(t *testing.T) {
			change, err := Step(g, c.run, c.ev, 9)
			if err == nil || !strings.Contains(err.Error(), "wr_x") || !change.Empty() || len(change.Start) > 0 {
				t.Errorf("change %+v, error %v", change, err)
			}
		})
	}
}

// TestClock: a run's time never goes back, and an event that changes nothing does
// not move it, not even that of a run that is over.
func TestClock(t *testing.T) {
	g := Build(definitions([]oracle.Trigger{{Name: "T1", Start: true, Starts: []string{"J1"}}}), nodeID)
	r := NewRun(g, "wr_x")
	for _, s := range []struct {
		ev   Event
		now  int64
		want int64
	}{
		{Begun{}, 100, 100},
		{Progressed{Attempt{0, 0}, Running}, 50, 100},
		{Progressed{Attempt{0, 0}, Running}, 150, 100},
		{Ended{Attempt: Attempt{0, 0}, State: Failed, Retries: 1}, 200, 200},
		{Ended{Attempt: Attempt{0, 0}, State: Failed}, 300, 200},
		{Ended{Attempt: Attempt{0, 1}, State: Succeeded}, 400, 400},
		{Ended{Attempt: Attempt{0, 1}, State: Failed}, 500, 400},
		{StopAsked{}, 600, 400},
	} {
		c, err := Step(g, r, s.ev, s.now)
		if err != nil {
			t.Fatal(err)
		}
		if r.Apply(&c); r.Clock != s.want {
			t.Errorf("%T at %d: clock %d, want %d", s.ev, s.now, r.Clock, s.want)
		}
	}
}

// TestConditionOnNoState: a condition whose state is none that ends a job never
// holds, also not on a node that never ran.
func TestConditionOnNoState(t *testing.T) {
	defs := definitions([]oracle.Trigger{
		{Name: "T1", Start: true, Starts: []string{"J1"}},
		{Name: "T2", Active: true, Wants: []oracle.Want{{Node: "J1", State: "SUCCEEDED"}, {Node: "J1", State: ""}}, Starts: []string{"J2"}},
	})
	g := Build(defs, nodeID)
	r := NewRun(g, "wr_x")
	for _, ev := range []Event{Begun{}, Ended{Attempt: Attempt{0, 0}, State: Succeeded}} {
		c, err := Step(g, r, ev, 1)
		if err != nil {
			t.Fatal(err)
		}
		r.Apply(&c)
	}
	if r.Status != glue.WorkflowRunStatusCompleted || r.Triggers[1].Fired || r.Triggers[1].Met != 1 {
		t.Errorf("run %s, trigger %+v", r.Status, r.Triggers[1])
	}
	r.recount(g)
	if r.Triggers[1].Met != 1 {
		t.Errorf("recounted: %+v", r.Triggers[1])
	}
}

// TestNamesOfKinds: a trigger, a job and a crawler may have one name.
func TestNamesOfKinds(t *testing.T) {
	g := Build([]glue.Trigger{{
		Name: "same", Type: glue.TriggerTypeOnDemand,
		Actions: []glue.Action{{JobName: "same"}, {CrawlerName: "same"}},
	}}, nodeID)
	if len(g.Nodes) != 3 {
		t.Fatalf("%d nodes: %+v", len(g.Nodes), g.Nodes)
	}
	for n, id := range []string{"id-TRIGGER-same", "id-JOB-same", "id-CRAWLER-same"} {
		if got, ok := g.NodeByID(id); !ok || got != n {
			t.Errorf("%s is node %d", id, got)
		}
	}
}
