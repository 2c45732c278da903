//go:build unix && !linux

package runner

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type process int

// carriers finds the living processes whose environment names the job run. ps
// shows the environment of this user's processes, save of those that the system
// itself protects.
func carriers(id string) ([]carrier, error) {
	out, err := exec.Command("ps", "-A", "-E", "-ww", "-o", "pid=,stat=,command=").Output()
	if err != nil {
		return nil, fmt.Errorf("list processes with ps: %w", err)
	}
	want := EnvJobRunID + "=" + id
	var found []carrier
	for l := range strings.Lines(string(out)) {
		fields := strings.Fields(l)
		if len(fields) < 3 || strings.HasPrefix(fields[1], "Z") || !slices.Contains(fields[2:], want) {
			continue
		}
		if pid, err := strconv.Atoi(fields[0]); err == nil && pid != os.Getpid() {
			found = append(found, process(pid))
		}
	}
	return found, nil
}

func (p process) signal(sig syscall.Signal) {
	signalGroup(int(p), sig)
	_ = syscall.Kill(int(p), sig) // it may have ended
}

func (p process) wait(time.Duration) {
	time.Sleep(10 * time.Millisecond) // there is no event for a process that is not ours
}

func (p process) release() {}
