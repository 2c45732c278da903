package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

// separate gives each job of the pipeline a script of its own, so that one can
// change without the others, and returns the folder.
func separate(t *testing.T) works {
	t.Helper()
	w := newWorks(t)
	text := pipeline
	for _, job := range []string{"Load", "Publish", "Alert"} {
		name := strings.ToLower(job)
		text = strings.Replace(text, "Name: "+name+", Role: r, Command: *run",
			"Name: "+name+`, Role: r, Command: {Name: pythonshell, PythonVersion: "3.9", ScriptLocation: `+name+".py}", 1)
		w.write(t, name+".py", jobScript)
	}
	w.write(t, "nightly.yaml", text)
	return w
}

// breaks runs the pipeline, whose load fails.
func (w works) breaks(t *testing.T) {
	t.Helper()
	w.reglue(t, exitFailed, "run", w.template, "--parameter", "Dir="+w.dir, "--property", "day=monday")
	w.jobs(t, "extract load alert")
}

// jobs holds which jobs ran so far, in order.
func (w works) jobs(t *testing.T, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.Fields(want), w.journal(t)); diff != "" {
		t.Errorf("the jobs that ran:\n%s", diff)
	}
}

func (w works) token(t *testing.T, args ...string) string {
	t.Helper()
	out, _ := w.reglue(t, 0, append([]string{"resume", "nightly", "--plan", "-o", "json"}, args...)...)
	var d planDescription
	if err := json.Unmarshal([]byte(out), &d); err != nil || d.Token == "" {
		t.Fatalf("%v in %s", err, out)
	}
	for _, n := range d.Nodes {
		if (n.Behind >= 0) != (len(n.Because) > 0) || len(n.Because) > 0 && n.Because[0] != d.Nodes[n.Behind].Reason {
			t.Errorf("behind %s is told %q", n.Name, n.Because)
		}
	}
	return d.Token
}

const changedScript = jobScript + "\nraise ValueError('the new script')\n"

// TestPlanTokenHoldsScripts changes a script between the plan and the resume, and
// after the resume began.
func TestPlanTokenHoldsScripts(t *testing.T) {
	t.Parallel()
	w := separate(t)
	w.breaks(t)
	w.write(t, "good", "")
	args := []string{"--failed", "--arg", "load:--wait=go"}
	token := w.token(t, args...)
	w.write(t, "publish.py", changedScript)
	_, errs := w.reglue(t, exitRefused, append([]string{"resume", "nightly", "--plan-token", token}, args...)...)
	has(t, errs, "The plan does not hold any more, and nothing was started", "the script, or an extra file, of job publish changed", "Make a new plan")
	hasNot(t, errs, "of job load", "of job extract")
	w.jobs(t, "extract load alert")

	w.write(t, "publish.py", jobScript)
	_, errs = w.reglue(t, exitRefused, "resume", "nightly", "--failed", "--plan-token", token)
	has(t, errs, "another resume is asked for than the plan was made for")
	u := newUse(append([]string{"resume", "nightly", "--plan-token", token, "--data", w.data}, args...)...)
	code := u.begin(t)
	waitFor(t, u.out, "running    load")
	w.write(t, "publish.py", changedScript) // too late to count
	w.write(t, "go", "")
	ends(t, code, u, exitWhole)
	w.jobs(t, "extract load alert load publish")
	out, _ := w.reglue(t, 0, "show", "nightly")
	has(t, out, "resumed by ", "load: --wait=go", "3 files as the plan saw them")

	// A resume without the token runs what is there.
	w.reglue(t, exitFailed, "resume", "nightly", "--node", "publish")
	_, errs = w.reglue(t, exitRefused, append([]string{"resume", "nightly", "--plan-token", token}, args...)...)
	has(t, errs, "The plan does not hold any more")
	w.jobs(t, "extract load alert load publish publish")
}

// TestPlanTokenOverARestart: the server is gone while the first job runs and the script
// changes; the next owner runs the old bytes.
func TestPlanTokenOverARestart(t *testing.T) {
	t.Parallel()
	w := separate(t)
	w.breaks(t)
	w.write(t, "good", "")
	args := []string{"--failed", "--arg", "load:--wait=go"}
	token := w.token(t, args...)
	u := newUse(append([]string{"resume", "nightly", "--plan-token", token, "--data", w.data}, args...)...)
	code := u.begin(t)
	waitFor(t, u.out, "running    load")
	u.signals <- syscall.SIGTERM
	ends(t, code, u, exitDetached) // another process is the owner from here on
	if err := os.Remove(filepath.Join(w.dir, "publish.py")); err != nil {
		t.Fatal(err)
	}
	follow := newUse("show", "nightly", "-f", "--data", w.data)
	shown := follow.begin(t)
	w.write(t, "go", "")
	ends(t, shown, follow, 0)
	has(t, follow.out.String(), "succeeded  publish")
	w.jobs(t, "extract load alert load publish")
	unowned(t, w.data)
}

// TestSelectorsTell chooses by what changed, what is gone and what failed.
func TestSelectorsTell(t *testing.T) {
	t.Parallel()
	w := separate(t)
	text, err := os.ReadFile(w.template)
	if err != nil {
		t.Fatal(err)
	}
	// Extract declares an output; the file is there, as if it had written it.
	out := filepath.Join(w.dir, "out.csv")
	w.write(t, "nightly.yaml", strings.Replace(string(text), `--wait: !Ref Wait,`, `--wait: !Ref Wait, --reglue-output: "`+out+`, lake.sales",`, 1))
	w.write(t, "out.csv", "x")
	w.breaks(t)
	for flag, want := range map[string]string{
		"--changed": "is changed: there is nothing to repeat", "--missing": "is without its declared output: there is nothing to repeat",
		"--held": "is held back and ready: there is nothing to repeat",
	} {
		_, errs := w.reglue(t, exitRefused, "resume", "nightly", flag)
		has(t, errs, "Nothing of run wr_", want, "and nothing was changed")
	}
	w.write(t, "alert.py", changedScript)
	said, _ := w.reglue(t, 0, "resume", "nightly", "--changed", "--plan")
	has(t, said, "Chosen because they changed since the run", "alert: file://", "alert.py changed", "▶ alert")
	said, _ = w.reglue(t, 0, "resume", "nightly", "--recommended", "--plan")
	has(t, said, "Chosen because they failed", "load: its latest attempt ended FAILED", "▶ load", "○ alert")
	hasNot(t, said, "alert: file://") // it runs again anyway
	if err := os.Remove(out); err != nil {
		t.Fatal(err)
	}
	said, _ = w.reglue(t, 0, "resume", "nightly", "--recommended", "--plan")
	has(t, said, "Chosen because their output is gone", "extract: its output "+out+" is gone", "▶ extract")
	hasNot(t, said, "load: its latest")

	// Extract declares what it writes and is not marked as safe to repeat.
	has(t, said, "Will it load twice? Not marked as safe to repeat:", "extract declares to write "+out+", lake.sales")
	_, errs := w.reglue(t, exitRefused, "resume", "nightly", "--missing")
	has(t, errs, "extract: not marked as safe to repeat, and known to write: look at it with --plan, then add --yes", "nothing was changed")
	w.jobs(t, "extract load alert")
	w.write(t, "good", "")
	w.write(t, "out.csv", "x")
	if err := os.Remove(out); err != nil {
		t.Fatal(err)
	}
	w.reglue(t, exitWhole, "resume", "nightly", "--missing", "--yes")
	w.jobs(t, "extract load alert extract load publish")
}

func TestOverridesReal(t *testing.T) {
	t.Parallel()
	w := separate(t)
	w.breaks(t)
	for args, want := range map[string]string{
		"--arg load:needs=-":         "--arg must be NODE:--key=value",
		"--arg lood:--needs=-":       `there is no node "lood"`,
		"--timeout load=0":           "Timeout of load must be between 1 and 10080",
		"--timeout load=soon":        "--timeout must be NODE=NUMBER",
		"--retries load=-1":          "--retries must be NODE=NUMBER",
		"--retries load=99":          "Retries of load must be between 0 and",
		"--property =x":              "must be NAME=VALUE",
		"--timeout extracted=5":      `"extracted" is a trigger`,
		"--retries load=99999999999": "--retries must be NODE=NUMBER",
	} {
		_, errs := w.reglue(t, exitRefused, append([]string{"resume", "nightly", "--failed"}, strings.Fields(args)...)...)
		has(t, errs, want)
	}
	w.jobs(t, "extract load alert")
	// The argument repairs the job; publish is spoiled, so that there is a next resume.
	w.write(t, "publish.py", changedScript)
	w.reglue(t, exitFailed, "resume", "nightly", "--failed", "--arg", "load:--needs=-", "--timeout", "load=5", "--retries", "l*=0", "--property", "day=tuesday")
	w.jobs(t, "extract load alert load publish")
	out, _ := w.reglue(t, 0, "show", "nightly")
	has(t, out, "property day=tuesday", "load: --needs=-, 5 minutes of timeout, retries 0")
	w.write(t, "publish.py", jobScript)
	out, _ = w.reglue(t, 0, "resume", "nightly", "--node", "load", "--plan", "--property", "day=friday")
	has(t, out, "With other settings", "property day=friday", "load: --needs=-, 5 minutes of timeout, retries 0, as in the run before")
	w.reglue(t, exitWhole, "resume", "nightly", "--node", "load", "--again")
	w.jobs(t, "extract load alert load publish load publish")
	out, _ = w.reglue(t, 0, "show", "nightly")
	has(t, out, "load: --needs=-, 5 minutes of timeout, retries 0")
	hasNot(t, out, "property day=tuesday") // this resume set none; the run has it all the same
	out, _ = w.reglue(t, 0, "show", "nightly", "-o", "json")
	var d runDescription
	if err := json.Unmarshal([]byte(out), &d); err != nil || d.Properties["day"] != "tuesday" || d.Resume.Overrides["load"].Arguments["--needs"] != "-" {
		t.Errorf("%v %+v", err, d)
	}
}

func TestAcceptReal(t *testing.T) {
	t.Parallel()
	w := separate(t)
	w.breaks(t)
	for args, want := range map[string]string{
		"--accept load":                         `say why with --because "…"`,
		"--failed --because x":                  "--because goes with --accept",
		"--accept extract --because x":          "so there is nothing to accept",
		"--accept publish --because x":          "never ran in workflow run",
		"--accept loaded --because x":           `"loaded" is a trigger`,
		"--accept load --node load --because x": "name it once",
	} {
		_, errs := w.reglue(t, exitRefused, append([]string{"resume", "nightly"}, strings.Fields(args)...)...)
		has(t, errs, want)
	}
	out, _ := w.reglue(t, exitWhole, "resume", "nightly", "--accept", "load", "--because", "known rounding, ticket 812")
	has(t, out, "Resumed run wr_", ", accepting load.", "succeeded  publish")
	w.jobs(t, "extract load alert publish")
	out, _ = w.reglue(t, 0, "show", "nightly")
	has(t, out, "load was accepted as SUCCEEDED by ", "known rounding, ticket 812", "(it ended FAILED)", "accepted", "load")
	out, _ = w.reglue(t, 0, "why", "nightly", "load")
	has(t, out, "load", "accepted", "known rounding, ticket 812")
	out, _ = w.reglue(t, 0, "why", "nightly", "publish")
	has(t, out, "publish")
	out, _ = w.reglue(t, 0, "family", "nightly")
	has(t, out, "load")
	_, errs := w.reglue(t, exitRefused, "resume", "nightly", "--failed")
	has(t, errs, "there is nothing to repeat")
	// It stays accepted in the next resume, and repeating it is possible.
	w.reglue(t, exitWhole, "resume", "nightly", "--node", "publish")
	out, _ = w.reglue(t, 0, "show", "nightly")
	has(t, out, "load was accepted as SUCCEEDED by ", "known rounding")
	w.reglue(t, exitFailed, "resume", "nightly", "--node", "load")
	w.jobs(t, "extract load alert publish publish load alert")
	out, _ = w.reglue(t, 0, "show", "nightly")
	hasNot(t, out, "was accepted as")
}

func TestUntilAndHeldReal(t *testing.T) {
	t.Parallel()
	w := separate(t)
	w.breaks(t)
	w.write(t, "good", "")
	_, errs := w.reglue(t, exitRefused, "resume", "nightly", "--failed", "--except", "extract")
	has(t, errs, "not among the nodes")
	w.reglue(t, exitWhole, "resume", "nightly", "--failed", "--until", "load")
	w.jobs(t, "extract load alert load")
	out, _ := w.reglue(t, 0, "show", "nightly")
	has(t, out, "held back: ", "publish")
	out, _ = w.reglue(t, 0, "why", "nightly", "publish")
	has(t, out, "publish", "held back")
	out, _ = w.reglue(t, 0, "resume", "nightly", "--held", "--plan")
	has(t, out, "Chosen because they were held back", "publish: it was held back, and what it waits for is done", "▶ publish")
	// By name too, though it never ran, and with a plus.
	w.reglue(t, exitWhole, "resume", "nightly", "--node", "publish+")
	w.jobs(t, "extract load alert load publish")
	_, errs = w.reglue(t, exitRefused, "resume", "nightly", "--held")
	has(t, errs, "is held back and ready: there is nothing to repeat")
}

func TestBefore(t *testing.T) {
	t.Parallel()
	w := separate(t)
	w.breaks(t)
	w.write(t, "good", "")
	mark := filepath.Join(w.dir, "mark")
	touch := `load=echo "$REGLUE_NODE $REGLUE_WORKFLOW" | tee -a ` + mark
	ran := func() string {
		b, err := os.ReadFile(mark)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return string(b)
	}
	resume := []string{"resume", "nightly", "--failed"}
	for before, want := range map[string]string{
		"load": "--before must be NODE=COMMAND", "load= ": "--before must be NODE=COMMAND", "x=true": `there is no node "x"`, "*=true": "name one",
		"extract=true": "does not repeat extract",
	} {
		_, errs := w.reglue(t, exitRefused, append(resume, "--before", touch, "--before", before)...)
		has(t, errs, want)
	}
	// A resume that is refused runs none of them.
	token := w.token(t, "--failed")
	w.write(t, "publish.py", changedScript)
	_, errs := w.reglue(t, exitRefused, append(resume, "--before", touch, "--plan-token", token)...)
	has(t, errs, "of job publish changed")
	_, errs = w.reglue(t, exitRefused, append(resume, "--before", touch, "--retries", "load=99")...)
	has(t, errs, "Retries of load")
	if ran() != "" {
		t.Fatalf("a refused resume ran its commands: %q", ran())
	}
	w.write(t, "publish.py", jobScript)
	_, errs = w.reglue(t, exitRefused, append(resume, "--before", touch, "--before", "load=echo no >&2; exit 3")...)
	has(t, errs, "Before load: ", "load nightly", "no", "the command before load failed (exit status 3); nothing was resumed; the commands before load were run all the same")
	w.jobs(t, "extract load alert")
	w.reglue(t, exitWhole, append(resume, "--before", touch, "--plan-token", token)...)
	if ran() != "load nightly\nload nightly\n" {
		t.Errorf("%q", ran())
	}
	out, _ := w.reglue(t, 0, "show", "nightly")
	has(t, out, "before load: echo")
	out, _ = w.reglue(t, 0, "show", "nightly", "-o", "json")
	var d runDescription
	if err := json.Unmarshal([]byte(out), &d); err != nil || len(d.Resume.Before) != 1 || d.Resume.Before[0].Output != "load nightly\n" || d.Resume.Before[0].At.IsZero() {
		t.Errorf("%v %+v", err, d.Resume)
	}
}

// TestExpectHead: who looked at an older run is told who was faster.
func TestExpectHead(t *testing.T) {
	t.Parallel()
	w := separate(t)
	w.breaks(t)
	out, _ := w.reglue(t, 0, "runs", "nightly", "-o", "json")
	var list []listedRun
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	first := list[0].RunID
	w.reglue(t, exitFailed, "resume", "nightly", "--failed", "--expect-head", shortRun(first))
	mark := filepath.Join(w.dir, "mark")
	for _, extra := range [][]string{nil, {"--plan"}, {"--before", "load=touch " + mark}} {
		_, errs := w.reglue(t, exitRefused, append([]string{"resume", "nightly", first, "--failed", "--expect-head", first}, extra...)...)
		has(t, errs, "was expected to be the newest of its family, but "+whoAmI()+" has resumed it since: run wr_", "is the newest (COMPLETED, started ")
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("a refused resume ran its command")
	}
	_, errs := w.reglue(t, exitRefused, "resume", "nightly", first, "--failed", "--expect-head", "wr_0123")
	has(t, errs, `has no run "wr_0123"`)
	w.jobs(t, "extract load alert load alert")
}

// TestWait: a job that is to be repeated is at its limit. The plan warns of it, and
// --wait starts the resume when there is room.
func TestWait(t *testing.T) {
	t.Parallel()
	w := separate(t)
	s, err := startServer(t.Context(), serverOptions{Data: w.data, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	w.breaks(t)
	w.write(t, "good", "")
	_, err = call[glue.StartJobRunResponse](t.Context(), s.Target(), "StartJobRun",
		&glue.StartJobRunRequest{JobName: "load", Arguments: map[string]string{"--wait": "go"}})
	if err != nil {
		t.Fatal(err)
	}
	out, _ := w.reglue(t, 0, "resume", "nightly", "--failed", "--plan")
	has(t, out, "! Job load has 1 of at most 1 runs live: started now, it would fail at once.", "--wait")
	u := newUse("resume", "nightly", "--failed", "--wait", "--data", w.data)
	code := u.begin(t)
	waitFor(t, u.err, "Waiting for room: at the limit of its runs: load")
	w.write(t, "go", "")
	ends(t, code, u, exitWhole)
	if n := strings.Count(u.err.String(), "Waiting for room"); n != 1 {
		t.Errorf("said %d times that it waits", n)
	}
	w.jobs(t, "extract load alert load load publish")
}

// TestInterruptedBeforeItStarts: Ctrl-C ends the wait for room and the commands that
// are run first, and nothing is resumed.
func TestInterruptedBeforeItStarts(t *testing.T) {
	t.Parallel()
	w := separate(t)
	w.breaks(t)
	s, err := startServer(t.Context(), serverOptions{Data: w.data, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	interrupt := func(wait string, args ...string) string {
		t.Helper()
		u := newUse(append([]string{"resume", "nightly", "--failed", "--data", w.data}, args...)...)
		code := u.begin(t)
		waitFor(t, u.err, wait)
		u.signals <- syscall.SIGINT
		ends(t, code, u, exitRefused)
		return u.err.String()
	}
	has(t, interrupt("Before load: exec sleep", "--before", "load=exec sleep 600"), "interrupted: nothing was resumed")
	has(t, interrupt("Before load: exec sleep", "--before", "load=true", "--before", "load=exec sleep 600"),
		"interrupted: nothing was resumed; the commands before load were run all the same")
	_, err = call[glue.StartJobRunResponse](t.Context(), s.Target(), "StartJobRun",
		&glue.StartJobRunRequest{JobName: "load", Arguments: map[string]string{"--wait": "go"}})
	if err != nil {
		t.Fatal(err)
	}
	has(t, interrupt("Waiting for room", "--wait"), "interrupted: nothing was resumed")
	w.write(t, "good", "")
	w.write(t, "go", "")
	out, _ := w.reglue(t, 0, "runs", "nightly", "-o", "json")
	var list []listedRun
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 {
		t.Errorf("%v: %s", err, out)
	}
}

// TestAskedInATerminal: what may do harm when it is repeated is asked about, and only
// yes repeats it.
func TestAskedInATerminal(t *testing.T) {
	t.Parallel()
	w := separate(t)
	w.breaks(t)
	w.write(t, "good", "")
	for _, no := range []func(*terminal){
		func(s *terminal) { s.keys("", "C-c"); s.waitFor("interrupted: nothing was changed") },
		func(s *terminal) { s.keys("n", "Enter"); s.waitFor("not confirmed: nothing was changed") },
	} {
		s := newTerminal(t, "resume", "nightly", "--recommended", "--data", w.data)
		s.waitFor("[y/N]")
		has(t, s.screen(), "Chosen because they failed", "load: its latest attempt ended FAILED",
			"Not marked as safe to repeat (tag reglue:idempotent=true): load, alert. Repeat", "them? [y/N]")
		no(s)
		s.waitFor("exit code 2")
	}
	w.jobs(t, "extract load alert")
	s := newTerminal(t, "resume", "nightly", "--failed", "--data", w.data)
	s.waitFor("[y/N]")
	s.keys("y", "Enter")
	s.waitFor("exit code 0")
	w.jobs(t, "extract load alert load publish")

	// A job that says it is safe is not asked about.
	marked := strings.Replace(pipeline, "Properties: {Name: load,", `Properties: {Name: load, Tags: {"reglue:idempotent": "true"},`, 1)
	marked = strings.Replace(marked, "Properties: {Name: publish,", `Properties: {Name: publish, Tags: {"reglue:idempotent": "true"},`, 1)
	w.write(t, "nightly.yaml", marked)
	w.reglue(t, 0, "apply", w.template, "--parameter", "Dir="+w.dir)
	s = newTerminal(t, "resume", "nightly", "--node", "load", "--data", w.data)
	s.waitFor("exit code 0")
	hasNot(t, s.screen(), "[y/N]")
}
