package api

import (
	"context"
	"encoding/json"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// workflowView is a workflow as it is sent; its graphs are JSON already.
type workflowView struct {
	glue.Workflow
	LastRun *runView        `json:"LastRun,omitempty"`
	Graph   json.RawMessage `json:"Graph,omitempty"`
}

type (
	getWorkflowResponse struct {
		Workflow *workflowView
	}
	batchGetWorkflowsResponse struct {
		Workflows        []*workflowView
		MissingWorkflows []string
	}
)

func (a *API) createWorkflow(ctx context.Context, r *glue.CreateWorkflowRequest) (*glue.CreateWorkflowResponse, error) {
	if err := checkMaxRuns(r.MaxConcurrentRuns); err != nil {
		return nil, err
	}
	if err := checkProperties("DefaultRunProperties", r.DefaultRunProperties); err != nil {
		return nil, err
	}
	if err := checkTags(r.Tags); err != nil {
		return nil, err
	}
	err := a.change(ctx, func(tx *store.Tx, now glue.Time) error {
		if old, err := tx.Workflow(r.Name); err != nil || old != nil {
			return orExists(err, "Workflow", r.Name)
		}
		if err := a.roomForWorkflow(tx); err != nil {
			return err
		}
		err := tx.PutWorkflow(&store.WorkflowRecord{
			Name: r.Name, Description: r.Description, Properties: r.DefaultRunProperties,
			MaxConcurrentRuns: r.MaxConcurrentRuns, Created: now, Modified: now,
		})
		if err != nil {
			return err
		}
		return tx.PutTags(a.scope.ARN(kindWorkflow, r.Name), r.Tags)
	})
	if err != nil {
		return nil, err
	}
	return &glue.CreateWorkflowResponse{Name: r.Name}, nil
}

// orExists is err, or that the name is taken.
func orExists(err error, kind, name string) error {
	if err != nil {
		return err
	}
	return glue.Errorf(glue.AlreadyExists, "%s with name %s already exists", kind, name)
}

// updateWorkflow keeps what the request leaves out.
func (a *API) updateWorkflow(ctx context.Context, r *glue.UpdateWorkflowRequest) (*glue.UpdateWorkflowResponse, error) {
	if err := checkMaxRuns(r.MaxConcurrentRuns); err != nil {
		return nil, err
	}
	if err := checkProperties("DefaultRunProperties", r.DefaultRunProperties); err != nil {
		return nil, err
	}
	err := a.change(ctx, func(tx *store.Tx, now glue.Time) error {
		w, err := tx.Workflow(r.Name)
		if err != nil {
			return err
		}
		if w == nil {
			return missing()
		}
		if r.Description != nil {
			w.Description = *r.Description
		}
		if r.DefaultRunProperties != nil {
			w.Properties = r.DefaultRunProperties
		}
		if r.MaxConcurrentRuns != nil {
			w.MaxConcurrentRuns = r.MaxConcurrentRuns
		}
		w.Modified = now
		return tx.PutWorkflow(w)
	})
	if err != nil {
		return nil, err
	}
	return &glue.UpdateWorkflowResponse{Name: r.Name}, nil
}

func (a *API) deleteWorkflow(ctx context.Context, r *glue.DeleteWorkflowRequest) (*glue.DeleteWorkflowResponse, error) {
	if a.readOnly {
		return nil, errReadOnly
	}
	if err := a.engine.DeleteWorkflow(ctx, r.Name); err != nil {
		return nil, err
	}
	return &glue.DeleteWorkflowResponse{Name: r.Name}, nil
}

func (a *API) getWorkflow(ctx context.Context, r *glue.GetWorkflowRequest) (*getWorkflowResponse, error) {
	var w *workflowView
	err := a.db.View(ctx, func(tx *store.Tx) (err error) {
		w, err = a.viewWorkflow(tx, r.Name, isTrue(r.IncludeGraph))
		return err
	})
	if err == nil && w == nil {
		err = missing()
	}
	if err != nil {
		return nil, err
	}
	return &getWorkflowResponse{Workflow: w}, nil
}

func (a *API) batchGetWorkflows(ctx context.Context, r *glue.BatchGetWorkflowsRequest) (*batchGetWorkflowsResponse, error) {
	out := &batchGetWorkflowsResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) (err error) {
		out.Workflows, out.MissingWorkflows, err = each(r.Names, func(name string) (*workflowView, error) {
			return a.viewWorkflow(tx, name, isTrue(r.IncludeGraph))
		})
		return err
	})
	return out, err
}

func (a *API) listWorkflows(ctx context.Context, r *glue.ListWorkflowsRequest) (*glue.ListWorkflowsResponse, error) {
	p, err := newPage("ListWorkflows", r.NextToken, r.MaxResults, 25)
	if err != nil {
		return nil, err
	}
	out := &glue.ListWorkflowsResponse{}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		names, err := tx.WorkflowNames(p.after, p.more())
		out.Workflows, out.NextToken = cut(&p, names, ownName)
		return err
	})
	return out, err
}

// viewWorkflow reads a workflow, nil when there is none.
func (a *API) viewWorkflow(tx *store.Tx, name string, graph bool) (*workflowView, error) {
	rec, err := tx.Workflow(name)
	if err != nil || rec == nil {
		return nil, err
	}
	w := &workflowView{Workflow: glue.Workflow{
		Name: rec.Name, Description: rec.Description, DefaultRunProperties: orEmpty(rec.Properties),
		CreatedOn: rec.Created, LastModifiedOn: rec.Modified, MaxConcurrentRuns: rec.MaxConcurrentRuns,
	}}
	last, err := tx.LastRun(name)
	if err != nil {
		return nil, err
	}
	if last != nil {
		if w.LastRun, err = a.viewRun(tx, last, graph); err != nil {
			return nil, err
		}
	}
	if graph {
		w.Graph, err = a.designGraph(tx, rec)
	}
	return w, err
}

// each reads what is asked for by name, once each and in the order of the
// request, and the names of what is not there.
func each[T any](names []string, read func(name string) (*T, error)) (found []*T, absent []string, err error) {
	found, absent = []*T{}, []string{}
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		v, err := read(name)
		switch {
		case err != nil:
			return nil, nil, err
		case v == nil:
			absent = append(absent, name)
		default:
			found = append(found, v)
		}
	}
	return found, absent, nil
}

// orEmpty is a map that is sent also when it is empty.
func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func isTrue(b *bool) bool { return b != nil && *b }
