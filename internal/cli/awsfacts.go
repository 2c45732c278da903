package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// observedFacts gathers what AWS's own operations tell of the jobs of a run: their
// definitions, how long they took, what is live, and with the profile's access to
// S3 the stamps of their scripts. What an attempt used is inferred from times: a
// definition or an object that is older than the attempt is what it used.
type observedFacts struct {
	objects *objectStamps
	// attempts are the latest job runs of the run's nodes, by name.
	attempts map[string]*glue.JobRun
}

// batchOfJobs is how many names BatchGetJobs takes.
const batchOfJobs = 25

func gatherFacts(ctx context.Context, t *target, objects *objectStamps, run *glue.WorkflowRun, g *flow.Graph) ([]*plan.Job, error) {
	f := &observedFacts{objects: objects, attempts: map[string]*glue.JobRun{}}
	for i := range run.Graph.Nodes {
		n := &run.Graph.Nodes[i]
		if n.JobDetails != nil && len(n.JobDetails.JobRuns) > 0 {
			f.attempts[n.Name] = latestAttempt(n.JobDetails.JobRuns)
		}
	}
	jobs := observedJobs(run, g)
	known, names := map[string]*plan.Job{}, []string(nil)
	for n, job := range jobs {
		if job != nil {
			job.Gone = true // unless it is found
			known[g.Nodes[n].Name], names = job, append(names, g.Nodes[n].Name)
		}
	}
	for batch := range slices.Chunk(names, batchOfJobs) {
		out, err := call[glue.BatchGetJobsResponse](ctx, t, "BatchGetJobs", &glue.BatchGetJobsRequest{JobNames: batch})
		if err != nil {
			return nil, err
		}
		for i := range out.Jobs {
			if job := known[out.Jobs[i].Name]; job != nil {
				f.job(ctx, job, &out.Jobs[i])
			}
		}
	}
	return jobs, nil
}

// observedJobs are the jobs of a run with what the run itself tells of them: how long
// they took.
func observedJobs(run *glue.WorkflowRun, g *flow.Graph) []*plan.Job {
	took := map[string]time.Duration{}
	for i := range run.Graph.Nodes {
		n := &run.Graph.Nodes[i]
		if n.JobDetails == nil {
			continue
		}
		for k := range n.JobDetails.JobRuns {
			if jr := &n.JobDetails.JobRuns[k]; jr.JobRunState == glue.JobRunStateSucceeded {
				took[n.Name] = time.Duration(jr.ExecutionTime) * time.Second
				break
			}
		}
	}
	jobs := make([]*plan.Job, len(g.Nodes))
	for n := range g.Nodes {
		if g.Nodes[n].Type != glue.NodeTypeJob {
			continue
		}
		jobs[n] = &plan.Job{Limit: 1}
		if d, ok := took[g.Nodes[n].Name]; ok {
			jobs[n].Duration, jobs[n].Samples = d, 1
		}
	}
	return jobs
}

// job adds what the definition of a job tells.
func (f *observedFacts) job(ctx context.Context, job *plan.Job, def *glue.Job) {
	attempt := f.attempts[def.Name]
	job.Gone, job.Limit, job.Definition = false, def.ConcurrentRuns(), def.Sum()
	if attempt != nil {
		job.Ran = &plan.Ran{Definition: job.Definition, Files: map[string]string{}}
		if def.LastModifiedOn > attempt.StartedOn {
			job.Ran.Definition = "before " + def.LastModifiedOn.String()
		}
	}
	if f.objects == nil {
		return
	}
	args := def.RunArguments(glue.Override{})
	for _, location := range def.Files(args) {
		if !strings.HasPrefix(location, "s3://") || job.HasFile(location) {
			continue
		}
		stamp, modified, err := f.objects.stamp(ctx, location)
		if err != nil {
			job.Problems = append(job.Problems, fmt.Sprintf("%s can't be looked at: %v", location, err))
			continue
		}
		job.Files = append(job.Files, plan.File{Location: location, Sum: stamp})
		if job.Ran != nil {
			job.Ran.Files[location] = stamp
			if modified.After(attempt.StartedOn.Time()) {
				job.Ran.Files[location] = "before"
			}
		}
	}
	for output := range strings.SplitSeq(args[plan.OutputArgument], ",") {
		if output = strings.TrimSpace(output); output == "" {
			continue
		}
		job.Outputs = append(job.Outputs, output)
		if !strings.HasPrefix(output, "s3://") {
			continue
		}
		exists, err := f.objects.exists(ctx, output)
		switch {
		case err != nil:
			job.Problems = append(job.Problems, fmt.Sprintf("%s can't be looked at: %v", output, err))
		case !exists:
			job.Missing = append(job.Missing, output)
		}
	}
}

// objectStamps looks at objects in the S3 of a profile.
type objectStamps struct {
	client *s3.Client
	seen   map[string]objectStamp
}

type objectStamp struct {
	stamp    string
	modified time.Time
	err      error
}

// newObjectStamps uses the profile's credentials and endpoints.
func newObjectStamps(ctx context.Context, profile, region string) (*objectStamps, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(profile), config.WithRegion(region))
	if err != nil {
		return nil, fmt.Errorf("AWS profile %s: %w", profile, err)
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		// An endpoint of one's own seldom has a name for each bucket.
		o.UsePathStyle = cfg.BaseEndpoint != nil || o.BaseEndpoint != nil
	})
	return &objectStamps{client: client, seen: map[string]objectStamp{}}, nil
}

// stamp stands for the content of an object: its ETag, else its size and time.
func (o *objectStamps) stamp(ctx context.Context, location string) (string, time.Time, error) {
	if s, ok := o.seen[location]; ok {
		return s.stamp, s.modified, s.err
	}
	bucket, key := splitLocation(location)
	var s objectStamp
	out, err := o.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		s.err = shortError(err)
	} else {
		s.modified = aws.ToTime(out.LastModified)
		s.stamp = cmp.Or(aws.ToString(out.ETag), fmt.Sprintf("%d %s", aws.ToInt64(out.ContentLength), s.modified))
	}
	o.seen[location] = s
	return s.stamp, s.modified, s.err
}

// exists reports whether there is any object at, or below, a location.
func (o *objectStamps) exists(ctx context.Context, location string) (bool, error) {
	bucket, key := splitLocation(location)
	out, err := o.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &key, MaxKeys: aws.Int32(1)})
	if err != nil {
		return false, shortError(err)
	}
	return len(out.Contents) > 0, nil
}

func splitLocation(location string) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(location, "s3://"), "/")
	return bucket, key
}

// shortError is what the service said, without the operation around it.
func shortError(err error) error {
	var said smithy.APIError
	if errors.As(err, &said) {
		return errors.New(cmp.Or(said.ErrorMessage(), said.ErrorCode()))
	}
	return err
}
