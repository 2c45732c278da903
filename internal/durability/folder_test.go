//go:build linux

package durability

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // to spoil a database

	"github.com/reglue/reglue/internal/glue"
)

// reglue runs a command of the program and returns what it printed, and its exit
// code.
func (r *rig) reglue(args ...string) (stdout, stderr string, code int) {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), r.binary, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		r.t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// refused checks that a command fails and says all of the words.
func (r *rig) refused(args []string, words ...string) {
	r.t.Helper()
	out, errs, code := r.reglue(args...)
	if code == 0 {
		r.t.Errorf("%v succeeded: %s", args, out)
	}
	for _, w := range words {
		if !strings.Contains(errs, w) {
			r.t.Errorf("%v says %q, not %q", args, errs, w)
		}
	}
	if strings.Contains(errs, "goroutine ") || strings.Count(errs, "\n") > 3 {
		r.t.Errorf("%v says too much: %s", args, errs)
	}
}

func (r *rig) serveArgs() []string {
	return []string{"serve", "--data", r.data, "--listen", "127.0.0.1:0"}
}

func TestSecondServer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.start()
	r.createJobs(job{name: "one"})
	r.createWorkflow("w", "one")
	r.refused(r.serveArgs(), "another owner", first.url, fmt.Sprint(first.pid()), "--data")
	if run := r.ended("w", r.startRun("w")); outcome(run) != "COMPLETED one=SUCCEEDED" {
		t.Errorf("the first server: %s", outcome(run))
	}
}

// TestReadingWithoutOwner looks at a run that a crash has left behind. Commands
// that read tell what is stored, start nothing and change nothing.
func TestReadingWithoutOwner(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	gate := r.fifo("gate")
	r.createJobs(job{name: "held", does: "wait:" + gate}, job{name: "next"})
	r.createWorkflow("w", "held", "held=SUCCEEDED | held=FAILED -> next")
	id := r.startRun("w")
	r.began(1)
	r.server().kill()
	r.killRunners()
	before := r.jobFiles()
	for _, args := range [][]string{
		{"runs"}, {"runs", "w"}, {"show", "w"}, {"why", "w", "next"}, {"graph", "w"}, {"logs", "w", "held"},
		{"show", "w", "-o", "json"}, {"resume", "w", "--failed", "--plan"},
	} {
		out, errs, code := r.reglue(append(args, "--data", r.data)...)
		// There is nothing to resume yet; the others succeed.
		if refused := args[0] == "resume"; (code == 0) == refused || strings.Contains(errs, "goroutine ") {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
	}
	if out, _, _ := r.reglue("show", "w", "--data", r.data); !strings.Contains(out, "held") || !strings.Contains(out, "No process owns the data folder") {
		t.Errorf("the crashed run is shown as\n%s", out)
	}
	if after := r.jobFiles(); after != before || len(runners(r.data)) > 0 {
		t.Errorf("reading commands changed job folders or started a runner:\n%s\n%s", before, after)
	}
	none := filepath.Join(r.dir, "none")
	r.refused([]string{"runs", "--data", none}, "no reglue data", "reglue serve")
	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Errorf("a reading command made a folder: %v", err)
	}
	r.start()
	if run := r.ended("w", id); outcome(run) != "COMPLETED held=FAILED next=SUCCEEDED" {
		t.Error(outcome(run))
	}
	r.audit("w")
}

// jobFiles lists the files below the job folders.
func (r *rig) jobFiles() string {
	r.t.Helper()
	var files []string
	err := filepath.WalkDir(filepath.Join(r.data, "jobs"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			info, ierr := d.Info()
			files, err = append(files, fmt.Sprintf("%s %d", path, info.Size())), ierr
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.Join(files, "\n")
}

// TestUnusableDatabase: one that is damaged, cut off or newer is refused with
// what to do, and stays as it is.
func TestUnusableDatabase(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, path string)
		words []string
	}{
		"newer": {addVersion, []string{"schema version 999", "this reglue knows only up to", "newer one"}},
		"not a database": {func(t *testing.T, path string) {
			writeAt(t, path, 0, bytes.Repeat([]byte("no database "), 100))
		}, []string{"damaged or not a reglue database", "restore a copy"}},
		"damaged inside": {func(t *testing.T, path string) {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			writeAt(t, path, 100, bytes.Repeat([]byte{0xff}, int(info.Size())-100))
		}, []string{"damaged or not a reglue database", "restore a copy"}},
		"cut off": {func(t *testing.T, path string) {
			if err := os.Truncate(path, 5000); err != nil {
				t.Fatal(err)
			}
		}, []string{"damaged or not a reglue database", "restore a copy"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.start()
			r.createJobs(job{name: "one"})
			r.createWorkflow("w", "one")
			r.terminate()
			path := filepath.Join(r.data, "reglue.db")
			tc.spoil(t, path)
			before := sum(t, path)
			r.refused(r.serveArgs(), append(tc.words, "reglue.db")...)
			r.refused([]string{"runs", "--data", r.data}, tc.words[0])
			if sum(t, path) != before {
				t.Error("the file was changed")
			}
		})
	}
}

// addVersion marks a database as one of a later program.
func addVersion(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("INSERT INTO migrations (version, name, applied) VALUES (999, 'later', 0)"); err != nil {
		t.Fatal(err)
	}
}

func writeAt(t *testing.T, path string, at int64, data []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(data, at); err != nil {
		t.Fatal(err)
	}
}

func sum(t *testing.T, path string) [sha256.Size]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(data)
}

// TestLongArgument: what the system cannot pass to a process fails that job run
// alone, and says which argument it is. One byte less runs.
func TestLongArgument(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	r.createJobs(job{name: "one"})
	const most = 131072 - 1 // Linux counts the terminating zero
	for extra, want := range map[int]string{
		0: "",
		1: "argument --big has 131072 bytes; this system takes at most 131071 in one argument. Put the value into a file",
	} {
		var out glue.StartJobRunResponse
		r.must("StartJobRun", glue.StartJobRunRequest{JobName: "one", Arguments: map[string]string{"--big": strings.Repeat("x", most+extra)}}, &out)
		var got glue.GetJobRunResponse
		eventually(t, "the end of the job run", func() bool {
			r.must("GetJobRun", glue.GetJobRunRequest{JobName: "one", RunId: out.JobRunId}, &got)
			return !got.JobRun.CompletedOn.IsZero()
		})
		state, lines := glue.JobRunStateSucceeded, 1
		if want != "" {
			state, lines = glue.JobRunStateFailed, 0
		}
		if got.JobRun.JobRunState != state || !strings.Contains(got.JobRun.ErrorMessage, want) || r.journalCount()[out.JobRunId] != lines {
			t.Errorf("%d bytes: %s %q", most+extra, got.JobRun.JobRunState, got.JobRun.ErrorMessage)
		}
	}
}
