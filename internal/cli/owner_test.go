package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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
