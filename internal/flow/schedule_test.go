package flow

import (
	"fmt"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/flow/oracle"
)

// TestSchedule: what a plan starts when, with A accepted, B repeated and D held back.
func TestSchedule(t *testing.T) {
	won := func(names ...string) (out []oracle.Want) {
		for _, n := range names {
			out = append(out, oracle.Want{Node: n, State: "SUCCEEDED"})
		}
		return out
	}
	g := Build(definitions([]oracle.Trigger{
		{Name: "T1", Start: true, Starts: []string{"A", "B"}},
		{Name: "T2", Active: true, Any: true, Wants: won("A", "B"), Starts: []string{"E"}},
		{Name: "T3", Active: true, Wants: won("A", "B"), Starts: []string{"D"}},
		{Name: "T4", Active: true, Wants: []oracle.Want{{Node: "B", State: "FAILED"}}, Starts: []string{"F"}},
	}), nodeID)
	takes := map[string]int64{"A": 10, "B": 20, "D": 7, "E": 5, "F": 100}
	duration := func(n int) int64 { return takes[g.Nodes[n].Name] }
	r := NewRun(g, "R1")
	for _, ev := range []Event{
		Begun{}, Ended{Attempt: Attempt{0, 0}, State: Failed}, Ended{Attempt: Attempt{1, 0}, State: Failed}, Ended{Attempt: Attempt{4, 0}, State: Failed},
	} {
		c, err := Step(g, r, ev, 0)
		if err != nil {
			t.Fatal(err)
		}
		r.Apply(&c)
	}
	plan := func(q Request) *Schedule {
		p, err := ResumeAs(g, r, &q, "R2", 0)
		if err != nil {
			t.Fatal(err)
		}
		return p.Schedule(g, duration)
	}
	for _, c := range []struct {
		name string
		got  *Schedule
		want string
	}{
		{"a whole run", FullSchedule(g, duration), "T1 0, A 0-10, B 0-20, T2 10, E 10-15, T3 20, D 20-27; path B D, total 27"},
		{"B repeated", plan(Request{Nodes: []string{"id-JOB-B"}}), "B 0-20, T2 20, E 20-25; path B E, total 25"},
		{
			"A accepted, B repeated", plan(Request{Nodes: []string{"id-JOB-B"}, Accept: []string{"id-JOB-A"}}),
			"B 0-20, T2 0, E 0-5, T3 20, D 20-27; path B D, total 27",
		},
		{
			"D held back", plan(Request{Nodes: []string{"id-JOB-B"}, Accept: []string{"id-JOB-A"}, Except: []string{"id-JOB-D"}}),
			"B 0-20, T2 0, E 0-5; path B, total 20",
		},
		{"nothing starts", plan(Request{Accept: []string{"id-JOB-F"}}), "; path , total 0"},
	} {
		if got := writeSchedule(g, c.got); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func writeSchedule(g *Graph, s *Schedule) string {
	var runs, path []string
	for n := range g.Nodes {
		switch {
		case s.Start[n] < 0:
		case g.Nodes[n].Trigger >= 0:
			runs = append(runs, fmt.Sprintf("%s %d", g.Nodes[n].Name, s.Start[n]))
		default:
			runs = append(runs, fmt.Sprintf("%s %d-%d", g.Nodes[n].Name, s.Start[n], s.End[n]))
		}
	}
	for _, n := range s.Path {
		path = append(path, g.Nodes[n].Name)
	}
	return fmt.Sprintf("%s; path %s, total %d", strings.Join(runs, ", "), strings.Join(path, " "), s.Total)
}
