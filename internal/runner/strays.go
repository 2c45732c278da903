package runner

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// carrier is a living process whose environment names a job run. It stays the
// same process until release, or ends.
type carrier interface {
	// signal reaches the process and the group that it is in.
	signal(sig syscall.Signal)
	// wait returns when the process has ended or the time is over.
	wait(limit time.Duration)
	release()
}

// signalCarriers sends a signal to everything that carries the job run id.
func signalCarriers(id string, sig syscall.Signal) error {
	found, err := carriers(id)
	for _, p := range found {
		p.signal(sig)
		p.release()
	}
	return err
}

// EndAll kills every process of this user that carries the job run id, and
// their process groups, until none is left. It never trusts a stored pid.
func EndAll(id string) error {
	const rounds = 20 // new ones may be forked while we look
	left := 0
	for range rounds {
		found, err := carriers(id)
		if err != nil {
			return err
		}
		if left = len(found); left == 0 {
			return nil
		}
		for _, p := range found {
			p.signal(syscall.SIGKILL)
		}
		for _, p := range found {
			p.wait(time.Second)
			p.release()
		}
	}
	return fmt.Errorf("%d processes of job run %s could not be killed", left, id)
}

// signalGroup reaches the process group that a carrier is in. Jobs have sessions
// of their own, so that group is the job's; ours is left alone in any case.
func signalGroup(pid int, sig syscall.Signal) {
	pgid, err := syscall.Getpgid(pid)
	if err != nil || pgid <= 1 || pgid == syscall.Getpgrp() || pgid == os.Getpid() {
		return
	}
	_ = syscall.Kill(-pgid, sig) // it may have ended
}
