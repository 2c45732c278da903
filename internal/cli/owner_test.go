package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/reglue/reglue/internal/glue"
)

// begun is a folder with the pipeline and one run of it that was left going.
func begun(t *testing.T) works {
	t.Helper()
	w := newWorks(t)
	w.write(t, "good", "")
	w.reglue(t, 0, "run", w.template, "--parameter", "Dir="+w.dir, "--parameter", "Wait=go", "--detach")
	waitJob(t, w)
	return w
}

// TestOwnerEndsMeanwhile stops and follows runs whose owner in the background
// ends as soon as they are over.
func TestOwnerEndsMeanwhile(t *testing.T) {
	t.Parallel()
	w := begun(t)
	out, _ := w.reglue(t, exitWhole, "stop", "nightly")
	has(t, out, "1 stopped, 3 never started")
	w.reglue(t, 0, "run", "--workflow", "nightly", "--detach")
	follow := newUse("show", "nightly", "-f", "--data", w.data)
	code := follow.begin(t)
	waitFor(t, follow.out, "running    extract")
	w.write(t, "go", "")
	ends(t, code, follow, 0)
	has(t, follow.out.String(), "3 succeeded")
	// Whether the one before is still there or not, the next run goes on.
	for range 2 {
		w.reglue(t, exitWhole, "run", "--workflow", "nightly")
		w.reglue(t, 0, "run", "--workflow", "nightly", "--detach")
		out, _ = w.reglue(t, 0, "show", "-f", "nightly")
		has(t, out, "3 succeeded")
	}
	unowned(t, w.data)
}

// TestServerEndsMeanwhile follows a run through its server's end and the next
// owner's beginning.
func TestServerEndsMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	w.write(t, "good", "")
	serve := func() *server {
		s, err := startServer(t.Context(), serverOptions{Data: w.data, Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	end := func(s *server) {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
	first := serve()
	w.reglue(t, 0, "apply", w.template, "--parameter", "Dir="+w.dir, "--parameter", "Wait=go")
	u := newUse("run", "--workflow", "nightly", "--data", w.data)
	code := u.begin(t)
	waitFor(t, u.out, "running    extract")
	end(first)
	waitFor(t, u.out, "no process owns the data folder; waiting for one")
	second := serve()
	defer end(second)
	w.write(t, "go", "")
	ends(t, code, u, exitWhole)
	has(t, u.out.String(), "3 succeeded")
}

// TestLostCall loses the answer to a call that was carried out: repeated in the
// folder itself, it is known by its invocation id and nothing starts twice.
func TestLostCall(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	w.write(t, "good", "")
	s, err := startServer(t.Context(), serverOptions{Data: w.data, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	w.reglue(t, 0, "apply", w.template, "--parameter", "Dir="+w.dir)
	// What stands between answers nothing and takes the server along.
	between := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		s.handler().ServeHTTP(answer, r)
		if answer.Code != http.StatusOK {
			t.Errorf("the server refused: %s", answer.Body)
		}
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		panic(http.ErrAbortHandler)
	}))
	defer between.Close()
	info, err := readOwner(w.data)
	if err != nil {
		t.Fatal(err)
	}
	info.Endpoint = between.URL
	b, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.data, endpointFile), b, 0o600); err != nil {
		t.Fatal(err)
	}
	to, err := openTarget(t.Context(), targetOptions{Data: w.data, Own: repairs})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := call[glue.StartWorkflowRunResponse](t.Context(), to, "StartWorkflowRun", &glue.StartWorkflowRunRequest{Name: "nightly"}); err != nil {
		t.Fatal(err)
	}
	if to.Kind != targetInProcess {
		t.Error("this process should own the folder now")
	}
	n := 0
	for _, err := range workflowRuns(t.Context(), to, "nightly", runPage) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d runs were started, want 1", n)
	}
	if err := to.Close(); err != nil {
		t.Error(err)
	}
}

// TestFolderOrEndpoint: a flag goes before the environment, and there the
// endpoint before the folder; what is not used is told.
func TestFolderOrEndpoint(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	w.reglue(t, 0, "apply", w.template, "--parameter", "Dir="+w.dir)
	url, requests := service(t, func(_ int32, w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusOK, `{}`) })
	in := func(code int, args ...string) (string, string) {
		u := newUse(args...)
		u.Env = append(u.Env, "AWS_ENDPOINT_URL_GLUE="+url, "REGLUE_DATA="+filepath.Join(w.dir, "none"))
		return u.run(t, code)
	}
	_, errs := in(0, "runs")
	has(t, errs, "note: AWS_ENDPOINT_URL_GLUE is set, so this goes to "+url)
	if requests.Load() == 0 {
		t.Error("the endpoint was not asked")
	}
	before := requests.Load()
	out, errs := in(0, "graph", "nightly", "--data", w.data)
	has(t, out, "extract")
	has(t, errs, "note: --data is given, so AWS_ENDPOINT_URL_GLUE")
	out, errs = in(0, "__complete", "--data", w.data, "show", "")
	has(t, out, "nightly")
	hasNot(t, errs, "note:")
	if requests.Load() != before {
		t.Error("--data went to the endpoint")
	}
	_, errs = in(exitRefused, "runs", "--data", w.data, "--endpoint", url)
	has(t, errs, "use one of them")
}

// TestLogsWait follows a node that has not started, and a job run by the beginning
// of its id; both end with the job run.
func TestLogsWait(t *testing.T) {
	t.Parallel()
	w := begun(t)
	later := newUse("logs", "-f", "nightly", "load", "--data", w.data)
	code := later.begin(t)
	waitFor(t, later.err, "waiting for it")
	ids, err := jobRunsLike(w.data, jobRunPrefix)
	if err != nil || len(ids) != 1 {
		t.Fatal(ids, err)
	}
	byID := newUse("logs", "-f", ids[0][:12], "--data", w.data)
	byIDCode := byID.begin(t)
	waitFor(t, byID.out, "working on extract")
	w.write(t, "go", "")
	ends(t, byIDCode, byID, 0)
	ends(t, code, later, 0)
	has(t, later.out.String(), "working on load")
	unowned(t, w.data)
	out, _ := w.reglue(t, 0, "logs", ids[0][:12])
	has(t, out, "working on extract")
	_, errs := w.reglue(t, exitRefused, "logs", "jr_")
	has(t, errs, "3 job runs begin with")
	_, errs = w.reglue(t, exitRefused, "logs", "jr_none")
	has(t, errs, "no job run has this id")
	_, errs = w.reglue(t, exitRefused, "logs", "-f", "nightly", "alert")
	has(t, errs, "alert has no job run")
}

// TestNothingIsLeft: what is refused, and a plan, make no folder.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	out, _ := w.reglue(t, 0, "apply", w.template, "--parameter", "Dir="+w.dir, "--plan", "-o", "json")
	has(t, out, `"kind": "workflow"`, `"name": "nightly"`, `"action": "created"`)
	out, _ = w.reglue(t, 0, "apply", w.template, "--parameter", "Dir="+w.dir, "--plan")
	has(t, out, "+ would be created  job", "would be created  workflow", "would be created  trigger")
	_, errs := w.reglue(t, exitRefused, "serve", "--map", "foo")
	has(t, errs, "s3://bucket=DIR")
	_, errs = w.reglue(t, exitRefused, "serve", "--allow-aws", "coffee")
	has(t, errs, "--allow-aws does not know")
	w.write(t, "crawl.yaml", pipeline+`
  Seen: {Type: AWS::Glue::Trigger, Properties: {Name: seen, WorkflowName: !Ref Nightly, Type: CONDITIONAL, StartOnCreation: true, Predicate: {Conditions: [{LogicalOperator: EQUALS, CrawlerName: lake, CrawlState: SUCCEEDED}]}, Actions: [{JobName: !Ref Load}]}}
`)
	for _, command := range []string{"apply", "run"} {
		_, errs = w.reglue(t, exitRefused, command, filepath.Join(w.dir, "crawl.yaml"), "--parameter", "Dir="+w.dir)
		has(t, errs, "trigger seen watches the crawler lake", "nothing was changed")
	}
	if _, err := os.Stat(w.data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a data folder was left: %v", err)
	}
	if _, errs := newUse("runs", "--since", "soon").run(t, exitRefused); !strings.Contains(errs, "12h, 90m or 2d") {
		t.Error(errs)
	}
}

// TestHintsRepeatSettings: the resume that is offered serves the folder as the run
// did.
func TestHintsRepeatSettings(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	lake := filepath.Join(w.dir, "the lake")
	if err := os.Mkdir(lake, 0o700); err != nil {
		t.Fatal(err)
	}
	out, _ := w.reglue(t, exitFailed, "run", w.template, "--parameter", "Dir="+w.dir, "--map", "s3://lake="+lake, "--max-local-jobs", "2")
	has(t, out, "--failed --plan --data "+w.data+" --map 's3://lake="+lake+"' --max-local-jobs 2")
}

// TestTakenPort tells that the port of the last owner is not to be had.
func TestTakenPort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	data := filepath.Join(t.TempDir(), "data")
	f, err := own(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.tell(ownerInfo{Address: l.Addr().String()}), f.release()); err != nil {
		t.Fatal(err)
	}
	u := newUse("serve", "--data", data)
	code := u.begin(t)
	waitFor(t, u.out, "reglue serves the Glue API")
	_, port, _ := net.SplitHostPort(l.Addr().String()) // it is an address
	has(t, u.out.String(), "port "+port+" is taken, so this server listens on port ", "reglue serves")
	u.signals <- syscall.SIGTERM
	ends(t, code, u, 0)
}

// TestAnotherOwnerHasThePort: what was the owner's address answers for another
// folder. A command notices, instead of looking at, or changing, the wrong one.
func TestAnotherOwnerHasThePort(t *testing.T) {
	t.Parallel()
	mine, other := t.TempDir(), t.TempDir()
	first, err := startServer(t.Context(), serverOptions{Data: mine, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	to, err := openOwner(t.Context(), targetOptions{Data: mine})
	if err != nil {
		t.Fatal(err)
	}
	create := func(name string) error {
		return to.Call(t.Context(), "CreateWorkflow", &glue.CreateWorkflowRequest{Name: name}, nil)
	}
	if err := create("before"); err != nil {
		t.Fatal(err)
	}
	address := first.listener.Addr().String()
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	second, err := startServer(t.Context(), serverOptions{Data: other, Listen: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(to.Close(), second.Close(context.Background())); err != nil {
			t.Error(err)
		}
	})
	var got glue.GetWorkflowResponse
	if err := to.Call(t.Context(), "GetWorkflow", &glue.GetWorkflowRequest{Name: "before"}, &got); err != nil || got.Workflow == nil {
		t.Errorf("read %+v: %v", got.Workflow, err)
	}
	if err := create("after"); err != nil {
		t.Fatal(err)
	}
	var there glue.ListWorkflowsResponse
	if err := second.Target().Call(t.Context(), "ListWorkflows", &glue.ListWorkflowsRequest{}, &there); err != nil || len(there.Workflows) > 0 {
		t.Errorf("the other folder has %v: %v", there.Workflows, err)
	}
}
