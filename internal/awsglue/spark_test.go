package awsglue_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sparkPython returns the Python of the Spark runtime: $REGLUE_SPARK, or .tools/spark
// of this repository.
func sparkPython(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("REGLUE_SPARK")
	if dir == "" {
		root, err := filepath.Abs(filepath.Join("..", ".."))
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(root, ".tools", "spark")
	}
	python := filepath.Join(dir, "venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		const how = "there is no Spark runtime (%v): scripts/tools installs one, or set REGLUE_SPARK"
		if os.Getenv("CI") == "true" {
			t.Fatalf(how, err)
		}
		t.Skipf(how, err)
	}
	return python
}

// The package's own tests run on real Spark; they also hold docs/awsglue.md to what they show.
func TestPythonOnSpark(t *testing.T) {
	cmd := exec.Command(sparkPython(t), "-m", "pytest", "-q", "--color=no", "--docs=check",
		"-p", "no:cacheprovider", "--basetemp", filepath.Join(t.TempDir(), "pytest"), filepath.Join("python", "tests"))
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	t.Log(lines[len(lines)-1])
}
