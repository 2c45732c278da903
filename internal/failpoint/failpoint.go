// Package failpoint ends or stops the process at a named point, as kill -9 or
// kill -STOP from outside would, when the environment asks for it. Durability
// tests use it to crash at every point that matters. It imports nothing of ours.
package failpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Env names the variable that holds the point to die at, as NAME or NAME:N for
// the Nth time it is reached. With :stop at its end the process does not die but
// stops there, so that whoever watches can kill it and others at that point.
const Env = "REGLUE_FAILPOINT"

var (
	wanted string
	stops  bool
	left   atomic.Int64
)

func init() {
	setting := os.Getenv(Env)
	setting, stops = strings.CutSuffix(setting, ":stop")
	name, count, found := strings.Cut(setting, ":")
	if !found {
		count = "1"
	}
	// What is no number never comes.
	if nth, err := strconv.ParseInt(count, 10, 64); err == nil {
		wanted = name
		left.Store(nth)
	}
}

// Wanted reports whether the environment names the point.
func Wanted(name string) bool { return name != "" && wanted == name }

// Hit kills or stops this process if the environment names the point.
func Hit(name string) {
	if !Wanted(name) || left.Add(-1) != 0 {
		return
	}
	if stops {
		stop()
		return
	}
	// Kill can't fail for the process itself; the select waits for delivery.
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
