package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

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
