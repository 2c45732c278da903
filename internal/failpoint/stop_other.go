//go:build unix && !linux

package failpoint

import (
	"os"
	"syscall"
)

// stop stops this process.
func stop() { _ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) }
