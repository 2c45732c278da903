//go:build linux

package durability

import (
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

// lostMessage begins the message of a job run whose runner died.
const lostMessage = "The process that ran this job is gone"

// journalCount counts the lines of the journal by job run id.
func (r *rig) journalCount() map[string]int {
	text, err := os.ReadFile(r.journal)
	if err != nil && !os.IsNotExist(err) {
		r.t.Error(err)
	}
	count := map[string]int{}
	for line := range strings.Lines(string(text)) {
		count[strings.TrimSuffix(line, "\n")]++
	}
	return count
}

// audit holds all that the server says of the given workflows, whose runs are
// over, against itself and against the journal. It returns the runs.
func (r *rig) audit(workflows ...string) []*glue.WorkflowRun {
	r.t.Helper()
	jobRuns := map[string]glue.JobRun{}
	var all []*glue.WorkflowRun
	for _, w := range workflows {
		runs := r.runs(w)
		for _, run := range runs {
			r.auditRun(run, jobRuns)
		}
		all = append(all, runs...)
	}
	r.auditJournal(jobRuns)
	ids := r.journalCount()
	if left := carriers(func(id string) bool { return ids[id] > 0 }); len(left) > 0 {
		r.t.Errorf("processes of ended job runs are alive: %v", left)
	}
	return all
}

// runs reads all runs of a workflow, with their graphs.
func (r *rig) runs(workflow string) []*glue.WorkflowRun {
	r.t.Helper()
	yes, token := true, ""
	var all []*glue.WorkflowRun
	for {
		var page glue.GetWorkflowRunsResponse
		r.must("GetWorkflowRuns", glue.GetWorkflowRunsRequest{Name: workflow, IncludeGraph: &yes, NextToken: token}, &page)
		for i := range page.Runs {
			all = append(all, &page.Runs[i])
		}
		if token = page.NextToken; token == "" {
			return all
		}
	}
}

// auditRun checks one run and collects its job runs. Each job of a test is
// started by one trigger.
func (r *rig) auditRun(run *glue.WorkflowRun, jobRuns map[string]glue.JobRun) {
	r.t.Helper()
	id := run.Name + " " + run.WorkflowRunId
	if !over(run) || run.CompletedOn.IsZero() || run.Status == glue.WorkflowRunStatusError {
		r.t.Errorf("%s: status %s, completed %v", id, run.Status, run.CompletedOn)
	}
	final := map[string]glue.JobRunState{}
	for _, n := range run.Graph.Nodes {
		if n.Type != glue.NodeTypeJob {
			continue
		}
		attempts := slices.Clone(n.JobDetails.JobRuns)
		slices.Reverse(attempts)
		r.auditAttempts(id, n.Name, run.Status, attempts)
		final[n.Name] = ""
		for _, jr := range attempts {
			final[n.Name] = jr.JobRunState
			if known, ok := jobRuns[jr.Id]; ok && !cmp.Equal(known, jr) {
				r.t.Errorf("%s: job run %s differs between runs: %s", id, jr.Id, cmp.Diff(known, jr))
			}
			jobRuns[jr.Id] = jr
		}
	}
	r.auditTriggers(id, run, final)
	if want := statistics(final); *run.Statistics != want {
		r.t.Errorf("%s: statistics %+v, want %+v", id, *run.Statistics, want)
	}
}

// auditAttempts checks the job runs of a node, oldest first: one start, and a
// retry after each failure as long as there are any left.
func (r *rig) auditAttempts(run, job string, status glue.WorkflowRunStatus, attempts []glue.JobRun) {
	r.t.Helper()
	for i, jr := range attempts {
		base, _, _ := strings.Cut(attempts[0].Id, "_attempt_")
		want := glue.RetryID(base, i)
		if jr.Id != want || int(jr.Attempt) != i || i > 0 && jr.PreviousRunId != attempts[i-1].Id {
			r.t.Errorf("%s: %s: attempt %d is %s (attempt %d, previous %s), want %s", run, job, i, jr.Id, jr.Attempt, jr.PreviousRunId, want)
		}
		last := i == len(attempts)-1
		switch {
		case jr.CompletedOn.IsZero():
			r.t.Errorf("%s: %s: attempt %d is %s", run, job, i, jr.JobRunState)
		case !last && jr.JobRunState != glue.JobRunStateFailed:
			r.t.Errorf("%s: %s: attempt %d ended %s and was repeated", run, job, i, jr.JobRunState)
		case last && jr.JobRunState == glue.JobRunStateFailed && i < r.retries[job] && status == glue.WorkflowRunStatusCompleted:
			r.t.Errorf("%s: %s: attempt %d of %d failed and was not repeated", run, job, i, r.retries[job])
		case i > r.retries[job]:
			r.t.Errorf("%s: %s: attempt %d, but %d retries", run, job, i, r.retries[job])
		}
	}
}

// auditTriggers checks that exactly those triggers fired whose conditions the
// final states meet. In a stopped run what was not started yet stays so.
func (r *rig) auditTriggers(id string, run *glue.WorkflowRun, final map[string]glue.JobRunState) {
	r.t.Helper()
	for _, n := range run.Graph.Nodes {
		if n.Type != glue.NodeTypeTrigger {
			continue
		}
		tr := n.TriggerDetails.Trigger
		want := met(tr.Predicate, final)
		for _, a := range tr.Actions {
			fired := final[a.JobName] != ""
			if fired && !want || want && !fired && run.Status == glue.WorkflowRunStatusCompleted {
				r.t.Errorf("%s: trigger %s: conditions met %v, but %s started %v (%v)", id, tr.Name, want, a.JobName, fired, final)
			}
		}
	}
}

func met(p *glue.Predicate, final map[string]glue.JobRunState) bool {
	if p == nil {
		return true
	}
	holds := 0
	for _, c := range p.Conditions {
		if final[c.JobName] == c.State {
			holds++
		}
	}
	return holds == len(p.Conditions) || p.Logical == glue.LogicalAny && holds > 0
}

func statistics(final map[string]glue.JobRunState) glue.WorkflowRunStatistics {
	s := glue.WorkflowRunStatistics{TotalActions: int32(len(final))}
	for _, state := range final {
		switch state {
		case glue.JobRunStateSucceeded:
			s.SucceededActions++
		case glue.JobRunStateFailed:
			s.FailedActions++
		case glue.JobRunStateStopped:
			s.StoppedActions++
		}
	}
	return s
}

// auditJournal holds the job runs that the server tells of against the lines
// that their processes wrote.
func (r *rig) auditJournal(jobRuns map[string]glue.JobRun) {
	r.t.Helper()
	lines := r.journalCount()
	for id, n := range lines {
		if _, known := jobRuns[id]; !known {
			r.t.Errorf("%s ran, but the server does not know it", id)
		}
		if n > 1 {
			r.t.Errorf("%s ran %d times", id, n)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(jobRuns)) {
		jr := jobRuns[id]
		ownEnd := jr.JobRunState == glue.JobRunStateFailed && strings.HasPrefix(jr.ErrorMessage, "Command failed with exit code 3")
		switch {
		case jr.JobRunState == glue.JobRunStateSucceeded || ownEnd:
			if lines[id] != 1 {
				r.t.Errorf("%s is %s %q, but wrote %d lines", id, jr.JobRunState, jr.ErrorMessage, lines[id])
			}
		case jr.JobRunState == glue.JobRunStateStopped, lost(jr):
		default:
			r.t.Errorf("%s is %s: %s", id, jr.JobRunState, jr.ErrorMessage)
		}
	}
}

func lost(jr glue.JobRun) bool {
	return jr.JobRunState == glue.JobRunStateFailed && strings.HasPrefix(jr.ErrorMessage, lostMessage)
}

// countLost counts the job runs of a run that were lost.
func countLost(run *glue.WorkflowRun) int {
	n := 0
	for _, node := range run.Graph.Nodes {
		if node.JobDetails == nil {
			continue
		}
		for _, jr := range node.JobDetails.JobRuns {
			if lost(jr) {
				n++
			}
		}
	}
	return n
}

// outcome is the states of a run's jobs in one line, newest attempt first.
func outcome(run *glue.WorkflowRun) string {
	var parts []string
	for _, n := range run.Graph.Nodes {
		if n.Type != glue.NodeTypeJob {
			continue
		}
		states := []string{}
		for _, jr := range n.JobDetails.JobRuns {
			states = append(states, string(jr.JobRunState))
		}
		parts = append(parts, n.Name+"="+strings.Join(states, ","))
	}
	slices.Sort(parts)
	return string(run.Status) + " " + strings.Join(parts, " ")
}
