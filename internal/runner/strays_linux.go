package runner

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a process held by its pidfd, so that its pid cannot come to mean
// another one. Without pidfds (before Linux 5.3) fd is -1.
type process struct {
	pid int
	fd  int
}

// carriers finds the living processes whose environment names the job run.
func carriers(id string) ([]carrier, error) {
	want := []byte(EnvJobRunID + "=" + id)
	found, young, err := scan(want)
	for tries := 0; err == nil && young && len(found) == 0 && tries < 3; tries++ {
		// A process in the middle of its exec has no environment for some
		// microseconds, and no event tells when it has.
		time.Sleep(3 * time.Millisecond)
		found, young, err = scan(want)
	}
	return found, err
}

// scan looks at every process once; young reports that one showed no
// environment though it has a program.
func scan(want []byte) (found []carrier, young bool, err error) {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil, false, err
	}
	defer proc.Close()
	names, err := proc.Readdirnames(-1)
	if err != nil {
		return nil, false, err
	}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == os.Getpid() {
			continue
		}
		carries, empty := environHas(pid, want)
		young = young || empty
		if !carries {
			continue
		}
		if p, ok := hold(pid, want); ok {
			found = append(found, p)
		}
	}
	return found, young, nil
}

// environHas reports whether the environment of pid holds the setting; one that
// we may not read is not ours.
func environHas(pid int, want []byte) (carries, empty bool) {
	dir := "/proc/" + strconv.Itoa(pid)
	env, err := os.ReadFile(dir + "/environ")
	if err != nil {
		return false, false
	}
	if len(env) == 0 {
		_, err := os.Readlink(dir + "/exe") // none: a zombie or the kernel's own
		return false, err == nil
	}
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		if bytes.Equal(entry, want) {
			return true, false
		}
	}
	return false, false
}

// hold takes a pidfd and then looks again, because the pid may be another
// process by now.
func hold(pid int, want []byte) (process, bool) {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		return process{pid, -1}, true
	}
	if err != nil {
		return process{}, false
	}
	if carries, _ := environHas(pid, want); !carries {
		_ = unix.Close(fd)
		return process{}, false
	}
	return process{pid, fd}, true
}

func (p process) signal(sig syscall.Signal) {
	signalGroup(p.pid, sig)
	if p.fd < 0 {
		_ = syscall.Kill(p.pid, sig)
		return
	}
	_ = unix.PidfdSendSignal(p.fd, sig, nil, 0) // it may have ended
}

func (p process) wait(limit time.Duration) {
	if p.fd < 0 {
		time.Sleep(10 * time.Millisecond) // no event without a pidfd
		return
	}
	end := time.Now().Add(limit)
	fds := []unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(fds, int(max(0, time.Until(end).Milliseconds())))
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

func (p process) release() {
	if p.fd >= 0 {
		_ = unix.Close(p.fd)
	}
}
