package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/flow/oracle"
	"github.com/reglue/reglue/internal/glue"
)

// TestFamilyScenarios plays the files of testdata/family; the commands are those
// of gathering.do.
func TestFamilyScenarios(t *testing.T) {
	playScenarios(t, "testdata/family/*.txt", func() (func(string), *strings.Builder) {
		g := &gathering{rehearsing: rehearsing{ends: map[string]scriptedEnd{}, takes: map[string]int64{}, retries: map[string]int{}}}
		return g.do, &g.printed
	})
}

// gathering is one file under play: rehearsed runs, dressed as answers.
type gathering struct {
	rehearsing
	runs []*gathered
}

type gathered struct {
	run    *Run
	answer *glue.WorkflowRun
}

// do carries out one command, beside those of rehearsing:
//
//	start at=N                 a run from its beginning
//	resume R nodes=A,B at=N
//	cut R at=N                 the run is still live then
//	forget R                   it is past retention
//	family R now=N             the family of the run
func (g *gathering) do(line string) {
	words := strings.Fields(line)
	opts := map[string]string{}
	for _, w := range words[1:] {
		k, v, _ := strings.Cut(w, "=")
		opts[k] = v
	}
	number := func(k string) int64 {
		n, _ := strconv.ParseInt(opts[k], 10, 64)
		return n
	}
	if words[0] == "start" && g.g == nil {
		g.g = Build(g.triggers, nodeID)
	}
	switch words[0] {
	case "start":
		p, err := Rehearse(g.g, g.script())
		g.add(p, err, nil, number("at"))
	case "resume":
		prior := g.find(words[1])
		s := &scenario{g: g.g}
		plan, err := Resume(g.g, prior.run, s.ids(opts["nodes"]), fmt.Sprintf("R%d", len(g.runs)+1), 0)
		if err != nil {
			fmt.Fprintf(&g.printed, "refused: %v\n", err)
			return
		}
		p, err := RehearsePlan(g.g, plan, g.script())
		g.add(p, err, prior, number("at"))
	case "cut":
		g.find(words[1]).cut(glue.Time(number("at")))
	case "forget":
		g.runs = slices.DeleteFunc(g.runs, func(r *gathered) bool { return r.answer.WorkflowRunId == words[1] })
	case "family":
		var all []*glue.WorkflowRun
		for _, r := range slices.Backward(g.runs) { // as a service lists them
			all = append(all, r.answer)
		}
		g.tellFamily(observedFamily(Kin(all, words[1]), number("now")))
	default:
		g.rehearsing.do(line)
	}
}

func observedFamily(runs []*glue.WorkflowRun, now int64) (*Family, error) {
	var all []Observed
	for _, r := range runs {
		g, state, err := Observe(r)
		if err != nil {
			return nil, err
		}
		all = append(all, Observed{r, g, state})
	}
	return NewFamily(all, now)
}

func (g *gathering) find(id string) *gathered {
	return g.runs[slices.IndexFunc(g.runs, func(r *gathered) bool { return r.answer.WorkflowRunId == id })]
}

// add dresses a rehearsal as GetWorkflowRun's answer.
func (g *gathering) add(p *Rehearsal, err error, prior *gathered, at int64) {
	if err != nil {
		fmt.Fprintf(&g.printed, "error: %v\n", err)
		return
	}
	run := &glue.WorkflowRun{
		WorkflowRunId: fmt.Sprintf("R%d", len(g.runs)+1), Status: p.Run.Status,
		StartedOn: glue.Time(at), CompletedOn: glue.Time(at + p.Took), Graph: &glue.WorkflowGraph{},
	}
	if prior != nil {
		run.PreviousRunId = prior.answer.WorkflowRunId
	}
	for n := range g.g.Nodes {
		node := &g.g.Nodes[n]
		out := glue.Node{Type: node.Type, Name: node.Name, UniqueId: node.ID}
		switch {
		case node.Trigger >= 0:
			out.TriggerDetails = &glue.TriggerNodeDetails{Trigger: g.g.Triggers[node.Trigger].Def}
		case p.Run.Nodes[n].Carried:
			out.JobDetails, out.CrawlerDetails = prior.answer.Graph.Nodes[n].JobDetails, prior.answer.Graph.Nodes[n].CrawlerDetails
		default:
			g.details(&out, p, n, run)
		}
		run.Graph.Nodes = append(run.Graph.Nodes, out)
	}
	g.runs = append(g.runs, &gathered{p.Run, run})
}

// details are a node's attempts, newest first.
func (g *gathering) details(out *glue.Node, p *Rehearsal, n int, run *glue.WorkflowRun) {
	out.JobDetails, out.CrawlerDetails = &glue.JobNodeDetails{}, &glue.CrawlerNodeDetails{}
	for i := range slices.Backward(p.Attempts) {
		a := &p.Attempts[i]
		began, ended := run.StartedOn+glue.Time(a.Began), run.StartedOn+glue.Time(a.Ended)
		switch {
		case a.Node != n:
		case out.Type == glue.NodeTypeCrawler:
			out.CrawlerDetails.Crawls = append(out.CrawlerDetails.Crawls, glue.Crawl{State: a.End.Crawl(), StartedOn: began, CompletedOn: ended})
		default:
			name := func(start int) string { return fmt.Sprintf("%s/%d/%d", run.WorkflowRunId, a.Action, start) }
			j := glue.JobRun{
				Id: name(a.Attempt.Start), JobName: out.Name, Attempt: int32(a.Retry), JobRunState: a.End.Job(),
				TriggerName: g.g.Triggers[g.g.Actions[a.Action].Trigger].Def.Name, StartedOn: began, CompletedOn: ended,
			}
			if a.Retry > 0 {
				j.PreviousRunId = name(a.Attempt.Start - 1)
			}
			out.JobDetails.JobRuns = append(out.JobDetails.JobRuns, j)
		}
	}
}

// cut shows the run as it was at a moment.
func (r *gathered) cut(at glue.Time) {
	r.answer.Status, r.answer.CompletedOn = glue.WorkflowRunStatusRunning, 0
	for i := range r.answer.Graph.Nodes {
		d := r.answer.Graph.Nodes[i].JobDetails
		if d == nil {
			continue
		}
		d.JobRuns = slices.DeleteFunc(d.JobRuns, func(j glue.JobRun) bool { return j.StartedOn > at })
		for k := range d.JobRuns {
			if d.JobRuns[k].CompletedOn > at {
				d.JobRuns[k].JobRunState, d.JobRuns[k].CompletedOn = glue.JobRunStateRunning, 0
			}
		}
	}
}

func (g *gathering) tellFamily(f *Family, err error) {
	if err != nil {
		fmt.Fprintf(&g.printed, "error: %v\n", err)
		return
	}
	s := &scenario{}
	for i := range f.Runs {
		m := &f.Runs[i]
		var notes []string
		if i == f.Head {
			notes = append(notes, "head")
		}
		if m.Run.PreviousRunId != "" {
			var roots []string
			for _, n := range m.State.Roots {
				roots = append(roots, m.Graph.Nodes[n].Name)
			}
			notes = append(notes, "resumes "+m.Run.PreviousRunId+" at "+strings.Join(roots, ","))
		}
		notes = append(notes, fmt.Sprintf("ran %d in %d", m.Ran, m.Worked), fmt.Sprintf("carried %d of %d", m.Saved.Starts, m.Saved.Time))
		s.say("%s%s %s %s", strings.Repeat("  ", m.Depth), m.Run.WorkflowRunId, m.Run.Status, strings.Join(notes, "; "))
	}
	head := &f.Runs[f.Head]
	for _, n := range f.Nodes {
		line := head.Graph.Nodes[n.Node].Name + " -"
		if n.Latest >= 0 {
			line = fmt.Sprintf("%s %s, attempt %d of %d", head.Graph.Nodes[n.Node].Name, f.where(n.Latest), slices.Index(n.Attempts, n.Latest)+1, len(n.Attempts))
		}
		if n.Reset >= 0 {
			line += ", reset; " + f.where(n.Reset)
		}
		if n.Aside >= 0 {
			line += "; aside of it " + f.where(n.Aside)
		}
		s.say("%s", line)
	}
	if len(f.Lost) > 0 {
		s.say("lost: %s", strings.Join(f.Lost, " "))
	}
	s.say("%d to %d, %d in all, %d idle; %d attempts worked %d; saved %d starts, %d",
		f.Began, f.Ended, f.Wall, f.Idle, len(f.Attempts), f.Worked, f.Saved.Starts, f.Saved.Time)
	g.printed.WriteString(s.printed.String())
}

// where names an attempt's state and the run it ran in.
func (f *Family) where(i int) string {
	a := &f.Attempts[i]
	if a.Run < 0 {
		return fmt.Sprintf("%s in %s or before", a.State, a.Before)
	}
	return fmt.Sprintf("%s in %s", a.State, f.Runs[a.Run].Run.WorkflowRunId)
}

// TestFamilyEqualsOracle holds the families of random runs and resumes against the
// oracle, which knows where each attempt ran.
func TestFamilyEqualsOracle(t *testing.T) {
	n, branches, lost, supplied := max(1, *graphs/40), 0, 0, 0
	for s := uint64(1); s <= uint64(n); s++ {
		w := newWorld(s)
		if err := w.play(sizeOf(s)); err != nil {
			t.Fatalf("seed %d: %v", s, err)
		}
		gone := -1
		if w.rnd.IntN(4) == 0 && len(w.runs) > 1 {
			gone = 0
			lost++
		}
		var runs []*glue.WorkflowRun
		for i, p := range w.runs {
			if i != gone {
				runs = append(runs, w.wire(p))
			}
		}
		w.rnd.Shuffle(len(runs), func(i, j int) { runs[i], runs[j] = runs[j], runs[i] })
		kin := Kin(runs, pick(w.rnd, runs).WorkflowRunId)
		f, err := observedFamily(kin, 1e6)
		if err == nil {
			err = w.sameFamily(f, len(runs), gone >= 0)
		}
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", s, err, w.script())
		}
		for i := range f.Runs {
			for j := range f.Runs[:i] {
				branches += b2i(f.Runs[i].Parent >= 0 && f.Runs[i].Parent == f.Runs[j].Parent)
			}
		}
		for _, s := range f.Nodes {
			supplied += b2i(s.Latest >= 0 && f.Attempts[s.Latest].Run != f.Head)
		}
	}
	t.Logf("%d branches, %d lost runs, %d nodes supplied by an earlier run", branches, lost, supplied)
	if n >= 1000 && (branches < n/20 || lost < n/20 || supplied < n/20) {
		t.Errorf("too few of the hard cases")
	}
}

func (w *world) sameFamily(f *Family, runs int, gone bool) error {
	if len(f.Runs) != runs {
		return fmt.Errorf("%d runs of %d", len(f.Runs), runs)
	}
	byID := map[string]*played{}
	for _, p := range w.runs {
		byID[p.run.ID] = p
	}
	last := w.runs[len(w.runs)-1]
	if got := f.Runs[f.Head].Run.WorkflowRunId; got != last.run.ID {
		return fmt.Errorf("the head is %s, want %s", got, last.run.ID)
	}
	for i := range f.Runs {
		m := &f.Runs[i]
		p := byID[m.Run.WorkflowRunId]
		ran, carried := 0, 0
		for _, l := range p.oracle.Lines {
			if l.What == "start" && l.Attempt.Run == p.run.ID {
				ran++
			} else if l.What == "start" && p.oracle.Now(l.Attempt).What != "retried" {
				carried++
			}
		}
		if m.Ran != ran || m.Saved.Starts != carried {
			return fmt.Errorf("run %s: ran %d, carried %d, want %d and %d", p.run.ID, m.Ran, m.Saved.Starts, ran, carried)
		}
	}
	for _, s := range f.Nodes {
		name := f.Runs[f.Head].Graph.Nodes[s.Node].Name
		want := last.oracle.Last("start", name).Attempt
		if s.Latest < 0 {
			if want != (oracle.Attempt{}) {
				return fmt.Errorf("%s has no attempt, want %v", name, want)
			}
			continue
		}
		a := &f.Attempts[s.Latest]
		run := "R1"
		if a.Run >= 0 {
			run = f.Runs[a.Run].Run.WorkflowRunId
		} else if !gone {
			return fmt.Errorf("%s: attempt of a lost run, but none is lost", name)
		}
		if state := last.oracle.Now(want).State; run != want.Run || a.Job != nil && s.Shown.State.String() != state {
			return fmt.Errorf("%s: %s in %s, want %s of %v", name, a.State, run, state, want)
		}
	}
	return nil
}

func TestFamilyNonsense(t *testing.T) {
	run := func(id, previous string) *glue.WorkflowRun {
		return &glue.WorkflowRun{WorkflowRunId: id, PreviousRunId: previous, Status: "COMPLETED", Graph: &glue.WorkflowGraph{}}
	}
	circle := []*glue.WorkflowRun{run("A", "B"), run("B", "A")}
	for name, runs := range map[string][]*glue.WorkflowRun{"none": nil, "circle": circle} {
		if f, err := observedFamily(runs, 1); err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if kin := Kin(circle, "A"); len(kin) != 2 {
		t.Errorf("%d kin in a circle", len(kin))
	}
	if kin := Kin([]*glue.WorkflowRun{run("A", ""), run("B", "")}, "A"); len(kin) != 1 || kin[0].WorkflowRunId != "A" {
		t.Errorf("runs that nothing joins are kin: %v", kin)
	}
	if kin := Kin(nil, "A"); len(kin) != 0 {
		t.Errorf("kin of nothing: %v", kin)
	}
}
