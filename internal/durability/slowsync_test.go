//go:build linux

package durability

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/glue"
)

// TestNothingBeforeTheCommit makes the disk slow: each sync of the database's log
// takes a second. No job may start, and no answer may come, before that.
func TestNothingBeforeTheCommit(t *testing.T) {
	t.Parallel()
	needStrace(t)
	r := newRig(t)
	r.start()
	r.createJobs(job{name: "one"})
	r.createWorkflow("w", "one")
	r.terminate()
	const slow = time.Second
	r.under = []string{
		"strace", "-D", "-f", "-q", "-P", filepath.Join(r.data, wal), "-o", filepath.Join(r.dir, "trace"), "-e", "trace=fsync,fdatasync",
		"-e", "inject=fsync,fdatasync:delay_enter=" + strconv.FormatInt(slow.Microseconds(), 10),
	}
	s := r.start()
	answered := make(chan time.Duration, 1)
	begin := time.Now()
	go func() {
		if err := r.call("StartWorkflowRun", glue.StartWorkflowRunRequest{Name: "w"}, nil); err != nil {
			t.Error(err)
		}
		answered <- time.Since(begin)
	}()
	r.began(1)
	if took := time.Since(begin); took < slow {
		t.Errorf("the job began after %s; the commit cannot be on the disk", took)
	}
	if took := <-answered; took < slow {
		t.Errorf("the start was answered after %s; its commit cannot be on the disk", took)
	}
	r.killRunners() // strace ends with the last process that it traces
	s.kill()
	r.under = nil
	r.start()
	for _, run := range r.runs("w") {
		r.ended("w", run.WorkflowRunId)
	}
	if all := r.audit("w"); len(all) != 1 {
		t.Errorf("%d runs", len(all))
	}
}
