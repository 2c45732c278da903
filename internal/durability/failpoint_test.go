//go:build linux

package durability

import (
	"fmt"
	"testing"

	"github.com/reglue/reglue/internal/glue"
)

// victims are the processes that are killed while one of them stands still at a
// fail point.
type victims struct{ server, runner bool }

func (v victims) String() string {
	switch {
	case v.server && v.runner:
		return "both"
	case v.server:
		return "server"
	case v.runner:
		return "runner"
	}
	return "nobody"
}

var everyVictim = []victims{{server: true}, {runner: true}, {server: true, runner: true}}

// whole is how a run of the workflow "story" ends that nobody disturbs.
const whole = "COMPLETED after=SUCCEEDED broken=FAILED,FAILED first=SUCCEEDED last=SUCCEEDED rescue="

// tellStory defines a workflow with a join of a good and a failing job with
// retries, a branch for the loss of the good one, and an end that both reach.
func (r *rig) tellStory() {
	r.start()
	r.createJobs(
		job{name: "first", does: "sleep:0.2"}, job{name: "broken", does: "fail", retries: 1},
		job{name: "after", retries: 1}, job{name: "rescue"}, job{name: "last", does: "sleep:0.1"},
	)
	r.createWorkflow("story",
		"first broken",
		"first=SUCCEEDED & broken=FAILED -> after",
		"first=FAILED -> rescue",
		"after=SUCCEEDED | rescue=SUCCEEDED -> last",
	)
}

// TestServerFailPoints kills at every moment at which the server has committed
// something and done nothing about it yet, and at every one at which it has
// learned of an end and not committed it.
func TestServerFailPoints(t *testing.T) {
	for _, point := range []string{"engine.commit", "engine.report"} {
		for _, v := range everyVictim {
			t.Run(point+"/"+v.String(), func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.tellStory()
				runs := 0
				for n := 1; ; n++ {
					run, hit := r.storyAt(fmt.Sprintf("%s:%d:stop", point, n), v)
					runs++
					if got := countLost(run); !v.runner && (got > 0 || outcome(run) != whole) {
						t.Errorf("at %d: %s", n, outcome(run))
					}
					if !hit {
						break
					}
				}
				r.server().kill() // it may come to the point once more
				r.start()
				if all := r.audit("story"); len(all) != runs {
					t.Errorf("%d runs, but %d were started", len(all), runs)
				}
				// Five job runs end, each in a commit that starts something or
				// ends the run.
				if t.Logf("killed at %d moments", runs-1); runs-1 < 5 {
					t.Error("the story has more moments")
				}
			})
		}
	}
}

// storyAt runs the story with a server that stops at a fail point, and kills
// there. It reports whether the point was reached.
func (r *rig) storyAt(point string, v victims) (run *glue.WorkflowRun, hit bool) {
	r.t.Helper()
	r.terminate()
	s := r.launch(point)
	told := r.tell("story")
	eventually(r.t, point+" or the end of the run", func() bool {
		hit = stopped(s.pid())
		return hit || len(told) > 0
	})
	if hit {
		r.killAt(s, v)
	}
	return r.told(told), hit
}

// told waits for the run that tell follows.
func (r *rig) told(told <-chan *glue.WorkflowRun) *glue.WorkflowRun {
	r.t.Helper()
	run := <-told
	if run == nil {
		r.t.FailNow()
	}
	return run
}

// tell starts a run and follows it to its end from another goroutine, as the
// server may not answer. The channel then holds the run, nil after an error.
func (r *rig) tell(workflow string) <-chan *glue.WorkflowRun {
	told := make(chan *glue.WorkflowRun, 1)
	go func() {
		run, err := r.follow(workflow)
		if err != nil && r.t.Context().Err() == nil { // else the test has ended without it
			r.t.Errorf("run %s: %v", workflow, err)
		}
		told <- run
	}()
	return told
}

func (r *rig) follow(workflow string) (*glue.WorkflowRun, error) {
	var out glue.StartWorkflowRunResponse
	if err := r.call("StartWorkflowRun", glue.StartWorkflowRunRequest{Name: workflow}, &out); err != nil {
		return nil, err
	}
	return r.toEnd(workflow, out.RunId)
}

// killAt kills while a process stands still and starts a new server if need be.
// Only then do those go on that survive: the new server meets a runner that is in
// the middle of something.
func (r *rig) killAt(s *server, v victims) {
	r.t.Helper()
	if v.server {
		s.kill()
	}
	if v.runner {
		r.killRunners()
	}
	if v.server {
		r.start()
	}
	wake(append(runners(r.data), s.pid())...)
}
