package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/api"
	"github.com/reglue/reglue/internal/console"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// awsAlone plays an AWS account: a server that asks for signatures, behind a proxy
// that lets AWS's own operations through and notes what it was asked for.
type awsAlone struct {
	url  string
	mu   sync.Mutex
	seen []string
}

func newAWSAlone(t *testing.T, s *server) *awsAlone {
	t.Helper()
	to, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	a := &awsAlone{}
	forward := httputil.NewSingleHostReverseProxy(to)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		op := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSGlue.")
		a.mu.Lock()
		a.seen = append(a.seen, op)
		a.mu.Unlock()
		if !api.Serves(op) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"UnknownOperationException"}`)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	a.url = proxy.URL
	return a
}

// changed are the operations that change something and were asked for.
func (a *awsAlone) changed() (ops []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, op := range a.seen {
		if !reading(op) {
			ops = append(ops, op)
		}
	}
	return ops
}

// asked counts all operations.
func (a *awsAlone) asked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.seen)
}

// profile makes the profile prod, whose Glue endpoint is the account.
func (a *awsAlone) profile(t *testing.T, k accessKey) {
	t.Helper()
	dir := t.TempDir()
	for variable, text := range map[string]string{
		"AWS_CONFIG_FILE":             "[profile prod]\nregion = eu-central-1\nservices = here\n[services here]\nglue =\n  endpoint_url = " + a.url + "\n",
		"AWS_SHARED_CREDENTIALS_FILE": "[prod]\naws_access_key_id = " + k.ID + "\naws_secret_access_key = " + k.Secret + "\n",
	} {
		path := filepath.Join(dir, variable)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv(variable, path)
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_GLUE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		t.Setenv(name, "")
	}
}

// page calls operations as a page of the console does.
type page struct {
	t       *testing.T
	at      string
	account *awsAlone
}

// ask calls an operation; the code is empty for an answer, which is read into out.
func (p page) ask(op string, in, out any, change func(*http.Request)) (code, message string) {
	p.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		p.t.Fatal(err)
	}
	answer := asks(p.t, http.MethodPost, p.at, func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target", "AWSGlue."+op)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Body = io.NopCloser(bytes.NewReader(body))
		if change != nil {
			change(r)
		}
	})
	said := text(p.t, answer)
	if answer.StatusCode != http.StatusOK {
		var refused struct{ Message string }
		_ = json.Unmarshal([]byte(said), &refused) // what is no JSON has no message
		return answer.Header.Get("X-Amzn-Errortype"), refused.Message
	}
	if out == nil {
		return "", ""
	}
	if err := json.Unmarshal([]byte(said), out); err != nil {
		p.t.Fatalf("%s: %v: %s", op, err, said)
	}
	return "", ""
}

// over waits until a run is over, asking from time to time as a page must here.
func (p page) over(run string) *glue.WorkflowRun {
	p.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); <-tick.C {
		var out glue.GetWorkflowRunResponse
		if code, text := p.ask("GetWorkflowRun", &glue.GetWorkflowRunRequest{Name: "nightly", RunId: run, IncludeGraph: yes()}, &out, nil); code != "" {
			p.t.Fatal(code, text)
		}
		if outcomeOf(out.Run).over() {
			return out.Run
		}
	}
	p.t.Fatal("the run does not end")
	return nil
}

var anAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)

// TestConsoleOverAnAccount repairs a run through the console of an account that has
// AWS's operations alone.
func TestConsoleOverAnAccount(t *testing.T) {
	w := newWorks(t)
	s := serving(t, serverOptions{Data: w.data, Auth: authSigV4})
	aws := newAWSAlone(t, s)
	aws.profile(t, s.key)
	w.reglue(t, 0, "apply", w.template, "--parameter", "Dir="+w.dir)

	u := newUse("console", "--aws-profile", "prod")
	code := u.begin(t)
	waitFor(t, u.out, "The console is at http://127.0.0.1:")
	at := anAddress.FindString(u.out.String())
	p := page{t, at, aws}
	has(t, text(t, asks(t, http.MethodGet, at+"workflows/nightly", header("Accept", "text/html"))), "<!doctype html>")
	var about console.About
	if err := json.Unmarshal([]byte(text(t, asks(t, http.MethodGet, at+"console/about", nil))), &about); err != nil {
		t.Fatal(err)
	}
	if about.Kind != "account" || about.Profile != "prod" || about.Region != "eu-central-1" || about.Events || !about.SignedIn || about.Endpoint != aws.url {
		t.Errorf("about %+v", about)
	}
	listen(t, at+"console/events", nil).until("hello", about.Server)

	// Nothing changes before it is confirmed.
	confirmed := header(confirmHeader, "1")
	start := &glue.StartWorkflowRunRequest{Name: "nightly"}
	for _, change := range []func(*http.Request){nil, header(confirmHeader, ""), header(confirmHeader, "no")} {
		if code, text := p.ask("StartWorkflowRun", start, nil, change); code != "AccessDeniedException" || !strings.Contains(text, "in the AWS account of profile prod") {
			t.Errorf("unconfirmed: %s: %s", code, text)
		}
	}
	for name, change := range map[string]func(*http.Request){
		"another origin": header(confirmHeader, "1", "Sec-Fetch-Site", "cross-site"), "rebound": header(confirmHeader, "1", "Host", "evil.example"),
		"a form": header(confirmHeader, "1", "Content-Type", "text/plain"),
	} {
		if code, _ := p.ask("StartWorkflowRun", start, nil, change); code != "AccessDeniedException" && code != "SerializationException" {
			t.Errorf("%s: %q", name, code)
		}
	}
	if changed := aws.changed(); len(changed) > 0 {
		t.Fatalf("the account was changed by %v", changed)
	}
	var started glue.StartWorkflowRunResponse
	if code, text := p.ask("StartWorkflowRun", start, &started, confirmed); code != "" {
		t.Fatal(code, text)
	}
	first := p.over(started.RunId)
	second := repairedThrough(t, p, w, first)
	lookedAtThrough(t, p, first, second)

	// Only what the pages need is handed on, in the account's own words.
	for op, want := range map[string]string{"GetConnections": "UnknownOperationException", "ListBulkResumes": "UnknownOperationException", "GetWorkflow": "EntityNotFoundException"} {
		if code, text := p.ask(op, map[string]string{"Name": "nope"}, nil, confirmed); code != want {
			t.Errorf("%s: %s: %s", op, code, text)
		}
	}
	load := viewNode(first, must(anyNode(first.Graph, "load"))).job.Id
	none := listen(t, at+"console/logs/"+load+"?job=load", nil).until("none", "CloudWatch")
	has(t, none.data, "aws logs tail /aws-glue/python-jobs/output --log-stream-names "+load+" --profile prod")

	u.signals <- syscall.SIGINT
	ends(t, code, u, 0)
}

// repairedThrough plans and carries out a resume of a broken run.
func repairedThrough(t *testing.T, p page, w works, broken *glue.WorkflowRun) *glue.WorkflowRun {
	t.Helper()
	request := plan.Request{Name: "nightly", RunId: broken.WorkflowRunId, Select: plan.Selectors{Failed: true}}
	var planned plan.Answer
	if code, text := p.ask(plan.OpPlan, &plan.PreviewRequest{Request: request}, &planned, nil); code != "" {
		t.Fatal(code, text)
	}
	if len(planned.Choices) != 1 || planned.Choices[0].Name != "load" || planned.Plan.Token == "" || planned.Plan.Head != broken.WorkflowRunId {
		t.Errorf("planned %+v %+v", planned.Choices, planned.Plan)
	}
	asked := p.account.asked()
	var again plan.Answer
	if code, text := p.ask(plan.OpPlan, &plan.PreviewRequest{Request: request}, &again, nil); code != "" || again.Plan.Token != planned.Plan.Token {
		t.Errorf("the same plan again: %s %s", code, text)
	}
	if more := p.account.asked() - asked; more > 0 {
		t.Errorf("the account was asked %d times for a plan that it had just told of", more)
	}
	beyond := request
	beyond.Properties = map[string]string{"day": "1"}
	if code, text := p.ask(plan.OpPlan, &plan.PreviewRequest{Request: beyond}, nil, nil); code != "InvalidInputException" || !strings.Contains(text, "Properties") {
		t.Errorf("beyond AWS: %s: %s", code, text)
	}
	execute := &plan.ExecuteRequest{Request: request, PlanToken: planned.Plan.Token, ExpectHead: planned.Plan.Head, ClientToken: "once", By: "ann"}
	if code, _ := p.ask(plan.OpExecute, execute, nil, nil); code != "AccessDeniedException" {
		t.Errorf("unconfirmed: %q", code)
	}
	w.write(t, "good", "")
	var resumed, repeated plan.ExecuteAnswer
	for _, out := range []*plan.ExecuteAnswer{&resumed, &repeated} {
		if code, text := p.ask(plan.OpExecute, execute, out, header(confirmHeader, "1")); code != "" {
			t.Fatal(code, text)
		}
	}
	if resumed.RunId != repeated.RunId || len(resumed.NodeIds) != 1 {
		t.Errorf("resumed as %+v and %+v", resumed, repeated)
	}
	run := p.over(resumed.RunId)
	if !outcomeOf(run).whole() || run.PreviousRunId != broken.WorkflowRunId {
		t.Errorf("the resume is %+v", outcomeOf(run))
	}
	execute.ClientToken = "" // the run before is not the newest any more
	if code, text := p.ask(plan.OpExecute, execute, nil, header(confirmHeader, "1")); code != "ConcurrentModificationException" {
		t.Errorf("resumed again: %s: %s", code, text)
	}
	return run
}

// lookedAtThrough asks for the reasons and the family of both runs.
func lookedAtThrough(t *testing.T, p page, first, second *glue.WorkflowRun) {
	t.Helper()
	var said plan.ExplainAnswer
	if code, text := p.ask(plan.OpExplain, &plan.ExplainRequest{Name: "nightly", RunId: first.WorkflowRunId}, &said, nil); code != "" {
		t.Fatal(code, text)
	}
	publish := ""
	for _, n := range said.Nodes {
		if n.Name == "publish" {
			publish = string(n.Kind) + ": " + n.Sentence
		}
	}
	if publish != "never: publish never started: trigger loaded wants load SUCCEEDED, but load FAILED" {
		t.Errorf("said %q", publish)
	}
	var family plan.FamilyAnswer
	if code, text := p.ask(plan.OpFamily, &plan.FamilyRequest{Name: "nightly", RunId: first.WorkflowRunId}, &family, nil); code != "" {
		t.Fatal(code, text)
	}
	if len(family.Runs) != 2 || family.Head != second.WorkflowRunId {
		t.Errorf("family %+v", family.Runs)
	}
	for _, op := range []string{plan.OpFamily, plan.OpExplain, plan.OpPlan} {
		if code, text := p.ask(op, &plan.FamilyRequest{Name: "nightly", RunId: runID("dead")}, nil, nil); code != "EntityNotFoundException" {
			t.Errorf("%s of a run that is not there: %s: %s", op, code, text)
		}
	}
}

func TestAccountErrors(t *testing.T) {
	t.Parallel()
	c := &account{}
	away := &url.Error{Op: "Post", URL: "https://glue.example", Err: errors.New("no route")}
	for want, err := range map[string]error{
		"400 ThrottlingException: slower":                                          glue.Errorf("ThrottlingException", "slower"),
		"500 InternalServiceException: oops":                                       glue.Errorf(glue.Internal, "oops"),
		"503 ServiceUnavailableException: Post \"https://glue.example\": no route": fmt.Errorf("%w", away),
		"400 InvalidInputException: nothing to repeat":                             errors.New("nothing to repeat"),
	} {
		status, code, message := c.Error(err)
		if got := fmt.Sprintf("%d %s: %s", status, code, message); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestConsoleCommand(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	_, errs := reglue(t, data, exitRefused, "console")
	has(t, errs, "no server owns the data folder", "reglue serve")
	s := serving(t, serverOptions{Data: data, Auth: authSigV4})
	out, _ := reglue(t, data, 0, "console", "--no-open")
	has(t, out, "The console is at "+s.Endpoint+"/\n", "asks for an access key")
	out, _ = reglue(t, data, 0, "console", "-o", "json")
	has(t, out, `"url": "`+s.Endpoint+`/"`)
}
