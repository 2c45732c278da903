package cli

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

func TestRatePause(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"": 0, "2/s": 500 * time.Millisecond, "10/m": 6 * time.Second, "0.5/s": 2 * time.Second, "4/h": 15 * time.Minute, "1000/s": time.Millisecond,
	} {
		if got, err := ratePause(text); got != want || err != nil {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"2", "2/d", "0/s", "-1/s", "x/s", "NaN/s", "2000/s", "/s"} {
		if _, err := ratePause(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestWhereRefuses(t *testing.T) {
	t.Parallel()
	f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {broken(t)}}}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--where", "state=BROKEN"}, "\"BROKEN\" is no state of a node; there are FAILED"},
		{[]string{"--where", "state=FAILED", "nightly"}, `leave "nightly" out`},
		{[]string{"--where", ""}, "--where is empty"},
		{[]string{"--where", "state=FAILED", "--rate", "fast"}, "--rate must be a number of starts"},
		{[]string{"--where", "state=FAILED", "--before", "a=b"}, "--before is for one run"},
		{[]string{"nightly", "--failed", "--rate", "2/s"}, "--rate goes with --where"},
		{[]string{"--where", "state=FAILED"}, "this endpoint has AWS's operations alone"},
	} {
		_, errs := f.on(t, targetEndpoint, 2, append([]string{"resume"}, c.args...)...)
		has(t, errs, c.want)
	}
	_, errs := f.on(t, targetEndpoint, 2, "resume", "--where", "node=load state=FAILED")
	has(t, errs, "and, or, or the end was expected here", "node=load state=FAILED", "^")
	if len(f.changes) > 0 {
		t.Errorf("changed: %v", f.changes)
	}
}

func TestShortReason(t *testing.T) {
	t.Parallel()
	node, run := "wnode_"+strings.Repeat("0a", 32), runID("b")
	for want, err := range map[string]error{
		"load succeeded in workflow run wr_b0000000, so there is nothing to accept": glue.Errorf(glue.InvalidInput,
			"Node %s (load) succeeded in workflow run %s, so there is nothing to accept", node, run),
		"connection refused": errors.New("connection\nrefused"),
	} {
		if got := shortReason(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// brokenRuns runs the pipeline so that load fails, and returns the ids of the runs,
// oldest first.
func brokenRuns(t *testing.T, w works, n int) []string {
	t.Helper()
	var ids []string
	for range n {
		w.reglue(t, exitFailed, "run", w.template, "--parameter", "Dir="+w.dir)
	}
	out, _ := w.reglue(t, 0, "runs", "-o", "json")
	var list []listedRun
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	for i := len(list) - 1; i >= 0; i-- {
		ids = append(ids, list[i].RunID)
	}
	return ids
}

// TestBulk resumes all broken runs at once, with real jobs that may run once at a
// time, in a folder that nobody serves.
func TestBulk(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	ids := brokenRuns(t, w, 3)
	w.write(t, "good", "")
	// One is repaired by hand, so it is not chosen any more.
	w.reglue(t, exitWhole, "resume", "nightly", ids[1], "--failed")

	const condition = "node=load and state=FAILED and started>-6h"
	out, _ := w.reglue(t, 0, "resume", "--where", condition, "--plan")
	has(t, out, "WORKFLOW", "WOULD START", "nightly", shortRun(ids[0]), "load", "load, then up to 2 more",
		shortRun(ids[2]), "2 runs to resume, 2 nodes to start at once. Nothing was changed.")
	hasNot(t, out, shortRun(ids[1]))
	out, _ = w.reglue(t, 0, "resume", "--where", condition, "--plan", "-o", "json")
	var preview []chosenJSON
	if err := json.Unmarshal([]byte(out), &preview); err != nil {
		t.Fatal(err)
	}
	if len(preview) != 2 || !cmp.Equal(preview[0].Starts, []string{"load"}) || !cmp.Equal(preview[0].Failed, []string{"load"}) {
		t.Errorf("%+v", preview)
	}
	for _, none := range []string{"node=load and state=TIMEOUT", "started>2099-01-01", "workflow=other", "not error~'not good'"} {
		out, _ = w.reglue(t, 0, "resume", "--where", none, "--plan")
		has(t, out, "No run to resume matches.")
	}
	_, errs := w.reglue(t, exitRefused, "resume", "--where", condition)
	has(t, errs, "resume 2 runs: add --yes to confirm")

	out, _ = w.reglue(t, exitWhole, "resume", "--where", condition, "--yes")
	has(t, out, "Started bulk_", "2 resumes.", "✓ bulk_", "2 runs repaired.", "reglue bulk bulk_")
	has(t, out, "✓ wr_", "3 succeeded", "✓ wr_", "3 succeeded")
	want := strings.Fields("extract load alert extract load alert extract load alert load publish load publish load publish")
	if diff := cmp.Diff(want, w.journal(t)); diff != "" {
		t.Error(diff)
	}
	out, _ = w.reglue(t, 0, "bulk")
	has(t, out, "BULK", "· done", "2 of 2 started", condition)
	id := out[strings.Index(out, "bulk_"):][:len("bulk_")+10]
	out, _ = w.reglue(t, 0, "bulk", id)
	has(t, out, id, "· done: 2 of 2 started", "by ", "where "+condition, shortRun(ids[0]), "✓ wr_", "3 succeeded", shortRun(ids[2]))
	out, _ = w.reglue(t, 0, "bulk", id, "-o", "json")
	var all plan.GetBulkAnswer
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all.Resumes) != 2 || all.Resumes[0].State != plan.Done {
		t.Errorf("%+v, %v", all, err)
	}
	out, _ = w.reglue(t, 0, "show", "nightly")
	has(t, out, "resumed by ", "("+id+")")
	_, errs = w.reglue(t, exitRefused, "resume", "--where", condition, "--yes")
	has(t, errs, "no run to resume matches; nothing was changed")
	_, errs = w.reglue(t, exitRefused, "bulk", "pause", id)
	has(t, errs, id+" is DONE already")
	_, errs = w.reglue(t, exitRefused, "bulk", "bulk_none")
	has(t, errs, `there is no bulk resume "bulk_none"`)
}

// TestBulkLeftGoing: an interrupt leaves a bulk going, which a server paces, pauses
// and calls off.
func TestBulkLeftGoing(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	brokenRuns(t, w, 3)
	s, err := startServer(t.Context(), serverOptions{Data: w.data, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	u := newUse("resume", "--where", "state=FAILED", "--rate", "1/h", "--yes", "--data", w.data)
	code := u.begin(t)
	waitFor(t, u.out, "✗ wr_") // the first one, broken again
	u.signals <- syscall.SIGINT
	ends(t, code, u, exitDetached)
	has(t, u.out.String(), "goes on.", "look:", "pause:", "cancel:")
	out, _ := w.reglue(t, 0, "bulk")
	has(t, out, "● running", "1 of 3 started")
	id := out[strings.Index(out, "bulk_"):][:len("bulk_")+10]
	w.reglue(t, 0, "bulk", "pause", id)
	out, _ = w.reglue(t, 0, "bulk", id)
	has(t, out, "‖ paused: 1 of 3 started; at least 1h00m apart", "1 failed", "○ to start", "continue:")
	w.reglue(t, 0, "bulk", "continue", id)
	w.reglue(t, 0, "bulk", "cancel", id)
	out, _ = w.reglue(t, 0, "bulk", id)
	has(t, out, "■ cancelled: 1 of 3 started, 2 called off", "■ called off")
}

// TestRepairs lets a workflow repair itself, with the policy in its template.
func TestRepairs(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	policy := func(text string) {
		w.write(t, "nightly.yaml", strings.Replace(pipeline, "Properties: {Name: nightly}}",
			"Properties: {Name: nightly}, Metadata: {Reglue: {AutoResume: "+text+"}}}", 1))
	}
	policy("times=many")
	_, errs := w.reglue(t, exitRefused, "run", w.template, "--parameter", "Dir="+w.dir)
	has(t, errs, `Tag reglue:auto-resume: times must be a number from 1 to 100, not "many"`)

	s, err := startServer(t.Context(), serverOptions{Data: w.data, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	policy("times=1 wait=1h")
	out, _ := w.reglue(t, exitFailed, "run", w.template, "--parameter", "Dir="+w.dir)
	has(t, out, "↻ automatic repair (try 1 of 1) comes at ", ", in 59m")
	out, _ = w.reglue(t, 0, "show", "nightly")
	has(t, out, "↻ automatic repair (try 1 of 1) comes at ")
	out, _ = w.reglue(t, 0, "repairs")
	has(t, out, "nightly", "wr_", "○ starts in 59m")
	// By hand, and it breaks again: the budget of one is left.
	out, _ = w.reglue(t, exitFailed, "resume", "nightly", "--failed")
	has(t, out, "↻ automatic repair (try 1 of 1) comes at ")
	out, _ = w.reglue(t, 0, "repairs", "nightly")
	has(t, out, "○ starts in 59m", "– skipped for wr_", " resumed it meanwhile")

	policy("times=1 wait=0s match=line 3")
	out, _ = w.reglue(t, 0, "apply", w.template, "--parameter", "Dir="+w.dir)
	has(t, out, "updated", "Tags")
	w.reglue(t, exitFailed, "run", w.template, "--parameter", "Dir="+w.dir)
	const gaveUp = "automatic repair gave up after 1 try: load ended FAILED: ValueError: line 3 is not good"
	u := newUse("repairs", "nightly", "--data", w.data)
	for deadline := time.Now().Add(time.Minute); ; u = newUse("repairs", "nightly", "--data", w.data) {
		if out, _ = u.run(t, 0); strings.Contains(out, gaveUp) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("never gave up:\n%s", out)
		}
	}
	has(t, out, "✗ "+gaveUp, "✗ wr_")
	out, _ = w.reglue(t, 0, "show", "nightly")
	has(t, out, "resumed by automatic repair (try 1 of 1)", "↻ "+gaveUp)
}

// TestRepairWithoutServer: the process that carries on sees to the repair too.
func TestRepairWithoutServer(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	w.write(t, "nightly.yaml", strings.Replace(pipeline, "Properties: {Name: nightly}}",
		"Properties: {Name: nightly}, Metadata: {Reglue: {AutoResume: times=2 wait=2s}}}", 1))
	_, errs := w.reglue(t, exitFailed, "run", w.template, "--parameter", "Dir="+w.dir)
	has(t, errs, "sees to them in the background")
	for deadline := time.Now().Add(time.Minute); ; {
		out, _ := w.reglue(t, 0, "repairs")
		if strings.Contains(out, "gave up after 2 tries") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("never gave up:\n%s", out)
		}
	}
	unowned(t, w.data)
	if got, want := strings.Join(w.journal(t), " "), "extract load alert load alert load alert"; got != want {
		t.Errorf("ran %s, want %s", got, want)
	}
}
