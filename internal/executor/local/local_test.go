package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/executortest"
	"github.com/reglue/reglue/internal/runner"
)

func TestMain(m *testing.M) {
	if runner.IsRunner(os.Args) {
		os.Exit(runner.Main(os.Args[2:]))
	}
	if data := os.Getenv(envServer); data != "" {
		os.Exit(serverMain(data, os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// disk resolves locations as the server does, without S3.
type disk struct{}

func (disk) Resolve(location string) (string, error) {
	path := strings.TrimPrefix(location, "file://")
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("%s: not a path of this machine", location)
	}
	return path, nil
}

func testContext() context.Context { return context.Background() }

// onePython is the interpreter behind python3, past the slow wrappers that version
// managers put in front of it.
var onePython = sync.OnceValue(func() string {
	out, err := exec.Command("python3", "-c", "import sys; print(sys.executable)").Output()
	if err != nil {
		return "python3" // and the tests will say what is missing
	}
	return strings.TrimSpace(string(out))
})

func options(t testing.TB, data string) Options {
	t.Helper()
	return Options{
		DataDir:   data,
		Files:     disk{},
		Python:    onePython(),
		StopGrace: 300 * time.Millisecond,
		Runner:    runner.Options{Idle: 300 * time.Millisecond},
	}
}

func open(t testing.TB, opts Options) *Executor {
	t.Helper()
	x, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConformance(t *testing.T) {
	executortest.Run(t, func(t *testing.T) executortest.Subject {
		data, scratch := t.TempDir(), t.TempDir()
		scripts := 0
		return executortest.Subject{
			Open:    func(t *testing.T) executor.Executor { return open(t, options(t, data)) },
			Scratch: scratch,
			Script: func(t *testing.T, source string) string {
				scripts++
				return "file://" + write(t, filepath.Join(scratch, strconv.Itoa(scripts), "job.py"), source)
			},
			LoseWorker: func(t *testing.T) { killRunners(t, data) },
		}
	})
}

// killRunners kills the runners of a data folder and waits for their death.
func killRunners(t *testing.T, data string) {
	t.Helper()
	claims, err := filepath.Glob(filepath.Join(data, "jobs/*/*.claim"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range claims {
		st, err := runner.Inspect(strings.TrimSuffix(path, ".claim"))
		if err != nil || st.Claim == nil {
			t.Fatal(st, err)
		}
		if err := syscall.Kill(st.Claim.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
		lock, err := os.Open(filepath.Join(data, "runner", st.Claim.Runner+".lock"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_SH); err != nil { // waits for its death
			t.Fatal(err)
		}
		if err := lock.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
