//go:build linux

package durability

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/reglue/reglue/internal/cli" // so that a change of the program makes its tests run again
)

// patience bounds every wait. It is only used up when something is wrong.
const patience = 30 * time.Second

// program is the reglue binary that all tests run.
var program string

func TestMain(m *testing.M) {
	// The tests wait for disks and processes more than they compute.
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	flag.Parse()
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "reglue-durability-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "reglue")
	out, err := exec.Command("go", "build", "-o", program, "github.com/reglue/reglue/cmd/reglue").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "build reglue: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// missing skips a test that needs something of the machine; CI has it all.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// eventually polls until the condition holds, where no event tells.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		if holds() {
			return
		}
	}
	t.Fatalf("waited %s for nothing: %s", patience, what)
}
