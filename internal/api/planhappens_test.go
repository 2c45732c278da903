package api

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// TestPlanIsWhatHappens makes random workflows with random ends, plans resumes of
// them and carries them out.
func TestPlanIsWhatHappens(t *testing.T) {
	t.Parallel()
	const jobs = 7
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			s := newServer(t)
			s.workflow("W", randomTriggers(r, jobs)...)
			spoil := func(chance float64) {
				for i := range jobs {
					if r.Float64() < chance {
						s.fails(fmt.Sprint("J", i))
					}
				}
			}
			spoil(0.4)
			id := s.start("W")
			for range 3 {
				id = s.resumeAsPlanned(r, id, spoil)
			}
		})
	}
}

// randomTriggers is a workflow whose jobs wait for some of those before them, now
// and then for two of them at once or for a failure.
func randomTriggers(r *rand.Rand, jobs int) []string {
	out := []string{"T0 > J0 J1"}
	for i := 2; i < jobs; i++ {
		before := func() string { return fmt.Sprintf("J%d%s", r.IntN(i), []string{"+", "+", "+", "-"}[r.IntN(4)]) }
		condition := before()
		if other := before(); r.IntN(2) == 0 && other[:2] != condition[:2] {
			condition += []string{" & ", " | "}[r.IntN(2)] + other
		}
		out = append(out, fmt.Sprintf("%s > T%d > J%d", condition, i, i))
	}
	return out
}

// resumeAsPlanned resumes a run from random nodes, or with a random one accepted,
// and holds what happened against the plan. It returns the new run, or the same if
// that was refused.
func (s *server) resumeAsPlanned(r *rand.Rand, id string, spoil func(float64)) string {
	s.t.Helper()
	req := plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: id}}
	before := s.run("W", id)
	old := map[string]string{}
	for _, n := range before.Graph.Nodes {
		if n.JobDetails == nil || len(n.JobDetails.JobRuns) == 0 {
			continue
		}
		old[n.Name] = n.JobDetails.JobRuns[0].Id
		failed := n.JobDetails.JobRuns[0].JobRunState != "SUCCEEDED"
		switch k := r.IntN(6); {
		case k < 2:
			req.NodeIds = append(req.NodeIds, n.UniqueId)
		case k == 2 && failed:
			req.Accept, req.Because = append(req.Accept, n.UniqueId), "a test"
		}
	}
	answer, err := ask[plan.Answer](s, plan.OpPlan, req.Request)
	if err != nil { // then the resume is refused too
		_, code, message := s.api.Error(err)
		s.denies(plan.OpExecute, req, glue.Kind(code), message)
		return id
	}
	spoil(0.3)
	run := s.run("W", s.carryOut(req))
	s.exec.mu.Lock()
	s.exec.outcome = map[string][]executor.State{}
	s.exec.mu.Unlock()
	ids := map[string]string{}
	for _, n := range run.Graph.Nodes {
		if n.JobDetails != nil && len(n.JobDetails.JobRuns) > 0 {
			ids[n.Name] = n.JobDetails.JobRuns[0].Id
		}
	}
	for i := range answer.Plan.Nodes {
		n := &answer.Plan.Nodes[i]
		if n.Type != glue.NodeTypeJob {
			continue
		}
		now := ids[n.Name]
		isNew := now != "" && now != old[n.Name]
		var ok bool
		switch n.Verdict {
		case plan.Start:
			ok = isNew
		case plan.Downstream:
			ok = isNew || now == ""
		case plan.Carry, plan.Accept:
			ok = now == old[n.Name] && n.From != nil && n.From.JobRunID == now
		case plan.Blocked, plan.Blank:
			ok = now == ""
		}
		if !ok {
			s.t.Errorf("%s was planned as %s (%s), but it was %q and is %q", n.Name, n.Verdict, n.Reason, old[n.Name], now)
		}
		if n.Verdict == plan.Accept && nodeState(run, n.Name) != "SUCCEEDED" {
			s.t.Errorf("%s was accepted and is %s", n.Name, nodeState(run, n.Name))
		}
	}
	return run.WorkflowRunId
}

func nodeState(run *glue.WorkflowRun, job string) string {
	for text := range strings.FieldsSeq(states(run)) {
		if state, ok := strings.CutPrefix(text, job+"="); ok {
			return state
		}
	}
	return ""
}
