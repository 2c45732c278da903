package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// terminal is the real program in a terminal of 80 columns that tmux provides.
type terminal struct {
	t      *testing.T
	socket string
	dir    string
}

// built is the folder of the binary, for TestMain to remove.
var built string

// program builds the binary once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "reglue-test-")
	if err != nil {
		return "", err
	}
	built = dir
	exe := filepath.Join(dir, "reglue")
	out, err := exec.Command("go", "build", "-o", exe, "github.com/reglue/reglue/cmd/reglue").CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return exe, nil
})

func newTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	needs(t, "tmux", "install it, for example with apt-get install tmux")
	exe, err := program()
	if err != nil {
		t.Fatalf("build: %v %s", err, exe)
	}
	s := &terminal{t: t, dir: t.TempDir()}
	s.socket = filepath.Join(s.dir, "tmux")
	words := []string{quote(exe)}
	for _, arg := range args {
		words = append(words, quote(arg))
	}
	// The shell outlives a Ctrl-C.
	command := "trap : INT; " + strings.Join(words, " ") + `; echo "exit code $?"; exec cat`
	s.tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "45", "-c", s.dir, "env", "PATH="+os.Getenv("PATH"), "LC_ALL=C.UTF-8", "sh", "-c", command)
	t.Cleanup(func() { s.tmux("kill-server") })
	return s
}

func (s *terminal) tmux(args ...string) string {
	s.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-u", "-S", s.socket}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %s: %v: %s", args[0], err, out)
	}
	return string(out)
}

// screen is what was on the terminal so far, with what has scrolled off.
func (s *terminal) screen() string {
	s.t.Helper()
	return s.tmux("capture-pane", "-p", "-S", "-1000")
}

// tooWide are the lines that the terminal had to break.
func (s *terminal) tooWide() []string {
	s.t.Helper()
	var lines []string
	for line := range strings.Lines(s.tmux("capture-pane", "-p", "-J", "-S", "-1000")) {
		if line = strings.TrimRight(line, " \n"); len([]rune(line)) > 80 {
			lines = append(lines, line)
		}
	}
	return lines
}

func (s *terminal) keys(text, key string) {
	s.t.Helper()
	if text != "" {
		s.tmux("send-keys", "-l", text)
	}
	s.tmux("send-keys", key)
}

func (s *terminal) waitFor(text string) {
	s.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for !strings.Contains(s.screen(), text) {
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("%q never came:\n%s", text, s.screen())
		}
	}
}
