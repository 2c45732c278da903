package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	glueclient "github.com/aws/aws-sdk-go-v2/service/glue"

	"github.com/reglue/reglue/internal/api"
	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/executortest"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
	"github.com/reglue/reglue/internal/wire"
)

// serve answers the Glue protocol for the host and gives a client of it.
func (h *host) serve(ctx context.Context) (*glueclient.Client, error) {
	endpoint, err := listen(ctx, api.New(h.db, h.engine, api.Options{MaxTriggers: 1 << 20, MaxJobs: 1 << 20}))
	return newClient(endpoint), err
}

// listen answers the Glue protocol until the context ends.
func listen(ctx context.Context, a *api.API) (endpoint string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	handler := &wire.Handler{
		TargetPrefix: "AWSGlue.", Error: a.Error,
		Call: func(ctx context.Context, op string, body []byte) (any, error) {
			q := wire.RequestFrom(ctx)
			c := engine.Call{Invocation: q.InvocationID, Operation: op, BodyHash: q.BodyHash}
			return a.Call(api.WithCall(ctx, c), op, body)
		},
	}
	go func() { _ = (&wire.Server{Handler: handler}).Serve(ctx, l) }()
	return "http://" + l.Addr().String(), nil
}

func newClient(endpoint string) *glueclient.Client {
	return glueclient.New(glueclient.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(endpoint),
		Credentials: credentials.NewStaticCredentialsProvider("bench", "bench", ""),
	})
}

// resume resumes a root that reaches half of the graph, on graphs of growing
// size: right after a restart, and with the graph cached; then half of all nodes
// as roots at once.
func resume(ctx context.Context, r *run) error {
	for _, n := range []int{10, r.size(1000, 200), r.size(10_000, 400), r.size(100_000, 800)} {
		if err := resumeAt(ctx, r, n); err != nil {
			return err
		}
	}
	return nil
}

// resumeAt resumes runs that keep every job open, so that a resume has no work of
// its successors in its time.
func resumeAt(ctx context.Context, r *run, n int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dir := fmt.Sprintf("%s/%d", r.dir, n)
	id, err := endedTree(ctx, dir, n)
	if err != nil {
		return err
	}
	x := &executortest.Instant{Outcome: func(executor.Spec) (executor.State, string) { return "", "" }}
	h, err := newHost(ctx, dir, x)
	if err != nil {
		return err
	}
	client, err := h.serve(ctx)
	if err != nil {
		return err
	}
	one := []string{nodeID("a")}
	if err := r.resumed(ctx, h, client, fmt.Sprintf("%d nodes, first resume after a restart", n), id, one, 1); err != nil {
		return err
	}
	if err := r.resumed(ctx, h, client, fmt.Sprintf("%d nodes, one root reaching half", n), id, one, 7); err != nil {
		return err
	}
	leaves := leafIDs(n)
	if err := r.resumed(ctx, h, client, fmt.Sprintf("%d nodes, %d roots", n, len(leaves)), id, leaves, 3); err != nil {
		return err
	}
	return h.close()
}

// endedTree makes a folder with a run of treeOf that has ended.
func endedTree(ctx context.Context, dir string, n int) (id string, err error) {
	h, err := newHost(ctx, dir, &executortest.Instant{})
	if err != nil {
		return "", err
	}
	if err := h.define(ctx, "w", treeOf(n)); err != nil {
		return "", err
	}
	if id, err = h.engine.StartWorkflowRun(ctx, call, "w", nil); err != nil {
		return "", err
	}
	if err := h.wait(ctx, "w", id); err != nil {
		return "", err
	}
	return id, h.close()
}

// resumed prints the median of some resumes. The next one begins when the roots
// of the one before are known to run.
func (r *run) resumed(ctx context.Context, h *host, c *glueclient.Client, what, id string, nodes []string, times int) error {
	var took []float64
	for range times {
		begin := time.Now()
		out, err := c.ResumeWorkflowRun(ctx, &glueclient.ResumeWorkflowRunInput{
			Name: aws.String("w"), RunId: aws.String(id), NodeIds: nodes,
		})
		if err != nil {
			return err
		}
		took = append(took, time.Since(begin).Seconds())
		if len(out.NodeIds) != len(nodes) {
			return fmt.Errorf("resumed %d roots instead of %d", len(out.NodeIds), len(nodes))
		}
		if err := h.until(ctx, "w", aws.ToString(out.RunId), func(r *store.Run) bool {
			return !r.Completed.IsZero() || int(r.Statistics.RunningActions) == len(nodes)
		}); err != nil {
			return err
		}
	}
	r.say(what, median(took)*1e3, "ms")
	return nil
}

func nodeID(job string) string {
	return glue.Scope{Account: "000000000000", Region: "us-east-1"}.NodeID("w", glue.NodeTypeJob, job)
}

// leafIDs are the nodes of treeOf without successors: half of them.
func leafIDs(n int) []string {
	var ids []string
	for _, half := range []struct {
		top   string
		count int
	}{{"a", n / 2}, {"b", n - n/2}} {
		for i := half.count / 2; i < half.count; i++ {
			ids = append(ids, nodeID(fmt.Sprintf("%s%06d", half.top, i)))
		}
	}
	return ids
}

// createTriggers compares the cost of the first and the last of many triggers.
func createTriggers(ctx context.Context, r *run) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h, err := newHost(ctx, r.dir, &executortest.Instant{})
	if err != nil {
		return err
	}
	if err := h.define(ctx, "w", []glue.Trigger{start("start", "a", "b")}); err != nil {
		return err
	}
	a := api.New(h.db, h.engine, api.Options{MaxTriggers: 1 << 20})
	n := r.size(10_000, 400)
	block := n / 10
	var took []float64
	begin := time.Now()
	for i := range n {
		body := fmt.Sprintf(`{"Name":"t%06d","WorkflowName":"w","Type":"CONDITIONAL","StartOnCreation":true,
			"Predicate":{"Conditions":[{"LogicalOperator":"EQUALS","JobName":"a","State":"SUCCEEDED"}]},"Actions":[{"JobName":"b"}]}`, i)
		if _, err := a.Call(ctx, "CreateTrigger", []byte(body)); err != nil {
			return err
		}
		if (i+1)%block == 0 {
			took = append(took, time.Since(begin).Seconds()/float64(block))
			begin = time.Now()
		}
	}
	r.ratio(fmt.Sprintf("a trigger, first %d", block), took[0])
	r.ratio(fmt.Sprintf("a trigger, last %d of %d", block, n), took[len(took)-1])
	r.say("last / first", took[len(took)-1]/took[0], "")
	return h.close()
}
