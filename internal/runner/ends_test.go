package runner

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o600) }

// stubborn is a shell script that leaves processes behind: one in its group, and
// one in a session of its own; both ignore TERM and hold the fifo open, so that
// its end tells when all of them are dead.
func stubborn(fifo string) string {
	hold := `sh -c "trap \"\" TERM; echo here >&9; while :; do sleep 1000; done" </dev/null >/dev/null 2>&1 &`
	return "exec 9>" + fifo + "\n" + hold + "\nsetsid " + hold + "\n"
}

// await reads n lines from the fifo.
func await(t *testing.T, r *bufio.Reader, n int) {
	t.Helper()
	for range n {
		if l, err := r.ReadString('\n'); err != nil || l != "here\n" {
			t.Fatalf("fifo: %q %v", l, err)
		}
	}
}

// openFifo opens without waiting for a writer, and reads as usual after that.
func openFifo(t *testing.T, path string) *bufio.Reader {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	r, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	br := bufio.NewReader(r)
	if _, err := f.WriteString("open\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := br.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	fifoKeepers[path] = f
	return br
}

// fifoKeepers are our own writing ends, closed before an end is waited for.
var fifoKeepers = map[string]*os.File{}

// allDead waits until no process holds the fifo any more.
func allDead(t *testing.T, path string, r io.Reader) {
	t.Helper()
	if err := fifoKeepers[path].Close(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, r)
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatal("processes of the job are still alive")
	}
}

func TestStopEndsEverything(t *testing.T) {
	s := connect(t, t.TempDir())
	path := fifo(t)
	r := openFifo(t, path)
	s.start("jr_stop", sh(stubborn(path)+"trap '' TERM; echo here >&9; while :; do sleep 1000; done"))
	e := s.wait("jr_stop", EventStarted)
	await(t, r, 3)
	began := time.Now()
	if !s.client.Stop(e.Runner, "jr_stop", 300*time.Millisecond) {
		t.Fatal("runner not alive")
	}
	exit := s.wait("jr_stop", EventEnded).Exit
	if exit.Reason != Stopped || exit.Signal != 9 || time.Since(began) < 300*time.Millisecond {
		t.Errorf("%+v", exit)
	}
	allDead(t, path, r)
}

func TestStopLetsAJobFinish(t *testing.T) {
	s := connect(t, t.TempDir())
	path := fifo(t)
	r := openFifo(t, path)
	s.start("jr_nice", sh("trap 'echo bye; exit 3' TERM; echo here > "+path+"; while :; do sleep 0.05; done"))
	await(t, r, 1)
	s.client.Stop(s.wait("jr_nice", EventStarted).Runner, "jr_nice", patience)
	exit := s.wait("jr_nice", EventEnded).Exit
	if out, _ := s.logs("jr_nice"); exit.Reason != Stopped || exit.Code != 3 || !strings.HasSuffix(out, " bye\n") {
		t.Errorf("%+v %q", exit, out)
	}
}

func TestNormalEndEndsLeftovers(t *testing.T) {
	s := connect(t, t.TempDir())
	path := fifo(t)
	r := openFifo(t, path)
	other := fifo(t)
	ro := openFifo(t, other)
	s.start("jr_other", sh(stubborn(other)+"wait"))
	await(t, ro, 2)
	s.start("jr_bg", sh(stubborn(path)+"echo here >&9; exit 0"))
	if e := s.wait("jr_bg", EventEnded).Exit; e.Reason != Exited || e.Code != 0 {
		t.Errorf("%+v", e)
	}
	allDead(t, path, r)
	if st, err := Inspect(JobDir(s.data, "jr_other")); err != nil || st.Exit != nil {
		t.Errorf("another job was touched: %+v %v", st, err)
	}
	s.client.Stop(s.wait("jr_other", EventStarted).Runner, "jr_other", 0)
	s.wait("jr_other", EventEnded)
	allDead(t, other, ro)
}

// TestLeftoversOfManyJobs: the processes that jobs leave are found whichever thread
// forked the job, and while others run.
func TestLeftoversOfManyJobs(t *testing.T) {
	s := connect(t, t.TempDir())
	path, gate := fifo(t), fifo(t)
	r := openFifo(t, path)
	s.start("jr_other", sh("read go < "+gate))
	const jobs = 24
	for i := range jobs {
		s.start(fmt.Sprintf("jr_%d", i), sh(stubborn(path)+"exit 0"))
	}
	for i := range jobs {
		if e := s.wait(fmt.Sprintf("jr_%d", i), EventEnded).Exit; e.Reason != Exited || e.Code != 0 {
			t.Errorf("%+v", e)
		}
	}
	allDead(t, path, r)
	if err := os.WriteFile(gate, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	s.wait("jr_other", EventEnded)
}

func TestHugeOutput(t *testing.T) {
	t.Parallel()
	s := connect(t, t.TempDir())
	spec := sh(`head -c 3000000 /dev/zero; echo; seq 1 200000; printf partial`)
	spec.LogLimit = 4 << 20
	s.start("jr_huge", spec)
	if e := s.wait("jr_huge", EventEnded).Exit; e.Code != 0 {
		t.Fatalf("%+v", e)
	}
	out, _ := s.logs("jr_huge")
	if len(out) < 4<<20 || len(out) > 5<<20 || !strings.HasSuffix(out, "limit of 4194304 bytes; the rest is not kept]\n") {
		t.Errorf("%d bytes, ending in %q", len(out), out[len(out)-100:])
	}
}

// TestOrphanIsReaped: a job can wait for the end of what no longer has its parent.
func TestOrphanIsReaped(t *testing.T) {
	t.Parallel()
	s := connect(t, t.TempDir())
	s.start("jr_1", sh(`pid=$(sh -c 'sleep 0.1 >/dev/null & echo $!'); while kill -0 $pid; do sleep 0.01; done`))
	if e := s.wait("jr_1", EventEnded).Exit; e.Code != 0 || e.Signal != 0 {
		t.Errorf("%+v", e)
	}
}
