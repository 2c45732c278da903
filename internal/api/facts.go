package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
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
	used map[string]usedFacts
	took map[string]time.Duration
}

// usedFacts is what an attempt used.
type usedFacts struct {
	definition int64
	start      int
	files      map[string]string
}

// definedFacts is what a definition tells, which never changes.
type definedFacts struct {
	sum   string // stands for what it says, whenever it was written
	limit int
	// files and outputs are those without any override of arguments.
	files, outputs []string
}

// median is what attempts of a job took.
type median struct {
	took    time.Duration
	samples int
}

// jobFacts gathers the facts of a run's jobs, as they would run with overrides.
func (a *API) jobFacts(
	tx *store.Tx, rec *store.Run, run *flow.Run, g *flow.Graph, set map[string]glue.RunOverride, change int64,
) (map[string]*plan.Job, error) {
	f := &facts{
		runReader: a.newRunReader(tx), rec: rec, set: set, run: run, g: g,
		jobs: map[string]*plan.Job{}, live: map[string]int{}, files: map[string]string{}, runs: map[string]*runFacts{},
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
	f := &runFacts{used: make(map[string]usedFacts, len(attempts)), took: make(map[string]time.Duration, len(attempts))}
	for i := range attempts {
		at := &attempts[i]
		if at.State == flow.Succeeded {
			f.took[at.Job] = time.Duration(at.Ran) * time.Millisecond
		}
		if before, ok := f.used[at.Job]; !ok || before.start <= at.Start {
			f.used[at.Job] = usedFacts{at.Definition, at.Start, at.Files}
		}
	}
	if over {
		a.runFacts.put(seq, f, len(f.used)+1)
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
		rf, err := f.a.factsOf(f.tx, recs[i].Seq, true)
		if err != nil {
			return nil, err
		}
		seen[recs[i].Seq] = true
		from = append(from, rf)
	}
	for id, rf := range f.runs { // what is carried may have run long before
		if seq := f.seqs[id]; !seen[seq] {
			seen[seq] = true
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

func (f *facts) job(n int, took map[string]median) error {
	name := f.g.Nodes[n].Name
	m := took[name]
	j := &plan.Job{Live: f.live[name], Safe: f.safe[name], Duration: m.took, Samples: m.samples}
	f.jobs[name] = j
	id, ok := f.defs[name]
	if !ok {
		j.Gone = true
		return nil
	}
	def, err := f.defined(id)
	if err != nil {
		return err
	}
	j.Limit, j.Definition = def.limit, def.sum
	j.Files = make(map[string]string, len(def.files))
	for _, a := range f.g.Nodes[n].Actions { // each may name other files
		o := f.override(a, name)
		if len(o.Arguments) == 0 {
			f.contents(j, def.files)
			f.outputs(j, def.outputs)
			continue
		}
		job, err := f.definition(id)
		if err != nil {
			return err
		}
		args := job.RunArguments(o)
		f.contents(j, jobFiles(job, args))
		f.outputs(j, jobOutputs(args))
	}
	return f.used(j, n, name)
}

// defined is what a definition tells.
func (f *facts) defined(id int64) (*definedFacts, error) {
	if def, ok := f.a.defined.get(id, one); ok {
		return def, nil
	}
	job, err := f.definition(id)
	if err != nil {
		return nil, err
	}
	args := job.RunArguments(glue.Override{})
	def := &definedFacts{
		sum: definitionSum(id, job), limit: job.ConcurrentRuns(), files: jobFiles(job, args), outputs: jobOutputs(args),
	}
	f.a.defined.put(id, def, 1)
	return def, nil
}

// override is what an action sets, with what the resumes set over it.
func (f *facts) override(action int, name string) glue.Override {
	a := &f.g.Actions[action]
	return f.set[name].Over(f.rec.Override(name)).Apply(f.g.Triggers[a.Trigger].Def.Actions[a.Index].Override())
}

// contents hashes the script and the extra files.
func (f *facts) contents(j *plan.Job, locations []string) {
	for _, location := range locations {
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

// jobOutputs are what the arguments of a job declare that it writes.
func jobOutputs(args map[string]string) []string {
	var out []string
	for output := range strings.SplitSeq(args[plan.OutputArgument], ",") {
		if output = strings.TrimSpace(output); output != "" {
			out = append(out, output)
		}
	}
	return out
}

// outputs looks for what the job declares to write. What is neither an object nor a
// file, such as a table, can't be looked for.
func (f *facts) outputs(j *plan.Job, outputs []string) {
	for _, output := range outputs {
		if slices.Contains(j.Outputs, output) {
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
	if rf == nil || rf.used[name].definition == 0 {
		return nil
	}
	used := rf.used[name]
	def, err := f.defined(used.definition)
	if err != nil {
		return err
	}
	j.Ran = &plan.Ran{Definition: def.sum, Files: used.files}
	return nil
}

// definitionSum stands for what a definition says, whenever it was written.
func definitionSum(id int64, job *glue.Job) string {
	bare := *job
	bare.CreatedOn, bare.LastModifiedOn = 0, 0
	text, err := json.Marshal(bare)
	if err != nil {
		return strconv.FormatInt(id, 10) // two that are equal may then differ
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
