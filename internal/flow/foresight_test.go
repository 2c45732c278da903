package flow

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/reglue/reglue/internal/flow/oracle"
	"github.com/reglue/reglue/internal/glue"
)

// TestScheduleIsWhatHappens: when all that runs succeeds, exactly what the schedule
// of a plan, or of a whole run, gives a start starts, at that very time.
func TestScheduleIsWhatHappens(t *testing.T) {
	n := uint64(max(1000, *graphs/40))
	plans, accepted, held, moved := 0, 0, 0, 0
	for s := uint64(1); s <= n; s++ {
		w := newWorld(s)
		w.beyond = true
		if err := w.play(sizeOf(s)); err != nil {
			t.Fatalf("seed %d: %v", s, err)
		}
		// Sums of such durations never meet, so that no order is left to chance.
		durations := make([]int64, len(w.g.Nodes))
		for i := range durations {
			durations[i] = 1 + w.rnd.Int64N(1<<40)
		}
		takes := func(n int) int64 { return durations[n] }
		script := &Script{
			End:     func(int, int) State { return Succeeded },
			Takes:   func(a int, _ State) int64 { return takes(w.g.Actions[a].Node) },
			Retries: func(int) int { return 0 },
		}
		full, err := Rehearse(w.g, script)
		if err != nil {
			t.Fatal(err)
		}
		if err := scheduled(w.g, FullSchedule(w.g, takes), full); err != nil {
			t.Fatalf("seed %d: %v\n%s", s, err, w.script())
		}
		last := w.runs[len(w.runs)-1]
		prior, q := last.run, w.request(last)
		if last.oracle.WhileRunning { // once more, as it was
			prior, q = last.prior.run.clone(), last.oracle.Request
			prior.Status = glue.WorkflowRunStatusRunning
		}
		plan, err := ResumeAs(w.g, prior, w.asked(q), "next", 1)
		if err != nil {
			continue
		}
		plans, accepted, held = plans+1, accepted+len(plan.Run.Accepted), held+len(plan.Run.Held)
		moved += len(plan.Run.MovedAttempts())
		schedule := plan.Schedule(w.g, takes)
		got, err := RehearsePlan(w.g, plan, script)
		if err != nil {
			t.Fatalf("seed %d: %v", s, err)
		}
		if err := scheduled(w.g, schedule, got); err != nil {
			t.Fatalf("seed %d: resume%s: %v\n%s", s, requestOptions(q), err, w.script())
		}
	}
	t.Logf("%d plans, %d nodes accepted, %d held, %d moved", plans, accepted, held, moved)
	if plans < int(n)/2 || min(accepted, held, moved) < plans/50 {
		t.Errorf("in %d workflows only %d plans, with %d nodes accepted, %d held and %d moved", n, plans, accepted, held, moved)
	}
}

// TestScheduleOfMoved: a carried node that a moved one starts again is no second end
// for a join that counts it already.
func TestScheduleOfMoved(t *testing.T) {
	g := Build(definitions([]oracle.Trigger{
		{Name: "T1", Start: true, Starts: []string{"J1", "J2", "J3"}},
		{Name: "T2", Active: true, Wants: []oracle.Want{{Node: "J2", State: "SUCCEEDED"}}, Starts: []string{"J3"}},
		{Name: "T3", Active: true, Wants: []oracle.Want{{Node: "J3", State: "SUCCEEDED"}, {Node: "J9", State: "SUCCEEDED"}}, Starts: []string{"J4"}},
	}), nodeID)
	r := NewRun(g, "R1")
	for _, ev := range []Event{Begun{}, Ended{Attempt: Attempt{0, 0}, State: Failed}, Ended{Attempt: Attempt{2, 0}, State: Succeeded}} {
		c, err := Step(g, r, ev, 0)
		if err != nil {
			t.Fatal(err)
		}
		r.Apply(&c)
	}
	plan, err := ResumeAs(g, r, &Request{Nodes: []string{"id-JOB-J1"}, WhileRunning: true}, "R2", 0)
	if err != nil {
		t.Fatal(err)
	}
	s := plan.Schedule(g, func(int) int64 { return 7 })
	for job, want := range map[string]int64{"J1": 0, "J2": 0, "J3": 7, "J4": -1} {
		if n, _ := g.NodeByID("id-JOB-" + job); s.Start[n] != want {
			t.Errorf("%s starts at %d, want %d", job, s.Start[n], want)
		}
	}
}

// scheduled holds a schedule against what happened.
func scheduled(g *Graph, s *Schedule, got *Rehearsal) error {
	start, end := make([]int64, len(g.Nodes)), make([]int64, len(g.Nodes))
	for n := range g.Nodes {
		start[n], end[n] = -1, -1
	}
	total, twice := int64(0), false
	for i := range got.Attempts {
		a := &got.Attempts[i]
		if t := g.Triggers[g.Actions[a.Action].Trigger].Node; !a.Root && !a.Moved {
			start[t], end[t] = a.Began, a.Began
		}
		if start[a.Node] >= 0 {
			twice = true // a job that two triggers start counts once
			continue
		}
		start[a.Node], end[a.Node], total = a.Began, a.Ended, max(total, a.Ended)
	}
	for n := range g.Nodes {
		if s.Start[n] != start[n] || s.End[n] != end[n] {
			return fmt.Errorf("%s is scheduled from %d to %d, but ran from %d to %d", g.Nodes[n].Name, s.Start[n], s.End[n], start[n], end[n])
		}
	}
	if s.Total != total || !twice && s.Total != got.Took {
		return fmt.Errorf("scheduled to take %d, took %d of %d", s.Total, total, got.Took)
	}
	at := int64(0)
	for _, n := range s.Path {
		if s.Start[n] != at {
			return fmt.Errorf("critical path %v: %s starts at %d, not at %d", s.Path, g.Nodes[n].Name, s.Start[n], at)
		}
		at = s.End[n]
	}
	if at != s.Total {
		return fmt.Errorf("critical path %v ends at %d of %d", s.Path, at, s.Total)
	}
	return nil
}

// TestStepByStep: where each job has one trigger, no trigger is ANY and there is no
// circle, a resume that holds nodes back, and then one resume after another of what
// can start, ends as one resume of it all does: the same nodes in the same states.
// (An ANY trigger fires by an end in the run itself, R19, so it matters in which run
// its nodes end.)
func TestStepByStep(t *testing.T) {
	steps, accepted := 0, 0
	for s := range uint64(max(1000, *graphs/15)) {
		rnd := rand.New(rand.NewPCG(s, 3))
		spec, outcomes := tree(rnd)
		for i := range spec {
			spec[i].Any = false
		}
		w := &world{rnd: rnd, spec: spec, g: Build(definitions(spec), nodeID), beyond: true}
		p := &played{run: finishInOrder(t, w.g, rnd, outcomes)}
		for name := range outcomes {
			if rnd.IntN(2) == 0 {
				outcomes[name] = Succeeded
			}
		}
		q := w.request(p)
		narrow, err := ResumeAs(w.g, p.run, w.asked(q), "R2", 0)
		if err != nil || len(narrow.Run.Held) == 0 {
			continue
		}
		q.Until, q.Except = nil, nil
		whole, err := ResumeAs(w.g, p.run, w.asked(q), "R2", 0)
		if err != nil {
			t.Fatal(err)
		}
		want, got := end(t, w.g, rnd, whole.Run, outcomes), end(t, w.g, rnd, narrow.Run, outcomes)
		for n := 3; ; n++ {
			ready := w.ready(got)
			if len(ready) == 0 {
				break
			}
			// One of them, or some; at times with others held back again.
			next := oracle.Request{Nodes: ready[:1+rnd.IntN(len(ready))]}
			if rnd.IntN(3) == 0 {
				next.Until = next.Nodes[:1]
			}
			plan, err := ResumeAs(w.g, got, w.asked(next), fmt.Sprint("R", n), 0)
			if err != nil {
				t.Fatalf("seed %d: %v\n%s", s, err, w.script())
			}
			got = end(t, w.g, rnd, plan.Run, outcomes)
			steps++
		}
		accepted += len(q.Accept)
		for n := range w.g.Nodes {
			a, b := want.Nodes[n], got.Nodes[n]
			if a.Last != b.Last || a.Accepted != b.Accepted {
				t.Fatalf("seed %d: resume%s: %s ends %s in one resume, %s step by step\n%s", s, requestOptions(q), w.g.Nodes[n].Name, a.Last, b.Last, w.script())
			}
		}
		if want.Statistics() != got.Statistics() {
			t.Fatalf("seed %d: statistics %+v, step by step %+v", s, want.Statistics(), got.Statistics())
		}
	}
	if t.Logf("%d steps, %d nodes accepted", steps, accepted); steps < 50 || accepted < 50 {
		t.Errorf("only %d steps and %d accepted nodes", steps, accepted)
	}
}

// ready are the nodes that were held back and can start.
func (w *world) ready(r *Run) []string {
	var out []string
	for n := range w.g.Nodes {
		if _, ok := r.Ready(w.g, n); ok {
			out = append(out, w.g.Nodes[n].Name)
		}
	}
	w.rnd.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return slices.Clip(out)
}
