package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// put writes a file and the folders above it.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestSparkIsShown(t *testing.T) {
	t.Parallel()
	dir, java := t.TempDir(), t.TempDir()
	put(t, filepath.Join(dir, "venv/lib/python3.11/site-packages/pyspark/jars/spark-core_2.12-3.5.6.jar"), "")
	put(t, filepath.Join(dir, "venv/bin/python"), "#!/bin/sh\necho 3.11.2\n")
	put(t, filepath.Join(dir, "jars/hadoop-aws-3.3.4.jar"), "")
	put(t, filepath.Join(java, "bin/java"), "")
	put(t, filepath.Join(java, "release"), `JAVA_VERSION="17.0.1"`)
	u := newUse("spark")
	u.Env = append(u.Env, "REGLUE_SPARK="+dir, "JAVA_HOME="+java, "REGLUE_SPARK_MASTER=spark://head:7077")
	out, _ := u.run(t, exitWhole)
	has(t, out, "Spark 3.5.6 (Scala 2.12", "from REGLUE_SPARK", "3.11.2, "+dir, "17, "+java, "spark://head:7077", "hadoop-aws-3.3.4",
		"Glue 5.1", "the same", "Glue 4.0", "Spark 3.3.0", "Python 3.10", "Spark 3.5.6, Python 3.11.2")

	u = newUse("spark", "--spark", t.TempDir())
	_, errs := u.run(t, exitRefused)
	has(t, errs, "holds no Spark", "reglue spark install --to")
}

func TestSparkSettingsAreRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"serve", "--spark-master", "mesos://x"},
		{"serve", "--spark-conf", "spark.x"},
	} {
		data := filepath.Join(t.TempDir(), "data")
		_, errs := reglue(t, data, exitRefused, args...)
		has(t, errs, args[1])
		if _, err := os.Stat(data); err == nil {
			t.Errorf("%v made a data folder", args)
		}
	}
	_, errs := newUse("run", "--workflow", "w", "--spark-master", "yarn", "--endpoint", "http://127.0.0.1:1").run(t, exitRefused)
	has(t, errs, "settings of a server")
}

func TestSparkHistoryNeedsEvents(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	serving(t, serverOptions{Data: w.data})
	_, errs := w.reglue(t, exitRefused, "spark", "history")
	has(t, errs, "has no event log of a Spark job: run one with the argument --enable-spark-ui true")
}
