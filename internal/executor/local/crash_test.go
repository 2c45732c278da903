package local

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/executortest"
	"github.com/reglue/reglue/internal/failpoint"
	"github.com/reglue/reglue/internal/runner"
)

// TestRunnerDies kills the runner at each of its fail points, under an executor
// that stays and under one that comes after.
func TestRunnerDies(t *testing.T) {
	for point, tc := range map[string]struct {
		state executor.State
		runs  int
	}{
		runner.FailBeforeClaim: {executor.Succeeded, 1},
		runner.FailAfterClaim:  {executor.Failed, 0},
		runner.FailAfterFork:   {executor.Failed, -1}, // it may have come to its line, or not
		runner.FailBeforeExit:  {executor.Failed, 1},
		runner.FailAfterExit:   {executor.Succeeded, 1},
	} {
		t.Run(strings.TrimPrefix(point, "runner."), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *Options) { o.Runner.Env = []string{failpoint.Env + "=" + point} })
			runs := filepath.Join(r.dir, "runs")
			s := r.run("a", "open('"+runs+"', 'a').write('run\\n')")
			if tc.state == executor.Succeeded && tc.runs == 1 && point == runner.FailBeforeClaim {
				// It would die again and again: wait until it did once.
				r.Reaches(s.JobRunID, executor.Waiting)
			} else {
				r.End(s.JobRunID)
			}
			r.Close()
			r.open()
			r.Start(s)
			end := r.End(s.JobRunID)
			if end.State != tc.state || (end.State == executor.Failed && !strings.HasPrefix(end.Message, "The process that ran this job is gone")) {
				t.Errorf("%+v", end)
			}
			data, err := os.ReadFile(runs)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if got := strings.Count(string(data), "run\n"); tc.runs >= 0 && got != tc.runs {
				t.Errorf("ran %d times, want %d", got, tc.runs)
			}
		})
	}
}

const envServer = "TEST_SERVER"

// serverMain is a server in a process of its own: it starts the jobs that its
// arguments name, says each report, and waits to be killed.
func serverMain(data string, scripts []string) int {
	x, err := New(Options{DataDir: data, Files: disk{}, Runner: runner.Options{}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for i, script := range scripts {
		x.Start(crashSpec(i, data, script))
	}
	err = x.Run(testContext(), func(r executor.Report) { fmt.Println(r.State) })
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func crashSpec(i int, data, script string) executor.Spec {
	return executor.Spec{
		JobRunID: fmt.Sprintf("jr_crash%d-%s", i, filepath.Base(filepath.Dir(data))), JobName: "job", Command: "pythonshell", ScriptLocation: script,
	}
}

// TestServerDiesOften kills a server again and again while its jobs start and
// end. Each job runs exactly once and its outcome is found.
func TestServerDiesOften(t *testing.T) {
	t.Parallel()
	data, dir := t.TempDir(), t.TempDir()
	runs := filepath.Join(dir, "runs")
	var scripts []string
	const jobs = 12
	for i := range jobs {
		scripts = append(scripts, write(t, filepath.Join(dir, fmt.Sprint(i), "job.py"),
			fmt.Sprintf("import sys, time\nopen('%s', 'a').write('%d\\n')\ntime.sleep(%d / 50)\nsys.exit(%d)", runs, i, i, i)))
	}
	for kill := range 8 {
		cmd := exec.Command(os.Args[0], scripts...)
		cmd.Env = append(os.Environ(), envServer+"="+data)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Each time it comes a little further.
		for range kill {
			if _, err := fmt.Fscanln(out, new(string)); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
	}
	srv := executortest.Serve(t, open(t, options(t, data)))
	for i, script := range scripts {
		srv.Start(crashSpec(i, data, script))
	}
	for i := range scripts {
		state, message := executor.Failed, fmt.Sprintf("Command failed with exit code %d", i)
		if i == 0 {
			state, message = executor.Succeeded, ""
		}
		srv.Ends(crashSpec(i, data, "").JobRunID, state, message)
	}
	got := strings.Fields(read(t, runs))
	slices.Sort(got)
	if len(got) != jobs || len(slices.Compact(got)) != jobs {
		t.Errorf("runs: %v", got)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestSlots(t *testing.T) {
	t.Parallel()
	one := func(o *Options) { o.MaxJobs = 1 }
	r := newRig(t, one)
	gate, order := filepath.Join(r.dir, "gate"), filepath.Join(r.dir, "order")
	if err := syscall.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	first := r.run("a", "open('"+gate+"').read()\nopen('"+order+"', 'a').write('a')")
	r.Reaches(first.JobRunID, executor.Running)
	later := []executor.Spec{first}
	for _, id := range []string{"b", "c", "d"} {
		s := r.run(id, "open('"+order+"', 'a').write('"+id+"')")
		if w := r.Reaches(s.JobRunID, executor.Waiting); w.Detail != "waiting for one of 1 local job slots" {
			t.Errorf("%+v", w)
		}
		later = append(later, s)
	}
	r.Stop(later[2].JobRunID)
	r.Ends(later[2].JobRunID, executor.Stopped, "")
	r.Close()
	r.open(one)
	for _, s := range later {
		r.Start(s)
	}
	r.Reaches(later[3].JobRunID, executor.Waiting)
	if err := os.WriteFile(gate, nil, 0); err != nil {
		t.Fatal(err)
	}
	for _, s := range later {
		r.End(s.JobRunID)
	}
	if got := read(t, order); got != "abd" {
		t.Errorf("order %q", got)
	}
}

// TestStopWhilePreparing stops an attempt whose interpreter is still being asked.
func TestStopWhilePreparing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	asked := filepath.Join(dir, "asked")
	if err := syscall.Mkfifo(asked, 0o600); err != nil {
		t.Fatal(err)
	}
	slow := write(t, filepath.Join(dir, "slow"), "#!/bin/sh\necho asked > "+asked+"\nsleep 1000\n")
	if err := os.Chmod(slow, 0o700); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(o *Options) { o.Python = slow })
	s := r.run("a", "")
	if got := read(t, asked); got != "asked\n" {
		t.Fatal(got)
	}
	r.Stop(s.JobRunID)
	r.Ends(s.JobRunID, executor.Stopped, "")
}
