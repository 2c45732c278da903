package executortest

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/executor"
)

func success(t *testing.T, s Subject) {
	srv, id := Serve(t, s.Open(t)), unique(t, "a")
	spec := s.spec(t, id, `print("hello"); time.sleep(0.05)`)
	srv.Start(spec)
	end := srv.Ends(id, executor.Succeeded, "")
	if end.Ran < 50*time.Millisecond {
		t.Errorf("ran %v", end.Ran)
	}
	run := srv.Reaches(id, executor.Running)
	if len(run.Files[spec.ScriptLocation]) != 64 {
		t.Errorf("files: %v", run.Files)
	}
	if run.At.After(end.At) {
		t.Errorf("started %v, ended %v", run.At, end.At)
	}
	logs, ok := srv.Executor.(executor.Logs)
	if !ok {
		t.Fatal("no logs")
	}
	stdout, _ := logs.LogPaths(id)
	text, err := os.ReadFile(stdout)
	if err != nil || !strings.HasSuffix(string(text), " hello\n") {
		t.Errorf("log %q %v", text, err)
	}
}

func failure(t *testing.T, s Subject) {
	srv, id := Serve(t, s.Open(t)), unique(t, "a")
	srv.Start(s.spec(t, id, `print("no such table", file=sys.stderr); sys.exit(3)`))
	srv.Ends(id, executor.Failed, "Command failed with exit code 3: no such table")
}

func exceptionMessage(t *testing.T, s Subject) {
	srv, id := Serve(t, s.Open(t)), unique(t, "a")
	srv.Start(s.spec(t, id, `raise ValueError("row 7")`))
	srv.Ends(id, executor.Failed, "ValueError: row 7")
}

func arguments(t *testing.T, s Subject) {
	srv, id := Serve(t, s.Open(t)), unique(t, "a")
	out := filepath.Join(s.Scratch, "argv")
	spec := s.spec(t, id, `open(sys.argv[sys.argv.index("--out") + 1], "w").write("|".join(sys.argv[1:]))`)
	spec.Arguments = map[string]string{"--out": out, "--b": "two words", "--a": "", "--JOB_NAME": "forged"}
	spec.JobName, spec.WorkflowName, spec.WorkflowRunID = "load", "nightly", "wr_1"
	srv.Start(spec)
	srv.Ends(id, executor.Succeeded, "")
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	jobID, _, _ := strings.Cut(strings.SplitAfter(string(got), "--JOB_ID|")[1], "|")
	want := "--a||--b|two words|--out|" + out + "|--JOB_NAME|load|--JOB_ID|" + jobID + "|--JOB_RUN_ID|" + id +
		"|--WORKFLOW_NAME|nightly|--WORKFLOW_RUN_ID|wr_1"
	if string(got) != want || !strings.HasPrefix(jobID, "j_") {
		t.Errorf("argv %q, want %q", got, want)
	}
}

func hugeOutput(t *testing.T, s Subject) {
	srv, id := Serve(t, s.Open(t)), unique(t, "a")
	srv.Start(s.spec(t, id, `
os.write(1, b"x" * 5_000_000 + b"\n")
for i in range(200_000): print("line", i)
print("last")`))
	srv.Ends(id, executor.Succeeded, "")
	stdout, _ := srv.Executor.(executor.Logs).LogPaths(id)
	text, err := os.ReadFile(stdout)
	if err != nil || !strings.HasSuffix(string(text), " last\n") || strings.Count(string(text), "x") != 5_000_000 {
		t.Errorf("%d bytes of log, %v", len(text), err)
	}
}

func timeout(t *testing.T, s Subject) {
	srv, id := Serve(t, s.Open(t)), unique(t, "a")
	spec := s.spec(t, id, `time.sleep(3600)`)
	spec.Timeout = time.Second
	srv.Start(spec)
	end := srv.Ends(id, executor.TimedOut, "The job run was stopped because it ran longer than its timeout of 1s.")
	if end.Ran < time.Second {
		t.Errorf("ran %v", end.Ran)
	}
}

// signpost is a pipe on which jobs tell that they got somewhere; its end tells
// that none of the processes that hold it is alive.
type signpost struct {
	t    *testing.T
	path string
	ours *os.File
	in   *bufio.Reader
}

func (s Subject) signpost(t *testing.T) *signpost {
	t.Helper()
	path := filepath.Join(s.Scratch, "signpost")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	ours, err := os.OpenFile(path, os.O_RDWR, 0) // does not wait for the other side
	if err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	in := os.NewFile(uintptr(fd), path)
	t.Cleanup(func() { _, _ = ours.Close(), in.Close() })
	return &signpost{t: t, path: path, ours: ours, in: bufio.NewReader(in)}
}

// passed waits until n processes said that they are there.
func (p *signpost) passed(n int) {
	p.t.Helper()
	for range n {
		if l, err := p.in.ReadString('\n'); err != nil || l != "here\n" {
			p.t.Fatalf("signpost: %q %v", l, err)
		}
	}
}

// deserted waits until every process that opened it is dead.
func (p *signpost) deserted() {
	p.t.Helper()
	if err := p.ours.Close(); err != nil {
		p.t.Fatal(err)
	}
	dead := make(chan string, 1)
	go func() {
		rest, _ := p.in.ReadString(0) // its end is what we wait for
		dead <- rest
	}()
	select {
	case rest := <-dead:
		if rest != "" {
			p.t.Errorf("signpost: unread %q", rest)
		}
	case <-time.After(patience):
		p.t.Fatal("processes of the job are still alive")
	}
}

// here says on the signpost that the process is there.
func (p *signpost) here() string {
	return "post = open(" + quote(p.path) + ", 'wb', buffering=0); post.write(b'here\\n')\n"
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "\\'") + "'" }

func stopRunning(t *testing.T, s Subject) {
	srv, id, post := Serve(t, s.Open(t)), unique(t, "a"), s.signpost(t)
	srv.Start(s.spec(t, id, post.here()+`time.sleep(3600)`))
	post.passed(1)
	srv.Stop(id)
	srv.Ends(id, executor.Stopped, "")
	post.deserted()
}

// stubborn ignores TERM and has a child in a session of its own that does too.
func stubborn(post *signpost) string {
	return "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nif os.fork() == 0:\n    os.setsid()\n" + post.here() + "time.sleep(3600)\n"
}

func stopStubborn(t *testing.T, s Subject) {
	srv, id, post := Serve(t, s.Open(t)), unique(t, "a"), s.signpost(t)
	srv.Start(s.spec(t, id, stubborn(post)))
	post.passed(2)
	srv.Stop(id)
	srv.Ends(id, executor.Stopped, "")
	post.deserted()
}

func stopBeforeStart(t *testing.T, s Subject) {
	srv, id := Serve(t, s.Open(t)), unique(t, "a")
	srv.Stop(id)
	srv.Ends(id, executor.Stopped, "")
	srv.Close()
	again := Serve(t, s.Open(t))
	again.Start(s.spec(t, id, `sys.exit(1)`))
	again.Ends(id, executor.Stopped, "")
	for _, r := range again.Reports(id) {
		if r.State == executor.Running {
			t.Error("it ran")
		}
	}
}

func stopOver(t *testing.T, s Subject) {
	srv, id := Serve(t, s.Open(t)), unique(t, "a")
	srv.Start(s.spec(t, id, ``))
	srv.Ends(id, executor.Succeeded, "")
	srv.Close()
	again := Serve(t, s.Open(t))
	again.Stop(id)
	again.Ends(id, executor.Succeeded, "")
}

// once appends a line to a file each time that the job runs.
func (s Subject) once() (code, path string) {
	path = filepath.Join(s.Scratch, "runs")
	return "open(" + quote(path) + ", 'a').write('run\\n')\n", path
}

func ranOnce(t *testing.T, path string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != "run\n" {
		t.Errorf("runs: %q %v", got, err)
	}
}

func startTwice(t *testing.T, s Subject) {
	srv, id, post := Serve(t, s.Open(t)), unique(t, "a"), s.signpost(t)
	code, runs := s.once()
	spec := s.spec(t, id, code+post.here())
	for range 5 {
		srv.Start(spec)
	}
	srv.Ends(id, executor.Succeeded, "")
	ranOnce(t, runs)
}

func startAfterEnd(t *testing.T, s Subject) {
	srv, id := Serve(t, s.Open(t)), unique(t, "a")
	code, runs := s.once()
	spec := s.spec(t, id, code+`raise KeyError("k")`)
	srv.Start(spec)
	first := srv.Ends(id, executor.Failed, "KeyError: 'k'")
	srv.Close()
	again := Serve(t, s.Open(t))
	again.Start(spec)
	second := again.Ends(id, executor.Failed, "KeyError: 'k'")
	if !first.At.Equal(second.At) || first.Ran != second.Ran {
		t.Errorf("told differently: %+v, %+v", first, second)
	}
	ranOnce(t, runs)
}

func restartWhileRunning(t *testing.T, s Subject) {
	srv, id, post := Serve(t, s.Open(t)), unique(t, "a"), s.signpost(t)
	code, runs := s.once()
	gate := filepath.Join(s.Scratch, "gate")
	if err := syscall.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	spec := s.spec(t, id, code+post.here()+"open("+quote(gate)+").read()\n")
	srv.Start(spec)
	post.passed(1)
	srv.Reaches(id, executor.Running)
	srv.Close()
	again := Serve(t, s.Open(t))
	again.Start(spec)
	run := again.Reaches(id, executor.Running)
	if len(run.Files[spec.ScriptLocation]) != 64 {
		t.Errorf("files: %v", run.Files)
	}
	open(t, gate)
	again.Ends(id, executor.Succeeded, "")
	ranOnce(t, runs)
}

// open lets a job that reads the gate go on.
func open(t *testing.T, gate string) {
	t.Helper()
	if err := os.WriteFile(gate, nil, 0); err != nil {
		t.Fatal(err)
	}
}

func endWhileAway(t *testing.T, s Subject) {
	srv, id, post := Serve(t, s.Open(t)), unique(t, "a"), s.signpost(t)
	spec := s.spec(t, id, post.here()+`sys.exit(7)`)
	srv.Start(spec)
	srv.Reaches(id, executor.Running)
	srv.Close()
	post.passed(1)
	post.deserted()
	again := Serve(t, s.Open(t))
	again.Start(spec)
	again.Ends(id, executor.Failed, "Command failed with exit code 7")
}

func lostWorker(t *testing.T, s Subject) {
	srv, id, post := Serve(t, s.Open(t)), unique(t, "a"), s.signpost(t)
	srv.Start(s.spec(t, id, stubborn(post)))
	post.passed(2)
	s.LoseWorker(t)
	gone(t, srv.End(id))
	post.deserted()
	next := unique(t, "b")
	srv.Start(s.spec(t, next, ``))
	srv.Ends(next, executor.Succeeded, "")
}

func gone(t *testing.T, end executor.Report) {
	t.Helper()
	if end.State != executor.Failed || !strings.HasPrefix(end.Message, "The process that ran this job is gone") {
		t.Errorf("%+v", end)
	}
}

func lostWhileAway(t *testing.T, s Subject) {
	srv, id, post := Serve(t, s.Open(t)), unique(t, "a"), s.signpost(t)
	code, runs := s.once()
	spec := s.spec(t, id, code+stubborn(post))
	srv.Start(spec)
	post.passed(2)
	srv.Close()
	s.LoseWorker(t)
	again := Serve(t, s.Open(t))
	again.Start(spec)
	gone(t, again.End(id))
	post.deserted()
	ranOnce(t, runs)
}

func unknownCommand(t *testing.T, s Subject) {
	srv, id := Serve(t, s.Open(t)), unique(t, "a")
	spec := s.spec(t, id, ``)
	spec.Command = "gluebasic"
	srv.Start(spec)
	if end := srv.End(id); end.State != executor.Failed || !strings.Contains(end.Message, `"gluebasic"`) {
		t.Errorf("%+v", end)
	}
}

func noScript(t *testing.T, s Subject) {
	srv, id := Serve(t, s.Open(t)), unique(t, "a")
	spec := s.spec(t, id, ``)
	spec.ScriptLocation += ".absent"
	srv.Start(spec)
	if end := srv.End(id); end.State != executor.Failed || !strings.Contains(end.Message, ".absent") {
		t.Errorf("%+v", end)
	}
}
