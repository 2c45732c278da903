package cli

import (
	"fmt"
	"strings"

	"github.com/reglue/reglue/internal/verify"
)

// verdictSigns are how verdicts look.
var verdictSigns = map[verify.Verdict]cell{
	verify.Pass:          {"✓", green},
	verify.Differs:       {"~", yellow},
	verify.Wrong:         {"✗", red},
	verify.NotBuilt:      {"-", dim},
	verify.NotApplicable: {"-", dim},
	verify.Unchecked:     {"?", yellow},
}

// verifyProgress tells on a terminal how far it is.
func (a *app) verifyProgress(total int) func(*verify.Result) {
	if !a.err.terminal {
		return nil
	}
	done := 0
	return func(r *verify.Result) {
		done++
		fmt.Fprintf(a.Stderr, "\r\x1b[K%s", a.err.paint(dim, fmt.Sprintf("%d of %d checks done, last %s", done, total, r.ID)))
	}
}

// report shows what a verification found; its error is the exit code.
func (a *app) report(r *verify.Report) error {
	if a.json() {
		if err := writeJSON(a.out, r); err != nil {
			return err
		}
	} else {
		a.writeReport(r)
	}
	switch seen := len(r.Results) - r.Count(verify.Unchecked) - r.Count(verify.NotBuilt) - r.Count(verify.NotApplicable); {
	case r.Count(verify.Wrong) > 0:
		return &exitError{code: exitFailed}
	case seen == 0 || r.Incomplete:
		return &exitError{code: exitRefused}
	}
	return nil
}

func (a *app) writeReport(r *verify.Report) {
	id, shared := 0, sharedReasons(r)
	for i := range r.Results {
		id = max(id, len(r.Results[i].ID))
	}
	for i := range r.Results {
		c := &r.Results[i]
		sign := verdictSigns[c.Verdict]
		a.verdictLine(sign, string(c.Verdict), fmt.Sprintf("%-*s", id, c.ID), c.Rule)
		for _, f := range c.Findings {
			if len(c.Findings) > 1 || f.Source != c.Source {
				a.aspect("rule of", string(f.Source))
			}
			a.aspect("expected", f.Expected)
			a.aspect("seen", f.Seen)
		}
		if len(c.Findings) > 0 {
			a.aspect("source", string(c.Source)+": "+c.Cite)
		}
		if c.Reason != "" && !shared[c.Reason] {
			a.aspect("because", c.Reason)
		}
	}
	a.writeShared(r, shared)
	a.writeSum(r)
}

// sharedReasons are those of more than one check; they are told once, at the end.
func sharedReasons(r *verify.Report) map[string]bool {
	shared, seen := map[string]bool{}, map[string]bool{}
	for i := range r.Results {
		reason := r.Results[i].Reason
		shared[reason] = seen[reason]
		seen[reason] = true
	}
	return shared
}

func (a *app) writeShared(r *verify.Report, shared map[string]bool) {
	for i := range r.Results {
		c := &r.Results[i]
		if c.Reason == "" || !shared[c.Reason] {
			continue
		}
		shared[c.Reason] = false // told
		sign := verdictSigns[c.Verdict]
		fmt.Fprintf(a.out, "\n%s %s because\n", a.out.paint(sign.colour, sign.text), a.out.paint(sign.colour, string(c.Verdict)))
		a.out.paragraph(shortRuns(c.Reason), "  ", plain)
	}
}

// verdictLine writes a verdict and the rule, which goes on below itself.
func (a *app) verdictLine(sign cell, verdict, id, rule string) {
	const verdictWidth = len(verify.NotApplicable)
	head := 2 + verdictWidth + 2 + len(id) + 2
	width := a.out.width()
	for i, line := range wrap(rule, max(width-head, 0)) {
		if i == 0 {
			fmt.Fprintf(a.out, "%s %s  %s  %s\n", a.out.paint(sign.colour, sign.text),
				a.out.paint(sign.colour, fmt.Sprintf("%-*s", verdictWidth, verdict)), a.out.paint(bold, id), line)
			continue
		}
		fmt.Fprintf(a.out, "%s%s\n", strings.Repeat(" ", head), line)
	}
}

// aspect writes a labelled text below a verdict.
func (a *app) aspect(label, text string) {
	const indent, labelWidth = 4, 10
	width := 0
	if w := a.out.width(); w > 0 {
		width = w - indent - labelWidth
	}
	for i, line := range wrap(oneLine(shortRuns(text)), width) {
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(a.out, "%s%s%s\n", strings.Repeat(" ", indent), a.out.paint(dim, fmt.Sprintf("%-*s", labelWidth, label)), line)
	}
}

func (a *app) writeSum(r *verify.Report) {
	var parts []string
	for _, v := range []verify.Verdict{verify.Pass, verify.Wrong, verify.Differs, verify.NotBuilt, verify.NotApplicable, verify.Unchecked} {
		n := r.Count(v)
		if n == 0 {
			continue
		}
		text := fmt.Sprintf("%d %s", n, v)
		if v == verify.Pass && n > 1 {
			text = fmt.Sprintf("%d pass", n)
		}
		parts = append(parts, a.out.paint(verdictSigns[v].colour, text))
	}
	fmt.Fprintf(a.out, "\n%d checks: %s. It took %.1fs and %d job runs.\n", len(r.Results), strings.Join(parts, ", "), r.Seconds, r.JobRuns)
	for _, what := range r.Left {
		fmt.Fprintf(a.Stderr, "%s could not delete %s\n", a.err.paint(yellow, "warning:"), oneLine(what))
	}
}

// listChecks shows the checks, their rules and where these are from.
func (a *app) listChecks(checks []verify.Check) error {
	if a.json() {
		type listed struct {
			ID      string        `json:"id"`
			Rule    string        `json:"rule"`
			Source  verify.Source `json:"source"`
			Cite    string        `json:"cite"`
			JobRuns int           `json:"jobRuns"`
		}
		list := make([]listed, 0, len(checks))
		for i := range checks {
			c := &checks[i]
			list = append(list, listed{c.ID, c.Rule, c.Source, c.Cite, c.JobRuns})
		}
		return writeJSON(a.out, list)
	}
	id, runs := 0, 0
	for i := range checks {
		id = max(id, len(checks[i].ID))
		runs += checks[i].JobRuns
	}
	for i := range checks {
		c := &checks[i]
		for j, line := range wrap(c.Rule, max(a.out.width()-id-2, 0)) {
			name := ""
			if j == 0 {
				name = c.ID
			}
			fmt.Fprintf(a.out, "%s  %s\n", a.out.paint(bold, fmt.Sprintf("%-*s", id, name)), line)
		}
		for _, line := range wrap(string(c.Source)+": "+c.Cite, max(a.out.width()-id-2, 0)) {
			fmt.Fprintf(a.out, "%*s  %s\n", id, "", a.out.paint(dim, line))
		}
	}
	fmt.Fprintf(a.out, "\n%d checks, at most %d job runs.\n", len(checks), runs)
	return nil
}
