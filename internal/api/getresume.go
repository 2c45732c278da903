package api

import (
	"context"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

// getResume answers what a run keeps of its resume.
func (a *API) getResume(ctx context.Context, r *plan.GetRequest) (*plan.Record, error) {
	out := &plan.Record{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		rec, err := findRun(tx, r.Name, r.RunId)
		if err != nil {
			return err
		}
		if rec.Resume != nil {
			g, err := a.engine.Graph(tx, rec.Definition)
			if err != nil {
				return err
			}
			out = viewResume(rec, g)
		}
		out.Repair, err = repairOf(tx, rec.ID)
		return err
	})
	return out, err
}

func viewResume(run *store.Run, g *flow.Graph) *plan.Record {
	rec := run.Resume
	out := &plan.Record{
		By: rec.By, At: rec.At, Overrides: rec.Overrides, Properties: rec.Properties,
		Pinned: len(rec.Files), AnyEnd: rec.AnyEnd, Moved: rec.Moved, WhileRunning: rec.WhileRunning,
		Rewound: rec.Rewound,
	}
	if rec.WhileRunning {
		for _, n := range run.Roots {
			out.Roots = append(out.Roots, g.Nodes[n].ID)
		}
	}
	for _, n := range rec.Held {
		out.Held = append(out.Held, g.Nodes[n].ID)
	}
	for _, acc := range rec.Accepted {
		out.Accepted = append(out.Accepted, plan.Acceptance{
			NodeId: g.Nodes[acc.Node].ID, By: acc.By, Because: acc.Because, At: acc.At, RunId: acc.Run, State: acc.State,
		})
	}
	for _, b := range rec.Before {
		out.Before = append(out.Before, plan.Before{Node: b.Node, Command: b.Command, At: b.At, TookMs: b.Took, Output: b.Output})
	}
	return out
}
