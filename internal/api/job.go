package api

import (
	"context"
	"encoding/json"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func (a *API) createJob(ctx context.Context, r *glue.CreateJobRequest) (*glue.CreateJobResponse, error) {
	job := &glue.Job{
		Name: r.Name, JobMode: r.JobMode, JobRunQueuingEnabled: r.JobRunQueuingEnabled, Description: r.Description,
		LogUri: r.LogUri, Role: r.Role, ExecutionProperty: r.ExecutionProperty, Command: r.Command,
		DefaultArguments: r.DefaultArguments, NonOverridableArguments: r.NonOverridableArguments,
		Connections: r.Connections, MaxRetries: r.MaxRetries, AllocatedCapacity: r.AllocatedCapacity,
		Timeout: r.Timeout, MaxCapacity: r.MaxCapacity, SecurityConfiguration: r.SecurityConfiguration,
		NotificationProperty: r.NotificationProperty, GlueVersion: r.GlueVersion,
		NumberOfWorkers: r.NumberOfWorkers, WorkerType: r.WorkerType,
		CodeGenConfigurationNodes: r.CodeGenConfigurationNodes, ExecutionClass: r.ExecutionClass,
		SourceControlDetails: r.SourceControlDetails, MaintenanceWindow: r.MaintenanceWindow,
	}
	if err := checkJob(job); err != nil {
		return nil, err
	}
	if err := checkTags(r.Tags); err != nil {
		return nil, err
	}
	completeJob(job)
	err := a.change(ctx, func(tx *store.Tx, now glue.Time) error {
		if old, err := tx.Job(r.Name); err != nil || old != nil {
			return orTaken(err, "Job", r.Name, old != nil && sameJob(&old.Job, job))
		}
		if err := a.roomForJob(tx); err != nil {
			return err
		}
		job.CreatedOn, job.LastModifiedOn = now, now
		if _, err := tx.PutJob(job); err != nil {
			return err
		}
		return tx.PutTags(a.scope.ARN(kindJob, r.Name), r.Tags)
	})
	if err != nil {
		return nil, err
	}
	return &glue.CreateJobResponse{Name: r.Name}, nil
}

// orTaken is err, or that the name is taken: by the same definition or, as AWS
// tells it, by another one.
func orTaken(err error, kind, name string, same bool) error {
	if err != nil || same {
		return orExists(err, kind, name)
	}
	return glue.Errorf(glue.IdempotentMismatch, "%s with name '%s' already submitted with different configuration", kind, name)
}

// sameJob compares two definitions apart from their times.
func sameJob(a, b *glue.Job) bool {
	x, y := *a, *b
	x.CreatedOn, x.LastModifiedOn, y.CreatedOn, y.LastModifiedOn = 0, 0, 0, 0
	return sameJSON(x, y)
}

// sameJSON compares two values as they are sent, so that what was stored and
// read is the same as what was not.
func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// updateJob replaces the whole definition: what the request leaves out is reset.
func (a *API) updateJob(ctx context.Context, r *glue.UpdateJobRequest) (*glue.UpdateJobResponse, error) {
	u := r.JobUpdate
	job := &glue.Job{
		Name: r.JobName, JobMode: u.JobMode, JobRunQueuingEnabled: u.JobRunQueuingEnabled, Description: u.Description,
		LogUri: u.LogUri, Role: u.Role, ExecutionProperty: u.ExecutionProperty, Command: u.Command,
		DefaultArguments: u.DefaultArguments, NonOverridableArguments: u.NonOverridableArguments,
		Connections: u.Connections, MaxRetries: u.MaxRetries, AllocatedCapacity: u.AllocatedCapacity,
		Timeout: u.Timeout, MaxCapacity: u.MaxCapacity, SecurityConfiguration: u.SecurityConfiguration,
		NotificationProperty: u.NotificationProperty, GlueVersion: u.GlueVersion,
		NumberOfWorkers: u.NumberOfWorkers, WorkerType: u.WorkerType,
		CodeGenConfigurationNodes: u.CodeGenConfigurationNodes, ExecutionClass: u.ExecutionClass,
		SourceControlDetails: u.SourceControlDetails, MaintenanceWindow: u.MaintenanceWindow,
	}
	if err := checkJob(job); err != nil {
		return nil, err
	}
	completeJob(job)
	err := a.change(ctx, func(tx *store.Tx, now glue.Time) error {
		old, err := tx.Job(r.JobName)
		if err != nil {
			return err
		}
		if old == nil {
			return missingNamed("Job", r.JobName)
		}
		job.CreatedOn, job.LastModifiedOn = old.Job.CreatedOn, now
		_, err = tx.PutJob(job)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &glue.UpdateJobResponse{JobName: r.JobName}, nil
}

// deleteJob leaves the job's runs: live ones finish, and all stay readable.
func (a *API) deleteJob(ctx context.Context, r *glue.DeleteJobRequest) (*glue.DeleteJobResponse, error) {
	err := a.change(ctx, func(tx *store.Tx, _ glue.Time) error { return tx.DeleteJob(r.JobName) })
	if err != nil {
		return nil, err
	}
	return &glue.DeleteJobResponse{JobName: r.JobName}, nil
}

func (a *API) getJob(ctx context.Context, r *glue.GetJobRequest) (*glue.GetJobResponse, error) {
	out := &glue.GetJobResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) (err error) {
		out.Job, err = findJob(tx, r.JobName)
		return err
	})
	if err == nil && out.Job == nil {
		err = missingNamed("Job", r.JobName)
	}
	return out, err
}

// findJob reads a job, nil when there is none.
func findJob(tx *store.Tx, name string) (*glue.Job, error) {
	rec, err := tx.Job(name)
	if err != nil || rec == nil {
		return nil, err
	}
	return &rec.Job, nil
}

type batchGetJobsResponse struct {
	Jobs         []*glue.Job
	JobsNotFound []string
}

func (a *API) batchGetJobs(ctx context.Context, r *glue.BatchGetJobsRequest) (*batchGetJobsResponse, error) {
	out := &batchGetJobsResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) (err error) {
		out.Jobs, out.JobsNotFound, err = each(r.JobNames, func(name string) (*glue.Job, error) { return findJob(tx, name) })
		return err
	})
	return out, err
}

func (a *API) getJobs(ctx context.Context, r *glue.GetJobsRequest) (*glue.GetJobsResponse, error) {
	p, err := newPage("GetJobs", r.NextToken, r.MaxResults, defaultPage)
	if err != nil {
		return nil, err
	}
	out := &glue.GetJobsResponse{}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		recs, err := tx.Jobs(p.after, p.more())
		if err != nil {
			return err
		}
		recs, out.NextToken = cut(&p, recs, func(j *store.JobRecord) string { return j.Job.Name })
		out.Jobs = make([]glue.Job, len(recs))
		for i := range recs {
			out.Jobs[i] = recs[i].Job
		}
		return nil
	})
	return out, err
}

func (a *API) listJobs(ctx context.Context, r *glue.ListJobsRequest) (*glue.ListJobsResponse, error) {
	p, err := newPage("ListJobs", r.NextToken, r.MaxResults, defaultPage, r.Tags)
	if err != nil {
		return nil, err
	}
	out := &glue.ListJobsResponse{}
	err = a.db.View(ctx, func(tx *store.Tx) (err error) {
		var names []string
		if len(r.Tags) > 0 {
			names, err = tx.TaggedNames(kindJob, r.Tags, p.after, p.more())
		} else {
			names, err = tx.JobNames(p.after, p.more())
		}
		out.JobNames, out.NextToken = cut(&p, names, ownName)
		return err
	})
	return out, err
}
