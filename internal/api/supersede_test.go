package api

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsglue "github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// fan starts a run in which broken has failed and long still runs; join waits for both.
func fan(t *testing.T, set ...func(*settings)) (s *server, id string) {
	t.Helper()
	s = newServer(t, set...)
	s.workflow("W", "T1 > broken long", "broken+ & long+ > T2 > join", "long+ > T3 > after")
	s.fails("broken")
	s.hold()
	return s, s.start("W")
}

// running is states, of which the progress from STARTING may not be written yet.
func running(r *glue.WorkflowRun) string { return strings.ReplaceAll(states(r), "STARTING", "RUNNING") }

func (s *server) whileRunning(id string) plan.ExecuteRequest {
	return plan.ExecuteRequest{Request: plan.Request{
		Name: "W", RunId: id, NodeIds: []string{s.nodeID("W", "broken")}, WhileRunning: true,
	}}
}

// TestSupersededRun: what the AWS SDK sees of a run that is resumed while it runs.
func TestSupersededRun(t *testing.T) {
	t.Parallel()
	for _, permitted := range []bool{false, true} {
		s, id := fan(t, func(set *settings) { set.engine.ResumeRunning, set.api.ResumeRunning = permitted, permitted })
		c, ctx := goClient(s.listen(nil)), t.Context()
		resume := &awsglue.ResumeWorkflowRunInput{Name: aws.String("W"), RunId: &id, NodeIds: []string{s.nodeID("W", "broken")}}
		before := s.count()
		out, err := c.ResumeWorkflowRun(ctx, resume)
		if !permitted {
			var illegal *types.IllegalWorkflowStateException
			if !errors.As(err, &illegal) || s.count() != before {
				t.Errorf("resume of a running run: %v\n%s", err, s.count())
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		s.settle()
		next := aws.ToString(out.RunId)
		get := func(id string) *types.WorkflowRun {
			r, err := c.GetWorkflowRun(ctx, &awsglue.GetWorkflowRunInput{Name: aws.String("W"), RunId: &id, IncludeGraph: aws.Bool(true)})
			if err != nil {
				t.Fatal(err)
			}
			return r.Run
		}
		old := get(id)
		if old.Status != types.WorkflowRunStatusStopped || aws.ToString(old.ErrorMessage) != "Superseded by "+next || old.CompletedOn == nil {
			t.Errorf("the old run: %s %q %v", old.Status, aws.ToString(old.ErrorMessage), old.CompletedOn)
		}
		if n := old.Statistics; n.TotalActions != 4 || n.FailedActions != 1 || n.RunningActions != 0 {
			t.Errorf("its statistics: %+v", n)
		}
		if n := get(next).Statistics; n.RunningActions != 2 || n.FailedActions != 0 {
			t.Errorf("those of the new run: %+v", n)
		}
		long := s.exec.starts("long")[0].JobRunID
		for _, step := range []struct {
			do        func()
			old, next string
		}{
			{func() {}, "after=- broken=FAILED join=- long=RUNNING", "after=- broken=RUNNING join=- long=RUNNING"},
			{func() { s.finish("long", executor.Succeeded) }, "after=- broken=FAILED join=- long=SUCCEEDED", "after=RUNNING broken=RUNNING join=- long=SUCCEEDED"},
			{func() { s.finish("broken", executor.Succeeded) }, "after=- broken=FAILED join=- long=SUCCEEDED", "after=RUNNING broken=SUCCEEDED join=RUNNING long=SUCCEEDED"},
		} {
			step.do()
			a, b := s.run("W", id), s.run("W", next)
			if running(a) != step.old || running(b) != step.next {
				t.Errorf("old run %s\nnew run %s", running(a), running(b))
			}
			for _, r := range []*glue.WorkflowRun{a, b} {
				if jobs := node(t, r.Graph, "long").JobDetails.JobRuns; len(jobs) != 1 || jobs[0].Id != long {
					t.Errorf("long in %s: %+v", r.WorkflowRunId, jobs)
				}
			}
		}
		runs, err := c.GetJobRuns(ctx, &awsglue.GetJobRunsInput{JobName: aws.String("long")})
		if err != nil || len(runs.JobRuns) != 1 || aws.ToString(runs.JobRuns[0].Id) != long {
			t.Errorf("job runs of long: %+v, %v", runs, err)
		}
		_, err = c.StopWorkflowRun(ctx, &awsglue.StopWorkflowRunInput{Name: aws.String("W"), RunId: &id})
		var illegal *types.IllegalWorkflowStateException
		if !errors.As(err, &illegal) {
			t.Errorf("stop of the old run: %v", err)
		}
		if _, err = c.ResumeWorkflowRun(ctx, resume); !errors.As(err, &illegal) || !strings.Contains(err.Error(), next) {
			t.Errorf("resume of the old run: %v", err)
		}
	}
}

// TestPropertiesOfAMovedJobRun: by the id that it was started with, a moved job run
// means the run to which it belongs, while it lives, and nobody else does.
func TestPropertiesOfAMovedJobRun(t *testing.T) {
	t.Parallel()
	s, first := fan(t)
	url, ctx := s.listen(nil), t.Context()
	put := func(c *awsglue.Client, run, value string) {
		t.Helper()
		_, err := c.PutWorkflowRunProperties(ctx, &awsglue.PutWorkflowRunPropertiesInput{
			Name: aws.String("W"), RunId: &run, RunProperties: map[string]string{"k": value},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	get := func(c *awsglue.Client, run string) string {
		t.Helper()
		out, err := c.GetWorkflowRunProperties(ctx, &awsglue.GetWorkflowRunPropertiesInput{Name: aws.String("W"), RunId: &run})
		if err != nil {
			t.Fatal(err)
		}
		return out.RunProperties["k"]
	}
	want := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	anyone := goClient(url)
	job := func(name string) *awsglue.Client {
		starts := s.exec.starts(name)
		return goClient(url + "/job/" + starts[len(starts)-1].JobRunID + "/token")
	}
	long := job("long")
	put(long, first, "before")
	second := s.carryOut(s.whileRunning(first))
	want("what the new run took over", get(anyone, second), "before")
	put(long, first, "moved")
	want("the new run", get(anyone, second), "moved")
	want("the old run", get(anyone, first), "before")
	want("the moved job run", get(long, first), "moved")
	want("a job run of the new run", get(job("broken"), first), "before")
	s.finish("broken", executor.Failed)
	third := s.carryOut(s.whileRunning(second))
	put(long, first, "moved twice")
	want("the newest run", get(anyone, third), "moved twice")
	want("the run between", get(anyone, second), "moved")
	want("by the id of the run between, which it does not know", get(long, second), "moved")
	s.finish("long", executor.Succeeded)
	want("the job run when it is over", get(long, first), "before")

	// The run between shows what it had taken over.
	for _, id := range []string{first, second, third} {
		if jobs := node(t, s.run("W", id).Graph, "long").JobDetails.JobRuns; len(jobs) != 1 || jobs[0].JobRunState != "SUCCEEDED" {
			t.Errorf("long in %s: %+v", id, jobs)
		}
	}
	// And what a later one carries is shown by it too.
	s.finish("broken", executor.Failed)
	s.finish("after", executor.Succeeded)
	request := s.whileRunning(third)
	request.AnyResume = true
	if fourth := s.run("W", s.carryOut(request)); running(fourth) != "after=SUCCEEDED broken=RUNNING join=- long=SUCCEEDED" {
		t.Error(running(fourth))
	}
}

// TestPlanWhileRunning: a plan says what is moved, and its token holds until something
// happens in the run.
func TestPlanWhileRunning(t *testing.T) {
	t.Parallel()
	s, id := fan(t)
	request := s.whileRunning(id)
	s.denies(plan.OpPlan, plan.PreviewRequest{Request: plan.Request{Name: "W", RunId: id, NodeIds: request.NodeIds}}, glue.IllegalWorkflowState, "RUNNING")
	s.denies(plan.OpPlan, plan.PreviewRequest{Request: plan.Request{
		Name: "W", RunId: id, NodeIds: request.NodeIds, WhileRunning: true, Definition: "current",
	}}, glue.InvalidInput, "own triggers")
	p := s.plan(request.Request)
	verdicts := map[string]string{}
	for i := range p.Nodes {
		verdicts[p.Nodes[i].Name] = p.Nodes[i].Verdict
		if p.Nodes[i].Name == "long" && (p.Nodes[i].From == nil || p.Nodes[i].From.JobRunID != s.exec.starts("long")[0].JobRunID) {
			t.Errorf("long: %+v", p.Nodes[i].From)
		}
	}
	for name, want := range map[string]string{"broken": plan.Start, "long": plan.Moved, "join": plan.Downstream, "after": plan.Downstream, "T1": plan.Carry} {
		if verdicts[name] != want {
			t.Errorf("%s: %s, want %s", name, verdicts[name], want)
		}
	}
	request.ClientToken, request.ExpectHead = "once", id
	if s.plan(request.Request).Token != p.Token {
		t.Error("another token for the same plan")
	}
	s.finish("long", executor.Succeeded)
	stale := request
	stale.PlanToken, stale.ClientToken = p.Token, ""
	s.denies(plan.OpExecute, stale, glue.ConcurrentModification, "state")
	next := s.carryOut(request)
	if again := s.carryOut(request); again != next {
		t.Errorf("the same request again: %s, not %s", again, next)
	}
	request.ClientToken = ""
	s.denies(plan.OpExecute, request, glue.ConcurrentModification, next)
	record, err := ask[plan.Record](s, plan.OpGet, plan.GetRequest{Name: "W", RunId: next})
	if err != nil || !record.WhileRunning || len(record.Roots) != 1 || record.AnyEnd {
		t.Errorf("record %+v, %v", record, err)
	}
	bulk := plan.StartBulkRequest{Resumes: []plan.ExecuteRequest{s.whileRunning(next)}}
	s.denies(plan.OpStartBulk, bulk, glue.InvalidInput, "WhileRunning")
}

// TestSupersededIsNotRepaired: automatic repair leaves a superseded run alone and
// repairs the one that goes on; a bulk skips it.
func TestSupersededIsNotRepaired(t *testing.T) {
	t.Parallel()
	s, id := fan(t)
	s.do("TagResource", fmt.Sprintf(`{'ResourceArn': %q, 'TagsToAdd': {%q: 'times=1 wait=0s'}}`, s.api.scope.ARN("workflow", "W"), plan.RepairTag))
	next := s.carryOut(s.whileRunning(id))
	if repairs, err := ask[plan.RepairsAnswer](s, plan.OpRepairs, plan.RepairsRequest{}); err != nil || len(repairs.Repairs) != 0 {
		t.Errorf("repairs of a superseded run: %+v, %v", repairs, err)
	}
	bulk, err := ask[plan.StartBulkAnswer](s, plan.OpStartBulk, plan.StartBulkRequest{Resumes: []plan.ExecuteRequest{{
		Request: plan.Request{Name: "W", RunId: id, Select: plan.Selectors{Failed: true}, AnyEnd: true},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	s.until("the bulk is done", func() bool {
		b, err := ask[plan.GetBulkAnswer](s, plan.OpGetBulk, plan.GetBulkRequest{BulkId: bulk.BulkId})
		return err == nil && len(b.Resumes) == 1 && b.Resumes[0].State == "SKIPPED"
	})
	s.release()
	s.finish("broken", executor.Failed)
	s.finish("long", executor.Succeeded)
	s.until("the new run is repaired", func() bool {
		repairs, err := ask[plan.RepairsAnswer](s, plan.OpRepairs, plan.RepairsRequest{})
		return err == nil && len(repairs.Repairs) == 1 && repairs.Repairs[0].RunId == next && repairs.Repairs[0].State == plan.Done
	})
}
