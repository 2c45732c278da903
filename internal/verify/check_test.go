package verify

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every rule of a resume has a check, and every check says what it holds and why.
func TestChecks(t *testing.T) {
	t.Parallel()
	all := Checks()
	rules := map[int]bool{}
	seen := map[string]bool{}
	id := regexp.MustCompile(`^(R[1-9][0-9]?(-[a-z]+)?|[a-z]+(-[a-z]+)*)$`)
	for i := range all {
		c := &all[i]
		rules[c.number()] = true
		if seen[c.ID] || !id.MatchString(c.ID) {
			t.Errorf("%q is no id, or not of one check alone", c.ID)
		}
		seen[c.ID] = true
		if !strings.HasSuffix(c.Rule, ".") || c.Cite == "" || c.Source != Documented && c.Source != Decided {
			t.Errorf("%s: rule %q, source %q, cite %q", c.ID, c.Rule, c.Source, c.Cite)
		}
		if c.number() > 0 && c.needs != "ResumeWorkflowRun" {
			t.Errorf("%s needs %q, want ResumeWorkflowRun", c.ID, c.needs)
		}
		if (c.run == nil) != (c.verdict != "" && c.reason != "") || c.run == nil && !c.Quick() {
			t.Errorf("%s neither runs nor says why it does not", c.ID)
		}
	}
	for n := 1; n <= 41; n++ {
		if !rules[n] {
			t.Errorf("R%d has no check", n)
		}
	}
	if quick := slices.IndexFunc(all, func(c Check) bool { return !c.Quick() }); slices.ContainsFunc(all[quick:], func(c Check) bool { return c.Quick() }) {
		t.Error("a check without jobs comes after one with jobs")
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]int{"R1": 1, "R41": 41, "R13-circle": 13, "statistics": 0, "Rx": 0, "": 0} {
		if got := (&Check{ID: id}).number(); got != want {
			t.Errorf("%q: %d, want %d", id, got, want)
		}
	}
}

// One documented rule that is broken weighs more than any that was decided.
func TestJudge(t *testing.T) {
	t.Parallel()
	for want, findings := range map[Verdict][]Finding{
		Pass:    nil,
		Differs: {{Source: Decided}, {Source: Decided}},
		Wrong:   {{Source: Decided}, {Source: Documented}, {Source: Decided}},
	} {
		if got := judge(findings); got != want {
			t.Errorf("%v: %s, want %s", findings, got, want)
		}
	}
}
