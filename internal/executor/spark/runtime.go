package spark

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// EnvRuntime names the folder of the runtime.
const EnvRuntime = "REGLUE_SPARK"

// Runtime is a Spark with the Python and the Java that run it.
type Runtime struct {
	Home     string // SPARK_HOME
	Python   string // of drivers and workers
	JavaHome string
	Java     int
	// Versions, such as 3.5.6, 2.12 and 3.3.4; PythonVersion is empty until it was
	// asked for.
	Spark, Scala, Hadoop, PythonVersion string
	// Jars lie on the class path beside Spark's own: S3, Avro, PostgreSQL.
	Jars []string
	// From says how it was found.
	From string
}

// Search says where to look for a runtime.
type Search struct {
	Dir    string // that the operator named; empty: look
	Python string // of Python shell jobs; empty: the python3 on PATH
	Getenv func(string) string
}

// ErrNone says what to do when there is no runtime.
var ErrNone = errors.New("no Spark was found: 'reglue spark install' installs one for this user; " +
	"or name the folder of one with --spark DIR, REGLUE_SPARK or SPARK_HOME")

// Find returns the runtime: the one that was named, else REGLUE_SPARK, else the
// one that Install made, else SPARK_HOME, else a pyspark that the python of shell
// jobs can import.
func Find(ctx context.Context, s Search) (*Runtime, error) {
	named := []struct{ from, dir string }{
		{"--spark", s.Dir}, {EnvRuntime, s.Getenv(EnvRuntime)},
	}
	for _, n := range named {
		if n.dir != "" {
			return s.open(n.dir, n.from)
		}
	}
	if dir, err := DefaultDir(); err == nil {
		if _, err := os.Stat(filepath.Join(dir, installedMark)); err == nil {
			return s.open(dir, "reglue spark install")
		}
	}
	if home := s.Getenv("SPARK_HOME"); home != "" {
		return s.open(home, "SPARK_HOME")
	}
	python := cmp.Or(s.Python, "python3")
	if home := importable(ctx, python); home != "" {
		return s.complete(&Runtime{Home: home, Python: python, From: "the pyspark of " + python})
	}
	return nil, ErrNone
}

// open reads a folder that Install made, a venv with pyspark, or a distribution of
// Spark.
func (s Search) open(dir, from string) (*Runtime, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if half(dir) {
		return nil, fmt.Errorf("%s names %s, whose installation did not come to its end: repeat it with 'reglue spark install --to %s'", from, dir, dir)
	}
	if rt, err := s.venvOf(dir); rt != nil || err != nil {
		if rt != nil {
			rt.From = from
		}
		return rt, err
	}
	if _, err := os.Stat(filepath.Join(dir, "bin/spark-submit")); err != nil {
		return nil, fmt.Errorf("%s names %s, which holds no Spark (neither venv/ with pyspark nor bin/spark-submit): "+
			"'reglue spark install --to DIR' makes such a folder", from, dir)
	}
	return s.complete(&Runtime{Home: dir, Python: cmp.Or(s.Getenv("PYSPARK_PYTHON"), s.Python, "python3"), From: from})
}

// venvOf is the runtime of a venv with pyspark, in the folder or below it; nil when
// there is none.
func (s Search) venvOf(dir string) (*Runtime, error) {
	for _, venv := range []string{filepath.Join(dir, "venv"), dir} {
		homes, err := filepath.Glob(filepath.Join(venv, "lib/python3*/site-packages/pyspark"))
		if err != nil || len(homes) == 0 {
			continue
		}
		rt := &Runtime{Home: homes[0], Python: filepath.Join(venv, "bin/python"), From: dir}
		rt.Jars, _ = filepath.Glob(filepath.Join(dir, "jars/*.jar")) // the pattern is right
		return s.complete(rt)
	}
	return nil, nil
}

var (
	coreJar   = regexp.MustCompile(`^spark-core_([\d.]+)-(\d[\w.-]*)\.jar$`)
	hadoopJar = regexp.MustCompile(`^hadoop-client-(?:api|runtime)-(\d[\w.-]*)\.jar$`)
)

// complete finds the versions, the python and the Java of a Spark.
func (s Search) complete(rt *Runtime) (*Runtime, error) {
	entries, err := os.ReadDir(filepath.Join(rt.Home, "jars"))
	if err != nil {
		return nil, fmt.Errorf("the Spark of %s is not whole: %w", rt.From, err)
	}
	for _, e := range entries {
		if m := coreJar.FindStringSubmatch(e.Name()); m != nil {
			rt.Scala, rt.Spark = m[1], m[2]
		}
		if m := hadoopJar.FindStringSubmatch(e.Name()); m != nil {
			rt.Hadoop = m[1]
		}
	}
	if rt.Spark == "" {
		return nil, fmt.Errorf("the Spark of %s is not whole: %s has no spark-core jar", rt.From, filepath.Join(rt.Home, "jars"))
	}
	if minorAtLeast(rt.Spark, 3, 1) != nil {
		return nil, fmt.Errorf("%s is Spark %s; reglue runs Spark 3.1 and newer: 'reglue spark install' installs one", rt.From, rt.Spark)
	}
	python, err := exec.LookPath(rt.Python)
	if err != nil {
		return nil, fmt.Errorf("the Python of the Spark of %s: %w", rt.From, err)
	}
	if rt.Python, err = filepath.Abs(python); err != nil {
		return nil, err
	}
	j, err := findJava(rt.Spark, s.Getenv)
	if err != nil {
		return nil, err
	}
	rt.JavaHome, rt.Java = j.home, j.version
	return rt, nil
}

// Submit is the program that submits jobs.
func (rt *Runtime) Submit() string { return filepath.Join(rt.Home, "bin", "spark-submit") }

// Jar returns the jars of the runtime, and of its Spark, whose names begin so.
func (rt *Runtime) Jar(prefix string) []string {
	own, _ := filepath.Glob(filepath.Join(rt.Home, "jars", prefix+"*.jar")) // the pattern is right
	for _, j := range rt.Jars {
		if strings.HasPrefix(filepath.Base(j), prefix) {
			own = append(own, j)
		}
	}
	return own
}

// pythonPath is where a distribution has its pyspark, which only spark-submit finds by
// itself; empty for one that its Python imports anyway.
func (rt *Runtime) pythonPath() string {
	python := filepath.Join(rt.Home, "python")
	if _, err := os.Stat(filepath.Join(python, "pyspark", "__init__.py")); err != nil {
		return ""
	}
	zips, _ := filepath.Glob(filepath.Join(python, "lib", "py4j-*-src.zip")) // the pattern is right
	return strings.Join(append([]string{python}, zips...), string(os.PathListSeparator))
}

// HasS3 reports whether Spark can read and write s3://.
func (rt *Runtime) HasS3() bool { return len(rt.Jar("hadoop-aws-")) > 0 }

// AskPython sets PythonVersion, which stays empty where Python does not answer.
func (rt *Runtime) AskPython(ctx context.Context) {
	out, err := exec.CommandContext(ctx, rt.Python, "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])").Output()
	if err == nil {
		rt.PythonVersion = strings.TrimSpace(string(out))
	}
}

// importable is the folder of the pyspark that a python can import, else empty.
func importable(ctx context.Context, python string) string {
	const code = `import importlib.util as u; s = u.find_spec("pyspark"); print(s.submodule_search_locations[0] if s else "")`
	cmd := exec.CommandContext(ctx, python, "-c", code)
	cmd.Dir = os.TempDir()
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// minorAtLeast is nil for a version of at least so much.
func minorAtLeast(version string, major, minor int) error {
	var a, b int
	if _, err := fmt.Sscanf(version, "%d.%d", &a, &b); err != nil {
		return err
	}
	if a < major || a == major && b < minor {
		return fmt.Errorf("%s is older than %d.%d", version, major, minor)
	}
	return nil
}

// minor is a version without what follows its second number.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 3 {
		return version
	}
	return parts[0] + "." + parts[1]
}
