//go:build unix && !linux

package runner

import (
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

func executable() (string, error) { return os.Executable() }

func nameProcess() {}

// becomeSubreaper: these systems give orphans to init.
func becomeSubreaper() error { return nil }

func bootID() string {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}

func inode(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Ino)
	}
	return 0
}

// wantHandle: these systems have none.
func wantHandle(*syscall.SysProcAttr) *int { return nil }

func (c *children) follow(*int) {}

// reap reaps the dead, for good.
func (c *children) reap() {
	dead := make(chan os.Signal, 1)
	signal.Notify(dead, syscall.SIGCHLD)
	for range dead {
		c.reapAll()
	}
}

// reapOne reaps a dead child, if there is one. There is no portable way to look
// at it first, so before runs right after; no pid is handed out again that fast.
// Orphans are not ours here, so we are never known to be alone.
func reapOne(before func(pid int)) (pid int, status syscall.WaitStatus, alone bool) {
	for {
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || pid <= 0 {
			return 0, status, false
		}
		before(pid)
		return pid, status, false
	}
}

// renameNew gives a file another name, or fails with fs.ErrExist when there is
// one of that name.
func renameNew(from, to string) error { return linkNew(from, to) }

// datasync makes the content of a file durable.
func datasync(f *os.File) error { return f.Sync() }

// canSyncFolder: these systems have no call that returns when all is written.
const canSyncFolder = false

func syncFolder(string) error { return errors.ErrUnsupported }

// pipe returns a pipe of which our end works with the poller and the other one
// blocks, as programs expect of their standard output.
func pipe() (r *os.File, w int, err error) {
	var p [2]int
	syscall.ForkLock.RLock()
	err = syscall.Pipe(p[:])
	if err == nil {
		syscall.CloseOnExec(p[0])
		syscall.CloseOnExec(p[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, 0, os.NewSyscallError("pipe", err)
	}
	if err := syscall.SetNonblock(p[0], true); err != nil {
		_, _ = syscall.Close(p[0]), syscall.Close(p[1])
		return nil, 0, os.NewSyscallError("set nonblock", err)
	}
	return os.NewFile(uintptr(p[0]), "pipe"), p[1], nil
}

func socketpair() (int, int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	p, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return 0, 0, os.NewSyscallError("socketpair", err)
	}
	syscall.CloseOnExec(p[0])
	syscall.CloseOnExec(p[1])
	return p[0], p[1], nil
}

// shortDir calls f with a short path that leads to dir.
func shortDir(dir string, f func(string) error) error {
	tmp, err := os.MkdirTemp("/tmp", "rg")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	link := filepath.Join(tmp, "d")
	if err := os.Symlink(dir, link); err != nil {
		return err
	}
	return f(link)
}

// adopted: orphans are not ours to see here, so a job's end always looks for
// what it left.
func (c *children) adopted() bool { return true }
