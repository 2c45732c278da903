package runner

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// executable is the running binary even after its file was replaced.
func executable() (string, error) { return "/proc/self/exe", nil }

// nameProcess shows what this process is where its arguments are not shown.
func nameProcess() {
	_ = os.WriteFile("/proc/self/comm", []byte("reglue-runner"), 0) // only for the eye
}

func becomeSubreaper() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}

func bootID() string {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

func inode(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ino
	}
	return 0
}

// reapOne reaps a dead child, if there is one, and calls before while the child
// is still a zombie. Without a dead one, alone reports that there is no living one
// either.
func reapOne(before func(pid int)) (pid int, status syscall.WaitStatus, alone bool) {
	var info unix.Siginfo
	for {
		err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		pid := siginfoPID(&info)
		if err != nil || pid == 0 {
			return 0, status, errors.Is(err, unix.ECHILD)
		}
		before(pid)
		for {
			_, err := syscall.Wait4(pid, &status, 0, nil)
			if !errors.Is(err, syscall.EINTR) {
				return pid, status, false // nobody else reaps it
			}
		}
	}
}

// siginfoPID reads si_pid, which x/sys does not name: it follows three ints,
// aligned as a pointer.
func siginfoPID(info *unix.Siginfo) int {
	const word = strconv.IntSize / 8
	const off = (12 + word - 1) / word * word
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(info), off)))
}

// renameNew gives a file another name, or fails with fs.ErrExist when there is
// one of that name.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return linkNew(from, to) // a file system that knows no such rename
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// datasync makes the content of a file durable.
func datasync(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if !errors.Is(err, syscall.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}

// canSyncFolder reports whether syncFolder keeps its word on this system.
const canSyncFolder = true

// syncFolder makes all that was written to the file system of a folder durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return os.NewSyscallError("syncfs", unix.Syncfs(int(d.Fd())))
}

// pipe returns a pipe of which our end works with the poller and the other one
// blocks, as programs expect of their standard output.
func pipe() (r *os.File, w int, err error) {
	var p [2]int
	if err := syscall.Pipe2(p[:], syscall.O_CLOEXEC); err != nil {
		return nil, 0, os.NewSyscallError("pipe", err)
	}
	if err := syscall.SetNonblock(p[0], true); err != nil {
		_, _ = syscall.Close(p[0]), syscall.Close(p[1])
		return nil, 0, os.NewSyscallError("set nonblock", err)
	}
	return os.NewFile(uintptr(p[0]), "pipe"), p[1], nil
}

func socketpair() (int, int, error) {
	p, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	return p[0], p[1], os.NewSyscallError("socketpair", err)
}

// shortDir calls f with a short path that leads to dir.
func shortDir(dir string, f func(string) error) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return f("/proc/self/fd/" + strconv.Itoa(int(d.Fd())))
}

// adopted reports whether this process may have living children other than the
// main processes of jobs: only then can a job have left something running. The
// caller keeps forks out meanwhile.
//
// Linux gives an orphan to the first living thread of its subreaper, and Go never
// ends the first one.
func (c *children) adopted() bool {
	pid := strconv.Itoa(os.Getpid())
	data, err := os.ReadFile("/proc/self/task/" + pid + "/children")
	if err != nil {
		return true // a kernel without this file cannot tell
	}
	for field := range bytes.FieldsSeq(data) {
		if pid, err := strconv.Atoi(string(field)); err == nil && !c.isMain(pid) {
			return true
		}
	}
	return false
}
