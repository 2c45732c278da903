//go:build linux

package durability

import (
	"errors"
	"fmt"
	"testing"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// TestSupersedeAtFailPoints kills the server at every commit of a resume that moves
// what runs, and of what follows: the run is resumed once, the attempt that was moved
// runs once and its end counts in the new run, and the join waits for both.
func TestSupersedeAtFailPoints(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		r := newRig(t)
		gate := r.fifo("gate")
		r.start()
		r.createJobs(job{name: "broken", does: "fail"}, job{name: "long", does: "wait:" + gate}, job{name: "join"})
		r.createWorkflow("w", "broken long", "broken=SUCCEEDED & long=SUCCEEDED -> join")
		id := r.startRun("w")
		r.begun(id)
		r.terminate()

		s := r.launch(fmt.Sprintf("engine.commit:%d:stop", n))
		hit := false
		// through waits for something to happen; at the fail point it kills and starts anew.
		through := func(what string, happened func() bool) {
			eventually(t, what, func() bool {
				if !hit && stopped(s.pid()) {
					hit = true
					s.kill()
					r.start()
				}
				return happened()
			})
		}
		resumed := make(chan error, 1)
		var next string
		go func() {
			var err error
			next, err = r.resumeRunning(id)
			resumed <- err
		}()
		through("the resume", func() bool { return len(resumed) > 0 })
		if err := <-resumed; err != nil {
			t.Fatal(err)
		}
		r.release(gate)
		ended := make(chan error, 1)
		var run *glue.WorkflowRun
		go func() {
			var err error
			run, err = r.toEnd("w", next)
			ended <- err
		}()
		through("the end", func() bool { return len(ended) > 0 })
		if err := <-ended; err != nil {
			t.Fatal(err)
		}

		if got := outcome(run); got != "COMPLETED broken=SUCCEEDED join=SUCCEEDED long=SUCCEEDED" {
			t.Errorf("killed at commit %d: %s", n, got)
		}
		all := r.audit("w")
		if len(all) != 2 {
			t.Errorf("killed at commit %d: %d runs", n, len(all))
		}
		old := all[len(all)-1]
		if old.Status != glue.WorkflowRunStatusStopped || glue.SupersededBy(old.ErrorMessage) != next {
			t.Errorf("killed at commit %d: the old run is %s, %q", n, old.Status, old.ErrorMessage)
		}
		r.server().kill()
		if !hit {
			// The resume, three ends, and the recovery before them.
			if t.Logf("killed at %d moments", n-1); n-1 < 5 {
				t.Error("the story has at least 5 moments")
			}
			return
		}
	}
}

// begun waits until the first branch has failed and the second one waits.
func (r *rig) begun(id string) {
	r.t.Helper()
	eventually(r.t, "one branch to fail while the other one runs", func() bool {
		run, err := r.run("w", id)
		if err != nil {
			r.t.Fatal(err)
		}
		return run.Statistics.FailedActions == 1
	})
	r.began(2)
}

// resumeRunning repeats the failed branch, which then succeeds.
func (r *rig) resumeRunning(id string) (next string, err error) {
	run, err := r.run("w", id)
	if err != nil {
		return "", err
	}
	request := plan.ExecuteRequest{Request: plan.Request{
		Name: "w", RunId: id, Select: plan.Selectors{Failed: true}, WhileRunning: true,
		Overrides: map[string]glue.RunOverride{"broken": {Arguments: map[string]string{"--does": "nothing"}}},
	}}
	if run.Status != glue.WorkflowRunStatusRunning {
		return "", errors.New("the run is over before it is resumed")
	}
	var answer plan.ExecuteAnswer
	err = r.call(plan.OpExecute, request, &answer)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.roots[answer.RunId] = answer.NodeIds
	return answer.RunId, err
}
