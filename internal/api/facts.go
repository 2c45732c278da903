package api

import (
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

// facts gathers what is known of the jobs of a run.
type facts struct {
	*runReader
	rec *store.Run
	set map[string]glue.RunOverride // what the resume sets, by job
	run *flow.Run
	g   *flow.Graph
	// moved is set when the graph is not the run's own, change is the change of
	// definitions after which the facts are gathered.
	moved  bool
	change int64
	safe   map[string]bool
	live   map[string]int
	// sources and seqs run beside the run's sources: what those tell, nil where a run
	// is not kept any more, and which they are.
	sources []*runFacts
	seqs    []int64
	files   map[string]plan.File // within this answer, by location
}

// gather gathers the facts of the run's jobs, as they would run with overrides.
func (f *facts) gather() ([]*plan.Job, error) {
	f.live, f.files = map[string]int{}, map[string]plan.File{}
	var err error
	if f.safe, err = safeJobs(f.tx); err != nil {
		return nil, err
	}
	live, err := f.tx.LiveJobRuns()
	if err != nil {
		return nil, err
	}
	for i := range live {
		f.live[live[i].Job]++
	}
	known, err := f.lasting()
	if err != nil {
		return nil, err
	}
	jobs, own := make([]*plan.Job, len(f.g.Nodes)), make([]plan.Job, len(known))
	for i := range known {
		own[i] = known[i].job
		jobs[known[i].node] = &own[i]
		if err := f.job(&own[i], &known[i]); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// safeJobs are the jobs that are marked as safe to repeat.
func safeJobs(tx *store.Tx) (map[string]bool, error) {
	names, err := tx.TaggedNames("job", map[string]string{plan.IdempotentTag: "true"}, "", maxSafeJobs)
	out := make(map[string]bool, len(names))
	for _, name := range names {
		out[name] = true
	}
	return out, err
}

const maxSafeJobs = 1 << 20
