package api

import (
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/bookmark"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// definedFacts is what a definition tells, which never changes.
type definedFacts struct {
	id    int64
	sum   string // stands for what it says, whenever it was written
	limit int
	// files and outputs are those without any override of arguments.
	files, outputs []string
	// bookmark is set when it keeps what it reads, likewise.
	bookmark bool
}

// job adds to what lasts what may change at any time.
func (f *facts) job(j *plan.Job, known *lastingJob) error {
	node := &f.g.Nodes[known.node]
	j.Live, j.Safe = f.live[node.Name], f.safe[node.Name]
	if known.def == nil {
		return nil
	}
	override := f.set[node.Name].Over(f.rec.Override(node.Name))
	if known.plain && len(override.Arguments) == 0 {
		f.contents(j, known.def.files)
		f.outputs(j, known.def.outputs)
		j.Bookmark = known.def.bookmark
		return nil
	}
	job, err := f.definition(known.def.id)
	if err != nil {
		return err
	}
	for _, a := range node.Actions { // each may name other files
		args := job.RunArguments(override.Apply(f.action(a)))
		f.contents(j, jobFiles(job, args))
		f.outputs(j, jobOutputs(args))
		j.Bookmark = j.Bookmark || bookmark.Kept(job, args)
	}
	return nil
}

// action is what an action sets.
func (f *facts) action(action int) glue.Override {
	a := &f.g.Actions[action]
	return f.g.Triggers[a.Trigger].Def.Actions[a.Index].Override()
}

// defined is what a definition tells.
func (r *runReader) defined(id int64) (*definedFacts, error) {
	if def, ok := r.a.defined.get(id, one); ok {
		return def, nil
	}
	job, err := r.definition(id)
	if err != nil {
		return nil, err
	}
	def := define(id, job)
	r.a.defined.put(id, def, 1)
	return def, nil
}

func define(id int64, job *glue.Job) *definedFacts {
	args := job.RunArguments(glue.Override{})
	return &definedFacts{
		id: id, sum: job.Sum(), limit: job.ConcurrentRuns(), files: jobFiles(job, args), outputs: jobOutputs(args),
		bookmark: bookmark.Kept(job, args),
	}
}

// contents hashes the script and the extra files.
func (f *facts) contents(j *plan.Job, locations []string) {
	for _, location := range locations {
		if j.HasFile(location) {
			continue
		}
		file, ok := f.files[location]
		if !ok {
			sum, err := f.a.contents.hash(location)
			if err != nil {
				sum = plan.Unreadable
				j.Problems = append(j.Problems, err.Error())
			}
			file = plan.File{Location: location, Sum: sum}
			f.files[location] = file
		}
		j.Files = append(j.Files, file)
	}
}

// jobFiles are the locations of the script and the extra files of a job.
func jobFiles(job *glue.Job, args map[string]string) []string {
	out := job.Files(args)
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
