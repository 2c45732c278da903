package spark

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func makeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// aJava is a folder that looks like a Java.
func aJava(t *testing.T, version string) string {
	t.Helper()
	home := t.TempDir()
	makeFile(t, filepath.Join(home, "bin/java"), "#!/bin/sh\n")
	makeFile(t, filepath.Join(home, "release"), `JAVA_VERSION="`+version+`"`)
	return home
}

// aSpark is a folder that looks like what Install makes.
func aSpark(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	home := filepath.Join(dir, "venv/lib/python3.11/site-packages/pyspark")
	makeFile(t, filepath.Join(home, "jars/spark-core_2.12-"+version+".jar"), "")
	makeFile(t, filepath.Join(home, "jars/hadoop-client-api-3.3.4.jar"), "")
	makeFile(t, filepath.Join(dir, "venv/bin/python"), "#!/bin/sh\n")
	makeFile(t, filepath.Join(dir, "jars/hadoop-aws-3.3.4.jar"), "")
	return dir
}

func env(kv ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(kv); i += 2 {
			if kv[i] == name {
				return kv[i+1]
			}
		}
		return ""
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	installed, java := aSpark(t, "3.5.6"), aJava(t, "17.0.15")
	distribution := t.TempDir()
	makeFile(t, filepath.Join(distribution, "bin/spark-submit"), "")
	makeFile(t, filepath.Join(distribution, "jars/spark-core_2.13-4.0.0.jar"), "")
	for name, tc := range map[string]struct {
		search Search
		want   Runtime
	}{
		"by the flag": {Search{Dir: installed, Getenv: env("JAVA_HOME", java, EnvRuntime, distribution)},
			Runtime{Spark: "3.5.6", Scala: "2.12", Hadoop: "3.3.4", From: "--spark", Java: 17}},
		"by the variable": {Search{Getenv: env("JAVA_HOME", java, EnvRuntime, distribution, "PYSPARK_PYTHON", filepath.Join(installed, "venv/bin/python"))},
			Runtime{Spark: "4.0.0", Scala: "2.13", From: EnvRuntime, Java: 17}},
	} {
		rt, err := Find(t.Context(), tc.search)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if rt.Spark != tc.want.Spark || rt.Scala != tc.want.Scala || rt.Hadoop != tc.want.Hadoop || rt.From != tc.want.From || rt.Java != tc.want.Java {
			t.Errorf("%s: %+v", name, rt)
		}
		if rt.Python != filepath.Join(installed, "venv/bin/python") || rt.JavaHome != java {
			t.Errorf("%s: %+v", name, rt)
		}
	}
}

func TestFindSaysWhatToDo(t *testing.T) {
	t.Parallel()
	java, old := aJava(t, "17.0.15"), aJava(t, "1.7.0_80")
	half := aSpark(t, "3.5.6")
	makeFile(t, filepath.Join(half, installingMark), "")
	for name, tc := range map[string]struct {
		search Search
		want   string
	}{
		"nothing there": {Search{Dir: t.TempDir(), Getenv: env("JAVA_HOME", java)}, "holds no Spark (neither venv/ with pyspark nor bin/spark-submit): 'reglue spark install --to DIR'"},
		"half":          {Search{Dir: half, Getenv: env("JAVA_HOME", java)}, "did not come to its end: repeat it with 'reglue spark install --to " + half + "'"},
		"old":           {Search{Dir: aSpark(t, "2.4.3"), Getenv: env("JAVA_HOME", java)}, "reglue runs Spark 3.1 and newer"},
	} {
		if _, err := Find(t.Context(), tc.search); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
	if v := javaVersion(old); v != 7 {
		t.Errorf("Java %d", v)
	}
}

// An installation takes no folder with other things in it, and is not done twice.
func TestInstallLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	makeFile(t, filepath.Join(dir, "notes.txt"), "mine")
	getenv := env("JAVA_HOME", aJava(t, "17.0.15"))
	in := Install{Dir: dir, Getenv: getenv}
	if _, err := in.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "holds other things: choose a folder of its own with --to") {
		t.Error(err)
	}
	whole := t.TempDir()
	makeFile(t, filepath.Join(whole, installedMark), `{"packages":["`+strings.Join(pythonPackages, `","`)+`"],"with":["delta"]}`)
	in = Install{Dir: whole, Getenv: getenv}
	if _, err := in.Run(t.Context()); err != nil {
		t.Error(err)
	}
	in = Install{Dir: whole, With: []string{"lance"}, Getenv: getenv}
	if _, err := in.Run(t.Context()); err == nil || !strings.Contains(err.Error(), `--with knows delta, hudi, iceberg, not "lance"`) {
		t.Error(err)
	}
	in = Install{Dir: t.TempDir(), Python: "no-such-python", Getenv: getenv}
	if _, err := in.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no-such-python is none: install Python 3.11, or name one with --python") {
		t.Error(err)
	}
}

// A jar whose content is another than the table's is not installed.
func TestOtherJarsAreRefused(t *testing.T) {
	t.Parallel()
	cache, to := t.TempDir(), t.TempDir()
	j := baseJars[0]
	makeFile(t, filepath.Join(cache, "jars", j.group+"_"+j.file()), "something else")
	if err := takeJar(cache, to, j); err == nil || !strings.Contains(err.Error(), "is not what it should be") {
		t.Error(err)
	}
	if entries, err := os.ReadDir(to); err != nil || len(entries) > 0 {
		t.Error(entries, err)
	}
}
