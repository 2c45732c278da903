package flow

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/flow/oracle"
	"github.com/reglue/reglue/internal/glue"
)

// finished is a resumed run that carries a node, retried one and has one blank.
func finished(t *testing.T) (*Graph, *Run) {
	t.Helper()
	g := Build(definitions([]oracle.Trigger{
		{Name: "T1", Start: true, Starts: []string{"J1", "J2"}},
		{Name: "T2", Active: true, Wants: []oracle.Want{{Node: "J2", State: "SUCCEEDED"}}, Starts: []string{"J3"}},
	}), nodeID)
	r := NewRun(g, "R1")
	play := func(events ...Event) {
		for _, ev := range events {
			c, err := Step(g, r, ev, 7)
			if err != nil {
				t.Fatal(err)
			}
			r.Apply(&c)
		}
	}
	play(Begun{}, Ended{Attempt: Attempt{0, 0}, State: Succeeded}, Ended{Attempt: Attempt{1, 0}, State: Failed})
	plan, err := Resume(g, r, []string{"id-JOB-J2"}, "R2", 8)
	if err != nil {
		t.Fatal(err)
	}
	r = plan.Run
	play(Ended{Attempt: Attempt{1, 0}, State: Failed, Retries: 1}, Ended{Attempt: Attempt{1, 1}, State: TimedOut})
	return g, r
}

func TestEncodeDecode(t *testing.T) {
	g, r := finished(t)
	r.Held, r.Accepted = []int{1, 3}, []int{1}
	r.Nodes[1].Accepted, r.Nodes[1].ID = true, "jr_of_another_graph"
	b := Encode(r)
	back, err := Decode(g, r.ID, r.Status, r.Clock, b)
	if err != nil {
		t.Fatal(err)
	}
	if d := r.differs(back); d != "" {
		t.Error(d)
	}
	for n := range b { // a value cut short is an error, not a wrong run
		if _, err := Decode(g, "R2", r.Status, 0, b[:n]); err == nil {
			t.Errorf("%d of %d bytes decode", n, len(b))
		}
	}
	if _, err := Decode(g, "R2", r.Status, 0, append(b, 0)); !errors.Is(err, errStates) {
		t.Errorf("a byte too many: %v", err)
	}
	r.Held = []int{3, 1}
	if _, err := Decode(g, "R2", r.Status, 0, Encode(r)); !errors.Is(err, errStates) {
		t.Errorf("held nodes out of order: %v", err)
	}
	b[0] = 99
	if _, err := Decode(g, "R2", r.Status, 0, b); err == nil || !strings.Contains(err.Error(), "99") {
		t.Errorf("another version: %v", err)
	}
}

// TestDecodeOlderVersions: runs that were stored before a resume could accept nodes,
// hold them back or move attempts are read as they were.
func TestDecodeOlderVersions(t *testing.T) {
	g, r := finished(t)
	// The version, two sources, the one root; then as many accepted, held and moved: none.
	rest, ok := bytes.CutPrefix(Encode(r), []byte("\x03\x02\x02R2\x02R1\x01\x02\x00\x00\x00"))
	if !ok {
		t.Fatalf("%q does not begin so", Encode(r))
	}
	old := append([]byte("\x01\x02\x02R2\x02R1\x01\x02"), rest...)
	back, err := Decode(g, r.ID, r.Status, r.Clock, old)
	if err != nil {
		t.Fatal(err)
	}
	if d := r.differs(back); d != "" {
		t.Error(d)
	}
	// The second one had no moved attempts.
	old = append([]byte("\x02\x02\x02R2\x02R1\x01\x02\x00\x00"), rest...)
	if back, err = Decode(g, r.ID, r.Status, r.Clock, old); err != nil {
		t.Fatal(err)
	}
	if d := r.differs(back); d != "" {
		t.Error(d)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{encoding})
	f.Fuzz(func(t *testing.T, b []byte) {
		g, r := finished(t)
		for _, in := range [][]byte{b, append(Encode(r), b...)} {
			back, err := Decode(g, "R2", glue.WorkflowRunStatusCompleted, 0, in)
			if err != nil {
				continue
			}
			// What decodes can be looked at and resumed.
			Blocked(g, back)
			for _, q := range []Request{{Nodes: []string{"id-JOB-J1"}}, {Accept: []string{"id-JOB-J2"}}, {Nodes: []string{"id-JOB-J3"}}} {
				plan, err := ResumeAs(g, back, &q, "R3", 1)
				if err != nil {
					t.Log(err)
					continue
				}
				for n := range g.Nodes {
					ExplainPlan(g, back, plan).Node(n)
				}
			}
		}
	})
}

func TestRestoreRefusesRowsThatDoNotFit(t *testing.T) {
	g, _ := finished(t)
	for name, rows := range map[string][]Row{
		"no such action":    {{Attempt: Attempt{3, 0}, State: Failed}},
		"action below":      {{Attempt: Attempt{-1, 0}, State: Failed}},
		"start is missing":  {{Attempt: Attempt{0, 1}, State: Failed}},
		"start comes twice": {{Attempt: Attempt{0, 0}, State: Failed}, {Attempt: Attempt{0, 0}, State: Failed}},
		"no state":          {{Attempt: Attempt{0, 0}}},
		"unknown state":     {{Attempt: Attempt{0, 0}, State: states}},
		"retry of nothing":  {{Attempt: Attempt{0, 0}, Retry: 1, State: Failed}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Restore(g, NewRun(g, "wr_x"), glue.WorkflowRunStatusRunning, 0, rows)
			if err == nil || !strings.Contains(err.Error(), "wr_x") {
				t.Errorf("got %v, want an error that names the run", err)
			}
		})
	}
}
