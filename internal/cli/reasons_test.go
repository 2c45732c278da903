package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

// Of several conditions only those that held are reasons, and a node whose trigger
// had all it wants did not start because a resume left it out.
func TestReasons(t *testing.T) {
	t.Parallel()
	const alerting = `
		begin: load
		loaded: load=SUCCEEDED > publish
		broken: ANY load=FAILED load=TIMEOUT > alert
		noticed: ANY alert=FAILED publish=SUCCEEDED > note
	`
	for name, tt := range map[string]struct {
		states map[string]string
		status glue.WorkflowRunStatus
		want   map[string]string
	}{
		"failed": {
			states: map[string]string{"load": "FAILED", "alert": "SUCCEEDED"},
			want: map[string]string{
				"publish": "load failed", "alert": "because load failed",
				"note": "publish never started or only if alert failed",
			},
		},
		"timed out": {
			states: map[string]string{"load": "TIMEOUT", "alert": "FAILED", "note": "SUCCEEDED"},
			want:   map[string]string{"publish": "load timed out", "alert": "because load timed out", "note": "because alert failed"},
		},
		"succeeded": {
			states: map[string]string{"load": "SUCCEEDED", "publish": "SUCCEEDED", "note": "SUCCEEDED"},
			want:   map[string]string{"alert": "only if load failed or timed out"},
		},
		"left out": {
			states: map[string]string{"load": "FAILED"},
			want: map[string]string{
				"publish": "load failed", "alert": "held back by a resume of narrower scope",
				"note": "publish never started or only if alert failed",
			},
		},
		"stopped": {
			states: map[string]string{"load": "FAILED"}, status: glue.WorkflowRunStatusStopped,
			want: map[string]string{
				"publish": "load failed", "alert": "only if load timed out",
				"note": "publish never started or only if alert failed",
			},
		},
		"going on": {
			states: map[string]string{"load": "RUNNING"}, status: glue.WorkflowRunStatusRunning,
			want: map[string]string{
				"publish": "waits for load", "alert": "only if load failed or timed out",
				"note": "only if alert failed",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := drawn(t, runID("a"), alerting, tt.states)
			if tt.status != "" {
				run.Status = tt.status
			}
			got := map[string]string{}
			for id, reason := range reasonsOf(run) {
				got[nodeNames(run, []string{id})] = reason
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
