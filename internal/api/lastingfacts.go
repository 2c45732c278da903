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

// lastingJob is what stays known of a node's job while no definition changes: all but
// its files, its outputs and its live runs.
type lastingJob struct {
	node int
	job  plan.Job
	def  *definedFacts // nil when the job is gone
	// plain is set when it is started, and no action that starts it sets arguments.
	plain bool
}

// lastingKey names what is known of the jobs of a run that is over, on its own graph,
// after a change of definitions; took names the runs that durations are taken from.
type lastingKey struct {
	run, change int64
	took        string
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

// lasting is what is known of the run's jobs as long as no definition changes.
func (f *facts) lasting() ([]lastingJob, error) {
	if err := f.attempts(); err != nil {
		return nil, err
	}
	from, err := f.sampled()
	if err != nil {
		return nil, err
	}
	key := lastingKey{f.rec.Seq, f.change, fmt.Sprint(slices.Sorted(maps.Keys(from)))}
	weigh := func(known []lastingJob) int { return len(known) + 1 }
	// In a folder that is open for reading another process changes definitions.
	lasts := !f.rec.Completed.IsZero() && !f.moved && !f.a.readOnly
	if known, ok := f.a.lasting.get(key, weigh); ok && lasts {
		return known, nil
	}
	defs, err := f.a.jobDefinitions(f.tx, f.change)
	if err != nil {
		return nil, err
	}
	took := medians(slices.Collect(maps.Values(from)))
	var known []lastingJob
	for n := range f.g.Nodes {
		if f.g.Nodes[n].Type != glue.NodeTypeJob {
			continue
		}
		job, err := f.lastingJob(n, defs, took)
		if err != nil {
			return nil, err
		}
		known = append(known, job)
	}
	if lasts {
		f.a.lasting.put(key, known, weigh(known))
	}
	return known, nil
}

func (f *facts) lastingJob(n int, defs map[string]int64, took map[string]median) (lastingJob, error) {
	node := &f.g.Nodes[n]
	m := took[node.Name]
	out := lastingJob{node: n, job: plan.Job{Duration: m.took, Samples: m.samples}}
	id, ok := defs[node.Name]
	if !ok {
		out.job.Gone = true
		return out, nil
	}
	def, err := f.defined(id)
	if err != nil {
		return out, err
	}
	out.def, out.plain = def, len(node.Actions) > 0
	out.job.Limit, out.job.Definition = def.limit, def.sum
	if source := f.sources[f.run.Nodes[n].Source]; source != nil && f.run.Nodes[n].Last != flow.Blank {
		out.job.Ran = source.used[node.Name].ran
	}
	for _, a := range node.Actions {
		out.plain = out.plain && len(f.action(a).Arguments) == 0
	}
	return out, nil
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
	if err := r.learn(seq, attempts); err != nil {
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

// learn reads what the attempts of a run used all at once, if most of it is new.
func (r *runReader) learn(seq int64, attempts []store.AttemptRecord) error {
	unknown := 0
	for i := range attempts {
		if _, ok := r.a.defined.get(attempts[i].Definition, one); !ok {
			unknown++
		}
	}
	if 2*unknown < len(attempts) {
		return nil
	}
	jobs, err := r.tx.UsedJobs(seq)
	for id, job := range jobs {
		r.a.defined.put(id, define(id, job), 1)
	}
	return err
}

// sampled are the runs that durations are taken from: the newest of the workflow, and
// those of what is carried, which may have run long before.
func (f *facts) sampled() (map[int64]*runFacts, error) {
	recs, err := f.tx.Runs(f.rec.Workflow, 0, medianOf)
	if err != nil {
		return nil, err
	}
	from := map[int64]*runFacts{}
	for i := range recs {
		if recs[i].Completed.IsZero() {
			continue
		}
		if from[recs[i].Seq], err = f.factsOf(recs[i].Seq, true); err != nil {
			return nil, err
		}
	}
	for i, source := range f.sources {
		if source != nil {
			from[f.seqs[i]] = source
		}
	}
	return from, nil
}

// medians are what successful attempts of each job took.
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
