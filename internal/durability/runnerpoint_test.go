//go:build linux

package durability

import (
	"fmt"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/glue"
)

// The story starts first and broken at once, broken again, after, and last. When
// the fourth begins, nothing else of it runs.
const alone = 4

// TestRunnerFailPoints kills around each start and each end of a job: before and
// after the claim, after the fork, before and after the exit is written. mortal says
// whether a job that is there when the runner dies is lost.
func TestRunnerFailPoints(t *testing.T) {
	for _, point := range []struct {
		name   string
		mortal bool
	}{
		{"runner.before-claim", false},
		{"runner.after-claim", true},
		{"runner.after-fork", true},
		{"runner.before-exit", true},
		{"runner.after-exit", false},
	} {
		for _, v := range everyVictim {
			t.Run(strings.TrimPrefix(point.name, "runner.")+"/"+v.String(), func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.tellStory()
				r.runnerStoryAt(1, point.name, point.mortal, v)
				r.runnerStoryAt(alone, point.name, point.mortal, v)
				if all := r.audit("story"); len(all) != 2 {
					t.Errorf("%d runs, but 2 were started", len(all))
				}
			})
		}
	}
}

// runnerStoryAt runs the story under a runner that stops the nth time that it
// comes to the point, and kills there.
func (r *rig) runnerStoryAt(n int, point string, mortal bool, v victims) {
	r.t.Helper()
	r.terminate()
	r.killRunners() // an old one knows nothing of the fail point
	s := r.launch(fmt.Sprintf("%s:%d:stop", point, n))
	told := r.tell("story")
	hit := false
	eventually(r.t, point+" or the end of the run", func() bool {
		for _, pid := range runners(r.data) {
			hit = hit || stopped(pid)
		}
		return hit || len(told) > 0
	})
	if !hit {
		r.t.Fatalf("the runner never came to %s the %d. time", point, n)
	}
	r.killAt(s, v)
	run := r.toldPast(told)
	got := countLost(run)
	switch {
	case !v.runner:
		if got > 0 || outcome(run) != whole {
			r.t.Errorf("%s %d: %s", point, n, outcome(run))
		}
	case mortal && got == 0, !mortal && n >= alone && got > 0, n >= alone && got > 1:
		r.t.Errorf("%s %d: %d job runs were lost: %s", point, n, got, outcome(run))
	}
}

// toldPast waits for the run that tell follows and wakes every further runner
// that comes to the fail point: a surviving server starts it with the same one.
func (r *rig) toldPast(told <-chan *glue.WorkflowRun) *glue.WorkflowRun {
	r.t.Helper()
	eventually(r.t, "the end of the run", func() bool {
		wake(runners(r.data)...)
		return len(told) > 0
	})
	return r.told(told)
}
