package local

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/executor"
)

// archive makes a zip file of names and contents.
func archive(t *testing.T, path string, files map[string]string) string {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	for name, text := range files {
		e, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func with(key, value string) func(*executor.Spec) {
	return func(s *executor.Spec) { s.Arguments[key] = value }
}

// TestOldBotocore: a botocore that would take calls to the real AWS keeps the
// script from starting, wherever it comes from.
func TestOldBotocore(t *testing.T) {
	t.Parallel()
	for version, runs := range map[string]bool{"1.30.9": false, "0.9": false, "unknown": false, "1.31.0": true, "2.0": true} {
		for _, name := range []string{"libs.zip", "botocore-1-py3-none-any.whl"} {
			r := newRig(t)
			libs := archive(t, filepath.Join(r.dir, name), map[string]string{"botocore/__init__.py": "__version__ = '" + version + "'\n"})
			ran := filepath.Join(r.dir, "ran")
			s := r.run("a", "open('"+ran+"', 'w')", with(argExtraPyFiles, libs))
			end := r.End(s.JobRunID)
			_, err := os.Stat(ran)
			if (err == nil) != runs {
				t.Errorf("%s: ran: %v", version, err)
			}
			if !runs && (end.State != executor.Failed || !strings.Contains(end.Message, "botocore "+version+" (") || !strings.Contains(end.Message, "pip install 'botocore>=1.31'")) {
				t.Errorf("%s: %+v", version, end)
			}
			r.Close()
		}
	}
}

// counted wraps Python in a program that counts its starts.
func counted(t *testing.T) (program, count string) {
	t.Helper()
	count = filepath.Join(t.TempDir(), "count")
	program = write(t, filepath.Join(t.TempDir(), "wrapper"), "#!/bin/sh\necho run >> "+count+"\nexec "+onePython()+" \"$@\"\n")
	if err := os.Chmod(program, 0o700); err != nil {
		t.Fatal(err)
	}
	return program, count
}

func TestInterpreterIsAskedOnce(t *testing.T) {
	t.Parallel()
	program, count := counted(t)
	libs := t.TempDir()
	r := newRig(t, func(o *Options) { o.Python, o.PythonPath = program, []string{libs} })
	for _, id := range []string{"a", "b", "c"} {
		r.Ends(r.run(id, "").JobRunID, executor.Succeeded, "")
	}
	if got := lines(t, count); got != 4 {
		t.Errorf("%d starts for three jobs, want 4", got)
	}
	// What it imports from changes: it is asked again.
	write(t, filepath.Join(libs, "botocore/__init__.py"), "__version__ = '1.2.3'\n")
	s := r.run("d", "")
	if end := r.End(s.JobRunID); end.State != executor.Failed || !strings.Contains(end.Message, "botocore 1.2.3") {
		t.Errorf("%+v", end)
	}
	if got := lines(t, count); got != 5 {
		t.Errorf("%d starts, want 5", got)
	}
}

func lines(t *testing.T, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(data), "\n")
}

func TestOtherPrograms(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Python = "true" })
	r.Ends(r.run("a", "raise SystemExit(1)").JobRunID, executor.Succeeded, "")
	r.Close()
	r.open(func(o *Options) { o.Python = "false" })
	r.Ends(r.run("b", "").JobRunID, executor.Failed, "Command failed with exit code 1")
	r.Close()
	r.open(func(o *Options) { o.Python = "" }) // whatever python3 is
	r.Ends(r.run("d", "raise SystemExit(2)").JobRunID, executor.Failed, "Command failed with exit code 2")
	r.Close()
	r.open(func(o *Options) { o.Python = "no-such-python" })
	if end := r.End(r.run("c", "").JobRunID); end.State != executor.Failed || !strings.Contains(end.Message, `"no-such-python" was not found`) {
		t.Errorf("%+v", end)
	}
}

func TestRefusedJobs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for id, tc := range map[string]struct {
		change func(*executor.Spec)
		want   string
	}{
		"ray":     {func(s *executor.Spec) { s.Command = "glueray" }, "does not run Ray jobs"},
		"python2": {func(s *executor.Spec) { s.PythonVersion = "2" }, "PythonVersion 2 is not supported"},
		"none":    {func(s *executor.Spec) { s.ScriptLocation = "" }, "no script"},
		"folder":  {func(s *executor.Spec) { s.ScriptLocation = "/tmp" }, "the job's script: /tmp is not a file"},
		"long":    {with("--payload", strings.Repeat("x", 200_000)), "argument --payload has 200000 bytes; this system takes at most 131071"},
		"total":   {with("--payload", strings.Repeat("x", 300_000)), "Glue takes at most 266240"},
		"extra":   {with(argExtraPyFiles, "/etc/hosts"), "--extra-py-files: /etc/hosts is neither"},
		"zip": {func(s *executor.Spec) {
			s.Arguments[argExtraPyFiles] = strings.TrimPrefix(s.ScriptLocation, "file://") + ".whl"
		}, "no such file"},
	} {
		if end := r.End(r.run(id, "", tc.change).JobRunID); end.State != executor.Failed || !strings.Contains(end.Message, tc.want) {
			t.Errorf("%s: %+v, want %q", id, end, tc.want)
		}
	}
}

func TestExtraFiles(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	py := write(t, filepath.Join(r.dir, "helper.py"), "name = 'py'\n")
	zipped := archive(t, filepath.Join(r.dir, "lib.zip"), map[string]string{"zipped.py": "name = 'zip'\n"})
	wheel := archive(t, filepath.Join(r.dir, "wheel-1-py3-none-any.whl"), map[string]string{
		"wheeled/__init__.py": "import os\nname = open(os.path.join(os.path.dirname(__file__), 'data.txt')).read()\n",
		"wheeled/data.txt":    "whl",
	})
	list := strings.Join([]string{py, "file://" + zipped, wheel}, " , ")
	s := r.run("a", "import helper, zipped, wheeled, sys, os\nprint(helper.name, zipped.name, wheeled.name, os.path.basename(sys.argv[0]), os.path.basename(__file__))", with(argExtraPyFiles, list))
	r.Ends(s.JobRunID, executor.Succeeded, "")
	if got := r.log(s); !strings.HasSuffix(got, " py zip whl job.py job.py\n") {
		t.Errorf("log: %s", got)
	}
	files := r.Reaches(s.JobRunID, executor.Running).Files
	if len(files) != 4 || len(files["file://"+zipped]) != 64 {
		t.Errorf("files: %v", files)
	}
}

// TestRunsTheCopy: a script that changes while it waits or runs does not change
// what runs.
func TestRunsTheCopy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.run("a", "print('one', open(__file__).read().count('one'))")
	r.Ends(s.JobRunID, executor.Succeeded, "")
	first := r.Reaches(s.JobRunID, executor.Running).Files[s.ScriptLocation]
	write(t, strings.TrimPrefix(s.ScriptLocation, "file://"), "print('two')")
	s2 := s
	s2.JobRunID += "-2"
	r.Start(s2)
	r.Ends(s2.JobRunID, executor.Succeeded, "")
	second := r.Reaches(s2.JobRunID, executor.Running).Files[s.ScriptLocation]
	if first == second || !strings.Contains(r.log(s2), "two") {
		t.Errorf("%s %s %s", first, second, r.log(s2))
	}
	kept, err := filepath.Glob(filepath.Join(r.data, "files", first[:32], "job.py"))
	if err != nil || len(kept) != 1 {
		t.Errorf("the first script is not kept: %v %v", kept, err)
	}
}

func TestModules(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	wheel := archive(t, filepath.Join(r.dir, "tiny-1.0-py3-none-any.whl"), map[string]string{
		"tiny.py":                     "name = 'tiny'\n",
		"tiny-1.0.dist-info/WHEEL":    "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		"tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
		"tiny-1.0.dist-info/RECORD":   "",
	})
	offline := with(argPipOptions, "--no-index")
	for _, id := range []string{"a", "b"} {
		s := r.run(id, "import tiny; print(tiny.name)", with(argModules, "file://"+wheel), offline)
		r.Ends(s.JobRunID, executor.Succeeded, "")
		if got := r.log(s); !strings.Contains(got, " tiny\n") {
			t.Errorf("log: %s", got)
		}
	}
	if kept, err := filepath.Glob(filepath.Join(r.data, "python", "*")); err != nil || len(kept) != 1 {
		t.Errorf("installed: %v %v", kept, err)
	}
	s := r.run("c", "", with(argModules, "no-such-module-anywhere==9"), offline)
	if end := r.End(s.JobRunID); end.State != executor.Failed || !strings.Contains(end.Message, "--additional-python-modules: pip could not install the modules: ERROR: No matching distribution found for no-such-module-anywhere==9") {
		t.Errorf("%+v", end)
	}
}
