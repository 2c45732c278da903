package local

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/executortest"
	"github.com/reglue/reglue/internal/runner"
)

// rig is an executor with a folder for scripts.
type rig struct {
	*executortest.Server
	t    *testing.T
	data string
	dir  string
}

func newRig(t *testing.T, change ...func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, data: t.TempDir(), dir: t.TempDir()}
	r.open(change...)
	return r
}

// open starts an executor, as a restarted server does.
func (r *rig) open(change ...func(*Options)) {
	r.t.Helper()
	opts := options(r.t, r.data)
	for _, f := range change {
		f(&opts)
	}
	r.reopen(opts)
}

func (r *rig) reopen(opts Options) {
	r.t.Helper()
	r.Server = executortest.Serve(r.t, open(r.t, opts))
}

// spec is a job with the name of the test.
func (r *rig) spec(id, source string) executor.Spec {
	r.t.Helper()
	name := strings.NewReplacer("/", "-", "#", "-").Replace(r.t.Name())
	return executor.Spec{
		JobRunID:       "jr_" + name + "-" + id + "-" + filepath.Base(filepath.Dir(r.data)),
		JobName:        "job",
		Command:        "pythonshell",
		ScriptLocation: "file://" + write(r.t, filepath.Join(r.dir, id, "job.py"), source),
		Arguments:      map[string]string{},
	}
}

func (r *rig) run(id, source string, change ...func(*executor.Spec)) executor.Spec {
	r.t.Helper()
	s := r.spec(id, source)
	for _, f := range change {
		f(&s)
	}
	r.Start(s)
	return s
}

func (r *rig) log(s executor.Spec) string {
	r.t.Helper()
	stdout, stderr := r.Executor.(executor.Logs).LogPaths(s.JobRunID)
	text := ""
	for _, path := range []string{stdout, stderr} {
		data, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) { // it may have written nothing
			r.t.Fatal(err)
		}
		text += string(data)
	}
	return text
}

func TestJobEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_SECRET_ACCESS_KEY":               "secret",
		"AWS_PROFILE":                         "prod",
		"AWS_SESSION_TOKEN":                   "secret",
		"AWS_ENDPOINT_URL":                    "https://elsewhere",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
		"REGLUE_TOKEN":                        "secret",
		"DB_PASSWORD":                         "secret",
		"PYTHONPATH":                          "/nowhere",
		"PYTHONHOME":                          "",
		"NO_PROXY":                            "intranet",
		"LC_TIME":                             "C",
		"COLOUR":                              "red",
	} {
		t.Setenv(name, value)
	}
	r := newRig(t, func(o *Options) {
		o.PassEnv = []string{"COLOUR"}
		o.PythonPath = []string{"/opt/awsglue"}
		o.Env = func(s executor.Spec) map[string]string {
			return map[string]string{"AWS_ENDPOINT_URL_S3": "http://localhost/s3", "AWS_REGION": "eu-west-1"}
		}
	})
	out := filepath.Join(r.dir, "env.json")
	s := r.run("a", "import os, json, sys\njson.dump(dict(os.environ, CWD=os.getcwd()), open(sys.argv[2], 'w'))", func(s *executor.Spec) {
		s.Arguments = map[string]string{"--out": out}
		s.EndpointURL = "http://127.0.0.1:4780/token"
	})
	r.Ends(s.JobRunID, executor.Succeeded, "")
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var env map[string]string
	if err := json.Unmarshal(data, &env); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "secret") {
		t.Errorf("a secret of the server reached the job: %s", data)
	}
	for name, want := range map[string]string{
		"AWS_ENDPOINT_URL_GLUE":               "http://127.0.0.1:4780/token",
		"AWS_ENDPOINT_URL_S3":                 "http://localhost/s3",
		"AWS_ENDPOINT_URL":                    "",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "",
		"AWS_PROFILE":                         "",
		"AWS_REGION":                          "eu-west-1",
		"AWS_DEFAULT_REGION":                  "us-east-1",
		"AWS_EC2_METADATA_DISABLED":           "true",
		"AWS_CONFIG_FILE":                     os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE":         os.DevNull,
		"PYTHONPATH":                          "/opt/awsglue",
		"PYTHONUNBUFFERED":                    "1",
		"NO_PROXY":                            "intranet,localhost,127.0.0.1,::1",
		"no_proxy":                            "intranet,localhost,127.0.0.1,::1",
		"REGLUE_JOB_RUN_ID":                   s.JobRunID,
		"COLOUR":                              "red",
		"LC_TIME":                             "C",
		"HOME":                                os.Getenv("HOME"),
	} {
		if env[name] != want {
			t.Errorf("%s=%q, want %q", name, env[name], want)
		}
	}
	if env["CWD"] != runner.JobDir(r.data, s.JobRunID) {
		t.Errorf("it works in %s", env["CWD"])
	}
}

// needBoto3 finds an interpreter with a botocore that obeys.
func needBoto3(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("python3", "-c", "import boto3").CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("boto3 is needed: %s", out)
		}
		t.Skip("boto3 is needed by this test: pip install boto3")
	}
}

// TestCallsComeHere: whatever the user's own settings and proxies say, a job's
// Glue calls go to the endpoint that it was given.
func TestCallsComeHere(t *testing.T) {
	needBoto3(t)
	var calls atomic.Int32
	glue := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("X-Amz-Target") == "AWSGlue.GetJobs" && strings.HasPrefix(req.URL.Path, "/token") {
			calls.Add(1)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = w.Write([]byte(`{"Jobs":[]}`))
	}))
	defer glue.Close()
	home := t.TempDir()
	write(t, filepath.Join(home, ".aws/config"), "[default]\nregion = eu-north-1\nignore_configured_endpoint_urls = true\nendpoint_url = http://127.0.0.1:1/\n")
	for name, value := range map[string]string{
		"HOME": home, "AWS_PROFILE": "default", "AWS_CONFIG_FILE": filepath.Join(home, ".aws/config"),
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
		"HTTP_PROXY":                          "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1",
		"HTTPS_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1",
	} {
		t.Setenv(name, value)
	}
	r := newRig(t)
	s := r.run("a", "import boto3; print(boto3.client('glue').get_jobs()['Jobs'])", func(s *executor.Spec) { s.EndpointURL = glue.URL + "/token" })
	r.Ends(s.JobRunID, executor.Succeeded, "")
	if calls.Load() != 1 {
		t.Errorf("%d calls arrived", calls.Load())
	}
}
