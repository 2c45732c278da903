package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

func (s *server) explain(run string) map[string]plan.Explained {
	s.t.Helper()
	a, err := ask[plan.ExplainAnswer](s, plan.OpExplain, plan.ExplainRequest{Name: "W", RunId: run})
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string]plan.Explained{}
	for _, n := range a.Nodes {
		out[n.Name] = n
	}
	return out
}

func kinds(nodes map[string]plan.Explained) map[string]flow.Kind {
	out := map[string]flow.Kind{}
	for name, n := range nodes {
		out[name] = n.Kind
	}
	return out
}

func TestExplainWorkflowRun(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > J1", "J1+ > T2 > J2", "J2+ > T3 > J3", "J2- > T4 > J4")
	s.fails("J2")
	first := s.start("W")
	said := s.explain(first)
	want := map[string]flow.Kind{
		"T1": "started", "J1": "started", "T2": "started", "J2": "started", "T3": "never", "J3": "never", "T4": "started", "J4": "started",
	}
	if diff := cmp.Diff(want, kinds(said)); diff != "" {
		t.Error(diff)
	}
	j3 := said["J3"]
	if j3.Type != glue.NodeTypeJob || j3.UniqueId == "" || j3.Sentence != "J3 never started: trigger T3 wants J2 SUCCEEDED, but J2 FAILED" {
		t.Errorf("got %+v", j3)
	}
	if diff := cmp.Diff([]string{"J1 SUCCEEDED: trigger T1 started it when the run began"}, said["J2"].Chain); diff != "" {
		t.Error(diff)
	}

	s.hold()
	second, _ := s.resume("W", first, "J2")
	want = map[string]flow.Kind{
		"T1": "carried", "J1": "carried", "T2": "carried", "J2": "selected", "T3": "waiting", "J3": "waiting", "T4": "waiting", "J4": "waiting",
	}
	if diff := cmp.Diff(want, kinds(s.explain(second))); diff != "" {
		t.Error(diff)
	}
	s.finish("J2", executor.Succeeded)
	s.finish("J3", executor.Succeeded)
	want["T3"], want["J3"], want["T4"], want["J4"] = "started", "upstream-reran", "never", "never"
	if diff := cmp.Diff(want, kinds(s.explain(second))); diff != "" {
		t.Error(diff)
	}
	s.denies(plan.OpExplain, plan.ExplainRequest{Name: "W", RunId: "wr_nope"}, glue.EntityNotFound, "Entity not found")
}

func TestExplainAcceptedAndHeld(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", "T1 > J1", "J1+ > T2 > J2", "J2+ > T3 > J3", "J3+ > T4 > J4")
	s.fails("J2")
	first := s.start("W")
	second := s.carryOut(plan.ExecuteRequest{Request: plan.Request{
		Name: "W", RunId: first, Accept: s.ids("J2"), Because: "it is known", Except: s.ids("J4"),
	}})
	s.settle()
	want := map[string]flow.Kind{
		"T1": "carried", "J1": "carried", "T2": "carried", "J2": "accepted", "T3": "started", "J3": "upstream-reran", "T4": "never", "J4": "held",
	}
	if diff := cmp.Diff(want, kinds(s.explain(second))); diff != "" {
		t.Error(diff)
	}
}

// TestExplainLongChain holds that the answer for a long line of jobs stays small and
// still names the first cause.
func TestExplainLongChain(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(set *settings) { set.api.MaxTriggers, set.api.MaxJobs = -1, -1 })
	s.workflow("W", hundredNodes()...)
	s.fails("J0")
	last := s.explain(s.start("W"))["J49"]
	if last.Kind != flow.KindNever || len(last.Chain) != 12 || last.LeftOut != 36 ||
		last.Chain[11] != "J1 never started: trigger T1 wants J0 SUCCEEDED, but J0 FAILED" {
		t.Errorf("got %+v", last)
	}
}

func TestGetWorkflowRunFamily(t *testing.T) {
	t.Parallel()
	s := newPlanned(t)
	second := s.carryOut(plan.ExecuteRequest{By: "ann", Request: plan.Request{
		Name: "W", RunId: s.first, NodeIds: s.ids("J2"), Properties: map[string]string{"day": "monday"},
	}})
	s.settle()
	for _, run := range []string{s.first, second} {
		f, err := ask[plan.FamilyAnswer](s.server, plan.OpFamily, plan.FamilyRequest{Name: "W", RunId: run})
		if err != nil {
			t.Fatal(err)
		}
		if f.Workflow != "W" || f.Head != second || len(f.Runs) != 2 || f.Runs[0].RunID != s.first || f.Runs[1].PreviousRunID != s.first {
			t.Fatalf("got %+v", f)
		}
		if diff := cmp.Diff([]string{"J2"}, f.Runs[1].Repeated); diff != "" {
			t.Error(diff)
		}
		if len(f.Runs[1].Set) != 1 || !strings.HasPrefix(f.Runs[1].Set[0], "property day=monday") {
			t.Errorf("set %q", f.Runs[1].Set)
		}
		ran := map[string]string{}
		for _, n := range f.Nodes {
			ran[n.Name] = n.RunID
		}
		if ran["J1"] != s.first || ran["J2"] != second {
			t.Errorf("ran in %v", ran)
		}
	}
	s.denies(plan.OpFamily, plan.FamilyRequest{Name: "W", RunId: "wr_nope"}, glue.EntityNotFound, "Entity not found")
}

// BenchmarkLook reports what the reasons and the family of a resumed run with 1,000
// jobs in a line cost.
func BenchmarkLook(b *testing.B) {
	s := newServer(b, func(set *settings) { set.api.MaxTriggers, set.api.MaxJobs = -1, -1 })
	line := []string{"T0 > J0"}
	for i := 1; i < 1000; i++ {
		line = append(line, fmt.Sprintf("J%d+ > T%d > J%d", i-1, i, i))
	}
	s.workflow("W", line...)
	s.fails("J500")
	run := s.start("W")
	second, _ := s.resume("W", run, "J500")
	s.settle()
	for _, op := range []string{plan.OpExplain, plan.OpFamily} {
		b.Run(op, func(b *testing.B) {
			body := fmt.Appendf(nil, `{"Name": "W", "RunId": %q}`, second)
			for b.Loop() {
				if _, err := s.api.Call(b.Context(), op, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
