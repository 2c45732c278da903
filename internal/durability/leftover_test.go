//go:build linux

package durability

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/reglue/reglue/internal/glue"
)

// TestNothingIsLeft: however a job ends, so do its processes: also those that
// ignore TERM, sit in sessions of their own, or are orphans.
func TestNothingIsLeft(t *testing.T) {
	for name, tc := range map[string]struct {
		does string
		// end brings about the end of the run.
		end  func(r *rig, run string)
		want string
	}{
		"stopped": {"family:", func(r *rig, run string) {
			r.must("StopWorkflowRun", glue.StopWorkflowRunRequest{Name: "w", RunId: run}, nil)
		}, "STOPPED family=STOPPED"},
		"stopped, server killed at once": {"family:", func(r *rig, run string) {
			r.must("StopWorkflowRun", glue.StopWorkflowRunRequest{Name: "w", RunId: run}, nil)
			r.server().kill()
			r.start()
		}, "STOPPED family=STOPPED"},
		"job run stopped": {"family:", func(r *rig, run string) {
			for id := range r.journalCount() {
				r.must("BatchStopJobRun", glue.BatchStopJobRunRequest{JobName: "family", JobRunIds: []string{id}}, nil)
			}
		}, "COMPLETED family=STOPPED"},
		"runner killed": {"family:", func(r *rig, run string) { r.killRunners() }, "COMPLETED family=FAILED"},
		"runner and server killed": {"family:", func(r *rig, run string) {
			r.server().kill()
			r.killRunners()
			r.start()
		}, "COMPLETED family=FAILED"},
		"ended by itself": {"orphans:", func(r *rig, run string) {}, "COMPLETED family=SUCCEEDED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.start()
			up := filepath.Join(r.dir, "up")
			r.createJobs(job{name: "family", does: tc.does + up})
			r.createWorkflow("w", "family")
			id := r.startRun("w")
			eventually(t, "the whole family", func() bool {
				_, err := os.Stat(up)
				return err == nil
			})
			tc.end(r, id)
			if run := r.ended("w", id); outcome(run) != tc.want {
				t.Errorf("%s, want %s", outcome(run), tc.want)
			}
			r.audit("w")
		})
	}
}
