//go:build linux

package durability

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/failpoint"
)

// rig is a data folder with the processes that live on it, and the journal that
// its jobs write.
type rig struct {
	t       *testing.T
	dir     string
	data    string
	journal string
	binary  string
	args    []string
	// under is a command that the server runs under, such as strace.
	under []string

	mu   sync.Mutex
	serv *server
	// endpoint is that of the newest server; clients ask for it at each try.
	endpoint string
	// roots are the nodes that resumes were answered with, by their runs.
	roots map[string][]string

	// retries are the jobs' MaxRetries.
	retries map[string]int
}

// newRig makes a folder for tests. Jobs are shell scripts, which start fast.
func newRig(t *testing.T, args ...string) *rig {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{
		t: t, dir: dir, data: filepath.Join(dir, "data"), journal: filepath.Join(dir, "journal"), binary: program,
		args: append([]string{"--python", "/bin/sh", "--stop-grace", "1s", "--max-local-jobs", "64"}, args...), retries: map[string]int{}, roots: map[string][]string{},
	}
	r.writeScript()
	t.Cleanup(r.clean)
	return r
}

// clean ends all processes of the folder and, after a failure, shows what they
// logged.
func (r *rig) clean() {
	if s := r.server(); s != nil {
		s.kill()
	}
	for _, pid := range runners(r.data) {
		signalAll([]int{pid}, syscall.SIGKILL)
	}
	ids := r.journalCount()
	signalAll(carriers(func(id string) bool { return ids[id] > 0 }), syscall.SIGKILL)
	if !r.t.Failed() {
		return
	}
	for _, log := range []string{filepath.Join(r.dir, "server.log"), filepath.Join(r.data, "runner", "runner.log")} {
		text, _ := os.ReadFile(log) // there may be none
		from := max(0, len(text)-6000)
		if at := bytes.Index(text, []byte("SIGQUIT: quit")); at >= 0 {
			text, from = text[:min(len(text), at+40000)], max(0, at-6000)
		}
		r.t.Logf("%s:\n%s", log, text[from:])
	}
}

// dump lets the server, which hangs, write down what it is doing, and end.
func (r *rig) dump() {
	if s := r.server(); s != nil {
		_ = s.cmd.Process.Signal(syscall.SIGQUIT) // it may be gone
	}
}

// server is one `reglue serve` process.
type server struct {
	cmd   *exec.Cmd
	ready chan struct{} // closed once it says its endpoint
	gone  chan struct{} // closed once it has ended
	url   string
}

func (r *rig) server() *server {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.serv
}

// launch starts a server, at a fail point if one is given, and waits for
// nothing. The first one takes any port, the next ones that of the last.
func (r *rig) launch(point string) *server {
	r.t.Helper()
	args := append([]string{"serve", "--data", r.data}, r.args...)
	if _, err := os.Stat(filepath.Join(r.data, "endpoint.json")); err != nil {
		args = append(args, "--listen", "127.0.0.1:0")
	}
	log, err := os.OpenFile(filepath.Join(r.dir, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	defer log.Close()
	argv := append(append(slices.Clone(r.under), r.binary), args...)
	s := &server{cmd: exec.Command(argv[0], argv[1:]...), ready: make(chan struct{}), gone: make(chan struct{})}
	s.cmd.Stderr = log
	if point != "" {
		s.cmd.Env = append(os.Environ(), failpoint.Env+"="+point)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	r.serv = s
	r.mu.Unlock()
	go r.listen(s, bufio.NewScanner(out))
	return s
}

// listen reads what a server says until it is gone.
func (r *rig) listen(s *server, out *bufio.Scanner) {
	for out.Scan() {
		if rest, ok := strings.CutPrefix(out.Text(), "reglue serves the Glue API at "); ok {
			s.url, _, _ = strings.Cut(rest, " ")
			r.mu.Lock()
			r.endpoint = s.url
			r.mu.Unlock()
			close(s.ready)
		}
	}
	_ = s.cmd.Wait() // killed ones have no good end
	close(s.gone)
}

// start starts a server and waits until it serves.
func (r *rig) start() *server {
	r.t.Helper()
	s := r.launch("")
	select {
	case <-s.ready:
	case <-s.gone:
		r.t.Fatal("the server ended at once")
	case <-time.After(patience):
		r.t.Fatal("the server does not come up")
	}
	return s
}

func (s *server) pid() int { return s.cmd.Process.Pid }

func (s *server) over() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}

// kill is kill -9.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may be gone
	<-s.gone
}

// terminate asks the server to end in good order and returns its exit code.
func (r *rig) terminate() int {
	r.t.Helper()
	s := r.server()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		r.t.Fatal(err)
	}
	select {
	case <-s.gone:
	case <-time.After(patience):
		r.t.Fatal("the server does not end")
	}
	return s.cmd.ProcessState.ExitCode()
}

// killRunners is kill -9 for the runners of the folder; it returns when they are
// gone.
func (r *rig) killRunners() {
	r.t.Helper()
	pids := runners(r.data)
	signalAll(pids, syscall.SIGKILL)
	for _, pid := range pids {
		eventually(r.t, "a killed runner is gone", func() bool { return !alive(pid) })
	}
}

// fifo makes a fifo for a job to wait at.
func (r *rig) fifo(name string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// release lets the job go on that waits at a fifo.
func (r *rig) release(fifo string) {
	r.t.Helper()
	var f *os.File
	eventually(r.t, "a job at "+fifo, func() (ok bool) {
		var err error
		f, err = os.OpenFile(fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0) // fails while nobody reads
		return err == nil
	})
	defer f.Close()
	if _, err := f.WriteString("go\n"); err != nil {
		r.t.Fatal(err)
	}
}

// began returns once jobs have begun that many times in all.
func (r *rig) began(n int) {
	r.t.Helper()
	eventually(r.t, "the next line of the journal", func() bool {
		lines := 0
		for _, count := range r.journalCount() {
			lines += count
		}
		return lines >= n
	})
}
