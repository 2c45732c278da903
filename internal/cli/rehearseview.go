package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// rehearsalView shows a rehearsal.
type rehearsalView struct {
	*app
	s      *stage
	cast   *cast
	r      *flow.Rehearsal
	judged []judgement
	// mixed is set when some times are recorded, so that it is worth a word which
	// are not.
	mixed bool
}

func (v *rehearsalView) outcome() outcome {
	s := v.r.Run.Statistics()
	return outcomeOf(&glue.WorkflowRun{Status: v.r.Run.Status, Statistics: &s})
}

func (v *rehearsalView) write() {
	v.writeHead()
	v.writeAttempts()
	v.writeCarried()
	v.writeBlank()
	v.writePath()
	v.writeDurations()
	for _, note := range v.s.notes {
		v.out.paragraph("note: "+note, "", yellow)
	}
	v.writeJudged()
}

func (v *rehearsalView) writeHead() {
	head := "Rehearsal of " + oneLine(v.s.workflow)
	switch {
	case v.s.plan != nil:
		head = fmt.Sprintf("Rehearsal of the resume of run %s of %s", shortRun(v.s.run.WorkflowRunId), oneLine(v.s.workflow))
		for _, set := range []struct {
			what  string
			names []string
		}{{"repeating ", v.s.roots}, {"accepting ", namesIn(v.s.g, v.r.Run.Accepted)}, {"holding back ", namesIn(v.s.g, v.r.Run.Held)}} {
			if len(set.names) > 0 {
				head += ", " + set.what + plan.Some(set.names, " and ")
			}
		}
	case v.s.template != "":
		head += " as " + v.s.template + " has it"
	case v.s.run != nil:
		head += " with the triggers of run " + shortRun(v.s.run.WorkflowRunId)
	}
	for _, line := range wrap(head+". Nothing was run.", v.out.width()) {
		fmt.Fprintln(v.out, v.out.paint(bold, line))
	}
	o := v.outcome()
	text := v.out.paint(o.mark().colour, o.cell().text)
	if misleading(o) {
		text += v.out.paint(dim, "  (AWS would call it COMPLETED)")
	}
	fmt.Fprintln(v.out, text)
}

// writeAttempts is a line for each attempt, in the order of their starts.
func (v *rehearsalView) writeAttempts() {
	if len(v.r.Attempts) == 0 {
		fmt.Fprintln(v.out, "Nothing would run.")
		return
	}
	fmt.Fprintf(v.out, "It would take %s.\n\n", someTime(v.r.Took))
	t := table{indent: 2}
	t.head("FROM", "TO", "", "NODE")
	v.mixed = slices.Contains(v.cast.source, fromRuns)
	for i := range v.r.Attempts {
		at := &v.r.Attempts[i]
		t.add(cell{"+" + someTime(at.Began), plain}, cell{"+" + someTime(at.Ended), plain}, stateCell(at.End, false),
			cell{oneLine(v.s.g.Nodes[at.Node].Name), plain}, cell{v.remark(i), dim})
	}
	t.write(v.out)
}

// remark is what is special about an attempt.
func (v *rehearsalView) remark(i int) string {
	at := &v.r.Attempts[i]
	var parts []string
	if at.Retry > 0 {
		parts = append(parts, fmt.Sprintf("retry %d of %d", at.Retry, v.s.retries(at.Node)))
	}
	if at.Root {
		parts = append(parts, "repeated directly")
	}
	if at.Moved {
		parts = append(parts, "runs already, moved")
	}
	if why := plan.StartedBecause(v.s.g, v.r.Run, v.s.g.Actions[at.Action].Trigger); why != "" && !at.Root && !at.Moved && at.Retry == 0 {
		parts = append(parts, why)
	}
	if v.cast.source[at.Node] == fromNothing && v.mixed {
		parts = append(parts, "time assumed")
	}
	return strings.Join(parts, "; ")
}

// namesListed is how many names of a long list are shown.
const namesListed = 12

func (v *rehearsalView) writeCarried() {
	var names []string
	n := 0
	for i := range v.s.g.Nodes {
		if v.r.Run.Nodes[i].Carried {
			if n++; n <= namesListed {
				text := oneLine(v.s.g.Nodes[i].Name)
				if v.r.Run.Nodes[i].Accepted {
					text += " (accepted)"
				} else if s := stateIn(v.s.g, v.r.Run, i); s != flow.Succeeded {
					text += " (" + plan.StateWord(s) + ")"
				}
				names = append(names, text)
			}
		}
	}
	if n == 0 {
		return
	}
	if n > namesListed {
		names = append(names, fmt.Sprintf("%d more", n-namesListed))
	}
	fmt.Fprintf(v.out, "\n%s\n", v.out.paint(bold, "Carried over, not repeated"))
	v.out.paragraph(strings.Join(names, ", "), "  ", plain)
}

// writeBlank tells what would never start, and why.
func (v *rehearsalView) writeBlank() {
	blocked := flow.Blocked(v.s.g, v.r.Run).Blocked
	if len(blocked) == 0 {
		return
	}
	width := 0
	for _, b := range blocked {
		width = max(width, min(planNames, len([]rune(oneLine(v.s.g.Nodes[b.Node].Name)))))
	}
	fmt.Fprintf(v.out, "\n%s\n", v.out.paint(bold, "Would never start"))
	for _, b := range blocked {
		name := oneLine(v.s.g.Nodes[b.Node].Name)
		reason := shortRuns(oneLine(b.Sentence))
		for _, said := range []string{" never started: ", " "} {
			reason = strings.TrimPrefix(reason, name+said)
		}
		v.out.beside(cell{"·", dim}, name, width, reason)
	}
}

// beside writes a name with a sign before it and a text beside it, wrapped on a
// terminal.
func (s screen) beside(sign cell, name string, width int, text string) {
	const before = 6 // the sign, and the gaps beside it and the name
	head := fmt.Sprintf("  %s %-*s", s.paint(sign.colour, sign.text), width, name)
	if len([]rune(name)) > width {
		fmt.Fprintln(s, head)
		head = strings.Repeat(" ", width+before-2)
	}
	for _, line := range wrap(text, s.width()-width-before) {
		fmt.Fprintln(s, head+"  "+s.paint(dim, line))
		head = strings.Repeat(" ", width+before-2)
	}
}

// writePath names the attempts that the end of the run waits for.
func (v *rehearsalView) writePath() {
	path := v.r.CriticalPath()
	if len(path) == 0 {
		return
	}
	var parts []string
	for i, p := range path {
		if left := len(path) - i - namesListed/2; i == namesListed/2 && left > 1 {
			parts = append(parts, fmt.Sprintf("… %d more …", left))
		}
		if i < namesListed/2 || i >= len(path)-namesListed/2 || len(path) <= namesListed+1 {
			at := &v.r.Attempts[p]
			parts = append(parts, oneLine(v.s.g.Nodes[at.Node].Name)+" "+someTime(at.Ended-at.Began))
		}
	}
	fmt.Fprintln(v.out)
	v.out.paragraph("Critical path: "+strings.Join(parts, " → "), "", plain)
}

// writeDurations tells what the times rest on.
func (v *rehearsalView) writeDurations() {
	counts := map[string][]string{}
	for n := range v.s.g.Nodes {
		if source := v.cast.source[n]; source != "" {
			counts[source] = append(counts[source], oneLine(v.s.g.Nodes[n].Name))
		}
	}
	var parts []string
	if n := len(counts[fromRuns]); n > 0 {
		parts = append(parts, "medians of the newest runs for "+plural(n, "node"))
	}
	add := func(source, text, end string) {
		if names := counts[source]; len(names) > 0 {
			parts = append(parts, text+plan.Some(names, ", ")+end)
		}
	}
	add(fromTimeout, "the job's timeout for ", "")
	add(fromFlag, "given for ", "")
	add(fromNothing, someTime(assumedDuration.Milliseconds())+" assumed for ", " (--duration sets it)")
	if len(parts) > 0 {
		v.out.paragraph("Times: "+strings.Join(parts, "; ")+".", "", dim)
	}
}

func (v *rehearsalView) writeJudged() {
	if len(v.judged) == 0 {
		return
	}
	fmt.Fprintln(v.out)
	for _, j := range v.judged {
		sign := cell{"✓", green}
		text := fmt.Sprintf("%s is %s, as expected", oneLine(j.Node), j.Got)
		if !j.Met {
			sign, text = cell{"✗", red}, j.text()
		}
		fmt.Fprintf(v.out, "%s %s\n", v.out.paint(sign.colour, sign.text), text)
	}
}

// text tells an expectation that is not met.
func (j *judgement) text() string {
	return fmt.Sprintf("%s: expected %s, but it is %s", oneLine(j.Node), j.Want, j.Got)
}

// unmet is the error of expectations that are not met.
func (v *rehearsalView) unmet() error {
	var texts []string
	for i := range v.judged {
		if !v.judged[i].Met {
			texts = append(texts, v.judged[i].text())
		}
	}
	if len(texts) == 0 {
		return nil
	}
	text := fmt.Sprintf("%d of %s not met", len(texts), plural(len(v.judged), "expectation"))
	if v.json() || !v.out.terminal { // a screen has just told which
		text += ": " + strings.Join(texts, "; ")
	}
	return &exitError{exitFailed, errors.New(text)}
}
