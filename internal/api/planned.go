package api

import (
	"context"
	"slices"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

const (
	// bulkPage is how many resumes of a bulk one answer has.
	bulkPage = 500
	// listedBulks and listedRepairs are how many of the newest are listed.
	listedBulks, listedRepairs = 200, 1000
	maxPauseMs                 = 24 * 3600 * 1000
	maxCondition               = 4096
)

// startBulk checks the form of each request; all that depends on the run is checked
// when its turn comes.
func (a *API) startBulk(ctx context.Context, r *plan.StartBulkRequest) (*plan.StartBulkAnswer, error) {
	if a.readOnly {
		return nil, errReadOnly
	}
	switch {
	case len(r.Resumes) == 0:
		return nil, invalid("Resumes is empty: name at least one run to resume")
	case len(r.Resumes) > plan.MaxBulk:
		return nil, invalid("Resumes has %d runs, one bulk may have %d: choose fewer", len(r.Resumes), plan.MaxBulk)
	case r.PauseMs < 0 || r.PauseMs > maxPauseMs:
		return nil, invalid("PauseMs must be between 0 and %d, got %d", maxPauseMs, r.PauseMs)
	case len(r.Condition) > maxCondition:
		return nil, invalid("Condition has %d bytes, more than %d", len(r.Condition), maxCondition)
	case len(r.By) > maxNote:
		return nil, invalid("By has %d bytes, more than %d", len(r.By), maxNote)
	}
	for i := range r.Resumes {
		one := &r.Resumes[i]
		if one.PlanToken != "" || one.ClientToken != "" || len(one.Before) > 0 || one.WhileRunning {
			return nil, invalid("Resumes: PlanToken, ClientToken, Before and WhileRunning can't be planned (run %s)", one.RunId)
		}
		if err := checkResume(&one.Request); err != nil {
			return nil, err
		}
		if len(one.NodeIds)+len(one.Accept) == 0 && !one.Select.Any() {
			return nil, invalid("Resumes: nothing is chosen of run %s", one.RunId)
		}
	}
	id, err := a.engine.StartBulk(ctx, callFrom(ctx, plan.OpStartBulk),
		store.Bulk{Pause: r.PauseMs, By: r.By, Condition: r.Condition}, r.Resumes)
	if err != nil {
		return nil, err
	}
	return &plan.StartBulkAnswer{BulkId: id}, nil
}

func (a *API) updateBulk(ctx context.Context, r *plan.UpdateBulkRequest) (*struct{}, error) {
	if a.readOnly {
		return nil, errReadOnly
	}
	return &struct{}{}, a.engine.UpdateBulk(ctx, r.BulkId, r.Action)
}

func (a *API) getBulk(ctx context.Context, r *plan.GetBulkRequest) (*plan.GetBulkAnswer, error) {
	out := &plan.GetBulkAnswer{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		b, err := tx.Bulk(r.BulkId)
		if err != nil {
			return err
		}
		if b == nil {
			return glue.Errorf(glue.EntityNotFound, "There is no bulk resume %s", r.BulkId)
		}
		if out.Bulk, err = viewBulk(tx, b); err != nil {
			return err
		}
		rows, err := tx.PlannedOfBulk(r.BulkId, r.NextToken, bulkPage)
		if err != nil {
			return err
		}
		if len(rows) == bulkPage {
			out.NextToken = rows[bulkPage-1].ID
		}
		out.Resumes, err = viewPlanned(tx, rows)
		return err
	})
	return out, err
}

func (a *API) listBulks(ctx context.Context, _ *plan.ListBulksRequest) (*plan.ListBulksAnswer, error) {
	out := &plan.ListBulksAnswer{Bulks: []plan.Bulk{}}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		bulks, err := tx.Bulks(listedBulks)
		if err != nil {
			return err
		}
		for i := range bulks {
			b, err := viewBulk(tx, &bulks[i])
			if err != nil {
				return err
			}
			out.Bulks = append(out.Bulks, *b)
		}
		return nil
	})
	return out, err
}

func (a *API) listRepairs(ctx context.Context, r *plan.RepairsRequest) (*plan.RepairsAnswer, error) {
	out := &plan.RepairsAnswer{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Repairs(listedRepairs)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(p store.Planned) bool {
			return r.Name != "" && p.Workflow != r.Name || r.Pending && p.State != store.PlannedPending
		})
		out.Repairs, err = viewPlanned(tx, rows)
		return err
	})
	return out, err
}

func viewBulk(tx *store.Tx, b *store.Bulk) (*plan.Bulk, error) {
	counts, err := tx.PlannedCounts(b.ID)
	if err != nil {
		return nil, err
	}
	v := &plan.Bulk{
		BulkId: b.ID, State: string(b.State), PauseMs: b.Pause, By: b.By, Condition: b.Condition,
		CreatedOn: b.Created, EndedOn: b.Ended, Counts: map[string]int{},
	}
	for state, n := range counts {
		v.Counts[string(state)] = n
	}
	return v, nil
}

// viewPlanned makes planned resumes as they are sent, with where their new runs
// stand.
func viewPlanned(tx *store.Tx, rows []store.Planned) ([]plan.Planned, error) {
	out := make([]plan.Planned, len(rows))
	for i := range rows {
		p := &rows[i]
		out[i] = plan.Planned{
			Name: p.Workflow, RunId: p.Run, State: string(p.State), Tries: p.Tries, NewRunId: p.NewRun,
			Error: p.Error, By: p.By, CreatedOn: p.Created, EndedOn: p.Ended,
		}
		if p.State == store.PlannedPending {
			out[i].DueOn = p.Due
		}
		if p.State != store.PlannedDone {
			continue
		}
		run, err := tx.Run(p.Workflow, p.NewRun)
		if err != nil {
			return nil, err
		}
		if run != nil {
			out[i].NewStatus, out[i].NewStatistics = run.Status, &run.Statistics
		}
	}
	return out, nil
}

// plannedRequest works a planned resume out when it is due, as a call would.
func (a *API) plannedRequest(ctx context.Context, r *plan.ExecuteRequest) (*engine.ResumeRequest, error) {
	ctx, cancel := context.WithTimeout(ctx, a.opt.Timeout)
	defer cancel()
	_, req, err := a.resumeRequest(ctx, r)
	return req, err
}

// repairOf is the automatic repair of a run, pending or what became of it; nil when
// there is none.
func repairOf(tx *store.Tx, run string) (*plan.Planned, error) {
	rows, err := tx.PlannedOfRun(run)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(p store.Planned) bool { return p.Bulk != "" })
	if len(rows) == 0 {
		return nil, nil
	}
	views, err := viewPlanned(tx, rows[len(rows)-1:])
	if err != nil {
		return nil, err
	}
	return &views[0], nil
}

// checkRepairTag refuses a policy of automatic repair that can't be read.
func checkRepairTag(tags map[string]string) error {
	text, ok := tags[plan.RepairTag]
	if !ok {
		return nil
	}
	if _, err := plan.ParseRepairPolicy(text); err != nil {
		return invalid("Tag %s: %v", plan.RepairTag, err)
	}
	return nil
}
