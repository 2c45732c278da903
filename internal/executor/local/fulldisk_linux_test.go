package local

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/executortest"
)

// TestFullDisk: a job that finds no room waits and says why, and never fails.
func TestFullDisk(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	err := syscall.Mount("tmpfs", data, "tmpfs", 0, "size=1m")
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("this test mounts a small disk, so run it as root, or through `unshare -rm`: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(data, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	r := &rig{t: t, data: data, dir: dir}
	r.Server = executortest.Serve(t, open(t, options(t, data)))
	r.Ends(r.run("first", "").JobRunID, executor.Succeeded, "")

	ballast := filepath.Join(data, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	a, b := r.run("a", "print(1)"), r.run("b", "print(2)")
	for _, s := range []executor.Spec{a, b} {
		r.Wait(s.JobRunID, "that the disk is full", func(p executor.Report) bool {
			return p.State == executor.Waiting && strings.Contains(p.Detail, "no space left on device")
		})
	}
	r.Stop(b.JobRunID)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	r.Ends(a.JobRunID, executor.Succeeded, "")
	r.Ends(b.JobRunID, executor.Stopped, "")
}
