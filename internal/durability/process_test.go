//go:build linux

package durability

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// runners finds the living runner processes of a data folder: they work in its
// folder "runner".
func runners(data string) []int {
	want := filepath.Join(data, "runner")
	return processes(func(pid string) bool {
		cwd, err := os.Readlink("/proc/" + pid + "/cwd")
		if err != nil || cwd != want {
			return false
		}
		cmdline, err := os.ReadFile("/proc/" + pid + "/cmdline")
		return err == nil && bytes.Contains(cmdline, []byte("\x00__runner\x00"))
	})
}

// carriers finds the living processes whose environment holds a job run id that
// is wanted.
func carriers(wanted func(id string) bool) []int {
	return processes(func(pid string) bool {
		env, err := os.ReadFile("/proc/" + pid + "/environ")
		if err != nil {
			return false
		}
		for entry := range bytes.SplitSeq(env, []byte{0}) {
			if id, ok := bytes.CutPrefix(entry, []byte("REGLUE_JOB_RUN_ID=")); ok && wanted(string(id)) {
				return true
			}
		}
		return false
	})
}

func processes(match func(pid string) bool) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err == nil && pid != os.Getpid() && match(e.Name()) {
			found = append(found, pid)
		}
	}
	return found
}

// state is the letter that /proc has for a process: T for stopped, Z for dead
// and not reaped; zero for one that is gone.
func state(pid int) byte {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	if i := bytes.LastIndexByte(stat, ')'); i >= 0 && i+2 < len(stat) {
		return stat[i+2]
	}
	return 0
}

// stopped reports whether a process stands still at a fail point.
func stopped(pid int) bool { return state(pid) == 'T' }

func alive(pid int) bool {
	s := state(pid)
	return s != 0 && s != 'Z' && s != 'X'
}

// signalAll ignores those that are gone already.
func signalAll(pids []int, sig syscall.Signal) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, sig)
	}
}

// wake lets stopped processes go on.
func wake(pids ...int) {
	for _, pid := range pids {
		if stopped(pid) {
			signalAll([]int{pid}, syscall.SIGCONT)
		}
	}
}
