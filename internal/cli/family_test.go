package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// resumedRun is the run of a resume that began hours after the others: the nodes
// of states ran, or are blank if the state is empty, and all else is carried.
func resumedRun(t *testing.T, prior *glue.WorkflowRun, id string, hours int, states map[string]string) *glue.WorkflowRun {
	t.Helper()
	text, err := json.Marshal(prior)
	if err != nil {
		t.Fatal(err)
	}
	run := &glue.WorkflowRun{}
	if err := json.Unmarshal(text, run); err != nil {
		t.Fatal(err)
	}
	run.WorkflowRunId, run.PreviousRunId = id, prior.WorkflowRunId
	run.StartedOn = glue.Time((100 + hours) * hour)
	run.CompletedOn = run.StartedOn + 4000
	counts := map[string]int32{}
	for i := range run.Graph.Nodes {
		n := &run.Graph.Nodes[i]
		state, again := states[n.Name]
		if n.Type != glue.NodeTypeJob {
			continue
		}
		if again {
			n.JobDetails.JobRuns = nil
		}
		if again && state != "" {
			j := glue.JobRun{
				Id: fmt.Sprintf("jr_%s_%d", n.Name, hours), JobName: n.Name, JobRunState: glue.JobRunState(state),
				StartedOn: run.StartedOn + 1000, CompletedOn: run.StartedOn + 3000,
			}
			if state == "FAILED" {
				j.ErrorMessage = "ValueError: " + n.Name + " is still broken"
			}
			if state == "RUNNING" {
				j.CompletedOn, run.CompletedOn, run.Status = 0, 0, glue.WorkflowRunStatusRunning
			}
			n.JobDetails.JobRuns = []glue.JobRun{j}
		}
		for _, j := range n.JobDetails.JobRuns {
			counts[string(j.JobRunState)]++
		}
	}
	run.Statistics = &glue.WorkflowRunStatistics{
		TotalActions: prior.Statistics.TotalActions, SucceededActions: counts["SUCCEEDED"] + 1, // the crawl
		FailedActions: counts["FAILED"], RunningActions: counts["RUNNING"],
	}
	return run
}

// chain is a broken run, a resume of it that broke as well, and a whole one.
func chain(t *testing.T) (first, second, third *glue.WorkflowRun) {
	t.Helper()
	first = broken(t)
	second = resumedRun(t, first, runID("c"), 1, map[string]string{
		"clean": "SUCCEEDED", "alert": "", "join": "FAILED", "publish": "", "archive": "",
	})
	third = resumedRun(t, second, runID("d"), 2, map[string]string{"join": "SUCCEEDED", "publish": "SUCCEEDED", "archive": ""})
	return first, second, third
}

func TestFamily(t *testing.T) {
	t.Parallel()
	first, second, third := chain(t)
	f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {third, second, first, whole(t)}}}
	for _, args := range [][]string{{"nightly"}, {"nightly", "wr_b"}, {"nightly", runID("c")}} {
		out, _ := f.on(t, targetEndpoint, 0, append([]string{"family"}, args...)...)
		has(t, out, "nightly  run wr_b0000000 and 2 resumes", "✓ 5 succeeded, 2 not started", "as its newest run wr_d0000000 has it",
			"wr_b0000000", "✗ 1 failed, 3 never started",
			"└─ wr_c0000000", "repeated clean; ran 2 attempts, carried 2 (1.0s of work)",
			"└─ wr_d0000000", "repeated join; ran 2 attempts, carried 3 (3.0s of work)",
			"✓ succeeded", "extract", "in wr_b0000000", "1 of 1", "0.5s",
			"✓ succeeded", "crawl", "in wr_b0000000",
			"✓ succeeded", "clean", "in wr_c0000000", "2 of 2",
			"· not started", "alert", "only if clean failed (it ran in wr_b0000000)",
			"✓ succeeded", "join", "in wr_d0000000", "2 of 2",
			"From the first start to the last end: 2h00m, of which 1h59m between the runs. 8 attempts took 10s in all. "+
				"Runs from the beginning, instead of resumes, would have repeated 5 more, 4.0s of work.")
		hasNot(t, out, "wr_a0000000", "another branch")
	}
}

func TestFamilyJSON(t *testing.T) {
	t.Parallel()
	first, second, third := chain(t)
	f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {third, second, first}}}
	out, _ := f.on(t, targetEndpoint, 0, "family", "nightly", "-o", "json")
	var d plan.FamilyAnswer
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	if d.Workflow != "nightly" || d.Head != runID("d") || len(d.Runs) != 3 || !d.Runs[2].Head || d.Runs[2].Repeated[0] != "join" {
		t.Errorf("got %s", out)
	}
	want := plan.FamilyTotals{
		StartedOn: first.StartedOn.String(), CompletedOn: third.CompletedOn.String(), WallSeconds: 7204, IdleSeconds: 7204 - 9 - 4 - 4,
		Attempts: 8, Seconds: 10, SavedStarts: 5, SavedSeconds: 4,
	}
	if d.Totals != want {
		t.Errorf("totals %+v, want %+v", d.Totals, want)
	}
	for _, n := range d.Nodes {
		if n.Name == "clean" && (n.State != "SUCCEEDED" || n.RunID != runID("c") || n.JobRunID != "jr_clean_1" || len(n.Attempts) != 2 || n.Attempts[0].State != "FAILED") {
			t.Errorf("clean: %+v", n)
		}
		if n.Name == "crawl" && (n.State != "SUCCEEDED" || n.RunID != runID("b")) {
			t.Errorf("crawl: %+v", n)
		}
	}
}

// TestFamilyBranches: the newest run descends from the first alone; what the other
// branch did is told.
func TestFamilyBranches(t *testing.T) {
	t.Parallel()
	first, second, _ := chain(t)
	other := resumedRun(t, first, runID("e"), 3, map[string]string{"alert": "SUCCEEDED"})
	f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {other, second, first}}}
	out, _ := f.on(t, targetEndpoint, 0, "family", "nightly")
	has(t, out, "├─ wr_c0000000", "│     repeated clean", "└─ wr_e0000000",
		"✗ failed", "clean", "in wr_b0000000", "1 of 2", "ValueError: clean is broken",
		"Done later in another branch, which the newest run does not descend from:",
		"✓ succeeded", "clean", "in wr_c0000000", "✗ failed", "join", "in wr_c0000000",
		"reglue resume nightly wr_e0000000 --failed --plan")
}

// TestFamilyLost: the first run is past retention. Two of its resumes are left.
func TestFamilyLost(t *testing.T) {
	t.Parallel()
	first, second, third := chain(t)
	other := resumedRun(t, first, runID("e"), 3, map[string]string{"clean": "SUCCEEDED", "join": "SUCCEEDED", "alert": "", "publish": "SUCCEEDED"})
	f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {other, third, second, whole(t)}}}
	out, _ := f.on(t, targetEndpoint, 0, "family", "nightly", "wr_d")
	has(t, out, "what is left of run wr_b0000000 and its resumes", "as its newest run wr_e0000000 has it",
		"wr_c0000000", "resumed from wr_b0000000, which is past retention; repeated clean", "└─ wr_d0000000", "wr_e0000000",
		"extract", "by wr_b0000000", "1 of 1", "join", "in wr_e0000000", "3 of 3",
		"wr_b0000000 is past retention: what ran there is known as far as a kept run carries it.")
	hasNot(t, out, "wr_a0000000")
	out, _ = f.on(t, targetEndpoint, 0, "family", "nightly", "wr_d", "-o", "json")
	var d plan.FamilyAnswer
	if err := json.Unmarshal([]byte(out), &d); err != nil || len(d.Lost) != 1 || d.Nodes[0].RunID != "" || d.Nodes[0].Before != runID("b") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestFamilyLive(t *testing.T) {
	t.Parallel()
	first := broken(t)
	live := resumedRun(t, first, runID("c"), 1, map[string]string{"clean": "RUNNING", "alert": "", "join": "", "publish": "", "archive": ""})
	f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {live, first}}}
	out, _ := f.on(t, targetEndpoint, 0, "family", "nightly")
	has(t, out, "● 1 running, 2 of 7 done", "● running", "clean", "in wr_c0000000", "2 of 2",
		"waits for clean", "From the first start until now:", "reglue stop nightly wr_c0000000")
}

func TestFamilyOfOne(t *testing.T) {
	t.Parallel()
	f := brokenAndWhole(t)
	out, _ := f.on(t, targetEndpoint, 0, "family", "nightly", "wr_a")
	has(t, out, "nightly  run wr_a0000000, never resumed", "✓ 5 succeeded, 2 not started")
	hasNot(t, out, "wr_b", "between the runs", "instead of resumes", "as its newest")
	_, errs := f.on(t, targetEndpoint, 2, "family", "nigthly")
	has(t, errs, `there is no workflow "nigthly"`)
	_, errs = f.on(t, targetEndpoint, 2, "family", "nightly", "wr_x")
	has(t, errs, `workflow nightly has no run "wr_x"`)
	_, errs = f.on(t, targetEndpoint, 2, "family", "hourly")
	has(t, errs, "workflow hourly has no runs yet")
}

// TestFamilyUsesAWS: only what AWS serves, and in an account that sorts runs
// otherwise.
func TestFamilyUsesAWS(t *testing.T) {
	t.Parallel()
	first, second, third := chain(t)
	f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {whole(t), second, first, third}}}
	out, _ := f.on(t, targetAWS, 0, "family", "nightly", "wr_c", "--aws-profile", "prod")
	has(t, out, "run wr_b0000000 and 2 resumes", "wr_d0000000")
	if len(f.changes) > 0 {
		t.Errorf("asked for more than it needs: %v", f.changes)
	}
}

// TestFamilyOfRealRuns: a real run breaks and is resumed twice.
func TestFamilyOfRealRuns(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	w.reglue(t, exitFailed, "run", w.template, "--parameter", "Dir="+w.dir)
	w.reglue(t, exitFailed, "resume", "nightly", "--failed")
	w.write(t, "good", "")
	w.reglue(t, exitWhole, "resume", "nightly", "--failed")
	out, _ := w.reglue(t, 0, "runs", "nightly", "-o", "json")
	var runs []listedRun
	if err := json.Unmarshal([]byte(out), &runs); err != nil || len(runs) != 3 {
		t.Fatal(len(runs), err)
	}
	out, _ = w.reglue(t, 0, "family", "nightly", runs[1].RunID)
	has(t, out, "run "+shortRun(runs[2].RunID)+" and 2 resumes", "✓ 3 succeeded, 1 not started",
		"extract", "in "+shortRun(runs[2].RunID), "1 of 1",
		"load", "in "+shortRun(runs[0].RunID), "3 of 3",
		"publish", "in "+shortRun(runs[0].RunID), "1 of 1",
		"alert", "only if load failed (it ran in "+shortRun(runs[1].RunID)+")", "7 attempts took",
		"would have repeated 2 more")
	w.reglue(t, exitWhole, "resume", "nightly", runs[2].RunID, "--accept", "load", "--because", "loaded by hand")
	out, _ = w.reglue(t, 0, "family", "nightly", runs[2].RunID)
	has(t, out, "├─ "+shortRun(runs[1].RunID), "└─ ", "accepted load; ran 1 attempt", "✓ accepted", "load", "in "+shortRun(runs[2].RunID), "1 of 3",
		"Accepted as SUCCEEDED by", "loaded by hand", "Done later in another branch", "load", "in "+shortRun(runs[0].RunID))
	hasNot(t, out, "repeated publish")
	out, _ = w.reglue(t, 0, "family", "nightly", runs[0].RunID, "-o", "json")
	has(t, out, `"accepted": [`, `"load"`, `"state": "SUCCEEDED",`, `"accepted": true`)
	var d plan.FamilyAnswer
	if err := json.Unmarshal([]byte(out), &d); err != nil || strings.Count(out, "jr_") < 4 || d.Totals.SavedStarts != 4 {
		t.Errorf("%v\n%s", err, out)
	}
}
