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
)

// plans measures plans of resumes: what the server takes for one, and what a
// selector that looks at every job takes.
func plans(ctx context.Context, r *run) error {
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
	h, a, err := planHost(ctx, dir)
	if err != nil {
		return err
	}
	req := plan.Request{Name: "w", RunId: id, NodeIds: []string{nodeID("a")}}
	if err := r.planned(ctx, a, fmt.Sprintf("%d nodes, first plan after a restart", n), req, 1); err != nil {
		return err
	}
	if err := r.planned(ctx, a, fmt.Sprintf("%d nodes, one root reaching half", n), req, 9); err != nil {
		return err
	}
	req.NodeIds = leafIDs(n)
	if err := r.planned(ctx, a, fmt.Sprintf("%d nodes, %d roots", n, len(req.NodeIds)), req, 9); err != nil {
		return err
	}
	return h.close()
}

func planHost(ctx context.Context, dir string) (*host, *api.API, error) {
	h, err := newHost(ctx, dir, &executortest.Instant{})
	if err != nil {
		return nil, nil, err
	}
	files, err := s3.NewMap(filepath.Join(dir, "data"), nil)
	return h, api.New(h.db, h.engine, api.Options{Files: jobFiles{files}}), err
}

// planned prints the median of some plans.
func (r *run) planned(ctx context.Context, a *api.API, what string, req plan.Request, times int) error {
	body, err := json.Marshal(req)
	if err != nil {
		return err
	}
	var took []float64
	for range times {
		begin := time.Now()
		answer, err := a.Call(ctx, plan.OpPlan, body)
		if err != nil {
			return err
		}
		took = append(took, time.Since(begin).Seconds())
		if p := answer.(*plan.Answer).Plan; p.Token == "" || len(p.Nodes) == 0 {
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
	h, a, err := planHost(ctx, dir)
	if err != nil {
		return err
	}
	req := plan.Request{Name: "w", RunId: id, Select: plan.Selectors{Changed: true}}
	if err := r.planned(ctx, a, fmt.Sprintf("--changed over %d jobs, cold", n), req, 1); err != nil {
		return err
	}
	if err := r.planned(ctx, a, fmt.Sprintf("--changed over %d jobs, hashes warm", n), req, 9); err != nil {
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
