package runner

import (
	"os"
	"syscall"
)

// EnvFailpoint names the fail point at which a runner kills itself, for tests of
// what survives that. Only what the variable was when the runner started counts.
const EnvFailpoint = "REGLUE_FAILPOINT"

// The fail points of a runner.
const (
	FailBeforeClaim = "runner-before-claim" // asked to start, nothing done
	FailAfterClaim  = "runner-after-claim"  // claimed, not forked
	FailAfterFork   = "runner-after-fork"   // the process runs, nobody was told
	FailBeforeExit  = "runner-before-exit"  // the process ended, no exit file
	FailAfterExit   = "runner-after-exit"   // exit file written, nobody was told
)

var activeFailpoint = os.Getenv(EnvFailpoint)

// failpoint dies here, as by kill -9, when this point is the chosen one.
func failpoint(name string) {
	if activeFailpoint != name {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
