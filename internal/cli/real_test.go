package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

// The template of these tests: extract, then load, which fails until there is a
// file "good", then publish; alert runs when load fails. Every job appends its
// name to a journal, which is what counts runs.
const pipeline = `
Parameters:
  Dir: {Type: String}
  Wait: {Type: String, Default: ""}
Resources:
  Nightly: {Type: AWS::Glue::Workflow, Properties: {Name: nightly}}
  Extract: {Type: AWS::Glue::Job, Properties: {Name: extract, Role: r, Command: &run {Name: pythonshell, PythonVersion: "3.9", ScriptLocation: job.py}, DefaultArguments: {--dir: !Ref Dir, --wait: !Ref Wait, --needs: "-"}}}
  Load: {Type: AWS::Glue::Job, Properties: {Name: load, Role: r, Command: *run, DefaultArguments: {--dir: !Ref Dir, --wait: "", --needs: good}}}
  Publish: {Type: AWS::Glue::Job, Properties: {Name: publish, Role: r, Command: *run, DefaultArguments: {--dir: !Ref Dir, --wait: "", --needs: "-"}}}
  Alert: {Type: AWS::Glue::Job, Properties: {Name: alert, Role: r, Command: *run, DefaultArguments: {--dir: !Ref Dir, --wait: "", --needs: "-"}}}
  Begin: {Type: AWS::Glue::Trigger, Properties: {Name: begin, WorkflowName: !Ref Nightly, Type: ON_DEMAND, Actions: [{JobName: !Ref Extract}]}}
  Extracted: {Type: AWS::Glue::Trigger, Properties: {Name: extracted, WorkflowName: !Ref Nightly, Type: CONDITIONAL, StartOnCreation: true, Predicate: {Conditions: [{LogicalOperator: EQUALS, JobName: !Ref Extract, State: SUCCEEDED}]}, Actions: [{JobName: !Ref Load}]}}
  Loaded: {Type: AWS::Glue::Trigger, Properties: {Name: loaded, WorkflowName: !Ref Nightly, Type: CONDITIONAL, StartOnCreation: true, Predicate: {Conditions: [{LogicalOperator: EQUALS, JobName: !Ref Load, State: SUCCEEDED}]}, Actions: [{JobName: !Ref Publish}]}}
  Spoiled: {Type: AWS::Glue::Trigger, Properties: {Name: spoiled, WorkflowName: !Ref Nightly, Type: CONDITIONAL, StartOnCreation: true, Predicate: {Conditions: [{LogicalOperator: EQUALS, JobName: !Ref Load, State: FAILED}]}, Actions: [{JobName: !Ref Alert}]}}
`

const jobScript = `
import os, sys, time
from awsglue.utils import getResolvedOptions
args = getResolvedOptions(sys.argv, ["JOB_NAME", "dir", "wait", "needs"])
with open(os.path.join(args["dir"], "journal"), "a") as journal:
    journal.write(args["JOB_NAME"] + "\n")
print("working on", args["JOB_NAME"], flush=True)
while args["wait"] and not os.path.exists(os.path.join(args["dir"], args["wait"])):
    time.sleep(0.05)
if args["needs"] != "-" and not os.path.exists(os.path.join(args["dir"], args["needs"])):
    raise ValueError("line 3 is not good")
`

// works is a folder with a pipeline and a data folder of its own.
type works struct{ dir, template, data string }

func newWorks(t *testing.T) works {
	t.Helper()
	needsPython(t)
	dir := t.TempDir()
	w := works{dir, filepath.Join(dir, "nightly.yaml"), filepath.Join(dir, "data")}
	w.write(t, "nightly.yaml", pipeline)
	w.write(t, "job.py", jobScript)
	return w
}

func (w works) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (w works) journal(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b))
}

func (w works) reglue(t *testing.T, wantCode int, args ...string) (stdout, stderr string) {
	t.Helper()
	return reglue(t, w.data, wantCode, args...)
}

func TestRunBreaksAndIsResumed(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	out, _ := w.reglue(t, exitFailed, "run", w.template, "--parameter", "Dir="+w.dir, "--property", "day=monday")
	has(t, out, "Applied the template: 9 created.", "run wr_", "of nightly",
		"✓ succeeded  extract", "✗ failed     load", "ValueError: line 3 is not good", "✓ succeeded  alert",
		"✗ Run wr_", "of nightly: 1 failed, 1 never started", "AWS calls such a run COMPLETED", "load FAILED: ValueError: line 3 is not good",
		"reglue logs nightly wr_", "reglue resume nightly wr_", "--failed --plan --data "+w.data)

	// Nobody owns the folder now; looking needs no owner.
	out, _ = w.reglue(t, 0, "why", "nightly", "publish")
	has(t, out, "publish never started", "but load FAILED")
	out, _ = w.reglue(t, 0, "logs", "nightly", "load")
	has(t, out, "  working on load\n", "! ValueError: line 3 is not good\n")
	out, _ = w.reglue(t, 0, "logs", "nightly", "load", "--stream", "stdout")
	hasNot(t, out, "ValueError")
	w.reglue(t, exitRefused, "resume", "nightly", "--node", "publish")

	w.write(t, "good", "")
	out, _ = w.reglue(t, exitWhole, "resume", "nightly", "--failed")
	has(t, out, "Resumed run wr_", "starting with load", "resumed from wr_", "✓ succeeded  load", "✓ succeeded  publish",
		"3 succeeded, 1 not started", "1 node carried over, 2 ran;", "of work was not repeated")
	if diff := cmp.Diff([]string{"extract", "load", "alert", "load", "publish"}, w.journal(t)); diff != "" {
		t.Error(diff)
	}

	out, _ = w.reglue(t, 0, "runs", "--failed")
	has(t, out, "1 failed, 1 never started", "load: ValueError", "resumed as wr_", "3 succeeded")
	_, errs := w.reglue(t, exitRefused, "resume", "nightly", "--failed")
	has(t, errs, "there is nothing to repeat, and nothing was changed")
	var both []listedRun
	out, _ = w.reglue(t, 0, "runs", "--since", "2d", "-o", "json")
	if err := json.Unmarshal([]byte(out), &both); err != nil || len(both) != 2 {
		t.Fatalf("%d runs, %v", len(both), err)
	}
	out, _ = w.reglue(t, 0, "resume", "nightly", both[1].RunID, "--failed", "--plan")
	has(t, out, "It was already resumed as "+shortRun(both[0].RunID)+": 3 succeeded", "Start at once")
	out, _ = w.reglue(t, 0, "runs", "-o", "json")
	var list []listedRun
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 2 {
		t.Errorf("the refused resume left a trace: %d runs, %v", len(list), err)
	}
	out, _ = w.reglue(t, 0, "show", "nightly", "-o", "json")
	var d runDescription
	if err := json.Unmarshal([]byte(out), &d); err != nil || d.Properties["day"] != "monday" || !d.Whole {
		t.Errorf("got %+v, %v", d, err)
	}
}

// waitFor waits until the program has written a text.
func waitFor(t *testing.T, b *buffer, text string) {
	t.Helper()
	deadline := time.After(time.Minute)
	for !strings.Contains(b.String(), text) {
		select {
		case <-b.grown:
		case <-deadline:
			t.Fatalf("never wrote %q:\n%s", text, b)
		}
	}
}

// begin starts a command line and returns its exit code when it is over.
func (u *use) begin(t *testing.T) <-chan int {
	code := make(chan int, 1)
	go func() { code <- u.Main(context.WithoutCancel(t.Context())) }()
	return code
}

func ends(t *testing.T, code <-chan int, u *use, want int) {
	t.Helper()
	select {
	case got := <-code:
		if got != want {
			t.Fatalf("exit code %d, want %d\n%s%s", got, want, u.out, u.err)
		}
	case <-time.After(time.Minute):
		t.Fatalf("does not end:\n%s%s", u.out, u.err)
	}
}

// TestDetach leaves a run that this process owns: another process sees to it,
// and the job that waits for the first one still starts.
func TestDetach(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	w.write(t, "good", "")
	u := newUse("run", w.template, "--parameter", "Dir="+w.dir, "--parameter", "Wait=go", "--data", w.data)
	code := u.begin(t)
	waitFor(t, u.out, "running    extract")
	u.signals <- syscall.SIGTERM
	ends(t, code, u, exitDetached)
	has(t, u.out.String(), "of nightly goes on; process ", "in the background", "reglue stop nightly wr_")

	follow := newUse("show", "nightly", "-f", "--data", w.data)
	shown := follow.begin(t)
	waitFor(t, follow.out, "running    extract")
	w.write(t, "go", "")
	ends(t, shown, follow, 0)
	has(t, follow.out.String(), "✓ succeeded  publish", "3 succeeded, 1 not started")
	if diff := cmp.Diff([]string{"extract", "load", "publish"}, w.journal(t)); diff != "" {
		t.Error(diff)
	}
	unowned(t, w.data)
}

// unowned waits until the background process has given the folder up.
func unowned(t *testing.T, data string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for {
		is, err := owned(data)
		if err != nil {
			t.Fatal(err)
		}
		if !is {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the folder is still owned although no run is live")
		}
	}
}

func TestSecondInterruptStops(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	u := newUse("run", w.template, "--parameter", "Dir="+w.dir, "--parameter", "Wait=never", "--data", w.data)
	code := u.begin(t)
	waitFor(t, u.out, "running    extract")
	u.signals <- syscall.SIGINT
	waitFor(t, u.err, "Press Ctrl-C again")
	u.signals <- syscall.SIGINT
	ends(t, code, u, exitFailed)
	has(t, u.out.String(), "■ stopped    extract", "■ Run wr_", "1 stopped, 3 never started")
	_, errs := w.reglue(t, exitRefused, "resume", "nightly", "--failed")
	has(t, errs, "only a COMPLETED run can be resumed, as in AWS", "--resume-stopped", "(IllegalWorkflowStateException)")
}

// TestOwner talks to the owner of the folder over HTTP.
func TestOwner(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	s, err := startServer(t.Context(), serverOptions{Data: w.data, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	out, _ := w.reglue(t, 0, "apply", w.template, "--parameter", "Dir="+w.dir, "--parameter", "Wait=go", "--plan")
	has(t, out, "+ would be created  job", "extract")
	w.reglue(t, 0, "apply", w.template, "--parameter", "Dir="+w.dir, "--parameter", "Wait=go")
	out, _ = w.reglue(t, 0, "apply", w.template, "--parameter", "Dir="+w.dir, "--parameter", "Wait=go")
	has(t, out, "= unchanged")
	hasNot(t, out, "created", "updated")

	w.reglue(t, 0, "run", "--workflow", "nightly", "--detach")
	logs := newUse("logs", "-f", "nightly", "extract", "--data", w.data)
	waitJob(t, w)
	code := logs.begin(t)
	waitFor(t, logs.out, "working on extract")
	out, _ = newUse("__complete", "--data", w.data, "why", "nightly", "").run(t, 0)
	has(t, out, "extract\t● running", "publish\t· not started", "wr_")

	out, _ = w.reglue(t, exitWhole, "stop", "nightly")
	has(t, out, "■ stopped    extract")
	ends(t, code, logs, 0)

	// The same server, named by its URL: its files are not asked for.
	_, errs := newUse("logs", "nightly", "extract", "--endpoint", s.Endpoint).run(t, exitRefused)
	has(t, errs, "run this on its machine")
}

// waitJob waits until the job is at work.
func waitJob(t *testing.T, w works) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for {
		if _, err := os.Stat(filepath.Join(w.dir, "journal")); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the job never began")
		}
	}
}

// TestSignedServer talks to a server that asks for signatures: by the data
// folder, which holds the key, and by its URL with the key in the environment.
func TestSignedServer(t *testing.T) {
	w := newWorks(t)
	s, err := startServer(t.Context(), serverOptions{Data: w.data, Listen: "127.0.0.1:0", Auth: authSigV4})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	w.reglue(t, 0, "apply", w.template, "--parameter", "Dir="+w.dir)
	for _, name := range []string{"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(w.dir, "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(w.dir, "none"))
	_, errs := newUse("graph", "nightly", "--endpoint", s.Endpoint).run(t, exitRefused)
	has(t, errs, "sign it with an access key that this server knows (MissingAuthenticationTokenException)")
	t.Setenv("AWS_ACCESS_KEY_ID", s.key.ID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s.key.Secret)
	out, _ := newUse("graph", "nightly", "--endpoint", s.Endpoint).run(t, 0)
	has(t, out, "extracted  when extract SUCCEEDED")
}

// TestNextOwnersAddress: an owner takes the address of the last one, and never
// one that others reach without a signature.
func TestNextOwnersAddress(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	start := func(o serverOptions) ownerInfo {
		t.Helper()
		o.Data = data
		s, err := startServer(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		info, err := readOwner(data)
		if err := errors.Join(err, s.Close(context.WithoutCancel(t.Context()))); err != nil {
			t.Fatal(err)
		}
		return info
	}
	first := start(serverOptions{Listen: "0.0.0.0:0", Auth: authSigV4})
	if same := start(serverOptions{}); same.Address != first.Address || same.Auth != authSigV4 {
		t.Errorf("without settings: %+v after %+v", same, first)
	}
	_, port, err := net.SplitHostPort(first.Address)
	if err != nil {
		t.Fatal(err)
	}
	if open := start(serverOptions{Auth: authNone}); open.Address != "127.0.0.1:"+port || open.Endpoint != first.Endpoint {
		t.Errorf("without signatures: %+v after %+v", open, first)
	}
}

// TestStartingOwner waits for an owner that has not said yet where it is, instead
// of asking whoever has the port of the last one.
func TestStartingOwner(t *testing.T) {
	t.Parallel()
	f, err := own(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.release(); err != nil {
			t.Error(err)
		}
	}()
	if err := f.tell(ownerInfo{Address: "127.0.0.1:1", Auth: authNone}); err != nil {
		t.Fatal(err)
	}
	told := make(chan error, 1)
	go func() { told <- f.tell(ownerInfo{Endpoint: "http://127.0.0.1:2", Auth: authNone}) }()
	to, err := openTarget(t.Context(), targetOptions{Data: f.dir})
	if err := errors.Join(err, <-told); err != nil {
		t.Fatal(err)
	}
	if to.Endpoint != "http://127.0.0.1:2" {
		t.Errorf("talks to %q", to.Endpoint)
	}
}

// TestWrongFolder: what changes a run leaves nothing where there is none.
func TestWrongFolder(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	for _, line := range []string{
		"stop nightly", "resume nightly --failed", "resume nightly --failed --max-local-jobs 2", "run --workflow nightly",
	} {
		_, errs := reglue(t, data, exitRefused, strings.Fields(line)...)
		has(t, errs, "there is no reglue data in")
		if _, err := os.Stat(data); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%s left a folder: %v", line, err)
		}
	}
}

// TestQuotas: the quotas of an AWS account hold unless others are set.
func TestQuotas(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	for _, bad := range []map[string]int{{"jobz": 1}, {quotaJobs: 0}} {
		if _, err := startServer(t.Context(), serverOptions{Data: data, Quotas: bad}); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
	s, err := startServer(t.Context(), serverOptions{
		Data: data, Listen: "127.0.0.1:0", Quotas: map[string]int{quotaWorkflows: 1, quotaJobRuns: -1, quotaDatabases: 1, quotaConnections: 1, quotaSecurityConfigurations: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	to := s.Target()
	if err := to.Call(t.Context(), "CreateWorkflow", &glue.CreateWorkflowRequest{Name: "one"}, nil); err != nil {
		t.Fatal(err)
	}
	err = to.Call(t.Context(), "CreateWorkflow", &glue.CreateWorkflowRequest{Name: "two"}, nil)
	if !isKind(err, glue.LimitExceeded) {
		t.Errorf("a second workflow: %v", err)
	}
	database := &glue.CreateDatabaseRequest{DatabaseInput: &glue.DatabaseInput{Name: "one"}}
	if err := to.Call(t.Context(), "CreateDatabase", database, nil); err != nil {
		t.Fatal(err)
	}
	database.DatabaseInput.Name = "two"
	if err := to.Call(t.Context(), "CreateDatabase", database, nil); !isKind(err, glue.LimitExceeded) {
		t.Errorf("a second database: %v", err)
	}
	connection := func(name string) error {
		in := &glue.ConnectionInput{Name: name, ConnectionType: "NETWORK", ConnectionProperties: map[glue.ConnectionPropertyKey]string{}}
		return to.Call(t.Context(), "CreateConnection", &glue.CreateConnectionRequest{ConnectionInput: in}, nil)
	}
	if first, second := connection("one"), connection("two"); first != nil || !isKind(second, glue.LimitExceeded) {
		t.Errorf("connections: %v, %v", first, second)
	}
	security := func(name string) error {
		in := &glue.CreateSecurityConfigurationRequest{Name: name, EncryptionConfiguration: &glue.EncryptionConfiguration{}}
		return to.Call(t.Context(), "CreateSecurityConfiguration", in, nil)
	}
	if first, second := security("one"), security("two"); first != nil || !isKind(second, glue.LimitExceeded) {
		t.Errorf("security configurations: %v, %v", first, second)
	}
}
