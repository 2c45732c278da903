package api

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func (a *API) startJobRun(ctx context.Context, r *glue.StartJobRunRequest) (*glue.StartJobRunResponse, error) {
	if a.readOnly {
		return nil, errReadOnly
	}
	if err := checkTimeout(r.Timeout); err != nil {
		return nil, err
	}
	if err := checkArguments(r.Arguments); err != nil {
		return nil, err
	}
	if err := a.checkOverrides(ctx, r); err != nil {
		return nil, err
	}
	id, err := a.engine.StartJobRun(ctx, callFrom(ctx, "StartJobRun"), r)
	if err != nil {
		return nil, err
	}
	return &glue.StartJobRunResponse{JobRunId: id}, nil
}

// checkOverrides holds what the request sets instead of the job against the
// rules for the job's kind.
func (a *API) checkOverrides(ctx context.Context, r *glue.StartJobRunRequest) error {
	capacity := r.AllocatedCapacity != nil || r.MaxCapacity != nil || r.NumberOfWorkers != nil || r.WorkerType != ""
	if !capacity && r.ExecutionClass == "" && r.Timeout == nil {
		return nil
	}
	return a.db.View(ctx, func(tx *store.Tx) error {
		rec, err := tx.Job(r.JobName)
		if err != nil || rec == nil {
			return err // the engine says that it is missing
		}
		job := rec.Job.Overridden(r)
		job.Timeout = r.Timeout
		if err := firstOf(job, checkRay, checkClass); err != nil || !capacity {
			return err
		}
		return checkCapacity(job)
	})
}

func (a *API) batchStopJobRun(ctx context.Context, r *glue.BatchStopJobRunRequest) (*glue.BatchStopJobRunResponse, error) {
	if a.readOnly {
		return nil, errReadOnly
	}
	ids := make([]string, 0, len(r.JobRunIds))
	for _, id := range r.JobRunIds {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	reasons, err := a.engine.StopJobRuns(ctx, r.JobName, ids)
	if err != nil {
		return nil, err
	}
	out := &glue.BatchStopJobRunResponse{
		SuccessfulSubmissions: []glue.BatchStopJobRunSuccessfulSubmission{},
		Errors:                []glue.BatchStopJobRunError{},
	}
	for i, id := range ids {
		if reasons[i] == nil {
			out.SuccessfulSubmissions = append(out.SuccessfulSubmissions,
				glue.BatchStopJobRunSuccessfulSubmission{JobName: r.JobName, JobRunId: id})
			continue
		}
		out.Errors = append(out.Errors, glue.BatchStopJobRunError{JobName: r.JobName, JobRunId: id, ErrorDetail: reasons[i]})
	}
	return out, nil
}

func (a *API) getJobRun(ctx context.Context, r *glue.GetJobRunRequest) (*glue.GetJobRunResponse, error) {
	out := &glue.GetJobRunResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		rec, err := tx.JobRun(r.RunId)
		if err != nil {
			return err
		}
		if rec == nil || rec.Job != r.JobName {
			return glue.Errorf(glue.EntityNotFound, "Job run with id: %s not found for job: %s.", r.RunId, r.JobName)
		}
		v, err := a.newRunReader(tx).jobRun(rec, nil)
		if isTrue(r.PredecessorsIncluded) && rec.Predecessors != nil {
			v.PredecessorRuns = rec.Predecessors
		}
		out.JobRun = &v
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (a *API) getJobRuns(ctx context.Context, r *glue.GetJobRunsRequest) (*glue.GetJobRunsResponse, error) {
	p, err := newPage("GetJobRuns", r.NextToken, r.MaxResults, defaultPage, r.JobName)
	if err != nil {
		return nil, err
	}
	before, err := p.seq()
	if err != nil {
		return nil, err
	}
	out := &glue.GetJobRunsResponse{}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		recs, err := tx.JobRuns(r.JobName, before, p.more())
		if err != nil {
			return err
		}
		if len(recs) == 0 {
			// Runs of a deleted job stay readable; a job without any must exist.
			if job, err := tx.Job(r.JobName); err != nil || job == nil {
				return cmp.Or(err, missingNamed("Job", r.JobName))
			}
		}
		recs, out.NextToken = cut(&p, recs, func(j *store.JobRun) string { return strconv.FormatInt(j.Seq, 10) })
		out.JobRuns = make([]glue.JobRun, len(recs))
		reader := a.newRunReader(tx)
		for i := range recs {
			if out.JobRuns[i], err = reader.jobRun(&recs[i], nil); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// runReader makes job runs as they are sent, in one view of the store.
type runReader struct {
	a    *API
	tx   *store.Tx
	runs map[int64]*store.Run // workflow runs by sequence
}

func (a *API) newRunReader(tx *store.Tx) *runReader {
	return &runReader{a: a, tx: tx, runs: map[int64]*store.Run{}}
}

// jobRun makes a job run of its row. It is the job as it was when the attempt
// started, with what the trigger's action or the request set instead. The graph
// is that of the job run's workflow run, if the caller has it.
func (r *runReader) jobRun(rec *store.JobRun, g *flow.Graph) (glue.JobRun, error) {
	v := glue.JobRun{
		Id: rec.ID, Attempt: int32(rec.Retry), PreviousRunId: rec.Previous, TriggerName: rec.Trigger, JobName: rec.Job,
		StartedOn: rec.Started, LastModifiedOn: rec.Modified, CompletedOn: rec.Completed,
		JobRunState: rec.State.Job(), ErrorMessage: rec.Message, StateDetail: rec.Detail,
		PredecessorRuns: []glue.Predecessor{}, ExecutionTime: int32(rec.Ran / 1000),
	}
	request, err := r.request(rec, g)
	if err != nil {
		return v, err
	}
	v.Arguments = request.Arguments
	v.ExecutionRoleSessionPolicy = request.ExecutionRoleSessionPolicy
	job := &glue.Job{} // it was gone
	if rec.Definition != 0 {
		if job, err = r.definition(rec.Definition); err != nil {
			return v, err
		}
	}
	describe(&v, job, request)
	return v, nil
}

// describe sets what a job run takes from its job.
func describe(v *glue.JobRun, job *glue.Job, r *glue.StartJobRunRequest) {
	run := job.Overridden(r)
	run.CompleteCapacity()
	v.AllocatedCapacity, v.MaxCapacity = run.AllocatedCapacity, run.MaxCapacity
	v.WorkerType, v.NumberOfWorkers = run.WorkerType, run.NumberOfWorkers
	v.ExecutionClass = cmp.Or(run.ExecutionClass, glue.ExecutionClassStandard)
	v.JobMode = cmp.Or(job.JobMode, glue.JobModeScript)
	v.JobRunQueuingEnabled = cmp.Or(r.JobRunQueuingEnabled, job.JobRunQueuingEnabled, new(bool))
	v.NotificationProperty = cmp.Or(r.NotificationProperty, job.NotificationProperty)
	v.SecurityConfiguration = cmp.Or(r.SecurityConfiguration, job.SecurityConfiguration)
	v.GlueVersion, v.MaintenanceWindow = job.GlueVersion, job.MaintenanceWindow
	v.LogGroupName = logGroup(job, v.SecurityConfiguration)
	if job.CommandName() != glue.CommandRay {
		if minutes := job.RunTimeout(r.Override()); minutes > 0 {
			v.Timeout = &minutes
		}
	}
}

// logGroup names the group that AWS would write the job run's log to.
func logGroup(job *glue.Job, security string) string {
	switch {
	case security != "":
		role := job.Role[strings.LastIndexByte(job.Role, '/')+1:]
		return "/aws-glue/jobs-" + role + "-" + security + "/"
	case job.CommandName() == glue.CommandShell:
		return "/aws-glue/python-jobs"
	}
	return "/aws-glue/jobs"
}

// request is what started the job run: the call, or the action of the trigger in
// the snapshot of its workflow run.
func (r *runReader) request(rec *store.JobRun, g *flow.Graph) (*glue.StartJobRunRequest, error) {
	if rec.Request != nil {
		return rec.Request, nil
	}
	if rec.Run == 0 {
		return &glue.StartJobRunRequest{}, nil
	}
	run, err := r.run(rec.Run)
	if err != nil || run == nil {
		return &glue.StartJobRunRequest{}, err
	}
	if g == nil {
		if g, err = r.a.engine.Graph(r.tx, run.Definition); err != nil {
			return nil, err
		}
	}
	a := &g.Actions[rec.Action]
	action := &g.Triggers[a.Trigger].Def.Actions[a.Index]
	o := run.Override(rec.Job).Apply(action.Override())
	return &glue.StartJobRunRequest{
		Arguments: o.Arguments, Timeout: o.Timeout,
		SecurityConfiguration: action.SecurityConfiguration, NotificationProperty: action.NotificationProperty,
	}, nil
}

// run is a workflow run, also one whose workflow is gone; nil when the run's row is
// gone too.
func (r *runReader) run(seq int64) (*store.Run, error) {
	if rec, ok := r.runs[seq]; ok {
		return rec, nil
	}
	rec, err := r.tx.RunBySeq(seq)
	if err == nil {
		r.runs[seq] = rec
	}
	return rec, err
}

// definition is a job as it was.
func (r *runReader) definition(id int64) (*glue.Job, error) {
	if job, ok := r.a.definitions.get(id, one); ok {
		return job, nil
	}
	job, err := r.tx.JobDefinition(id)
	if err != nil {
		return nil, err
	}
	if job == nil {
		return &glue.Job{}, nil
	}
	r.a.definitions.put(id, job, 1)
	return job, nil
}
