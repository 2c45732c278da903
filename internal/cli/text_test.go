package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

// narrow is a terminal without colours.
func narrow(b *buffer, width, height int) screen {
	return screen{Writer: b, terminal: true, size: func() (int, int) { return width, height }}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var tab table
	tab.head("NAME", "STATE")
	tab.add(cell{"größer", green}, cell{"a state that is longer than the terminal", red})
	tab.add(cell{"b", plain}, cell{"", plain})
	b := newBuffer()
	tab.write(narrow(b, 20, 10))
	want := "NAME    STATE\ngrößer  a state tha…\nb\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	s := narrow(b, 20, 10)
	s.colour = true
	has(t, strings.Join(tab.lines(s), "\n"), "\x1b[32mgrößer\x1b[0m", "\x1b[31ma state tha…\x1b[0m")
	s.terminal, s.colour = false, false
	has(t, strings.Join(tab.lines(s), "\n"), "longer than the terminal")
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"one two three":   {"one two", "three"},
		"unbreakable one": {"unbreakable", "one"},
		"":                {""},
	} {
		if diff := cmp.Diff(want, wrap(text, 8)); diff != "" {
			t.Error(diff)
		}
	}
}

// TestOneLine keeps what comes from jobs and names from steering the terminal.
func TestOneLine(t *testing.T) {
	t.Parallel()
	if got := oneLine("a\x1b[31mb\nc\u009b2Jd\x07 "); got != "a[31mb c2Jd" {
		t.Errorf("got %q", got)
	}
}

func TestNear(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 30 {
		many = append(many, fmt.Sprintf("unlike_%02d", i))
	}
	many = append(many, "clean_orders", "clean_order_items", "load_orders")
	if diff := cmp.Diff([]string{"clean_orders"}, near("claen_orders", many)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"clean_orders", "load_orders"}, near("orders", many)); diff != "" {
		t.Error(diff)
	}
	if got := orNear("node", "zzz", many); got != "none of the 33 nodes has a name like it" {
		t.Errorf("got %q", got)
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "", 1234 * time.Millisecond: "1.2s", 59 * time.Second: "59s", 61 * time.Second: "1m01s",
		3*time.Hour + 4*time.Minute: "3h04m", 50 * time.Hour: "2d",
	} {
		if got := duration(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

// TestLiveFits draws a run with more nodes than the terminal has lines: what
// runs and what failed stays in sight, and nothing scrolls.
func TestLiveFits(t *testing.T) {
	t.Parallel()
	states := map[string]string{}
	var names []string
	for i := range 50 {
		name := fmt.Sprintf("job%02d", i)
		names = append(names, name)
		states[name] = "SUCCEEDED"
	}
	states["job40"], states["job41"] = "FAILED", "RUNNING"
	run := drawn(t, runID("a"), "begin: "+strings.Join(names, " "), states)
	run.Status = glue.WorkflowRunStatusRunning
	b := newBuffer()
	p := &liveProgress{app: newApp(newUse().Program), to: narrow(b, 60, 20)}
	p.show(run)
	has(t, b.String(), "✗ failed", "job40", "● running", "job41", "… and 35 more nodes")
	if n := strings.Count(b.String(), "\n"); n > 19 {
		t.Errorf("%d lines on a terminal of 20", n)
	}
	first := len(b.String())
	p.note("the server does not answer")
	p.show(run)
	second := b.String()[first:]
	has(t, second, "\x1b[18A", "the server does not answer", "\x1b[19A", "\x1b[J")
}
