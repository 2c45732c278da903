package flow

import (
	"fmt"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// Reason says in a sentence why a node stands where it stands; the chain behind
// it goes node by node back to the first cause.
type Reason struct {
	Sentence string
	Chain    []string
}

// Reasons gives the reason of each node of a run or a plan.
type Reasons struct {
	// say gives a node's sentence and the node behind it, -1 at a first cause.
	say func(n int) (string, int)
	// kind is nil for a plan.
	kind func(n int) Kind
}

// Sentence is a node's reason without the chain.
func (w *Reasons) Sentence(n int) string {
	s, _ := w.say(n)
	return s
}

// Node is a node's reason with the chain behind it.
func (w *Reasons) Node(n int) Reason {
	s, behind := w.say(n)
	out, seen := Reason{Sentence: s}, map[int]bool{n: true}
	for behind >= 0 && !seen[behind] {
		seen[behind] = true
		s, next := w.say(behind)
		out.Chain = append(out.Chain, s)
		behind = next
	}
	return out
}

// Link is a node's reason, and the node whose reason is behind it: -1 at a first
// cause.
func (w *Reasons) Link(n int) (sentence string, behind int) { return w.say(n) }

// link is what is said of a node, and the node behind it.
type link struct {
	sentence string
	behind   int
}

// once works out what is said of a node when it is first asked for.
func (w *Reasons) once() func(n int) *link {
	var known []link
	return func(n int) *link {
		for len(known) <= n {
			known = append(known, link{})
		}
		l := &known[n]
		if l.sentence == "" {
			l.sentence, l.behind = w.say(n)
		}
		return l
	}
}

// Causes gives the reasons of many nodes, each with at most so many links of the
// chain behind it: the nearest ones, and last the first cause. leftOut counts the
// links between. What is said of a node is worked out once.
func (w *Reasons) Causes() func(n, most int) (r Reason, leftOut int) {
	say := w.once()
	seen := map[int]int{} // by node, who was asked for when it was met
	asked := 0
	return func(n, most int) (Reason, int) {
		asked++
		l := say(n)
		out, length, last := Reason{Sentence: l.sentence}, 0, ""
		seen[n] = asked
		for at := l.behind; at >= 0 && seen[at] != asked; at = say(at).behind {
			seen[at] = asked
			length++
			if last = say(at).sentence; length < most {
				out.Chain = append(out.Chain, last)
			}
		}
		if length >= most {
			out.Chain = append(out.Chain, last)
		}
		return out, length - len(out.Chain)
	}
}

// Explain gives the reasons of a run's nodes, in any of its states: why each ran,
// was carried, waits or never started.
func Explain(g *Graph, r *Run) *Reasons {
	w := newWhy(g, r)
	return &Reasons{say: w.node, kind: w.kind}
}

// why explains a run.
type why struct {
	g *Graph
	r *Run
	// again marks what a resume evaluates anew; nil in a run that was not
	// resumed.
	again []bool
	// accepted are the nodes that this run's own resume accepted: their ends
	// count as ends in this run.
	accepted map[int]bool
}

func newWhy(g *Graph, r *Run) *why {
	w := &why{g: g, r: r, accepted: set(r.Accepted)}
	if len(r.Roots)+len(r.Accepted) > 0 {
		w.again = g.again(&r.Scope)
	}
	return w
}

func (w *why) node(n int) (string, int) {
	node := &w.g.Nodes[n]
	if node.Trigger >= 0 {
		return w.trigger(node.Trigger)
	}
	if st := &w.r.Nodes[n]; st.Accepted {
		return fmt.Sprintf("%s is accepted as %s, though it did not succeed in run %s", node.Name, stateWord(node, st.Last), w.r.Sources[st.Source]), -1
	} else if st.Carried {
		return fmt.Sprintf("%s was carried from run %s, where it %s: it is not downstream of a node that the resume %s",
			node.Name, w.r.Sources[st.Source], endWord(node, st.Last), w.r.either("repeats", "accepts")), -1
	}
	if at, ok := w.r.Latest(w.g, n); ok {
		return w.started(n, at)
	}
	return w.neverStarted(n)
}

func (w *why) trigger(t int) (string, int) {
	tr := &w.g.Triggers[t]
	switch {
	case w.r.Triggers[t].Fired && w.firedBefore(t):
		return fmt.Sprintf("trigger %s had fired before this run was resumed and does not fire again", tr.Def.Name), -1
	case w.r.Triggers[t].Fired:
		because, behind := w.because(t)
		return fmt.Sprintf("trigger %s fired %s", tr.Def.Name, because), behind
	}
	reason, behind := w.unfired(t)
	word := "has not fired yet"
	if w.r.Over() || w.r.Status == glue.WorkflowRunStatusStopping {
		word = "did not fire"
	}
	return fmt.Sprintf("trigger %s %s: it %s", tr.Def.Name, word, reason), w.unlessStarted(behind)
}

// started explains a node that ran, or runs, in this run.
func (w *why) started(n int, at Attempt) (string, int) {
	node, st := &w.g.Nodes[n], w.r.Actions[at.Action]
	t := w.g.Actions[at.Action].Trigger
	s := node.Name + " " + endWord(node, st.State)
	if st.State.Live() {
		s = node.Name + " is " + stateWord(node, st.State)
	}
	if st.Retry > 0 {
		s += fmt.Sprintf(" (retry %d)", st.Retry)
	}
	if w.r.moved(at.Action, at.Start-int(st.Retry)) {
		return fmt.Sprintf("%s: it began in run %s and was moved here when that was resumed while it ran", s, w.r.Moved[at.Action].Run), -1
	}
	if w.r.Superseded() && st.State.Live() {
		s += ", in the run that this one was superseded by"
	}
	if w.direct(n, at) {
		return fmt.Sprintf("%s: the resume started it directly, in place of trigger %s", s, w.g.Triggers[t].Def.Name), -1
	}
	because, behind := w.because(t)
	return fmt.Sprintf("%s: trigger %s started it %s", s, w.g.Triggers[t].Def.Name, because), behind
}

// direct reports whether the attempt is, or retries, the one that the resume
// itself started. In a circle the trigger may have started the root again.
func (w *why) direct(n int, at Attempt) bool {
	root := false
	for _, r := range w.r.Roots {
		root = root || r == n
	}
	if !root || at.Start > int(w.r.Actions[at.Action].Retry) {
		return false
	}
	for _, a := range w.g.Nodes[n].Actions {
		if b := w.r.Actions[a].Began; b > 0 && b < w.r.Actions[at.Action].Began {
			return false
		}
	}
	return true
}

// because says which conditions made a trigger fire in this run, as far as the
// latest ends still show it, and the first node among them.
func (w *why) because(t int) (string, int) {
	tr := &w.g.Triggers[t]
	if tr.Starts {
		return "when the run began", -1
	}
	var met []string
	behind := -1
	for _, c := range tr.Conditions {
		if w.r.Nodes[c.Node].Last != c.State || c.State == Blank || tr.Any && !w.here(c.Node) {
			continue
		}
		if behind < 0 || !w.here(behind) {
			behind = c.Node
		}
		met = append(met, w.met(c))
	}
	switch {
	case len(met) == 0:
		return "because of an end that a later one replaced", -1
	case tr.Any && len(met) > 1:
		return "because of the first of " + list(met, "and"), behind
	}
	return "because " + list(met, "and"), behind
}

// neverStarted explains a blank node.
func (w *why) neverStarted(n int) (string, int) {
	s, culprit := w.blank(n)
	return s, w.unlessStarted(culprit)
}

func (w *why) blank(n int) (string, int) {
	node := &w.g.Nodes[n]
	if len(node.Actions) == 0 {
		return fmt.Sprintf("%s never runs: it is watched, but no trigger of this workflow starts it", node.Name), -1
	}
	word := "has not started yet"
	switch {
	case w.r.Status == "":
		return node.Name + " " + word + ": the run has not begun", -1
	case w.r.Over() || w.r.Status == glue.WorkflowRunStatusStopping:
		word = "never started"
	}
	if w.r.holds(n) {
		if a, ready := w.r.Ready(w.g, n); ready {
			return fmt.Sprintf("%s is held back: a resume left it out; what trigger %s wants is done, so a later resume can start it",
				node.Name, w.g.Triggers[w.g.Actions[a].Trigger].Def.Name), -1
		}
		word = "is held back: a resume left it out; besides"
	}
	var reasons []string
	culprit, seen := -1, -1
	for _, a := range node.Actions {
		t := w.g.Actions[a].Trigger
		if t == seen {
			continue
		}
		seen = t
		reason, behind := "had fired before this run was resumed and does not fire again", -1
		switch {
		case !w.r.Triggers[t].Fired:
			reason, behind = w.unfired(t)
		case !w.firedBefore(t):
			reason = "fired while it was held back"
		}
		if culprit < 0 {
			culprit = behind
		}
		reasons = append(reasons, fmt.Sprintf("trigger %s %s", w.g.Triggers[t].Def.Name, reason))
	}
	if w.r.holds(n) {
		return fmt.Sprintf("%s %s, %s", node.Name, word, strings.Join(short(reasons), "; ")), culprit
	}
	return fmt.Sprintf("%s %s: %s", node.Name, word, strings.Join(short(reasons), "; ")), culprit
}

// unfired says of a trigger why it has not fired, and which node holds it back.
func (w *why) unfired(t int) (string, int) {
	tr := &w.g.Triggers[t]
	switch {
	case tr.Starts:
		return "waits for the run to begin", -1
	case !tr.Active:
		return fmt.Sprintf("was %s, not ACTIVATED, when the run's definition was taken", tr.Def.State), -1
	case len(tr.Conditions) == 0:
		return "has no conditions", -1
	case w.impossible(tr) != "":
		return w.impossible(tr), -1
	}
	if why := w.withheld(t); why != "" {
		return why, -1
	}
	wants, but := []string(nil), []string(nil)
	culprit := -1
	for _, c := range tr.Conditions {
		wants = append(wants, w.want(c))
		state, holds := w.is(c, tr.Any)
		if holds && !tr.Any {
			continue
		}
		// An end that does not match is a first cause; a node that never ran is not.
		if !holds && (culprit < 0 || !w.ended(culprit) && w.ended(c.Node)) {
			culprit = c.Node
		}
		but = append(but, state)
	}
	s := fmt.Sprintf("wants %s, but %s", list(wants, tr.join()), list(but, "and"))
	if w.r.Status == glue.WorkflowRunStatusStopped || w.r.Status == glue.WorkflowRunStatusStopping {
		s += ", and the run was stopped"
	}
	return s, culprit
}

// withheld says of an unfired trigger whose conditions hold why it did not fire;
// it is empty when they don't.
func (w *why) withheld(t int) string {
	tr := &w.g.Triggers[t]
	var wants []string
	hold, here := 0, false
	for _, c := range tr.Conditions {
		wants = append(wants, w.want(c))
		if last := w.r.Nodes[c.Node].Last; last != Blank && last == c.State {
			hold++
			here = here || w.here(c.Node)
		}
	}
	s := "wants " + list(wants, tr.join())
	switch all := hold == len(tr.Conditions); {
	case hold == 0 || !tr.Any && !all:
		return ""
	case w.r.holdsAll(w.g, t):
		return s + ", and that holds, but what it starts is held back"
	case here:
		return s + ", and that holds, but the run was being stopped"
	case all:
		return s + ", and that held before this run was resumed already; only an end in this run counts"
	}
	return ""
}

// here reports whether the latest end of a node counts as one in this run.
func (w *why) here(n int) bool { return !w.r.Nodes[n].Carried || w.accepted[n] }

// join is the word between a trigger's conditions.
func (tr *Trigger) join() string {
	if tr.Any {
		return "or"
	}
	return "and"
}

// impossible finds two conditions that can't hold at once.
func (w *why) impossible(tr *Trigger) string {
	if len(tr.Conditions) < 2 {
		return ""
	}
	wanted := make(map[int]State, len(tr.Conditions))
	for _, c := range tr.Conditions {
		node := &w.g.Nodes[c.Node]
		if s, ok := wanted[c.Node]; ok && s != c.State && !tr.Any {
			return fmt.Sprintf("wants %s both %s and %s, which can't be", node.Name, stateWord(node, s), stateWord(node, c.State))
		}
		wanted[c.Node] = c.State
	}
	return ""
}

// is says where a condition's node stands, and whether the condition holds.
func (w *why) is(c Condition, any bool) (string, bool) {
	node, st := &w.g.Nodes[c.Node], &w.r.Nodes[c.Node]
	for _, a := range node.Actions {
		if s := w.r.Actions[a].State; s.Live() {
			return node.Name + " is " + stateWord(node, s), st.Last == c.State
		}
	}
	switch {
	case st.Last != Blank && st.Carried && st.Last == c.State && any:
		return fmt.Sprintf("%s is carried and only an end in this run counts", node.Name), true
	case st.Last != Blank && st.Accepted:
		return fmt.Sprintf("%s is accepted as %s", node.Name, stateWord(node, st.Last)), st.Last == c.State
	case st.Last != Blank && st.Carried:
		return fmt.Sprintf("%s %s (carried)", node.Name, endWord(node, st.Last)), st.Last == c.State
	case st.Last != Blank:
		return node.Name + " " + endWord(node, st.Last), st.Last == c.State
	case len(node.Actions) == 0:
		return node.Name + " is started by no trigger of this workflow", false
	case w.r.holds(c.Node):
		return node.Name + " is held back", false
	case w.r.Over():
		return node.Name + " never ran", false
	}
	return node.Name + " has not run", false
}

func (w *why) want(c Condition) string {
	node := &w.g.Nodes[c.Node]
	return node.Name + " " + stateWord(node, c.State)
}

func (w *why) met(c Condition) string {
	node := &w.g.Nodes[c.Node]
	if w.r.Nodes[c.Node].Accepted {
		return node.Name + " is accepted as " + stateWord(node, c.State)
	}
	return node.Name + " " + endWord(node, c.State)
}

func (w *why) carried(n int) bool { return w.again != nil && !w.again[n] }

// firedBefore reports whether a trigger that fired did so before the run was resumed.
// Outside of what a resume evaluates anew, the end of a moved attempt may have fired it.
func (w *why) firedBefore(t int) bool {
	if !w.carried(w.g.Triggers[t].Node) || len(w.r.Moved) == 0 {
		return w.carried(w.g.Triggers[t].Node)
	}
	first, end := w.g.TriggerActions(t)
	for a := first; a < end; a++ {
		st, n := &w.r.Actions[a], w.g.Actions[a].Node
		at := Attempt{a, int(st.Starts) - 1}
		before := st.State == Blank || w.r.Nodes[n].Carried || w.r.moved(a, at.Start-int(st.Retry)) || w.direct(n, at)
		if !before {
			return false
		}
	}
	return true
}

// ended reports whether a node has ended or runs: then its state is the cause.
func (w *why) ended(n int) bool {
	_, started := w.r.Latest(w.g, n)
	return started
}

func (w *why) unlessStarted(n int) int {
	if n >= 0 && w.ended(n) {
		return -1
	}
	return n
}

// stateWord is the state in the words of the node's kind.
func stateWord(node *Node, s State) string {
	switch {
	case s == Blank || s >= states:
		return "in no known state"
	case node.Type == glue.NodeTypeCrawler:
		return string(s.Crawl())
	}
	return string(s.Job())
}

// endWord is the state as the verb of a sentence.
func endWord(node *Node, s State) string {
	word := stateWord(node, s)
	switch word {
	case "TIMEOUT", "ERROR":
		return "ended in " + word
	case "CANCELLED":
		return "was " + word
	}
	return word
}

// short keeps the first four of many parts.
func short(parts []string) []string {
	const most = 4
	if n := len(parts) - most; n > 0 {
		return append(parts[:most:most], fmt.Sprintf("%d more", n))
	}
	return parts
}

// list joins the parts as a sentence does.
func list(parts []string, word string) string {
	parts = short(parts)
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " " + word + " " + parts[last]
}
