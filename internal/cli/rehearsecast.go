package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// assumedDuration is what an attempt takes of which nothing is known.
const assumedDuration = time.Minute

// Where a duration comes from.
const (
	fromFlag    = "given"
	fromRuns    = "recorded"
	fromTimeout = "timeout"
	fromNothing = "assumed"
)

// cast is how the attempts of a rehearsal go, by node.
type cast struct {
	stage *stage
	ends  []ending
	given []time.Duration // -1: not given
	// source is where each node's latest duration came from.
	source []string
	wants  []expectation
}

// ending is how a node's first attempts end, 0 for all; the rest succeed.
type ending struct {
	state flow.State
	first int
}

// expectation is what a node must come to.
type expectation struct {
	node    int
	want    string
	state   flow.State // Blank for NOT_STARTED and CARRIED
	carried bool
}

// The words of --expect that are no states.
const (
	wantBlank   = "NOT_STARTED"
	wantCarried = "CARRIED"
)

func newCast(s *stage, o *rehearseOptions) (*cast, error) {
	c := &cast{
		stage: s, ends: make([]ending, len(s.g.Nodes)), given: make([]time.Duration, len(s.g.Nodes)), source: make([]string, len(s.g.Nodes)),
	}
	for n := range s.g.Nodes {
		c.given[n] = -1
		c.ends[n].state = flow.Succeeded
		if node := &s.g.Nodes[n]; node.Type == glue.NodeTypeJob && s.gone[node.Name] {
			c.ends[n].state = flow.Errored
		}
	}
	for _, text := range o.fail {
		if err := c.fail(text); err != nil {
			return nil, fmt.Errorf("--fail %s: %w", text, err)
		}
	}
	for _, text := range o.durations {
		if err := c.duration(text); err != nil {
			return nil, fmt.Errorf("--duration %s: %w", text, err)
		}
	}
	for _, text := range o.expect {
		if err := c.expect(text); err != nil {
			return nil, fmt.Errorf("--expect %s: %w", text, err)
		}
	}
	return c, nil
}

// find is findNodes for the nodes of the graph.
func (c *cast) find(pattern string) ([]int, error) {
	found, err := findNodes(c.stage.wire, pattern)
	if err != nil {
		return nil, err
	}
	var out []int
	for _, node := range found {
		n, _ := c.stage.g.NodeByID(node.UniqueId)
		if c.stage.g.Nodes[n].Trigger >= 0 {
			return nil, fmt.Errorf("%s is a trigger; name a job or a crawler", node.Name)
		}
		out = append(out, n)
	}
	return out, nil
}

// named reports whether a node has exactly this name: names may hold = and :.
func (c *cast) named(name string) bool {
	return slices.ContainsFunc(c.stage.wire.Nodes, func(n glue.Node) bool { return n.Name == name && n.Type != glue.NodeTypeTrigger })
}

// fail reads NODE[:FIRST][=STATE].
func (c *cast) fail(text string) error {
	e := ending{state: flow.Failed}
	if i := strings.LastIndexByte(text, '='); i >= 0 && !c.named(text) {
		var err error
		if e.state, err = endState(text[i+1:]); err != nil {
			return err
		}
		text = text[:i]
	}
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !c.named(text) {
		n, err := strconv.Atoi(text[i+1:])
		if err != nil || n < 1 {
			return fmt.Errorf("%q is no number of attempts: write NODE:1 for the first, NODE:2 for the first two", text[i+1:])
		}
		e.first, text = n, text[:i]
	}
	nodes, err := c.find(text)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if err := c.possible(n, e.state); err != nil {
			return err
		}
		c.ends[n] = e
	}
	return nil
}

// endState reads the state of an end.
func endState(word string) (flow.State, error) {
	s := flow.JobState(glue.JobRunState(strings.ToUpper(word)))
	if strings.EqualFold(word, string(glue.CrawlStateCancelled)) {
		s = flow.Stopped
	}
	if !s.Terminal() {
		return s, fmt.Errorf("%q is no end: use SUCCEEDED, FAILED, TIMEOUT, STOPPED, ERROR or EXPIRED, for a crawler SUCCEEDED, FAILED, CANCELLED or ERROR", word)
	}
	return s, nil
}

// possible refuses for a crawler what only jobs come to.
func (c *cast) possible(n int, s flow.State) error {
	if node := &c.stage.g.Nodes[n]; node.Type == glue.NodeTypeCrawler && (s == flow.TimedOut || s == flow.Expired) {
		return fmt.Errorf("%s is a crawler, and no crawl ends in %s: use SUCCEEDED, FAILED, CANCELLED or ERROR", node.Name, s)
	}
	return nil
}

func (c *cast) duration(text string) error {
	i := strings.LastIndexByte(text, '=')
	if i < 0 {
		return fmt.Errorf("write it as NODE=5m")
	}
	var d span
	if err := d.Set(text[i+1:]); err != nil {
		return err
	}
	if d < 0 {
		return fmt.Errorf("a duration can't be negative")
	}
	nodes, err := c.find(text[:i])
	for _, n := range nodes {
		c.given[n] = time.Duration(d)
	}
	return err
}

func (c *cast) expect(text string) error {
	i := strings.LastIndexByte(text, '=')
	if i < 0 {
		return fmt.Errorf("write it as NODE=STATE")
	}
	want := expectation{want: strings.ToUpper(text[i+1:])}
	want.carried = want.want == wantCarried
	if !want.carried && want.want != wantBlank {
		var err error
		if want.state, err = endState(want.want); err != nil {
			return fmt.Errorf("%w; or %s or %s", err, wantBlank, wantCarried)
		}
	}
	nodes, err := c.find(text[:i])
	for _, n := range nodes {
		want.node = n
		if err := c.possible(n, want.state); err != nil {
			return err
		}
		c.wants = append(c.wants, want)
	}
	return err
}

func (c *cast) end(n, retry int) flow.State {
	if e := c.ends[n]; e.first == 0 || retry < e.first {
		return e.state
	}
	return flow.Succeeded
}

// takes is how long an attempt takes, in milliseconds, and notes where that comes
// from.
func (c *cast) takes(a int, end flow.State) int64 {
	n := c.stage.g.Actions[a].Node
	d, source := c.durationOf(a, n, end)
	c.source[n] = source
	return d.Milliseconds()
}

func (c *cast) durationOf(a, n int, end flow.State) (time.Duration, string) {
	if c.given[n] >= 0 {
		return c.given[n], fromFlag
	}
	node := &c.stage.g.Nodes[n]
	key := sampleKey{node.Type, node.Name}
	if d, ok := c.stage.samples.median(key, func(s flow.State) bool { return s == end }); ok {
		return d, fromRuns
	}
	job := c.stage.jobs[node.Name]
	switch {
	case end == flow.Errored:
		return 0, "" // it never runs
	case end == flow.TimedOut && job != nil:
		action := &c.stage.g.Actions[a]
		return job.RunTimeoutDuration(c.stage.g.Triggers[action.Trigger].Def.Actions[action.Index].Override()), fromTimeout
	}
	if d, ok := c.stage.samples.median(key, func(flow.State) bool { return true }); ok {
		return d, fromRuns
	}
	return assumedDuration, fromNothing
}

// judgement is what became of an expectation.
type judgement struct {
	Node string `json:"node"`
	Want string `json:"want"`
	Got  string `json:"got"`
	Met  bool   `json:"met"`
}

func (c *cast) judge(g *flow.Graph, r *flow.Run) []judgement {
	var out []judgement
	for _, w := range c.wants {
		j := judgement{Node: g.Nodes[w.node].Name, Want: w.want, Got: wantBlank}
		state := stateIn(g, r, w.node)
		if state != flow.Blank {
			j.Got = plan.WireState(&g.Nodes[w.node], state)
		}
		carried := r.Nodes[w.node].Carried
		if carried && w.carried {
			j.Got = wantCarried
		}
		j.Met = state == w.state && !w.carried || carried && w.carried
		out = append(out, j)
	}
	return out
}

// stateIn is the state of a node's latest attempt.
func stateIn(g *flow.Graph, r *flow.Run, n int) flow.State {
	at, started := r.Latest(g, n)
	if !started {
		return flow.Blank
	}
	return r.Actions[at.Action].State
}
