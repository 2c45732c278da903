package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// planDescription is a plan as -o json gives it.
type planDescription struct {
	*plan.Plan
	// Choices are what the selectors chose, and why.
	Choices []plan.Choice `json:"choices,omitempty"`
	// ResumedAs is the newest run that was resumed from this one before.
	ResumedAs *resumedAs `json:"resumedAs,omitempty"`
	// Settings are what the new run has otherwise than its jobs and the run before.
	Settings []string `json:"settings,omitempty"`
}

func (a *app) showPlan(ctx context.Context, r *resuming) error {
	if err := r.makePlan(ctx); err != nil {
		return err
	}
	record, err := recordOf(ctx, r.t, r.prior)
	if err != nil {
		return err
	}
	d := &planDescription{Plan: r.plan, Choices: r.choices, Settings: settings(record, &r.req)}
	if d.ResumedAs, err = resumedFrom(ctx, r.t, r.prior); err != nil {
		return err
	}
	if a.json() {
		d.Trace()
		return writeJSON(a.out, d)
	}
	a.writePlan(a.out, r.prior, d)
	return nil
}

func (a *app) writePlan(to screen, prior *glue.WorkflowRun, d *planDescription) {
	o := outcomeOf(prior)
	to.paragraph(fmt.Sprintf("Plan to resume run %s of %s (%s)", shortRun(prior.WorkflowRunId), oneLine(prior.Name), o.text()), "", bold)
	if d.ResumedAs != nil {
		to.paragraph(d.ResumedAs.text(), "", yellow)
	}
	d.writeSettings(to)
	if len(d.Differences) > 0 {
		fmt.Fprintf(to, "\n%s\n", to.paint(bold, "The workflow changed since the run; the new run goes on its triggers as they are now"))
		for _, difference := range d.Differences {
			to.paragraph("~ "+oneLine(difference), "  ", yellow)
		}
	}
	a.writeChoices(to, d.Choices)
	width := d.nameWidth()
	for _, group := range []struct {
		verdict, title string
		sign           cell
	}{
		{plan.Start, "Start at once", cell{"▶", cyan}},
		{plan.Downstream, "Run again, or for the first time, if their trigger fires", cell{"○", plain}},
		{plan.Blocked, "Can't run: no trigger can start them any more", cell{"✗", red}},
		{plan.Accept, "Accepted as SUCCEEDED", cell{"✓", yellow}},
		{plan.Moved, "Moved: they run, and go on in the new run", cell{"→", cyan}},
		{plan.Held, "Held back, for a later resume", cell{"‖", yellow}},
		{plan.Carry, "Carried over, not repeated", cell{"=", green}},
		{plan.Blank, "Left as they are", cell{"·", dim}},
	} {
		d.writeGroup(to, width, d.verdict(group.verdict), group.title, group.sign)
	}
	d.writeRisks(to)
	d.writeBookmarks(to)
	fmt.Fprintln(to)
	for _, warning := range d.Warnings {
		to.paragraph("! "+warning, "", yellow)
	}
	to.paragraph(d.summary(), "", plain)
	if d.Token != "" {
		fmt.Fprintln(to)
		to.paragraph("To carry out exactly this, give the same flags and, instead of --plan,", "", dim)
		fmt.Fprintln(to, "  --plan-token "+d.Token)
	}
}

// verdict are the indexes of the nodes with a verdict.
func (d *planDescription) verdict(v string) []int {
	var out []int
	for i := range d.Nodes {
		if d.Nodes[i].Verdict == v {
			out = append(out, i)
		}
	}
	return out
}

func (d *planDescription) summary() string {
	s := fmt.Sprintf("%s to start at once, %d that may follow, %s carried over.",
		plural(d.Counts[plan.Start], "node"), d.Counts[plan.Downstream], plural(d.Counts[plan.Carry], "node"))
	if moved := d.Counts[plan.Moved]; moved > 0 {
		s += fmt.Sprintf(" %s moved while running; this run ends.", plural(moved, "node"))
	}
	if t := &d.Times; t.Expected > 0 {
		s += fmt.Sprintf(" Expected to take %s along %s", duration(time.Duration(t.Expected)*time.Millisecond),
			strings.Join(shortPath(t.Path), " → "))
		if t.Saved > 0 {
			s += fmt.Sprintf("; a full run takes %s, so %s are saved", duration(time.Duration(t.Full)*time.Millisecond), duration(time.Duration(t.Saved)*time.Millisecond))
		}
		if t.Unknown > 0 {
			s += fmt.Sprintf(" (%s never timed)", plural(t.Unknown, "node"))
		}
		s += "."
	}
	return s + " Nothing was changed."
}

// shortPath keeps the ends of a long path.
func shortPath(path []string) []string {
	const ends = 3
	if len(path) <= 2*ends {
		return path
	}
	out := append([]string{}, path[:ends]...)
	return append(append(out, fmt.Sprintf("%d more", len(path)-2*ends)), path[len(path)-ends:]...)
}

// writeChoices says what the selectors chose, grouped by cause.
func (a *app) writeChoices(to screen, choices []plan.Choice) {
	cause := ""
	for i := range choices {
		c := &choices[i]
		if c.Cause != cause {
			cause = c.Cause
			fmt.Fprintf(to, "\n%s\n", to.paint(bold, map[string]string{
				plan.CauseFailed: "Chosen because they failed", plan.CauseChanged: "Chosen because they changed since the run",
				plan.CauseMissing: "Chosen because their output is gone", plan.CauseHeld: "Chosen because they were held back",
			}[cause]))
		}
		to.paragraph(oneLine(c.Name)+": "+shortRuns(strings.Join(c.Why, "; ")), "  ", plain)
	}
}

// writeRisks says of the jobs that run what repeating them may do.
func (d *planDescription) writeRisks(to screen) {
	said := false
	for i := range d.Nodes {
		n := &d.Nodes[i]
		if n.Risk == nil || n.Risk.Safe || len(n.Risk.Outputs)+len(n.Risk.Written) == 0 {
			continue
		}
		if !said {
			fmt.Fprintf(to, "\n%s\n", to.paint(bold, "Will it load twice? Not marked as safe to repeat:"))
			said = true
		}
		var parts []string
		if len(n.Risk.Outputs) > 0 {
			parts = append(parts, "declares to write "+strings.Join(shortPath(n.Risk.Outputs), ", "))
		}
		if len(n.Risk.Written) > 0 {
			text := "in its last attempt wrote or deleted " + strings.Join(shortPath(n.Risk.Written), ", ")
			if n.Risk.More > 0 {
				text += fmt.Sprintf(" and %d more", n.Risk.More)
			}
			parts = append(parts, text)
		}
		to.paragraph(oneLine(n.Name)+" "+strings.Join(parts, "; "), "  ", plain)
	}
}

// writeBookmarks says of the jobs that run again what they will read.
func (d *planDescription) writeBookmarks(to screen) {
	said := false
	for i := range d.Nodes {
		n := &d.Nodes[i]
		if n.Bookmark == nil {
			continue
		}
		if !said {
			fmt.Fprintf(to, "\n%s\n", to.paint(bold, "Bookmarks"))
			said = true
		}
		to.paragraph(oneLine(n.Name)+": "+n.Bookmark.Says(), "  ", plain)
	}
}

// writeGroup writes the nodes of one verdict: jobs and crawlers, then triggers.
func (d *planDescription) writeGroup(to screen, width int, members []int, title string, sign cell) {
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
			writeNode(to, width, c, name, planReason(n))
		}
	}
}

// planNames is how wide the column of names may be.
const planNames = 36

// nameWidth is how wide the column of names is.
func (d *planDescription) nameWidth() int {
	width := 0
	for i := range d.Nodes {
		n := len([]rune(d.Nodes[i].Name))
		if d.Nodes[i].Type == glue.NodeTypeTrigger {
			n += len("trigger ")
		}
		width = max(width, n)
	}
	return min(width, planNames)
}

// writeNode writes a node with its reason beside it, wrapped on a terminal.
func writeNode(to screen, width int, sign cell, name, reason string) {
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
func planReason(n *plan.Node) string {
	text := strings.TrimPrefix(n.Reason, "trigger ")
	text = strings.TrimPrefix(text, n.Name+" ")
	for _, said := range []string{
		"starts again at once: it was selected, and ", "starts again at once: ", "starts again ",
		"starts at once: it was selected, ", "starts at once: ", "starts ",
		"is carried: ", "is moved: ", "is left blank: ", "is left as it was: ", "is accepted as SUCCEEDED: ", "is held back: ",
	} {
		text = strings.TrimPrefix(text, said)
	}
	if n.Type != glue.NodeTypeTrigger && (n.Verdict == plan.Start || n.Verdict == plan.Downstream || n.Verdict == plan.Blocked) {
		text = detailInBrackets.ReplaceAllString(text, "")
	}
	return oneLine(shortRuns(text))
}

var detailInBrackets = regexp.MustCompile(` \((?:it wants|arguments of)[^()]*\)`)

var longRun = regexp.MustCompile(`wr_[0-9a-f]{64}`)

// shortRuns shortens the run ids in a sentence.
func shortRuns(text string) string { return longRun.ReplaceAllStringFunc(text, shortRun) }

var nodeWithName = regexp.MustCompile(`(?i:node )?wnode_[0-9a-f]{64} \(([^()]*)\)`)

// shortReason is a refusal for a table: without its kind and with short ids.
func shortReason(err error) string {
	text := err.Error()
	var refused *glue.Error
	if errors.As(err, &refused) {
		text = refused.Message
	}
	return oneLine(shortRuns(nodeWithName.ReplaceAllString(text, "$1")))
}
