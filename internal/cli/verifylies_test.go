package cli

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/verify"
)

// lies give each check, by its id, an endpoint that breaks its rule.
var lies = map[string]alteration{
	"R1": acceptAll, "R4": acceptAll, "R5": acceptAll, "R6": acceptAll, "R7": acceptAll, "R8": acceptAll,
	"R2": refuseAll, "R3": refuseAll, "R8-duplicates": refuseAll, "R10": refuseAll, "R11": refuseAll, "R13-circle": refuseAll,
	"R23": refuseAll, "R24": refuseAll, "R33": refuseAll, "R34": refuseAll, "R38": refuseAll, "R40": refuseAll,
	"nothing-left": func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		if op == "ResumeWorkflowRun" {
			c.forward("StartWorkflowRun", map[string]any{"Name": in["Name"]})
		}
		return status, out
	},
	"R9": refuseSecond, "R41": refuseSecond,
	"R18": restartedFail, "R21": restartedFail, "R22": restartedFail, "R39": restartedFail, "resumed-run-id": restartedFail,
	"R15": resumedFilled, "R19": resumedFilled, "R20": resumedFilled, "descendants-rerun": resumedFilled,
	"failure-completes": plainFilled, "inactive": plainFilled, "stop": plainFilled, "old-attempts": plainFilled,
	"R14": twice, "R17": twice, "R28": twice, "by-hand": twice, "carried-never-starts": twice,
	"snapshot": stopped, "any-once": stopped, "retries": stopped, "ends-last": stopped,
	"job-limit": onRuns(func(run map[string]any) { run["Status"] = "STOPPED" }),
	"R13": func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		if op == "ResumeWorkflowRun" {
			out["NodeIds"] = in["NodeIds"]
		}
		return status, out
	},
	"R16": onJobRuns(func(run, jr map[string]any) {
		if restarted(run, jr) {
			delete(jr, "TriggerName")
		}
	}),
	"R29": onJobRuns(func(run, jr map[string]any) {
		if restarted(run, jr) {
			jr["Attempt"] = 3
		}
	}),
	"R25": forgetProperties, "properties": forgetProperties,
	"R26": onRuns(func(run map[string]any) {
		if run["PreviousRunId"] != nil {
			run["StartingEventBatchCondition"] = map[string]any{"BatchSize": 1}
		}
	}),
	"R27": countMore, "statistics": countMore,
	"R31": func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		if op == "ResumeWorkflowRun" {
			c.mark(in["RunId"].(string))
		}
		if id, _ := runOf(out)["WorkflowRunId"].(string); c.marked(id) {
			runOf(out)["ErrorMessage"] = "resumed"
		}
		return status, out
	},
	"R32": onWorkflow(func(w map[string]any) { delete(w, "LastRun") }),
	"R35": func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		if op == "ResumeWorkflowRun" && status == http.StatusOK {
			c.mark(out["RunId"].(string))
		}
		if id, _ := in["RunId"].(string); op == "GetWorkflowRun" && c.marked(id) {
			return http.StatusBadRequest, map[string]any{"__type": "EntityNotFoundException", "Message": "not yet"}
		}
		return status, out
	},
	"R36": onRuns(func(run map[string]any) { delete(run, "PreviousRunId") }),
	"R37": func(c *passage, op string, in map[string]any) (int, map[string]any) {
		c.header.Del("Amz-Sdk-Invocation-Id")
		return c.forward(op, in)
	},
	"graph":    onWorkflow(func(w map[string]any) { delete(w["Graph"].(map[string]any), "Edges") }),
	"node-ids": onRuns(func(run map[string]any) { renameNodes(run) }),
	"pagination": func(c *passage, op string, in map[string]any) (int, map[string]any) {
		delete(in, "NextToken")
		return c.forward(op, in)
	},
	"unknown-run": otherErrors, "stop-over": otherErrors, "start-limit": otherErrors,
}

// TestEveryCheckCanFail tells each check the lie that its rule forbids.
func TestEveryCheckCanFail(t *testing.T) {
	t.Parallel()
	byName := map[string]alteration{}
	var ids []string
	for _, check := range verify.Checks() {
		if unseen[check.ID] != "" {
			continue
		}
		ids = append(ids, check.ID)
		if byName[strings.ToLower(check.ID)] = lies[check.ID]; lies[check.ID] == nil {
			t.Errorf("no endpoint breaks the rule of %s", check.ID)
		}
	}
	s := testServer(t)
	p := newProxy(t, s.Endpoint, func(c *passage, op string, in map[string]any) (int, map[string]any) {
		if lie := byName[checkOf(in)]; lie != nil {
			return lie(c, op, in)
		}
		return c.forward(op, in)
	})
	out, _ := newUse("verify", "--endpoint", p.url, "--only", strings.Join(ids, ","), "-o", "json").run(t, exitFailed)
	r := readReport(t, out)
	for _, id := range ids {
		c := r.check(t, id)
		want := []verify.Verdict{verify.Differs}
		if c.Source == verify.Documented {
			want = append(want, verify.Wrong)
		}
		if !slices.Contains(want, c.Verdict) {
			t.Errorf("%s is %s (%s) on an endpoint that breaks its rule", id, c.Verdict, c.Reason)
		}
	}
}

var ownedName = regexp.MustCompile(`^reglue-verify-[0-9a-f]{8}-(.+)-[^-]+$`)

// checkOf is the check that a call is from.
func checkOf(in map[string]any) string {
	for _, member := range []string{"Name", "JobName"} {
		name, _ := in[member].(string)
		if m := ownedName.FindStringSubmatch(name); m != nil {
			return m[1]
		}
	}
	return ""
}

func acceptAll(c *passage, op string, in map[string]any) (int, map[string]any) {
	if op == "ResumeWorkflowRun" {
		return http.StatusOK, map[string]any{"RunId": "wr_none", "NodeIds": in["NodeIds"]}
	}
	return c.forward(op, in)
}

func refuseAll(c *passage, op string, in map[string]any) (int, map[string]any) {
	if op == "ResumeWorkflowRun" {
		return http.StatusBadRequest, map[string]any{"__type": "InvalidInputException", "Message": "no"}
	}
	return c.forward(op, in)
}

func refuseSecond(c *passage, op string, in map[string]any) (int, map[string]any) {
	if op == "ResumeWorkflowRun" {
		_, out := c.forward("GetWorkflowRun", map[string]any{"Name": in["Name"], "RunId": in["RunId"]})
		if runOf(out)["PreviousRunId"] != nil {
			return refuseAll(c, op, in)
		}
	}
	return c.forward(op, in)
}

func otherErrors(c *passage, op string, in map[string]any) (int, map[string]any) {
	status, out := c.forward(op, in)
	if status != http.StatusOK {
		out["__type"] = "ValidationException"
	}
	return status, out
}

func forgetProperties(c *passage, op string, in map[string]any) (int, map[string]any) {
	status, out := c.forward(op, in)
	if out["RunProperties"] != nil {
		out["RunProperties"] = map[string]any{}
	}
	return status, out
}

// twice shows each job run of a job twice.
func twice(c *passage, op string, in map[string]any) (int, map[string]any) {
	status, out := c.forward(op, in)
	if runs, ok := out["JobRuns"].([]any); ok {
		out["JobRuns"] = append(runs, runs...)
	}
	return status, out
}

// onRuns lies about runs.
func onRuns(lie func(run map[string]any)) alteration {
	return func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		if run := runOf(out); len(run) > 0 && run["Status"] != "RUNNING" {
			lie(run)
		}
		return status, out
	}
}

func onJobRuns(lie func(run, jr map[string]any)) alteration {
	return onRuns(func(run map[string]any) {
		for jr := range jobRunsIn(run) {
			lie(run, jr)
		}
	})
}

func onWorkflow(lie func(w map[string]any)) alteration {
	return func(c *passage, op string, in map[string]any) (int, map[string]any) {
		status, out := c.forward(op, in)
		if w, ok := out["Workflow"].(map[string]any); ok {
			lie(w)
		}
		return status, out
	}
}

// restarted reports whether a job run was started in the resumed run.
func restarted(run, jr map[string]any) bool {
	at, ok := jr["StartedOn"].(float64)
	return ok && run["PreviousRunId"] != nil && at >= run["StartedOn"].(float64)
}

var restartedFail = onJobRuns(func(run, jr map[string]any) {
	if restarted(run, jr) {
		jr["JobRunState"] = "FAILED"
	}
})

var stopped = onJobRuns(func(_, jr map[string]any) { jr["JobRunState"] = "STOPPED" })

var countMore = onRuns(func(run map[string]any) {
	s := run["Statistics"].(map[string]any)
	s["TotalActions"] = s["TotalActions"].(float64) + 1
})

// filled gives the blank nodes of runs a job run.
func filled(resumed bool) alteration {
	return onRuns(func(run map[string]any) {
		if resumed != (run["PreviousRunId"] != nil) {
			return
		}
		for node := range nodesIn(run) {
			if details, ok := node["JobDetails"].(map[string]any); ok && details["JobRuns"] == nil {
				details["JobRuns"] = []any{map[string]any{"Id": "jr_none", "JobRunState": "SUCCEEDED", "StartedOn": 1}}
			}
		}
	})
}

var resumedFilled, plainFilled = filled(true), filled(false)

// renameNodes gives the nodes of a run ids of its own.
func renameNodes(run map[string]any) {
	for node := range nodesIn(run) {
		maps.Copy(node, map[string]any{"UniqueId": node["UniqueId"].(string) + run["WorkflowRunId"].(string)})
	}
}
