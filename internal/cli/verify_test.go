package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/verify"
)

// unseen are the rules that no endpoint can be held against.
var unseen = map[string]verify.Verdict{"R12": verify.Unchecked, "R30": verify.NotApplicable}

func TestVerifySelf(t *testing.T) {
	t.Parallel()
	needsPython(t)
	out, _ := newUse("verify", "--self", "-o", "json").run(t, exitWhole)
	r := readReport(t, out)
	if diff := cmp.Diff(unseen, r.notPassed()); diff != "" {
		t.Errorf("reglue does not hold its own contract (-want +got):\n%s\n%s", diff, out)
	}
	for _, c := range verify.Checks() {
		if got := r.check(t, c.ID); got.JobRuns > c.JobRuns {
			t.Errorf("%s made %d job runs; it says at most %d", c.ID, got.JobRuns, c.JobRuns)
		}
	}
	if len(r.Left) > 0 {
		t.Errorf("left behind: %v", r.Left)
	}
	if len(r.Results) != len(verify.Checks()) {
		t.Errorf("%d results of %d checks", len(r.Results), len(verify.Checks()))
	}
}

// TestEveryRuleHasACheck holds the list of checks against R1 to R41.
func TestEveryRuleHasACheck(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range verify.Checks() {
		if seen[c.ID] {
			t.Errorf("two checks are called %s", c.ID)
		}
		seen[c.ID] = true
		if c.Rule == "" || c.Cite == "" || c.Source != verify.Documented && c.Source != verify.Decided {
			t.Errorf("%s does not say its rule and where that is from", c.ID)
		}
	}
	for n := 1; n <= 41; n++ {
		if id := fmt.Sprintf("R%d", n); !seen[id] {
			t.Errorf("no check of %s", id)
		}
	}
}

// TestVerifyLeavesNothing verifies a server that holds things of others.
func TestVerifyLeavesNothing(t *testing.T) {
	t.Parallel()
	s := testServer(t)
	c := newHTTPCaller(s.Endpoint, nil, defaultRegion)
	if err := c.Call(t.Context(), "CreateWorkflow", &glue.CreateWorkflowRequest{Name: "of-others"}, nil); err != nil {
		t.Fatal(err)
	}
	newUse("verify", "--endpoint", s.Endpoint, "--only", "R6,r14,R3,stop").run(t, exitWhole)
	if got := names(t, c); !slices.Equal(got, []string{"of-others"}) {
		t.Errorf("there are %v, want of-others alone", got)
	}
}

func TestVerifyInterruptedLeavesNothing(t *testing.T) {
	t.Parallel()
	s := testServer(t)
	c := newHTTPCaller(s.Endpoint, nil, defaultRegion)
	u := newUse("verify", "--endpoint", s.Endpoint, "--only", "R34", "-o", "json")
	// A resume of this check runs until it is stopped.
	p := newProxy(t, s.Endpoint, func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		if op == "ResumeWorkflowRun" && status == http.StatusOK {
			u.signals <- os.Interrupt
		}
		return status, out
	})
	u.Args[2] = p.url
	code := u.Main(t.Context())
	r := readReport(t, u.out.String())
	if got := r.check(t, "R34"); code != exitRefused || got.Verdict != verify.Unchecked || got.Reason != "interrupted" {
		t.Errorf("exit code %d and %+v, want %d and an interrupted check\n%s", code, got, exitRefused, u.err)
	}
	if got := names(t, c); len(got) != 0 || len(r.Left) != 0 {
		t.Errorf("%v are left behind, of which it says %v", got, r.Left)
	}
}

func TestVerifyNamesWhatItLeaves(t *testing.T) {
	t.Parallel()
	s := testServer(t)
	p := newProxy(t, s.Endpoint, func(c *passage, op string, in map[string]any) (int, map[string]any) {
		if op == "DeleteJob" {
			return http.StatusBadRequest, map[string]any{"__type": "AccessDeniedException", "Message": "not you"}
		}
		return c.forward(op, in)
	})
	_, warning := newUse("verify", "--endpoint", p.url, "--only", "R4").run(t, exitWhole)
	has(t, warning, "could not delete job reglue-verify-", "-r4-A (AccessDeniedException: not you)", "-r4-B")
}

// names are those of all workflows, triggers and jobs.
func names(t *testing.T, c Caller) []string {
	t.Helper()
	var all []string
	for _, op := range []string{"ListWorkflows", "ListTriggers", "ListJobs"} {
		var out struct{ Workflows, TriggerNames, JobNames []string }
		if err := c.Call(t.Context(), op, struct{}{}, &out); err != nil {
			t.Fatal(err)
		}
		all = slices.Concat(all, out.Workflows, out.TriggerNames, out.JobNames)
	}
	return all
}

// deviants are endpoints that are not as they should be, with the checks that have
// to find it and what these make of it.
var deviants = []struct {
	name  string
	alter alteration
	want  map[string]verify.Verdict
	code  int
}{
	{"none", (*passage).forward, nil, exitWhole},
	{"drops PreviousRunId", func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		delete(runOf(out), "PreviousRunId")
		return status, out
	}, map[string]verify.Verdict{"R36": verify.Wrong}, exitFailed},
	{"carried job runs get new ids", func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		if run := runOf(out); run["PreviousRunId"] != nil {
			for jr := range jobRunsIn(run) {
				if ended, ok := jr["CompletedOn"].(float64); ok && ended < run["StartedOn"].(float64) { // carried
					jr["Id"] = jr["Id"].(string) + "_copy"
				}
			}
		}
		return status, out
	}, map[string]verify.Verdict{"R28": verify.Wrong}, exitFailed},
	{"starts anew for an empty NodeIds", func(c *passage, op string, in map[string]any) (int, map[string]any) {
		if ids, ok := in["NodeIds"].([]any); op != "ResumeWorkflowRun" || !ok || len(ids) > 0 {
			return c.forward(op, in)
		}
		return c.forward("StartWorkflowRun", map[string]any{"Name": in["Name"]})
	}, map[string]verify.Verdict{"R4": verify.Differs, "R1": verify.Differs, "nothing-left": verify.Unchecked}, exitRefused},
	{"counts one too many", func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		if s, ok := runOf(out)["Statistics"].(map[string]any); ok && s["SucceededActions"].(float64) > 0 {
			s["SucceededActions"] = s["SucceededActions"].(float64) + 1
		}
		return status, out
	}, map[string]verify.Verdict{"R27": verify.Differs, "statistics": verify.Wrong}, exitFailed},
	{"leaves a run behind after a refusal", func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		if op == "ResumeWorkflowRun" && status != http.StatusOK {
			c.forward("StartWorkflowRun", map[string]any{"Name": in["Name"]})
		}
		return status, out
	}, map[string]verify.Verdict{"nothing-left": verify.Differs}, exitWhole},
	{"resumes from the beginning", func(c *passage, op string, in map[string]any) (int, map[string]any) {
		if op == "ResumeWorkflowRun" {
			in["NodeIds"] = c.firstJob(in)
		}
		return c.forward(op, in)
	}, map[string]verify.Verdict{"R28": verify.Wrong}, exitFailed},
	{"other error codes", func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		if out["__type"] == string(glue.InvalidInput) {
			out["__type"] = "ValidationException"
		}
		return status, out
	}, map[string]verify.Verdict{
		"R1": verify.Differs, "R4": verify.Differs, "R5": verify.Differs, "R6": verify.Differs, "R7": verify.Differs,
		"R8": verify.Differs, "pagination": verify.Differs,
	}, exitWhole},
	{"loses a run between pages", func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		if runs, ok := out["Runs"].([]any); ok && in["NextToken"] != nil && in["MaxResults"] != nil {
			out["Runs"] = runs[:len(runs)-1]
		}
		return status, out
	}, map[string]verify.Verdict{"pagination": verify.Wrong}, exitFailed},
	{"marks the run that was resumed", func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		if op == "ResumeWorkflowRun" && status == http.StatusOK {
			c.mark(in["RunId"].(string))
		}
		if run := runOf(out); run["WorkflowRunId"] != nil && c.marked(run["WorkflowRunId"].(string)) {
			run["ErrorMessage"] = "resumed"
		}
		return status, out
	}, map[string]verify.Verdict{"R31": verify.Wrong}, exitFailed},
	{"forgets the properties", func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		if op == "GetWorkflowRunProperties" && status == http.StatusOK && c.marked(in["RunId"].(string)) {
			out["RunProperties"] = map[string]any{}
		}
		if op == "ResumeWorkflowRun" && status == http.StatusOK {
			c.mark(out["RunId"].(string))
		}
		return status, out
	}, map[string]verify.Verdict{"R25": verify.Differs}, exitWhole},
	{"takes a repeat for a second resume", func(c *passage, op string, in map[string]any) (int, map[string]any) {
		c.header.Del("Amz-Sdk-Invocation-Id")
		return c.forward(op, in)
	}, map[string]verify.Verdict{"R37": verify.Differs}, exitWhole},
}

// TestVerifyFindsDeviations verifies endpoints that are wrong in one way each.
func TestVerifyFindsDeviations(t *testing.T) {
	t.Parallel()
	ids := []string{"R25", "R27", "R28", "R31", "R36", "R37", "statistics"}
	for _, c := range verify.Checks() {
		if c.Quick() && unseen[c.ID] == "" {
			ids = append(ids, c.ID)
		}
	}
	s := testServer(t)
	for _, d := range deviants {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, s.Endpoint, d.alter)
			out, _ := newUse("verify", "--endpoint", p.url, "--only", strings.Join(ids, ","), "-o", "json").run(t, d.code)
			want := d.want
			if want == nil {
				want = map[string]verify.Verdict{}
			}
			if diff := cmp.Diff(want, readReport(t, out).notPassed()); diff != "" {
				t.Errorf("other checks turned red (-want +got):\n%s\n%s", diff, out)
			}
		})
	}
}

func TestVerifyFindsARunThatEndsEarly(t *testing.T) {
	t.Parallel()
	s := testServer(t)
	p := newProxy(t, s.Endpoint, func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		run := runOf(out)
		if name, _ := run["Name"].(string); !strings.Contains(name, "-ends-last-") {
			return status, out
		}
		run["Status"] = "COMPLETED"
		for node := range nodesIn(run) {
			if strings.HasSuffix(node["Name"].(string), "-D") {
				node["JobDetails"] = map[string]any{}
			}
		}
		return status, out
	})
	out, _ := newUse("verify", "--endpoint", p.url, "--only", "ends-last").run(t, exitWhole)
	has(t, out, "~ differs", "ends-last", "expected", "D=SUCCEEDED", "seen", "D=blank", "source", "decision")
}

// TestVerifyWithoutResume verifies endpoints that lack operations.
func TestVerifyWithoutResume(t *testing.T) {
	t.Parallel()
	s := testServer(t)
	lacks := func(ops ...string) *proxy {
		return newProxy(t, s.Endpoint, func(c *passage, op string, in map[string]any) (int, map[string]any) {
			if slices.Contains(ops, op) {
				return http.StatusBadRequest, map[string]any{"__type": "UnknownOperationException", "message": op}
			}
			return c.forward(op, in)
		})
	}
	out, _ := newUse("verify", "--endpoint", lacks("ResumeWorkflowRun").url, "--only", "R4,R36,graph").run(t, exitWhole)
	has(t, out, "not built", "R4", "pass", "graph", "not built", "R36", "the endpoint has no ResumeWorkflowRun", "1 pass, 2 not built")
	out, _ = newUse("verify", "--endpoint", lacks("PutWorkflowRunProperties").url, "--only", "properties").run(t, exitRefused)
	has(t, out, "not built", "properties", "PutWorkflowRunProperties")
	_, complaint := newUse("verify", "--endpoint", lacks("GetWorkflow").url, "--quick").run(t, exitRefused)
	has(t, complaint, "no GetWorkflow")
}

func TestVerifyWhatCannotBeTalkedTo(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	_, complaint := newUse("verify", "--endpoint", closed.URL, "--quick").run(t, exitRefused)
	has(t, complaint, "no server answers")
	_, complaint = newUse("verify", "--self", "--only", "R99").run(t, exitRefused)
	has(t, complaint, `there is no check "R99"`, "--list")
	_, complaint = newUse("verify", "--data", t.TempDir(), "--quick").run(t, exitRefused)
	has(t, complaint, "no reglue data")
	_, complaint = newUse("verify", "--endpoint", "http://glue.example.com:1").run(t, exitRefused)
	has(t, complaint, "--print-scripts", "--script-base")
}

func TestVerifyAsksBeforeItCosts(t *testing.T) {
	t.Parallel()
	f := &fakeGlue{}
	_, complaint := f.on(t, targetAWS, exitRefused, "verify", "--only", "R36")
	has(t, complaint, "--role")
	_, complaint = f.on(t, targetAWS, exitRefused, "verify", "--only", "R36", "--role", "r")
	has(t, complaint, "--script-base")
	_, complaint = f.on(t, targetAWS, exitRefused, "verify", "--only", "R36", "--role", "r", "--script-base", "s3://b/f")
	has(t, complaint, "at most 4 job runs", "0.0625 DPU", "--yes")
	if len(f.changes) > 0 {
		t.Errorf("it was not confirmed, and yet: %v", f.changes)
	}
}

func TestVerifyLists(t *testing.T) {
	t.Parallel()
	out, _ := newUse("verify", "--list").run(t, exitWhole)
	has(t, out, "R1 ", "decision: ", "R13", "AWS: guide, Resuming a workflow run", "job runs.")
	out, _ = newUse("verify", "--list", "--quick", "-o", "json").run(t, exitWhole)
	hasNot(t, out, `"R13"`)
	out, _ = newUse("verify", "--print-scripts").run(t, exitWhole)
	has(t, out, "--outcome", "--seconds")
}

// report is a report as -o json gives it.
type report struct{ verify.Report }

func readReport(t *testing.T, text string) *report {
	t.Helper()
	var r report
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return &r
}

func (r *report) notPassed() map[string]verify.Verdict {
	m := map[string]verify.Verdict{}
	for _, c := range r.Results {
		if c.Verdict != verify.Pass {
			m[c.ID] = c.Verdict
		}
	}
	return m
}

func (r *report) check(t *testing.T, id string) verify.Result {
	t.Helper()
	for _, c := range r.Results {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no result of %s", id)
	return verify.Result{}
}

// testServer is a server in a folder of its own.
func testServer(t *testing.T) *server {
	t.Helper()
	needsPython(t)
	s, err := startServer(t.Context(), serverOptions{Data: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}
