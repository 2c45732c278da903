package flow

import (
	"cmp"
	"math"
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

// Verdict says what a resume does with a node.
type Verdict uint8

// The verdicts. A downstream node starts when its trigger fires in the new run;
// a node left blank has nothing to carry and is not downstream of a root.
const (
	LeftBlank Verdict = iota
	Carried
	Root
	Downstream
	// Accepted is carried, but taken as SUCCEEDED.
	Accepted
	// Held is not started by the new run: this resume leaves it out, or an
	// earlier one did and this one does not touch it.
	Held
	// MovedOn is a node that runs: its attempt goes on in the new run.
	MovedOn
)

// NodePlan is what a resume does with one node, and why.
type NodePlan struct {
	Verdict Verdict
	// Selected is set when the caller named the node to be repeated. A selected
	// node that is not a Root lies downstream of another selected one (R13), or
	// of an accepted one.
	Selected bool
	// Via is a root, or an accepted node, that a Downstream node lies below, or
	// one that this resume holds back.
	Via int
}

// Plan is a resume, worked out: the new run as it begins and what starts in it.
type Plan struct {
	// Run is the new run: all that is not downstream of a root carried, the
	// rest blank (R14, R15), the roots starting.
	Run *Run
	// Start are the roots, in the order of the request (R13, R16), and then
	// what accepted nodes lead to.
	Start []Start
	// Roots are the nodes that start directly.
	Roots []int
	// Nodes run beside those of the graph.
	Nodes []NodePlan
	// Prior are the states, other than SUCCEEDED, in which accepted nodes really
	// ended.
	Prior map[int]State
}

// Resume plans the new run with the given id that repeats the nodes and all that
// is downstream of them (glue-semantics 6.2 and 6.3). The errors are those that
// the API returns: IllegalWorkflowState when the run did not complete (R3),
// InvalidInput for a node that can't be chosen (R4 to R8). Linear in nodes and
// edges. The prior run is not changed (R31).
func Resume(g *Graph, prior *Run, nodeIDs []string, id string, now int64) (*Plan, error) {
	return ResumeAs(g, prior, &Request{Nodes: nodeIDs}, id, now)
}

// ResumeAs is Resume for a request that may go beyond AWS's.
func ResumeAs(g *Graph, prior *Run, q *Request, id string, now int64) (*Plan, error) {
	if err := q.permits(prior); err != nil {
		return nil, err
	}
	selected, err := q.choose(g, prior)
	if err != nil {
		return nil, err
	}
	scope, err := q.scope(g, prior, selected)
	if err != nil {
		return nil, err
	}
	p := &Plan{Run: Rebase(g, prior, &scope, id), Roots: scope.Roots, Nodes: make([]NodePlan, len(g.Nodes))}
	p.judge(g, prior, selected)
	for _, n := range scope.Accepted {
		if p.Prior == nil {
			p.Prior = map[int]State{}
		}
		p.Prior[n] = prior.trouble(g, n)
	}
	p.Run.Status, p.Run.Clock = glue.WorkflowRunStatusRunning, now
	s := step{g: g, r: p.Run, live: p.Run.Live, begun: p.Run.Begun}
	for _, n := range p.Roots {
		last, ok := prior.Latest(g, n)
		if !ok {
			s.startHeld(prior, n)
			continue
		}
		same := prior.JobRunID(g, prior.Nodes[n].Source, last, prior.Actions[last.Action].Retry)
		same = cmp.Or(prior.Nodes[n].ID, same)
		s.start(last.Action, Start{Root: true, SameAs: same})
	}
	s.accepted(scope.Accepted)
	s.c.At = now
	s.settle()
	p.Run.Apply(&s.c)
	p.Start = s.c.Start
	return p, nil
}

// startHeld starts a root that an earlier resume held back, as its trigger would
// have. In a circle the new run may evaluate anew what the trigger waited for, so
// the predecessors are those of the run before.
func (s *step) startHeld(prior *Run, n int) {
	a, _ := prior.Ready(s.g, n) // choose has seen to it
	tr := &s.g.Triggers[s.g.Actions[a].Trigger]
	var met NodeChange
	for _, c := range tr.Conditions {
		if st := prior.Nodes[c.Node]; st.Last == c.State && st.Last != Blank {
			met = NodeChange{c.Node, st}
			break
		}
	}
	before := step{g: s.g, r: prior}
	s.start(a, Start{Root: true, Predecessors: before.predecessors(tr, met)})
}

// permits is the check of the run's state.
func (q *Request) permits(prior *Run) error {
	switch {
	case q.WhileRunning && prior.Status == glue.WorkflowRunStatusRunning:
		return nil
	case !q.AnyEnd:
		return Resumable(prior)
	case prior.Superseded():
		return glue.Errorf(glue.IllegalWorkflowState,
			"Workflow run %s was superseded while it ran: what ran in it went on in the run that resumed it; resume that one", prior.ID)
	case !prior.Over():
		return glue.Errorf(glue.IllegalWorkflowState,
			"Workflow run %s is in %s state; only a run that has ended can be resumed", prior.ID, prior.Status)
	}
	return nil
}

// choose finds the selected nodes. A request that accepts nodes need not name
// any.
func (q *Request) choose(g *Graph, prior *Run) ([]int, error) {
	if len(q.Nodes) == 0 && len(q.Accept) > 0 {
		return nil, nil
	}
	return choose(g, prior, q.Nodes)
}

// Resumable is the check that comes before the nodes are looked at: only a run
// in COMPLETED can be resumed (R3).
func Resumable(prior *Run) error {
	if prior.Status != glue.WorkflowRunStatusCompleted {
		return glue.Errorf(glue.IllegalWorkflowState,
			"Workflow run %s is in %s state; only a COMPLETED run can be resumed", prior.ID, prior.Status)
	}
	return nil
}

// choose finds the selected nodes, without duplicates, in the order of the
// request, or the first one that can't be chosen (R4 to R8).
func choose(g *Graph, prior *Run, ids []string) ([]int, error) {
	if len(ids) == 0 {
		return nil, glue.Errorf(glue.InvalidInput, "NodeIds must name at least one node")
	}
	seen := make(map[int]bool, len(ids))
	out := make([]int, 0, len(ids))
	for _, id := range ids {
		n, ok := g.NodeByID(id)
		if !ok {
			return nil, glue.Errorf(glue.InvalidInput, "Node %s is not part of workflow run %s", id, prior.ID)
		}
		node := &g.Nodes[n]
		if node.Type == glue.NodeTypeTrigger {
			return nil, glue.Errorf(glue.InvalidInput,
				"Node %s is the trigger %s; only job and crawler nodes can be resumed", id, node.Name)
		}
		if _, ready := prior.Ready(g, n); prior.began(g, n) == 0 && !ready {
			why := "was never attempted in workflow run " + prior.ID + ", so it can't be resumed"
			if prior.holds(n) {
				why = "is held back in workflow run " + prior.ID + " and what it waits for is not done, so it can't be resumed yet"
			}
			return nil, glue.Errorf(glue.InvalidInput, "Node %s (%s) %s", id, node.Name, why)
		}
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out, nil
}

// Minimal drops each of the nodes that another one reaches (R13).
func Minimal(g *Graph, r *Run, nodes []int) []int { return minimal(g, r, nodes) }

// minimal drops each selected node that another selected one reaches; of those
// that reach each other, the one that started first stays (R13). It keeps the
// order of the request.
func minimal(g *Graph, prior *Run, selected []int) []int {
	if len(selected) < 2 {
		return slices.Clone(selected)
	}
	comp := components(g, selected)
	// The selected node of each component that stays, and whether a selected
	// node of another component lies upstream.
	type earliest struct {
		node  int
		began int32
	}
	first := make(map[int]earliest, len(selected))
	for _, n := range selected {
		began := cmp.Or(prior.began(g, n), math.MaxInt32) // what was held back comes last
		if f, ok := first[comp.of[n]]; !ok || began < f.began {
			first[comp.of[n]] = earliest{n, began}
		}
	}
	below := make([]bool, len(comp.nodes))
	for c := len(comp.nodes) - 1; c >= 0; c-- { // upstream components first
		_, chosen := first[c]
		if !chosen && !below[c] {
			continue
		}
		for _, n := range comp.nodes[c] {
			g.next(n, func(m int) {
				if comp.of[m] != c {
					below[comp.of[m]] = true
				}
			})
		}
	}
	var roots []int
	for _, n := range selected {
		if c := comp.of[n]; first[c].node == n && !below[c] {
			roots = append(roots, n)
		}
	}
	return roots
}

// began is the place of a node's first start among those of the run.
func (r *Run) began(g *Graph, n int) int32 {
	began := int32(0)
	for _, a := range g.Nodes[n].Actions {
		if b := r.Actions[a].Began; b > 0 && (began == 0 || b < began) {
			began = b
		}
	}
	return began
}

// Rebase is the new run of a resume before anything starts in it: what lies
// downstream of the roots and of accepted nodes is blank and unfired, the rest is
// as in the prior run, pointing at the runs where it really ran. What is live in the
// prior run is so in the new one.
func Rebase(g *Graph, prior *Run, scope *Scope, id string) *Run {
	r := NewRun(g, id)
	r.Scope = *scope
	again := g.again(scope)
	source := make([]int32, len(prior.Sources))
	for n := range g.Nodes {
		switch t := g.Nodes[n].Trigger; {
		case again[n]:
		case t >= 0:
			r.Triggers[t].Fired = prior.Triggers[t].Fired
		default:
			r.carry(g, prior, n, source)
			if prior.Live > 0 || len(prior.Moved) > 0 {
				r.move(g, prior, n)
			}
		}
	}
	for _, n := range scope.Accepted {
		r.accept(g, n)
	}
	r.recount(g)
	return r
}

func (r *Run) carry(g *Graph, prior *Run, n int, source []int32) {
	st := prior.Nodes[n]
	if st.Last == Blank {
		return
	}
	if source[st.Source] == 0 {
		r.Sources = append(r.Sources, prior.Sources[st.Source])
		source[st.Source] = int32(len(r.Sources) - 1)
	}
	if prior.restarted(&st) {
		st.ID = prior.EndID(g, n)
	}
	st.Source, st.Carried = source[st.Source], true
	r.Nodes[n] = st
	for _, a := range g.Nodes[n].Actions {
		r.Actions[a] = prior.Actions[a]
	}
}

func (p *Plan) judge(g *Graph, prior *Run, selected []int) {
	for _, n := range selected {
		p.Nodes[n].Selected = true
	}
	for n := range g.Nodes {
		if p.Run.Nodes[n].Carried {
			p.Nodes[n].Verdict = Carried
		}
		if t := g.Nodes[n].Trigger; t >= 0 && p.Run.Triggers[t].Fired {
			p.Nodes[n].Verdict = Carried
		}
	}
	seen := make([]bool, len(g.Nodes))
	for _, root := range p.Roots {
		p.Nodes[root].Verdict, p.Nodes[root].Via = Root, root
		seen[root] = true
	}
	for _, n := range p.Run.Accepted {
		p.Nodes[n].Verdict = Accepted
	}
	for _, from := range slices.Concat(p.Roots, p.Run.Accepted) {
		stack := []int{from}
		for len(stack) > 0 {
			n := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			g.next(n, func(m int) {
				if !seen[m] {
					seen[m] = true
					p.Nodes[m].Verdict, p.Nodes[m].Via = Downstream, from
					stack = append(stack, m)
				}
			})
		}
	}
	p.judgeMoved(g, prior, seen)
	for _, n := range p.Run.Held {
		p.Nodes[n].Verdict = Held
	}
}
