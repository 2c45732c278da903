//go:build linux

package durability

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/reglue/reglue/internal/glue"
)

// smallDisk puts the data folder onto a disk of its own.
func (r *rig) smallDisk() {
	r.t.Helper()
	if err := os.Mkdir(r.data, 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", r.data, "tmpfs", 0, "size=24m"); err != nil {
		missing(r.t, "this test mounts a small disk, so run it as root, or through `unshare -rm`: %v", err)
	}
	r.t.Cleanup(func() {
		r.clean()
		if err := syscall.Unmount(r.data, syscall.MNT_DETACH); err != nil {
			r.t.Error(err)
		}
	})
}

// fill leaves no byte on the disk and returns what frees it.
func (r *rig) fill() (free func()) {
	r.t.Helper()
	path := filepath.Join(r.data, "ballast")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		n, err := f.Write(make([]byte, size))
		if err != nil && n < size {
			size /= 2
		}
	}
	return func() {
		if err := os.Remove(path); err != nil {
			r.t.Fatal(err)
		}
	}
}

// TestFullDisk fills the disk under a live run, with and without a kill -9 and a
// new server on the full disk. Changes are refused in words or kept; what was
// refused has not happened, whoever looks; the job's end waits; and all goes on
// by itself once there is room.
func TestFullDisk(t *testing.T) {
	for _, v := range []victims{{}, {server: true}} {
		t.Run("killed "+v.String(), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.smallDisk()
			r.start()
			gate := r.heldFlow()
			r.createWorkflow("small", "free")
			r.createWorkflow("empty")
			id := r.startRun("w")
			r.began(1)
			free := r.fill()
			kept, small := r.putUntilFull(id), 0
			if !v.server {
				small = r.startUntilFull("small")
			}
			empty := r.startUntilFull("empty")
			if v.server {
				r.restartOnFullDisk()
			}
			r.release(gate)
			eventually(t, "the end of the job's process", func() bool {
				return len(carriers(func(id string) bool { return r.journalCount()[id] > 0 })) == 0
			})
			free()
			if r.server().over() {
				t.Log("no server could start on the full disk")
				r.start()
			}
			r.holdProperties("w", id, kept)
			if run := r.ended("w", id); outcome(run) != heldWell {
				t.Error(outcome(run))
			}
			if run := r.ended("w", r.startAndOpen("w", gate)); outcome(run) != heldWell {
				t.Error(outcome(run))
			}
			eventually(t, "the end of the small runs", func() bool {
				return !slices.ContainsFunc(r.runs("small"), func(run *glue.WorkflowRun) bool { return !over(run) })
			})
			r.audit("w", "small")
			if s, e := len(r.runs("small")), len(r.runs("empty")); s != small || e != empty {
				t.Errorf("%d small and %d empty runs, but %d and %d were answered with an id", s, e, small, empty)
			}
			t.Logf("until full: %d small runs, %d empty ones", small, empty)
		})
	}
}

// restartOnFullDisk is kill -9 and a new server, which comes up or says why not.
func (r *rig) restartOnFullDisk() {
	r.t.Helper()
	r.server().kill()
	s := r.launch("")
	eventually(r.t, "a server on the full disk, or its refusal", func() bool {
		select {
		case <-s.ready:
			return true
		default:
			return s.over()
		}
	})
}

// putUntilFull changes properties until that is refused, and returns those that
// were kept.
func (r *rig) putUntilFull(run string) map[string]string {
	r.t.Helper()
	kept := map[string]string{}
	for i := 0; ; i++ {
		key, value := fmt.Sprintf("key%d", i%4), strings.Repeat(fmt.Sprintf("%06d,", i), 8000)
		if !r.fits("PutWorkflowRunProperties", glue.PutWorkflowRunPropertiesRequest{
			Name: "w", RunId: run, RunProperties: map[string]string{key: value},
		}) {
			return kept
		}
		kept[key] = value
	}
}

// startUntilFull starts runs until that is refused, and returns how many were
// started.
func (r *rig) startUntilFull(workflow string) int {
	r.t.Helper()
	for n := 0; ; n++ {
		if !r.fits("StartWorkflowRun", glue.StartWorkflowRunRequest{Name: workflow}) {
			return n
		}
	}
}

// fits makes a call in one try and reports whether there was room for it. If not,
// the server has to say so.
func (r *rig) fits(op string, in any) bool {
	r.t.Helper()
	said, ok := r.once(op, in)
	if !ok && (!strings.Contains(said, "disk that holds the data folder is full") || !strings.Contains(said, "nothing was changed")) {
		r.t.Fatalf("%s was refused with %q", op, said)
	}
	return ok
}

// once makes a call in one try.
func (r *rig) once(op string, in any) (said string, ok bool) {
	r.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		r.t.Fatal(err)
	}
	status, answer, err := r.try("", op, body)
	if err != nil {
		r.t.Fatalf("%s: %v", op, err)
	}
	return string(answer), status == http.StatusOK
}

// startAndOpen starts a run and lets its job pass.
func (r *rig) startAndOpen(workflow, gate string) (runID string) {
	r.t.Helper()
	id := r.startRun(workflow)
	r.release(gate)
	return id
}
