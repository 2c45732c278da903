package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/plan"
)

// execute resumes with reglue's own operation and waits until nothing more follows.
func (s *server) execute(workflow, run, members string) (id string) {
	s.t.Helper()
	answer, err := s.raw(plan.OpExecute, strings.ReplaceAll(fmt.Sprintf(`{"Name": %q, "RunId": %q, %s}`, workflow, run, members), "'", `"`))
	if s.failed = err; err != nil {
		return ""
	}
	s.settle()
	return answer["RunId"].(string)
}

// TestResumeOnTheCurrentDefinition moves a broken run to triggers of another order
// and with another job: what is carried stays what it was, down to the ids.
func TestResumeOnTheCurrentDefinition(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openServer(t, dir)
	s.workflow("W", "T1 > A B", "A+ & B+ > T2 > C", "C+ > T3 > D")
	s.fails("B")
	first := s.start("W")
	s.do("DeleteTrigger", `{'Name': 'T1'}`)
	s.triggers("W", "T0 > B", "B+ > T1b > N", "N+ > T4 > M")
	s.do("UpdateTrigger", `{'Name': 'T3', 'TriggerUpdate': {'Predicate': {'Conditions': [{'LogicalOperator': 'EQUALS', 'JobName': 'C', 'State': 'SUCCEEDED'}]}, 'Actions': [{'JobName': 'D', 'Arguments': {'--x': 'new'}}]}}`)

	p := s.do(plan.OpPlan, fmt.Sprintf(`{'Name': 'W', 'RunId': %q, 'NodeIds': [%q], 'Definition': 'current'}`, first, s.nodeID("W", "B")))["Plan"].(map[string]any)
	differences := fmt.Sprint(p["differences"])
	for _, want := range []string{"trigger T1 is not part", "trigger T0 is new", "job N is new", "trigger T3 starts other jobs"} {
		if !strings.Contains(differences, want) {
			t.Errorf("the plan does not say %q: %s", want, differences)
		}
	}
	second := s.execute("W", first, fmt.Sprintf(`'NodeIds': [%q], 'Definition': 'current'`, s.nodeID("W", "B")))
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	r1, r2 := s.run("W", first), s.run("W", second)
	if got := stats(r2); got != "total 5 succeeded 5 failed 0" && got != "total 6 succeeded 6 failed 0" {
		t.Error(got)
	}
	var names []string
	for _, n := range r2.Graph.Nodes {
		names = append(names, n.Name)
	}
	if slices.Contains(names, "T1") || !slices.Contains(names, "M") {
		t.Errorf("the new run goes on %v", names)
	}
	a := node(t, r1.Graph, "A").JobDetails.JobRuns[0].Id
	if diff := cmp.Diff(node(t, r1.Graph, "A").JobDetails, node(t, r2.Graph, "A").JobDetails); diff != "" {
		t.Errorf("A is not carried as it was:\n%s", diff)
	}
	c := node(t, r2.Graph, "C").JobDetails.JobRuns[0]
	answer := s.do("GetJobRun", fmt.Sprintf(`{'JobName': 'C', 'RunId': %q, 'PredecessorsIncluded': true}`, c.Id))
	if text := fmt.Sprint(answer); !strings.Contains(text, a) {
		t.Errorf("C follows %s, want A's job run %s among them", text, a)
	}
	if d := s.exec.starts("D"); len(d) != 1 || d[0].Arguments["--x"] != "new" {
		t.Errorf("D ran with %+v", d)
	}
	// A resume of that run, as AWS has it, stays on its triggers.
	third, _ := s.resume("W", second, "D")
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	if diff := cmp.Diff(node(t, r1.Graph, "A").JobDetails, node(t, s.run("W", third).Graph, "A").JobDetails); diff != "" {
		t.Errorf("A is not carried on:\n%s", diff)
	}
	record := s.do(plan.OpGet, fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, second))
	if record["Moved"] != true {
		t.Errorf("the record says %v", record)
	}
}

// TestNewNodesCanBeChosen: what a moved run is new to can be started once what it
// waits for is done.
func TestNewNodesCanBeChosen(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > A", "A+ > T2 > B")
	first := s.start("W")
	s.triggers("W", "A+ > T3 > N", "N+ > T4 > M", "M+ > T5 > O")
	id := func(name string) string { return s.nodeID("W", name) }
	s.execute("W", first, fmt.Sprintf(`'NodeIds': [%q], 'Definition': 'current'`, id("M")))
	if s.failed == nil || !strings.Contains(s.failed.Error(), "not done") {
		t.Errorf("M waits for N: %v", s.failed)
	}
	s.execute("W", first, fmt.Sprintf(`'NodeIds': [%q]`, id("N")))
	if s.failed == nil {
		t.Error("the original triggers know nothing of N")
	}
	second := s.execute("W", first, fmt.Sprintf(`'NodeIds': [%q], 'Definition': 'current'`, id("N")))
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	if got := stats(s.run("W", second)); got != "total 5 succeeded 5 failed 0" {
		t.Error(got)
	}
	if n := len(s.exec.starts("B")); n != 1 {
		t.Errorf("B ran %d times", n)
	}
	s.refuses(plan.OpPlan, fmt.Sprintf(`{'Name': 'W', 'RunId': %q, 'NodeIds': [%q], 'Definition': 'newest'}`, first, id("A")),
		"InvalidInputException", "Definition must be original or current")
}

// TestMovedRunsSurviveARestart: a run that was moved is rebuilt from the run before
// it and both definitions.
func TestMovedRunsSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var first, second string
	t.Run("before", func(t *testing.T) {
		s := openServer(t, dir)
		s.workflow("W", "T1 > A B", "A+ & B+ > T2 > C")
		s.fails("B")
		first = s.start("W")
		s.triggers("W", "C+ > T0 > D")
		s.hold()
		second = s.execute("W", first, fmt.Sprintf(`'NodeIds': [%q], 'Definition': 'current'`, s.nodeID("W", "B")))
		if s.failed != nil {
			t.Fatal(s.failed)
		}
	})
	t.Run("after", func(t *testing.T) {
		s := openServer(t, dir)
		s.until("D to follow", func() bool { return len(s.exec.starts("D")) == 1 })
		s.settle()
		if got := stats(s.run("W", second)); got != "total 4 succeeded 4 failed 0" {
			t.Error(got)
		}
	})
}
