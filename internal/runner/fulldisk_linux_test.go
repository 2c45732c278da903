package runner

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// smallDisk mounts a file system of one megabyte.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m")
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("this test mounts a small disk, so run it as root, or through `unshare -rm`: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill uses up all room and returns what gives it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			break
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFullDisk(t *testing.T) {
	data, path, gate := smallDisk(t), fifo(t), fifo(t)
	s := connect(t, data)
	s.start("jr_first", sh("true")) // so that there is a runner
	s.wait("jr_first", EventEnded)

	// No room for a claim: not started, and not failed either.
	dir := s.prepare("jr_x", sh("echo here > "+path+"; read go < "+gate+"; echo lost; echo words >&2; exit 5"))
	free := fill(t, data)
	if _, err := s.client.Start("jr_x", dir); err != nil {
		t.Fatal(err)
	}
	if e := s.wait("jr_x", EventRefused); !strings.Contains(e.Error, "no space left on device") {
		t.Errorf("%+v", e)
	}
	if st, err := Inspect(dir); err != nil || st.Claim != nil {
		t.Errorf("%+v %v", st, err)
	}
	free()

	// No room for what it says, nor for its exit.
	r := openFifo(t, path)
	if _, err := s.client.Start("jr_x", dir); err != nil {
		t.Fatal(err)
	}
	await(t, r, 1)
	free = fill(t, data)
	if err := os.WriteFile(gate, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	// The runner makes this file and finds no room for its content.
	waitFor(t, filepath.Join(dir, exitFile+".tmp"), 0)
	if st, err := Inspect(dir); err != nil || st.Claim == nil || st.Exit != nil {
		t.Errorf("%+v %v", st, err)
	}
	free()
	e := s.wait("jr_x", EventEnded).Exit
	if e.Reason != Exited || e.Code != 5 || e.StderrTail != "words\n" {
		t.Errorf("%+v", e)
	}
	stdout, stderr := s.logs("jr_x")
	if !strings.HasSuffix(stdout, "[reglue: 30 bytes lost: no space left on device]\n") || strings.Contains(stderr, "words") {
		t.Errorf("logs: %q %q", stdout, stderr)
	}
}
