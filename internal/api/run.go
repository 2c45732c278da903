package api

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"strconv"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// runView is a workflow run as it is sent; its graph is JSON already.
type runView struct {
	glue.WorkflowRun
	Graph json.RawMessage `json:"Graph,omitempty"`
}

type getWorkflowRunsResponse struct {
	Runs      []*runView
	NextToken string `json:"NextToken,omitempty"`
}

// maxAnswer is about how many bytes of graphs one page of runs may have; the
// page ends there.
const maxAnswer = 16 << 20

func (a *API) startWorkflowRun(ctx context.Context, r *glue.StartWorkflowRunRequest) (*glue.StartWorkflowRunResponse, error) {
	if a.readOnly {
		return nil, errReadOnly
	}
	if err := a.checkStart(ctx, r); err != nil {
		return nil, err
	}
	id, err := a.engine.StartWorkflowRun(ctx, callFrom(ctx, "StartWorkflowRun"), r.Name, r.RunProperties)
	if err != nil {
		return nil, err
	}
	return &glue.StartWorkflowRunResponse{RunId: id}, nil
}

// checkStart holds the properties that the run would have against the limits.
func (a *API) checkStart(ctx context.Context, r *glue.StartWorkflowRunRequest) error {
	if len(r.RunProperties) == 0 {
		return nil // the defaults were checked when they were set
	}
	if err := checkProperties("RunProperties", r.RunProperties); err != nil {
		return err
	}
	return a.db.View(ctx, func(tx *store.Tx) error {
		w, err := tx.Workflow(r.Name)
		if err != nil || w == nil {
			return err // the engine says that it is missing
		}
		all := maps.Clone(orEmpty(w.Properties))
		maps.Copy(all, r.RunProperties)
		return checkMerged(all)
	})
}

func (a *API) stopWorkflowRun(ctx context.Context, r *glue.StopWorkflowRunRequest) (*glue.StopWorkflowRunResponse, error) {
	if a.readOnly {
		return nil, errReadOnly
	}
	if err := a.engine.StopWorkflowRun(ctx, r.Name, r.RunId); err != nil {
		return nil, err
	}
	return &glue.StopWorkflowRunResponse{}, nil
}

// getWorkflowRun answers in JSON that is already written: clients poll it, and
// most of it is the graph, which is kept as JSON.
func (a *API) getWorkflowRun(ctx context.Context, r *glue.GetWorkflowRunRequest) (json.RawMessage, error) {
	var run *runView
	err := a.db.View(ctx, func(tx *store.Tx) error {
		rec, err := findRun(tx, r.Name, r.RunId)
		if err != nil {
			return err
		}
		run, err = a.viewRun(tx, rec, isTrue(r.IncludeGraph))
		return err
	})
	if err != nil {
		return nil, err
	}
	text, err := encode(glue.GetWorkflowRunResponse{Run: &run.WorkflowRun})
	if err != nil || run.Graph == nil {
		return text, err
	}
	const end = "}}" // of the run, which has members, and of the answer
	out := make([]byte, 0, len(text)+len(run.Graph)+16)
	out = append(out, text[:len(text)-len(end)]...)
	out = append(out, `,"Graph":`...)
	out = append(out, run.Graph...)
	return append(out, end...), nil
}

func (a *API) getWorkflowRuns(ctx context.Context, r *glue.GetWorkflowRunsRequest) (*getWorkflowRunsResponse, error) {
	p, err := newPage("GetWorkflowRuns", r.NextToken, r.MaxResults, defaultPage, r.Name)
	if err != nil {
		return nil, err
	}
	before, err := p.seq()
	if err != nil {
		return nil, err
	}
	out := &getWorkflowRunsResponse{}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		if w, err := tx.Workflow(r.Name); err != nil || w == nil {
			return cmp.Or(err, missing())
		}
		recs, err := tx.Runs(r.Name, before, p.more())
		if err != nil {
			return err
		}
		recs, out.NextToken = cut(&p, recs, runSeq)
		return a.viewRuns(tx, &p, recs, isTrue(r.IncludeGraph), out)
	})
	return out, err
}

// viewRuns adds the runs to the answer, up to a size at which the page ends.
func (a *API) viewRuns(tx *store.Tx, p *page, recs []store.Run, graph bool, out *getWorkflowRunsResponse) error {
	out.Runs = make([]*runView, 0, len(recs))
	total := 0
	for i := range recs {
		if total > maxAnswer {
			out.NextToken = p.token(runSeq(&recs[i-1]))
			break
		}
		v, err := a.viewRun(tx, &recs[i], graph)
		if err != nil {
			return err
		}
		total += len(v.Graph)
		out.Runs = append(out.Runs, v)
	}
	return nil
}

func runSeq(r *store.Run) string { return strconv.FormatInt(r.Seq, 10) }

func (a *API) getWorkflowRunProperties(ctx context.Context, r *glue.GetWorkflowRunPropertiesRequest) (*glue.GetWorkflowRunPropertiesResponse, error) {
	out := &glue.GetWorkflowRunPropertiesResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		rec, err := propertiesOf(ctx, tx, r.Name, r.RunId)
		if err != nil {
			return err
		}
		properties, err := tx.Properties(rec.Seq)
		out.RunProperties = orEmpty(properties)
		return err
	})
	return out, err
}

// putWorkflowRunProperties merges key by key, in whatever state the run is.
func (a *API) putWorkflowRunProperties(ctx context.Context, r *glue.PutWorkflowRunPropertiesRequest) (*glue.PutWorkflowRunPropertiesResponse, error) {
	if err := checkProperties("RunProperties", r.RunProperties); err != nil {
		return nil, err
	}
	if a.readOnly {
		return nil, errReadOnly
	}
	err := a.engine.UpdateRun(ctx, r.Name, func(tx *store.Tx) (string, error) {
		rec, err := propertiesOf(ctx, tx, r.Name, r.RunId)
		if err != nil {
			return "", err
		}
		old, err := tx.Properties(rec.Seq)
		if err != nil {
			return "", err
		}
		all := maps.Clone(orEmpty(old))
		maps.Copy(all, r.RunProperties)
		if err := checkMerged(all); err != nil {
			return "", err
		}
		return rec.ID, tx.SetProperties(rec.Seq, all)
	})
	if err != nil {
		return nil, err
	}
	return &glue.PutWorkflowRunPropertiesResponse{}, nil
}

// propertiesOf is the run whose properties a caller means by a run's id. A job run that
// was moved knows only the run that started it: while it lives it means by that id the
// run to which it belongs. Everyone else means the run itself, though it is over.
func propertiesOf(ctx context.Context, tx *store.Tx, workflow, id string) (*store.Run, error) {
	if caller := callFrom(ctx, "").JobRun; caller != "" {
		jr, err := tx.JobRun(caller)
		if err != nil {
			return nil, err
		}
		if jr != nil && jr.MovedTo != 0 && jr.State.Live() {
			if id, err = movedFrom(tx, jr, id); err != nil {
				return nil, err
			}
		}
	}
	return findRun(tx, workflow, id)
}

// movedFrom is the id of the run that a job run was moved to if the given one is that
// of the run that started it, else the given one.
func movedFrom(tx *store.Tx, jr *store.JobRun, id string) (string, error) {
	from, err := tx.RunBySeq(jr.Run)
	if err != nil || from == nil || from.ID != id {
		return id, err
	}
	to, err := tx.RunBySeq(jr.MovedTo)
	if err != nil || to == nil {
		return id, err
	}
	return to.ID, nil
}

// findRun reads a run of a workflow, or says that it is missing.
func findRun(tx *store.Tx, workflow, id string) (*store.Run, error) {
	rec, err := tx.Run(workflow, id)
	if err == nil && rec == nil {
		err = missing()
	}
	return rec, err
}

func (a *API) viewRun(tx *store.Tx, rec *store.Run, graph bool) (*runView, error) {
	properties, err := tx.Properties(rec.Seq)
	if err != nil {
		return nil, err
	}
	v := &runView{WorkflowRun: glue.WorkflowRun{
		Name: rec.Workflow, WorkflowRunId: rec.ID, PreviousRunId: rec.Previous,
		WorkflowRunProperties: orEmpty(properties),
		StartedOn:             rec.Started, CompletedOn: rec.Completed, Status: rec.Status,
		ErrorMessage: rec.Error, Statistics: &rec.Statistics, StartingEventBatchCondition: rec.Event,
	}}
	if graph {
		v.Graph, err = a.runGraph(tx, rec)
	}
	return v, err
}
