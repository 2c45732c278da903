package cli

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

// TestFailedChooses holds --failed to its definition: every state of a job and
// of a crawl.
func TestFailedChooses(t *testing.T) {
	t.Parallel()
	states := map[string]string{
		"ok": "SUCCEEDED", "failed": "FAILED", "late": "TIMEOUT", "gone": "ERROR", "old": "EXPIRED", "halted": "STOPPED",
		"c_ok!": "SUCCEEDED", "c_failed!": "FAILED", "c_cancelled!": "CANCELLED", "c_gone!": "ERROR",
	}
	run := drawn(t, runID("a"), "begin: ok failed late gone old halted blank c_ok! c_failed! c_cancelled! c_gone!", states)
	got, err := failedNodes(run)
	want := []string{"id_failed", "id_late", "id_gone", "id_old", "id_halted", "id_c_failed!", "id_c_cancelled!", "id_c_gone!"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// TestLatestAttemptDecides looks at a node that failed and then was retried.
func TestLatestAttemptDecides(t *testing.T) {
	t.Parallel()
	run := broken(t)
	for i := range run.Graph.Nodes {
		if n := &run.Graph.Nodes[i]; n.Name == "clean" {
			again := n.JobDetails.JobRuns[0]
			again.Id, again.Attempt, again.JobRunState, again.StartedOn = "jr_clean_attempt_1", 1, glue.JobRunStateSucceeded, again.StartedOn+100
			// The service may answer in any order.
			n.JobDetails.JobRuns = append(n.JobDetails.JobRuns, again)
		}
	}
	if ids, err := failedNodes(run); err == nil {
		t.Errorf("got %v, want none", ids)
	}
}

func TestResumeCalls(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"--failed":                   `["id_clean"]`,
		"--node clean":               `["id_clean"]`,
		"--node id_clean":            `["id_clean"]`,
		"--node c*":                  `["id_crawl!","id_clean"]`,
		"--node *":                   `["id_extract","id_crawl!","id_clean","id_alert"]`,
		"--node alert --node clean":  `["id_alert","id_clean"]`,
		"--node clean --node cl?an":  `["id_clean"]`,
		"--node [ae]*":               `["id_extract","id_alert"]`,
		"wr_b0 --node clean -o json": `["id_clean"]`,
		"b000 --failed":              `["id_clean"]`,
	} {
		f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {broken(t), whole(t)}}}
		args := append([]string{"resume", "nightly", "--detach"}, strings.Fields(line)...)
		f.on(t, targetEndpoint, 0, args...)
		wantCall := `ResumeWorkflowRun {"Name":"nightly","RunId":"` + runID("b") + `","NodeIds":` + want + `}`
		if diff := cmp.Diff([]string{wantCall}, f.changes); diff != "" {
			t.Errorf("resume %s: %s", line, diff)
		}
	}
}

func TestResumeRefuses(t *testing.T) {
	t.Parallel()
	live := drawn(t, runID("d"), nightly, map[string]string{"extract": "RUNNING"})
	live.Status = glue.WorkflowRunStatusRunning
	twins := drawn(t, runID("e"), "begin: same same!", map[string]string{"same": "FAILED", "same!": "FAILED"})
	f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{
		"nightly": {broken(t), whole(t)}, "live": {live}, "twins": {twins},
	}}
	for line, want := range map[string]string{
		"nightly":                       "choose what to repeat: --failed, or --node NODE",
		"nightly --failed --node clean": "not both",
		"nightly wr_a --failed":         "no node of run wr_a0000000 failed: there is nothing to repeat, and nothing was changed",
		"nightly wr_a --failed --plan":  "nothing was changed",
		"nightly --node publish":        `"publish" never started in run wr_b0000000, so it can't be repeated (join never started); it runs by itself`,
		"nightly --node pub*":           `"pub*" never started`,
		"nightly --node joined":         `"joined" is a trigger; name the jobs or crawlers that it starts: join`,
		"nightly --node id_joined":      "joined is a trigger; only jobs and crawlers can be repeated",
		"nightly --node claen":          `there is no node "claen"`,
		"nightly --node zz*":            `no job or crawler of this run matches "zz*"`,
		"nightly --node [":              `"[" is not a valid pattern`,
		"live --failed":                 "is still RUNNING; only a run that is COMPLETED can be resumed",
		"twins --node same":             "names a job and a crawler; name the node by its id: id_same (job) or id_same! (crawler)",
	} {
		_, errs := f.on(t, targetEndpoint, 2, append([]string{"resume"}, strings.Fields(line)...)...)
		if !strings.Contains(errs, want) {
			t.Errorf("resume %s: %q should contain %q", line, errs, want)
		}
	}
	f.refuse = glue.Errorf(glue.ConcurrentRunsExceeded, "Concurrent runs exceeded for workflow: nightly.")
	_, errs := f.on(t, targetEndpoint, 2, "resume", "nightly", "--failed")
	has(t, errs, "Concurrent runs exceeded for workflow: nightly. (ConcurrentRunsExceededException)")
	if len(f.changes) > 0 {
		t.Errorf("changed: %v", f.changes)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {broken(t)}}}
	out, _ := f.on(t, targetEndpoint, 0, "resume", "nightly", "--failed", "--plan")
	has(t, out, "Plan to resume run wr_b0000000 of nightly",
		"Start at once", "▶ clean", "its latest attempt FAILED",
		"if their trigger fires", "○ alert", "if trigger spoiled fires", "○ join", "○ publish", "trigger spoiled", "trigger joined",
		"Can't run", "✗ archive", "can't start",
		"Carried over", "= extract", "it SUCCEEDED", "= crawl", "trigger begin", "trigger extracted",
		"1 node to start at once, 3 that may follow, 2 nodes carried over. Nothing was changed.")
	out, _ = f.on(t, targetEndpoint, 0, "resume", "nightly", "--failed", "--plan", "-o", "json")
	var d planDescription
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Nodes) != len(broken(t).Graph.Nodes) {
		t.Errorf("the plan has %d nodes, the run %d", len(d.Nodes), len(broken(t).Graph.Nodes))
	}
	for _, n := range d.Nodes {
		if n.Reason == "" || n.Verdict == "" {
			t.Errorf("%s has no reason or no verdict", n.Name)
		}
	}
	if diff := cmp.Diff([]string{"id_clean"}, d.Starts); diff != "" {
		t.Error(diff)
	}
	if len(f.changes) > 0 {
		t.Errorf("a plan changed something: %v", f.changes)
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {broken(t)}}}
	lines := [][]string{
		{"resume", "nightly", "--failed", "--detach"}, {"stop", "nightly", "--detach"}, {"run", "--workflow", "nightly", "--detach"},
	}
	for _, line := range lines {
		_, errs := f.on(t, targetAWS, 2, append(line, "--aws-profile", "prod")...)
		has(t, errs, "in the AWS account of profile prod: add --yes to confirm")
	}
	if len(f.changes) > 0 {
		t.Fatalf("changed without asking: %v", f.changes)
	}
	for _, line := range lines {
		f.on(t, targetAWS, 0, append(line, "--aws-profile", "prod", "--yes")...)
	}
	if len(f.changes) != len(lines) {
		t.Errorf("changes: %v", f.changes)
	}
}

// TestTemplateErrors needs no server: nothing is opened before a template is
// understood.
func TestTemplateErrors(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/two.yaml"
	text := "Resources:\n  A: {Type: AWS::Glue::Workflow, Properties: {Name: a}}\n  B: {Type: AWS::Glue::Workflow, Properties: {Name: b}}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &fakeGlue{}
	for want, args := range map[string][]string{
		"choose one with --workflow: a, b": {"run", path},
		`has no workflow "c"`:              {"run", path, "--workflow", "c"},
		"no such file":                     {"run", path + "x"},
		"must be NAME=VALUE":               {"run", path, "--property", "x"},
		"--parameter must be":              {"apply", path, "--parameter", "=x"},
		"name a template, or a workflow":   {"run"},
	} {
		_, errs := f.on(t, targetEndpoint, 2, args...)
		has(t, errs, want)
	}
}
