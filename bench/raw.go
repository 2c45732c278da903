package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// timed is the median time that f takes, in seconds.
func timed(times int, f func(i int) error) (float64, error) {
	took := make([]float64, times)
	for i := range took {
		start := time.Now()
		if err := f(i); err != nil {
			return 0, err
		}
		took[i] = time.Since(start).Seconds()
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}

// rawProcess is the median time from the fork of a program to its end.
func rawProcess(path string) (float64, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	attr := &syscall.ProcAttr{Files: []uintptr{null.Fd(), null.Fd(), null.Fd()}, Sys: &syscall.SysProcAttr{Setsid: true}}
	return timed(200, func(int) error {
		pid, err := syscall.ForkExec(path, []string{path}, attr)
		if err != nil {
			return fmt.Errorf("start %s: %w", path, err)
		}
		for {
			if _, err = syscall.Wait4(pid, nil, 0, nil); !errors.Is(err, syscall.EINTR) {
				return err
			}
		}
	})
}

// rawFile is the median time to make a file of 8 KiB.
func rawFile(dir string) (float64, error) {
	tmp, err := os.MkdirTemp(dir, "files-") // removed with all the rest
	if err != nil {
		return 0, err
	}
	content := make([]byte, 8<<10)
	return timed(200, func(i int) error {
		return os.WriteFile(filepath.Join(tmp, fmt.Sprint(i)), content, 0o600)
	})
}

// rawSync is the median time to append 4 KiB and make them durable.
func rawSync(dir string) (float64, error) {
	f, err := os.Create(filepath.Join(dir, "raw"))
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	block := make([]byte, 4096)
	return timed(200, func(int) error {
		if _, err := f.Write(block); err != nil {
			return err
		}
		return dataSync(int(f.Fd()))
	})
}
