package cli

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

const (
	// sampleRuns is how many of the newest runs are read for how long attempts
	// take; fewer of a large workflow, so that sampleNodes bounds what is read.
	sampleRuns  = 10
	sampleNodes = 10_000
	// sampleSize is of how many attempts the median is taken.
	sampleSize = 5
	// jobsAsked is how many jobs are asked for at once.
	jobsAsked = 100
)

// loadStage reads the workflow as it is now, or a run of it, with its jobs and how
// long its nodes took.
func loadStage(ctx context.Context, t *target, workflow, run string, resume bool) (*stage, error) {
	var s *stage
	var err error
	if run != "" || resume {
		s, err = runStage(ctx, t, workflow, run)
	} else {
		s, err = designStage(ctx, t, workflow)
	}
	if err != nil {
		return nil, err
	}
	if err := s.readJobs(ctx, t); err != nil {
		return nil, err
	}
	return s, s.readSamples(ctx, t)
}

func runStage(ctx context.Context, t *target, workflow, run string) (*stage, error) {
	r, err := loadRun(ctx, t, workflow, run)
	if err != nil {
		return nil, err
	}
	s := newStage(workflow, nil, nil)
	g, prior, _, err := observe(ctx, t, r)
	if err != nil {
		return nil, err
	}
	s.run, s.prior = r, prior
	s.use(g)
	return s, nil
}

func designStage(ctx context.Context, t *target, workflow string) (*stage, error) {
	out, err := call[glue.GetWorkflowResponse](ctx, t, "GetWorkflow", &glue.GetWorkflowRequest{Name: workflow, IncludeGraph: yes()})
	if isKind(err, glue.EntityNotFound) {
		return nil, noWorkflow(ctx, t, workflow)
	}
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	var triggers []glue.Trigger
	if out.Workflow != nil && out.Workflow.Graph != nil {
		for i := range out.Workflow.Graph.Nodes {
			n := &out.Workflow.Graph.Nodes[i]
			ids[string(n.Type)+"/"+n.Name] = n.UniqueId
			if n.TriggerDetails != nil && n.TriggerDetails.Trigger != nil {
				triggers = append(triggers, *n.TriggerDetails.Trigger)
			}
		}
	}
	return newStage(workflow, triggers, func(kind glue.NodeType, name string) string {
		key := string(kind) + "/" + name
		return cmp.Or(ids[key], key)
	}), nil
}

// readJobs reads the definitions of the jobs, for their retries and timeouts.
func (s *stage) readJobs(ctx context.Context, t *target) error {
	var gone []string
	for names := range slices.Chunk(s.jobNames(), jobsAsked) {
		out, err := call[glue.BatchGetJobsResponse](ctx, t, "BatchGetJobs", &glue.BatchGetJobsRequest{JobNames: names})
		if err != nil {
			return err
		}
		for i := range out.Jobs {
			s.jobs[out.Jobs[i].Name] = &out.Jobs[i]
		}
		gone = append(gone, out.JobsNotFound...)
	}
	for _, name := range gone {
		s.gone[name] = true
	}
	if len(gone) > 0 {
		s.notes = append(s.notes, "no such job, so a run ends it in ERROR at once: "+plan.Some(gone, ", "))
	}
	return nil
}

// readSamples reads how long the nodes took in the newest runs.
func (s *stage) readSamples(ctx context.Context, t *target) error {
	most := int32(max(1, min(sampleRuns, sampleNodes/max(1, len(s.g.Nodes)))))
	out, err := call[glue.GetWorkflowRunsResponse](ctx, t, "GetWorkflowRuns",
		&glue.GetWorkflowRunsRequest{Name: s.workflow, IncludeGraph: yes(), MaxResults: &most})
	if err != nil {
		return err
	}
	runs := make([]*glue.WorkflowRun, 0, len(out.Runs)+1)
	for i := range out.Runs {
		runs = append(runs, &out.Runs[i])
	}
	if s.run != nil {
		runs = append(runs, s.run)
	}
	s.samples = samplesOf(runs)
	return nil
}

// samples are the attempts of each node that ended, newest first.
type samples map[sampleKey][]sample

type sampleKey struct {
	kind glue.NodeType
	name string
}

type sample struct {
	id    string // a crawl has none
	began glue.Time
	took  time.Duration
	end   flow.State
}

func samplesOf(runs []*glue.WorkflowRun) samples {
	out := samples{}
	for _, r := range runs {
		if r.Graph == nil {
			continue
		}
		for i := range r.Graph.Nodes {
			n := &r.Graph.Nodes[i]
			key := sampleKey{n.Type, n.Name}
			if n.JobDetails != nil {
				for _, j := range n.JobDetails.JobRuns {
					out.add(key, sample{id: j.Id, began: j.StartedOn, end: flow.JobState(j.JobRunState)}, j.CompletedOn)
				}
			}
			if n.CrawlerDetails != nil {
				for _, c := range n.CrawlerDetails.Crawls {
					out.add(key, sample{began: c.StartedOn, end: flow.CrawlState(c.State)}, c.CompletedOn)
				}
			}
		}
	}
	for key, list := range out {
		slices.SortFunc(list, func(a, b sample) int {
			return cmp.Or(cmp.Compare(b.began, a.began), cmp.Compare(a.id, b.id), cmp.Compare(a.took, b.took))
		})
		out[key] = slices.Compact(list) // resumed runs carry the attempts of others
	}
	return out
}

func (s samples) add(key sampleKey, a sample, ended glue.Time) {
	if a.end.Terminal() && !a.began.IsZero() && ended >= a.began {
		a.took = ended.Time().Sub(a.began.Time())
		s[key] = append(s[key], a)
	}
}

// median is that of the latest attempts that ended so; false if there are none.
func (s samples) median(key sampleKey, is func(flow.State) bool) (time.Duration, bool) {
	var took []time.Duration
	for _, a := range s[key] {
		if is(a.end) && len(took) < sampleSize {
			took = append(took, a.took)
		}
	}
	if len(took) == 0 {
		return 0, false
	}
	slices.Sort(took)
	return (took[(len(took)-1)/2] + took[len(took)/2]) / 2, true
}
