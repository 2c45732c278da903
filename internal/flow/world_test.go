package flow

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/flow/oracle"
	"github.com/reglue/reglue/internal/glue"
)

// A world is one random workflow and the runs made of it, each twice: as flow
// has it and as the oracle's list of events.
type world struct {
	rnd  *rand.Rand
	spec []oracle.Trigger
	g    *Graph
	runs []*played
	// clock and when are the times of each attempt's start and end.
	clock glue.Time
	when  map[oracle.Attempt][2]glue.Time
	// beyond lets resumes ask for more than AWS's can.
	beyond bool
	// look, if set, is shown a run at times while it runs.
	look func(p *played) error
}

// played is one run of a world.
type played struct {
	run    *Run
	oracle *oracle.Run
	// prior, roots and at, the time, are those of a resume.
	prior *played
	roots []int
	at    glue.Time
	// plan is that of the resume, base the run before and begin after it started
	// something, and can marks what the plan says may start.
	plan        *Plan
	base, begin *Run
	can         []bool
	// rows are the attempts as a store keeps them, rev the number of events.
	rows []Row
	rev  int64
	// starts and ids are what was started, in order, and the job run ids.
	starts []Start
	ids    map[oracle.Attempt]string
}

// size bounds a random workflow.
type size struct{ triggers, nodes, runs int }

func sizeOf(seed uint64) size {
	switch {
	case seed%64 == 63:
		return size{14, 12, 3}
	case seed%8 == 7:
		return size{8, 7, 4}
	default:
		return size{int(3 + seed%4), int(3 + seed/4%4), int(1 + seed%4)}
	}
}

var (
	jobOutcomes   = []State{Succeeded, Succeeded, Succeeded, Succeeded, Succeeded, Succeeded, Succeeded, Failed, Failed, Failed, TimedOut, Stopped, Errored, Expired}
	crawlOutcomes = []State{Succeeded, Succeeded, Succeeded, Succeeded, Succeeded, Failed, Stopped, Errored}
	jobWants      = []State{Succeeded, Succeeded, Succeeded, Succeeded, Succeeded, Succeeded, Failed, Failed, Stopped, TimedOut}
	crawlWants    = []State{Succeeded, Succeeded, Succeeded, Failed, Stopped}
)

func pick[T any](rnd *rand.Rand, from []T) T { return from[rnd.IntN(len(from))] }

func newWorld(seed uint64) *world {
	w := &world{rnd: rand.New(rand.NewPCG(seed, 1)), clock: 1000, when: map[oracle.Attempt][2]glue.Time{}}
	w.spec = w.triggers(sizeOf(seed))
	w.g = Build(definitions(w.spec), nodeID)
	return w
}

// nodeID is readable, and unlike any name.
func nodeID(t glue.NodeType, name string) string { return "id-" + string(t) + "-" + name }

// triggers makes any graph: joins, branches, circles, a job that several
// triggers start, even one trigger that starts a job twice or one that it watches.
// Half of the worlds grow from the start trigger, so that long chains and joins of
// several branches come about often.
func (w *world) triggers(sz size) []oracle.Trigger {
	names := make([]string, 1+w.rnd.IntN(sz.nodes))
	for i := range names {
		names[i] = fmt.Sprintf("J%d", i+1)
		if w.rnd.IntN(5) == 0 {
			names[i] = fmt.Sprintf("C%d", i+1)
		}
	}
	grown, used := w.rnd.IntN(2) == 0, 1 // names used so far
	count := 1 + w.rnd.IntN(sz.triggers)
	if w.rnd.IntN(200) == 0 {
		count = 0
	}
	var out []oracle.Trigger
	for i := range count {
		t := oracle.Trigger{Name: fmt.Sprintf("T%d", i+1), Start: i == 0 && w.rnd.IntN(40) > 0 || w.rnd.IntN(60) == 0}
		if !t.Start {
			t.Active = w.rnd.IntN(12) > 0
			t.Any = w.rnd.IntN(3) == 0
			for range 1 + w.rnd.IntN(1+w.rnd.IntN(3)) {
				n := pick(w.rnd, names)
				if grown { // the newest names, each once
					n = names[max(0, used-1-len(t.Wants))]
					if w.rnd.IntN(3) == 0 {
						n = pick(w.rnd, names[:used])
					}
				}
				t.Wants = append(t.Wants, oracle.Want{Node: n, State: w.want(n).String()})
			}
		}
		for range 1 + w.rnd.IntN(1+w.rnd.IntN(3)) {
			n := pick(w.rnd, names)
			if grown && used < len(names) && w.rnd.IntN(8) > 0 {
				n = names[used]
				used++
			}
			t.Starts = append(t.Starts, n)
		}
		out = append(out, t)
	}
	return out
}

func (w *world) want(node string) State {
	if node[0] == 'C' {
		return pick(w.rnd, crawlWants)
	}
	return pick(w.rnd, jobWants)
}

func definitions(spec []oracle.Trigger) []glue.Trigger {
	out := make([]glue.Trigger, len(spec))
	for i, s := range spec {
		t := glue.Trigger{Name: s.Name, Type: glue.TriggerTypeOnDemand, State: glue.TriggerStateCreated}
		if !s.Start {
			t.Type = glue.TriggerTypeConditional
			t.Predicate = &glue.Predicate{Logical: glue.LogicalAnd}
			if s.Any {
				t.Predicate.Logical = glue.LogicalAny
			}
			if s.Active {
				t.State = glue.TriggerStateActivated
			}
		}
		for _, want := range s.Wants {
			c := glue.Condition{JobName: want.Node, State: glue.JobRunState(want.State)}
			if want.Node[0] == 'C' {
				st := JobState(glue.JobRunState(want.State))
				c = glue.Condition{CrawlerName: want.Node, CrawlState: st.Crawl()}
			}
			t.Predicate.Conditions = append(t.Predicate.Conditions, c)
		}
		for _, n := range s.Starts {
			a := glue.Action{JobName: n}
			if n[0] == 'C' {
				a = glue.Action{CrawlerName: n}
			}
			t.Actions = append(t.Actions, a)
		}
		out[i] = t
	}
	return out
}

// name gives an attempt of a run in the oracle's words.
func (p *played) name(g *Graph, at Attempt) oracle.Attempt {
	a := g.Actions[at.Action]
	return oracle.Attempt{Run: p.run.ID, Trigger: g.Triggers[a.Trigger].Def.Name, Index: a.Index, Start: at.Start}
}

func (w *world) live(p *played) []Attempt {
	var out []Attempt
	for a, s := range p.run.Actions {
		if s.State.Live() {
			out = append(out, Attempt{a, int(s.Starts) - 1})
		}
	}
	return out
}

// event makes a random event, mostly about a live attempt.
func (w *world) event(p *played) Event {
	live := w.live(p)
	at := Attempt{}
	if len(live) > 0 {
		at = pick(w.rnd, live)
	}
	if w.rnd.IntN(12) == 0 { // any attempt that ever was, carried ones too
		at.Action = w.rnd.IntN(len(w.g.Actions))
		starts := p.run.Actions[at.Action].Starts
		if starts == 0 {
			return w.event(p)
		}
		at.Start = w.rnd.IntN(int(starts))
	}
	switch n := w.rnd.IntN(60); {
	case n == 0:
		return StopAsked{}
	case n < 3:
		return AttemptStopAsked{at}
	case n < 12:
		return Progressed{at, pick(w.rnd, []State{Waiting, Starting, Running, Running, Stopping})}
	}
	end := Ended{Attempt: at, State: pick(w.rnd, jobOutcomes), Retries: max(0, w.rnd.IntN(5)-2)}
	if w.g.Nodes[w.g.Actions[at.Action].Node].Type == glue.NodeTypeCrawler {
		end.State, end.Retries = pick(w.rnd, crawlOutcomes), 0
	}
	if end.State == Failed && w.rnd.IntN(4) == 0 {
		end.Refused = true
	}
	return end
}

// line is the event in the oracle's words.
func (w *world) line(p *played, ev Event) oracle.Line {
	switch ev := ev.(type) {
	case Begun:
		return oracle.Line{What: "begin"}
	case StopAsked:
		return oracle.Line{What: "stop"}
	case Superseded:
		return oracle.Line{What: "superseded"}
	case AttemptStopAsked:
		return oracle.Line{What: "stop-attempt", State: "STOPPING", Attempt: w.owner(p, ev.Attempt)}
	case Progressed:
		return oracle.Line{What: "progress", State: ev.State.String(), Attempt: w.owner(p, ev.Attempt)}
	case Ended:
		return oracle.Line{What: "end", State: ev.State.String(), Attempt: w.owner(p, ev.Attempt), Retry: ev.Retries, Refused: ev.Refused}
	}
	panic("unknown event")
}

// owner names an attempt by the run where it ran.
func (w *world) owner(p *played, at Attempt) oracle.Attempt {
	for p.base != nil && at.Start < int(p.base.Actions[at.Action].Starts) {
		p = p.prior
	}
	return p.name(w.g, at)
}

// choose picks nodes to resume a run at: as a rule some that were attempted, at
// times others.
func (w *world) choose(p *played) []string {
	var tried, all, held []string
	for n := range w.g.Nodes {
		all = append(all, w.g.Nodes[n].Name)
		if _, ready := p.run.Ready(w.g, n); ready {
			held = append(held, w.g.Nodes[n].Name)
		} else if p.run.Nodes[n].Last != Blank {
			tried = append(tried, w.g.Nodes[n].Name)
		}
	}
	if len(held) > 0 && w.rnd.IntN(2) == 0 {
		tried = nil
	}
	tried = append(tried, held...)
	if len(tried) == 0 || w.rnd.IntN(15) == 0 {
		tried = append(all, "J99")
	}
	if w.rnd.IntN(50) == 0 {
		return nil
	}
	var out []string
	for range 1 + w.rnd.IntN(1+w.rnd.IntN(4)) {
		out = append(out, pick(w.rnd, tried))
	}
	return out
}

func (w *world) ids(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = "id-?-" + name
		for n := range w.g.Nodes {
			if w.g.Nodes[n].Name == name {
				out[i] = w.g.Nodes[n].ID
			}
		}
	}
	return out
}

// script writes the world down as the commands of a scenario file.
func (w *world) script() string {
	var b strings.Builder
	for _, t := range w.spec {
		fmt.Fprintln(&b, triggerLine(t))
	}
	for i, p := range w.runs {
		if p.prior != nil {
			from := slices.Index(w.runs, p.prior)
			fmt.Fprintf(&b, "resume run=R%d%s\n", from+1, requestOptions(p.oracle.Request))
		}
		for _, e := range p.oracle.Events {
			if e.What == "superseded" {
				continue // the resume does it
			}
			fmt.Fprintln(&b, eventLine(fmt.Sprintf("R%d", i+1), e))
		}
	}
	return b.String()
}

func triggerLine(t oracle.Trigger) string {
	full := func(n string) string {
		if n[0] == 'C' {
			return "crawler:" + n
		}
		return n
	}
	s := "trigger " + t.Name
	if !t.Start {
		s += " when"
		if t.Any {
			s += " any"
		}
		for _, want := range t.Wants {
			s += " " + full(want.Node) + "=" + want.State
		}
		if !t.Active {
			s += " state=CREATED"
		}
	}
	s += " ->"
	for _, n := range t.Starts {
		s += " " + full(n)
	}
	return s
}

func eventLine(run string, e oracle.Line) string {
	at := fmt.Sprintf(" run=%s action=%s/%d start=%d", run, e.Attempt.Trigger, e.Attempt.Index, e.Attempt.Start)
	switch e.What {
	case "begin":
		return "start"
	case "stop":
		return "stop run=" + run
	case "stop-attempt":
		return "stop" + at
	case "progress":
		return "progress state=" + e.State + at
	}
	s := "done state=" + e.State + at
	if e.Retry > 0 {
		s += fmt.Sprintf(" retries=%d", e.Retry)
	}
	if e.Refused {
		s += " refused"
	}
	return s
}
