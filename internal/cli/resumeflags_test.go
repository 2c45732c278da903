package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// namedOddly is a run whose jobs have these names.
func namedOddly(t *testing.T, names ...string) *glue.WorkflowRun {
	t.Helper()
	run := drawn(t, runID("f"), "begin: n0 n1 n2 n3 n4 n5", map[string]string{"n0": "FAILED", "n1": "FAILED", "n2": "FAILED", "n3": "FAILED", "n4": "FAILED", "n5": "FAILED"})
	for i := range run.Graph.Nodes {
		n := &run.Graph.Nodes[i]
		var at int
		if _, err := fmt.Sscanf(n.Name, "n%d", &at); err == nil && at < len(names) {
			n.Name = names[at]
			n.JobDetails.JobRuns[0].JobName = names[at]
		}
	}
	return run
}

// TestOddNames: names may hold what flags part by.
func TestOddNames(t *testing.T) {
	t.Parallel()
	run := namedOddly(t, "größe: a", "a:--b", "a+", "a", "--failed", "x=1")
	override := func(o resumeOptions) map[string]glue.RunOverride {
		t.Helper()
		var req plan.Request
		if err := o.overrides(run, &req); err != nil {
			t.Error(err)
		}
		return req.Overrides
	}
	for text, want := range map[string][3]string{
		"größe: a:--k=v":       {"größe: a", "--k", "v"},
		"a:--k=x:--y=z":        {"a", "--k", "x:--y=z"},
		"a:--b:--k=v":          {"a:--b", "--k", "v"},
		"a:--k=":               {"a", "--k", ""},
		"a:--k=a=b":            {"a", "--k", "a=b"},
		"a+:--k=v":             {"a+", "--k", "v"},
		"--failed:--k=v":       {"--failed", "--k", "v"},
		"x=1:--k=v":            {"x=1", "--k", "v"},
		"id_n3:--k=ü":          {"a", "--k", "ü"},
		"a:--key-with.dots=1 ": {"a", "--key-with.dots", "1 "},
	} {
		got := override(resumeOptions{args: []string{text}})
		if diff := cmp.Diff(map[string]glue.RunOverride{want[0]: {Arguments: map[string]string{want[1]: want[2]}}}, got); diff != "" {
			t.Errorf("--arg %q:\n%s", text, diff)
		}
	}
	if got := override(resumeOptions{timeouts: []string{"x=1=5"}, retries: []string{"a*=2", "a=3"}}); *got["x=1"].Timeout != 5 || *got["a+"].Retries != 2 || *got["a"].Retries != 3 {
		t.Errorf("%+v", got)
	}
	r := &resuming{prior: run, plain: true, o: resumeOptions{nodes: []string{"a+", "a++", "größe: a+", "--failed", "x=1+"}}}
	ids, err := r.named(t.Context())
	if diff := cmp.Diff([]string{"id_n2", "id_n0", "id_n4", "id_n5"}, ids); diff != "" || err != nil {
		t.Error(diff, err)
	}
	before, err := (&resumeOptions{before: []string{"a=b=c", "id_n5=true"}}).commands(run)
	if diff := cmp.Diff([]plan.Before{{Node: "a", Command: "b=c"}, {Node: "x=1", Command: "true"}}, before); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for text, want := range map[string]string{
		"a": "must be NODE:--key=value", "a:--k": "must be NODE:--key=value", "a:--=v": "must be NODE:--key=value", ":--k=v": "must be NODE:--key=value",
		"a:-k=v": "must be NODE:--key=value", "": "must be NODE:--key=value", "b:--k=v": `no node "b"`, "begin:--k=v": `"begin" is a trigger`,
	} {
		var req plan.Request
		if err := (&resumeOptions{args: []string{text}}).overrides(run, &req); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--arg %q: %v, want %q", text, err, want)
		}
	}
}

// TestFlagsThatNeedAServer: AWS's operations alone can't honour them, so nothing is
// started and it is said which.
func TestFlagsThatNeedAServer(t *testing.T) {
	t.Parallel()
	f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {broken(t)}}}
	for line, want := range map[string]string{
		"--changed":                            "--changed: this endpoint has AWS's operations alone",
		"--missing":                            "--missing: this endpoint",
		"--held":                               "--held: this endpoint",
		"--recommended":                        "--recommended: this endpoint",
		"--accept clean --because x":           "--accept: this endpoint",
		"--failed --until clean":               "--until: this endpoint",
		"--failed --except alert":              "--except: this endpoint",
		"--failed --property a=b":              "--property: this endpoint",
		"--failed --arg clean:--a=b":           "--arg: this endpoint",
		"--failed --timeout clean=1":           "--timeout: this endpoint",
		"--failed --retries clean=1":           "--retries: this endpoint",
		"--failed --from-stopped":              "--from-stopped: this endpoint",
		"--failed --again":                     "--again: this endpoint",
		"--failed --plan-token plan1-x":        "--plan-token: this endpoint",
		"--failed --definition current":        "--definition current: this endpoint",
		"--failed --again --retries clean=1":   "--retries, --again: this endpoint",
		"--failed --plan --plan-token plan1-x": "give one of them",
		"--failed --definition new":            "must be original or current",
		"--failed --timeout clean":             "--timeout must be NODE=NUMBER",
		"--failed --before clean":              "--before must be NODE=COMMAND",
		"--failed --expect-head wr_0":          `no run "wr_0"`,
	} {
		for _, plan := range []bool{false, true} {
			args := append([]string{"resume", "nightly"}, strings.Fields(line)...)
			if plan && !strings.Contains(line, "--plan") {
				args = append(args, "--plan")
			}
			_, errs := f.on(t, targetEndpoint, 2, args...)
			if !strings.Contains(errs, want) {
				t.Errorf("%s: %q lacks %q", args, errs, want)
			}
		}
	}
	if len(f.changes) > 0 {
		t.Errorf("changed: %v", f.changes)
	}
}

// TestExpectHeadOfAnAccount: runs of the same workflow that are no kin don't count.
func TestExpectHeadOfAnAccount(t *testing.T) {
	t.Parallel()
	first, second, other := broken(t), broken(t), broken(t)
	second.WorkflowRunId, second.PreviousRunId, second.StartedOn = runID("c"), first.WorkflowRunId, first.StartedOn+hour
	other.WorkflowRunId, other.StartedOn = runID("d"), first.StartedOn+2*hour
	f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {other, second, first}}}
	args := []string{"resume", "nightly", first.WorkflowRunId, "--failed", "--detach", "--expect-head"}
	_, errs := f.on(t, targetEndpoint, 2, append(args, first.WorkflowRunId)...)
	has(t, errs, "was expected to be the newest of its family, but wr_c0000000 is; nothing was changed")
	if len(f.changes) > 0 {
		t.Fatalf("changed: %v", f.changes)
	}
	f.on(t, targetEndpoint, 0, append(args, "wr_c0")...)
	var sent glue.ResumeWorkflowRunRequest
	if len(f.changes) != 1 {
		t.Fatal(f.changes)
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(f.changes[0], "ResumeWorkflowRun ")), &sent); err != nil || sent.RunId != first.WorkflowRunId {
		t.Errorf("%v %s", err, f.changes)
	}
}
