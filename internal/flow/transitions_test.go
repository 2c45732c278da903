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
trigger and is not retried.

## An attempt of a job

"→ retry" starts the next attempt. Crawls use the same machine: they show RUNNING for
STARTING and WAITING, CANCELLING for STOPPING, CANCELLED for STOPPED, and have no
retries.

`)
	attemptTable(t, &b)
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

type column struct {
	name string
	ev   Event
}

func table(b *strings.Builder, corner string, columns []column, rows []string, cell func(row int, ev Event) string) {
	b.WriteString("| " + corner)
	for _, c := range columns {
		b.WriteString(" | " + c.name)
	}
	b.WriteString(" |\n|" + strings.Repeat("---|", len(columns)+1) + "\n")
	for i, row := range rows {
		b.WriteString("| **" + row + "**")
		for _, c := range columns {
			b.WriteString(" | " + cell(i, c.ev))
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
	columns := []column{{"it begins", Begun{}}, {"stop is asked", StopAsked{}}, {"an attempt ends", end(0)}}
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
	columns := []column{
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
