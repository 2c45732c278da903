package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// w1 is the workflow of the guide's page on resuming.
var w1 = []string{"T1 > J1", "J1+ > T2 > J2", "J1+ > T3 > J3", "J2+ > T4 > J4", "J3+ > T5 > J5"}

func stats(r *glue.WorkflowRun) string {
	s := r.Statistics
	return fmt.Sprintf("total %d succeeded %d failed %d", s.TotalActions, s.SucceededActions, s.FailedActions)
}

// The vectors of glue-semantics 6.4.
func TestResumeVectors(t *testing.T) {
	t.Parallel()
	broken := "J1=SUCCEEDED J2=FAILED J3=FAILED J4=- J5=-"
	tests := []struct {
		name     string
		selected []string
		fails    []string // jobs that fail again
		roots    []string
		states   string
		stats    string
	}{
		{"both failed nodes", []string{"J2", "J3"}, nil, []string{"J2", "J3"},
			"J1=SUCCEEDED J2=SUCCEEDED J3=SUCCEEDED J4=SUCCEEDED J5=SUCCEEDED", "total 5 succeeded 5 failed 0"},
		{"order of the request", []string{"J3", "J2"}, nil, []string{"J3", "J2"},
			"J1=SUCCEEDED J2=SUCCEEDED J3=SUCCEEDED J4=SUCCEEDED J5=SUCCEEDED", "total 5 succeeded 5 failed 0"},
		{"a node below another (R13)", []string{"J1", "J2"}, nil, []string{"J1"},
			"J1=SUCCEEDED J2=SUCCEEDED J3=SUCCEEDED J4=SUCCEEDED J5=SUCCEEDED", "total 5 succeeded 5 failed 0"},
		{"one of two failed nodes", []string{"J2"}, nil, []string{"J2"},
			"J1=SUCCEEDED J2=SUCCEEDED J3=FAILED J4=SUCCEEDED J5=-", "total 5 succeeded 3 failed 1"},
		{"a node that succeeded (R10)", []string{"J1"}, []string{"J2"}, []string{"J1"},
			"J1=SUCCEEDED J2=FAILED J3=SUCCEEDED J4=- J5=SUCCEEDED", "total 5 succeeded 3 failed 1"},
		{"duplicates (R8)", []string{"J2", "J2"}, nil, []string{"J2"},
			"J1=SUCCEEDED J2=SUCCEEDED J3=FAILED J4=SUCCEEDED J5=-", "total 5 succeeded 3 failed 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.workflow("W", w1...)
			s.fails("J2", "J3")
			first := s.start("W")
			if got := states(s.run("W", first)); got != broken {
				t.Fatal(got)
			}
			s.fails(tt.fails...)
			id, roots := s.resume("W", first, tt.selected...)
			if s.failed != nil {
				t.Fatal(s.failed)
			}
			r := s.run("W", id)
			if !slices.Equal(roots, tt.roots) || states(r) != tt.states || stats(r) != tt.stats || r.Status != "COMPLETED" {
				t.Errorf("roots %v, %s, %s, %s\nwant %v, %s, %s", roots, states(r), stats(r), r.Status, tt.roots, tt.states, tt.stats)
			}
		})
	}
}

func TestResumeVectorsOfJoinsAndBranches(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		triggers []string
		before   []string // jobs that fail in the original
		again    []string // and in the resumed run
		selected string
		states   string
	}{
		{"AND with a carried side (R18)", []string{"T1 > J1", "J1+ > T2 > A", "J1+ > T3 > B", "A+ & B+ > T > C"},
			[]string{"B"}, nil, "B", "A=SUCCEEDED B=SUCCEEDED C=SUCCEEDED J1=SUCCEEDED"},
		{"ANY fires on this run's events alone (R19)", []string{"T1 > J1", "J1+ > T2 > A", "J1+ > T3 > B", "A+ | B+ > T > C"},
			[]string{"B"}, []string{"B"}, "B", "A=SUCCEEDED B=FAILED C=- J1=SUCCEEDED"},
		{"ANY fires again (R15)", []string{"T1 > J1", "J1+ > T2 > A", "J1+ > T3 > B", "A+ | B+ > T > C"},
			[]string{"B"}, nil, "B", "A=SUCCEEDED B=SUCCEEDED C=SUCCEEDED J1=SUCCEEDED"},
		{"AND with a carried failure (R20)", []string{"T1 > J1", "J1+ > T2 > A", "J1+ > T3 > B", "A+ & B+ > T > C"},
			[]string{"A", "B"}, nil, "B", "A=FAILED B=SUCCEEDED C=- J1=SUCCEEDED"},
		{"the failure's branch stays blank (R15)", []string{"T1 > J", "J- > Tf > Clean"},
			[]string{"J"}, nil, "J", "Clean=- J=SUCCEEDED"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.workflow("W", tt.triggers...)
			s.fails(tt.before...)
			first := s.start("W")
			s.fails(tt.again...)
			id, _ := s.resume("W", first, tt.selected)
			if s.failed != nil {
				t.Fatal(s.failed)
			}
			if r := s.run("W", id); states(r) != tt.states || r.Status != "COMPLETED" {
				t.Errorf("%s %s, want %s", r.Status, states(r), tt.states)
			}
		})
	}
}

// nodeID is the id of a node as GetWorkflow shows it, which is that of every run.
func (s *server) nodeID(workflow, name string) string {
	s.t.Helper()
	return s.api.scope.NodeID(workflow, glue.NodeTypeJob, name)
}

func resumeBody(workflow, run string, nodes ...string) string {
	return fmt.Sprintf(`{'Name': '%s', 'RunId': '%s', 'NodeIds': ['%s']}`, workflow, run, strings.Join(nodes, "', '"))
}

// Every refused resume, in the order of the checks; none leaves anything behind.
func TestR1ToR8RefusedResumes(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(set *settings) { set.engine.Retention = time.Hour })
	s.workflow("W", w1...)
	s.workflow("Other", "O > X")
	s.do("UpdateWorkflow", `{'Name': 'W', 'MaxConcurrentRuns': 1}`)
	s.fails("J2", "J3")
	done := s.start("W")
	other := s.start("Other")
	s.hold()
	running := s.start("W") // W is at its limit from here on
	j1, j2, j4 := s.nodeID("W", "J1"), s.nodeID("W", "J2"), s.nodeID("W", "J4")
	t1 := s.api.scope.NodeID("W", glue.NodeTypeTrigger, "T1")
	before := s.count()

	const (
		iws = "IllegalWorkflowStateException"
		cre = "ConcurrentRunsExceededException"
	)
	tests := []struct{ name, body, code, text string }{
		{"R1: the shape comes before the workflow", `{'Name': 'nope', 'RunId': 'x', 'NodeIds': ['']}`, ii, "Member must have length greater than or equal to 1"},
		{"R1, R4: empty NodeIds come before the workflow", `{'Name': 'nope', 'RunId': 'x', 'NodeIds': []}`, ii, "NodeIds"},
		{"R4: empty NodeIds", `{'Name': 'W', 'RunId': '` + done + `', 'NodeIds': []}`, ii, "NodeIds cannot be empty"},
		{"R4: no NodeIds", `{'Name': 'W', 'RunId': '` + done + `'}`, ii, "Value null at 'nodeIds' failed to satisfy constraint: Member must not be null"},
		{"R2: unknown workflow", resumeBody("nope", done, j2), enf, "Entity not found"},
		{"R2: unknown run", resumeBody("W", "wr_nope", j2), enf, "Entity not found"},
		{"R2: run of another workflow", resumeBody("W", other, j2), enf, "Entity not found"},
		{"R1: the run comes before its nodes", resumeBody("W", "wr_nope", "bad"), enf, "Entity not found"},
		{"R3: RUNNING", resumeBody("W", running, j1), iws, "RUNNING"},
		{"R1: the status comes before the nodes", resumeBody("W", running, "bad"), iws, "RUNNING"},
		{"R5: unknown node", resumeBody("W", done, "wnode_nope"), ii, "wnode_nope"},
		{"R6: trigger node", resumeBody("W", done, t1), ii, t1},
		{"R7: node never attempted", resumeBody("W", done, j4), ii, j4},
		{"R8: the first bad one is told", resumeBody("W", done, j2, "wnode_a", t1, "wnode_b"), ii, "wnode_a"},
		{"R8: the first bad one is told, another order", resumeBody("W", done, t1, "wnode_a"), ii, t1},
		{"R1: the nodes come before the limit", resumeBody("W", done, "wnode_nope"), ii, "wnode_nope"},
		{"R33: MaxConcurrentRuns reached", resumeBody("W", done, j2), cre, "Concurrent runs exceeded for workflow: W."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.refuses("ResumeWorkflowRun", tt.body, tt.code, tt.text)
			if diff := cmp.Diff(before, s.count()); diff != "" {
				t.Errorf("the refused call left something behind:\n%s", diff)
			}
		})
	}
	t.Run("R2: a run past retention", func(t *testing.T) {
		err := s.engine.Update(t.Context(), func(tx *store.Tx, now glue.Time) error {
			_, err := tx.Expire(now+1000, 1000)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		s.refuses("ResumeWorkflowRun", resumeBody("W", done, j2), enf, "Entity not found")
	})
	s.finish("J1", executor.Failed)
}

func TestR3StatesThatCannotBeResumed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.hold()
	id := s.start("W")
	refused := func(state string) {
		t.Helper()
		before := s.count()
		s.refuses("ResumeWorkflowRun", resumeBody("W", id, s.nodeID("W", "J1")), "IllegalWorkflowStateException", "is in "+state+" state")
		if diff := cmp.Diff(before, s.count()); diff != "" {
			t.Errorf("%s: the refused call left something behind:\n%s", state, diff)
		}
	}
	refused("RUNNING")
	s.exec.deaf = true
	s.do("StopWorkflowRun", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, id))
	refused("STOPPING")
	s.finish("J1", executor.Stopped)
	refused("STOPPED")

	err := s.engine.Update(t.Context(), func(tx *store.Tx, now glue.Time) error {
		rec, err := tx.Run("W", id)
		if err != nil {
			return err
		}
		id = glue.NewRunID()
		return tx.InsertRun(&store.Run{ID: id, Workflow: "W", Status: "ERROR", Started: now, Completed: now, Origin: id,
			Definition: rec.Definition, Error: "Concurrent runs exceeded for workflow: W."}, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	refused("ERROR")
	if got := s.run("W", id); got.Status != "ERROR" || got.ErrorMessage != "Concurrent runs exceeded for workflow: W." {
		t.Errorf("%+v", got)
	}
}

func TestR38StoppedRunsMayBePermitted(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(set *settings) { set.engine.ResumeStopped = true })
	s.workflow("W", w1...)
	s.hold()
	id := s.start("W")
	s.do("StopWorkflowRun", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, id))
	s.settle()
	if got := s.run("W", id); got.Status != "STOPPED" || states(got) != "J1=STOPPED J2=- J3=- J4=- J5=-" {
		t.Fatalf("%s %s", got.Status, states(got))
	}
	s.release()
	again, _ := s.resume("W", id, "J1")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	if got := s.run("W", again); stats(got) != "total 5 succeeded 5 failed 0" {
		t.Error(stats(got))
	}
}

// R9, R28, R36: a node that a resumed run carried can be resumed from it; its
// details are those of the run in which it ran.
func TestR9R28R36CarriedNodes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2", "J3")
	first := s.start("W")
	second, _ := s.resume("W", first, "J2")
	third, roots := s.resume("W", second, "J3") // carried in second, failed in first
	if s.failed != nil || !slices.Equal(roots, []string{"J3"}) {
		t.Fatal(s.failed, roots)
	}
	r1, r2, r3 := s.run("W", first), s.run("W", second), s.run("W", third)
	if r3.PreviousRunId != second || r2.PreviousRunId != first || r1.PreviousRunId != "" {
		t.Errorf("chain %q %q %q", r3.PreviousRunId, r2.PreviousRunId, r1.PreviousRunId)
	}
	if got := stats(r3); got != "total 5 succeeded 5 failed 0" {
		t.Error(got)
	}
	for name, from := range map[string]*glue.WorkflowRun{"J1": r1, "J2": r2, "J4": r2} {
		want := node(t, from.Graph, name).JobDetails
		if diff := cmp.Diff(want, node(t, r3.Graph, name).JobDetails); diff != "" || len(want.JobRuns) != 1 {
			t.Errorf("%s is not carried as it was:\n%s", name, diff)
		}
	}
	for job, want := range map[string]int{"J1": 1, "J2": 2, "J3": 2, "J4": 1, "J5": 1} {
		runs := s.do("GetJobRuns", fmt.Sprintf(`{'JobName': %q}`, job))["JobRuns"].([]any)
		if len(runs) != want {
			t.Errorf("GetJobRuns of %s: %d, want %d: carried ones are not listed twice", job, len(runs), want)
		}
	}
	if spec := s.exec.starts("J5"); len(spec) != 1 || spec[0].WorkflowRunID != third {
		t.Errorf("J5 ran with %+v", spec)
	}
}

// R11: a start that was refused counts as an attempt.
func TestR11RefusedStartsCount(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.hold()
	busy := s.do("StartJobRun", `{'JobName': 'J1'}`)["JobRunId"].(string)
	id := s.start("W")
	run := s.run("W", id)
	got := node(t, run.Graph, "J1").JobDetails.JobRuns
	if run.Status != "COMPLETED" || len(got) != 1 || got[0].JobRunState != "FAILED" ||
		got[0].ErrorMessage != "Max concurrent runs exceeded" || got[0].ExecutionTime != 0 {
		t.Fatalf("%s %+v", run.Status, got)
	}
	s.exec.end(busy, executor.Succeeded)
	s.release()
	s.settle()
	again, _ := s.resume("W", id, "J1")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	if got := stats(s.run("W", again)); got != "total 5 succeeded 5 failed 0" {
		t.Error(got)
	}
}

func TestR16RootsStartAsTheirActionSays(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateWorkflow", `{'Name': 'W'}`)
	s.job("A")
	s.job("B", `'DefaultArguments': {'--x': 'default', '--y': 'default', '--z': 'default'}`, `'NonOverridableArguments': {'--z': 'fixed'}`)
	s.triggers("W", "T1 > A")
	s.do("CreateTrigger", `{'Name': 'T2', 'WorkflowName': 'W', 'Type': 'CONDITIONAL', 'StartOnCreation': true,
		'Predicate': {'Conditions': [{'LogicalOperator': 'EQUALS', 'JobName': 'A', 'State': 'SUCCEEDED'}]},
		'Actions': [{'JobName': 'B', 'Arguments': {'--x': 'action', '--z': 'action'}, 'Timeout': 7, 'SecurityConfiguration': 'sec',
			'NotificationProperty': {'NotifyDelayAfter': 3}}]}`)
	s.fails("B")
	first := s.start("W")
	second, _ := s.resume("W", first, "B")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	starts := s.exec.starts("B")
	want := map[string]string{"--x": "action", "--y": "default", "--z": "fixed"}
	for i, spec := range starts {
		if diff := cmp.Diff(want, spec.Arguments); diff != "" || spec.Timeout != 7*time.Minute {
			t.Errorf("start %d: %v\n%s", i, spec.Timeout, diff)
		}
	}
	if len(starts) != 2 || starts[1].WorkflowRunID != second {
		t.Fatalf("%+v", starts)
	}
	got := node(t, s.run("W", second).Graph, "B").JobDetails.JobRuns
	old := node(t, s.run("W", first).Graph, "B").JobDetails.JobRuns
	if len(got) != 1 || got[0].TriggerName != "T2" || *got[0].Timeout != 7 || got[0].SecurityConfiguration != "sec" ||
		*got[0].NotificationProperty.NotifyDelayAfter != 3 || got[0].Arguments["--x"] != "action" || got[0].Arguments["--y"] != "" {
		t.Errorf("%+v", got)
	}
	// R29: a new id, attempt 0, no previous run.
	if got[0].Id == old[0].Id || got[0].Attempt != 0 || got[0].PreviousRunId != "" {
		t.Errorf("R29: %+v", got[0])
	}
	// The predecessors are those of the original start.
	for _, id := range []string{old[0].Id, got[0].Id} {
		run := s.do("GetJobRun", fmt.Sprintf(`{'JobName': 'B', 'RunId': %q, 'PredecessorsIncluded': true}`, id))["JobRun"].(map[string]any)
		if p := fmt.Sprint(run["PredecessorRuns"]); !strings.Contains(p, "JobName:A RunId:jr_") {
			t.Errorf("predecessors of %s: %s", id, p)
		}
	}
}

func TestR23JobDeletedSince(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2")
	first := s.start("W")
	s.do("DeleteJob", `{'JobName': 'J2'}`)
	second, roots := s.resume("W", first, "J2")
	if s.failed != nil || !slices.Equal(roots, []string{"J2"}) {
		t.Fatal(s.failed, roots)
	}
	r := s.run("W", second)
	if states(r) != "J1=SUCCEEDED J2=ERROR J3=SUCCEEDED J4=- J5=SUCCEEDED" || r.Status != "COMPLETED" || r.Statistics.ErroredActions != 1 {
		t.Errorf("%s %s %+v", r.Status, states(r), r.Statistics)
	}
	if got := node(t, r.Graph, "J2").JobDetails.JobRuns[0]; got.ErrorMessage != "Job with name: J2 not found." {
		t.Errorf("%+v", got)
	}
	// R11: it counts as attempted, and with the job back the rest runs.
	s.job("J2")
	third, _ := s.resume("W", second, "J2")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	if got := stats(s.run("W", third)); got != "total 5 succeeded 5 failed 0" {
		t.Error(got)
	}
}

func TestR24WorkflowDeletedOrRecreated(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2")
	id := s.start("W")
	s.do("DeleteWorkflow", `{'Name': 'W'}`)
	body := resumeBody("W", id, s.nodeID("W", "J2"))
	s.refuses("ResumeWorkflowRun", body, "EntityNotFoundException", "Entity not found")
	s.workflow("W", w1...)
	s.refuses("ResumeWorkflowRun", body, "EntityNotFoundException", "Entity not found")
	s.refuses("GetWorkflowRun", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, id), "EntityNotFoundException", "Entity not found")
	if runs := s.do("GetWorkflowRuns", `{'Name': 'W'}`)["Runs"].([]any); len(runs) != 0 {
		t.Errorf("the new workflow has runs: %v", runs)
	}
}

func TestR25PropertiesAreCopied(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.do("UpdateWorkflow", `{'Name': 'W', 'DefaultRunProperties': {'a': 'default', 'b': 'default'}}`)
	s.fails("J2")
	first := s.do("StartWorkflowRun", `{'Name': 'W', 'RunProperties': {'b': 'given', 'aws:eventIds': '[e1, e2]'}}`)["RunId"].(string)
	s.settle()
	put := func(run, key, value string) {
		s.do("PutWorkflowRunProperties", fmt.Sprintf(`{'Name': 'W', 'RunId': %q, 'RunProperties': {%q: %q}}`, run, key, value))
	}
	properties := func(run string) map[string]any {
		return s.do("GetWorkflowRunProperties", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, run))["RunProperties"].(map[string]any)
	}
	put(first, "out", "of J1")
	s.do("UpdateWorkflow", `{'Name': 'W', 'DefaultRunProperties': {'new': 'default'}}`)
	second, _ := s.resume("W", first, "J2")
	want := map[string]any{"a": "default", "b": "given", "aws:eventIds": "[e1, e2]", "out": "of J1"}
	if diff := cmp.Diff(want, properties(second)); diff != "" {
		t.Error(diff)
	}
	put(first, "late", "1")
	put(second, "out", "2")
	if p := properties(second); p["late"] != nil || p["out"] != "2" {
		t.Errorf("the resumed run: %v", p)
	}
	if p := properties(first); p["late"] != "1" || p["out"] != "of J1" {
		t.Errorf("the original: %v", p)
	}
}

func TestR26NoEventStartedAResumedRun(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2")
	id := s.start("W")
	size := int32(5)
	err := s.engine.Update(t.Context(), func(tx *store.Tx, _ glue.Time) error {
		rec, err := tx.Run("W", id)
		if err != nil {
			return err
		}
		byEvent := *rec
		byEvent.ID, byEvent.Origin = glue.NewRunID(), byEvent.ID
		byEvent.Event = &glue.StartingEventBatchCondition{BatchSize: &size}
		id = byEvent.ID
		return tx.InsertRun(&byEvent, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.run("W", id).StartingEventBatchCondition; got == nil || *got.BatchSize != 5 {
		t.Fatalf("%+v", got)
	}
	again, _ := s.resume("W", id, "J2")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	if got := s.run("W", again).StartingEventBatchCondition; got != nil {
		t.Errorf("%+v", got)
	}
}

// R29: the restarted job has its whole retry budget again.
func TestR29RetriesAreFresh(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.job("J", `'MaxRetries': 1`)
	s.workflow("W", "T > J")
	s.fails("J", "J")
	first := s.start("W")
	runs := node(t, s.run("W", first).Graph, "J").JobDetails.JobRuns
	if len(runs) != 2 || runs[0].Attempt != 1 || runs[0].PreviousRunId != runs[1].Id || runs[0].Id != runs[1].Id+"_attempt_1" {
		t.Fatalf("the newest comes first: %+v", runs)
	}
	s.fails("J")
	second, _ := s.resume("W", first, "J")
	r := s.run("W", second)
	runs = node(t, r.Graph, "J").JobDetails.JobRuns
	if len(runs) != 2 || runs[1].JobRunState != "FAILED" || runs[1].Attempt != 0 || runs[0].JobRunState != "SUCCEEDED" || runs[0].Attempt != 1 {
		t.Errorf("%+v", runs)
	}
}

// R30: nothing of a job's bookmark is read or written: there are no bookmarks in
// this version, so their operations answer that they are not built.
func TestR30BookmarksAreNotBuilt(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, op := range []string{"GetJobBookmark", "ResetJobBookmark"} {
		s.refuses(op, `{'JobName': 'J'}`, "UnknownOperationException", op)
	}
}

func TestR31R32OriginalStaysAndTheNewRunIsNewest(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2")
	first := s.start("W")
	before := s.run("W", first)
	second, _ := s.resume("W", first, "J2")
	if diff := cmp.Diff(before, s.run("W", first)); diff != "" {
		t.Errorf("R31: the original changed:\n%s", diff)
	}
	r := s.run("W", second)
	if r.StartedOn < before.CompletedOn {
		t.Errorf("R32: started %s, the original ended %s", r.StartedOn, before.CompletedOn)
	}
	w := s.do("GetWorkflow", `{'Name': 'W'}`)["Workflow"].(map[string]any)
	if last := w["LastRun"].(map[string]any); last["WorkflowRunId"] != second {
		t.Errorf("R32: LastRun %v", last)
	}
	runs := s.do("GetWorkflowRuns", `{'Name': 'W'}`)["Runs"].([]any)
	if len(runs) != 2 || runs[0].(map[string]any)["WorkflowRunId"] != second {
		t.Errorf("R32: %v", runs)
	}
}

func TestR33LimitOfTheWorkflow(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.do("UpdateWorkflow", `{'Name': 'W', 'MaxConcurrentRuns': 1}`)
	s.fails("J2")
	first := s.start("W")
	s.hold()
	_, _ = s.resume("W", first, "J2")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	before := s.count()
	s.refuses("ResumeWorkflowRun", resumeBody("W", first, s.nodeID("W", "J2")), "ConcurrentRunsExceededException", "Concurrent runs exceeded for workflow: W.")
	s.refuses("StartWorkflowRun", `{'Name': 'W'}`, "ConcurrentRunsExceededException", "Concurrent runs exceeded for workflow: W.")
	s.refuses("StartTrigger", `{'Name': 'T1'}`, "ConcurrentRunsExceededException", "Concurrent runs exceeded for workflow: W.")
	if diff := cmp.Diff(before, s.count()); diff != "" {
		t.Errorf("the refused call left something behind:\n%s", diff)
	}
	s.release()
	s.finish("J2", executor.Succeeded)
	if _, _ = s.resume("W", first, "J2"); s.failed != nil {
		t.Error(s.failed)
	}
}

// R34: two resumes of one run are both allowed; the job's own limit decides.
func TestR34ConcurrentResumes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2")
	first := s.start("W")
	s.hold()
	second, _ := s.resume("W", first, "J2")
	third, _ := s.resume("W", first, "J2")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	loser := s.run("W", third)
	got := node(t, loser.Graph, "J2").JobDetails.JobRuns
	if loser.Status != "COMPLETED" || got[0].JobRunState != "FAILED" || got[0].ErrorMessage != "Max concurrent runs exceeded" {
		t.Errorf("%s %+v", loser.Status, got)
	}
	s.release()
	s.finish("J2", executor.Succeeded)
	if got := s.run("W", second); stats(got) != "total 5 succeeded 5 failed 0" {
		t.Error(stats(got))
	}
}

// R35: when the answer comes, the run is durable and its roots are started.
func TestR35Reply(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openServer(t, dir)
	s.workflow("W", w1...)
	s.fails("J2", "J3")
	first := s.start("W")
	s.hold()
	out := s.do("ResumeWorkflowRun", resumeBody("W", first, s.nodeID("W", "J3"), s.nodeID("W", "J2")))
	id := out["RunId"].(string)
	if got, want := fmt.Sprint(out["NodeIds"]), fmt.Sprint([]string{s.nodeID("W", "J3"), s.nodeID("W", "J2")}); got != want {
		t.Errorf("NodeIds %s, want %s", got, want)
	}
	other, err := store.OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	err = other.View(t.Context(), func(tx *store.Tx) error {
		rec, err := tx.Run("W", id)
		if err != nil || rec == nil {
			return fmt.Errorf("the run is not stored: %w", err)
		}
		rows, err := tx.JobRunsOf(rec.Seq)
		if len(rows) != 2 || rows[0].Job != "J3" || rows[1].Job != "J2" {
			t.Errorf("rows %+v", rows)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.exec.starts("J2")) + len(s.exec.starts("J3")); n != 4 {
		t.Errorf("%d starts, want those of both roots", n)
	}
	s.finish("J2", executor.Succeeded)
	s.finish("J3", executor.Succeeded)
}

// R37: a client's own repeat of a call gets the first answer.
func TestR37Repeats(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.job("Alone", `'ExecutionProperty': {'MaxConcurrentRuns': 10}`)
	s.do("CreateTrigger", `{'Name': 'OnDemand', 'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'Alone'}]}`)
	s.fails("J2")
	first := s.start("W")
	resume := resumeBody("W", first, s.nodeID("W", "J2"))
	call := func(op, body, invocation, caller, hash string) map[string]any {
		t.Helper()
		ctx := WithCall(t.Context(), engine.Call{Invocation: invocation, Caller: caller, BodyHash: hash})
		out, err := s.rawIn(ctx, op, quoted(body))
		if err != nil {
			t.Fatalf("%s: %v", op, err)
		}
		s.settle()
		return out
	}
	for _, tt := range []struct{ op, body string }{
		{"ResumeWorkflowRun", resume},
		{"StartWorkflowRun", `{'Name': 'W'}`},
		{"StartJobRun", `{'JobName': 'Alone'}`},
		{"StartTrigger", `{'Name': 'OnDemand'}`},
		{"StartTrigger", `{'Name': 'T1'}`},
	} {
		t.Run(tt.op, func(t *testing.T) {
			id := "inv-" + tt.op + tt.body
			answer := call(tt.op, tt.body, id, "key", "hash")
			before := s.count()
			if diff := cmp.Diff(answer, call(tt.op, tt.body, id, "key", "hash")); diff != "" {
				t.Errorf("the repeat got another answer:\n%s", diff)
			}
			if diff := cmp.Diff(before, s.count()); diff != "" {
				t.Errorf("the repeat did something:\n%s", diff)
			}
			for _, other := range [][3]string{{id + "2", "key", "hash"}, {id, "other", "hash"}, {id, "key", "another"}, {"", "key", "hash"}} {
				call(tt.op, tt.body, other[0], other[1], other[2])
				if after := s.count(); after == before {
					t.Errorf("%v was taken for a repeat", other)
				} else {
					before = after
				}
			}
		})
	}
	t.Run("a refused call is not remembered", func(t *testing.T) {
		ctx := WithCall(t.Context(), engine.Call{Invocation: "refused", Caller: "key", BodyHash: "hash"})
		if _, err := s.rawIn(ctx, "StartJobRun", `{"JobName": "later"}`); err == nil {
			t.Fatal("no error")
		}
		s.job("later")
		if _, err := s.rawIn(ctx, "StartJobRun", `{"JobName": "later"}`); err != nil {
			t.Error(err)
		}
		s.settle()
	})
}

// R22, R39: the original's snapshot counts, not what the triggers are now.
func TestR22R39TriggersChangedSince(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2")
	first := s.start("W")
	s.do("StopTrigger", `{'Name': 'T4'}`)
	s.do("DeleteTrigger", `{'Name': 'T2'}`)
	s.do("UpdateTrigger", `{'Name': 'T4', 'TriggerUpdate': {'Actions': [{'JobName': 'J5'}],
		'Predicate': {'Conditions': [{'LogicalOperator': 'EQUALS', 'JobName': 'J1', 'State': 'FAILED'}]}}}`)
	second, _ := s.resume("W", first, "J2")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	r := s.run("W", second)
	if stats(r) != "total 5 succeeded 5 failed 0" {
		t.Error(states(r))
	}
	old := s.run("W", first)
	for i := range old.Graph.Nodes {
		if old.Graph.Nodes[i].UniqueId != r.Graph.Nodes[i].UniqueId {
			t.Errorf("node %d: other ids", i)
		}
	}
	if diff := cmp.Diff(old.Graph.Edges, r.Graph.Edges); diff != "" {
		t.Error(diff)
	}
	// A run that starts now has the triggers as they are now.
	third := s.run("W", s.start("W"))
	if got := states(third); got != "J1=SUCCEEDED J3=SUCCEEDED J5=SUCCEEDED" {
		t.Error(got)
	}
}

func TestR40MoreThanAHundredNodes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	chain := []string{"T0 > J0"}
	for i := 1; i < 80; i++ {
		chain = append(chain, fmt.Sprintf("J%d+ > T%d > J%d", i-1, i, i))
	}
	s.workflow("W", chain...)
	s.fails("J40")
	first := s.start("W")
	if got := stats(s.run("W", first)); got != "total 80 succeeded 40 failed 1" {
		t.Fatal(got)
	}
	second, _ := s.resume("W", first, "J40")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	r := s.run("W", second)
	if got := stats(r); got != "total 80 succeeded 80 failed 0" || len(r.Graph.Nodes) != 160 || len(r.Graph.Edges) != 159 {
		t.Errorf("%s, %d nodes, %d edges", got, len(r.Graph.Nodes), len(r.Graph.Edges))
	}
}

func TestR41ChainsOfResumes(t *testing.T) {
	t.Parallel()
	t.Run("by default", func(t *testing.T) {
		s := newServer(t)
		s.workflow("W", w1...)
		s.fails("J2")
		a := s.start("W")
		s.fails("J2")
		b, _ := s.resume("W", a, "J2")
		s.fails("J2")
		c, _ := s.resume("W", b, "J2") // the newest of a chain, once
		if s.failed != nil {
			t.Fatal(s.failed)
		}
		before := s.count()
		s.refuses("ResumeWorkflowRun", resumeBody("W", b, s.nodeID("W", "J2")), "IllegalWorkflowStateException", "resume the original run "+a)
		if diff := cmp.Diff(before, s.count()); diff != "" {
			t.Errorf("the refused call left something behind:\n%s", diff)
		}
		if d, _ := s.resume("W", c, "J2"); s.failed != nil {
			t.Errorf("A→B→C→D: %v %v", d, s.failed)
		}
		for range 2 { // the run that the chain began with has no limit
			if _, _ = s.resume("W", a, "J2"); s.failed != nil {
				t.Error(s.failed)
			}
		}
	})
	t.Run("with the limit lifted", func(t *testing.T) {
		s := newServer(t, func(set *settings) { set.engine.UnlimitedResumes = true })
		s.workflow("W", w1...)
		s.fails("J2")
		a := s.start("W")
		s.fails("J2")
		b, _ := s.resume("W", a, "J2")
		for range 3 {
			if _, _ = s.resume("W", b, "J2"); s.failed != nil {
				t.Error(s.failed)
			}
		}
	})
}
