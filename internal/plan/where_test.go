package plan

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

func brokenRun() *RunFacts {
	return &RunFacts{
		Workflow: "nightly", Run: "wr_3fa2c81d00", Status: "COMPLETED",
		Started: noon.Add(-2 * time.Hour), Ended: noon.Add(-time.Hour),
		Properties: map[string]string{"day": "monday", "region/eu": "x"},
		Nodes: []NodeFacts{
			{"extract", "SUCCEEDED", ""}, {"load", "FAILED", "ValueError: Rate exceeded (line 3)"},
			{"report", "TIMEOUT", "too slow"}, {"publish", "", ""},
		},
	}
}

func TestWhere(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Match{
		"node=load and state=FAILED and started>-6h": Yes,
		"node=load and state=TIMEOUT":                No, // of one node
		"node=l* and state=failed":                   Yes,
		"state=FAILED":                               Yes,
		"state=ERROR":                                No,
		"state!=FAILED":                              No, // no node is FAILED
		"not state=FAILED":                           No,
		"not state=ERROR":                            Yes,
		"node=load and state!=SUCCEEDED":             Yes,
		"node=load and not state=SUCCEEDED":          Yes,
		"node=extract and not state=SUCCEEDED":       No,
		"not (node=load and state=FAILED)":           No,
		"not (node=load and state=TIMEOUT)":          Yes,
		"node!=load and state=FAILED":                No,
		"node!=load and state=TIMEOUT":               Yes,
		"node=load":                                  Yes,
		"node=load and state=SUCCEEDED or node=report and state=TIMEOUT": Yes,
		"error~\"rate EXCEEDED\" and node=load":                          Yes,
		"error~rate and node=report":                                     No,
		"error=too*":                                                     Yes,
		"workflow=night*":                                                Yes,
		"workflow=nightly2":                                              No,
		"workflow~IGHT":                                                  Yes,
		"run=wr_3fa2":                                                    Yes,
		"run=3fa2":                                                       Yes,
		"run=wr_4*":                                                      No,
		"status=completed":                                               Yes,
		"status!=COMPLETED":                                              No,
		"started > -1h":                                                  No,
		"started>=2024-02-29 and ended < 2024-02-29T11:30:00Z": Yes,
		"started<2024-02-29":    No,
		"ended>-1d":             Yes,
		"property.day=mon*":     Yes,
		"property.day='monday'": Yes,
		"property.region/eu=x":  Yes,
		"property.gone=x":       No,
		"property.gone!=x":      Yes,
		"NOT workflow=a AND (status=STOPPED OR state=FAILED)": Yes,
		"not not state=FAILED":                                Yes,
	} {
		w, err := ParseWhere(text, noon)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := w.Match(brokenRun()); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// What is known of a run without its nodes must never contradict what they tell.
func TestWhereWithoutNodes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Match{
		"state=FAILED":                       Unknown,
		"state=FAILED and workflow=other":    No,
		"state=FAILED or workflow=nightly":   Yes,
		"not state=FAILED and workflow=x":    No,
		"not (state=FAILED or status=ERROR)": Unknown,
	} {
		w, err := ParseWhere(text, noon)
		if err != nil {
			t.Fatal(err)
		}
		f := brokenRun()
		f.Nodes = nil
		if got := w.Match(f); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestWhereSince(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"started>-6h and (node=a or node=b)": noon.Add(-6 * time.Hour),
		"started>-6h and started>=-2h":       noon.Add(-2 * time.Hour),
		"started>-6h or node=a":              {},
		"not started>-6h":                    {},
		"started<-6h":                        {},
	} {
		w, err := ParseWhere(text, noon)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Since(); !got.Equal(want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestWhereFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		at      int
		message string
	}{
		"":                        {0, "a term such as node=load was expected"},
		"node=load and":           {13, "a term such as node=load"},
		"node=load state=FAILED":  {10, "and, or, or the end"},
		"nod=load":                {0, `there is no field "nod"; there are workflow, run`},
		"property.=x":             {0, "there is no field"},
		"node":                    {4, "after node one of ="},
		"node=":                   {5, "after node= a value"},
		"node>a":                  {4, "takes = != ~"},
		"started=-6h":             {7, "takes > < >= <="},
		"started>soon":            {8, `"soon" is no time`},
		"started>-6x":             {8, "is no time"},
		"state=BROKEN":            {6, `"BROKEN" is no state of a node; there are FAILED`},
		"status=FAILED":           {7, "is no status of a run"},
		"(node=a":                 {0, "not closed"},
		"node=a)":                 {6, "closes nothing"},
		"(node=a node=b)":         {8, "and, or, or )"},
		`error~"x`:                {6, "quote is not closed"},
		"not":                     {3, "a term such as"},
		"property.ö=ü and nope=1": {19, "no field"},
	} {
		_, err := ParseWhere(text, noon)
		var fault *WhereError
		if !errors.As(err, &fault) {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if fault.At != want.at || !strings.Contains(fault.Message, want.message) {
			t.Errorf("%q: at %d: %s\nwant at %d: %s", text, fault.At, fault.Message, want.at, want.message)
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != 3 || !strings.HasSuffix(lines[2], "^") {
			t.Errorf("%q: %q does not point", text, err)
		}
	}
}

// FuzzWhere: whatever is written, there is an answer or a fault at a place of it,
// and a condition that is understood is understood again.
func FuzzWhere(f *testing.F) {
	for _, text := range []string{
		"node=load and state=FAILED and started>-6h", "not (a=b", `error~"x" or run=1`, "property.x!='", "((((", "not not not",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, err := ParseWhere(text, noon)
		if err != nil {
			var fault *WhereError
			if !errors.As(err, &fault) || fault.At < 0 || fault.At > len(fault.Text) || fault.Error() == "" {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		facts := brokenRun()
		whole := w.Match(facts)
		facts.Nodes = nil
		if part := w.Match(facts); part != Unknown && part != whole {
			t.Fatalf("%q: %v with nodes, %v without", text, whole, part)
		}
		if whole == Unknown {
			t.Fatalf("%q: unknown though all is known", text)
		}
		again, err := ParseWhere(w.String(), noon)
		if err != nil || again.Match(brokenRun()) != whole {
			t.Fatalf("%q read again: %v", text, err)
		}
		_ = w.Since()
	})
}
