package flow

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

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

// NewFamily puts a family together from its runs, in any order.
func NewFamily(runs []Observed, now int64) (*Family, error) {
	if len(runs) == 0 {
		return nil, errors.New("a family has at least one run")
	}
	b := familyBuilder{now: now, index: map[attemptKey]int{}}
	if err := b.tree(runs); err != nil {
		return nil, err
	}
	for m := range b.f.Runs {
		b.attempts(m)
	}
	b.inOrder()
	b.supplies()
	b.times()
	return &b.f, nil
}

// attemptKey tells attempts apart: a job run by its id, a crawl, which has none,
// by its start.
type attemptKey struct {
	node  nodeKey
	id    string
	began glue.Time
}

type familyBuilder struct {
	f     Family
	now   int64
	index map[attemptKey]int
	// shown are the attempts that each run shows, by node.
	shown []map[nodeKey][]int
}

// tree orders the runs and finds the head.
func (b *familyBuilder) tree(runs []Observed) error {
	known, resumes := map[string]bool{}, map[string][]Observed{}
	for _, r := range runs {
		known[r.Run.WorkflowRunId] = true
	}
	var stack []Observed
	for _, r := range runs {
		id := r.Run.PreviousRunId
		if known[id] {
			resumes[id] = append(resumes[id], r)
			continue
		}
		stack = append(stack, r)
		if id != "" && !slices.Contains(b.f.Lost, id) {
			b.f.Lost = append(b.f.Lost, id)
		}
	}
	newestFirst(stack)
	at := map[string]int{}
	for len(stack) > 0 {
		r := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		m := Member{Observed: r, Parent: -1}
		if p, ok := at[r.Run.PreviousRunId]; ok {
			m.Parent, m.Depth = p, b.f.Runs[p].Depth+1
		}
		at[r.Run.WorkflowRunId] = len(b.f.Runs)
		b.f.Runs = append(b.f.Runs, m)
		below := resumes[r.Run.WorkflowRunId]
		newestFirst(below)
		stack = append(stack, below...)
	}
	if len(b.f.Runs) < len(runs) {
		return errors.New("runs that resume each other in a circle")
	}
	for i := range b.f.Runs {
		if b.f.Runs[i].Run.StartedOn >= b.f.Runs[b.f.Head].Run.StartedOn {
			b.f.Head = i
		}
	}
	return nil
}

func newestFirst(runs []Observed) {
	slices.SortStableFunc(runs, func(a, b Observed) int { return cmp.Compare(b.Run.StartedOn, a.Run.StartedOn) })
}

// attempts notes what a run shows. What the runs before it in the tree showed
// already is known; of the rest, what is older than the run ran in a lost one.
func (b *familyBuilder) attempts(m int) {
	run := b.f.Runs[m].Run
	b.shown = append(b.shown, map[nodeKey][]int{})
	for i := range run.Graph.Nodes {
		n := &run.Graph.Nodes[i]
		node := nodeKey{n.Type, n.Name}
		for _, a := range nodeAttempts(n) {
			key := a.key()
			at, known := b.index[key]
			if !known {
				a.Run = m
				if run.PreviousRunId != "" && a.State.Terminal() && a.Began < int64(run.StartedOn) {
					a.Run, a.Before = -1, run.PreviousRunId
				}
				at = len(b.f.Attempts)
				b.index[key] = at
				b.f.Attempts = append(b.f.Attempts, a)
			}
			b.shown[m][node] = append(b.shown[m][node], at)
		}
		b.count(m, b.shown[m][node])
	}
}

// count adds the attempts of a node to what the run did and what it carried.
func (b *familyBuilder) count(m int, shown []int) {
	member := &b.f.Runs[m]
	for _, i := range shown {
		a := &b.f.Attempts[i]
		took := a.Took(b.now)
		switch {
		case a.Run == m:
			member.Ran++
			member.Worked += took
		case a.Ended == 0 || a.Ended > int64(member.Run.StartedOn): // it ran on, moved here
		case !b.retried(a, shown):
			member.Saved.Starts++
			member.Saved.Time += took
		}
	}
}

// retried reports whether a later attempt of those retries this one.
func (b *familyBuilder) retried(a *FamilyAttempt, among []int) bool {
	return a.Job != nil && slices.ContainsFunc(among, func(i int) bool {
		j := b.f.Attempts[i].Job
		return j.Attempt == a.Job.Attempt+1 &&
			(j.PreviousRunId == a.Job.Id || glue.FirstAttemptID(j.Id) == glue.FirstAttemptID(a.Job.Id))
	})
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

// inOrder sorts all attempts by their start.
func (b *familyBuilder) inOrder() {
	byStart := make([]int, len(b.f.Attempts))
	for i := range byStart {
		byStart[i] = i
	}
	slices.SortStableFunc(byStart, func(i, j int) int {
		return cmp.Compare(b.f.Attempts[i].order(), b.f.Attempts[j].order())
	})
	sorted, place := make([]FamilyAttempt, len(byStart)), make([]int, len(byStart))
	for to, from := range byStart {
		sorted[to], place[from] = b.f.Attempts[from], to
	}
	b.f.Attempts = sorted
	for _, shown := range b.shown {
		for _, list := range shown {
			for i := range list {
				list[i] = place[list[i]]
			}
		}
	}
}

// supplies finds for each node of the head where its state comes from.
func (b *familyBuilder) supplies() {
	all := map[nodeKey][]int{}
	for i := range b.f.Attempts {
		k := b.f.Attempts[i].key().node
		all[k] = append(all[k], i)
	}
	line := make([]bool, len(b.f.Runs)) // the head and what it descends from
	for m := b.f.Head; m >= 0; m = b.f.Runs[m].Parent {
		line[m] = true
	}
	head := &b.f.Runs[b.f.Head]
	g, answers := head.Graph, map[nodeKey]*glue.Node{}
	for i := range head.Run.Graph.Nodes {
		n := &head.Run.Graph.Nodes[i]
		answers[nodeKey{n.Type, n.Name}] = n
	}
	for n := range g.Nodes {
		if g.Nodes[n].Trigger >= 0 {
			continue
		}
		k := nodeKey{g.Nodes[n].Type, g.Nodes[n].Name}
		s := Supply{Node: n, Attempts: all[k], Latest: -1, Reset: -1, Aside: -1}
		if shown := b.shown[b.f.Head][k]; len(shown) > 0 {
			s.Latest = shown[len(shown)-1]
			as := nodeAttempts(answers[k])
			s.Shown = &as[len(as)-1]
		}
		for _, i := range s.Attempts {
			switch run := b.f.Attempts[i].Run; {
			case i <= s.Latest:
			case run >= 0 && !line[run]:
				s.Aside = i
			case s.Latest < 0:
				s.Reset = i
			}
		}
		b.f.Nodes = append(b.f.Nodes, s)
	}
}

// times sums up the runs, and measures where none of them was live.
func (b *familyBuilder) times() {
	type span struct{ from, to int64 }
	spans, live := make([]span, 0, len(b.f.Runs)), false
	for i := range b.f.Runs {
		m := &b.f.Runs[i]
		b.f.Saved.Starts += m.Saved.Starts
		b.f.Saved.Time += m.Saved.Time
		end := int64(m.Run.CompletedOn)
		if !m.State.Over() {
			live, end = true, b.now
		}
		spans = append(spans, span{int64(m.Run.StartedOn), max(end, int64(m.Run.StartedOn))})
	}
	for i := range b.f.Attempts {
		b.f.Worked += b.f.Attempts[i].Took(b.now)
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	end := spans[0].to
	for _, s := range spans[1:] {
		b.f.Idle += max(0, s.from-end)
		end = max(end, s.to)
	}
	b.f.Began, b.f.Wall = spans[0].from, end-spans[0].from
	if !live {
		b.f.Ended = end
	}
}
