package glue

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strings"
	"time"
)

// Default limits of a job run, from the API's reference.
const (
	defaultTimeoutMinutes    = 2880 // Glue 4.0 and before, python shell
	defaultTimeoutMinutesNew = 480  // Glue 5.0 and later
)

// Override is what a trigger's action or a StartJobRun call sets for one job
// run, beside the definition.
type Override struct {
	Arguments map[string]string
	Timeout   *int32
}

// AcceptedMessage begins the ErrorMessage of an attempt that did not succeed and
// that its run has as SUCCEEDED; who accepted it and why follow.
const AcceptedMessage = "Accepted as SUCCEEDED by "

// SupersededMessage begins the ErrorMessage of a run that was resumed while it ran; the
// id of the new run follows.
const SupersededMessage = "Superseded by "

// SupersededBy is the run that superseded the one with an ErrorMessage, empty for none.
func SupersededBy(errorMessage string) string {
	id, ok := strings.CutPrefix(errorMessage, SupersededMessage)
	if !ok || !strings.HasPrefix(id, "wr_") {
		return ""
	}
	return id
}

// RunOverride is what a resume sets for a job of its run, over what the trigger's
// action sets.
type RunOverride struct {
	Arguments map[string]string `json:"arguments,omitempty"`
	Timeout   *int32            `json:"timeout,omitempty"` // minutes
	Retries   *int              `json:"retries,omitempty"`
}

// Over adds the override to another one, which it wins against key by key.
func (o RunOverride) Over(under RunOverride) RunOverride {
	out := RunOverride{Arguments: merged(under.Arguments, o.Arguments), Timeout: o.Timeout, Retries: o.Retries}
	if out.Timeout == nil {
		out.Timeout = under.Timeout
	}
	if out.Retries == nil {
		out.Retries = under.Retries
	}
	return out
}

// Apply is what an action sets with the run's override over it.
func (o RunOverride) Apply(action Override) Override {
	action.Arguments = merged(action.Arguments, o.Arguments)
	if o.Timeout != nil {
		action.Timeout = o.Timeout
	}
	return action
}

func merged(under, over map[string]string) map[string]string {
	if len(over) == 0 {
		return under
	}
	m := make(map[string]string, len(under)+len(over))
	maps.Copy(m, under)
	maps.Copy(m, over)
	return m
}

// Override is what the action sets for the job runs that it starts.
func (a *Action) Override() Override { return Override{Arguments: a.Arguments, Timeout: a.Timeout} }

// Override is what the call sets for its job run.
func (r *StartJobRunRequest) Override() Override {
	return Override{Arguments: r.Arguments, Timeout: r.Timeout}
}

// RunArguments merges the arguments of a job run: defaults, then the override,
// then what can't be overridden.
func (j *Job) RunArguments(o Override) map[string]string {
	m := make(map[string]string, len(j.DefaultArguments)+len(o.Arguments)+len(j.NonOverridableArguments))
	maps.Copy(m, j.DefaultArguments)
	maps.Copy(m, o.Arguments)
	maps.Copy(m, j.NonOverridableArguments)
	return m
}

// RunTimeout is the timeout of a job run in minutes: the override's, else the
// job's, else the default of its Glue version. Zero means none: a streaming job
// runs until it is stopped.
func (j *Job) RunTimeout(o Override) int32 {
	switch {
	case o.Timeout != nil:
		return *o.Timeout
	case j.Timeout != nil:
		return *j.Timeout
	case j.CommandName() == CommandStreaming:
		return 0
	case j.GlueVersion >= "5" && j.Command != nil && j.Command.Name != CommandShell:
		return defaultTimeoutMinutesNew
	}
	return defaultTimeoutMinutes
}

// RunTimeoutDuration is RunTimeout as a duration.
func (j *Job) RunTimeoutDuration(o Override) time.Duration {
	return time.Duration(j.RunTimeout(o)) * time.Minute
}

// Script is the location of the script that a job run with these arguments
// runs: --scriptLocation overrides the command's.
func (j *Job) Script(args map[string]string) string {
	if s := strings.TrimSpace(args["--scriptLocation"]); s != "" {
		return s
	}
	if j.Command == nil {
		return ""
	}
	return j.Command.ScriptLocation
}

// fileArguments are the special arguments that are lists of files.
var fileArguments = []string{"--extra-py-files", "--extra-jars", "--extra-files"}

// Files are the locations of the script and of the extra files that a job run with
// these arguments uses.
func (j *Job) Files(args map[string]string) []string {
	var out []string
	if script := j.Script(args); script != "" {
		out = append(out, script)
	}
	for _, name := range fileArguments {
		for location := range strings.SplitSeq(args[name], ",") {
			if location = strings.TrimSpace(location); location != "" {
				out = append(out, location)
			}
		}
	}
	return out
}

// ConcurrentRuns is how many runs of the job may be live at once; 1 by default.
func (j *Job) ConcurrentRuns() int {
	if j.ExecutionProperty == nil || j.ExecutionProperty.MaxConcurrentRuns == nil {
		return 1
	}
	return int(*j.ExecutionProperty.MaxConcurrentRuns)
}

// Retries is how often a failed run of the job is tried again.
func (j *Job) Retries() int {
	if j.MaxRetries == nil {
		return 0
	}
	return int(*j.MaxRetries)
}

// Sum stands for what the definition says, whenever it was written.
func (j *Job) Sum() string {
	bare := *j
	bare.CreatedOn, bare.LastModifiedOn = 0, 0
	text, err := json.Marshal(bare)
	if err != nil {
		return j.LastModifiedOn.String() // two that are equal may then differ
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
