package main

import (
	"os"
	"path/filepath"
	"slices"
	"time"
)

// rawSync is the median time to append 4 KiB and make them durable.
func rawSync(dir string) (float64, error) {
	f, err := os.Create(filepath.Join(dir, "raw"))
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	block := make([]byte, 4096)
	times := make([]float64, 200)
	for i := range times {
		start := time.Now()
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := dataSync(int(f.Fd())); err != nil {
			return 0, err
		}
		times[i] = time.Since(start).Seconds()
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}
