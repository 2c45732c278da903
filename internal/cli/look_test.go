package cli

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

const nightly = `
	begin: extract crawl!
	extracted: extract=SUCCEEDED > clean
	spoiled: clean=FAILED > alert
	joined: AND clean=SUCCEEDED crawl!=SUCCEEDED > join
	done: join=SUCCEEDED > publish
	idle: INACTIVE join=SUCCEEDED > archive
`

// broken is a run in which clean failed.
func broken(t *testing.T) *glue.WorkflowRun {
	t.Helper()
	return drawn(t, runID("b"), nightly, map[string]string{
		"extract": "SUCCEEDED", "crawl!": "SUCCEEDED", "clean": "FAILED", "alert": "SUCCEEDED",
	})
}

// whole is a run in which all went well.
func whole(t *testing.T) *glue.WorkflowRun {
	t.Helper()
	run := drawn(t, runID("a"), nightly, map[string]string{
		"extract": "SUCCEEDED", "crawl!": "SUCCEEDED", "clean": "SUCCEEDED", "join": "SUCCEEDED", "publish": "SUCCEEDED",
	})
	run.StartedOn -= hour
	return run
}

func brokenAndWhole(t *testing.T) *fakeGlue {
	t.Helper()
	return &fakeGlue{runs: map[string][]*glue.WorkflowRun{
		"nightly": {broken(t), whole(t)}, "hourly": {}, "orders": nil,
	}}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	out, _ := brokenAndWhole(t).on(t, targetEndpoint, 0, "runs")
	has(t, out, "WORKFLOW", "RUN", "OUTCOME",
		"nightly", "wr_b0000000", "✗ 1 failed, 3 never started",
		"clean: ValueError: clean is broken\n",
		"nightly", "wr_a0000000", "✓ 5 succeeded, 2 not started")
	hasNot(t, out, "second line", "COMPLETED")
}

func TestRunsFailed(t *testing.T) {
	t.Parallel()
	f := brokenAndWhole(t)
	repair := drawn(t, runID("c"), nightly, map[string]string{"extract": "SUCCEEDED"})
	repair.PreviousRunId = runID("b")
	f.runs["nightly"] = append([]*glue.WorkflowRun{repair}, f.runs["nightly"]...)
	out, _ := f.on(t, targetEndpoint, 0, "runs", "nightly", "--failed")
	has(t, out, "wr_b0000000", "resumed as wr_c0000000: 1 succeeded")
	hasNot(t, out, "wr_a0000000", "\nnightly  wr_c0000000")

	out, _ = f.on(t, targetEndpoint, 0, "runs", "--failed", "-o", "json")
	var list []listedRun
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	want := []failedNode{{"clean", "FAILED", "ValueError: clean is broken"}}
	if len(list) != 1 || cmp.Diff(want, list[0].Failed) != "" {
		t.Errorf("got %+v", list)
	}
}

func TestRunsSince(t *testing.T) {
	t.Parallel()
	f := brokenAndWhole(t)
	u := f.use(targetEndpoint)
	for since, want := range map[time.Duration]int{30 * time.Minute: 0, 90 * time.Minute: 1, 150 * time.Minute: 2} {
		a := newApp(u.Program)
		a.now = func() time.Time { return glue.Time(101*hour + 1).Time() }
		list, err := a.collectRuns(t.Context(), &target{Caller: f}, "nightly", runsOptions{since: since})
		if err != nil || len(list) != want {
			t.Errorf("--since %s: %d runs, %v, want %d", since, len(list), err, want)
		}
	}
	out, _ := f.on(t, targetEndpoint, 0, "runs", "--failed", "--since", "12h")
	if out != "No failed runs in the last 12h.\n" {
		t.Errorf("got %q", out)
	}
}

func TestRunsLimit(t *testing.T) {
	t.Parallel()
	out, _ := brokenAndWhole(t).on(t, targetEndpoint, 0, "runs", "-n", "1")
	if strings.Count(out, "wr_") != 1 {
		t.Errorf("got %s", out)
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	out, _ := brokenAndWhole(t).on(t, targetEndpoint, 0, "show", "nightly")
	has(t, out, "nightly  "+runID("b"), "✗ 1 failed, 3 never started", "(AWS calls it COMPLETED)",
		"✓ succeeded", "extract", "0.5s",
		"✗ failed", "clean", "ValueError: clean is broken",
		"✓ succeeded", "alert", "because clean failed",
		"· not started", "join", "clean failed",
		"· not started", "publish", "join never started",
		"· not started", "archive", "its trigger idle is not activated",
		"reglue logs nightly wr_b0000000 clean",
		"reglue why nightly wr_b0000000 join",
		"reglue resume nightly wr_b0000000 --failed --plan")
}

func TestShowLive(t *testing.T) {
	t.Parallel()
	run := drawn(t, runID("d"), nightly, map[string]string{"extract": "RUNNING", "crawl!": "RUNNING"})
	run.Status, run.CompletedOn = glue.WorkflowRunStatusRunning, 0
	f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {run}}}
	out, _ := f.on(t, targetEndpoint, 0, "show", "nightly")
	has(t, out, "● 2 running, 0 of 7 done", "● running", "extract", "clean", "waits for extract",
		"alert", "only if clean failed", "join", "waits for clean and crawl", "stop", "reglue stop nightly wr_d0000000")

	out, _ = f.on(t, targetInProcess, 0, "show", "nightly", "-f")
	has(t, out, "No process owns the data folder now")

	left := f.use(targetEndpoint, "show", "nightly", "-f")
	left.signals <- os.Interrupt
	_, errs := left.run(t, exitDetached)
	hasNot(t, errs, "cancel")
}

func TestShowResumed(t *testing.T) {
	t.Parallel()
	run := whole(t)
	run.PreviousRunId, run.StartedOn = runID("b"), 100*hour+5500
	out, _ := (&fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {run}}}).on(t, targetEndpoint, 0, "show", "nightly", "-o", "json")
	var d runDescription
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	carried := map[string]bool{}
	for _, n := range d.Nodes {
		carried[n.Name] = n.Carried
	}
	want := map[string]bool{"extract": true, "crawl": true, "clean": true, "alert": false, "join": false, "publish": false, "archive": false}
	if diff := cmp.Diff(want, carried); diff != "" {
		t.Error(diff)
	}
	if d.PreviousRunID != runID("b") || !d.Whole {
		t.Errorf("got %+v", d)
	}
}

func TestWhy(t *testing.T) {
	t.Parallel()
	f := brokenAndWhole(t)
	out, _ := f.on(t, targetEndpoint, 0, "why", "nightly", "publish")
	has(t, out, "publish  · not started  in run wr_b0000000", "publish never started: trigger done wants join SUCCEEDED",
		"← join never started: trigger joined wants clean SUCCEEDED", "but clean FAILED")
	out, _ = f.on(t, targetEndpoint, 0, "why", "nightly", "wr_b", "clean")
	has(t, out, "✗ failed", "clean FAILED: trigger extracted started it because extract SUCCEEDED", "ValueError: clean is broken second line")
	out, _ = f.on(t, targetEndpoint, 0, "why", "nightly", "wr_b", "done")
	has(t, out, "trigger done did not fire")
}

func TestGraph(t *testing.T) {
	t.Parallel()
	f := brokenAndWhole(t)
	out, _ := f.on(t, targetEndpoint, 0, "graph", "nightly")
	has(t, out, "begin  on demand", "├─ extract  ✓ succeeded", "└─ crawl (crawler)  ✓ succeeded",
		"joined  when clean SUCCEEDED and crawl SUCCEEDED", "└─ join  · not started",
		"idle  when join SUCCEEDED [CREATED: does not fire]")
	out, _ = f.on(t, targetEndpoint, 0, "graph", "nightly", "--design")
	has(t, out, "├─ extract\n")
	out, _ = f.on(t, targetEndpoint, 0, "graph", "nightly", "--format", "dot")
	has(t, out, `digraph "nightly" {`, `n0 [label="begin", shape=diamond`, `label="extract\nsucceeded"`, "n0 -> n1;")
	out, _ = f.on(t, targetEndpoint, 0, "graph", "nightly", "--format", "mermaid")
	has(t, out, "flowchart LR", `n0{{"begin"}}`, `n1["extract<br/>succeeded"]`, `n2[("crawl<br/>succeeded")]`, "n0 --> n1")
	out, _ = f.on(t, targetEndpoint, 0, "graph", "nightly", "-o", "json")
	var g glue.WorkflowGraph
	if err := json.Unmarshal([]byte(out), &g); err != nil || cmp.Diff(broken(t).Graph, &g) != "" {
		t.Errorf("got %s, %v", out, err)
	}
	out, _ = f.on(t, targetEndpoint, 0, "graph", "hourly")
	has(t, out, "hourly has no triggers yet")
	_, errs := f.on(t, targetEndpoint, 2, "graph", "nightly", "--format", "png")
	has(t, errs, "text, dot, mermaid or json")
}

func TestUnknownNames(t *testing.T) {
	t.Parallel()
	f := brokenAndWhole(t)
	for line, want := range map[string]string{
		"show nightyl":               `there is no workflow "nightyl"; the workflows are: hourly, nightly, orders`,
		"show hourly":                "workflow hourly has no runs yet; start one with 'reglue run --workflow hourly'",
		"show nightly wr_f":          `workflow nightly has no run "wr_f"; its newest are: ` + runID("b"),
		"show nightly wr_":           `2 runs of nightly begin with "wr_"; give more of the id: `,
		"show nightly " + runID("e"): "workflow nightly has no run " + runID("e"),
		"why nightly publihs":        `there is no node "publihs" in this run; the nodes are: alert, archive`,
		"stop nope":                  `there is no workflow "nope"`,
		"resume nope --failed":       `there is no workflow "nope"`,
		"logs nightly":               "reglue logs nightly NODE",
		"logs nightly join":          "join has no job run in run wr_b0000000: clean failed",
		"logs nightly crawl":         "crawl has no job run",
		"logs nightly clean":         "run this on its machine",
		"show":                       "something is missing: reglue show WORKFLOW [RUN]; see 'reglue show --help'",
		"bulk pause a b":             "\"b\" is one too many: reglue bulk pause ID; see",
		"show a b c":                 `"c" is one too many`,
		"shwo":                       `there is no command "shwo"; did you mean: show`,
		"show nightly -o yaml":       "--output must be text or json",
		"runs --since -1h":           "can't be negative",
		"show x --aws-profile p --endpoint http://x": "use one of them",
	} {
		_, errs := f.on(t, targetEndpoint, 2, strings.Fields(line)...)
		if !strings.Contains(errs, want) {
			t.Errorf("reglue %s: %q should contain %q", line, errs, want)
		}
	}
	if len(f.changes) > 0 {
		t.Errorf("changed: %v", f.changes)
	}
}

// That a node was tried again is told, also when it succeeded.
func TestRetriesAreTold(t *testing.T) {
	t.Parallel()
	f := brokenAndWhole(t)
	for i := range f.runs["nightly"][0].Graph.Nodes {
		if n := &f.runs["nightly"][0].Graph.Nodes[i]; n.Name == "extract" || n.Name == "alert" {
			first := n.JobDetails.JobRuns[0]
			n.JobDetails.JobRuns[0].Id, n.JobDetails.JobRuns[0].Attempt = first.Id+"_attempt_1", 1
			first.JobRunState = glue.JobRunStateFailed
			n.JobDetails.JobRuns = append(n.JobDetails.JobRuns, first)
		}
	}
	out, _ := f.on(t, targetEndpoint, 0, "show", "nightly")
	has(t, out, "✓ succeeded    extract  0.5s  retry 1\n", "✓ succeeded    alert    0.5s  retry 1, because clean failed\n")
}

// Flags that have few values offer them.
func TestFlagValues(t *testing.T) {
	t.Parallel()
	f := brokenAndWhole(t)
	for line, want := range map[string]string{
		"runs -o":                     "text json",
		"show nightly --output":       "text json",
		"graph nightly --format":      "text dot mermaid json",
		"resume nightly --definition": "original current",
		"serve --auth":                "none sigv4",
		"serve --resume-limit":        "one none",
	} {
		out, _ := f.on(t, targetEndpoint, 0, append(append([]string{"__complete"}, strings.Fields(line)...), "")...)
		if got := strings.Join(strings.Fields(strings.Split(out, ":")[0]), " "); got != want {
			t.Errorf("%s offers %q, want %q", line, got, want)
		}
	}
	out, _ := f.on(t, targetEndpoint, 0, "__complete", "resume", "nightly", "--expect-head", "")
	has(t, out, "wr_b0000000")
}
