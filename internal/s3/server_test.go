package s3_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/s3"
)

const (
	testKey    = "AKIDTEST"
	testSecret = "test/secret+key"
)

// server is a running endpoint with its folders.
type server struct {
	*httptest.Server
	data   string // the data folder
	mapped string // the folder of bucket "mapped"
}

// start runs an endpoint. With signed it demands valid signatures.
func start(t *testing.T, signed bool, rules ...string) server {
	t.Helper()
	s := server{data: t.TempDir(), mapped: t.TempDir()}
	m, err := s3.NewMap(s.data, append(rules, "s3://mapped="+s.mapped))
	if err != nil {
		t.Fatal(err)
	}
	options := s3.Options{}
	if signed {
		options.Secrets = func(key string) (string, bool) { return testSecret, key == testKey }
	}
	handler := s3.Handler(m, options)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s3.IsRequest(r) && r.Header.Get("X-Anonymous") == "" {
			t.Errorf("%s %s is not taken for a request of S3", r.Method, r.URL)
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// environment is that of a client program; it holds no other configuration.
func (s server) environment(t *testing.T) []string {
	t.Helper()
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LANG=C.UTF-8",
		"AWS_ENDPOINT_URL=" + s.URL, "AWS_ACCESS_KEY_ID=" + testKey, "AWS_SECRET_ACCESS_KEY=" + testSecret,
		"AWS_DEFAULT_REGION=eu-central-1", "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=",
	}
}

// tool finds an external program, or says how to get it.
func tool(t *testing.T, name, install string, check ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil && len(check) > 0 {
		err = exec.Command(path, check...).Run()
	}
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: %s", name, install)
	}
	t.Skipf("%s is missing: %s", name, install)
	return ""
}

// run executes a client program and returns what it wrote.
func (s server) run(t *testing.T, name string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), name, args...)
	cmd.Env = s.environment(t)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// names lists all files below dir, hidden ones too.
func names(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found = append(found, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
