package reglue

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// needs skips a test that uses a program which is not there; in CI it fails.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing; run scripts/tools and source scripts/path", program)
	}
	t.Skipf("%s is missing: 'make tools' installs it, '. scripts/path' puts it on the PATH", program)
}

// build makes the program.
func build(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "reglue")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "./cmd/reglue").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// serve starts the program on a free port and returns its URL.
func serve(t *testing.T, bin string, args ...string) (endpoint string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, bin, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	url := regexp.MustCompile(`http://[0-9.:]+`)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if u := url.FindString(lines.Text()); u != "" {
			return u
		}
	}
	t.Fatal("the server did not say where it serves")
	return ""
}

// TestREADMECommands runs the README's AWS CLI commands as they are written, but
// for the port, with the real AWS CLI.
func TestREADMECommands(t *testing.T) {
	needs(t, "aws")
	needs(t, "bash")
	endpoint := serve(t, build(t), "--data", filepath.Join(t.TempDir(), "data"))
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)<!-- aws-cli -->\n```sh\n(.*?)```").FindSubmatch(text)
	if block == nil {
		t.Fatal("README.md has no AWS CLI commands")
	}
	script := strings.ReplaceAll(string(block[1]), "http://127.0.0.1:4780", endpoint)
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script+"\necho \"$run $resumed\" > runs")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "orders")
	run, resumed, _ := strings.Cut(read(t, dir, "runs"), " ")

	first, second := getRun(t, endpoint, run), getRun(t, endpoint, resumed)
	wantStates(t, first, map[string]string{"extract": "SUCCEEDED", "load": "FAILED", "alert": "SUCCEEDED", "report": ""})
	wantStates(t, second, map[string]string{"extract": "SUCCEEDED", "load": "SUCCEEDED", "report": "SUCCEEDED", "alert": ""})
	wantStatistics(t, first, statistics{Total: 4, Succeeded: 2, Failed: 1})
	wantStatistics(t, second, statistics{Total: 4, Succeeded: 3})
	if first.Status != "COMPLETED" || second.Status != "COMPLETED" || second.PreviousRunID != run {
		t.Errorf("first is %s, second %s after %q", first.Status, second.Status, second.PreviousRunID)
	}
	if a, b := first.job("extract"), second.job("extract"); a.ID == "" || a != b {
		t.Errorf("extract was not carried over: %+v, then %+v", a, b)
	}
	if got := read(t, dir, "total.txt"); got != "42" {
		t.Errorf("total.txt holds %q", got)
	}
	if got, want := read(t, dir, "notes.txt"), "alert in "+run+"\nreport in "+resumed; got != want {
		t.Errorf("the jobs left %q, want %q", got, want)
	}
	if m := first.job("load").Error; m != "ValueError: invalid literal for int() with base 10: 'twelve'" {
		t.Errorf("ErrorMessage is %q", m)
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

type workflowRun struct {
	Status        string
	PreviousRunID string `json:"PreviousRunId"`
	Statistics    map[string]int
	Graph         struct {
		Nodes []struct {
			Type, Name string
			JobDetails struct{ JobRuns []jobRun }
		}
	}
}

type jobRun struct {
	ID        string `json:"Id"`
	State     string `json:"JobRunState"`
	Error     string `json:"ErrorMessage"`
	StartedOn any
}

// job is the latest job run of a node; empty when it has none.
func (r *workflowRun) job(name string) jobRun {
	for _, n := range r.Graph.Nodes {
		if n.Type == "JOB" && n.Name == name && len(n.JobDetails.JobRuns) > 0 {
			return n.JobDetails.JobRuns[0]
		}
	}
	return jobRun{}
}

func getRun(t *testing.T, endpoint, id string) *workflowRun {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "aws", "glue", "get-workflow-run", "--endpoint-url", endpoint,
		"--name", "orders", "--run-id", id, "--include-graph", "--output", "json")
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_DEFAULT_REGION=us-east-1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Run workflowRun }
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatal(err)
	}
	return &answer.Run
}

func wantStates(t *testing.T, r *workflowRun, want map[string]string) {
	t.Helper()
	for name, state := range want {
		if got := r.job(name).State; got != state {
			t.Errorf("%s is %q, want %q", name, got, state)
		}
	}
}

type statistics struct{ Total, Succeeded, Failed int }

func wantStatistics(t *testing.T, r *workflowRun, want statistics) {
	t.Helper()
	s := r.Statistics
	got := statistics{s["TotalActions"], s["SucceededActions"], s["FailedActions"]}
	if got != want || len(s) != 8 {
		t.Errorf("statistics %+v of %v, want %+v", got, s, want)
	}
}
