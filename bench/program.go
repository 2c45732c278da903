package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	glueclient "github.com/aws/aws-sdk-go-v2/service/glue"

	"github.com/reglue/reglue/internal/executor/executortest"
)

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

// program is `reglue serve` in a process of its own.
type program struct {
	cmd      *exec.Cmd
	endpoint string
	client   *glueclient.Client
	ready    time.Duration
}

var built string

// startProgram builds reglue once, serves the folder, and waits for the first
// answer.
func startProgram(ctx context.Context, r *run, data string, args ...string) (*program, error) {
	if built == "" {
		built = filepath.Join(filepath.Dir(r.dir), "reglue")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", built, "github.com/reglue/reglue/cmd/reglue").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build: %w: %s", err, out)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	p := &program{endpoint: "http://" + addr, client: newClient("http://" + addr)}
	p.cmd = exec.CommandContext(ctx, built, append([]string{"serve", "--listen", addr, "--data", data}, args...)...)
	p.cmd.Stderr = os.Stderr
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for {
		_, err := rawCall(ctx, p.endpoint, "ListWorkflows", "{}")
		if err == nil {
			p.ready = time.Since(begin)
			return p, nil
		}
		if time.Since(begin) > 20*time.Second {
			return nil, fmt.Errorf("the server does not answer: %w", err)
		}
		time.Sleep(time.Millisecond)
	}
}

func (p *program) stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// status is a line of /proc/PID/status in KiB; NaN-free zero where there is none.
func (p *program) status(field string) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			v, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return v
		}
	}
	return 0
}

// cpu is the processor time the process has used, in seconds.
func (p *program) cpu() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	user, _ := strconv.ParseFloat(f[11], 64)
	sys, _ := strconv.ParseFloat(f[12], 64)
	return (user + sys) / 100
}

// rawCall sends a request and reads the answer.
func rawCall(ctx context.Context, endpoint, op, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AWSGlue."+op)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var answer bytes.Buffer
	answer.Grow(int(max(0, resp.ContentLength)) + bytes.MinRead)
	_, err = answer.ReadFrom(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: status %d: %s", op, resp.StatusCode, answer.Bytes())
	}
	return answer.Bytes(), err
}

// finished makes a folder with n ended runs of a workflow.
func finished(ctx context.Context, data string, nodes, n int) (id string, err error) {
	h, err := newHost(ctx, data, &executortest.Instant{})
	if err != nil {
		return "", err
	}
	if err := h.define(ctx, "w", chainOf(nodes)); err != nil {
		return "", err
	}
	ids := make([]string, n)
	if err := each(n, 256, func(i int) (err error) {
		ids[i], err = h.engine.StartWorkflowRun(ctx, call, "w", nil)
		return err
	}); err != nil {
		return "", err
	}
	for _, id := range ids {
		if err := h.wait(ctx, "w", id); err != nil {
			return "", err
		}
	}
	return ids[n-1], h.close()
}

// getRun asks for a run of 100 nodes with its graph, over and over.
func getRun(ctx context.Context, r *run) error {
	id, err := finished(ctx, r.dir, 50, 1) // 50 triggers and 50 jobs
	if err != nil {
		return err
	}
	p, err := startProgram(ctx, r, filepath.Join(r.dir, "data"))
	if err != nil {
		return err
	}
	body := fmt.Sprintf(`{"Name":"w","RunId":%q,"IncludeGraph":true}`, id)
	answer, err := rawCall(ctx, p.endpoint, "GetWorkflowRun", body)
	if err != nil {
		return err
	}
	n := r.size(10_000, 300)
	cpu, begin := p.cpu(), time.Now()
	if err := each(n, 4, func(int) error {
		_, err := rawCall(ctx, p.endpoint, "GetWorkflowRun", body)
		return err
	}); err != nil {
		return err
	}
	wall, cpu := time.Since(begin).Seconds(), p.cpu()-cpu
	r.say("requests, client on the same machine", float64(n)/wall, "a second")
	r.say("requests a second of the server's processor", float64(n)/cpu, "a second")
	r.say("the server's share of one processor", 100*cpu/wall, "%")
	r.say("answer", float64(len(answer))/1024, "KiB")
	return p.stop()
}

// ready serves a folder that has seen many runs.
func ready(ctx context.Context, r *run) error {
	if _, err := finished(ctx, r.dir, 3, r.size(10_000, 200)); err != nil {
		return err
	}
	var took []float64
	rss := 0.0
	for range 3 {
		p, err := startProgram(ctx, r, filepath.Join(r.dir, "data"))
		if err != nil {
			return err
		}
		took = append(took, p.ready.Seconds())
		rss = p.status("VmRSS")
		if err := p.stop(); err != nil {
			return err
		}
	}
	r.say("from start to the first answer", median(took)*1e3, "ms")
	r.say("resident, idle", rss/1024, "MiB")
	return nil
}
