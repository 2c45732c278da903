package plan

import "github.com/reglue/reglue/internal/glue"

// The operations that reglue has beside AWS Glue's. They take and give JSON over
// the same protocol.
const (
	OpPlan    = "PlanWorkflowRunResume"
	OpExecute = "ExecuteWorkflowRunResume"
	OpGet     = "GetWorkflowRunResume"
)

// Request asks for a plan of a resume. Nodes are named by their UniqueId.
type Request struct {
	Name  string
	RunId string
	// NodeIds are repeated, beside what the selectors choose.
	NodeIds []string  `json:",omitempty"`
	Select  Selectors `json:",omitzero"`
	// Accept are taken as SUCCEEDED; Because says why.
	Accept  []string `json:",omitempty"`
	Because string   `json:",omitempty"`
	// Until and Except narrow what runs.
	Until  []string `json:",omitempty"`
	Except []string `json:",omitempty"`
	// Properties are run properties to set in the new run.
	Properties map[string]string `json:",omitempty"`
	// Overrides are set for jobs, by name.
	Overrides map[string]glue.RunOverride `json:",omitempty"`
	// RewindBookmarks are jobs whose bookmarks go back to what they were before the
	// run; RewindAllBookmarks means all that run again and committed in it.
	RewindBookmarks    []string `json:",omitempty"`
	RewindAllBookmarks bool     `json:",omitempty"`
	// Definition says on which triggers the new run goes: "original", those of the
	// run, is the default; "current" are those that the workflow has now.
	Definition string `json:",omitempty"`
	// AnyEnd permits a run in STOPPED or ERROR, AnyResume one that AWS would
	// refuse because it is a resume that was resumed.
	AnyEnd    bool `json:",omitempty"`
	AnyResume bool `json:",omitempty"`
	// WhileRunning permits a run that is RUNNING: the new run takes over what runs
	// in it, and the run itself ends.
	WhileRunning bool `json:",omitempty"`
}

// PreviewRequest asks for a plan. With a condition it is refused where the resume would
// be.
type PreviewRequest struct {
	Request
	// PlanToken is that of an earlier plan, which must still hold.
	PlanToken string `json:",omitempty"`
	// ExpectHead must be the newest run of the family.
	ExpectHead string `json:",omitempty"`
}

// Answer is a plan, and what the selectors chose.
type Answer struct {
	Plan    *Plan
	Choices []Choice `json:",omitempty"`
}

// ExecuteRequest asks for the resume itself.
type ExecuteRequest struct {
	Request
	// PlanToken refuses the resume when the plan does not hold any more, and
	// makes the jobs run exactly the files that the plan rests on.
	PlanToken string `json:",omitempty"`
	// ExpectHead refuses when another run is the newest of the family.
	ExpectHead string `json:",omitempty"`
	// ClientToken makes repeats one resume.
	ClientToken string `json:",omitempty"`
	// By names who asks, to be kept with the run.
	By string `json:",omitempty"`
	// Before are commands that were run before this request.
	Before []Before `json:",omitempty"`
}

// ExecuteAnswer names the new run and the nodes that started at once.
type ExecuteAnswer struct {
	RunId   string
	NodeIds []string
}

// GetRequest asks what is known of a run as a resume.
type GetRequest struct {
	Name  string
	RunId string
}

// Record is what a resumed run keeps beyond what AWS shows.
type Record struct {
	By         string                      `json:",omitempty"`
	At         glue.Time                   `json:",omitzero"`
	Accepted   []Acceptance                `json:",omitempty"`
	Held       []string                    `json:",omitempty"` // node ids
	Overrides  map[string]glue.RunOverride `json:",omitempty"`
	Properties map[string]string           `json:",omitempty"`
	Before     []Before                    `json:",omitempty"`
	// Rewound are the jobs whose bookmarks went back to what they were before the run.
	Rewound []string `json:",omitempty"`
	// Pinned counts the files whose contents were fixed by a plan.
	Pinned int `json:",omitempty"`
	// Moved is set when the run goes on the triggers that the workflow had when it
	// was resumed, not on those of the run before.
	Moved bool `json:",omitempty"`
	// AnyEnd is set when the run before was STOPPED or in ERROR.
	AnyEnd bool `json:",omitempty"`
	// WhileRunning is set when the run before was RUNNING and this one took over
	// what ran in it; Roots are then the nodes that it repeated.
	WhileRunning bool     `json:",omitempty"`
	Roots        []string `json:",omitempty"` // node ids
	// Repair is the automatic repair of this run, pending or what became of it.
	Repair *Planned `json:",omitempty"`
}

// Acceptance says who took a node as SUCCEEDED, and why.
type Acceptance struct {
	NodeId  string
	By      string `json:",omitempty"`
	Because string
	At      glue.Time
	// RunId is the run whose resume accepted it.
	RunId string
	// State is the one in which the attempt really ended.
	State glue.JobRunState
}

// Before is a command that was run for a node before it was repeated.
type Before struct {
	Node    string
	Command string
	At      glue.Time `json:",omitzero"`
	TookMs  int64     `json:",omitempty"`
	Output  string    `json:",omitempty"`
}
