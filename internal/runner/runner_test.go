package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if IsRunner(os.Args) {
		os.Exit(Main(os.Args[2:]))
	}
	if dir := os.Getenv("TEST_SERVER_DIR"); dir != "" {
		os.Exit(serverHelper(dir))
	}
	goleak.VerifyTestMain(m)
}

const patience = 30 * time.Second

// server is a client of the runners of one data folder, with all it heard.
type server struct {
	t      testing.TB
	data   string
	client *Client

	mu    sync.Mutex
	heard []Event
	bell  chan struct{} // replaced and closed on each event
}

func connect(t testing.TB, data string, change ...func(*Options)) *server {
	t.Helper()
	s := &server{t: t, data: data, bell: make(chan struct{})}
	opts := Options{DataDir: data, Events: s.hear, Idle: 200 * time.Millisecond}
	for _, f := range change {
		f(&opts)
	}
	c, err := Connect(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	s.client = c
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *server) hear(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, e)
	close(s.bell)
	s.bell = make(chan struct{})
}

// wait returns the first event of that kind for that job run.
func (s *server) wait(id string, kind EventKind) Event {
	s.t.Helper()
	late := time.After(patience)
	for {
		s.mu.Lock()
		bell := s.bell
		for _, e := range s.heard {
			if e.ID == id && e.Kind == kind {
				s.mu.Unlock()
				return e
			}
		}
		heard := fmt.Sprintf("%+v", s.heard)
		s.mu.Unlock()
		select {
		case <-bell:
		case <-late:
			s.t.Fatalf("no event %s of %q; heard %s", kind, id, heard)
		}
	}
}

func (s *server) start(id string, spec Spec) (dir string) {
	s.t.Helper()
	if spec.Env == nil {
		spec.Env = []string{"PATH=" + os.Getenv("PATH")}
	}
	if _, err := s.client.Start(id, spec); err != nil {
		s.t.Fatal(err)
	}
	return JobDir(s.data, id)
}

// sh is a job that runs a shell script.
func sh(script string) Spec {
	return Spec{Argv: []string{"/bin/sh", "-c", script}, Grace: 200 * time.Millisecond}
}

func (s *server) logs(id string) (stdout, stderr string) {
	s.t.Helper()
	o, e := LogPaths(s.data, id)
	for path, text := range map[string]*string{o: &stdout, e: &stderr} {
		if _, err := os.Stat(path); err == nil { // else it wrote nothing
			*text = read(s.t, path)
		}
	}
	return stdout, stderr
}

func read(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestSilentJobLeavesNoLogs: a log comes with its first byte.
func TestSilentJobLeavesNoLogs(t *testing.T) {
	t.Parallel()
	s := connect(t, t.TempDir())
	dir := s.start("jr_quiet", sh("echo words"))
	s.wait("jr_quiet", EventEnded)
	found, err := filepath.Glob(dir + "*")
	if want := []string{dir, dir + claimSuffix, dir + stdoutSuffix}; err != nil || !slices.Equal(found, want) {
		t.Errorf("%v %v, want %v", found, err, want)
	}
}

// fifo makes a named pipe by which jobs tell the test that they got somewhere.
// Reading it to its end waits for that and, when jobs keep it open, for their
// death.
func fifo(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := mkfifo(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	s := connect(t, t.TempDir())
	for id, tc := range map[string]struct {
		script string
		want   Exit
	}{
		"jr_ok":     {"echo out; echo err >&2", Exit{Reason: Exited}},
		"jr_seven":  {"echo broken >&2; exit 7", Exit{Reason: Exited, Code: 7, StderrTail: "broken\n"}},
		"jr_killed": {"kill -9 $$", Exit{Reason: Exited, Code: -1, Signal: 9}},
	} {
		dir := s.start(id, sh(tc.script))
		e := *s.wait(id, EventEnded).Exit
		if e.Reason != tc.want.Reason || e.Code != tc.want.Code || e.Signal != tc.want.Signal || e.StderrTail != tc.want.StderrTail {
			t.Errorf("%s: got %+v, want %+v", id, e, tc.want)
		}
		if e.StartedAt.IsZero() || e.EndedAt.Before(e.StartedAt) || e.Ran <= 0 {
			t.Errorf("%s: times %+v", id, e)
		}
		st, err := Inspect(dir)
		if err != nil || st.Exit == nil || st.Exit.Reason != e.Reason || st.Copied {
			t.Errorf("%s: folder says %+v, %v", id, st, err)
		}
	}
	out, errs := s.logs("jr_ok")
	for _, l := range []string{out, errs} {
		stamp, text, _ := strings.Cut(strings.TrimSuffix(l, "\n"), " ")
		if _, err := time.Parse(logTime, stamp); err != nil || (text != "out" && text != "err") {
			t.Errorf("log line %q: %v", l, err)
		}
	}
}

func TestEnvironmentAndFolder(t *testing.T) {
	t.Parallel()
	s := connect(t, t.TempDir())
	spec := sh(`echo "$REGLUE_JOB_RUN_ID $COLOUR $(pwd)"; read x || echo no input; ls -l /proc/self/fd`)
	spec.Env = []string{"PATH=" + os.Getenv("PATH"), "COLOUR=red", "REGLUE_JOB_RUN_ID=other"}
	dir := s.start("jr_env", spec)
	s.wait("jr_env", EventEnded)
	out, _ := s.logs("jr_env")
	if !strings.Contains(out, "jr_env red "+dir+"\n") || !strings.Contains(out, "no input") {
		t.Errorf("log: %s", out)
	}
	// 0, 1, 2 and the one that ls opens: no descriptor of ours leaks.
	if _, err := os.Stat("/proc/self/fd"); err == nil && strings.Count(out, " -> ") != 4 {
		t.Errorf("descriptors leak into jobs: %s", out)
	}
}

func TestStartsOnce(t *testing.T) {
	t.Parallel()
	s := connect(t, t.TempDir())
	runs := filepath.Join(t.TempDir(), "runs")
	spec := sh("echo run >> " + runs)
	s.start("jr_once", spec)
	for range 5 {
		if _, err := s.client.Start("jr_once", spec); err != nil {
			t.Fatal(err)
		}
	}
	s.wait("jr_once", EventEnded)
	if _, err := s.client.Start("jr_once", spec); err != nil {
		t.Fatal(err)
	}
	s.wait("jr_once", EventClaimed)
	if got := read(t, runs); got != "run\n" {
		t.Errorf("runs: %q", got)
	}
}

func TestSettledNeverStarts(t *testing.T) {
	t.Parallel()
	s := connect(t, t.TempDir())
	dir := JobDir(s.data, "jr_no")
	stopped := Exit{Reason: Stopped, EndedAt: time.Now().UTC()}
	if err := Settle(dir, stopped); err != nil {
		t.Fatal(err)
	}
	if err := Settle(dir, stopped); !errors.Is(err, fs.ErrExist) {
		t.Errorf("settled twice: %v", err)
	}
	if _, err := s.client.Start("jr_no", sh("echo no")); err != nil {
		t.Fatal(err)
	}
	s.wait("jr_no", EventClaimed)
	if st, err := Inspect(dir); err != nil || st.Exit == nil || st.Exit.Reason != Stopped || !st.Exit.StartedAt.IsZero() {
		t.Errorf("%+v %v", st, err)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	s := connect(t, t.TempDir())
	spec := sh("trap '' TERM; while :; do sleep 1000; done")
	spec.Timeout, spec.Grace = 50*time.Millisecond, 50*time.Millisecond
	s.start("jr_slow", spec)
	e := s.wait("jr_slow", EventEnded).Exit
	if e.Reason != TimedOut || e.Ran < 100*time.Millisecond {
		t.Errorf("%+v", e)
	}
}

func TestStartFailures(t *testing.T) {
	t.Parallel()
	s := connect(t, t.TempDir())
	big := strings.Repeat("x", 200_000)
	many := make([]string, 0, 40)
	for range 40 {
		many = append(many, strings.Repeat("y", 100_000))
	}
	for id, tc := range map[string]struct {
		spec Spec
		want string
	}{
		"jr_absent": {Spec{Argv: []string{"/no/such/program"}}, "cannot start /no/such/program: no such file or directory"},
		"jr_folder": {Spec{Argv: []string{"/bin/true"}, Dir: "/no/such/folder"}, "its working folder"},
		"jr_arg":    {Spec{Argv: []string{"/bin/true", "--payload", big}}, "argument --payload has 200000 bytes; this system takes at most 131071"},
		"jr_nul":    {Spec{Argv: []string{"/bin/true", "--payload", "a\x00b"}}, "argument --payload holds a NUL character"},
		"jr_envvar": {Spec{Argv: []string{"/bin/true"}, Env: []string{"BIG=" + big}}, "environment variable BIG has 200004 bytes"},
		"jr_total":  {Spec{Argv: append([]string{"/bin/true"}, many...)}, "more than this system takes"},
	} {
		s.start(id, tc.spec)
		e := s.wait(id, EventEnded).Exit
		if e.Reason != StartFailed || !strings.Contains(e.Message, tc.want) {
			t.Errorf("%s: %+v, want %q", id, e, tc.want)
		}
	}
}
