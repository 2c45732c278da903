package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

const (
	pollFast = 100 * time.Millisecond // a server of one's own
	pollSlow = 3 * time.Second        // AWS counts requests
	// pollShare keeps reading the state of a large run from becoming the load:
	// the pause is this many times what the last reading took.
	pollShare = 10
	// patience is how long a server may be away, for example restarting, before
	// following a run is given up.
	patience = time.Minute
)

// errUnowned ends following a run that nobody sees to any more.
var errUnowned = errors.New("no process owns the data folder any more: jobs that run go on, but nothing follows them until one does, such as 'reglue serve'")

const unownedText = "No process owns the data folder now: jobs that run go on, but nothing follows them until one does, such as 'reglue serve'."

// follow shows a run's progress until it is over and returns its last state. It
// ends early with the context's error, or when the data folder remains without
// an owner.
func (a *app) follow(ctx context.Context, t *target, workflow, run string) (*glue.WorkflowRun, error) {
	var shown progress = &lineProgress{app: a, to: a.progressScreen()}
	if to := a.progressScreen(); to.terminal {
		shown = &liveProgress{app: a, to: to}
	}
	defer shown.end()
	pause := pollFast
	if t.Kind == targetAWS {
		pause = pollSlow
	}
	var away, alone time.Time
	for {
		asked := time.Now()
		now, err := getRun(ctx, t, workflow, run)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil:
			away = time.Time{}
		case !temporary(err):
			return nil, err
		case away.IsZero():
			away = asked
			shown.note("the server does not answer; waiting for it (" + firstLine(err.Error()) + ")")
		case asked.Sub(away) > patience:
			return nil, err
		}
		if err == nil {
			shown.show(now)
			if outcomeOf(now).over() {
				return now, nil
			}
			switch {
			case !t.unowned():
				alone = time.Time{}
			case alone.IsZero():
				alone = asked
			case asked.Sub(alone) > patience:
				return now, errUnowned
			case asked.Sub(alone) > lookAgain/10:
				shown.note("no process owns the data folder; waiting for one")
			}
		}
		if err := sleep(ctx, max(pause, pollShare*time.Since(asked))); err != nil {
			return nil, err
		}
	}
}

// temporary reports whether asking again may help: the server was not there or
// had a fault of its own. What it refused, it refuses again.
func temporary(err error) bool {
	var refused *glue.Error
	if !errors.As(err, &refused) {
		return true
	}
	return refused.Kind == glue.Internal || refused.Kind == glue.OperationTimeout || strings.HasPrefix(string(refused.Kind), "HTTP5") ||
		strings.Contains(string(refused.Kind), "Throttl")
}

// progressScreen is where progress goes: with -o json the output is kept for the
// document.
func (a *app) progressScreen() screen {
	if a.json() {
		return a.err
	}
	return a.out
}

// progress shows the states that a run goes through.
type progress interface {
	show(run *glue.WorkflowRun)
	note(text string)
	end()
}

// lineProgress writes a line with the time for each change of a node.
type lineProgress struct {
	*app
	to   screen
	seen map[string]string
	said string
}

func (p *lineProgress) note(text string) {
	if text == p.said {
		return
	}
	p.said = text
	fmt.Fprintf(p.to, "%s  %s\n", p.now().Format(time.TimeOnly), text)
}

func (p *lineProgress) end() {}

func (p *lineProgress) show(run *glue.WorkflowRun) {
	if p.seen == nil {
		p.seen = map[string]string{}
		text := "run " + run.WorkflowRunId + " of " + run.Name
		if run.PreviousRunId != "" {
			text += ", resumed from " + shortRun(run.PreviousRunId)
		}
		p.note(text)
	}
	views := viewNodes(run)
	for i := range views {
		v := &views[i]
		now := v.state.String()
		if v.job != nil {
			now += v.job.Id
		}
		// STARTING lasts too short to be worth a line.
		if p.seen[v.node.UniqueId] == now || v.state == flow.Blank || v.state == flow.Starting || v.carried {
			continue
		}
		p.seen[v.node.UniqueId] = now
		p.line(v)
	}
}

func (p *lineProgress) line(v *nodeView) {
	at := p.now()
	if !v.ended.IsZero() {
		at = v.ended.Time().Local()
	}
	s := stateCell(v.state, false)
	text := fmt.Sprintf("%s  %s  %s", at.Format(time.TimeOnly), p.to.paint(s.colour, fmt.Sprintf("%-11s", s.text)), v.name())
	if v.state.Terminal() {
		if took := duration(v.took(at)); took != "" {
			text += "  " + took
		}
	}
	if again := v.retry(); again != "" {
		text += "  " + again
	}
	if problem := firstLine(v.problem()); problem != "" {
		text += "  " + problem
	} else if detail := v.detail(); detail != "" {
		text += "  " + detail
	}
	fmt.Fprintln(p.to, text)
}

// liveProgress redraws a table in place.
type liveProgress struct {
	*app
	to    screen
	drawn int
	said  string
	frame []string
}

func (p *liveProgress) note(text string) {
	p.said = text
	p.draw(p.frame)
}

func (p *liveProgress) show(run *glue.WorkflowRun) {
	p.said = ""
	p.frame = p.lines(run)
	p.draw(p.frame)
}

// end leaves the last state on the screen.
func (p *liveProgress) end() {}

// draw replaces what was drawn before.
func (p *liveProgress) draw(lines []string) {
	if p.said != "" {
		lines = append(lines[:len(lines):len(lines)], p.to.paint(yellow, cut(p.said, p.to.width())))
	}
	var b strings.Builder
	if p.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", p.drawn)
	}
	for _, line := range lines {
		b.WriteString("\r\x1b[2K" + line + "\n")
	}
	b.WriteString("\x1b[J") // what is left of a longer drawing
	p.drawn = len(lines)
	_, _ = p.to.Write([]byte(b.String())) // a terminal that is gone ends us by its signal
}

func (p *liveProgress) lines(run *glue.WorkflowRun) []string {
	o := outcomeOf(run)
	m := o.mark()
	head := fmt.Sprintf("%s  %s  %s", oneLine(run.Name), shortRun(run.WorkflowRunId), o.text())
	if took := duration(runTook(run, p.now())); took != "" {
		head += ", " + took
	}
	lines := []string{p.to.paint(m.colour, m.text) + " " + p.to.paint(bold, cut(head, p.to.width()-2)), ""}
	t := nodeTable(run, p.now())
	_, height := p.to.size()
	body, hidden := fit(t, viewNodes(run), height-4)
	lines = append(lines, body.lines(p.to)...)
	if hidden > 0 {
		lines = append(lines, p.to.paint(dim, fmt.Sprintf("  … and %d more nodes", hidden)))
	}
	return lines
}

// nodeTable is a line for each job and crawler of the run.
func nodeTable(run *glue.WorkflowRun, now time.Time) *table {
	t := &table{indent: 2}
	reasons := reasonsOf(run)
	views := viewNodes(run)
	for i := range views {
		v := &views[i]
		note := cell{firstLine(v.problem()), red}
		switch {
		case v.accepted():
			note.colour = yellow
		case v.state == flow.Succeeded || note.text == "" && v.state != flow.Blank:
			note = cell{joined(v.retry(), reasons[v.node.UniqueId]), dim}
			if detail := v.detail(); detail != "" {
				note.text = detail
			}
		case v.state == flow.Blank:
			note = cell{reasons[v.node.UniqueId], dim}
		}
		t.add(v.cell(), cell{oneLine(v.name()), plain}, cell{duration(v.took(now)), plain}, note)
	}
	return t
}

// joined joins the texts that are not empty.
func joined(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), ", ")
}

// fit keeps at most n rows: what runs or failed before the rest.
func fit(t *table, views []nodeView, n int) (*table, int) {
	n = max(n, 1)
	if len(t.rows) <= n {
		return t, 0
	}
	keep := make([]bool, len(views))
	left := n - 1 // a line is for the count
	take := func(want func(*nodeView) bool) {
		for i := range views {
			if left > 0 && !keep[i] && want(&views[i]) {
				keep[i] = true
				left--
			}
		}
	}
	take(func(v *nodeView) bool { return v.state.Live() })
	take(func(v *nodeView) bool { return v.failed() })
	take(func(v *nodeView) bool { return v.state.Terminal() && !v.carried })
	take(func(*nodeView) bool { return true })
	out := &table{indent: t.indent}
	for i, r := range t.rows {
		if keep[i] {
			out.rows = append(out.rows, r)
		}
	}
	return out, len(t.rows) - len(out.rows)
}
