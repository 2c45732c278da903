package cli

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/runner"
	"github.com/reglue/reglue/internal/s3"
)

// TestWritten notes what passes through the built-in S3 under a job run's access
// key, and nothing else.
func TestWritten(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	files, err := s3.NewMap(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	const job = "jr_0a"
	if err := os.MkdirAll(runner.JobDir(data, job), 0o700); err != nil {
		t.Fatal(err)
	}
	w := &written{data: data, log: slog.New(slog.DiscardHandler)}
	server := httptest.NewServer(s3.Handler(files, s3.Options{Writes: w.note}))
	t.Cleanup(server.Close)
	send := func(key, method, path string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil || res.StatusCode > 299 {
			t.Fatalf("%s %s: %s %v", method, path, res.Status, err)
		}
	}
	send(job, "PUT", "/sales")
	send(job, "PUT", "/sales/a.csv")
	send(job, "GET", "/sales/a.csv")
	send(job, "PUT", "/sales/a.csv")
	send("AKIAUSER", "PUT", "/sales/user.csv")
	send("jr_unknown", "PUT", "/sales/other.csv")
	send(job, "DELETE", "/sales/user.csv")
	locations, more := w.of(job)
	if diff := cmp.Diff([]string{"s3://sales/a.csv", "s3://sales/user.csv"}, locations); diff != "" || more != 0 {
		t.Errorf("%d more, %s", more, diff)
	}
	for i := range 30 {
		send(job, "PUT", fmt.Sprintf("/sales/part-%02d", i))
	}
	if locations, more = w.of(job); len(locations) != writtenShown || more != 12 {
		t.Errorf("%d told and %d more, want %d and 12", len(locations), more, writtenShown)
	}
	if _, err := os.Stat(runner.JobDir(data, "jr_unknown")); err == nil {
		t.Error("a folder was made for an unknown job run")
	}
}
