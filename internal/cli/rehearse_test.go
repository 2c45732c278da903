package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// rehearsable is a fakeGlue that knows jobs too, and answers runs with graphs when
// it is asked to.
type rehearsable struct {
	*fakeGlue
	jobs map[string]*glue.Job
}

func (f *rehearsable) Call(ctx context.Context, op string, in, out any) error {
	switch in := in.(type) {
	case *glue.BatchGetJobsRequest:
		answer := out.(*glue.BatchGetJobsResponse)
		for _, name := range in.JobNames {
			if j := f.jobs[name]; j != nil {
				answer.Jobs = append(answer.Jobs, *j)
			} else {
				answer.JobsNotFound = append(answer.JobsNotFound, name)
			}
		}
		return nil
	case *glue.GetWorkflowRunsRequest:
		if in.IncludeGraph != nil {
			for _, r := range f.runs[in.Name] {
				out.(*glue.GetWorkflowRunsResponse).Runs = append(out.(*glue.GetWorkflowRunsResponse).Runs, *r)
			}
			return nil
		}
	}
	return f.fakeGlue.Call(ctx, op, in, out)
}

// nightlyJobs is the nightly workflow after a run in which clean failed. The jobs
// took half a second; clean has two retries.
func nightlyJobs(t *testing.T) *rehearsable {
	t.Helper()
	f := &rehearsable{
		&fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {broken(t), whole(t)}, "empty": {}}}, map[string]*glue.Job{},
	}
	for _, name := range []string{"extract", "clean", "alert", "join", "publish", "archive"} {
		f.jobs[name] = &glue.Job{Name: name}
	}
	two := int32(2)
	f.jobs["clean"].MaxRetries = &two
	return f
}

func (f *rehearsable) on(t *testing.T, kind targetKind, wantCode int, args ...string) (stdout, stderr string) {
	t.Helper()
	u := newUse(args...)
	u.open = func(context.Context, targetOptions) (*target, error) {
		return &target{Caller: f, Kind: kind, Close: noClose}, nil
	}
	return u.run(t, wantCode)
}

func TestRehearse(t *testing.T) {
	t.Parallel()
	f := nightlyJobs(t)
	out, _ := f.on(t, targetAWS, 0, "rehearse", "nightly", "--fail", "clean", "--duration", "alert=2m")
	has(t, out, "Rehearsal of nightly. Nothing was run.", "✗ 1 failed, 3 never started", "AWS would call it COMPLETED",
		"It would take 2m02s.",
		"+0s", "+0.5s", "✓ succeeded", "extract",
		"+0.5s", "+1.0s", "✗ failed", "clean",
		"+1.0s", "+1.5s", "✗ failed", "clean", "retry 1 of 2",
		"+1.5s", "+2.0s", "✗ failed", "clean", "retry 2 of 2",
		"+2.0s", "+2m02s", "✓ succeeded", "alert", "because clean failed",
		"Would never start", "join", "but clean FAILED", "publish", "but join never ran", "archive", "was CREATED, not ACTIVATED",
		"Critical path: extract 0.5s → clean 0.5s → clean 0.5s → clean 0.5s → alert 2m00s",
		"Times: medians of the newest runs for 3 nodes; given for alert.")
	if len(f.changes) > 0 {
		t.Errorf("a rehearsal changed something, or asked for more than it needs: %v", f.changes)
	}
	out, _ = f.on(t, targetEndpoint, 0, "rehearse", "nightly", "--fail", "clean:1")
	has(t, out, "✓ 5 succeeded, 2 not started", "✗ failed", "clean", "✓ succeeded", "clean", "retry 1 of 2", "join", "publish",
		"Would never start", "alert", "but clean SUCCEEDED")
	out, _ = f.on(t, targetEndpoint, 0, "rehearse", "nightly", "--fail", "*", "--fail", "extract=succeeded")
	has(t, out, "✗ 3 failed, 3 never started", "✓ succeeded", "extract", "✗ failed", "crawl", "✗ failed", "clean", "✗ failed", "alert")
}

func TestRehearseResume(t *testing.T) {
	t.Parallel()
	f := nightlyJobs(t)
	for _, how := range [][]string{{"--failed"}, {"--node", "cl*"}, {"wr_b", "--node", "clean"}} {
		out, _ := f.on(t, targetEndpoint, 0, append([]string{"rehearse", "nightly"}, how...)...)
		has(t, out, "Rehearsal of the resume of run wr_b0000000 of nightly, repeating clean. Nothing was run.", "✓ 5 succeeded, 2 not started",
			"It would take 1.5s", "clean", "repeated directly", "join", "publish",
			"Carried over, not repeated", "extract, crawl", "Would never start", "alert")
	}
	_, errs := f.on(t, targetEndpoint, 2, "rehearse", "nightly", "wr_a", "--failed")
	has(t, errs, "no node of run wr_a0000000 failed")
	_, errs = f.on(t, targetEndpoint, 2, "rehearse", "nightly", "--node", "publish")
	has(t, errs, "(publish) was never attempted in workflow run "+runID("b"))
	_, errs = f.on(t, targetEndpoint, 2, "rehearse", "nightly", "--node", "[pj]*")
	has(t, errs, `nothing that matches "[pj]*" ran in run wr_b0000000`)
	out, _ := f.on(t, targetEndpoint, 0, "rehearse", "nightly", "--accept", "clean", "--except", "publish")
	has(t, out, "Rehearsal of the resume of run wr_b0000000 of nightly, accepting clean, holding back publish.", "+0s", "join",
		"Carried over, not repeated", "clean (accepted)", "Would never start", "publish")
	_, errs = f.on(t, targetEndpoint, 2, "rehearse", "nightly", "--until", "join")
	has(t, errs, "--until and --except are about a resume")
	// The triggers of a run, from its beginning.
	out, _ = f.on(t, targetEndpoint, 0, "rehearse", "nightly", "wr_b")
	has(t, out, "Rehearsal of nightly with the triggers of run wr_b0000000", "+0s", "extract")
}

func TestRehearseExpectations(t *testing.T) {
	t.Parallel()
	f := nightlyJobs(t)
	out, _ := f.on(t, targetEndpoint, exitWhole, "rehearse", "nightly", "--failed", "--fail", "join=TIMEOUT",
		"--expect", "extract=CARRIED", "--expect", "extract=SUCCEEDED", "--expect", "join=TIMEOUT", "--expect", "publish=NOT_STARTED", "--expect", "crawl=carried")
	has(t, out, "✓ extract is CARRIED, as expected", "✓ join is TIMEOUT, as expected", "✓ publish is NOT_STARTED, as expected")
	out, errs := f.on(t, targetEndpoint, exitFailed, "rehearse", "nightly", "--fail", "clean", "--expect", "p*=SUCCEEDED", "--expect", "alert=SUCCEEDED", "--expect", "extract=CARRIED")
	has(t, out, "✗ publish: expected SUCCEEDED, but it is NOT_STARTED", "✓ alert is SUCCEEDED, as expected", "✗ extract: expected CARRIED, but it is SUCCEEDED")
	has(t, errs, "2 of 3 expectations not met: publish: expected SUCCEEDED, but it is NOT_STARTED; extract: ")
}

func TestRehearseRefuses(t *testing.T) {
	t.Parallel()
	f := nightlyJobs(t)
	for line, want := range map[string]string{
		"":                                   "name a workflow, or a template with --template",
		"nigthly":                            `there is no workflow "nigthly"`,
		"nightly --fail claen":               `--fail claen: there is no node "claen"`,
		"nightly --fail clean=DANCING":       `--fail clean=DANCING: "DANCING" is no end: use SUCCEEDED, FAILED`,
		"nightly --fail clean=RUNNING":       `"RUNNING" is no end`,
		"nightly --fail crawl=TIMEOUT":       "crawl is a crawler, and no crawl ends in TIMEOUT",
		"nightly --fail clean:0":             `"0" is no number of attempts`,
		"nightly --fail joined":              `"joined" is a trigger`,
		"nightly --duration clean":           "write it as NODE=5m",
		"nightly --duration clean=soon":      "write it as 12h, 90m or 2d",
		"nightly --duration clean=-5m":       "can't be negative",
		"nightly --expect clean":             "write it as NODE=STATE",
		"nightly --expect clean=GREAT":       "or NOT_STARTED or CARRIED",
		"nightly --failed --node clean":      "not both",
		"--template x.yaml --failed":         "a template has no runs",
		"--template /nowhere/x.yaml nightly": "no such file",
	} {
		_, errs := f.on(t, targetEndpoint, 2, append([]string{"rehearse"}, strings.Fields(line)...)...)
		if !strings.Contains(errs, want) {
			t.Errorf("rehearse %s: %q should contain %q", line, errs, want)
		}
	}
}

// TestRehearseGoneJob: a job that does not exist ends in ERROR, as it would.
func TestRehearseGoneJob(t *testing.T) {
	t.Parallel()
	f := nightlyJobs(t)
	delete(f.jobs, "clean")
	out, _ := f.on(t, targetEndpoint, 0, "rehearse", "nightly")
	has(t, out, "+0.5s", "+0.5s", "✗ error", "clean", "note: no such job, so a run ends it in ERROR at once: clean")
	out, _ = f.on(t, targetEndpoint, 0, "rehearse", "nightly", "--fail", "clean=SUCCEEDED")
	has(t, out, "✓ 5 succeeded")
}

func TestRehearseJSON(t *testing.T) {
	t.Parallel()
	f := nightlyJobs(t)
	out, _ := f.on(t, targetEndpoint, 1, "rehearse", "nightly", "--fail", "clean", "-o", "json", "--expect", "join=SUCCEEDED")
	var d rehearsalDescription
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	if d.Status != "COMPLETED" || d.Outcome.Failed != 1 || d.Statistics.FailedActions != 1 || d.Met || len(d.Triggers) != 6 || d.Seconds != 2.5 {
		t.Errorf("got %s", out)
	}
	byName := map[string]rehearsedNode{}
	for _, n := range d.Nodes {
		byName[n.Name] = n
	}
	if n := byName["clean"]; n.State != "FAILED" || len(n.Attempts) != 3 || n.Seconds != 1.5 || n.DurationFrom != fromRuns || n.Attempts[2].Retry != 2 {
		t.Errorf("clean: %+v", n)
	}
	if n := byName["publish"]; n.State != "" || n.Cause != "clean" || !strings.Contains(n.Reason, "join never ran") {
		t.Errorf("publish: %+v", n)
	}
	if n := byName["alert"]; n.State != "SUCCEEDED" || n.Attempts[0].FromSeconds != 2 || n.Attempts[0].Trigger != "spoiled" {
		t.Errorf("alert: %+v", n)
	}
	if diff := cmp.Diff([]judgement{{"join", "SUCCEEDED", "NOT_STARTED", false}}, d.Expectations); diff != "" {
		t.Error(diff)
	}
	var path []string
	for _, p := range d.CriticalPath {
		path = append(path, p.Node)
	}
	if diff := cmp.Diff([]string{"extract", "clean", "clean", "clean", "alert"}, path); diff != "" {
		t.Error(diff)
	}
}

// TestRehearseTemplate needs no server, and opens none.
func TestRehearseTemplate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "nightly.yaml")
	text := strings.Replace(pipeline, "Name: load, Role: r,", "Name: load, Role: r, MaxRetries: 1, Timeout: 7,", 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "job.py"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	play := func(code int, args ...string) (string, string) {
		u := newUse(append([]string{"rehearse", "--template", path, "--parameter", "Dir=/tmp"}, args...)...)
		u.open = func(context.Context, targetOptions) (*target, error) {
			return nil, fmt.Errorf("a template needs no server")
		}
		return u.run(t, code)
	}
	out, _ := play(exitWhole, "--fail", "load", "--expect", "alert=SUCCEEDED", "--expect", "publish=NOT_STARTED")
	has(t, out, "Rehearsal of nightly as "+path+" has it", "It would take 4m00s", "load", "retry 1 of 1", "alert", "because load failed",
		"1m00s assumed for extract, load, 1 more (--duration sets it)")
	out, _ = play(exitWhole, "nightly", "--fail", "load=TIMEOUT", "--expect", "alert=NOT_STARTED")
	has(t, out, "It would take 8m00s", "✗ timeout", "but load ended in TIMEOUT", "the job's timeout for load")
	_, errs := play(exitFailed, "--fail", "load:1", "--expect", "alert=SUCCEEDED")
	has(t, errs, "1 of 1 expectation not met: alert: expected SUCCEEDED, but it is NOT_STARTED")
	_, errs = play(exitRefused, "hourly")
	has(t, errs, `the template has no workflow "hourly"`)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("left something: %v %v", entries, err)
	}
}

// TestRehearseEqualsReality: a real run, and its resume, come to what a rehearsal
// with the same ends said before.
func TestRehearseEqualsReality(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	rehearsed := func(args ...string) map[string]string {
		out, _ := w.reglue(t, 0, append([]string{"rehearse", "-o", "json"}, args...)...)
		var d rehearsalDescription
		if err := json.Unmarshal([]byte(out), &d); err != nil {
			t.Fatal(err)
		}
		states := map[string]string{"outcome": fmt.Sprint(d.Outcome)}
		for _, n := range d.Nodes {
			states[n.Name] = fmt.Sprint(n.State, n.Carried)
		}
		return states
	}
	reality := func() map[string]string {
		out, _ := w.reglue(t, 0, "show", "nightly", "-o", "json")
		var d runDescription
		if err := json.Unmarshal([]byte(out), &d); err != nil {
			t.Fatal(err)
		}
		states := map[string]string{"outcome": fmt.Sprint(d.Outcome)}
		for _, n := range d.Nodes {
			states[n.Name] = fmt.Sprint(n.State, n.Carried)
		}
		return states
	}
	before := rehearsed("--template", w.template, "--parameter", "Dir="+w.dir, "--fail", "load")
	w.reglue(t, exitFailed, "run", w.template, "--parameter", "Dir="+w.dir)
	if diff := cmp.Diff(before, reality()); diff != "" {
		t.Errorf("from the template (-rehearsed +real):\n%s", diff)
	}
	if diff := cmp.Diff(rehearsed("nightly", "--fail", "load"), reality()); diff != "" {
		t.Errorf("from the server (-rehearsed +real):\n%s", diff)
	}
	repaired := rehearsed("nightly", "--failed")
	w.write(t, "good", "")
	w.reglue(t, exitWhole, "resume", "nightly", "--failed")
	if diff := cmp.Diff(repaired, reality()); diff != "" {
		t.Errorf("the resume (-rehearsed +real):\n%s", diff)
	}
}

func TestSamples(t *testing.T) {
	t.Parallel()
	node := func(name string, runs ...glue.JobRun) glue.Node {
		return glue.Node{Type: glue.NodeTypeJob, Name: name, JobDetails: &glue.JobNodeDetails{JobRuns: runs}}
	}
	var runs []*glue.WorkflowRun
	for i, took := range []glue.Time{90, 10, 20, 30, 40, 50} { // the first is too old to count
		j := glue.JobRun{Id: fmt.Sprint("jr", i), JobRunState: "SUCCEEDED", StartedOn: glue.Time(1000 * (i + 1)), CompletedOn: glue.Time(1000*(i+1)) + took}
		runs = append(runs, &glue.WorkflowRun{Graph: &glue.WorkflowGraph{Nodes: []glue.Node{
			node("a", j), node("b", glue.JobRun{Id: "live", JobRunState: "RUNNING", StartedOn: 5}),
		}}})
	}
	failed := glue.JobRun{Id: "x", JobRunState: "FAILED", StartedOn: 9000, CompletedOn: 9002}
	again := slices.Clone(runs[5].Graph.Nodes) // a resumed run carries an attempt
	again[0].JobDetails = &glue.JobNodeDetails{JobRuns: append(slices.Clone(again[0].JobDetails.JobRuns), failed)}
	runs = append(runs, &glue.WorkflowRun{}, &glue.WorkflowRun{Graph: &glue.WorkflowGraph{Nodes: again}})
	s := samplesOf(runs)
	succeeded := func(s flow.State) bool { return s == flow.Succeeded }
	whatever := func(flow.State) bool { return true }
	for name, c := range map[string]struct {
		key  string
		is   func(flow.State) bool
		want time.Duration
		ok   bool
	}{
		"of the latest five that succeeded": {"a", succeeded, 30 * time.Millisecond, true},
		"of the latest five of any end":     {"a", whatever, 30 * time.Millisecond, true},
		"of none that failed":               {"a", func(s flow.State) bool { return s == flow.TimedOut }, 0, false},
		"of what is live":                   {"b", whatever, 0, false},
		"of what never ran":                 {"c", whatever, 0, false},
	} {
		if got, ok := s.median(sampleKey{glue.NodeTypeJob, c.key}, c.is); got != c.want || ok != c.ok {
			t.Errorf("%s: %v %t, want %v %t", name, got, ok, c.want, c.ok)
		}
	}
}
