package runner

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/failpoint"
)

func failAt(point string) func(*Options) {
	return func(o *Options) { o.Env = []string{failpoint.Env + "=" + point} }
}

// TestRunnerDiesAnywhere kills the runner at each fail point and checks what the
// folder and a new start make of it: the job runs at most once, and whatever it
// left can be found.
func TestRunnerDiesAnywhere(t *testing.T) {
	for point, tc := range map[string]struct {
		claimed, exited bool
		runs            int // after the job run was asked for again
	}{
		FailBeforeClaim: {false, false, 1},
		FailAfterClaim:  {true, false, 0},
		FailAfterFork:   {true, false, 1},
		FailBeforeExit:  {true, false, 1},
		FailAfterExit:   {true, true, 1},
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			data, runs, id := t.TempDir(), filepath.Join(t.TempDir(), "runs"), "jr_"+strings.ReplaceAll(point, ".", "-")
			s := connect(t, data, failAt(point))
			spec := sh("echo run >> " + runs)
			if point == FailAfterFork { // it lives on, and somebody has to end it
				spec = sh("echo run >> " + runs + "; exec sleep 1000")
			}
			dir := s.start(id, spec)
			s.wait("", EventGone)
			st, err := Inspect(dir)
			if err != nil || (st.Claim != nil) != tc.claimed || (st.Exit != nil) != tc.exited {
				t.Fatalf("folder: %+v %v", st, err)
			}
			if st.Claim != nil && s.client.Alive(st.Claim.Runner) {
				t.Error("the dead runner counts as alive")
			}
			if point == FailAfterFork {
				waitFor(t, runs, 1)
			}
			if err := EndAll(id); err != nil {
				t.Fatal(err)
			}
			if left, err := carriers(id); err != nil || len(left) > 0 {
				t.Errorf("left: %v %v", left, err)
			}

			again := connect(t, data)
			if _, err := again.client.Start(id, spec); err != nil {
				t.Fatal(err)
			}
			if tc.claimed {
				again.wait(id, EventClaimed)
			} else {
				again.wait(id, EventEnded)
			}
			if got := countLines(t, runs); got != tc.runs {
				t.Errorf("ran %d times, want %d", got, tc.runs)
			}
		})
	}
}

// waitFor returns once the file has that size.
func waitFor(t *testing.T, path string, size int64) {
	t.Helper()
	waitUntil(t, path, func() bool {
		info, err := os.Stat(path)
		return err == nil && info.Size() >= size
	})
}

// waitUntil returns once the condition holds, where no event tells.
func waitUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		if holds() {
			return
		}
	}
	t.Fatalf("%s did not come", what)
}

func countLines(t *testing.T, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Count(string(data), "\n")
}

// serverHelper is a server in a process of its own: it starts job jr_survivor
// and then waits to be killed.
func serverHelper(dir string) int {
	started := make(chan struct{}, 1)
	c, err := Connect(context.Background(), Options{DataDir: dir, Idle: 200 * time.Millisecond, Events: func(e Event) {
		if e.Kind == EventStarted {
			started <- struct{}{}
		}
	}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if _, err := c.Start("jr_survivor", sh(os.Getenv("TEST_SERVER_SCRIPT"))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	<-started
	fmt.Println("started")
	select {}
}

func TestServerDies(t *testing.T) {
	t.Parallel()
	data, runs, path := t.TempDir(), filepath.Join(t.TempDir(), "runs"), fifo(t)
	script := "echo run >> " + runs + "; read go < " + path + "; exit 5"
	cmd := exec.Command("/proc/self/exe")
	if exe, err := executable(); err == nil {
		cmd.Path = exe
	}
	cmd.Env = append(os.Environ(), "TEST_SERVER_DIR="+data, "TEST_SERVER_SCRIPT="+script)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 64)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed

	s := connect(t, data)
	st, err := Inspect(JobDir(data, "jr_survivor"))
	if err != nil || st.Claim == nil || st.Exit != nil || !s.client.Alive(st.Claim.Runner) {
		t.Fatalf("%+v %v", st, err)
	}
	if _, err := s.client.Start("jr_survivor", sh(script)); err != nil {
		t.Fatal(err)
	}
	s.wait("jr_survivor", EventStarted) // told again, not started again
	if err := os.WriteFile(path, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	if e := s.wait("jr_survivor", EventEnded).Exit; e.Code != 5 || countLines(t, runs) != 1 {
		t.Errorf("%+v, %d runs", e, countLines(t, runs))
	}
}

func TestTwoServersHearTheSame(t *testing.T) {
	t.Parallel()
	data, path := t.TempDir(), fifo(t)
	a := connect(t, data)
	a.start("jr_1", sh("read go < "+path))
	a.wait("jr_1", EventStarted)
	b := connect(t, data)
	if err := os.WriteFile(path, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	if a.wait("jr_1", EventEnded).Runner != b.wait("jr_1", EventEnded).Runner {
		t.Error("two runners")
	}
}

func TestNewBuildRetiresTheOldRunner(t *testing.T) {
	t.Parallel()
	data, path := t.TempDir(), fifo(t)
	old := connect(t, data)
	old.start("jr_old", sh("read go < "+path))
	oldRunner := old.wait("jr_old", EventStarted).Runner
	if err := old.client.Close(); err != nil {
		t.Fatal(err)
	}
	s := connect(t, data, func(o *Options) { o.Build = "newer" })
	s.start("jr_new", sh("exit 4"))
	if e := s.wait("jr_new", EventEnded); e.Exit.Code != 4 || e.Runner == oldRunner {
		t.Errorf("%+v", e)
	}
	if err := os.WriteFile(path, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	if e := s.wait("jr_old", EventEnded); e.Runner != oldRunner {
		t.Errorf("%+v", e)
	}
	if e := s.wait("", EventGone); e.Runner != oldRunner {
		t.Errorf("the wrong runner ended: %+v", e)
	}
}

func TestIdleRunnerEnds(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := connect(t, data, func(o *Options) { o.Idle = time.Millisecond })
	s.start("jr_1", sh("true"))
	runner := s.wait("jr_1", EventEnded).Runner
	if err := s.client.Close(); err != nil {
		t.Fatal(err)
	}
	lock, err := lockFile(filepath.Join(data, "runner", runner+lockSuffix), syscall.LOCK_EX) // waits for its end
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(read(t, filepath.Join(data, "runner", logName)), "runner ends") {
		t.Error("it did not end by itself")
	}
}

// TestServersComeWhileRunnersEnd: whatever the moment, a start finds a runner
// and runs once.
func TestServersComeWhileRunnersEnd(t *testing.T) {
	t.Parallel()
	data, runs := t.TempDir(), filepath.Join(t.TempDir(), "runs")
	const rounds = 60
	for i := range rounds {
		s := connect(t, data, func(o *Options) { o.Idle = time.Duration(1+i%7) * time.Millisecond / 2 })
		id := fmt.Sprintf("jr_%d", i)
		s.start(id, sh("echo run >> "+runs))
		s.wait(id, EventEnded)
		if err := s.client.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := countLines(t, runs); got != rounds {
		t.Errorf("%d runs, want %d", got, rounds)
	}
}

func TestLongDataPath(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), strings.Repeat("long", 20), strings.Repeat("path", 20))
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	a := connect(t, data)
	a.start("jr_1", sh("exit 1"))
	a.wait("jr_1", EventEnded)
	b := connect(t, data)
	if len(b.client.PIDs()) != 1 {
		t.Error("the second server did not find the runner")
	}
}

func TestCopiedFolderIsTold(t *testing.T) {
	t.Parallel()
	s := connect(t, t.TempDir())
	dir := s.start("jr_1", sh("true"))
	s.wait("jr_1", EventEnded)
	other := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(other, os.DirFS(filepath.Dir(dir))); err != nil {
		t.Fatal(err)
	}
	if st, err := Inspect(filepath.Join(other, "jr_1")); err != nil || !st.Copied || st.Exit == nil {
		t.Errorf("%+v %v", st, err)
	}
}

func TestRunnerEndsWithItsFolder(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	s := connect(t, data)
	s.start("jr_1", sh("true"))
	runner := s.wait("jr_1", EventEnded).Runner
	lock, err := os.Open(filepath.Join(data, "runner", runner+lockSuffix))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := s.client.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil { // waits for its end
		t.Fatal(err)
	}
}

// TestTornClaimFile cuts a claim file off, and blanks it, at each place of the exit
// and at many others: what is left says that the job run was claimed, and never a
// wrong outcome.
func TestTornClaimFile(t *testing.T) {
	t.Parallel()
	s := connect(t, t.TempDir())
	spec := sh("echo words >&2; exit 3")
	spec.Notes = map[string]string{"long": strings.Repeat("n", block)} // more than one block
	dir := s.start("jr_1", spec)
	s.wait("jr_1", EventEnded)
	whole := read(t, dir+claimSuffix)
	_, _, room := readClaim([]byte(whole))
	last := strings.LastIndexByte(whole, '\n') + 1
	for n := range len(whole) {
		if (n < int(room) || n > last) && n%31 > 0 {
			continue
		}
		for what, left := range map[string]string{
			"cut off": whole[:n],
			"blanked": whole[:n] + strings.Repeat("\x00", len(whole)-n),
		} {
			c, e, _ := readClaim([]byte(left))
			if c == nil || (e != nil) != (n >= last) || e != nil && e.Code != 3 {
				t.Fatalf("%s after %d of %d bytes: %+v %+v", what, n, last, c, e)
			}
		}
	}
	if err := os.Truncate(dir+claimSuffix, 0); err != nil {
		t.Fatal(err)
	}
	if st, err := Inspect(dir); err != nil || st.Claim == nil || st.Exit != nil {
		t.Errorf("an empty claim: %+v %v", st, err)
	}
}

// TestLongExit: an exit that is larger than its room is kept whole.
func TestLongExit(t *testing.T) {
	t.Parallel()
	s := connect(t, t.TempDir())
	dir := s.start("jr_1", sh("seq 1 20000 >&2; exit 3"))
	tail := s.wait("jr_1", EventEnded).Exit.StderrTail
	st, err := Inspect(dir)
	if err != nil || st.Exit == nil || st.Exit.StderrTail != tail || len(tail) != tailLimit || !strings.HasSuffix(tail, "20000\n") {
		t.Errorf("%+v %v, %d bytes of standard error", st, err, len(tail))
	}
}

// earlierRunner is a runner as an earlier build had it: it holds its lock,
// listens, says hello, and ends when it is retired and has no job.
func earlierRunner(t *testing.T, data string, busy bool) (retired <-chan bool) {
	t.Helper()
	dir := filepath.Join(data, "runner")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := lockFile(filepath.Join(dir, "EARLY"+lockSuffix), syscall.LOCK_EX)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(dir, "EARLY"+sockSuffix))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = listener.Close(), lock.Close() })
	asked := make(chan bool, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		l := newLine(conn)
		if err := l.send(hello{Protocol: oldestProtocol - 1, Instance: "EARLY", PID: 4_000_000, Build: "early"}); err != nil {
			t.Error(err)
		}
		var r request
		asked <- l.receive(&r) == nil && r.Op == opRetire
		if busy {
			_ = l.receive(&r) // until the server goes
		}
		l.finish()
		_ = lock.Close()
	}()
	return asked
}

// TestEarlierRunner: one whose claims we cannot read is asked to end. With jobs it
// stays, and we refuse to start them again.
func TestEarlierRunner(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	retired := earlierRunner(t, data, false)
	s := connect(t, data)
	s.start("jr_1", sh("true"))
	s.wait("jr_1", EventEnded)
	if !<-retired {
		t.Error("the earlier runner was not retired")
	}

	data = t.TempDir()
	retired = earlierRunner(t, data, true)
	_, err := Connect(context.Background(), Options{DataDir: data, Events: func(Event) {}})
	if err == nil || !strings.Contains(err.Error(), "earlier reglue (process 4000000) still has jobs") || !<-retired {
		t.Errorf("%v", err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	s, path := connect(t, t.TempDir()), fifo(t)
	over := s.start("jr_over", sh("echo out; echo > file"))
	s.wait("jr_over", EventEnded)
	running := s.start("jr_running", sh("read go < "+path))
	started := s.wait("jr_running", EventStarted)
	left := filepath.Join(s.data, "jobs", filepath.Base(running)+claimSuffix+".GONE"+tmpSuffix) // as a crash leaves it
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Sweep(s.data, started.At.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if st, err := Inspect(over); err != nil || st.Exit == nil {
		t.Errorf("swept too early: %+v %v", st, err)
	}
	if err := Sweep(s.data, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if names, err := filepath.Glob(over + "*"); err != nil || len(names) > 0 {
		t.Errorf("left: %v %v", names, err)
	}
	if names, err := filepath.Glob(running + "*"); err != nil || len(names) != 2 {
		t.Errorf("of the running one: %v %v", names, err)
	}
	s.client.Stop(started.Runner, "jr_running", 0)
	s.wait("jr_running", EventEnded)
}
