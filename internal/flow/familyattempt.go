package flow

import (
	"cmp"
	"math"
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

// FamilyAttempt is a job run or crawl of a family.
type FamilyAttempt struct {
	Type glue.NodeType
	Name string
	// Job or Crawl is the attempt itself.
	Job   *glue.JobRun
	Crawl *glue.Crawl
	State State
	// Began is 0 for what waits for its start, Ended for what is live.
	Began, Ended int64
	// Run is where it really ran, an index of Family.Runs: -1 when that run is
	// lost. Then it ran in the run named by Before, or in one before that.
	Run    int
	Before string
}

// attemptKey tells attempts apart: a job run by its id, a crawl, which has none,
// by its start.
type attemptKey struct {
	node  nodeKey
	id    string
	began glue.Time
}

// Took is how long the attempt ran, or has been running.
func (a *FamilyAttempt) Took(now int64) int64 {
	if a.Began == 0 {
		return 0
	}
	if !a.State.Terminal() {
		return max(0, now-a.Began)
	}
	return max(0, a.Ended-a.Began)
}

func (a *FamilyAttempt) key() attemptKey {
	k := attemptKey{node: nodeKey{a.Type, a.Name}}
	if a.Job != nil {
		k.id = a.Job.Id
	} else {
		k.began = a.Crawl.StartedOn
	}
	return k
}

// order sorts by start; what waits for its start comes last.
func (a *FamilyAttempt) order() int64 {
	if a.Began == 0 && a.State.Live() {
		return math.MaxInt64
	}
	return a.Began
}

// nodeAttempts are the attempts that a node of an answer shows, oldest first; of
// one moment, the answer's order says which is newer.
func nodeAttempts(n *glue.Node) []FamilyAttempt {
	var out []FamilyAttempt
	if d := n.JobDetails; d != nil {
		for i := range d.JobRuns {
			j := &d.JobRuns[i]
			out = append(out, FamilyAttempt{
				Type: n.Type, Name: n.Name, Job: j, State: JobState(j.JobRunState),
				Began: int64(j.StartedOn), Ended: int64(cmp.Or(j.CompletedOn, j.LastModifiedOn, j.StartedOn)),
			})
		}
	}
	if d := n.CrawlerDetails; d != nil {
		for i := range d.Crawls {
			c := &d.Crawls[i]
			out = append(out, FamilyAttempt{
				Type: n.Type, Name: n.Name, Crawl: c, State: CrawlState(c.State),
				Began: int64(c.StartedOn), Ended: int64(cmp.Or(c.CompletedOn, c.StartedOn)),
			})
		}
	}
	slices.Reverse(out)
	for i := range out {
		if out[i].State.Live() {
			out[i].Ended = 0
		}
	}
	slices.SortStableFunc(out, func(a, b FamilyAttempt) int { return cmp.Compare(a.order(), b.order()) })
	return out
}
