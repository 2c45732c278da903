package plan

import (
	"fmt"
	"slices"
	"time"
)

// Job is what is known of a job of a run. Lists of jobs run beside the nodes of the
// graph: nil stands for a node that is no job, or of which nothing is known.
type Job struct {
	// Gone is set when the job does not exist any more.
	Gone bool
	// Definition stands for the definition as it is now; two that are equal have
	// the same one.
	Definition string
	// Files are the script and the extra files as they are now, each once.
	Files []File
	// Problems say why something of the above can't be known.
	Problems []string
	// Ran is what the latest attempt in the run used; nil when there is none or
	// it is not known.
	Ran *Ran
	// Duration is the median of the Samples latest attempts that succeeded.
	Duration time.Duration
	Samples  int
	// Live counts the job's runs that are not over; Limit is how many may be.
	Live, Limit int
	// Safe is set when the job is marked as safe to repeat.
	Safe bool
	// Bookmark is set when the job keeps what it reads in a bookmark.
	Bookmark bool
	// Outputs are what the job declares to write, Missing those that are gone.
	Outputs, Missing []string
}

// File is a file that a job uses.
type File struct {
	Location string
	// Sum stands for the content: a hash or the like, or Unreadable.
	Sum string
}

// Ran is what an attempt used. Files are sums by location, nil when they are not
// known.
type Ran struct {
	Definition string
	Files      map[string]string
}

// Unreadable stands for the content of a file that can't be read.
const Unreadable = "?"

// IdempotentTag marks a job as safe to repeat when its value is "true".
const IdempotentTag = "reglue:idempotent"

// OutputArgument declares what a job writes: locations or tables, separated by
// commas.
const OutputArgument = "--reglue-output"

// Changes say what differs now from what the latest attempt used.
func (j *Job) Changes() []string {
	var out []string
	if j.Gone {
		return []string{"the job is gone"}
	}
	if j.Ran == nil {
		return nil
	}
	if j.Ran.Definition != "" && j.Ran.Definition != j.Definition {
		out = append(out, "its definition changed")
	}
	for _, f := range j.Files {
		before, known := j.Ran.Files[f.Location]
		switch {
		case !known && j.Ran.Files != nil:
			out = append(out, f.Location+" is new")
		case known && f.Sum == Unreadable:
			out = append(out, f.Location+" can't be read")
		case known && before != f.Sum:
			out = append(out, f.Location+" changed")
		}
	}
	return out
}

// HasFile reports whether the job uses a file.
func (j *Job) HasFile(location string) bool {
	return slices.ContainsFunc(j.Files, func(f File) bool { return f.Location == location })
}

func (j *Job) risk() *Risk {
	return &Risk{Safe: j.Safe, Outputs: j.Outputs}
}

// missing says which declared outputs are gone.
func (j *Job) missing() []string {
	var out []string
	for _, m := range j.Missing {
		out = append(out, fmt.Sprintf("its output %s is gone", m))
	}
	return out
}
