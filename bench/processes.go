package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	glueclient "github.com/aws/aws-sdk-go-v2/service/glue"

	"github.com/reglue/reglue/internal/executor/executortest"
	"github.com/reglue/reglue/internal/glue"
)

// interpreter is the trivial program that runs in place of Python.
const interpreter = "/bin/true"

// chainRuns is how many nodes of each chain run in a round at least.
const chainRuns = 400

// processes runs real processes: the interpreter is a trivial program. The first run
// of a server waits for the runner to start, the ones after it do not. Chains of all
// lengths run in turns, since the machine's own speed drifts, and beside them the
// program alone, and files are made: on some file systems that is slow for minutes
// after many were removed.
func processes(ctx context.Context, r *run) error {
	var chains []*realFlow
	for _, n := range []int{r.size(40, 10), r.size(400, 20), r.size(4000, 40)} {
		f, err := newRealFlow(ctx, r, fmt.Sprintf("chain%d", n), n, chainOf(n))
		if err != nil {
			return err
		}
		chains = append(chains, f)
	}
	var bare, made []float64
	for range r.size(again, 1) {
		process, err := rawProcess(interpreter)
		if err != nil {
			return err
		}
		file, err := rawFile(r.dir)
		if err != nil {
			return err
		}
		bare, made = append(bare, process), append(made, file)
		for _, f := range chains {
			for range max(1, r.size(chainRuns, 1)/f.n) {
				if err := f.run(ctx); err != nil {
					return err
				}
			}
		}
	}
	raw := median(bare)
	r.say("raw: fork, exec and wait, p50", raw*1e3, "ms")
	r.say("raw: make a file of 8 KiB, p50", median(made)*1e3, "ms")
	for _, f := range chains {
		node := median(f.next) / float64(f.n)
		fmt.Printf("  %-44s %10.3f ms  = %.2f x fork, exec and wait\n", fmt.Sprintf("a node of a chain of %d", f.n), node*1e3, node/raw)
		r.say("  in the first run of a server", f.first/float64(f.n)*1e3, "ms")
		if err := f.program.stop(); err != nil {
			return err
		}
	}
	return fanOut(ctx, r)
}

// fanOut starts many processes at once.
func fanOut(ctx context.Context, r *run) error {
	n := r.size(200, 20)
	ts := chainOf(1)
	ts[0].Actions = actions(nodes(0, n))
	f, err := newRealFlow(ctx, r, "fanout", n, ts)
	if err != nil {
		return err
	}
	for range again {
		if err := f.run(ctx); err != nil {
			return err
		}
	}
	r.say(fmt.Sprintf("fan-out of %d", n), float64(n)/median(f.next), "processes a second")
	r.say("  in the first run of a server", float64(n)/f.first, "processes a second")
	return f.program.stop()
}

// pause lies between two questions whether a run is over.
const pause = 50 * time.Millisecond

// again is how often a workflow runs once more; the median of these counts.
const again = 3

// realFlow is a workflow of n jobs on a server of its own, which has run it once.
type realFlow struct {
	n       int
	program *program
	first   float64   // seconds
	next    []float64 // of the runs after the first
}

func newRealFlow(ctx context.Context, r *run, name string, n int, ts []glue.Trigger) (*realFlow, error) {
	dir := filepath.Join(r.dir, name)
	h, err := newHost(ctx, dir, &executortest.Instant{})
	if err != nil {
		return nil, err
	}
	if err := h.define(ctx, "w", ts); err != nil {
		return nil, err
	}
	if err := h.close(); err != nil {
		return nil, err
	}
	p, err := startProgram(ctx, r, filepath.Join(dir, "data"), "--python", interpreter, "--max-local-jobs", "64")
	if err != nil {
		return nil, err
	}
	f := &realFlow{n: n, program: p}
	f.first, err = realRun(ctx, p, n)
	return f, err
}

// run runs it once more.
func (f *realFlow) run(ctx context.Context) error {
	took, err := realRun(ctx, f.program, f.n)
	f.next = append(f.next, took)
	return err
}

// realRun runs the workflow once.
func realRun(ctx context.Context, p *program, n int) (float64, error) {
	begin := time.Now()
	out, err := p.client.StartWorkflowRun(ctx, &glueclient.StartWorkflowRunInput{Name: aws.String("w")})
	if err != nil {
		return 0, err
	}
	for {
		got, err := p.client.GetWorkflowRun(ctx, &glueclient.GetWorkflowRunInput{Name: aws.String("w"), RunId: out.RunId})
		if err != nil {
			return 0, err
		}
		if got.Run.CompletedOn != nil {
			if s := got.Run.Statistics; int(s.SucceededActions) != n {
				return 0, fmt.Errorf("%d of %d succeeded", s.SucceededActions, n)
			}
			took := got.Run.CompletedOn.Sub(*got.Run.StartedOn).Seconds()
			if wall := time.Since(begin).Seconds(); wall < took {
				return 0, fmt.Errorf("the run says %.3f s, the clock %.3f s", took, wall)
			}
			return took, nil
		}
		time.Sleep(pause) // the times are the run's own: asking often would only slow it
	}
}
