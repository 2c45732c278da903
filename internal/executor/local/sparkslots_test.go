package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/spark"
)

// standIn is a folder that looks like a Spark, whose spark-submit runs the script
// with Python: for what does not need Spark itself.
func standIn(t *testing.T) string {
	t.Helper()
	dir, java := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "jars/spark-core_2.12-3.5.6.jar"), "")
	submit := write(t, filepath.Join(dir, "bin/spark-submit"), `#!/bin/sh
while [ "${1%.py}" = "$1" ]; do shift; done
exec "$REGLUE_PYTHON" "$@"
`)
	write(t, filepath.Join(java, "release"), `JAVA_VERSION="17.0.1"`)
	program := write(t, filepath.Join(java, "bin/java"), "")
	for _, path := range []string{submit, program} {
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("JAVA_HOME", java)
	t.Setenv("PYSPARK_PYTHON", "")
	return dir
}

func gated(gate string) string { return "open('" + gate + "').read()" }

// TestSparkSlots runs Spark jobs beside others: they weigh more, and whoever comes
// first starts first.
func TestSparkSlots(t *testing.T) {
	dir := standIn(t)
	r := newRig(t, func(o *Options) { o.MaxJobs = 5; o.Spark = spark.Settings{Dir: dir, Master: "local[2]"} })
	gate := pipeOf(t, r, "gate")
	first := r.run("first", gated(gate), sparkJob)
	r.Reaches(first.JobRunID, executor.Running)
	shell := r.run("shell", "")
	r.Ends(shell.JobRunID, executor.Succeeded, "") // beside it
	second := r.run("second", "", sparkJob)
	if w := r.Reaches(second.JobRunID, executor.Waiting); w.Detail != "waiting for 4 of 5 local job slots" {
		t.Errorf("%+v", w)
	}
	behind := r.run("behind", "")
	if w := r.Reaches(behind.JobRunID, executor.Waiting); w.Detail != "waiting for one of 5 local job slots" {
		t.Errorf("%+v", w)
	}
	if err := os.WriteFile(gate, nil, 0); err != nil {
		t.Fatal(err)
	}
	for _, s := range []executor.Spec{first, second, behind} {
		r.Ends(s.JobRunID, executor.Succeeded, "")
	}
}

// One slot is enough for any job.
func TestSparkSlotsOfASmallMachine(t *testing.T) {
	dir := standIn(t)
	r := newRig(t, func(o *Options) { o.MaxJobs = 1; o.Spark = spark.Settings{Dir: dir, Master: "local[64]"} })
	r.Ends(r.run("a", "", sparkJob).JobRunID, executor.Succeeded, "")
}

func TestRefusedSparkJobs(t *testing.T) {
	dir := standIn(t)
	r := newRig(t, func(o *Options) { o.Spark.Dir = dir })
	for id, tc := range map[string]struct {
		change func(*executor.Spec)
		want   string
	}{
		"python2": {func(s *executor.Spec) { s.PythonVersion = "2" }, "PythonVersion 2 is not supported"},
		"scala": {func(s *executor.Spec) {
			s.ScriptLocation = "file://" + write(t, filepath.Join(r.dir, "App.scala"), "")
			s.Arguments["--class"] = "App"
		}, "App.scala is Scala source, which reglue does not compile"},
		"jars":  {with(spark.ArgExtraJars, "/nowhere/x.jar"), "--extra-jars: "},
		"files": {with(spark.ArgExtraFiles, "/tmp"), "--extra-files: /tmp is not a file"},
		"conf":  {with("--conf", "x"), "--conf is KEY=VALUE"},
	} {
		if end := r.End(r.run(id, "", sparkJob, tc.change).JobRunID); end.State != executor.Failed || !strings.Contains(end.Message, tc.want) {
			t.Errorf("%s: %+v, want %q", id, end, tc.want)
		}
	}
	r.Close()
	opts := options(t, r.data)
	opts.Spark.Dir = t.TempDir()
	r.reopen(opts)
	if end := r.End(r.run("none", "", sparkJob).JobRunID); end.State != executor.Failed || !strings.Contains(end.Message, "'reglue spark install --to DIR' makes such a folder") {
		t.Errorf("%+v", end)
	}
}

// TestSparkTimeout ends a Spark job whose time is over, as it does others.
func TestSparkTimeout(t *testing.T) {
	dir := standIn(t)
	r := newRig(t, func(o *Options) { o.Spark.Dir = dir })
	s := r.run("a", gated(pipeOf(t, r, "gate")), sparkJob, func(s *executor.Spec) { s.Timeout = 1 })
	if end := r.End(s.JobRunID); end.State != executor.TimedOut {
		t.Errorf("%+v", end)
	}
}

// An exception of Java with its causes is longer than what the runner keeps of it.
func TestLongExceptionOfSpark(t *testing.T) {
	dir := standIn(t)
	r := newRig(t, func(o *Options) { o.Spark.Dir = dir })
	s := r.run("a", `import sys
print("Traceback (most recent call last):\n  File \"job.py\", line 1, in <module>\npy4j.protocol.Py4JJavaError: An error occurred while calling o1.save.\n: java.lang.IllegalStateException: the table is locked", file=sys.stderr)
for i in range(2000):
    print("\tat org.example.Table.step%d(Table.scala)" % i, file=sys.stderr)
sys.exit(1)
`, sparkJob)
	r.Ends(s.JobRunID, executor.Failed, "IllegalStateException: the table is locked")
}
