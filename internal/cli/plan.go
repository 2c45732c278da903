package cli

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// planDescription is a plan as -o json gives it.
type planDescription struct {
	Workflow string         `json:"workflow"`
	RunID    string         `json:"runId"`
	Starts   []string       `json:"starts"` // node ids, as ResumeWorkflowRun would answer them
	Nodes    []nodePlanned  `json:"nodes"`
	Counts   map[string]int `json:"counts"`
	// ResumedAs is the newest run that was resumed from this one before.
	ResumedAs *resumedAs `json:"resumedAs,omitempty"`

	groups map[string][]int // indexes of Nodes by verdict
}

// nodePlanned is what a resume would do with a node.
type nodePlanned struct {
	Name     string        `json:"name"`
	Type     glue.NodeType `json:"type"`
	ID       string        `json:"id"`
	Verdict  string        `json:"verdict"`
	Selected bool          `json:"selected,omitempty"`
	Reason   string        `json:"reason"`
	Chain    []string      `json:"because,omitempty"`
}

// The verdicts in the words of the command line.
const (
	verdictStart = "start"
	verdictWait  = "downstream"
	verdictCarry = "carry"
	verdictBlank = "blank"
)

func verdictWord(v flow.Verdict) string {
	switch v {
	case flow.Root:
		return verdictStart
	case flow.Downstream:
		return verdictWait
	case flow.Carried:
		return verdictCarry
	case flow.LeftBlank:
	}
	return verdictBlank
}

// makePlan works a resume out without asking for it: the same code that the
// server uses, on what the server tells of the run.
func makePlan(prior *glue.WorkflowRun, ids []string, now int64) (*planDescription, error) {
	g, r, err := flow.Observe(prior)
	if err != nil {
		return nil, err
	}
	plan, err := flow.Resume(g, r, ids, "the new run", now)
	if err != nil {
		return nil, err
	}
	why := flow.ExplainPlan(g, r, plan)
	d := &planDescription{
		Workflow: prior.Name, RunID: prior.WorkflowRunId, Counts: map[string]int{}, groups: map[string][]int{},
	}
	for _, n := range plan.Roots {
		d.Starts = append(d.Starts, g.Nodes[n].ID)
	}
	for n := range g.Nodes {
		reason := why.Node(n)
		verdict := verdictWord(plan.Nodes[n].Verdict)
		if g.Nodes[n].Type != glue.NodeTypeTrigger {
			d.Counts[verdict]++
		}
		d.groups[verdict] = append(d.groups[verdict], len(d.Nodes))
		d.Nodes = append(d.Nodes, nodePlanned{
			Name: g.Nodes[n].Name, Type: g.Nodes[n].Type, ID: g.Nodes[n].ID,
			Verdict: verdict, Selected: plan.Nodes[n].Selected, Reason: reason.Sentence, Chain: reason.Chain,
		})
	}
	return d, nil
}

func (a *app) showPlan(ctx context.Context, t *target, prior *glue.WorkflowRun, ids []string) error {
	d, err := makePlan(prior, ids, a.now().UnixMilli())
	if err != nil {
		return err
	}
	if d.ResumedAs, err = resumedFrom(ctx, t, prior); err != nil {
		return err
	}
	if a.json() {
		return writeJSON(a.out, d)
	}
	a.writePlan(a.out, prior, d)
	return nil
}

func (a *app) writePlan(to screen, prior *glue.WorkflowRun, d *planDescription) {
	o := outcomeOf(prior)
	fmt.Fprintf(to, "%s\n", to.paint(bold, fmt.Sprintf("Plan to resume run %s of %s (%s)",
		shortRun(prior.WorkflowRunId), oneLine(prior.Name), o.text())))
	if d.ResumedAs != nil {
		to.paragraph(d.ResumedAs.text(), "", yellow)
	}
	for _, group := range []struct {
		verdict, title string
		sign           cell
	}{
		{verdictStart, "Start at once", cell{"▶", cyan}},
		{verdictWait, "Run again, or for the first time, if their trigger fires", cell{"○", plain}},
		{verdictCarry, "Carried over, not repeated", cell{"=", green}},
		{verdictBlank, "Left as they are", cell{"·", dim}},
	} {
		d.writeGroup(to, d.groups[group.verdict], group.title, group.sign)
	}
	fmt.Fprintln(to)
	to.paragraph(fmt.Sprintf("%s to start at once, %d that may follow, %s carried over. Nothing was changed.",
		plural(d.Counts[verdictStart], "node"), d.Counts[verdictWait], plural(d.Counts[verdictCarry], "node")), "", plain)
}

// writeGroup writes the nodes of one verdict: jobs and crawlers, then triggers.
func (d *planDescription) writeGroup(to screen, members []int, title string, sign cell) {
	if len(members) == 0 {
		return
	}
	fmt.Fprintf(to, "\n%s\n", to.paint(bold, title))
	for _, triggers := range []bool{false, true} {
		for _, i := range members {
			n := &d.Nodes[i]
			if (n.Type == glue.NodeTypeTrigger) != triggers {
				continue
			}
			name, c := oneLine(n.Name), sign
			if triggers {
				name, c.colour = "trigger "+name, dim
			}
			d.writeNode(to, c, name, planReason(n))
		}
	}
}

// planNames is how wide the column of names may be.
const planNames = 36

// writeNode writes a node with its reason beside it, wrapped on a terminal.
func (d *planDescription) writeNode(to screen, sign cell, name, reason string) {
	width := 0
	for i := range d.Nodes {
		n := len([]rune(d.Nodes[i].Name))
		if d.Nodes[i].Type == glue.NodeTypeTrigger {
			n += len("trigger ")
		}
		width = max(width, n)
	}
	width = min(width, planNames)
	const before = 6 // the sign, and the gaps beside it and the name
	lines := wrap(reason, to.width()-width-before)
	head := fmt.Sprintf("  %s %-*s", to.paint(sign.colour, sign.text), width, name)
	if len([]rune(name)) > width {
		fmt.Fprintln(to, head)
		head = strings.Repeat(" ", width+before-2)
	}
	for _, line := range lines {
		fmt.Fprintln(to, head+"  "+to.paint(dim, line))
		head = strings.Repeat(" ", width+before-2)
	}
}

// planReason is a node's reason without what the group's title and the name
// before it say already; what a trigger wants stands beside the trigger.
func planReason(n *nodePlanned) string {
	text := strings.TrimPrefix(n.Reason, "trigger ")
	text = strings.TrimPrefix(text, n.Name+" ")
	for _, said := range []string{
		"starts again at once: it was selected, and ", "starts again at once: ", "starts again ",
		"is carried: ", "is left blank: ", "is left as it was: ",
	} {
		text = strings.TrimPrefix(text, said)
	}
	if n.Type != glue.NodeTypeTrigger && (n.Verdict == verdictStart || n.Verdict == verdictWait) {
		text = detailInBrackets.ReplaceAllString(text, "")
	}
	return oneLine(shortRuns(text))
}

var detailInBrackets = regexp.MustCompile(` \((?:it wants|arguments of)[^()]*\)`)

var longRun = regexp.MustCompile(`wr_[0-9a-f]{64}`)

// shortRuns shortens the run ids in a sentence.
func shortRuns(text string) string { return longRun.ReplaceAllStringFunc(text, shortRun) }
