package flow

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/flow/oracle"
	"github.com/reglue/reglue/internal/glue"
)

// TestRehearseScenarios plays the files of testdata/rehearse; the commands are
// those of rehearsing.do.
func TestRehearseScenarios(t *testing.T) {
	playScenarios(t, "testdata/rehearse/*.txt", func() (func(string), *strings.Builder) {
		r := &rehearsing{ends: map[string]scriptedEnd{}, takes: map[string]int64{}, retries: map[string]int{}}
		return r.do, &r.printed
	})
}

// playScenarios plays scenario files in the form of TestScenarios: each line that
// is a command goes to what begin made, and what it printed stands below a line of
// four dashes.
func playScenarios(t *testing.T, glob string, begin func() (do func(string), printed *strings.Builder)) {
	t.Helper()
	files, err := filepath.Glob(glob)
	if err != nil || len(files) == 0 {
		t.Fatal("no scenario files", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			do, printed := begin()
			got := playBlocks(string(text), do, printed)
			if *update {
				if err := os.WriteFile(f, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if d := cmp.Diff(string(text), got); d != "" && !*update {
				t.Errorf("%s (-file +played), rewrite with -update:\n%s", f, d)
			}
		})
	}
}

func playBlocks(text string, do func(string), printed *strings.Builder) string {
	var out strings.Builder
	for block := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n\n") {
		if out.Len() > 0 {
			out.WriteString("\n")
		}
		commands, _, _ := strings.Cut(block, "\n----")
		for line := range strings.SplitSeq(commands, "\n") {
			out.WriteString(line + "\n")
			if !strings.HasPrefix(line, "#") {
				do(line)
			}
		}
		if printed.Len() > 0 {
			out.WriteString("----\n" + printed.String())
			printed.Reset()
		}
	}
	return out.String()
}

// rehearsing is one file under play.
type rehearsing struct {
	printed  strings.Builder
	triggers []glue.Trigger
	ends     map[string]scriptedEnd
	takes    map[string]int64
	retries  map[string]int
	g        *Graph
	prior    *Run
}

// scriptedEnd is how a node ends; first bounds it to so many attempts.
type scriptedEnd struct {
	state State
	first int
}

// do carries out one command:
//
//	trigger NAME …             as in the other scenarios
//	end NODE=STATE [first=N]   how the node's attempts end, or the first N of them
//	takes NODE=N, retries NODE=N
//	rehearse                   a run from its beginning
//	resume nodes=A,B           the resume of the run rehearsed before
func (r *rehearsing) do(line string) {
	words := strings.Fields(line)
	if words[0] == "trigger" {
		r.triggers = append(r.triggers, parseTrigger(words[1:]))
		return
	}
	if r.g == nil {
		r.g = Build(r.triggers, nodeID)
	}
	name, value := "", ""
	if len(words) > 1 {
		name, value, _ = strings.Cut(words[1], "=")
	}
	n, _ := strconv.Atoi(value)
	switch words[0] {
	case "end":
		e := scriptedEnd{state: wireState(value)}
		if len(words) > 2 {
			e.first, _ = strconv.Atoi(strings.TrimPrefix(words[2], "first="))
		}
		r.ends[name] = e
	case "takes":
		r.takes[name] = int64(n)
	case "retries":
		r.retries[name] = n
	case "rehearse":
		r.tell(Rehearse(r.g, r.script()))
	case "resume":
		s := &scenario{g: r.g}
		plan, err := Resume(r.g, r.prior, s.ids(value), "resumed", 77)
		if err != nil {
			fmt.Fprintf(&r.printed, "refused: %v\n", err)
			return
		}
		r.tell(RehearsePlan(r.g, plan, r.script()))
	default:
		fmt.Fprintf(&r.printed, "error: no command %s\n", words[0])
	}
}

func (r *rehearsing) script() *Script {
	return &Script{
		End: func(n, retry int) State {
			e, ok := r.ends[r.g.Nodes[n].Name]
			if !ok || e.first > 0 && retry >= e.first {
				return Succeeded
			}
			return e.state
		},
		Takes: func(a int, _ State) int64 {
			if d, ok := r.takes[r.g.Nodes[r.g.Actions[a].Node].Name]; ok {
				return d
			}
			return 10
		},
		Retries: func(n int) int { return r.retries[r.g.Nodes[n].Name] },
	}
}

func (r *rehearsing) tell(p *Rehearsal, err error) {
	if err != nil {
		fmt.Fprintf(&r.printed, "error: %v\n", err)
		return
	}
	r.prior = p.Run
	path := p.CriticalPath()
	for i := range p.Attempts {
		a := &p.Attempts[i]
		mark := " "
		if slices.Contains(path, i) {
			mark = "*"
		}
		name := r.g.Nodes[a.Node].Name
		if a.Retry > 0 {
			name += fmt.Sprintf(" retry %d", a.Retry)
		}
		fmt.Fprintf(&r.printed, "%s %3d to %3d  %s %s by %s\n", mark, a.Began, a.Ended, name,
			stateWord(&r.g.Nodes[a.Node], a.End), r.g.Triggers[r.g.Actions[a.Action].Trigger].Def.Name)
	}
	s := &scenario{g: r.g}
	for n := range r.g.Nodes {
		if _, started := p.Run.Latest(r.g, n); !started && r.g.Nodes[n].Trigger < 0 {
			fmt.Fprintln(&r.printed, Explain(r.g, p.Run).Sentence(n))
		} else if p.Run.Nodes[n].Carried {
			fmt.Fprintf(&r.printed, "%s is carried as %s\n", r.g.Nodes[n].Name, p.Run.Nodes[n].Last)
		}
	}
	s.say("%s after %d", p.Run.Status, p.Took)
	r.printed.WriteString(s.printed.String())
}

// TestRehearseEqualsOracle holds rehearsals of random workflows, and of resumes of
// their runs, against the oracle driven by a clock of its own: same starts in the
// same order at the same times, same ends.
func TestRehearseEqualsOracle(t *testing.T) {
	n, resumes, retries, circles := max(1, *graphs/40), 0, 0, 0
	for s := uint64(1); s <= uint64(n); s++ {
		w := newWorld(s)
		if err := w.play(sizeOf(s)); err != nil {
			t.Fatalf("seed %d: %v", s, err)
		}
		script := w.randomScript()
		h := newByHand(w, script, &oracle.Run{ID: "rehearsal", Triggers: w.spec})
		got, err := Rehearse(w.g, script)
		if err == nil {
			err = h.compare(got, nil)
		}
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", s, err, w.script())
		}
		for i := range got.Attempts {
			retries += b2i(got.Attempts[i].Retry > 0)
			circles += b2i(got.Attempts[i].Retry == 0 && slices.ContainsFunc(got.Attempts[:i], func(a RehearsedAttempt) bool { return a.Node == got.Attempts[i].Node }))
		}
		for _, from := range w.runs {
			done, err := w.rehearseResume(from, script)
			if err != nil {
				t.Fatalf("seed %d: resume of %s: %v\n%s", s, from.run.ID, err, w.script())
			}
			resumes += b2i(done)
		}
	}
	t.Logf("%d resumes, %d retries, %d nodes started again", resumes, retries, circles)
	if n >= 1000 && (resumes < n/4 || retries < n/10 || circles < n/20) {
		t.Errorf("too few of the hard cases")
	}
}

// randomScript gives each node an end for its first attempts and one for the rest,
// a time and a number of retries. Few different times make many ends of one moment.
func (w *world) randomScript() *Script {
	rnd := rand.New(rand.NewPCG(w.rnd.Uint64(), 3))
	type part struct {
		first, rest State
		until       int
		retries     int
		takes       int64
	}
	parts := make([]part, len(w.g.Nodes))
	for n := range parts {
		from := jobOutcomes
		if w.g.Nodes[n].Type == glue.NodeTypeCrawler {
			from = crawlOutcomes
		}
		parts[n] = part{pick(rnd, from), pick(rnd, from), rnd.IntN(3), max(0, rnd.IntN(5)-2), int64(rnd.IntN(4))}
		if w.g.Nodes[n].Type == glue.NodeTypeCrawler {
			parts[n].retries = 0
		}
	}
	return &Script{
		End: func(n, retry int) State {
			if retry < parts[n].until {
				return parts[n].first
			}
			return parts[n].rest
		},
		Takes:   func(a int, s State) int64 { return parts[w.g.Actions[a].Node].takes + int64(s)%2 },
		Retries: func(n int) int { return parts[n].retries },
	}
}

func (w *world) rehearseResume(from *played, script *Script) (bool, error) {
	names := w.choose(from)
	plan, err := Resume(w.g, from.run, w.ids(names), "rehearsal", 1)
	if err != nil {
		return false, nil // what is refused and why is tested elsewhere
	}
	o := &oracle.Run{ID: "rehearsal", Triggers: w.spec, From: from.oracle, Request: oracle.Request{Nodes: names}}
	h := newByHand(w, script, o)
	got, err := RehearsePlan(w.g, plan, script)
	if err == nil {
		err = h.compare(got, from)
	}
	if err != nil || w.ambiguous() {
		return true, err
	}
	return true, w.rehearseObserved(from, names, script, got)
}

// rehearseObserved rehearses a resume of the run as GetWorkflowRun shows it.
func (w *world) rehearseObserved(from *played, names []string, script *Script, want *Rehearsal) error {
	g, r, err := Observe(w.wire(from))
	if err != nil {
		return err
	}
	plan, err := Resume(g, r, w.ids(names), "rehearsal", 1)
	if err != nil {
		return err
	}
	got, err := RehearsePlan(g, plan, script)
	if err != nil {
		return fmt.Errorf("observed: %w", err)
	}
	if got.Took != want.Took || len(got.Attempts) != len(want.Attempts) {
		return fmt.Errorf("observed: %d attempts in %d, want %d in %d", len(got.Attempts), got.Took, len(want.Attempts), want.Took)
	}
	for i := range got.Attempts {
		a, b := &got.Attempts[i], &want.Attempts[i]
		if a.Attempt != b.Attempt || a.Retry != b.Retry || a.End != b.End || a.Began != b.Began || a.Ended != b.Ended || a.Cause != b.Cause {
			return fmt.Errorf("observed: attempt %d is %+v, want %+v", i, a, b)
		}
	}
	for n := range g.Nodes {
		a, b := got.Run.Nodes[n], want.Run.Nodes[n]
		same := a.Last == b.Last || g.Nodes[n].Type == glue.NodeTypeCrawler && a.Last.Crawl() == b.Last.Crawl()
		if !same || a.Carried != b.Carried {
			return fmt.Errorf("observed: node %s is %+v, want %+v", g.Nodes[n].Name, a, b)
		}
	}
	return nil
}

// byHand drives the oracle with a clock: of what is live, what is due first ends,
// at one moment what comes first in the graph.
type byHand struct {
	w      *world
	script *Script
	o      *oracle.Run
	began  map[oracle.Attempt]int64
	ended  map[oracle.Attempt]int64
	clock  int64
}

func newByHand(w *world, s *Script, o *oracle.Run) *byHand {
	h := &byHand{w: w, script: s, o: o, began: map[oracle.Attempt]int64{}, ended: map[oracle.Attempt]int64{}}
	if o.From == nil {
		o.Events = append(o.Events, oracle.Line{What: "begin"})
	}
	for o.Replay(); o.Status == "RUNNING"; o.Replay() {
		h.clock = h.end()
	}
	return h
}

// end ends the attempt that is due next.
func (h *byHand) end() int64 {
	var next oracle.Line
	var place [3]int64
	for _, l := range h.o.Lines {
		now := h.o.Now(l.Attempt)
		if l.What != "start" || l.Attempt.Run != h.o.ID || now.What == "end" || now.What == "retried" {
			continue
		}
		if _, known := h.began[l.Attempt]; !known {
			h.began[l.Attempt] = h.clock
		}
		a := h.action(l.Attempt)
		takes := h.script.Takes(a, h.script.End(h.w.node(l.Node), l.Retry))
		at := [3]int64{h.began[l.Attempt] + takes, int64(h.w.node(l.Node)), int64(a)}
		if next.What == "" || slices.Compare(at[:], place[:]) < 0 {
			next, place = l, at
		}
	}
	h.ended[next.Attempt] = place[0]
	n := h.w.node(next.Node)
	h.o.Events = append(h.o.Events, oracle.Line{
		What: "end", State: h.script.End(n, next.Retry).String(), Attempt: next.Attempt, Retry: h.script.Retries(n),
	})
	return place[0]
}

func (h *byHand) action(at oracle.Attempt) int {
	for a := range h.w.g.Actions {
		if h.w.g.Actions[a].Index == at.Index && h.w.g.Triggers[h.w.g.Actions[a].Trigger].Def.Name == at.Trigger {
			return a
		}
	}
	return -1
}

func (h *byHand) compare(got *Rehearsal, prior *played) error {
	p := &played{run: got.Run, oracle: h.o, prior: prior, ids: map[oracle.Attempt]string{}}
	if prior != nil {
		p.base = Rebase(h.w.g, prior.run, &got.Run.Scope, got.Run.ID)
	}
	for i := range got.Attempts {
		p.starts = append(p.starts, got.Attempts[i].Start)
	}
	if err := h.w.compare(p, nil); err != nil {
		return err
	}
	if got.Took != h.clock {
		return fmt.Errorf("took %d, by hand %d", got.Took, h.clock)
	}
	for i := range got.Attempts {
		a := &got.Attempts[i]
		name := p.name(h.w.g, a.Attempt)
		if a.Began != h.began[name] || a.Ended != h.ended[name] {
			return fmt.Errorf("%v from %d to %d, by hand from %d to %d", name, a.Began, a.Ended, h.began[name], h.ended[name])
		}
		if a.Cause >= 0 && got.Attempts[a.Cause].Ended != a.Began || a.Cause < 0 && a.Began != 0 {
			return fmt.Errorf("%v begins at %d, but its cause is %+v", name, a.Began, a.Cause)
		}
	}
	return onPath(got)
}

// onPath checks that the critical path leads from the beginning to the end without
// a gap.
func onPath(r *Rehearsal) error {
	at := int64(0)
	for _, i := range r.CriticalPath() {
		if r.Attempts[i].Began != at {
			return fmt.Errorf("critical path %v has a gap at %d", r.CriticalPath(), at)
		}
		at = r.Attempts[i].Ended
	}
	if at != r.Took {
		return fmt.Errorf("critical path ends at %d, the run at %d", at, r.Took)
	}
	return nil
}

// TestRehearseRefusesNonsense: a script that ends an attempt in no end is an error
// that names the node.
func TestRehearseRefusesNonsense(t *testing.T) {
	g := Build(definitions([]oracle.Trigger{{Name: "T1", Start: true, Starts: []string{"J1"}}}), nodeID)
	s := &Script{
		End: func(int, int) State { return Running }, Takes: func(int, State) int64 { return 1 }, Retries: func(int) int { return 0 },
	}
	if _, err := Rehearse(g, s); err == nil || !strings.Contains(err.Error(), "node J1") {
		t.Errorf("got %v", err)
	}
	s.End = func(int, int) State { return Failed }
	s.Takes = func(int, State) int64 { return -5 }
	if r, err := Rehearse(g, s); err != nil || r.Took != 0 {
		t.Errorf("a time before the start: %+v, %v", r, err)
	}
	s.Retries = func(int) int { return 1000 } // more than a run can count
	if _, err := Rehearse(g, s); err == nil || !strings.Contains(err.Error(), "more than 2002 starts") {
		t.Errorf("retries without end: %v", err)
	}
}

// TestRehearseIsLinear: twice the jobs cost about twice.
func TestRehearseIsLinear(t *testing.T) {
	for name, shape := range shapes {
		cost := func(n int) float64 {
			g := Build(definitions(shape(n)), nodeID)
			return testing.AllocsPerRun(2, func() {
				r, err := Rehearse(g, allWell)
				if err != nil || len(r.Attempts) < n || r.Run.Status != glue.WorkflowRunStatusCompleted {
					t.Error(name, err)
				}
			})
		}
		if small, large := cost(1000), cost(2000); large > 2.3*small {
			t.Errorf("%s: %.0f allocations at 1000, %.0f at 2000", name, small, large)
		}
	}
}

var allWell = &Script{
	End: func(int, int) State { return Succeeded }, Takes: func(a int, _ State) int64 { return int64(a % 97) }, Retries: func(int) int { return 2 },
}

func BenchmarkRehearse(b *testing.B) {
	for name, shape := range shapes {
		g := Build(definitions(shape(10_000)), nodeID)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Rehearse(g, allWell); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
