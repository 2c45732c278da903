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
	jobRuns, byID := map[string]glue.JobRun{}, map[string]*glue.WorkflowRun{}
	var all []*glue.WorkflowRun
	for _, w := range workflows {
		all = append(all, r.runs(w)...)
	}
	for _, run := range all {
		byID[run.WorkflowRunId] = run
	}
	for _, run := range all {
		r.auditRun(run, byID[run.PreviousRunId], jobRuns)
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

// auditRun checks one run, which may resume a prior one, and collects its job
// runs. Each job of a test is started by one trigger.
func (r *rig) auditRun(run, prior *glue.WorkflowRun, jobRuns map[string]glue.JobRun) {
	r.t.Helper()
	id := run.Name + " " + run.WorkflowRunId
	if !over(run) || run.CompletedOn.IsZero() || run.Status == glue.WorkflowRunStatusError {
		r.t.Errorf("%s: status %s, completed %v", id, run.Status, run.CompletedOn)
	}
	before := jobsOf(prior)
	nodes := map[string]node{}
	for name, attempts := range jobsOf(run) {
		r.auditAttempts(id, name, run.Status, attempts)
		var n node
		for _, jr := range attempts {
			n.state = jr.JobRunState
			// What ran on after the run before was resumed was moved, not carried.
			n.carried = slices.ContainsFunc(before[name], func(old glue.JobRun) bool { return old.Id == jr.Id }) &&
				jr.CompletedOn <= run.StartedOn
			n.movedOn = glue.SupersededBy(run.ErrorMessage) != "" && jr.CompletedOn > run.CompletedOn
			if known, ok := jobRuns[jr.Id]; ok && !cmp.Equal(known, jr) {
				r.t.Errorf("%s: job run %s differs between runs: %s", id, jr.Id, cmp.Diff(known, jr))
			}
			jobRuns[jr.Id] = jr
		}
		nodes[name] = n
	}
	r.auditTriggers(id, run, nodes)
	if want := statistics(nodes); *run.Statistics != want {
		r.t.Errorf("%s: statistics %+v, want %+v", id, *run.Statistics, want)
	}
}

// node is where a job of a run ended, blank if it never started. A carried one
// ran in an earlier run.
type node struct {
	state   glue.JobRunState
	carried bool
	// movedOn is set when it ended in a later run.
	movedOn bool
}

// jobsOf is the job runs of a run by job, oldest first; of none, if there is no
// run.
func jobsOf(run *glue.WorkflowRun) map[string][]glue.JobRun {
	jobs := map[string][]glue.JobRun{}
	if run == nil {
		return jobs
	}
	for _, n := range run.Graph.Nodes {
		if n.Type == glue.NodeTypeJob {
			jobs[n.Name] = slices.Clone(n.JobDetails.JobRuns)
			slices.Reverse(jobs[n.Name])
		}
	}
	return jobs
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
// final states meet. In a stopped run what was not started yet stays so; a
// resume carries what it does not repeat, and starts its roots itself.
func (r *rig) auditTriggers(id string, run *glue.WorkflowRun, nodes map[string]node) {
	r.t.Helper()
	ids := map[string]string{}
	for _, n := range run.Graph.Nodes {
		ids[n.Name] = n.UniqueId
	}
	for _, n := range run.Graph.Nodes {
		if n.Type != glue.NodeTypeTrigger {
			continue
		}
		tr := n.TriggerDetails.Trigger
		want := met(tr.Predicate, nodes)
		for _, a := range tr.Actions {
			fired := nodes[a.JobName].state != ""
			switch {
			case nodes[a.JobName].carried, fired && r.isRoot(run.WorkflowRunId, ids[a.JobName]):
			case fired && !want, want && !fired && run.Status == glue.WorkflowRunStatusCompleted:
				r.t.Errorf("%s: trigger %s: conditions met %v, but %s started %v (%v)", id, tr.Name, want, a.JobName, fired, nodes)
			}
		}
	}
}

// isRoot reports whether a resume was answered with the node.
func (r *rig) isRoot(run, node string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.roots[run], node)
}

// met reports whether a trigger's conditions hold. For ANY a carried node does
// not count: what matched before fires nothing again.
func met(p *glue.Predicate, nodes map[string]node) bool {
	if p == nil {
		return true
	}
	holds, fresh := 0, 0
	for _, c := range p.Conditions {
		if n := nodes[c.JobName]; n.state == c.State {
			holds++
			if !n.carried {
				fresh++
			}
		}
	}
	if p.Logical == glue.LogicalAny {
		return fresh > 0
	}
	return holds == len(p.Conditions)
}

func statistics(nodes map[string]node) glue.WorkflowRunStatistics {
	s := glue.WorkflowRunStatistics{TotalActions: int32(len(nodes))}
	for _, n := range nodes {
		if n.movedOn {
			continue
		}
		switch n.state {
		case glue.JobRunStateSucceeded:
			s.SucceededActions++
		case glue.JobRunStateFailed:
			s.FailedActions++
		case glue.JobRunStateStopped:
			s.StoppedActions++
		default: // the others are counted by no test here
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
