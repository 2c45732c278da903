package store

import (
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// Resume is what is known of a resume beyond the nodes that it repeats. It is kept
// with the new run.
type Resume struct {
	// By names who asked; At is when.
	By string    `json:"by,omitempty"`
	At glue.Time `json:"at,omitzero"`
	// Accepted are the nodes that the run has as SUCCEEDED without their having
	// succeeded: those that this resume accepted and those that it took over.
	Accepted []Acceptance `json:"accepted,omitempty"`
	// Held are the nodes that the run does not start, as indexes of the graph.
	Held []int `json:"held,omitempty"`
	// Overrides are in force in this run, by the name of the job. The next
	// resume inherits them.
	Overrides map[string]glue.RunOverride `json:"overrides,omitempty"`
	// Properties are the run properties that this resume set.
	Properties map[string]string `json:"properties,omitempty"`
	// Files are the contents that the run's jobs use: locations and SHA-256.
	Files map[string]string `json:"files,omitempty"`
	// Moved is set when the run uses the triggers as they were when it was
	// resumed, not those of the run before it.
	Moved bool `json:"moved,omitempty"`
	// Before are the commands that ran before the first job.
	Before []Before `json:"before,omitempty"`
	// Rewound are the jobs whose bookmarks were set back.
	Rewound []string `json:"rewound,omitempty"`
	// AnyEnd is set when the run before had ended in STOPPED or ERROR.
	AnyEnd bool `json:"anyEnd,omitempty"`
	// WhileRunning is set when the run before was RUNNING: this one superseded it.
	WhileRunning bool `json:"whileRunning,omitempty"`
}

// Acceptance says who took a node as SUCCEEDED, and why.
type Acceptance struct {
	Node    int       `json:"node"`
	By      string    `json:"by,omitempty"`
	Because string    `json:"because"`
	At      glue.Time `json:"at"`
	// Run is the run whose resume accepted it.
	Run string `json:"run"`
	// State is the one that the attempt really ended in.
	State glue.JobRunState `json:"state"`
}

// Before is a command that was run for a node before it was repeated.
type Before struct {
	Node    string    `json:"node"`
	Command string    `json:"command"`
	At      glue.Time `json:"at,omitzero"`
	// Took is in milliseconds.
	Took   int64  `json:"took,omitempty"`
	Output string `json:"output,omitempty"`
}

// Scope is what distinguishes the run from the one that it resumes.
func (r *Run) Scope() *flow.Scope {
	s := &flow.Scope{Roots: r.Roots}
	if r.Resume == nil {
		return s
	}
	s.Held = r.Resume.Held
	for i := range r.Resume.Accepted {
		if a := &r.Resume.Accepted[i]; a.Run == r.ID {
			s.Accepted = append(s.Accepted, a.Node)
		}
	}
	return s
}

// Override is what the run's resumes set for a job.
func (r *Run) Override(job string) glue.RunOverride {
	if r.Resume == nil {
		return glue.RunOverride{}
	}
	return r.Resume.Overrides[job]
}
