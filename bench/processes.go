package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	glueclient "github.com/aws/aws-sdk-go-v2/service/glue"

	"github.com/reglue/reglue/internal/executor/executortest"
)

// processes runs real processes: the interpreter is a trivial program. The first run
// of a server waits for the runner to start, the ones after it do not.
func processes(ctx context.Context, r *run) error {
	for _, n := range []int{r.size(40, 10), r.size(400, 20), r.size(4000, 40)} {
		first, next, err := realRuns(ctx, r, fmt.Sprintf("chain%d", n), n, false)
		if err != nil {
			return err
		}
		r.say(fmt.Sprintf("a node of a chain of %d", n), next/float64(n)*1e3, "ms")
		r.say("  in the first run of a server", first/float64(n)*1e3, "ms")
	}
	n := r.size(200, 20)
	first, next, err := realRuns(ctx, r, "fanout", n, true)
	if err != nil {
		return err
	}
	r.say(fmt.Sprintf("fan-out of %d", n), float64(n)/next, "processes a second")
	r.say("  in the first run of a server", float64(n)/first, "processes a second")
	return nil
}

// pause lies between two questions whether a run is over.
const pause = 50 * time.Millisecond

// again is how often a workflow runs once more; the median of these counts.
const again = 3

// realRuns runs a workflow on a fresh server, again and again, and returns how long
// the first run took and the ones after it, in seconds.
func realRuns(ctx context.Context, r *run, name string, n int, fan bool) (first, next float64, err error) {
	dir := filepath.Join(r.dir, name)
	h, err := newHost(ctx, dir, &executortest.Instant{})
	if err != nil {
		return 0, 0, err
	}
	ts := chainOf(n)
	if fan {
		ts = chainOf(1)
		ts[0].Actions = actions(nodes(0, n))
	}
	if err := h.define(ctx, "w", ts); err != nil {
		return 0, 0, err
	}
	if err := h.close(); err != nil {
		return 0, 0, err
	}
	p, err := startProgram(ctx, r, filepath.Join(dir, "data"), "--python", "/bin/true", "--max-local-jobs", "64")
	if err != nil {
		return 0, 0, err
	}
	if first, err = realRun(ctx, p, n); err != nil {
		return 0, 0, err
	}
	var rest []float64
	for range again {
		took, err := realRun(ctx, p, n)
		if err != nil {
			return 0, 0, err
		}
		rest = append(rest, took)
	}
	slices.Sort(rest)
	return first, rest[len(rest)/2], p.stop()
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
