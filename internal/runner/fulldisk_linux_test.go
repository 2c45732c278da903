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
	spec := sh("echo here > " + path + "; read go < " + gate + "; echo lost; seq 1 2000 >&2; exit 5")
	free := fill(t, data)
	dir := s.start("jr_x", spec)
	if e := s.wait("jr_x", EventRefused); !strings.Contains(e.Error, "no space left on device") {
		t.Errorf("%+v", e)
	}
	if st, err := Inspect(dir); err != nil || st.Claim != nil {
		t.Errorf("%+v %v", st, err)
	}
	free()

	// No room for what it says, nor for its exit, which tells the end of that.
	r := openFifo(t, path)
	s.start("jr_x", spec)
	await(t, r, 1)
	free = fill(t, data)
	if err := os.WriteFile(gate, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the beginning of the exit", func() bool {
		return strings.Contains(read(t, dir+claimSuffix), `{"reason":"exited"`)
	})
	if st, err := Inspect(dir); err != nil || st.Claim == nil || st.Exit != nil {
		t.Errorf("%+v %v", st, err)
	}
	free()
	e := s.wait("jr_x", EventEnded).Exit
	if e.Reason != Exited || e.Code != 5 || !strings.HasSuffix(e.StderrTail, "\n1999\n2000\n") {
		t.Errorf("%+v", e)
	}
	stdout, stderr := s.logs("jr_x")
	if !strings.HasSuffix(stdout, "[reglue: 30 bytes lost: no space left on device]\n") || !strings.Contains(stderr, "bytes lost: no space left on device]\n") {
		t.Errorf("logs: %q %q", stdout, stderr)
	}
}

// TestFullDiskKeepsExits: the room for an exit was taken with the claim.
func TestFullDiskKeepsExits(t *testing.T) {
	data, path, gate := smallDisk(t), fifo(t), fifo(t)
	s := connect(t, data)
	r := openFifo(t, path)
	dir := s.start("jr_x", sh("echo here > "+path+"; read go < "+gate+"; echo words >&2; exit 5"))
	await(t, r, 1)
	defer fill(t, data)()
	if err := os.WriteFile(gate, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	if e := s.wait("jr_x", EventEnded).Exit; e.Code != 5 || e.StderrTail != "words\n" {
		t.Errorf("%+v", e)
	}
	if st, err := Inspect(dir); err != nil || st.Exit == nil || st.Exit.Code != 5 {
		t.Errorf("%+v %v", st, err)
	}
}
