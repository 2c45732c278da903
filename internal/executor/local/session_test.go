package local

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/awsglue"
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/spark"
)

const sessionScript = `
import json, os, sys, threading
from awsglue.utils import getResolvedOptions
from pyspark import SparkConf
from pyspark.context import SparkContext
from pyspark.sql import SparkSession

args = getResolvedOptions(sys.argv, ["JOB_NAME", "out", "what"])
sc = SparkContext.getOrCreate(SparkConf().set("spark.sql.shuffle.partitions", "3"))
spark = SparkSession.builder.getOrCreate()
seen = {
    "app": sc.applicationId,
    "views": [t.name for t in spark.catalog.listTables()],
    "partitions": spark.conf.get("spark.sql.shuffle.partitions"),
    "zone": spark.conf.get("spark.sql.session.timeZone"),
    "sum": sc.parallelize(range(100), 2).map(lambda x: x + 1).sum(),
    "jvm": sc._jvm.java.lang.ProcessHandle.current().pid(),
    "token": os.environ.get("AWS_ENDPOINT_URL_GLUE", ""),
    "key": os.environ["AWS_ACCESS_KEY_ID"],
    "sparkKey": sc.parallelize([0]).map(lambda x: os.environ["AWS_ACCESS_KEY_ID"]).first(),
}
spark.range(3).write.mode("overwrite").saveAsTable("staging")
spark.range(3).createOrReplaceTempView("left_by_" + args["JOB_NAME"])
spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
out = args["out"]
def tell():
    with open(out + ".new", "w") as f:
        json.dump(seen, f)
    os.rename(out + ".new", out)
if args["what"] == "hang":
    def work(i):
        open(out + ".work%d" % i, "w").close()
        import time
        time.sleep(600)
    t = threading.Thread(target=lambda: sc.parallelize(range(2), 2).map(work).count())
    t.start()
    t.join()
elif args["what"] == "watch":
    tracker = sc._jsc.sc().statusTracker()
    import time
    while len(tracker.getActiveJobIds()) > 0:
        time.sleep(0.05)
    tell()
elif args["what"] == "kill":
    os.kill(seen["jvm"], 9)
    spark.range(10).count()
else:
    tell()
    spark.stop()
`

type seenBySession struct {
	App, Partitions, Zone, Token, Key, SparkKey string
	Views                                       []string
	Sum, JVM                                    int
}

// TestWarmSpark runs jobs of two workflow runs: those of one share a Spark and
// nothing else.
func TestWarmSpark(t *testing.T) {
	runtime := sparkDir(t)
	t.Setenv("REGLUE_SPARK_IDLE_SECONDS", "2")
	data, dir := t.TempDir(), t.TempDir()
	opts := options(t, data)
	opts.Spark = spark.Settings{Warm: true, Dir: runtime}
	// As a server does: the credentials of the jobs differ, those of their Spark do not.
	opts.Env = func(s executor.Spec) map[string]string {
		return map[string]string{"AWS_ACCESS_KEY_ID": s.JobRunID}
	}
	opts.SessionEnv = func(run string) map[string]string { return map[string]string{"AWS_ACCESS_KEY_ID": run} }
	opts.PassEnv = []string{"REGLUE_SPARK_IDLE_SECONDS"}
	opts.PythonPath = []string{awsgluePath(t)}
	script := write(t, filepath.Join(dir, "job.py"), sessionScript)
	x := open(t, opts)
	reports := make(chan executor.Report, 1000)
	ctx, cancel := context.WithCancel(testContext())
	done := make(chan error, 1)
	go func() { done <- x.Run(ctx, func(r executor.Report) { reports <- r }) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()

	until := func(id string, want executor.State) executor.Report {
		t.Helper()
		for r := range reports {
			if r.JobRunID == id && (r.State == want || r.State.Terminal()) {
				if r.State != want {
					_, stderr := x.LogPaths(id)
					text, _ := os.ReadFile(stderr)
					t.Fatalf("%s is %s, want %s: %s\n%s", id, r.State, want, r.Message, text)
				}
				return r
			}
		}
		panic("not reached")
	}
	start := func(run, id, what string) string {
		out := filepath.Join(dir, id+".json")
		x.Start(executor.Spec{
			JobRunID: id, JobName: id, Command: "glueetl", ScriptLocation: script,
			WorkflowName: "w", WorkflowRunID: run, EndpointURL: "http://127.0.0.1:1/" + id,
			Arguments: map[string]string{"--out": out, "--what": what},
		})
		return out
	}
	see := func(out string) (seen seenBySession) {
		t.Helper()
		text, err := os.ReadFile(out)
		if err == nil {
			err = json.Unmarshal(text, &seen)
		}
		if err != nil {
			t.Fatal(err)
		}
		if seen.Sum != 5050 || seen.Partitions != "3" || seen.Zone != "UTC" || len(seen.Views) != 0 {
			t.Errorf("%s: %+v", filepath.Base(out), seen)
		}
		return seen
	}

	first := start("wr_1", "jr_a", "tell")
	until("jr_a", executor.Succeeded)
	a := see(first)
	second := start("wr_1", "jr_b", "tell")
	until("jr_b", executor.Succeeded)
	b := see(second)
	if a.JVM != b.JVM || a.App != b.App || a.Token == b.Token || b.Key != "jr_b" || b.SparkKey != "wr_1" {
		t.Errorf("jobs of one run: %+v and %+v", a, b)
	}

	// What a stopped job computes is cancelled; the Spark goes on.
	hanging := start("wr_1", "jr_c", "hang")
	waitFor(t, hanging+".work1")
	x.Stop("jr_c")
	until("jr_c", executor.Stopped)
	watch := start("wr_1", "jr_d", "watch")
	until("jr_d", executor.Succeeded)
	if d := see(watch); d.JVM != a.JVM {
		t.Errorf("another Spark after a stop: %+v, was %+v", d, a)
	}

	// A Spark that dies takes its jobs along, and the next job starts another.
	start("wr_1", "jr_e", "kill")
	until("jr_e", executor.Failed)
	fifth := start("wr_1", "jr_f", "tell")
	until("jr_f", executor.Succeeded)
	f := see(fifth)
	if f.JVM == a.JVM {
		t.Errorf("a Spark that was killed still runs: %+v", f)
	}

	other := start("wr_2", "jr_g", "tell")
	until("jr_g", executor.Succeeded)
	g := see(other)
	if g.JVM == f.JVM {
		t.Errorf("two workflow runs share a Spark: %+v", g)
	}

	// Idle ones end and leave nothing.
	for _, pid := range []int{f.JVM, g.JVM} {
		for deadline := time.Now().Add(time.Minute); !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the idle Spark %d does not end", pid)
			}
		}
	}
	if left, err := os.ReadDir(filepath.Join(data, "spark", "sessions")); err != nil || len(left) != 0 {
		t.Errorf("idle Sparks leave %v, %v", left, err)
	}
}

func waitFor(t *testing.T, path string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		} else if !errors.Is(err, fs.ErrNotExist) || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func awsgluePath(t *testing.T) string {
	t.Helper()
	path, err := awsglue.Install(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return path
}
