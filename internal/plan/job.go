package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Job is what is known of a job of a run.
type Job struct {
	// Gone is set when the job does not exist any more.
	Gone bool
	// Definition stands for the definition as it is now; two that are equal have
	// the same one.
	Definition string
	// Files are the contents now of the script and the extra files, by location:
	// a hash, or what else stands for a content, or Unreadable.
	Files map[string]string
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
	// Outputs are what the job declares to write, Missing those that are gone,
	// and Written what its latest attempt was seen to write.
	Outputs, Missing, Written []string
	// MoreWritten counts what Written leaves out.
	MoreWritten int
}

// Ran is what an attempt used.
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
	if j.sameFiles() {
		return out
	}
	for _, location := range slices.Sorted(maps.Keys(j.Files)) {
		before, known := j.Ran.Files[location]
		switch now := j.Files[location]; {
		case !known && j.Ran.Files != nil:
			out = append(out, location+" is new")
		case known && now == Unreadable:
			out = append(out, location+" can't be read")
		case known && before != now:
			out = append(out, location+" changed")
		}
	}
	return out
}

// sameFiles reports whether all files are the ones that were used: mostly.
func (j *Job) sameFiles() bool {
	for location, sum := range j.Files {
		if before, ok := j.Ran.Files[location]; !ok || before != sum {
			return false
		}
	}
	return true
}

func (j *Job) risk() *Risk {
	return &Risk{Safe: j.Safe, Outputs: j.Outputs, Written: j.Written, More: j.MoreWritten}
}

// missing says which declared outputs are gone.
func (j *Job) missing() []string {
	var out []string
	for _, m := range j.Missing {
		out = append(out, fmt.Sprintf("its output %s is gone", m))
	}
	return out
}
