package plan

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// RepairTag is the tag of a workflow that holds its policy of automatic repair,
// such as "times=3 wait=30s backoff=2 within=120m on=FAILED+TIMEOUT timeout=2x".
const RepairTag = "reglue:auto-resume"

// RepairOff is the policy that repairs nothing.
const RepairOff = "off"

// RepairPolicy says when a workflow's runs are resumed by themselves.
type RepairPolicy struct {
	// Times is how often a family of runs is repaired at most.
	Times int
	// Wait is the time before the first try. Before each further one it is
	// multiplied by Backoff.
	Wait    time.Duration
	Backoff float64
	// Within is the time after the family's first failure in which a try may
	// start; zero is no limit.
	Within time.Duration
	// On are the ends that are repaired.
	On []flow.State
	// Match must be in the error message of every node to repeat: a text that it
	// contains, or with * a pattern for the whole. Empty matches all.
	Match string
	// Timeout multiplies the timeout of nodes that ended TIMEOUT; zero leaves it.
	Timeout float64
	// Retries is set for the jobs to repeat; nil leaves it.
	Retries *int
}

// Bounds of a policy.
const (
	maxRepairs    = 100
	maxRepairWait = 7 * 24 * time.Hour
	maxFactor     = 100
	mostRetries   = 10
)

var repairKeys = []string{"times", "wait", "backoff", "within", "on", "match", "timeout", "retries"}

// ParseRepairPolicy reads the value of RepairTag. It returns nil for "off".
func ParseRepairPolicy(text string) (*RepairPolicy, error) {
	p := &RepairPolicy{Times: 3, Wait: time.Minute, Backoff: 1, On: []flow.State{flow.Failed, flow.TimedOut}}
	words := strings.Fields(text)
	if len(words) == 1 && words[0] == RepairOff {
		return nil, nil
	}
	if len(words) == 0 {
		return nil, errors.New(`it is empty: write for example "times=3 wait=30s", or "off"`)
	}
	seen := map[string]bool{}
	for i := 0; i < len(words); i++ {
		key, value, ok := strings.Cut(words[i], "=")
		if !ok || !slices.Contains(repairKeys, key) {
			return nil, fmt.Errorf("%q is not understood: the terms are %s, each as NAME=VALUE", words[i], strings.Join(repairKeys, ", "))
		}
		if seen[key] {
			return nil, fmt.Errorf("%s is given twice", key)
		}
		seen[key] = true
		if key == "match" { // an error message has spaces
			for i+1 < len(words) && !isRepairTerm(words[i+1]) {
				i++
				value += " " + words[i]
			}
		}
		if value == "" {
			return nil, fmt.Errorf("%s= has no value", key)
		}
		if err := p.set(key, value); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func isRepairTerm(word string) bool {
	key, _, ok := strings.Cut(word, "=")
	return ok && slices.Contains(repairKeys, key)
}

func (p *RepairPolicy) set(key, value string) (err error) {
	switch key {
	case "times":
		p.Times, err = count(key, value, 1, maxRepairs)
	case "wait":
		p.Wait, err = pause(key, value)
	case "within":
		p.Within, err = pause(key, value)
	case "backoff":
		p.Backoff, err = factor(key, value)
	case "timeout":
		p.Timeout, err = factor(key, strings.TrimSuffix(value, "x"))
	case "retries":
		var n int
		n, err = count(key, value, 0, mostRetries)
		p.Retries = &n
	case "match":
		p.Match = value
	case "on":
		p.On, err = ends(value)
	}
	return err
}

func count(key, value string, least, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s must be a number from %d to %d, not %q", key, least, most, value)
	}
	return n, nil
}

func factor(key, value string) (float64, error) {
	f, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(f) || f < 1 || f > maxFactor {
		return 0, fmt.Errorf("%s must be a factor from 1 to %d, such as 2 or 1.5, not %q", key, maxFactor, value)
	}
	return f, nil
}

func pause(key, value string) (time.Duration, error) {
	d, err := Span(value)
	if err != nil || d < 0 || d > maxRepairWait {
		return 0, fmt.Errorf("%s must be a time of up to 7d, such as 30s, 10m or 2h, not %q", key, value)
	}
	return d, nil
}

// Span reads a time span: Go's, and days such as 2d.
func Span(text string) (time.Duration, error) {
	days, ok := strings.CutSuffix(text, "d")
	if !ok {
		return time.ParseDuration(text)
	}
	const most = 100_000
	n, err := strconv.ParseFloat(days, 64)
	if err != nil || !(math.Abs(n) <= most) {
		return 0, fmt.Errorf("%q is no number of days", text)
	}
	return time.Duration(n * float64(24*time.Hour)), nil
}

// repairable are the ends that a policy may name.
var repairable = []flow.State{flow.Failed, flow.TimedOut, flow.Errored, flow.Expired, flow.Stopped}

func ends(value string) ([]flow.State, error) {
	var out []flow.State
	for word := range strings.SplitSeq(value, "+") {
		s := flow.JobState(glue.JobRunState(strings.ToUpper(word)))
		if !slices.Contains(repairable, s) {
			return nil, fmt.Errorf("on must name ends joined by +, of FAILED, TIMEOUT, ERROR, EXPIRED and STOPPED; %q is none of them", word)
		}
		out = append(out, s)
	}
	return out, nil
}

// Matches reports whether the policy wants to repair what ended with a message.
func (p *RepairPolicy) Matches(message string) bool {
	if !strings.Contains(p.Match, "*") {
		return strings.Contains(message, p.Match)
	}
	return glob(p.Match, message)
}

// Delay is the wait before a try, from 1.
func (p *RepairPolicy) Delay(try int) time.Duration {
	d := float64(p.Wait) * math.Pow(p.Backoff, float64(try-1))
	return time.Duration(min(d, float64(maxRepairWait)))
}

// Longer is a timeout in minutes as the policy sets it.
func (p *RepairPolicy) Longer(minutes int32) int32 {
	return int32(min(math.Ceil(float64(minutes)*p.Timeout), maxTimeout))
}

// maxTimeout is the longest timeout of a job run, in minutes.
const maxTimeout = 10080

// glob matches a whole text; * and ? stand for any characters, whatever they are.
func glob(pattern, text string) bool {
	flat := func(s string) string { return strings.ReplaceAll(s, "/", "\x00") }
	ok, err := path.Match(flat(pattern), flat(text))
	return ok && err == nil
}
