package flow

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/flow/oracle"
	"github.com/reglue/reglue/internal/glue"
)

// TestObserve holds what Observe rebuilds from the wire's shape of a run against
// the run itself, on random workflows: states, latest attempts, what is carried,
// roots, and the plan of a resume.
func TestObserve(t *testing.T) {
	n, plans := *graphs/20, 0
	for s := uint64(1); s <= uint64(n); s++ {
		w := newWorld(s)
		w.beyond = s%2 == 0
		w.look = func(p *played) error {
			_, err := w.observe(p)
			return err
		}
		if err := w.play(sizeOf(s)); err != nil {
			t.Fatalf("seed %d: %v\n%s", s, err, w.script())
		}
		for _, p := range w.runs {
			planned, err := w.observe(p)
			if err != nil {
				t.Fatalf("seed %d: run %s: %v\n%s", s, p.run.ID, err, w.script())
			}
			plans += planned
		}
	}
	if t.Logf("%d plans compared", plans); plans < n {
		t.Errorf("only %d plans compared in %d workflows", plans, n)
	}
}

func (w *world) observe(p *played) (plans int, err error) {
	g, r, err := ObserveScope(w.wire(p), &Known{
		Accepted: w.ids(p.oracle.Accept), Before: w.acceptedBefore(p), Held: w.ids(p.oracle.Held),
		WhileRunning: p.oracle.WhileRunning, Roots: w.ids(p.oracle.Roots),
	})
	if err != nil {
		return 0, err
	}
	for n := range w.g.Nodes {
		if g.Nodes[n].Name != w.g.Nodes[n].Name || g.Nodes[n].ID != w.g.Nodes[n].ID {
			return 0, fmt.Errorf("node %d is %s %s", n, g.Nodes[n].Name, g.Nodes[n].ID)
		}
	}
	if w.ambiguous() {
		return 0, nil
	}
	if err := w.sameStates(p, r); err != nil {
		return 0, err
	}
	for range 20 * b2i(p.run.Over()) {
		q := w.request(p)
		want, err1 := ResumeAs(w.g, p.run, w.asked(q), "N", 1)
		got, err2 := ResumeAs(g, r, w.asked(q), "N", 1)
		if fmt.Sprint(err1) != fmt.Sprint(err2) {
			return plans, fmt.Errorf("resume%s: %w, observed %w", requestOptions(q), err1, err2)
		}
		if err1 != nil {
			continue
		}
		plans++
		if err := samePlan(w.g, want, got); err != nil {
			return plans, fmt.Errorf("resume%s: %w", requestOptions(q), err)
		}
	}
	return plans, nil
}

// acceptedBefore are the UniqueIds of the nodes that a run carries as accepted by an
// earlier resume.
func (w *world) acceptedBefore(p *played) []string {
	var out []string
	for n := range w.g.Nodes {
		if p.run.Nodes[n].Accepted && !slices.Contains(p.run.Accepted, n) {
			out = append(out, w.g.Nodes[n].ID)
		}
	}
	return out
}

// ambiguous: the wire does not say which action started a crawl, or which of two
// equal actions of a trigger started a job.
func (w *world) ambiguous() bool {
	for n := range w.g.Nodes {
		node := &w.g.Nodes[n]
		for i, a := range node.Actions {
			if i > 0 && (node.Type == glue.NodeTypeCrawler || w.g.Actions[a].Trigger == w.g.Actions[node.Actions[i-1]].Trigger) {
				return true
			}
		}
	}
	return false
}

func (w *world) sameStates(p *played, r *Run) error {
	if !slices.Equal(r.Roots, p.run.Roots) {
		return fmt.Errorf("roots %v, observed %v", p.run.Roots, r.Roots)
	}
	if p.run.Over() && p.run.Statistics() != r.Statistics() {
		return fmt.Errorf("statistics %+v, observed %+v", p.run.Statistics(), r.Statistics())
	}
	for a := range w.g.Actions {
		want, got := p.run.Actions[a], r.Actions[a]
		same := want.State == got.State
		if w.g.Nodes[w.g.Actions[a].Node].Type == glue.NodeTypeCrawler {
			same = want.State.Crawl() == got.State.Crawl() // a crawl has fewer states
		}
		if !same || want.Retry != got.Retry || want.Starts != got.Starts {
			return fmt.Errorf("action %d: %+v, observed %+v", a, want, got)
		}
	}
	for a := range w.g.Actions {
		first := int(p.run.Actions[a].Starts-1) - int(p.run.Actions[a].Retry)
		if p.base == nil || !p.base.Actions[a].State.Live() || !p.base.moved(a, first) {
			continue
		}
		if !r.moved(a, first) || r.Moved[a].Run != p.prior.run.ID {
			return fmt.Errorf("action %d: moved %v, observed %v", a, p.run.Moved, r.Moved)
		}
	}
	for n := range w.g.Nodes {
		want, got := p.run.Nodes[n], r.Nodes[n]
		if want.Last != got.Last || want.Carried != got.Carried || want.Accepted != got.Accepted || want.Action != got.Action || want.Start != got.Start {
			return fmt.Errorf("node %s: %+v, observed %+v", w.g.Nodes[n].Name, want, got)
		}
	}
	if !slices.Equal(r.Held, p.run.Held) || !slices.Equal(r.Accepted, slices.Sorted(slices.Values(p.run.Accepted))) {
		return fmt.Errorf("scope %+v, observed %+v", p.run.Scope, r.Scope)
	}
	again := w.g.again(&p.run.Scope)
	for t := range w.g.Triggers {
		if p.prior != nil && !again[w.g.Triggers[t].Node] {
			continue // what a carried trigger did can't always be seen
		}
		if p.run.Triggers[t].Fired != r.Triggers[t].Fired {
			return fmt.Errorf("trigger %s: fired %t, observed %t", w.g.Triggers[t].Def.Name, !r.Triggers[t].Fired, r.Triggers[t].Fired)
		}
	}
	return nil
}

func samePlan(g *Graph, want, got *Plan) error {
	if !slices.Equal(want.Roots, got.Roots) {
		return fmt.Errorf("roots %v, observed %v", want.Roots, got.Roots)
	}
	for i := range want.Start {
		if want.Start[i].Attempt != got.Start[i].Attempt {
			return fmt.Errorf("starts %v, observed %v", want.Start[i].Attempt, got.Start[i].Attempt)
		}
	}
	for n := range g.Nodes {
		if g.Nodes[n].Trigger < 0 && want.Nodes[n] != got.Nodes[n] {
			return fmt.Errorf("%s: %+v, observed %+v", g.Nodes[n].Name, want.Nodes[n], got.Nodes[n])
		}
	}
	return nil
}

// wire is the run as GetWorkflowRun shows it. Job run ids are not the derived
// ones, as on AWS.
func (w *world) wire(p *played) *glue.WorkflowRun {
	run := &glue.WorkflowRun{WorkflowRunId: p.run.ID, Status: p.run.Status, StartedOn: w.began(p), Graph: &glue.WorkflowGraph{}}
	if p.prior != nil {
		run.PreviousRunId = p.prior.run.ID
	}
	for n := range w.g.Nodes {
		node := &w.g.Nodes[n]
		out := glue.Node{Type: node.Type, Name: node.Name, UniqueId: node.ID}
		switch {
		case node.Trigger >= 0:
			out.TriggerDetails = &glue.TriggerNodeDetails{Trigger: w.g.Triggers[node.Trigger].Def}
		case node.Type == glue.NodeTypeCrawler:
			out.CrawlerDetails = &glue.CrawlerNodeDetails{Crawls: w.crawls(p, node.Name)}
		default:
			out.JobDetails = &glue.JobNodeDetails{JobRuns: w.jobRuns(p, node.Name)}
		}
		run.Graph.Nodes = append(run.Graph.Nodes, out)
	}
	return run
}

// began is when a run started: with its first attempt, if there is one.
func (w *world) began(p *played) glue.Time {
	for _, l := range p.oracle.Lines {
		if p.prior == nil && l.What == "start" && l.Attempt.Run == p.run.ID {
			return w.when[l.Attempt][0]
		}
	}
	return p.at
}

func (w *world) jobRuns(p *played, job string) []glue.JobRun {
	var out []glue.JobRun
	for _, l := range p.oracle.Lines {
		if l.What != "start" || l.Node != job {
			continue
		}
		now, at := p.oracle.Now(l.Attempt), w.when[l.Attempt]
		j := glue.JobRun{
			Id: fmt.Sprint("jr ", l.Attempt), Attempt: int32(l.Retry), TriggerName: l.Attempt.Trigger, JobName: job,
			StartedOn: at[0], CompletedOn: at[1], JobRunState: glue.JobRunState(now.State),
		}
		if l.Retry > 0 {
			j.PreviousRunId = fmt.Sprint("jr ", l.Same)
		}
		out = append(out, j)
	}
	slices.Reverse(out)
	return out
}

func (w *world) crawls(p *played, crawler string) []glue.Crawl {
	var out []glue.Crawl
	for _, l := range p.oracle.Lines {
		if l.What == "start" && l.Node == crawler {
			at := w.when[l.Attempt]
			state := JobState(glue.JobRunState(p.oracle.Now(l.Attempt).State))
			out = append(out, glue.Crawl{State: state.Crawl(), StartedOn: at[0], CompletedOn: at[1]})
		}
	}
	slices.Reverse(out)
	return out
}

// tick gives what an event started and ended its times, each a moment of its own.
func (w *world) tick(p *played, c *Change, ev Event) {
	if e, ok := ev.(Ended); ok && !c.Empty() {
		at := w.owner(p, e.Attempt)
		w.clock++
		w.when[at] = [2]glue.Time{w.when[at][0], w.clock}
	}
	for _, s := range c.Start {
		w.clock++
		w.when[p.name(w.g, s.Attempt)] = [2]glue.Time{w.clock}
	}
}

// TestObserveMoved: what the end of a moved attempt started looks like a root, unless
// the roots are known.
func TestObserveMoved(t *testing.T) {
	w := newWorld(1)
	w.spec = []oracle.Trigger{
		{Name: "T1", Start: true, Starts: []string{"J1", "J2"}},
		{Name: "T2", Active: true, Wants: []oracle.Want{{Node: "J2", State: "SUCCEEDED"}}, Starts: []string{"J3"}},
	}
	w.g = Build(definitions(w.spec), nodeID)
	p := &played{run: NewRun(w.g, "R1"), ids: map[oracle.Attempt]string{}, oracle: &oracle.Run{ID: "R1", Triggers: w.spec}}
	w.runs = append(w.runs, p)
	play := func(p *played, events ...Event) {
		for _, ev := range events {
			if err := w.do(p, ev); err != nil {
				t.Fatal(err)
			}
		}
	}
	play(p, Begun{}, Ended{Attempt: Attempt{0, 0}, State: Failed})
	next, err := w.resume(p, oracle.Request{Nodes: []string{"J1"}, WhileRunning: true})
	if err != nil || next == nil {
		t.Fatal(next, err)
	}
	play(p, Superseded{})
	play(next, Ended{Attempt: Attempt{1, 0}, State: Succeeded}, Ended{Attempt: Attempt{0, 0}, State: Succeeded})
	g, r, err := ObserveScope(w.wire(next), &Known{WhileRunning: true, Roots: []string{"id-JOB-J1"}})
	if err != nil {
		t.Fatal(err)
	}
	why := Explain(g, r)
	for node, want := range map[string]string{
		"id-JOB-J1": "J1 SUCCEEDED: the resume started it directly, in place of trigger T1",
		"id-JOB-J2": "J2 SUCCEEDED: it began in run R1 and was moved here when that was resumed while it ran",
		"id-JOB-J3": "J3 is STARTING: trigger T2 started it because J2 SUCCEEDED",
	} {
		if n, _ := g.NodeByID(node); why.Sentence(n) != want {
			t.Errorf("%s: %s", node, why.Sentence(n))
		}
	}
}

func TestObserveNonsense(t *testing.T) {
	job := func(runs ...glue.JobRun) glue.Node {
		return glue.Node{Type: glue.NodeTypeJob, Name: "J", UniqueId: "n2", JobDetails: &glue.JobNodeDetails{JobRuns: runs}}
	}
	trigger := glue.Node{Type: glue.NodeTypeTrigger, Name: "T", UniqueId: "n1", TriggerDetails: &glue.TriggerNodeDetails{
		Trigger: &glue.Trigger{Name: "T", Type: glue.TriggerTypeOnDemand, Actions: []glue.Action{{JobName: "J"}}},
	}}
	bad := trigger
	bad.TriggerDetails = &glue.TriggerNodeDetails{Trigger: &glue.Trigger{Name: "T", Actions: []glue.Action{{}}}}
	watch := trigger
	watch.TriggerDetails = &glue.TriggerNodeDetails{Trigger: &glue.Trigger{Name: "T", Predicate: &glue.Predicate{Conditions: []glue.Condition{{}}}}}
	other := trigger
	other.TriggerDetails = &glue.TriggerNodeDetails{Trigger: &glue.Trigger{Name: "U"}}
	for name, c := range map[string]struct {
		nodes []glue.Node
		want  string
	}{
		"no trigger details":     {[]glue.Node{{Type: glue.NodeTypeTrigger, Name: "T", UniqueId: "n1"}}, "TriggerDetails"},
		"details of another":     {[]glue.Node{other}, "those of U"},
		"no name":                {[]glue.Node{{Type: glue.NodeTypeJob, UniqueId: "n1"}}, "no Name"},
		"no id":                  {[]glue.Node{{Type: glue.NodeTypeJob, Name: "J"}}, "no UniqueId"},
		"twice":                  {[]glue.Node{trigger, job(), job()}, "two JOB nodes J"},
		"empty action":           {[]glue.Node{bad}, "names no job"},
		"empty condition":        {[]glue.Node{watch}, "names no job"},
		"unknown state":          {[]glue.Node{trigger, job(glue.JobRun{Id: "jr_1", JobRunState: "DANCING"})}, `unknown state "DANCING"`},
		"started by nothing":     {[]glue.Node{job(glue.JobRun{Id: "jr_1", JobRunState: "FAILED"})}, "no trigger of the graph starts it"},
		"started by a stranger":  {[]glue.Node{trigger, job(glue.JobRun{Id: "jr_1", JobRunState: "FAILED", TriggerName: "X"})}, "trigger X"},
		"crawl in unknown state": {[]glue.Node{trigger, {Type: glue.NodeTypeCrawler, Name: "C", UniqueId: "n3", CrawlerDetails: &glue.CrawlerNodeDetails{Crawls: []glue.Crawl{{}}}}}, "unknown state"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Observe(&glue.WorkflowRun{WorkflowRunId: "wr_1", Status: "COMPLETED", Graph: &glue.WorkflowGraph{Nodes: c.nodes}})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "wr_1") {
				t.Errorf("got %v, want an error about %q that names the run", err, c.want)
			}
		})
	}
	for name, run := range map[string]*glue.WorkflowRun{
		"nothing":   nil,
		"no graph":  {WorkflowRunId: "wr_1", Status: "COMPLETED"},
		"no status": {WorkflowRunId: "wr_1", Graph: &glue.WorkflowGraph{}},
	} {
		if _, _, err := Observe(run); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestObserveMissingTriggerName takes a job run without TriggerName for that of
// the only action there is.
func TestObserveMissingTriggerName(t *testing.T) {
	w := newWorld(1)
	w.spec = []oracle.Trigger{{Name: "T1", Start: true, Starts: []string{"J1"}}}
	w.g = Build(definitions(w.spec), nodeID)
	run := &glue.WorkflowRun{WorkflowRunId: "wr_1", Status: "COMPLETED", Graph: &glue.WorkflowGraph{Nodes: []glue.Node{
		{Type: glue.NodeTypeTrigger, Name: "T1", UniqueId: "n1", TriggerDetails: &glue.TriggerNodeDetails{Trigger: w.g.Triggers[0].Def}},
		{Type: glue.NodeTypeJob, Name: "J1", UniqueId: "n2", JobDetails: &glue.JobNodeDetails{JobRuns: []glue.JobRun{{Id: "jr", JobRunState: "FAILED"}}}},
	}}}
	g, r, err := Observe(run)
	if err != nil {
		t.Fatal(err)
	}
	if plan, err := Resume(g, r, []string{"n2"}, "wr_2", 1); err != nil || len(plan.Roots) != 1 {
		t.Errorf("plan %v, error %v", plan, err)
	}
}

// TestObserveOneMoment: of job runs that started in one moment the first in the
// list is the newest.
func TestObserveOneMoment(t *testing.T) {
	defs := definitions([]oracle.Trigger{
		{Name: "T1", Start: true, Starts: []string{"J1"}},
		{Name: "T2", Start: true, Starts: []string{"J1"}},
	})
	var nodes []glue.Node
	for i := range defs {
		nodes = append(nodes, glue.Node{
			Type: glue.NodeTypeTrigger, Name: defs[i].Name, UniqueId: defs[i].Name, TriggerDetails: &glue.TriggerNodeDetails{Trigger: &defs[i]},
		})
	}
	runs := []glue.JobRun{
		{Id: "b", TriggerName: "T1", JobRunState: "FAILED", StartedOn: 5, CompletedOn: 9},
		{Id: "a", TriggerName: "T2", JobRunState: "SUCCEEDED", StartedOn: 5, CompletedOn: 8},
	}
	nodes = append(nodes, glue.Node{Type: glue.NodeTypeJob, Name: "J1", UniqueId: "J1", JobDetails: &glue.JobNodeDetails{JobRuns: runs}})
	g, r, err := Observe(&glue.WorkflowRun{WorkflowRunId: "wr", Status: "COMPLETED", Graph: &glue.WorkflowGraph{Nodes: nodes}})
	if err != nil {
		t.Fatal(err)
	}
	n, _ := g.NodeByID("J1")
	at, _ := r.Latest(g, n)
	if got := g.Triggers[g.Actions[at.Action].Trigger].Def.Name; got != "T1" || len(FailedNodes(g, r)) != 1 {
		t.Errorf("latest attempt is that of %s, failed %v", got, FailedNodes(g, r))
	}
}
