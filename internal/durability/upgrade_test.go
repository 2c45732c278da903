//go:build linux

package durability

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/reglue/reglue/internal/glue"
)

// heldFlow defines a workflow whose first job waits at a fifo.
func (r *rig) heldFlow() (fifo string) {
	r.t.Helper()
	fifo = r.fifo("gate")
	r.createJobs(job{name: "held", does: "wait:" + fifo}, job{name: "next"}, job{name: "free"})
	r.createWorkflow("w", "held", "held=SUCCEEDED -> next")
	return fifo
}

const heldWell = "COMPLETED held=SUCCEEDED next=SUCCEEDED"

// TestTermination: SIGTERM lets the request finish that is under way and leaves
// the job running; it ends while no server runs, and the next one finds that.
func TestTermination(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.start()
	gate := r.heldFlow()
	id := r.startRun("w")
	r.began(1)

	body := `{"JobName":"free"}`
	conn, answer := r.halfRequest("StartJobRun", body)
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	r.closedPort()
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(answer, nil)
	if err != nil {
		t.Fatalf("the request under way was not answered: %v", err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !bytes.Contains(text, []byte("jr_")) {
		t.Errorf("%d %s %v", resp.StatusCode, text, err)
	}
	<-s.gone
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	held := carriers(func(id string) bool { return r.journalCount()[id] > 0 })
	if len(held) == 0 {
		t.Fatal("the job ended with the server")
	}
	r.release(gate)
	eventually(t, "the end of the job without a server", func() bool {
		return len(carriers(func(id string) bool { return r.journalCount()[id] > 0 })) == 0
	})
	r.start()
	if run := r.ended("w", id); outcome(run) != heldWell {
		t.Error(outcome(run))
	}
	eventually(t, "the end of the job that the last request started", func() bool {
		var out glue.GetJobRunsResponse
		r.must("GetJobRuns", glue.GetJobRunsRequest{JobName: "free"}, &out)
		return len(out.JobRuns) == 1 && out.JobRuns[0].JobRunState == glue.JobRunStateSucceeded
	})
}

// halfRequest sends a request up to its body, once the server waits for that.
func (r *rig) halfRequest(op, body string) (net.Conn, *bufio.Reader) {
	r.t.Helper()
	addr := strings.TrimPrefix(r.server().url, "http://")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AWSGlue.%s\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", addr, op, len(body))
	in := bufio.NewReader(conn)
	line, err := in.ReadString('\n')
	if err != nil || !strings.Contains(line, "100 Continue") {
		r.t.Fatalf("%q %v", line, err)
	}
	if _, err := in.ReadString('\n'); err != nil {
		r.t.Fatal(err)
	}
	return conn, in
}

// closedPort returns once the server takes no more connections.
func (r *rig) closedPort() {
	r.t.Helper()
	eventually(r.t, "the end of new connections", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.server().url, "http://"))
		return err != nil || conn.Close() != nil
	})
}

// TestReplacedProgram writes over the program's file while it runs: the runner
// and the server go on, and even a new runner is the old program.
func TestReplacedProgram(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ownProgram(program)
	r.start()
	gate := r.heldFlow()
	id := r.startRun("w")
	r.began(1)
	replace(t, r.binary, []byte("#!/bin/sh\nexit 1\n"))
	r.startFree(2)
	r.release(gate)
	if run := r.ended("w", id); outcome(run) != heldWell {
		t.Error(outcome(run))
	}
	r.killRunners()
	r.startFree(4)
	if code := r.terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestUpgrade starts another build on the folder: its jobs get a runner of that
// build, and the old one ends with its last job.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ownProgram(program)
	r.start()
	gate := r.heldFlow()
	id := r.startRun("w")
	r.began(1)
	old := runners(r.data)
	r.terminate()
	r.ownProgram(program) // a new file is a new build
	r.start()
	r.startFree(2)
	if now := runners(r.data); len(old) != 1 || len(now) != 2 {
		t.Errorf("runners %v, then %v: want one, and another beside it", old, now)
	}
	r.release(gate)
	if run := r.ended("w", id); outcome(run) != heldWell {
		t.Error(outcome(run))
	}
	eventually(t, "the end of the old runner", func() bool { return !alive(old[0]) })
	if now := runners(r.data); len(now) != 1 {
		t.Errorf("runners %v", now)
	}
}

// startFree runs the job free alone; the journal then has that many lines.
func (r *rig) startFree(lines int) {
	r.t.Helper()
	r.must("StartJobRun", glue.StartJobRunRequest{JobName: "free"}, nil)
	r.began(lines)
}

// ownProgram gives the rig a copy of the program.
func (r *rig) ownProgram(from string) {
	r.t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		r.t.Fatal(err)
	}
	r.binary = filepath.Join(r.dir, "reglue")
	replace(r.t, r.binary, data)
}

// replace puts a new file in the place of another, as installers do.
func replace(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}
