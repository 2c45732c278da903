package verify

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Source says where a rule is from, and so how much a deviation weighs.
type Source string

// The sources of rules.
const (
	// Documented rules are AWS's own: an endpoint that does not hold them is wrong.
	Documented Source = "AWS"
	// Decided rules fill what AWS leaves open: an endpoint may differ.
	Decided Source = "decision"
)

// Verdict is what became of a check.
type Verdict string

// The verdicts, from good to bad to unknown.
const (
	Pass          Verdict = "pass"
	Differs       Verdict = "differs"
	Wrong         Verdict = "wrong"
	NotBuilt      Verdict = "not built"
	NotApplicable Verdict = "not applicable"
	Unchecked     Verdict = "not checked"
)

// Check is one rule and how to see whether an endpoint holds it.
type Check struct {
	// ID is R1 to R41 for the rules of a resume, else a name.
	ID string
	// Rule is the rule in one sentence.
	Rule string
	// Source weighs the rule; a check may hold details of it as decided.
	Source Source
	// Cite is the page of AWS's documentation, or why it was decided so.
	Cite string
	// JobRuns is how many job runs it makes at most; 0 needs no job to run.
	JobRuns int

	needs   string // an operation that it is about
	run     func(*trial)
	verdict Verdict // of a rule that can't be seen from outside
	reason  string
}

// Quick reports whether the check needs no job to run. Those of rules that no suite
// can see from outside are quick.
func (c *Check) Quick() bool { return c.JobRuns == 0 }

// Finding is one thing that was not as the rule has it.
type Finding struct {
	Source   Source `json:"source"`
	Expected string `json:"expected"`
	Seen     string `json:"seen"`
}

// Result is what a check found.
type Result struct {
	ID      string  `json:"id"`
	Rule    string  `json:"rule"`
	Source  Source  `json:"source"`
	Cite    string  `json:"cite"`
	Verdict Verdict `json:"verdict"`
	// Findings are the deviations, if any.
	Findings []Finding `json:"findings,omitempty"`
	// Reason says why nothing could be checked.
	Reason string `json:"reason,omitempty"`
	// JobRuns is how many job runs it saw of its own.
	JobRuns int     `json:"jobRuns"`
	Seconds float64 `json:"seconds"`
}

// judge is the verdict that findings amount to.
func judge(findings []Finding) Verdict {
	v := Pass
	for _, f := range findings {
		if f.Source == Documented {
			return Wrong
		}
		v = Differs
	}
	return v
}

// Checks are all checks in the order of a report: those that need no job first,
// and of each kind the rules of a resume by their number.
func Checks() []Check {
	all := slices.Concat(refusals(), selection(), carrying(), firing(), records(), limits(), runs())
	for i := range all {
		if all[i].number() > 0 {
			all[i].needs = "ResumeWorkflowRun"
		}
	}
	slices.SortStableFunc(all, func(a, b Check) int {
		return cmp.Or(boolOrder(b.Quick(), a.Quick()), boolOrder(b.number() > 0, a.number() > 0), cmp.Compare(a.number(), b.number()))
	})
	return all
}

// number is that of a rule of a resume, else 0.
func (c *Check) number() int {
	digits, _, _ := strings.Cut(strings.TrimPrefix(c.ID, "R"), "-")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
