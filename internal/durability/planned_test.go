//go:build linux

package durability

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// TestPlannedAtFailPoints kills the server at every commit of a story of planned
// resumes, before anything follows from it: each planned resume happens exactly
// once.
func TestPlannedAtFailPoints(t *testing.T) {
	for name, story := range map[string]struct {
		tag    string
		resume func(r *rig, runs []string) error
		want   int // resumes
		// moments are the least commits that the story has.
		moments int
	}{
		// Each of two runs is repaired twice and then given up.
		"repair": {tag: "times=2 wait=0s", want: 4, moments: 8},
		"bulk": {tag: "off", want: 3, moments: 5, resume: func(r *rig, runs []string) error {
			in := plan.StartBulkRequest{PauseMs: 5, By: "test"}
			for _, id := range runs {
				in.Resumes = append(in.Resumes, plan.ExecuteRequest{Request: plan.Request{Name: "w", RunId: id, Select: plan.Selectors{Failed: true}}})
			}
			return r.call(plan.OpStartBulk, in, nil)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				r := newRig(t)
				r.start()
				r.createJobs(job{name: "one"}, job{name: "two", does: "fail"})
				r.createWorkflow("w", "one", "one=SUCCEEDED -> two")
				var runs []string
				if story.resume != nil {
					for range story.want {
						runs = append(runs, r.ended("w", r.startRun("w")).WorkflowRunId)
					}
				}
				r.must("TagResource", glue.TagResourceRequest{
					ResourceArn: "arn:aws:glue:us-east-1:000000000000:workflow/w", TagsToAdd: map[string]string{plan.RepairTag: story.tag},
				}, nil)
				r.terminate()
				s := r.launch(fmt.Sprintf("engine.commit:%d:stop", n))
				settled := make(chan error, 1)
				go func() { settled <- r.tellPlanned(story.resume, runs, story.want) }()
				hit := false
				eventually(t, "the fail point or the end", func() bool {
					hit = stopped(s.pid())
					return hit || len(settled) > 0
				})
				if hit {
					s.kill()
					r.start()
				}
				if err := <-settled; err != nil {
					t.Fatal(err)
				}
				if !hit {
					// A commit after the end of the story may still be the one to stop at.
					s.kill()
					r.start()
				}
				resumes := 0
				for _, run := range r.audit("w") {
					if run.PreviousRunId != "" {
						resumes++
					}
				}
				if resumes != story.want {
					t.Errorf("killed at commit %d: %d resumes, want %d", n, resumes, story.want)
				}
				r.server().kill()
				if !hit {
					if t.Logf("killed at %d moments", n-1); n-1 < story.moments {
						t.Errorf("the story has at least %d moments", story.moments)
					}
					return
				}
			}
		})
	}
}

// tellPlanned starts a story and follows it to its end, from another goroutine than
// the test's, as the server may stand still.
func (r *rig) tellPlanned(resume func(*rig, []string) error, runs []string, want int) error {
	if resume != nil {
		if err := resume(r, runs); err != nil {
			return err
		}
	} else {
		for range 2 {
			if err := r.call("StartWorkflowRun", glue.StartWorkflowRunRequest{Name: "w"}, nil); err != nil {
				return err
			}
		}
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		if over, err := r.plansOver(want); over || err != nil {
			return err
		}
	}
	return fmt.Errorf("waited %s for %d planned resumes", patience, want)
}

// plansOver reports whether so many planned resumes have started, none is pending,
// and all runs are over.
func (r *rig) plansOver(want int) (bool, error) {
	var repairs plan.RepairsAnswer
	var bulks plan.ListBulksAnswer
	var runs glue.GetWorkflowRunsResponse
	err := errors.Join(r.call(plan.OpRepairs, plan.RepairsRequest{}, &repairs), r.call(plan.OpListBulks, plan.ListBulksRequest{}, &bulks),
		r.call("GetWorkflowRuns", glue.GetWorkflowRunsRequest{Name: "w"}, &runs))
	done, pending := 0, 0
	for i := range repairs.Repairs {
		switch repairs.Repairs[i].State {
		case plan.Done:
			done++
		case plan.Pending:
			pending++
		}
	}
	for i := range bulks.Bulks {
		done, pending = done+bulks.Bulks[i].Counts[plan.Done], pending+bulks.Bulks[i].Counts[plan.Pending]
	}
	for i := range runs.Runs {
		if !over(&runs.Runs[i]) {
			pending++
		}
	}
	return done >= want && pending == 0, err
}
