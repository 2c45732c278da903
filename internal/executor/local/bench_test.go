package local

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/reglue/reglue/internal/executor"
)

// benchmark runs jobs of which the interpreter is true(1).
func benchmark(b *testing.B) (start func(id string), ended <-chan executor.State) {
	b.Helper()
	opts := options(b, b.TempDir())
	opts.Python, opts.MaxJobs = "true", 200
	x := open(b, opts)
	ends := make(chan executor.State, 200)
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		done <- x.Run(ctx, func(r executor.Report) {
			if r.State.Terminal() {
				ends <- r.State
			}
		})
	}()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	script := write(b, filepath.Join(b.TempDir(), "job.py"), "")
	return func(id string) {
		x.Start(executor.Spec{JobRunID: id, JobName: "job", Command: "pythonshell", ScriptLocation: script})
	}, ends
}

// BenchmarkFanOut starts 200 jobs at once and waits for all.
func BenchmarkFanOut(b *testing.B) {
	start, ended := benchmark(b)
	const width = 200
	for n := 0; b.Loop(); n++ {
		for i := range width {
			start(fmt.Sprintf("jr_%d_%d", n, i))
		}
		for range width {
			if s := <-ended; s != executor.Succeeded {
				b.Fatal(s)
			}
		}
	}
	b.ReportMetric(float64(b.N)*width/b.Elapsed().Seconds(), "jobs/s")
}

// BenchmarkChain starts each job after the end of the one before.
func BenchmarkChain(b *testing.B) {
	start, ended := benchmark(b)
	for n := 0; b.Loop(); n++ {
		start(fmt.Sprintf("jr_%d", n))
		if s := <-ended; s != executor.Succeeded {
			b.Fatal(s)
		}
	}
}
