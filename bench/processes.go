package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	glueclient "github.com/aws/aws-sdk-go-v2/service/glue"

	"github.com/reglue/reglue/internal/executor/executortest"
)

// processes runs real processes: the interpreter is a trivial program.
func processes(ctx context.Context, r *run) error {
	for _, n := range []int{r.size(40, 10), r.size(400, 20), r.size(4000, 40)} {
		took, err := realRun(ctx, r, fmt.Sprintf("chain%d", n), n, false)
		if err != nil {
			return err
		}
		r.say(fmt.Sprintf("a node of a chain of %d", n), took/float64(n)*1e3, "ms")
	}
	n := r.size(200, 20)
	took, err := realRun(ctx, r, "fanout", n, true)
	if err != nil {
		return err
	}
	r.say(fmt.Sprintf("fan-out of %d", n), float64(n)/took, "processes a second")
	return nil
}

// pause lies between two questions whether a run is over.
const pause = 50 * time.Millisecond

// realRun runs one workflow and returns how long it took, in seconds.
func realRun(ctx context.Context, r *run, name string, n int, fan bool) (float64, error) {
	dir := filepath.Join(r.dir, name)
	h, err := newHost(ctx, dir, &executortest.Instant{})
	if err != nil {
		return 0, err
	}
	ts := chainOf(n)
	if fan {
		ts = chainOf(1)
		ts[0].Actions = actions(nodes(0, n))
	}
	if err := h.define(ctx, "w", ts); err != nil {
		return 0, err
	}
	if err := h.close(); err != nil {
		return 0, err
	}
	p, err := startProgram(ctx, r, filepath.Join(dir, "data"), "--python", "/bin/true", "--max-local-jobs", "64")
	if err != nil {
		return 0, err
	}
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
			return took, p.stop()
		}
		time.Sleep(pause) // the times are the run's own: asking often would only slow it
	}
}
