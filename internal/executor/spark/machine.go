package spark

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// ThisMachine is the machine with so many slots for jobs.
func ThisMachine(slots int) Machine {
	return Machine{Cores: runtime.NumCPU(), MemoryMB: memoryMB(), Slots: slots}
}

// groupLimits are where a control group keeps the bound of its memory.
var groupLimits = []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}

// memoryMB is the memory of the machine, or of the container that we are in.
func memoryMB() int {
	total := physicalMB()
	for _, path := range groupLimits {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err == nil && n > 0 && (total == 0 || int(n/mb) < total) {
			total = int(n / mb)
		}
	}
	return total
}
