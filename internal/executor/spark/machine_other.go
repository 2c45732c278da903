//go:build unix && !linux

package spark

import "golang.org/x/sys/unix"

func physicalMB() int {
	n, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return 0
	}
	return int(n / mb)
}
