package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/executor"
)

// TestPinned runs the bytes that were pinned, whatever has become of the files.
func TestPinned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := write(t, filepath.Join(dir, "job.py"), "import helper, sys\nprint('ran', helper.word, sys.argv[0].endswith('job.py'))\n")
	helper := write(t, filepath.Join(dir, "helper.py"), "word = 'old'\n")
	// The same bytes under another name, kept first.
	twin := write(t, filepath.Join(dir, "a_twin.py"), "word = 'old'\n")
	data := filepath.Join(dir, "data")
	x := open(t, options(t, data))
	pinned := map[string]string{}
	for _, path := range []string{twin, script, helper} {
		sum, err := x.Pin(path)
		if err != nil {
			t.Fatal(err)
		}
		pinned[path] = sum
	}
	if again, err := x.Pin(helper); err != nil || again != pinned[twin] || again != pinned[helper] {
		t.Errorf("%s %v: the same bytes have the same sum", again, err)
	}
	write(t, script, "raise ValueError('new')\n")
	if err := os.Remove(helper); err != nil {
		t.Fatal(err)
	}
	used := &usedFiles{pinned: pinned, sums: map[string]string{}}
	path, err := x.keepNamed(script, used)
	if err != nil || filepath.Base(path) != "job.py" {
		t.Fatalf("%s %v", path, err)
	}
	if b, err := os.ReadFile(path); err != nil || !strings.Contains(string(b), "helper.word") {
		t.Errorf("%v: %s", err, b)
	}
	paths, err := x.extraPath(helper, used)
	if err != nil || len(paths) != 1 {
		t.Fatalf("%v %v", paths, err)
	}
	if _, err := os.Stat(filepath.Join(paths[0], "helper.py")); err != nil {
		t.Error(err)
	}
	if used.sums[script] != pinned[script] || used.sums[helper] != pinned[helper] {
		t.Errorf("%v", used.sums)
	}
	// What was not pinned is read now.
	fresh, err := x.keepNamed(script, &usedFiles{sums: map[string]string{}})
	if err != nil || fresh == path {
		t.Errorf("%s %v", fresh, err)
	}
}

// TestPinnedByName: the kind of a file is told by its name, so of copies with the
// same bytes the one with the right name is used.
func TestPinnedByName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	zip := write(t, filepath.Join(dir, "a.zip"), "the same")
	wheel := write(t, filepath.Join(dir, "b.whl"), "the same")
	x := open(t, options(t, filepath.Join(dir, "data")))
	pinned := map[string]string{}
	for _, path := range []string{zip, wheel} {
		sum, err := x.Pin(path)
		if err != nil {
			t.Fatal(err)
		}
		pinned[path] = sum
	}
	for _, location := range []string{zip, wheel, "file://" + wheel} {
		used := &usedFiles{pinned: map[string]string{location: pinned[zip]}, sums: map[string]string{}}
		path, err := x.keepNamed(location, used)
		if err != nil || filepath.Base(path) != filepath.Base(location) {
			t.Errorf("%s: %s %v", location, path, err)
		}
	}
}

// TestPinFails: what can't be kept is told, and a copy that is gone fails the
// attempt instead of running other bytes.
func TestPinFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := write(t, filepath.Join(dir, "job.py"), "print(1)\n")
	data := filepath.Join(dir, "data")
	x := open(t, options(t, data))
	for _, location := range []string{filepath.Join(dir, "none.py"), dir, "s3://b/x.py"} {
		if sum, err := x.Pin(location); err == nil {
			t.Errorf("%s is pinned as %s", location, sum)
		}
	}
	sum, err := x.Pin(script)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(data, "files")); err != nil {
		t.Fatal(err)
	}
	_, err = x.prepare(t.Context(), executor.Spec{
		JobRunID: "jr_1", JobName: "j", Command: "pythonshell", ScriptLocation: script, Files: map[string]string{script: sum},
	})
	if err == nil || !strings.Contains(err.Error(), script+" was fixed by a plan as "+sum[:12]) || !strings.Contains(err.Error(), "resume again without the plan's token") {
		t.Errorf("%v", err)
	}
	for _, odd := range []string{"", "x", "../../etc"} {
		used := &usedFiles{pinned: map[string]string{script: odd}, sums: map[string]string{}}
		if path, err := x.keepNamed(script, used); err == nil {
			t.Errorf("%q gives %s", odd, path)
		}
	}
}
