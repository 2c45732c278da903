package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/reglue/reglue/internal/api"
	"github.com/reglue/reglue/internal/executor/executortest"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/s3"
	"github.com/reglue/reglue/internal/store"
	"github.com/reglue/reglue/internal/wire"
)

// plans measures plans of resumes, from the request to the plan as a client has
// read it, and what a selector that looks at every job takes.
func plans(ctx context.Context, r *run) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, n := range []int{10, r.size(1000, 200), r.size(10_000, 400), r.size(100_000, 800)} {
		if err := r.planAt(ctx, n); err != nil {
			return err
		}
	}
	return r.changed(ctx, r.size(1000, 50))
}

// jobFiles are files that only plans look at.
type jobFiles struct{ *s3.Map }

func (jobFiles) Pin(location string) (string, error) {
	return "", fmt.Errorf("%s: not kept here", location)
}
func (jobFiles) Written(string) (ids []string, n int) { return nil, 0 }

func (r *run) planAt(ctx context.Context, n int) error {
	dir := fmt.Sprintf("%s/%d", r.dir, n)
	id, err := endedTree(ctx, dir, n)
	if err != nil {
		return err
	}
	h, endpoint, err := planHost(ctx, dir)
	if err != nil {
		return err
	}
	req := plan.Request{Name: "w", RunId: id, NodeIds: []string{nodeID("a")}}
	if err := r.planned(ctx, endpoint, fmt.Sprintf("%d nodes, first plan after a restart", n), req, 1); err != nil {
		return err
	}
	if err := r.planned(ctx, endpoint, fmt.Sprintf("%d nodes, one root reaching half", n), req, 9); err != nil {
		return err
	}
	req.NodeIds = leafIDs(n)
	if err := r.planned(ctx, endpoint, fmt.Sprintf("%d nodes, %d roots", n, len(req.NodeIds)), req, 9); err != nil {
		return err
	}
	return h.close()
}

// planHost serves a folder, with files, until the context ends.
func planHost(ctx context.Context, dir string) (h *host, endpoint string, err error) {
	if h, err = newHost(ctx, dir, &executortest.Instant{}); err != nil {
		return nil, "", err
	}
	files, err := s3.NewMap(filepath.Join(dir, "data"), nil)
	if err != nil {
		return nil, "", err
	}
	endpoint, err = listen(ctx, api.New(h.db, h.engine, api.Options{Files: jobFiles{files}}))
	return h, endpoint, err
}

// planned prints the median of some plans.
func (r *run) planned(ctx context.Context, endpoint, what string, req plan.Request, times int) error {
	body, err := json.Marshal(req)
	if err != nil {
		return err
	}
	var took []float64
	for range times {
		begin := time.Now()
		text, err := rawCall(ctx, endpoint, plan.OpPlan, string(body))
		if err != nil {
			return err
		}
		var answer plan.Answer
		if err := wire.Decode(text, &answer); err != nil {
			return err
		}
		took = append(took, time.Since(begin).Seconds())
		if p := answer.Plan; p.Token == "" || len(p.Nodes) == 0 {
			return fmt.Errorf("a plan of %d nodes with the token %q", len(p.Nodes), p.Token)
		}
	}
	r.say(what, median(took)*1e3, "ms")
	return nil
}

// changed measures --changed over jobs with a script each.
func (r *run) changed(ctx context.Context, n int) error {
	dir := filepath.Join(r.dir, "changed")
	x := &executortest.Instant{}
	h, err := newHost(ctx, dir, x)
	if err != nil {
		return err
	}
	if err := h.define(ctx, "w", []glue.Trigger{start("start", nodes(0, n)...)}); err != nil {
		return err
	}
	if err := h.ownScripts(ctx, dir, n); err != nil {
		return err
	}
	id, err := h.engine.StartWorkflowRun(ctx, call, "w", nil)
	if err != nil {
		return err
	}
	if err := h.wait(ctx, "w", id); err != nil {
		return err
	}
	// One job is another one since.
	if err := h.ownScripts(ctx, filepath.Join(dir, "moved"), 1); err != nil {
		return err
	}
	if err := h.close(); err != nil {
		return err
	}
	h, endpoint, err := planHost(ctx, dir)
	if err != nil {
		return err
	}
	req := plan.Request{Name: "w", RunId: id, Select: plan.Selectors{Changed: true}}
	if err := r.planned(ctx, endpoint, fmt.Sprintf("--changed over %d jobs, cold", n), req, 1); err != nil {
		return err
	}
	if err := r.planned(ctx, endpoint, fmt.Sprintf("--changed over %d jobs, hashes warm", n), req, 9); err != nil {
		return err
	}
	return h.close()
}

// ownScripts gives each job a script of its own, old enough that its time tells a
// change.
func (h *host) ownScripts(ctx context.Context, dir string, n int) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	old := time.Now().Add(-time.Hour)
	for i := range n {
		path := filepath.Join(dir, node(i)+".py")
		if err := os.WriteFile(path, fmt.Appendf(nil, "print(%d)\n", i), 0o600); err != nil {
			return err
		}
		if err := os.Chtimes(path, old, old); err != nil {
			return err
		}
	}
	return h.engine.Update(ctx, func(tx *store.Tx, now glue.Time) error {
		for i := range n {
			if _, err := tx.PutJob(noopJob(node(i), filepath.Join(dir, node(i)+".py"), now)); err != nil {
				return err
			}
		}
		return nil
	})
}
