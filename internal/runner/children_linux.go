package runner

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// inheritTime is how long what jobs leave to us may stay dead without being reaped.
const inheritTime = 50 * time.Millisecond

// wantHandle asks a fork for a handle of the child, which is there after it; -1
// where the kernel has none.
func wantHandle(attr *syscall.SysProcAttr) *int {
	handle := -1
	attr.PidFD = &handle
	return &handle
}

// follow reaps a child as soon as it is dead. It waits for the handle with the poller:
// a thread that waits in the kernel keeps Go's own threads awake, which costs short
// jobs more than their end.
func (c *children) follow(handle *int) {
	if *handle < 0 || syscall.SetNonblock(*handle, true) != nil {
		c.blind.Store(true)
		return
	}
	f := os.NewFile(uintptr(*handle), "pidfd")
	go func() {
		defer f.Close()
		var known error
		conn, err := f.SyscallConn()
		if err == nil {
			err = conn.Read(func(fd uintptr) (over bool) {
				over, known = dead(int(fd))
				return over || known != nil
			})
		}
		if err != nil || known != nil {
			c.blind.Store(true)
			return
		}
		c.reapAll()
	}()
}

// dead reports whether the child of a handle is.
func dead(handle int) (bool, error) {
	var info unix.Siginfo
	for {
		err := unix.Waitid(unix.P_PIDFD, handle, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ECHILD): // it was reaped before
			return true, nil
		default: // old kernels know no such handle here
			return err == nil && siginfoPID(&info) != 0, err
		}
	}
}

// reap reaps those that nobody follows, for good: what jobs leave to us, and their
// main processes where the kernel has no handles.
func (c *children) reap() {
	for range c.forked {
		if !c.blind.Load() {
			time.Sleep(inheritTime)
		}
		for anyDead() {
			c.reapAll()
		}
	}
}

// anyDead waits until a child is dead and reports whether there is any child.
func anyDead() bool {
	for {
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil
		}
	}
}
