package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
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
	rec   *store.Run
	set   map[string]glue.RunOverride // what the resume sets, by job
	run   *flow.Run
	g     *flow.Graph
	jobs  map[string]*plan.Job
	defs  map[string]int64
	safe  map[string]bool
	runs  map[string]*runFacts // by run id, of this one and those that it carries from
	seqs  map[string]int64     // of the same
	live  map[string]int
	files map[string]string // hashes by location, within this answer
}

// runFacts is what a run that is over tells: nothing of it changes any more.
type runFacts struct {
	// used is what the latest attempt of each job used, took how long those took
	// that succeeded.
	used map[string]*plan.Ran
	took map[string]time.Duration
}

// jobFacts gathers the facts of a run's jobs, as they would run with overrides.
func (a *API) jobFacts(
	tx *store.Tx, rec *store.Run, run *flow.Run, g *flow.Graph, set map[string]glue.RunOverride,
) (map[string]*plan.Job, error) {
	f := &facts{
		runReader: a.newRunReader(tx), rec: rec, set: set, run: run, g: g,
		jobs: map[string]*plan.Job{}, live: map[string]int{}, files: map[string]string{}, runs: map[string]*runFacts{},
	}
	var err error
	if f.defs, err = tx.JobDefinitions(); err != nil {
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
	took, err := f.durations()
	if err != nil {
		return nil, err
	}
	for n := range g.Nodes {
		if g.Nodes[n].Type != glue.NodeTypeJob {
			continue
		}
		if err := f.job(n, took); err != nil {
			return nil, err
		}
	}
	return f.jobs, nil
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
	seqs, err := f.tx.RunSeqs(f.run.Sources[1:])
	if err != nil {
		return err
	}
	seqs[f.rec.ID] = f.rec.Seq
	f.seqs = seqs
	for id, seq := range seqs {
		if f.runs[id], err = f.a.factsOf(f.tx, seq, f.rec.Seq != seq || !f.rec.Completed.IsZero()); err != nil {
			return err
		}
	}
	return nil
}

// factsOf reads what a run tells; of one that is over, only once.
func (a *API) factsOf(tx *store.Tx, seq int64, over bool) (*runFacts, error) {
	if f, ok := a.runFacts.get(seq, func(f *runFacts) int { return len(f.used) + 1 }); ok {
		return f, nil
	}
	attempts, err := tx.Attempts(seq)
	if err != nil {
		return nil, err
	}
	f := &runFacts{used: make(map[string]*plan.Ran, len(attempts)), took: make(map[string]time.Duration, len(attempts))}
	latest := make(map[string]int, len(attempts))
	for i := range attempts {
		at := &attempts[i]
		if at.State == flow.Succeeded {
			f.took[at.Job] = time.Duration(at.Ran) * time.Millisecond
		}
		if start, ok := latest[at.Job]; ok && start > at.Start {
			continue
		}
		latest[at.Job] = at.Start
		f.used[at.Job] = &plan.Ran{Definition: strconv.FormatInt(at.Definition, 10), Files: at.Files}
	}
	if over {
		a.runFacts.put(seq, f, len(f.used)+1)
	}
	return f, nil
}

// durations are what successful attempts of each job took in the newest runs.
func (f *facts) durations() (map[string][]time.Duration, error) {
	recs, err := f.tx.Runs(f.rec.Workflow, 0, medianOf)
	if err != nil {
		return nil, err
	}
	out := map[string][]time.Duration{}
	seen := map[int64]bool{}
	add := func(rf *runFacts) {
		for job, d := range rf.took {
			out[job] = append(out[job], d)
		}
	}
	for i := range recs {
		if recs[i].Completed.IsZero() {
			continue
		}
		rf, err := f.a.factsOf(f.tx, recs[i].Seq, true)
		if err != nil {
			return nil, err
		}
		seen[recs[i].Seq] = true
		add(rf)
	}
	for id, rf := range f.runs { // what is carried may have run long before
		if seq := f.seqs[id]; !seen[seq] {
			seen[seq] = true
			add(rf)
		}
	}
	return out, nil
}

func (f *facts) job(n int, took map[string][]time.Duration) error {
	name := f.g.Nodes[n].Name
	j := &plan.Job{Live: f.live[name], Safe: f.safe[name]}
	f.jobs[name] = j
	if d := took[name]; len(d) > 0 {
		slices.Sort(d)
		j.Duration, j.Samples = d[len(d)/2], len(d)
	}
	id, ok := f.defs[name]
	if !ok {
		j.Gone = true
		return nil
	}
	job, err := f.definition(id)
	if err != nil {
		return err
	}
	j.Limit = job.ConcurrentRuns()
	j.Definition = f.a.definitionHash(id, job)
	j.Files = map[string]string{}
	for _, a := range f.g.Nodes[n].Actions { // each may name other files
		args := job.RunArguments(f.override(a, name))
		f.contents(j, job, args)
		f.outputs(j, args)
	}
	return f.used(j, n, name)
}

// override is what an action sets, with what the resumes set over it.
func (f *facts) override(action int, name string) glue.Override {
	a := &f.g.Actions[action]
	return f.set[name].Over(f.rec.Override(name)).Apply(f.g.Triggers[a.Trigger].Def.Actions[a.Index].Override())
}

// contents hashes the script and the extra files.
func (f *facts) contents(j *plan.Job, job *glue.Job, args map[string]string) {
	for _, location := range jobFiles(job, args) {
		if _, seen := j.Files[location]; seen {
			continue
		}
		sum, ok := f.files[location]
		if !ok {
			var err error
			if sum, err = f.a.contents.hash(location); err != nil {
				sum = plan.Unreadable
				j.Problems = append(j.Problems, err.Error())
			}
			f.files[location] = sum
		}
		j.Files[location] = sum
	}
}

// jobFiles are the locations of the script and the extra files of a job.
func jobFiles(job *glue.Job, args map[string]string) []string {
	var out []string
	if script := job.Script(args); script != "" {
		out = append(out, script)
	}
	for location := range strings.SplitSeq(args["--extra-py-files"], ",") {
		if location = strings.TrimSpace(location); location != "" {
			out = append(out, location)
		}
	}
	for module := range strings.SplitSeq(args["--additional-python-modules"], ",") {
		// Others are names of packages.
		if module = strings.TrimSpace(module); strings.HasPrefix(module, "s3://") || strings.HasPrefix(module, "file://") {
			out = append(out, module)
		}
	}
	return out
}

// outputs looks for what the job declares to write. What is neither an object nor a
// file, such as a table, can't be looked for.
func (f *facts) outputs(j *plan.Job, args map[string]string) {
	for output := range strings.SplitSeq(args[plan.OutputArgument], ",") {
		if output = strings.TrimSpace(output); output == "" || slices.Contains(j.Outputs, output) {
			continue
		}
		j.Outputs = append(j.Outputs, output)
		if !strings.HasPrefix(output, "s3://") && !strings.HasPrefix(output, "file://") && !strings.HasPrefix(output, "/") {
			continue
		}
		exists, err := f.a.opt.Files.Exists(output)
		switch {
		case err != nil:
			j.Problems = append(j.Problems, err.Error())
		case !exists:
			j.Missing = append(j.Missing, output)
		}
	}
}

// used is what the node's latest attempt used. The definition is compared by what
// it says, since an update may change nothing.
func (f *facts) used(j *plan.Job, n int, name string) error {
	st := &f.run.Nodes[n]
	if st.Last == flow.Blank {
		return nil
	}
	rf := f.runs[f.run.Sources[st.Source]]
	if rf == nil || rf.used[name] == nil {
		return nil
	}
	used := *rf.used[name]
	id, err := strconv.ParseInt(used.Definition, 10, 64)
	if err != nil || id == 0 {
		return err
	}
	job, err := f.definition(id)
	if err != nil {
		return err
	}
	used.Definition = f.a.definitionHash(id, job)
	j.Ran = &used
	return nil
}

// definitionHash stands for what a definition says, whenever it was written.
func (a *API) definitionHash(id int64, job *glue.Job) string {
	if sum, ok := a.definitionSums.get(id, one); ok {
		return sum
	}
	bare := *job
	bare.CreatedOn, bare.LastModifiedOn = 0, 0
	text, err := json.Marshal(bare)
	if err != nil {
		return strconv.FormatInt(id, 10) // two that are equal may then differ
	}
	sum := sha256.Sum256(text)
	out := hex.EncodeToString(sum[:16])
	a.definitionSums.put(id, out, 1)
	return out
}

// pinned are the contents that the jobs of a plan use.
func pinned(d *plan.Plan, jobs map[string]*plan.Job) map[string]string {
	out := map[string]string{}
	for i := range d.Nodes {
		if job := d.Nodes[i].RunsJob(jobs); job != nil {
			maps.Copy(out, job.Files)
		}
	}
	return out
}
