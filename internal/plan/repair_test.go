package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/flow"
)

func TestRepairPolicy(t *testing.T) {
	t.Parallel()
	p, err := ParseRepairPolicy("times=3 wait=30s backoff=2 within=120m on=FAILED+TIMEOUT+error timeout=2x retries=1 match=Rate exceeded for x")
	if err != nil {
		t.Fatal(err)
	}
	if p.Times != 3 || p.Wait != 30*time.Second || p.Backoff != 2 || p.Within != 2*time.Hour || p.Timeout != 2 ||
		*p.Retries != 1 || p.Match != "Rate exceeded for x" || !slices.Equal(p.On, []flow.State{flow.Failed, flow.TimedOut, flow.Errored}) {
		t.Errorf("%+v", p)
	}
	for try, want := range map[int]time.Duration{1: 30 * time.Second, 2: time.Minute, 3: 2 * time.Minute, 99: maxRepairWait} {
		if got := p.Delay(try); got != want {
			t.Errorf("try %d waits %s, want %s", try, got, want)
		}
	}
	if p.Longer(10) != 20 || p.Longer(9000) != 10080 {
		t.Errorf("10 minutes become %d, 9000 %d", p.Longer(10), p.Longer(9000))
	}
	if !p.Matches("An error: Rate exceeded for x.") || p.Matches("rate") {
		t.Error("match")
	}
	p, err = ParseRepairPolicy("match=Throttling*/x times=1")
	if err != nil || p.Times != 1 || p.Wait != time.Minute || !slices.Equal(p.On, []flow.State{flow.Failed, flow.TimedOut}) ||
		!p.Matches("ThrottlingException/x") || p.Matches("A ThrottlingException/x") {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := ParseRepairPolicy(" off "); p != nil || err != nil {
		t.Errorf("off: %+v, %v", p, err)
	}
}

func TestRepairPolicyFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                  "it is empty",
		"three times":       `"three" is not understood: the terms are times, wait`,
		"times=0":           "times must be a number from 1 to 100",
		"times=":            "times= has no value",
		"times=1 times=2":   "times is given twice",
		"wait=30":           "wait must be a time of up to 7d, such as 30s",
		"wait=-1s":          "wait must be",
		"within=8d":         "within must be",
		"backoff=0.5":       "backoff must be a factor from 1",
		"backoff=NaN":       "backoff must be",
		"timeout=x":         "timeout must be a factor",
		"on=FAILED,TIMEOUT": "on must name ends joined by +",
		"on=SUCCEEDED":      `"SUCCEEDED" is none of them`,
		"retries=11":        "retries must be a number from 0 to 10",
		"off times=3":       `"off" is not understood`,
	} {
		if _, err := ParseRepairPolicy(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzRepairPolicy(f *testing.F) {
	f.Add("times=3 wait=30s backoff=2 within=120m on=FAILED+TIMEOUT timeout=2x match=Throttling*")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParseRepairPolicy(text)
		if err != nil || p == nil {
			return
		}
		if p.Times < 1 || p.Delay(p.Times) < 0 || p.Delay(p.Times) > maxRepairWait || len(p.On) == 0 {
			t.Fatalf("%q: %+v", text, p)
		}
		if p.Timeout > 0 && p.Longer(1) < 1 {
			t.Fatalf("%q: a timeout of %d", text, p.Longer(1))
		}
		p.Matches("any error")
	})
}
