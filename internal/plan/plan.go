package plan

import (
	"fmt"
	"iter"
	"slices"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// Plan is a resume, described. Its JSON is what PlanWorkflowRunResume answers, and
// what `reglue resume --plan -o json` prints with the reasons traced.
type Plan struct {
	Workflow string `json:"workflow"`
	RunID    string `json:"runId"`
	// Head is the newest run of the family; a resume may be told to expect it.
	Head string `json:"head,omitempty"`
	// Starts are the ids of the nodes that start at once, as ResumeWorkflowRun
	// would answer them.
	Starts []string       `json:"starts"`
	Nodes  []Node         `json:"nodes"`
	Counts map[string]int `json:"counts"` // jobs and crawlers by verdict
	// Times are what to expect of the new run.
	Times Times `json:"times"`
	// Differences are those between the triggers that the run had and the ones
	// that the new run would have.
	Differences []string `json:"differences,omitempty"`
	// Warnings speak against the resume, or for waiting.
	Warnings []string `json:"warnings,omitempty"`
	// Asks names the jobs that may do harm when they are repeated: they are not
	// marked as safe.
	Asks []string `json:"asks,omitempty"`
	// Busy names the jobs to start at once that are at their limit.
	Busy []string `json:"busy,omitempty"`
	// Token seals what the plan rests on.
	Token string `json:"token,omitempty"`
}

// Node is what a resume does with a node.
type Node struct {
	Name     string        `json:"name"`
	Type     glue.NodeType `json:"type"`
	ID       string        `json:"id"`
	Verdict  string        `json:"verdict"`
	Selected bool          `json:"selected,omitempty"`
	Reason   string        `json:"reason"`
	// Behind is the node, by its place in Nodes, whose reason is behind this one's;
	// -1 at a first cause.
	Behind int `json:"behind"`
	// Because are the reasons of the nodes behind, first the nearest; see Trace.
	Because []string `json:"because,omitempty"`
	// From is the attempt that is carried, accepted or moved.
	From *From `json:"from,omitempty"`
	// Expected is how long the node is expected to run, in milliseconds, and
	// Samples of how many attempts that is the median; 0 when there are none.
	Expected int64 `json:"expectedMs,omitempty"`
	Samples  int   `json:"samples,omitempty"`
	// Changed says what differs from what the run's attempt used.
	Changed []string `json:"changed,omitempty"`
	// Risk says what repeating the node may do; nil when it is not repeated.
	Risk *Risk `json:"risk,omitempty"`
	// Bookmark is that of a job that may run and keeps one.
	Bookmark *Bookmark `json:"bookmark,omitempty"`
}

// From is where a carried state comes from.
type From struct {
	RunID    string `json:"runId"`
	JobRunID string `json:"jobRunId,omitempty"`
	Attempt  int    `json:"attempt"`
	State    string `json:"state"`
}

// Risk is what repeating a job may do.
type Risk struct {
	// Safe is set when the job is marked as safe to repeat.
	Safe bool `json:"safe"`
	// Outputs are what the job declares to write.
	Outputs []string `json:"outputs,omitempty"`
	// Written are the objects that the latest attempt wrote, as far as they
	// passed through reglue, and More how many are not listed.
	Written []string `json:"written,omitempty"`
	More    int      `json:"more,omitempty"`
}

// Times are what to expect of a resume, in milliseconds.
type Times struct {
	Expected int64 `json:"expectedMs"`
	Full     int64 `json:"fullMs"`
	Saved    int64 `json:"savedMs"`
	// Path are the names of the nodes of the critical path.
	Path []string `json:"criticalPath"`
	// Unknown counts the nodes to run of which no duration is known.
	Unknown int `json:"unknown,omitempty"`
}

// The verdicts.
const (
	Start      = "start"      // at once
	Downstream = "downstream" // if its trigger fires
	Blocked    = "blocked"    // downstream, but no trigger can start it
	Carry      = "carry"
	Accept     = "accept"
	Held       = "held"
	Moved      = "moved" // it runs, and goes on in the new run
	Blank      = "blank"
)

func verdict(v flow.Verdict, can bool) string {
	switch v {
	case flow.Root:
		return Start
	case flow.Downstream:
		if !can {
			return Blocked
		}
		return Downstream
	case flow.Carried:
		return Carry
	case flow.Accepted:
		return Accept
	case flow.Held:
		return Held
	case flow.MovedOn:
		return Moved
	case flow.LeftBlank:
	}
	return Blank
}

// Subject is a resume that is to be described: the run and what the core made of
// the request.
type Subject struct {
	Graph *flow.Graph
	Prior *flow.Run
	Plan  *flow.Plan
}

// Describe says what a resume does. JobRunIDs are known of a run of this server;
// of an observed one they are not and are left out.
func (s *Subject) Describe(workflow string, jobs []*Job, jobRunIDs bool) *Plan {
	g := s.Graph
	d := &Plan{Workflow: workflow, RunID: s.Prior.ID, Counts: map[string]int{}, Starts: []string{}}
	for _, n := range s.Plan.Roots {
		d.Starts = append(d.Starts, g.Nodes[n].ID)
	}
	why, can := s.Plan.Explain(g, s.Prior)
	d.Nodes = make([]Node, len(g.Nodes))
	for n := range g.Nodes {
		node := &d.Nodes[n]
		*node = Node{
			Name: g.Nodes[n].Name, Type: g.Nodes[n].Type, ID: g.Nodes[n].ID,
			Verdict: verdict(s.Plan.Verdict(n, can[n]), can[n]), Selected: s.Plan.Nodes[n].Selected,
		}
		node.Reason, node.Behind = why.Link(n)
		if g.Nodes[n].Type == glue.NodeTypeTrigger {
			continue
		}
		d.Counts[node.Verdict]++
		node.From = s.from(n, node.Verdict, jobRunIDs)
		if job := jobs[n]; job != nil {
			node.Expected, node.Samples = job.Duration.Milliseconds(), job.Samples
			node.Changed = job.Changes()
			if node.Runs() && s.Prior.Nodes[n].Last != flow.Blank {
				node.Risk = job.risk()
			}
		}
	}
	s.times(d)
	d.warn(jobs)
	return d
}

// maxBecause bounds the reasons behind each one, which may be as many as the graph
// has nodes.
const maxBecause = 5

// Trace sets of each node the reasons behind its own.
func (d *Plan) Trace() {
	for n := range d.Nodes {
		node := &d.Nodes[n]
		seen := []int{n}
		node.Because = nil
		for at := node.Behind; at >= 0 && len(node.Because) < maxBecause && !slices.Contains(seen, at); at = d.Nodes[at].Behind {
			seen = append(seen, at)
			node.Because = append(node.Because, d.Nodes[at].Reason)
		}
	}
}

// Runs reports whether the node may run in the new run.
func (n *Node) Runs() bool { return n.Verdict == Start || n.Verdict == Downstream }

// Running are the jobs that may run in the new run, with their nodes.
func (d *Plan) Running(jobs []*Job) iter.Seq2[*Node, *Job] {
	return func(yield func(*Node, *Job) bool) {
		for i := range d.Nodes {
			if n := &d.Nodes[i]; jobs[i] != nil && n.Runs() && !yield(n, jobs[i]) {
				return
			}
		}
	}
}

func (s *Subject) from(n int, verdict string, jobRunIDs bool) *From {
	switch verdict {
	case Carry, Accept:
	case Moved:
		return s.moved(n, jobRunIDs)
	default:
		return nil
	}
	st := &s.Prior.Nodes[n]
	f := &From{RunID: s.Prior.Sources[st.Source], Attempt: int(st.Retry), State: st.Last.String()}
	if jobRunIDs && s.Graph.Nodes[n].Type == glue.NodeTypeJob {
		f.JobRunID = s.Prior.EndID(s.Graph, n)
	}
	return f
}

// moved is the attempt of a node that goes on in the new run.
func (s *Subject) moved(n int, jobRunIDs bool) *From {
	for _, at := range s.Plan.Run.MovedAttempts() {
		if s.Graph.Actions[at.Action].Node != n {
			continue
		}
		st := &s.Plan.Run.Actions[at.Action]
		f := &From{RunID: s.Plan.Run.Moved[at.Action].Run, Attempt: int(st.Retry), State: st.State.String()}
		if jobRunIDs && s.Graph.Nodes[n].Type == glue.NodeTypeJob {
			f.JobRunID = s.Plan.Run.JobRunID(s.Graph, 0, at, st.Retry)
		}
		return f
	}
	return nil
}

// times works out the expected durations.
func (s *Subject) times(d *Plan) {
	duration := func(n int) int64 { return d.Nodes[n].Expected }
	now := s.Plan.Schedule(s.Graph, duration)
	full := flow.FullSchedule(s.Graph, duration)
	d.Times = Times{Expected: now.Total, Full: full.Total, Saved: max(0, full.Total-now.Total), Path: []string{}}
	for _, n := range now.Path {
		d.Times.Path = append(d.Times.Path, s.Graph.Nodes[n].Name)
	}
	for n := range now.Start {
		if now.Start[n] >= 0 && s.Graph.Nodes[n].Type != glue.NodeTypeTrigger && d.Nodes[n].Samples == 0 {
			d.Times.Unknown++
		}
	}
}

// warn says what speaks against the resume.
func (d *Plan) warn(jobs []*Job) {
	for n, job := range d.Running(jobs) {
		if job.Gone {
			d.Warnings = append(d.Warnings, fmt.Sprintf("Job %s does not exist any more: its run will end in ERROR.", n.Name))
			continue
		}
		if job.Live >= job.Limit && n.Verdict == Start {
			d.Busy = append(d.Busy, n.Name)
			d.Warnings = append(d.Warnings, fmt.Sprintf(
				"Job %s has %d of at most %d runs live: started now, it would fail at once. Wait for room (--wait).", n.Name, job.Live, job.Limit))
		}
		for _, problem := range job.Problems {
			d.Warnings = append(d.Warnings, fmt.Sprintf("Job %s: %s.", n.Name, problem))
		}
		if n.Risk != nil && !n.Risk.Safe {
			d.Asks = append(d.Asks, n.Name)
		}
	}
}
