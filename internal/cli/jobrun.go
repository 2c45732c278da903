package cli

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/glue"
)

const (
	shortJobID = len(jobRunPrefix) + 8
	// jobRunsLooked bounds the newest runs of a job that a beginning of an id is looked
	// for in.
	jobRunsLooked = 500
)

// shortJobRun is a job run's id as tables show it; a retry keeps its number.
func shortJobRun(id string) string {
	first := glue.FirstAttemptID(id)
	if !strings.HasPrefix(first, jobRunPrefix) || len(first) <= shortJobID {
		return id
	}
	return first[:shortJobID] + strings.TrimPrefix(id, first)
}

// jobRuns yields the newest runs of a job.
func jobRuns(ctx context.Context, c Caller, job string) iter.Seq2[*glue.JobRun, error] {
	return func(yield func(*glue.JobRun, error) bool) {
		token, seen, page := "", 0, int32(100)
		for {
			out, err := call[glue.GetJobRunsResponse](ctx, c, "GetJobRuns",
				&glue.GetJobRunsRequest{JobName: job, NextToken: token, MaxResults: &page})
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range out.JobRuns {
				if seen++; !yield(&out.JobRuns[i], nil) || seen == jobRunsLooked {
					return
				}
			}
			if token = out.NextToken; token == "" {
				return
			}
		}
	}
}

// findJobRun returns the id of a job's run by its id or a beginning of it, as tables
// show it.
func findJobRun(ctx context.Context, c Caller, job, id string) (string, error) {
	var found []string
	for run, err := range jobRuns(ctx, c, job) {
		if err != nil {
			return "", err
		}
		if run.Id == id || shortJobRun(run.Id) == id {
			return run.Id, nil
		}
		if strings.HasPrefix(run.Id, id) {
			found = append(found, run.Id)
		}
	}
	switch len(found) {
	case 0: // one past retention may still have left its bookmark
		if len(id) > shortJobID {
			return id, nil
		}
		return "", fmt.Errorf("job %s has no run %q among its newest %d; give its whole id", job, id, jobRunsLooked)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%d runs of job %s begin with %q: give more of the id", len(found), job, id)
}

// jobNames are the names of all jobs.
func jobNames(ctx context.Context, c Caller) ([]string, error) {
	var names []string
	token := ""
	for {
		out, err := call[glue.ListJobsResponse](ctx, c, "ListJobs", &glue.ListJobsRequest{NextToken: token})
		if err != nil {
			return nil, err
		}
		names = append(names, out.JobNames...)
		if token = out.NextToken; token == "" {
			return names, nil
		}
	}
}

func completeJob(ctx context.Context, t *target, _ []string) []cobra.Completion {
	names, err := jobNames(ctx, t)
	if err != nil {
		return nil
	}
	return names
}

func completeJobRun(ctx context.Context, t *target, before []string) []cobra.Completion {
	if len(before) == 0 {
		return nil
	}
	var out []cobra.Completion
	for run, err := range jobRuns(ctx, t, before[0]) {
		if err != nil || len(out) == completionRuns {
			return out
		}
		out = append(out, cobra.CompletionWithDesc(shortJobRun(run.Id), ago(run.StartedOn, time.Now())+", "+strings.ToLower(string(run.JobRunState))))
	}
	return out
}
