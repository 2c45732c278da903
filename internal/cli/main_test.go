package cli

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/reglue/reglue/internal/runner"
)

// TestMain lets the test binary be what the program starts of itself: a runner,
// or the process that finishes runs in the background.
func TestMain(m *testing.M) {
	switch {
	case runner.IsRunner(os.Args):
		os.Exit(runner.Main(os.Args[2:]))
	case len(os.Args) > 1 && os.Args[1] == finishCommand:
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM)
		p := &Program{Args: os.Args[1:], Env: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr, Signals: signals}
		os.Exit(p.Main(context.Background()))
	}
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// buffer is an output that a test may read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
	// grown gets a value when something was written; one waiting is enough.
	grown chan struct{}
}

func newBuffer() *buffer { return &buffer{grown: make(chan struct{}, 1)} }

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.grown <- struct{}{}:
	default:
	}
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// use is one use of the program in a test.
type use struct {
	*Program
	out, err *buffer
	signals  chan os.Signal
}

// newUse prepares a program with arguments, without the environment of the test.
func newUse(args ...string) *use {
	u := &use{out: newBuffer(), err: newBuffer(), signals: make(chan os.Signal, 4)}
	u.Program = &Program{
		Args: args, Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")},
		Stdin: strings.NewReader(""), Stdout: u.out, Stderr: u.err, Signals: u.signals,
	}
	return u
}

// run runs a command line and checks its exit code.
func (u *use) run(t *testing.T, wantCode int) (stdout, stderr string) {
	t.Helper()
	if code := u.Main(t.Context()); code != wantCode {
		t.Fatalf("reglue %s: exit code %d, want %d\n%s%s", strings.Join(u.Args, " "), code, wantCode, u.out, u.err)
	}
	return u.out.String(), u.err.String()
}

// reglue runs a command line against the data folder.
func reglue(t *testing.T, data string, wantCode int, args ...string) (stdout, stderr string) {
	t.Helper()
	return newUse(append(args, "--data", data)...).run(t, wantCode)
}

// needs skips a test whose tool is missing; in CI it fails.
func needs(t *testing.T, tool, how string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: %s", tool, how)
	}
	t.Skipf("%s is missing: %s", tool, how)
}

func needsPython(t *testing.T) {
	t.Helper()
	needs(t, "python3", "install it, for example with apt-get install python3")
}

// has checks that each part is in a text, in this order.
func has(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		i := strings.Index(rest, part)
		if i < 0 {
			t.Fatalf("missing %q (in this order) in:\n%s", part, text)
		}
		rest = rest[i+len(part):]
	}
}

// hasNot checks that none of the parts is in a text.
func hasNot(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Fatalf("%q should not be in:\n%s", part, text)
		}
	}
}
