// Package failpoint ends the process at a named point, as kill -9 would, when
// the environment asks for it. Durability tests use it to crash at every point
// that matters. It imports nothing of ours.
package failpoint

import (
	"os"
	"strings"
	"sync/atomic"
	"syscall"
)

// Env names the variable that holds the point to die at, as NAME or NAME:N for
// the Nth time it is reached.
const Env = "REGLUE_FAILPOINT"

var (
	wanted string
	left   atomic.Int64
)

func init() {
	name, nth, found := strings.Cut(os.Getenv(Env), ":")
	wanted = name
	left.Store(1)
	if found {
		n := int64(0)
		for _, c := range nth {
			n = n*10 + int64(c-'0')
		}
		left.Store(n)
	}
}

// Hit kills this process with SIGKILL if the environment names the point.
func Hit(name string) {
	if wanted == "" || wanted != name || left.Add(-1) > 0 {
		return
	}
	// Kill can't fail for the process itself; the select waits for delivery.
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
