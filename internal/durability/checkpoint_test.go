//go:build linux

package durability

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

// TestCheckpoint kills while the log of the database is being copied into it,
// with a job that lives through that and properties that were all answered.
func TestCheckpoint(t *testing.T) {
	for _, v := range everyVictim {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.start()
			gate := r.fifo("gate")
			r.createJobs(job{name: "held", does: "wait:" + gate}, job{name: "next"})
			r.createWorkflow("held", "held", "held=SUCCEEDED | held=FAILED -> next")
			r.terminate()
			s := r.launch("store.checkpoint:1:stop")
			id := r.startRun("held")
			r.began(1)

			quit := make(chan struct{})
			written := r.write("held", id, quit)
			eventually(t, "a checkpoint", func() bool { return stopped(s.pid()) })
			close(quit)
			r.killAt(s, v)
			r.holdProperties("held", id, <-written)
			if !v.runner {
				r.release(gate)
			}
			end := r.ended("held", id)
			want := "COMPLETED held=SUCCEEDED next=SUCCEEDED"
			if v.runner {
				want = "COMPLETED held=FAILED next=SUCCEEDED"
			}
			if outcome(end) != want {
				t.Errorf("%s, want %s", outcome(end), want)
			}
			r.audit("held")
		})
	}
}

// write changes properties of a run until it is told to quit, and then tells
// which changes were answered.
func (r *rig) write(workflow, run string, quit <-chan struct{}) <-chan map[string]string {
	written := make(chan map[string]string, 1)
	go func() {
		done := map[string]string{}
		defer func() { written <- done }()
		for i := 0; ; i++ {
			select {
			case <-quit:
				return
			default:
			}
			key, value := fmt.Sprintf("key%d", i%50), fmt.Sprint(i)
			err := r.call("PutWorkflowRunProperties", glue.PutWorkflowRunPropertiesRequest{
				Name: workflow, RunId: run, RunProperties: map[string]string{key: value},
			}, nil)
			if err != nil {
				r.t.Errorf("put: %v", err)
				return
			}
			done[key] = value
		}
	}()
	return written
}

// holdProperties holds a run's properties against what was written.
func (r *rig) holdProperties(workflow, run string, written map[string]string) {
	r.t.Helper()
	var out glue.GetWorkflowRunPropertiesResponse
	r.must("GetWorkflowRunProperties", glue.GetWorkflowRunPropertiesRequest{Name: workflow, RunId: run}, &out)
	if diff := cmp.Diff(written, out.RunProperties); diff != "" {
		r.t.Errorf("answered changes (-) and what is stored (+):\n%s", diff)
	}
}
