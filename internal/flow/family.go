package flow

import "github.com/reglue/reglue/internal/glue"

// Family is a run with all that it was resumed from and as, seen as one: a tree of
// runs over PreviousRunId. Times are Unix milliseconds, spans milliseconds.
type Family struct {
	// Runs are the tree from its root: each resume comes after the run that it
	// resumes, and of two resumes of one run the earlier comes first.
	Runs []Member
	// Head is the run that started last, an index of Runs. What it shows, ran or
	// carried, is where the work stands.
	Head int
	// Attempts are all job runs and crawls, each once, by the order of start.
	Attempts []FamilyAttempt
	// Nodes are the jobs and crawlers of the head, in the order of its graph.
	Nodes []Supply
	// Lost are the ids of runs that are named as resumed, but not among the runs:
	// they are past retention.
	Lost []string

	// Began is the first start; Ended the last end, 0 while a run is live.
	Began, Ended int64
	// Wall is the time from the first start to the last end or to now, Idle the
	// part of it in which no run was live.
	Wall, Idle int64
	// Worked is the time that all attempts took together.
	Worked int64
	// Saved is what all resumes together carried.
	Saved Saving
}

// Saving is what a resume did not repeat but a run from the beginning would have:
// how many starts, and how long the attempts took that decided them.
type Saving struct {
	Starts int
	Time   int64
}

// Observed is a run as GetWorkflowRun answers it with IncludeGraph, and as Observe
// or ObserveScope has it.
type Observed struct {
	Run   *glue.WorkflowRun
	Graph *Graph
	State *Run
}

// Member is one run of a family.
type Member struct {
	Observed
	// Parent is the run that it resumes, an index of Family.Runs: -1 for none and
	// for one that is lost.
	Parent int
	// Depth is how many runs lie above it in the tree.
	Depth int
	// Ran counts the attempts that ran in it, Worked is the time they took.
	Ran    int
	Worked int64
	// Saved is what it carried.
	Saved Saving
}

// Supply says of a job or crawler which attempt its present state comes from.
type Supply struct {
	// Node is a node of the head's graph.
	Node int
	// Attempts are those of the node in the family, by the order of start; they
	// index Family.Attempts.
	Attempts []int
	// Latest is the one whose state the head shows, -1 when it has none.
	Latest int
	// Shown is that attempt as the head shows it, in another state than it ended
	// in if a resume accepted it; nil when it has none.
	Shown *FamilyAttempt
	// Reset is the last attempt of a node without a state, in a run that the head
	// descends from: a resume made it blank. -1 for none.
	Reset int
	// Aside is an attempt that began later, in a branch of the tree that the head
	// does not descend from; -1 for none. The head knows nothing of it.
	Aside int
}

// Kin are the runs that belong to the family of a run: of these, in any order,
// those that it descends from, and all that descend from the first of them. Runs
// that resume the same lost run are of one family.
func Kin(runs []*glue.WorkflowRun, id string) []*glue.WorkflowRun {
	byID := make(map[string]*glue.WorkflowRun, len(runs))
	resumes := map[string][]*glue.WorkflowRun{}
	for _, r := range runs {
		byID[r.WorkflowRunId] = r
		resumes[r.PreviousRunId] = append(resumes[r.PreviousRunId], r)
	}
	top, seen := id, map[string]bool{}
	for r := byID[top]; r != nil && r.PreviousRunId != "" && !seen[top]; r = byID[top] {
		seen[top] = true
		top = r.PreviousRunId
	}
	var out []*glue.WorkflowRun
	clear(seen)
	for next := []string{top}; len(next) > 0; next = next[1:] {
		if seen[next[0]] {
			continue
		}
		seen[next[0]] = true
		if r := byID[next[0]]; r != nil {
			out = append(out, r)
		}
		for _, r := range resumes[next[0]] {
			next = append(next, r.WorkflowRunId)
		}
	}
	return out
}
