package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/demo"
)

// demoRuns counts how often each job ran, by the lines that they left.
func demoRuns(t *testing.T, dir string) map[string]int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, demo.Journal))
	if err != nil {
		t.Fatal(err)
	}
	runs := map[string]int{}
	for line := range strings.Lines(string(b)) {
		name, _, _ := strings.Cut(line, " ")
		runs[name]++
	}
	return runs
}

var wantDemoRuns = map[string]int{
	"ingest_flights": 1, "ingest_weather": 1, "ingest_airlines": 1, "clean_weather": 1, "quarantine_flights": 1,
	"clean_flights": 2, "join_flights_weather": 1, "report": 1,
}

func TestDemoAlone(t *testing.T) {
	t.Parallel()
	needsPython(t)
	dir := filepath.Join(t.TempDir(), "demo")
	began := time.Now()
	out, errs := newUse("demo", "--dir", dir).run(t, exitWhole)
	t.Logf("the demo took %v", time.Since(began))
	has(t, out, "Folder: "+dir, "8 jobs, 6 triggers, 1 workflow",
		"1. The workflow runs", "✗ failed     clean_flights", "✓ succeeded  quarantine_flights",
		"AWS would call this run COMPLETED. In truth: 1 failed, 2 never started.",
		"clean_flights failed", "ValueError: flights.csv line 4711: dep_delay 'N/A?' is not a number",
		"quarantine_flights ran because of it", "join_flights_weather never started", "report never started",
		"flights.csv:4711", "Repaired",
		"Plan to resume run", "▶ clean_flights", "Nothing was changed.",
		"$ reglue resume storm-week --failed", "4 nodes carried over, 3 ran;", "of work was not repeated",
		"sight under 1 mile", "100.0%", "Try next")
	if errs != "" {
		t.Errorf("standard error: %s", errs)
	}
	for _, line := range strings.Split(out, "\n") {
		if strings.Contains(line, "\x1b") {
			t.Errorf("a colour in piped output: %q", line)
		}
	}
	if diff := cmp.Diff(wantDemoRuns, demoRuns(t, dir)); diff != "" {
		t.Error(diff)
	}
	_, errs = newUse("demo", "--dir", dir).run(t, exitRefused)
	has(t, errs, "is not empty")

	// The commands that it offers work on what it leaves.
	offered := out[strings.Index(out, "Try next"):]
	tried := 0
	for line := range strings.Lines(offered) {
		if _, command, ok := strings.Cut(line, "reglue "); ok {
			words, err := splitWords(strings.TrimSpace(command))
			if err != nil {
				t.Fatal(err)
			}
			newUse(words...).run(t, 0)
			tried++
		}
	}
	if tried != 3 {
		t.Errorf("%d commands offered, want 3", tried)
	}
}

func TestCommandWords(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"":                                  nil,
		"reglue resume storm-week --failed": {"resume", "storm-week", "--failed"},
		"go run ./cmd/reglue show w":        {"show", "w"},
		"./reglue why w 'a b' --data x":     {"why", "w", "a b"},
		`resume w --node "a \ b" --node=c\ d --data=x`: {"resume", "w", "--node", `a \ b`, "--node=c d"},
	} {
		got, err := commandWords(line)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v %s", line, err, diff)
		}
	}
	for _, line := range []string{"rm -rf /", "reglue", "reglue serve", "resume 'w", "go run ./cmd/reglue"} {
		if got, err := commandWords(line); err == nil {
			t.Errorf("%q gives %q, want an error", line, got)
		}
	}
}

// TestDemoInTerminal sits before a real terminal: it repairs the row with an
// editor, asks why, and types the command.
func TestDemoInTerminal(t *testing.T) {
	t.Parallel()
	needsPython(t)
	s := newTerminal(t, "demo")
	s.waitFor("or just press Enter and it is done for you")
	has(t, s.screen(), "AWS would call this run COMPLETED", "reglue-demo/input/flights.csv:4711")
	dir := filepath.Join(s.dir, "reglue-demo")
	s.keys("done", "Enter")
	s.waitFor("still holds")
	replaceIn(t, dir, "N/A?", "none")
	s.keys("", "Enter")
	s.waitFor("\"none\" is not a number") // what the job would not take, neither does the demo
	replaceIn(t, dir, "none", "17")
	s.keys("", "Enter")
	s.waitFor("Type the command, or press Enter for it")
	has(t, s.screen(), "You repaired it.", "Start at once", "▶ clean_flights", "Carried over, not repeated")
	s.keys("sudo reboot", "Enter")
	s.waitFor("here you can use reglue resume")
	s.keys("reglue why storm-week report", "Enter")
	s.waitFor("report never started")
	s.keys("reglue resume storm-week --failed", "Enter")
	s.waitFor("Try next")
	s.waitFor("exit code 0")
	has(t, s.screen(), "= carried over", "✓ succeeded", "4 nodes carried over, 3 ran", "sight under 1 mile")
	for _, line := range s.tooWide() {
		if !strings.Contains(line, "--plan-token") { // what is copied stays whole
			t.Errorf("wider than the terminal: %q", line)
		}
	}
	if diff := cmp.Diff(wantDemoRuns, demoRuns(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// replaceIn edits the flights of a demo.
func replaceIn(t *testing.T, dir, from, to string) {
	t.Helper()
	fault, _, err := demo.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(fault.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(fault.Path, []byte(strings.Replace(string(b), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDemoIsLeft leaves the demo at both of its questions.
func TestDemoIsLeft(t *testing.T) {
	t.Parallel()
	needsPython(t)
	s := newTerminal(t, "demo")
	s.waitFor("or just press Enter and it is done for you")
	s.keys("", "C-d")
	s.waitFor("exit code 130")
	has(t, s.screen(), "The demo ends here; all of it is in reglue-demo", "reglue runs --data reglue-demo/data")
	hasNot(t, s.screen(), "Repaired")
	s = newTerminal(t, "demo")
	s.waitFor("or just press Enter and it is done for you")
	s.keys("", "Enter")
	s.waitFor("Type the command")
	s.keys(":q", "Enter")
	s.waitFor("exit code 130")
}

// TestRunInTerminal follows a run on a terminal: each node has one line that is
// redrawn, and the first Ctrl-C leaves the run.
func TestRunInTerminal(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	s := newTerminal(t, "run", w.template, "--parameter", "Dir="+w.dir, "--parameter", "Wait=never", "--data", w.data)
	waitJob(t, w)
	s.waitFor("● running")
	has(t, s.screen(), "extract", "· not started", "load", "waits for extract")
	s.keys("", "C-c")
	s.waitFor("Press Ctrl-C again")
	s.keys("", "C-c")
	s.waitFor("exit code 1")
	has(t, s.screen(), "■ stopped", "1 stopped, 3 never started")
	// Once as it was when it was left, once as it ended.
	if n := strings.Count(s.screen(), "not started  load "); n != 2 {
		t.Errorf("load is drawn %d times, want 2:\n%s", n, s.screen())
	}
}
