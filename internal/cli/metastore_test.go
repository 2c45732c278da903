package cli

import (
	"context"
	"encoding/json"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/metastore"
	"github.com/reglue/reglue/internal/metastore/hms"
)

// sparkRuntime is the folder of a Spark runtime; without one the test is skipped, or
// fails in CI.
func sparkRuntime(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("REGLUE_SPARK")
	if dir == "" {
		dir, _ = filepath.Abs("../../.tools/spark") // it does not fail for a relative path that exists
	}
	_, err := os.Stat(filepath.Join(dir, "venv/bin/python"))
	if err == nil {
		_, err = exec.LookPath("java")
	}
	if err == nil {
		return dir
	}
	const how = "Spark is missing (%v): run make tools and install Java 17, or set REGLUE_SPARK"
	if os.Getenv("CI") == "true" {
		t.Fatalf(how, err)
	}
	t.Skipf(how, err)
	return ""
}

// ask carries out an operation of a server in this process.
func ask[Response any](t *testing.T, s *server, op string, request any) *Response {
	t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.api.Call(t.Context(), op, body)
	if err != nil {
		t.Fatalf("%s: %v", op, err)
	}
	return answer.(*Response)
}

// hiveClient connects to a server's metastore.
func hiveClient(t *testing.T, s *server) *hms.ThriftHiveMetastoreClient {
	t.Helper()
	c := thrift.NewTSocketConf(s.metastoreAddress(), nil)
	if err := c.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	buffered := thrift.NewTBufferedTransport(c, 4096)
	return hms.NewThriftHiveMetastoreClientFactory(buffered, thrift.NewTBinaryProtocolFactoryConf(nil))
}

// TestSparkHasTheCatalog runs a job in which Spark does with the catalog what it does
// with a Hive Metastore, at a server that asks for signatures.
func TestSparkHasTheCatalog(t *testing.T) {
	spark := sparkRuntime(t)
	data := filepath.Join(t.TempDir(), "data")
	s, err := startServer(t.Context(), serverOptions{
		Data: data, Listen: "127.0.0.1:0", Auth: authSigV4, Python: filepath.Join(spark, "venv/bin/python"),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	conf, properties := t.TempDir(), filepath.Join(t.TempDir(), "spark.properties")
	var lines []string
	all := metastore.SparkProperties(s.metastoreAddress(), s.warehouse())
	for _, name := range slices.Sorted(maps.Keys(all)) {
		lines = append(lines, name+"="+all[name])
	}
	script, _ := filepath.Abs("testdata/metastore.py") // it does not fail for a relative path that exists
	for _, err := range []error{
		os.WriteFile(filepath.Join(conf, "core-site.xml"), metastore.CoreSite(""), 0o600),
		os.WriteFile(properties, []byte(strings.Join(lines, "\n")), 0o600),
		os.MkdirAll(filepath.Join(data, "s3/lake"), 0o700),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	ask[glue.CreateJobResponse](t, s, "CreateJob", map[string]any{
		"Name": "spark", "Role": "r", "Command": map[string]any{"Name": "pythonshell", "ScriptLocation": script},
		"DefaultArguments": map[string]string{
			"--jars": filepath.Join(spark, "jars"), "--conf": conf, "--properties": properties, "--warehouse": s.warehouse(),
		},
	})
	id := ask[glue.StartJobRunResponse](t, s, "StartJobRun", map[string]any{"JobName": "spark"}).JobRunId
	run := ended(t, s, id)
	if run.JobRunState != glue.JobRunStateSucceeded {
		logs, _ := newUse("logs", id, "--data", data).run(t, 0)
		t.Fatalf("the job ended %s: %s\n%s", run.JobRunState, run.ErrorMessage, logs)
	}
}

// ended waits for the end of a job run.
func ended(t *testing.T, s *server, id string) *glue.JobRun {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		run := ask[glue.GetJobRunResponse](t, s, "GetJobRun", map[string]any{"JobName": "spark", "RunId": id}).JobRun
		if !run.CompletedOn.IsZero() {
			return run
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

// TestOnlyJobsCallTheMetastore holds that a client without a live job's endpoint learns
// nothing from a server that asks for signatures.
func TestOnlyJobsCallTheMetastore(t *testing.T) {
	t.Parallel()
	s, err := startServer(t.Context(), serverOptions{Data: filepath.Join(t.TempDir(), "data"), Listen: "127.0.0.1:0", Auth: authSigV4})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	for _, groups := range [][]string{nil, {"staff"}, {s.jobEndpoint("jr_never")}, {s.Endpoint + "/job/jr_never/0000"}} {
		c := hiveClient(t, s)
		if _, err := c.SetUgi(t.Context(), "me", groups); err == nil {
			t.Errorf("a client of the groups %q is let in", groups)
		}
		if _, err := c.GetAllDatabases(t.Context()); err == nil || !strings.Contains(err.Error(), "only live jobs") {
			t.Errorf("a client of the groups %q reads databases: %v", groups, err)
		}
	}
}

// TestMetastoreAddress holds that the next owner has the same address, and none when it
// is off.
func TestMetastoreAddress(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	start := func(metastore string) string {
		s, err := startServer(t.Context(), serverOptions{Data: data, Listen: "127.0.0.1:0", Metastore: metastore})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(context.Background())
		if s.metastoreAddress() == "" {
			return ""
		}
		if got, err := hiveClient(t, s).GetAllDatabases(t.Context()); err != nil || !slices.Equal(got, []string{"default"}) {
			t.Errorf("databases %q, %v", got, err)
		}
		return s.metastoreAddress()
	}
	first := start("")
	if off := start(noMetastore); off != "" {
		t.Errorf("it listens on %s though it is off", off)
	}
	if next := start(""); next != first {
		t.Errorf("the next owner listens on %s, the first on %s", next, first)
	}
	if _, err := net.Dial("tcp", first); err == nil {
		t.Error("it still listens when the owner is gone")
	}
	for _, bad := range []string{"0.0.0.0:1", "nonsense"} {
		if _, err := startServer(t.Context(), serverOptions{Data: data, Metastore: bad}); err == nil || !strings.Contains(err.Error(), "--metastore") {
			t.Errorf("--metastore %s: %v", bad, err)
		}
	}
}
