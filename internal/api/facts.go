package api

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

// medianOf is how many of the newest runs of a workflow durations are taken from.
const medianOf = 5

// facts gathers what is known of the jobs of a run.
type facts struct {
	*runReader
	rec  *store.Run
	set  map[string]glue.RunOverride // what the resume sets, by job
	run  *flow.Run
	g    *flow.Graph
	jobs []*plan.Job
	defs map[string]int64
	safe map[string]bool
	live map[string]int
	took map[string]median
	// sources and seqs run beside the run's sources: what those tell, nil where a run
	// is not kept any more, and which they are.
	sources []*runFacts
	seqs    []int64
	files   map[string]plan.File // within this answer, by location
}

// runFacts is what a run that is over tells: nothing of it changes any more.
type runFacts struct {
	// used is what the latest attempt of each job used, took how long those took
	// that succeeded.
	used map[string]usedFacts
	took map[string]time.Duration
}

// usedFacts is what an attempt used; ran is nil when it is not known.
type usedFacts struct {
	start int
	ran   *plan.Ran
}

// median is what attempts of a job took.
type median struct {
	took    time.Duration
	samples int
}

// jobFacts gathers the facts of a run's jobs, as they would run with overrides.
func (a *API) jobFacts(
	tx *store.Tx, rec *store.Run, run *flow.Run, g *flow.Graph, set map[string]glue.RunOverride, change int64,
) ([]*plan.Job, error) {
	f := &facts{
		runReader: a.newRunReader(tx), rec: rec, set: set, run: run, g: g,
		jobs: make([]*plan.Job, len(g.Nodes)), live: map[string]int{}, files: map[string]plan.File{},
	}
	var err error
	if f.defs, err = a.jobDefinitions(tx, change); err != nil {
		return nil, err
	}
	if f.safe, err = safeJobs(tx); err != nil {
		return nil, err
	}
	live, err := tx.LiveJobRuns()
	if err != nil {
		return nil, err
	}
	for i := range live {
		f.live[live[i].Job]++
	}
	if err := f.attempts(); err != nil {
		return nil, err
	}
	if f.took, err = f.durations(); err != nil {
		return nil, err
	}
	for n := range g.Nodes {
		if g.Nodes[n].Type != glue.NodeTypeJob {
			continue
		}
		if f.jobs[n], err = f.job(n); err != nil {
			return nil, err
		}
	}
	return f.jobs, nil
}

// jobDefinitions are the definitions of all jobs after a change, by name.
func (a *API) jobDefinitions(tx *store.Tx, change int64) (map[string]int64, error) {
	if !a.readOnly { // else another process changes them
		if defs, ok := a.jobsAfter.get(change, one); ok {
			return defs, nil
		}
	}
	defs, err := tx.JobDefinitions()
	if err == nil {
		a.jobsAfter.put(change, defs, 1)
	}
	return defs, err
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

// attempts reads what the attempts of the run used, those that it carries
// included.
func (f *facts) attempts() error {
	carried, err := f.tx.RunSeqs(f.run.Sources[1:])
	if err != nil {
		return err
	}
	f.sources, f.seqs = make([]*runFacts, len(f.run.Sources)), make([]int64, len(f.run.Sources))
	for i, id := range f.run.Sources {
		seq, over := carried[id], true
		if i == 0 {
			seq, over = f.rec.Seq, !f.rec.Completed.IsZero()
		}
		if seq == 0 {
			continue
		}
		f.seqs[i] = seq
		if f.sources[i], err = f.factsOf(seq, over); err != nil {
			return err
		}
	}
	return nil
}

// factsOf reads what a run tells; of one that is over, only once.
func (r *runReader) factsOf(seq int64, over bool) (*runFacts, error) {
	if f, ok := r.a.runFacts.get(seq, func(f *runFacts) int { return len(f.used) + 1 }); ok {
		return f, nil
	}
	attempts, err := r.tx.Attempts(seq)
	if err != nil {
		return nil, err
	}
	f := &runFacts{used: make(map[string]usedFacts, len(attempts)), took: make(map[string]time.Duration, len(attempts))}
	for i := range attempts {
		at := &attempts[i]
		if at.State == flow.Succeeded {
			f.took[at.Job] = time.Duration(at.Ran) * time.Millisecond
		}
		if before, ok := f.used[at.Job]; ok && before.start > at.Start {
			continue
		}
		used := usedFacts{start: at.Start}
		if at.Definition != 0 {
			def, err := r.defined(at.Definition)
			if err != nil {
				return nil, err
			}
			used.ran = &plan.Ran{Definition: def.sum, Files: at.Files}
		}
		f.used[at.Job] = used
	}
	if over {
		r.a.runFacts.put(seq, f, len(f.used)+1)
	}
	return f, nil
}

// durations are what successful attempts of each job took in the newest runs.
func (f *facts) durations() (map[string]median, error) {
	recs, err := f.tx.Runs(f.rec.Workflow, 0, medianOf)
	if err != nil {
		return nil, err
	}
	seen := map[int64]bool{}
	var from []*runFacts
	for i := range recs {
		if recs[i].Completed.IsZero() {
			continue
		}
		rf, err := f.factsOf(recs[i].Seq, true)
		if err != nil {
			return nil, err
		}
		seen[recs[i].Seq] = true
		from = append(from, rf)
	}
	for i, rf := range f.sources { // what is carried may have run long before
		if rf != nil && !seen[f.seqs[i]] {
			seen[f.seqs[i]] = true
			from = append(from, rf)
		}
	}
	key := fmt.Sprint(slices.Sorted(maps.Keys(seen)))
	size := func(m map[string]median) int { return len(m) + 1 }
	if out, ok := f.a.medians.get(key, size); ok && !f.rec.Completed.IsZero() {
		return out, nil
	}
	out := medians(from)
	f.a.medians.put(key, out, size(out))
	return out, nil
}

func medians(from []*runFacts) map[string]median {
	all := map[string][]time.Duration{}
	for _, rf := range from {
		for job, d := range rf.took {
			all[job] = append(all[job], d)
		}
	}
	out := make(map[string]median, len(all))
	for job, d := range all {
		slices.Sort(d)
		out[job] = median{d[len(d)/2], len(d)}
	}
	return out
}
