//go:build !linux

package main

import "golang.org/x/sys/unix"

func dataSync(fd int) error { return unix.Fsync(fd) }
