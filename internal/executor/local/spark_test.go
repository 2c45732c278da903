package local

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/spark"
	"github.com/reglue/reglue/internal/runner"
	"github.com/reglue/reglue/internal/s3"
)

// sparkDir is the Spark of the tests.
func sparkDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv(spark.EnvRuntime)
	if dir == "" {
		dir, _ = filepath.Abs("../../../.tools/spark") // the working folder is known
	}
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	const how = "there is no Spark: run scripts/tools and then '. scripts/path'"
	if os.Getenv("CI") == "true" {
		t.Fatal(how)
	}
	t.Skip(how)
	return ""
}

// sparkRig is a rig whose jobs have a Spark and a bucket "lake".
func sparkRig(t *testing.T, change ...func(*Options)) *rig {
	t.Helper()
	dir, lake := sparkDir(t), t.TempDir()
	m, err := s3.NewMap(t.TempDir(), []string{"s3://lake=" + lake})
	if err != nil {
		t.Fatal(err)
	}
	endpoint := httptest.NewServer(s3.Handler(m, s3.Options{}))
	t.Cleanup(endpoint.Close)
	return newRig(t, append([]func(*Options){func(o *Options) {
		o.Spark.Dir = dir
		o.Files = m
		o.Env = func(executor.Spec) map[string]string { return map[string]string{"AWS_ENDPOINT_URL_S3": endpoint.URL} }
	}}, change...)...)
}

func sparkJob(s *executor.Spec) {
	s.Command, s.GlueVersion, s.WorkerType, s.NumberOfWorkers = spark.CommandETL, "4.0", "G.1X", 2
}

const sparkSession = "import os, sys\nfrom pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n"

// TestSparkJobs runs a job with all that it may bring, beside one that fails in a
// Python worker.
//
// The tests of Spark run one after the other: each has all cores.
func TestSparkJobs(t *testing.T) {
	r := sparkRig(t)
	side := write(t, filepath.Join(r.dir, "side.txt"), "from a file")
	lib := write(t, filepath.Join(r.dir, "ordersrules.py"), "def double(n):\n    return 2 * n\n")
	good := r.run("good", sparkSession+`
from ordersrules import double
from pyspark.sql.functions import udf
twice = udf(double, "long")
spark.range(100).write.parquet("s3://lake/out")
rows = spark.read.parquet("s3a://lake/out").select(twice("id")).groupBy().sum().collect()[0][0]
conf = spark.sparkContext.getConf()
print(rows, sys.argv[sys.argv.index("--day") + 1], open("side.txt").read(), os.environ["CUSTOMER_A"])
print(conf.get("spark.master"), conf.get("spark.x"), spark.sql("select current_timezone()").collect()[0][0])
print("to stderr", file=sys.stderr)
`, sparkJob, func(s *executor.Spec) {
		s.Arguments = map[string]string{
			"--day": "2024-02-29", "--extra-files": "file://" + side, "--extra-py-files": "file://" + lib,
			"--conf": "spark.x=1 --conf spark.y=2", "--customer-driver-env-vars": "CUSTOMER_A=yes",
		}
	})
	bad := r.run("bad", sparkSession+`
def check(n):
    if n == 17:
        raise ValueError("bad row 17")
    return n
spark.sparkContext.parallelize(range(20), 2).map(check).collect()
`, sparkJob)
	running := r.Reaches(good.JobRunID, executor.Running)
	if !strings.HasPrefix(running.Detail, "Spark 3.") || !strings.Contains(running.Detail, "(Glue 4.0 has Spark 3.3.0 and Python 3.10)") {
		t.Errorf("detail %q", running.Detail)
	}
	if len(running.Files) != 3 {
		t.Errorf("files %v", running.Files)
	}
	r.Ends(good.JobRunID, executor.Succeeded, "")
	r.Ends(bad.JobRunID, executor.Failed, "ValueError: bad row 17")
	stdout, stderr := r.Executor.(executor.Logs).LogPaths(good.JobRunID)
	cores := spark.ThisMachine(0).LocalCores(spark.Demand{WorkerType: "G.1X", NumberOfWorkers: 2}.Size())
	for _, want := range []string{"9900 2024-02-29 from a file yes\n", fmt.Sprintf("local[%d] 1 UTC\n", cores)} {
		if got := read(t, stdout); !strings.Contains(got, want) {
			t.Errorf("%q is not in the output:\n%s", want, got)
		}
	}
	if got := read(t, stderr); !strings.Contains(got, "to stderr\n") || !strings.Contains(got, "reglue: "+running.Detail) {
		t.Errorf("standard error:\n%s", got)
	}
	for _, s := range []executor.Spec{good, bad} {
		if _, err := os.Stat(filepath.Join(r.data, "spark/scratch", s.JobRunID)); !os.IsNotExist(err) {
			r.Close() // which waits for what is being removed
			if _, err := os.Stat(filepath.Join(r.data, "spark/scratch", s.JobRunID)); !os.IsNotExist(err) {
				t.Errorf("the scratch folder of %s is left: %v", s.JobRunID, err)
			}
		}
	}
}

// busyJob tells by the named pipe that its Python worker runs, and stays.
func busyJob(gate string) string {
	return sparkSession + `
def stay(n):
    import time
    open("` + gate + `", "w").close()
    time.sleep(1000)
spark.sparkContext.parallelize([1], 1).map(stay).collect()
`
}

func pipeOf(t *testing.T, r *rig, name string) string {
	t.Helper()
	gate := filepath.Join(r.dir, name)
	if err := syscall.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	return gate
}

// TestSparkEndsWhole stops one job and loses another, with server and runner killed,
// while Python workers of theirs run: nothing of them is left.
func TestSparkEndsWhole(t *testing.T) {
	r := sparkRig(t)
	gates := []string{pipeOf(t, r, "a.gate"), pipeOf(t, r, "b.gate")}
	stopped := r.run("stopped", busyJob(gates[0]), sparkJob)
	lost := r.run("lost", busyJob(gates[1]), sparkJob, func(s *executor.Spec) { s.Command = spark.CommandStreaming })
	for _, gate := range gates {
		read(t, gate) // until a worker runs
	}
	if n := len(carriers(t, stopped.JobRunID)); n < 3 {
		t.Fatalf("%d processes: want the JVM, the driver and a worker at least", n)
	}
	r.Stop(stopped.JobRunID)
	r.Ends(stopped.JobRunID, executor.Stopped, "")
	r.Close()
	killRunners(t, r.data)
	opts := options(t, r.data)
	opts.Spark.Dir = sparkDir(t)
	r.reopen(opts)
	r.Start(lost)
	if end := r.End(lost.JobRunID); end.State != executor.Failed || !strings.HasPrefix(end.Message, "The process that ran this job is gone") {
		t.Errorf("%+v", end)
	}
	for _, s := range []executor.Spec{stopped, lost} {
		if left := carriers(t, s.JobRunID); len(left) > 0 {
			t.Errorf("%s left processes: %v", s.JobRunID, left)
		}
	}
}

// carriers are the pids of living processes whose environment names a job run.
func carriers(t *testing.T, id string) []string {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var pids []string
	for _, path := range paths {
		env, err := os.ReadFile(path)
		if err == nil && slices.ContainsFunc(bytes.Split(env, []byte{0}), func(kv []byte) bool { return string(kv) == runner.EnvJobRunID+"="+id }) {
			pids = append(pids, filepath.Base(filepath.Dir(path)))
		}
	}
	return pids
}
