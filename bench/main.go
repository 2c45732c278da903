// Command bench measures what the product promises to be fast at, as figures
// and as ratios to the disk's own speed measured in the same run. Machines are
// noisy: quote ratios.
//
//	go run ./bench            everything, a few minutes
//	go run ./bench -short     a small form that only shows that it runs
//	go run ./bench -only chain,resume
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"

	"github.com/reglue/reglue/internal/runner"
)

type bench struct {
	name string
	what string
	run  func(ctx context.Context, b *run) error
}

var benches = []bench{
	{"chain", "no-op jobs in a chain: durable time and commits a step", chain},
	{"runs", "durable one-node workflow runs, many in flight", oneNodeRuns},
	{"fanin", "10,000 nodes that join: commits", fanIn},
	{"resume", "ResumeWorkflowRun from a Go client", resume},
	{"plan", "plans of a resume, from the request to the plan in a Go client", plans},
	{"triggers", "CreateTrigger at the start and at the end of many", createTriggers},
	{"get", "GetWorkflowRun of a 100-node graph", getRun},
	{"catalog", "GetPartitions over 100,000 partitions: the first page", catalogPages},
	{"processes", "real processes: chain and fan-out", processes},
	{"spark", "Spark jobs: overhead over spark-submit, a chain cold and warm", sparks},
	{"ready", "time to serve and memory, with 10,000 finished runs", ready},
}

// run is what a benchmark works with.
type run struct {
	short bool
	dir   string
	raw   float64 // seconds
}

func main() {
	if runner.IsRunner(os.Args) {
		os.Exit(runner.Main(os.Args[1:]))
	}
	short := flag.Bool("short", false, "small sizes: shows that it runs")
	only := flag.String("only", "", "comma-separated names to run")
	dir := flag.String("dir", "", "folder on the disk to measure; default: a temporary one")
	profile := flag.String("cpuprofile", "", "write a CPU profile to this file")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		defer pprof.StopCPUProfile()
	}
	if err := benchAll(*short, *only, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		pprof.StopCPUProfile()
		os.Exit(1)
	}
}

func benchAll(short bool, only, dir string) error {
	dir, err := os.MkdirTemp(dir, "reglue-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("%s, %d processors, %s/%s\n", runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	for _, bm := range benches {
		if only != "" && !strings.Contains(","+only+",", ","+bm.name+",") {
			continue
		}
		fmt.Printf("\n%s: %s\n", bm.name, bm.what)
		d := filepath.Join(dir, bm.name)
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
		raw, err := rawSync(d)
		if err != nil {
			return err
		}
		fmt.Printf("  raw: append 4 KiB + fdatasync, p50          %10.3f ms\n", raw*1e3)
		if err := bm.run(context.Background(), &run{short: short, dir: d, raw: raw}); err != nil {
			return fmt.Errorf("%s: %w", bm.name, err)
		}
	}
	return nil // what was made is removed at the end: some file systems are slow after that
}

// say prints a figure.
func (r *run) say(what string, value float64, unit string) {
	fmt.Printf("  %-44s %10.3f %s\n", what, value, unit)
}

// ratio prints a time and its ratio to the disk's own.
func (r *run) ratio(what string, seconds float64) {
	fmt.Printf("  %-44s %10.3f ms  = %.2f x raw\n", what, seconds*1e3, seconds/r.raw)
}

// size is the full size, or the small one in the short form.
func (r *run) size(full, short int) int {
	if r.short {
		return short
	}
	return full
}
