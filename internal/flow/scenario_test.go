package flow

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

var update = flag.Bool("update", false, "write what the scenarios print into their files")

// TestScenarios plays the scenario files. A file is blocks of commands, each with
// what it must print below a line of four dashes; doc comments say which rule it
// claims. The commands are those of scenario.commands.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenario files", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got := playFile(string(text))
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

// flowRules are the rules of a resume that this package decides; the others are
// the engine's and the API's.
var flowRules = []string{
	"R03", "R04", "R05", "R06", "R07", "R08", "R09", "R10", "R11", "R12", "R13", "R14", "R15", "R16", "R17", "R18",
	"R19", "R20", "R21", "R22", "R23", "R27", "R28", "R29", "R31", "R36",
}

func TestEveryRuleHasAScenario(t *testing.T) {
	for _, rule := range flowRules {
		files, err := filepath.Glob("testdata/" + rule + "-*.txt")
		if err != nil || len(files) == 0 {
			t.Errorf("no scenario names %s", rule)
		}
	}
}

// playFile gives the file as it should be.
func playFile(text string) string {
	var out strings.Builder
	s := &scenario{out: &out, names: map[string]string{}}
	skip := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "----":
			skip = true
			out.WriteString("----\n" + s.printed.String())
			s.printed.Reset()
		case line == "":
			skip = false
			out.WriteString("\n")
		case skip:
		default:
			out.WriteString(line + "\n")
			if !strings.HasPrefix(line, "#") {
				s.do(line)
			}
		}
	}
	if s.printed.Len() > 0 {
		out.WriteString("----\n" + s.printed.String())
	}
	return out.String()
}

// scenario is one file under play.
type scenario struct {
	out      *strings.Builder
	printed  strings.Builder
	triggers []glue.Trigger
	g        *Graph
	runs     []*scenarioRun
	// names gives a job run id the name that is printed for it.
	names map[string]string
}

type scenarioRun struct {
	*Run
	from string
	// asked is what the resume was asked for, in words.
	asked string
}

func (s *scenario) say(format string, args ...any) { fmt.Fprintf(&s.printed, format+"\n", args...) }

// do carries out one command; what is wrong with it is printed.
func (s *scenario) do(line string) {
	words := strings.Fields(line)
	if words[0] == "trigger" {
		s.triggers = append(s.triggers, parseTrigger(words[1:]))
		return
	}
	if s.g == nil {
		s.g = Build(s.triggers, nodeID)
	}
	opts := map[string]string{}
	for _, w := range words[1:] {
		k, v, _ := strings.Cut(w, "=")
		opts[k] = v
	}
	if words[0] == "start" {
		s.runs = append(s.runs, &scenarioRun{Run: NewRun(s.g, fmt.Sprintf("R%d", len(s.runs)+1))})
		s.step(s.runs[len(s.runs)-1], Begun{})
		return
	}
	if len(s.runs) == 0 {
		s.say("error: no run has started")
		return
	}
	r := s.runs[len(s.runs)-1]
	if n, err := strconv.Atoi(strings.TrimPrefix(opts["run"], "R")); err == nil {
		r = s.runs[n-1]
	}
	command, ok := s.commands()[words[0]]
	if !ok {
		s.say("error: no command %s", words[0])
		return
	}
	command(r, opts)
}

func (s *scenario) commands() map[string]func(*scenarioRun, map[string]string) {
	return map[string]func(*scenarioRun, map[string]string){
		// done job=J state=FAILED [retries=2] [refused] [trigger=T] [start=0]
		"done": func(r *scenarioRun, o map[string]string) {
			retries, _ := strconv.Atoi(o["retries"])
			_, refused := o["refused"]
			s.about(r, o, func(at Attempt) Event {
				return Ended{Attempt: at, State: wireState(o["state"]), Retries: retries, Refused: refused}
			})
		},
		"progress": func(r *scenarioRun, o map[string]string) {
			s.about(r, o, func(at Attempt) Event { return Progressed{at, wireState(o["state"])} })
		},
		// stop, or stop job=J for one attempt
		"stop": func(r *scenarioRun, o map[string]string) {
			if o["job"] == "" && o["action"] == "" {
				s.step(r, StopAsked{})
				return
			}
			s.about(r, o, func(at Attempt) Event { return AttemptStopAsked{at} })
		},
		// resume [nodes=J,…] [accept=J,…] [until=J,…] [except=J,…] [any-end] [while-running]
		"resume": s.resume,
		"plan":   s.plan,
		"show":   func(r *scenarioRun, _ map[string]string) { s.show(r) },
		"why": func(r *scenarioRun, o map[string]string) {
			for _, n := range s.nodes(o["node"]) {
				reason := Explain(s.g, r.Run).Node(n)
				s.say("%s", reason.Sentence)
				for _, c := range reason.Chain {
					s.say("  %s", c)
				}
			}
		},
		"outcome": func(r *scenarioRun, _ map[string]string) { s.outcome(r) },
	}
}

func wireState(s string) State {
	if c := CrawlState(glue.CrawlState(s)); s == "CANCELLED" || s == "CANCELLING" {
		return c
	}
	return JobState(glue.JobRunState(s))
}

// parseTrigger reads "NAME [when [any] NODE=STATE…] [state=S] -> NODE…".
func parseTrigger(words []string) glue.Trigger {
	t := glue.Trigger{Name: words[0], Type: glue.TriggerTypeOnDemand, State: glue.TriggerStateCreated}
	actions := false
	for _, w := range words[1:] {
		node, state, wants := strings.Cut(w, "=")
		crawler, isCrawler := strings.CutPrefix(node, "crawler:")
		switch {
		case w == "when":
			t.Type, t.State = glue.TriggerTypeConditional, glue.TriggerStateActivated
			t.Predicate = &glue.Predicate{Logical: glue.LogicalAnd}
		case w == "any":
			t.Predicate.Logical = glue.LogicalAny
		case w == "->":
			actions = true
		case node == "state":
			t.State = glue.TriggerState(state)
		case actions && isCrawler:
			t.Actions = append(t.Actions, glue.Action{CrawlerName: crawler})
		case actions:
			t.Actions = append(t.Actions, glue.Action{JobName: w})
		case wants && isCrawler:
			st := wireState(state)
			t.Predicate.Conditions = append(t.Predicate.Conditions, glue.Condition{CrawlerName: crawler, CrawlState: st.Crawl()})
		default:
			t.Predicate.Conditions = append(t.Predicate.Conditions, glue.Condition{JobName: node, State: glue.JobRunState(state)})
		}
	}
	return t
}

// about makes an event of the attempt that the options name: of a job the live
// one, or that of a trigger, or a start by its number.
func (s *scenario) about(r *scenarioRun, o map[string]string, event func(Attempt) Event) {
	var found []Attempt
	for a := range s.g.Actions {
		act := &s.g.Actions[a]
		node, trigger := s.g.Nodes[act.Node].Name, s.g.Triggers[act.Trigger].Def.Name
		named := o["job"] == node && (o["trigger"] == "" || o["trigger"] == trigger)
		if !named && o["action"] != fmt.Sprintf("%s/%d", trigger, act.Index) {
			continue
		}
		start, err := strconv.Atoi(o["start"])
		if err == nil {
			found = append(found, Attempt{a, start})
		} else if r.Actions[a].State.Live() {
			found = append(found, Attempt{a, int(r.Actions[a].Starts) - 1})
		}
	}
	if len(found) != 1 {
		s.say("error: %d attempts are meant, want 1", len(found))
		return
	}
	s.step(r, event(found[0]))
}

func (s *scenario) step(r *scenarioRun, ev Event) {
	c, err := Step(s.g, r.Run, ev, 0)
	if err != nil {
		s.say("error: %v", err)
		return
	}
	if c.Empty() {
		s.say("nothing changes")
	}
	for _, t := range c.Triggers {
		if t.Fired && !r.Triggers[t.Trigger].Fired {
			s.say("%s fires", s.g.Triggers[t.Trigger].Def.Name)
		}
	}
	r.Apply(&c)
	for _, st := range c.Start {
		s.started(r, st)
	}
	for _, at := range c.Stop {
		s.say("stop %s", s.g.Nodes[s.g.Actions[at.Action].Node].Name)
	}
	if c.Status != "" {
		s.say("%s is %s", r.ID, c.Status)
	}
}

// started prints a start and gives its job run id a name.
func (s *scenario) started(r *scenarioRun, st Start) {
	a := &s.g.Actions[st.Action]
	node, trigger := s.g.Nodes[a.Node].Name, s.g.Triggers[a.Trigger].Def.Name
	name := fmt.Sprintf("%s/%s/%s", r.ID, trigger, node)
	if st.Start > 0 {
		name += fmt.Sprintf("#%d", st.Start)
	}
	if old, ok := s.names[st.JobRunID]; ok {
		s.say("error: %s has the job run id of %s", name, old)
	}
	s.names[st.JobRunID] = name
	line := fmt.Sprintf("%s starts by %s", node, trigger)
	switch {
	case st.Root && st.SameAs == "":
		line = fmt.Sprintf("%s starts directly, as %s would have", node, trigger)
	case st.Root:
		line = fmt.Sprintf("%s starts directly, as %s did it", node, s.names[st.SameAs])
	case st.Retry > 0:
		line = fmt.Sprintf("%s starts for retry %d of %s", node, st.Retry, s.names[st.SameAs])
	}
	for i, p := range st.Predecessors {
		line += []string{", ", " after "}[b2i(i == 0)] + s.names[p.RunId]
	}
	s.say("%s", line)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *scenario) request(o map[string]string) *Request {
	_, anyEnd := o["any-end"]
	_, whileRunning := o["while-running"]
	return &Request{
		Nodes: s.ids(o["nodes"]), Accept: s.ids(o["accept"]), Until: s.ids(o["until"]), Except: s.ids(o["except"]),
		AnyEnd: anyEnd, WhileRunning: whileRunning,
	}
}

func (s *scenario) resume(r *scenarioRun, o map[string]string) {
	before := r.clone()
	id := fmt.Sprintf("R%d", len(s.runs)+1)
	plan, err := ResumeAs(s.g, r.Run, s.request(o), id, 0)
	if d := before.differs(r.Run); d != "" {
		s.say("error: the prior run changed: %s", d)
	}
	if err != nil {
		s.say("refused: %v", err)
		return
	}
	if r.Status == glue.WorkflowRunStatusRunning {
		s.step(r, Superseded{})
		for _, at := range plan.Run.MovedAttempts() {
			id := plan.Run.JobRunID(s.g, 0, at, plan.Run.Actions[at.Action].Retry)
			s.say("%s is moved to %s", s.names[id], plan.Run.ID)
		}
	}
	next := &scenarioRun{Run: plan.Run, from: r.ID}
	for _, part := range [][2]string{{"at", "nodes"}, {"accepting", "accept"}, {"until", "until"}, {"except", "except"}} {
		if o[part[1]] != "" {
			next.asked += " " + part[0] + " " + o[part[1]]
		}
	}
	s.runs = append(s.runs, next)
	for t := range s.g.Triggers {
		started := func(st Start) bool { return s.g.Actions[st.Action].Trigger == t && !st.Root }
		if plan.Run.Triggers[t].Fired && slices.ContainsFunc(plan.Start, started) {
			s.say("%s fires", s.g.Triggers[t].Def.Name)
		}
	}
	for _, st := range plan.Start {
		s.started(next, st)
	}
	s.say("%s is %s", id, plan.Run.Status)
}

func (s *scenario) plan(r *scenarioRun, o map[string]string) {
	plan, err := ResumeAs(s.g, r.Run, s.request(o), "R", 0)
	if err != nil {
		s.say("refused: %v", err)
		return
	}
	why := ExplainPlan(s.g, r.Run, plan)
	for n := range s.g.Nodes {
		reason := why.Node(n)
		s.say("%s", reason.Sentence)
		for _, c := range reason.Chain {
			s.say("    because %s", c)
		}
	}
}

// ids are the UniqueIds of the names in a list; a name that is none stays.
func (s *scenario) ids(names string) []string {
	var out []string
	for name := range strings.SplitSeq(names, ",") {
		if name == "" {
			continue
		}
		if n := s.nodes(name); len(n) == 1 {
			name = s.g.Nodes[n[0]].ID
		}
		out = append(out, name)
	}
	return out
}

// nodes finds the nodes with a name, all for none.
func (s *scenario) nodes(name string) []int {
	var out []int
	for n := range s.g.Nodes {
		if name == "" || s.g.Nodes[n].Name == name {
			out = append(out, n)
		}
	}
	return out
}

func (s *scenario) show(r *scenarioRun) {
	head := fmt.Sprintf("%s %s", r.ID, r.Status)
	if r.from != "" {
		head += fmt.Sprintf(" (resumes %s%s)", r.from, r.asked)
	}
	s.say("%s", head)
	for n := range s.g.Nodes {
		node := &s.g.Nodes[n]
		state := "-"
		switch {
		case node.Trigger >= 0 && r.Triggers[node.Trigger].Fired:
			state = "fired"
		case node.Trigger >= 0:
		default:
			state = s.state(r, n)
		}
		s.say("  %-10s %s", node.Name, state)
	}
	st := r.Statistics()
	line := fmt.Sprintf("  total %d", st.TotalActions)
	for _, c := range []struct {
		name string
		n    int32
	}{
		{"succeeded", st.SucceededActions},
		{"failed", st.FailedActions},
		{"stopped", st.StoppedActions},
		{"timeout", st.TimeoutActions},
		{"error", st.ErroredActions},
		{"running", st.RunningActions},
		{"waiting", st.WaitingActions},
	} {
		if c.n > 0 {
			line += fmt.Sprintf(", %s %d", c.name, c.n)
		}
	}
	s.say("%s", line)
}

// state tells each action of a node and the node's latest end.
func (s *scenario) state(r *scenarioRun, n int) string {
	node, st := &s.g.Nodes[n], r.Nodes[n]
	var parts []string
	for _, a := range node.Actions {
		if as := r.Actions[a]; as.State != Blank {
			part := stateWord(node, as.State) + " by " + s.g.Triggers[s.g.Actions[a].Trigger].Def.Name
			if as.Retry > 0 {
				part += fmt.Sprintf(" retry %d", as.Retry)
			}
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		if _, ready := r.Ready(s.g, n); ready {
			return "held back, can start"
		}
		return []string{"-", "held back"}[b2i(slices.Contains(r.Held, n))]
	}
	if st.Last != Blank && !slices.ContainsFunc(node.Actions, func(a int) bool { return r.Actions[a].State == st.Last }) || len(parts) > 1 && st.Last != Blank {
		parts = append(parts, "last end "+stateWord(node, st.Last))
	}
	out := strings.Join(parts, ", ")
	if st.Carried {
		out += []string{", carried as ", ", accepted as "}[b2i(st.Accepted)] + s.names[r.EndID(s.g, n)]
	} else if at, _ := r.Latest(s.g, n); r.moved(at.Action, at.Start-int(r.Actions[at.Action].Retry)) {
		out += ", began as " + s.names[r.JobRunID(s.g, 0, at, r.Actions[at.Action].Retry)]
	}
	return out
}

func (s *scenario) outcome(r *scenarioRun) {
	o := Blocked(s.g, r.Run)
	for _, n := range o.Failed {
		s.say("failed: %s", s.g.Nodes[n].Name)
	}
	for _, b := range o.Blocked {
		cause := "no node"
		if b.Cause >= 0 {
			cause = s.g.Nodes[b.Cause].Name
		}
		s.say("blocked by %s: %s", cause, b.Sentence)
	}
}
