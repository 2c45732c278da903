package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// fanOut starts a job that fails until there is a file "good" beside one that waits for
// a file "go" and then asks for the run's properties; a third one joins both.
const fanOut = `
Parameters:
  Dir: {Type: String}
Resources:
  Fan: {Type: AWS::Glue::Workflow, Properties: {Name: fan, MaxConcurrentRuns: 1}}
  Broken: {Type: AWS::Glue::Job, Properties: {Name: broken, Role: r, Command: {Name: pythonshell, PythonVersion: "3.9", ScriptLocation: job.py}, DefaultArguments: {--dir: !Ref Dir, --wait: "", --needs: good}}}
  Long: {Type: AWS::Glue::Job, Properties: {Name: long, Role: r, Command: {Name: pythonshell, PythonVersion: "3.9", ScriptLocation: long.py}, DefaultArguments: {--dir: !Ref Dir, --wait: go, --needs: "-"}}}
  Join: {Type: AWS::Glue::Job, Properties: {Name: join, Role: r, Command: {Name: pythonshell, PythonVersion: "3.9", ScriptLocation: job.py}, DefaultArguments: {--dir: !Ref Dir, --wait: "", --needs: "-"}}}
  Begin: {Type: AWS::Glue::Trigger, Properties: {Name: begin, WorkflowName: !Ref Fan, Type: ON_DEMAND, Actions: [{JobName: !Ref Broken}, {JobName: !Ref Long}]}}
  Both: {Type: AWS::Glue::Trigger, Properties: {Name: both, WorkflowName: !Ref Fan, Type: CONDITIONAL, StartOnCreation: true, Predicate: {Logical: AND, Conditions: [{LogicalOperator: EQUALS, JobName: !Ref Broken, State: SUCCEEDED}, {LogicalOperator: EQUALS, JobName: !Ref Long, State: SUCCEEDED}]}, Actions: [{JobName: !Ref Join}]}}
`

const longScript = jobScript + `
import json, urllib.request
run = getResolvedOptions(sys.argv, ["WORKFLOW_NAME", "WORKFLOW_RUN_ID"])
def ask(op, **more):
    body = json.dumps(dict(Name=run["WORKFLOW_NAME"], RunId=run["WORKFLOW_RUN_ID"], **more)).encode()
    return json.load(urllib.request.urlopen(urllib.request.Request(os.environ["AWS_ENDPOINT_URL_GLUE"], body,
        {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSGlue." + op})))
ask("PutWorkflowRunProperties", RunProperties={"by": "long"})
with open(os.path.join(args["dir"], "properties"), "w") as out:
    json.dump({"run": run["WORKFLOW_RUN_ID"], **ask("GetWorkflowRunProperties")["RunProperties"]}, out)
`

// TestResumeWhileRunning repairs one branch of a run while the other one runs, and hands
// the folder over meanwhile: the join runs once, and nothing runs twice.
func TestResumeWhileRunning(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	w.write(t, "nightly.yaml", fanOut)
	w.write(t, "long.py", longScript)
	u := newUse("run", w.template, "--parameter", "Dir="+w.dir, "--property", "day=monday", "--data", w.data)
	code := u.begin(t)
	waitFor(t, u.out, "failed     broken")
	waitFor(t, u.out, "running    long")

	_, errs := w.reglue(t, exitRefused, "resume", "fan", "--failed")
	has(t, errs, "is still RUNNING", "--while-running")
	_, errs = w.reglue(t, exitRefused, "resume", "fan", "--node", "long", "--while-running")
	has(t, errs, "long", "wait for its end, or stop it")
	out, _ := w.reglue(t, 0, "resume", "fan", "--failed", "--while-running", "--plan")
	has(t, out, "Start at once", "▶ broken", "○ join", "Moved: they run, and go on in the new run", "→ long", "it is RUNNING in run wr_",
		"1 node moved while running; this run ends.", "--plan-token")
	out, _ = w.reglue(t, 0, "resume", "fan", "--failed", "--while-running", "--plan", "-o", "json")
	var d planDescription
	if err := json.Unmarshal([]byte(out), &d); err != nil || d.Counts[plan.Moved] != 1 {
		t.Fatalf("%v in %s", err, out)
	}
	out, _ = w.reglue(t, 0, "rehearse", "fan", "--failed")
	has(t, out, "long", "runs already, moved", "broken", "repeated directly", "join")
	w.write(t, "good", "")
	out, _ = w.reglue(t, 0, "resume", "fan", "--failed", "--while-running", "--property", "day=tuesday", "--plan-token",
		planToken(t, w, "--property", "day=tuesday"), "--detach")
	has(t, out, "Resumed run wr_", "starting with broken", "Moved to it, as they run: long. The old run is over.")

	// Who followed the old run is told, and leaves the folder to another process.
	ends(t, code, u, exitFailed)
	has(t, u.out.String(), "1 failed, superseded by wr_", "it goes on as:")
	follow := newUse("show", "fan", "-f", "--data", w.data)
	shown := follow.begin(t)
	waitFor(t, follow.out, "succeeded  broken")
	w.write(t, "go", "")
	ends(t, shown, follow, 0)
	has(t, follow.out.String(), "succeeded  long", "succeeded  join", "3 succeeded")
	counts := map[string]int{}
	for _, job := range w.journal(t) {
		counts[job]++
	}
	if counts["broken"] != 2 || counts["long"] != 1 || counts["join"] != 1 {
		t.Errorf("the jobs that ran: %v", counts)
	}

	var runs []listedRun
	out, _ = w.reglue(t, 0, "runs", "fan", "-o", "json")
	if err := json.Unmarshal([]byte(out), &runs); err != nil || len(runs) != 2 {
		t.Fatalf("%v in %s", err, out)
	}
	if runs[1].Outcome.SupersededBy != runs[0].RunID || runs[1].Outcome.Status != glue.WorkflowRunStatusStopped || !runs[0].Outcome.whole() {
		t.Errorf("%+v", runs)
	}
	var seen map[string]string
	text, err := os.ReadFile(filepath.Join(w.dir, "properties"))
	if err == nil {
		err = json.Unmarshal(text, &seen)
	}
	if err != nil || seen["run"] != runs[1].RunID || seen["day"] != "tuesday" || seen["by"] != "long" {
		t.Errorf("long was told %v, %v", seen, err)
	}
	out, _ = w.reglue(t, 0, "show", "fan")
	has(t, out, "resumed while it ran", "✓ succeeded (moved)  long")
	out, _ = w.reglue(t, 0, "why", "fan", "long")
	has(t, out, "it began in run "+shortRun(runs[1].RunID)+" and was moved here")
	out, _ = w.reglue(t, 0, "show", "fan", runs[1].RunID)
	has(t, out, "superseded by "+shortRun(runs[0].RunID), "✓ succeeded (moved)  long")
	out, _ = w.reglue(t, 0, "why", "fan", runs[1].RunID, "join")
	has(t, out, "join never started")
	out, _ = w.reglue(t, 0, "family", "fan")
	has(t, out, "superseded by "+shortRun(runs[0].RunID), "moved")
	_, errs = w.reglue(t, exitRefused, "resume", "fan", runs[1].RunID, "--failed", "--from-stopped")
	has(t, errs, "was superseded by run "+shortRun(runs[0].RunID))
	_, errs = w.reglue(t, exitRefused, "resume", "--where", "workflow=fan", "--from-stopped")
	has(t, errs, "no run to resume matches")
	unowned(t, w.data)
}

// planToken is that of the plan of the same resume.
func planToken(t *testing.T, w works, args ...string) string {
	t.Helper()
	out, _ := w.reglue(t, 0, append([]string{"resume", "fan", "--failed", "--while-running", "--plan", "-o", "json"}, args...)...)
	var d planDescription
	if err := json.Unmarshal([]byte(out), &d); err != nil || !strings.HasPrefix(d.Token, "plan") {
		t.Fatalf("%v in %s", err, out)
	}
	return d.Token
}
