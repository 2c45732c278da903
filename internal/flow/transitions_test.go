package flow

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/flow/oracle"
	"github.com/reglue/reglue/internal/glue"
)

const transitionsFile = "../../docs/state-machines.md"

// TestTransitions prints what every event does in every state, by asking Step, and
// holds it against the page in docs.
func TestTransitions(t *testing.T) {
	got := transitions(t)
	if *update {
		if err := os.MkdirAll("../../docs", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(transitionsFile, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(transitionsFile)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-page +Step), rewrite with -update:\n%s", transitionsFile, d)
	}
}

func transitions(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`# State machines

Printed from the code by the test of package flow; rewrite with
` + "`go test ./internal/flow -run Transitions -update`" + `. A dot changes nothing, "error" can't be:
it is logged and the run goes on.

## A workflow run

`)
	runTable(t, &b)
	b.WriteString(`
An attempt that ends is the last one when nothing else is live and its end fires no
trigger and is not retried. A run is superseded when it is resumed while it runs: what
is live in it goes on in the new run.

## An attempt of a job

"→ retry" starts the next attempt. Crawls use the same machine: they show RUNNING for
STARTING and WAITING, CANCELLING for STOPPING, CANCELLED for STOPPED, and have no
retries.

`)
	attemptTable(t, &b)
	b.WriteString(`
## A node in a resumed run

How a resumed run begins with a node that stood so in the run before. A dot is blank:
the node waits for its trigger. What is downstream of a repeated or an accepted node is
evaluated anew. A resumed run in which nothing starts begins COMPLETED.

`)
	resumeTable(t, &b)
	return b.String()
}

// pair is a run of two jobs, so that one can end while the run goes on.
func pair(t *testing.T, events ...Event) (*Graph, *Run) {
	t.Helper()
	g := Build(definitions([]oracle.Trigger{{Name: "T", Start: true, Starts: []string{"J1", "J2"}}}), nodeID)
	r := NewRun(g, "wr")
	for _, ev := range events {
		c, err := Step(g, r, ev, 0)
		if err != nil {
			t.Fatal(err)
		}
		r.Apply(&c)
	}
	return g, r
}

type column[C any] struct {
	name string
	what C
}

func table[C any](b *strings.Builder, corner string, columns []column[C], rows []string, cell func(row int, what C) string) {
	b.WriteString("| " + corner)
	for _, c := range columns {
		b.WriteString(" | " + c.name)
	}
	b.WriteString(" |\n|" + strings.Repeat("---|", len(columns)+1) + "\n")
	for i, row := range rows {
		b.WriteString("| **" + row + "**")
		for _, c := range columns {
			b.WriteString(" | " + cell(i, c.what))
		}
		b.WriteString(" |\n")
	}
}

func runTable(t *testing.T, b *strings.Builder) {
	t.Helper()
	end := func(a int) Event { return Ended{Attempt: Attempt{a, 0}, State: Succeeded} }
	states := []struct {
		name string
		by   []Event
	}{
		{"not begun", nil},
		{"RUNNING", []Event{Begun{}, end(1)}},
		{"RUNNING, more is live", []Event{Begun{}}},
		{"STOPPING", []Event{Begun{}, end(1), StopAsked{}}},
		{"STOPPING, more is live", []Event{Begun{}, StopAsked{}}},
		{"COMPLETED", []Event{Begun{}, end(1), end(0)}},
		{"STOPPED", []Event{Begun{}, end(1), StopAsked{}, end(0)}},
	}
	var rows []string
	for _, s := range states {
		rows = append(rows, s.name)
	}
	columns := []column[Event]{
		{"it begins", Begun{}}, {"stop is asked", StopAsked{}}, {"an attempt ends", end(0)}, {"it is superseded", Superseded{}},
	}
	table(b, "run", columns, rows, func(row int, ev Event) string {
		g, r := pair(t, states[row].by...)
		c, err := Step(g, r, ev, 0)
		switch {
		case err != nil:
			return "error"
		case c.Status == "":
			return "·"
		}
		return string(c.Status)
	})
}

func attemptTable(t *testing.T, b *strings.Builder) {
	t.Helper()
	at := Attempt{0, 0}
	var rows []string
	for s := Waiting; s < states; s++ {
		rows = append(rows, s.String())
	}
	columns := []column[Event]{
		{"reports WAITING", Progressed{at, Waiting}},
		{"reports RUNNING", Progressed{at, Running}},
		{"job stop", AttemptStopAsked{at}},
		{"run stop", StopAsked{}},
		{"SUCCEEDED", Ended{Attempt: at, State: Succeeded}},
		{"FAILED", Ended{Attempt: at, State: Failed}},
		{"FAILED, retries left", Ended{Attempt: at, State: Failed, Retries: 1}},
		{"start refused", Ended{Attempt: at, State: Failed, Retries: 1, Refused: true}},
		{"STOPPED", Ended{Attempt: at, State: Stopped, Retries: 1}},
		{"TIMEOUT", Ended{Attempt: at, State: TimedOut, Retries: 1}},
		{"ERROR", Ended{Attempt: at, State: Errored, Retries: 1}},
		{"EXPIRED", Ended{Attempt: at, State: Expired, Retries: 1}},
	}
	table(b, "attempt", columns, rows, func(row int, ev Event) string {
		from := Waiting + State(row)
		var to Event = Progressed{at, from}
		if from.Terminal() {
			to = Ended{Attempt: at, State: from}
		}
		g, r := pair(t, Begun{}, to)
		if got := r.Actions[0].State; got != from {
			t.Fatalf("can't reach %s: %s", from, got)
		}
		c, err := Step(g, r, ev, 0)
		if err != nil {
			return "error"
		}
		return moved(r, &c, from)
	})
}

// moved tells what became of the first action.
func moved(r *Run, c *Change, from State) string {
	before := r.Actions[0].Starts
	r.Apply(c)
	a := r.Actions[0]
	out := a.State.String()
	switch {
	case a.Starts > before:
		return "→ retry"
	case a.State == from && len(c.Stop) == 0:
		out = "·"
	case a.State == from && r.Status == glue.WorkflowRunStatusRunning:
		out = "asked again"
	case a.State == from:
		out = "·"
	}
	return out
}

func resumeTable(t *testing.T, b *strings.Builder) {
	t.Helper()
	g := Build(definitions([]oracle.Trigger{
		{Name: "T1", Start: true, Starts: []string{"J1", "J2"}},
		{Name: "T2", Active: true, Wants: []oracle.Want{{Node: "J1", State: "SUCCEEDED"}}, Starts: []string{"J3"}},
	}), nodeID)
	names := func(names ...string) (out []string) {
		for _, n := range names {
			out = append(out, "id-JOB-"+n)
		}
		return out
	}
	// play ends J1, J2 and J3 so, as far as they run.
	play := func(r *Run, ends ...State) *Run {
		for a, s := range ends {
			if r.Actions[a].State.Live() {
				c, err := Step(g, r, Ended{Attempt: Attempt{a, 0}, State: s}, 0)
				if err != nil {
					t.Fatal(err)
				}
				r.Apply(&c)
			}
		}
		return r
	}
	first := func(ends ...State) *Run {
		r := NewRun(g, "wr_1")
		c, err := Step(g, r, Begun{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		r.Apply(&c)
		return play(r, ends...)
	}
	resumed := func(r *Run, q Request, ends ...State) *Run {
		p, err := ResumeAs(g, r, &q, "wr_2", 0)
		if err != nil {
			t.Fatal(err)
		}
		return play(p.Run, ends...)
	}
	narrow := Request{Nodes: names("J1"), Except: names("J3")}
	node, _ := g.NodeByID("id-JOB-J3")
	priors := []*Run{
		first(Succeeded, Failed, Succeeded),
		first(Succeeded, Failed, Failed),
		resumed(first(Succeeded, Failed, Failed), Request{Accept: names("J3")}),
		first(Failed, Failed),
		resumed(first(Failed, Failed), narrow, Failed),
		resumed(first(Failed, Failed), narrow, Succeeded),
	}
	rows := []string{"SUCCEEDED", "FAILED, or another end", "accepted", "never ran", "held back", "held back, what it waits for is done"}
	columns := []column[Request]{
		{"not touched", Request{Nodes: names("J2")}},
		{"repeated", Request{Nodes: names("J3")}},
		{"accepted", Request{Accept: names("J3")}},
		{"repeated upstream", Request{Nodes: names("J1")}},
		{"repeated upstream, left out", narrow},
	}
	table(b, "node", columns, rows, func(row int, q Request) string {
		p, err := ResumeAs(g, priors[row], &q, "wr_3", 0)
		if err != nil {
			return "error"
		}
		st, action := p.Run.Nodes[node], p.Run.Actions[g.Nodes[node].Actions[0]]
		switch {
		case st.Accepted:
			return st.Last.String() + ", accepted"
		case st.Carried:
			return "carried"
		case action.State != Blank:
			return action.State.String()
		case p.Run.holds(node):
			return "held back"
		}
		return "·"
	})
}

func TestStatesHaveWords(t *testing.T) {
	for s := Waiting; s < states; s++ {
		if JobState(s.Job()) != s {
			t.Errorf("%s is read back as %s", s, JobState(s.Job()))
		}
		if s.Live() == s.Terminal() {
			t.Errorf("%s is live %t and terminal %t", s, s.Live(), s.Terminal())
		}
		if c := CrawlState(s.Crawl()); c.Live() != s.Live() || c.Terminal() != s.Terminal() {
			t.Errorf("as a crawl %s is %s", s, c)
		}
	}
	for _, s := range []string{"", "DANCING"} {
		if JobState(glue.JobRunState(s)) != Blank || CrawlState(glue.CrawlState(s)) != Blank {
			t.Errorf("%q is a state", s)
		}
	}
	if got := fmt.Sprint(Blank, states, State(200)); got != "- - -" {
		t.Errorf("no states print as %q", got)
	}
}
