package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/reglue/reglue/internal/failpoint"
)

// runner returns the runner that takes new jobs and starts it when there is
// none.
func (c *Client) runner() (*link, error) {
	c.starting.Lock()
	defer c.starting.Unlock()
	c.mu.Lock()
	l, closed := c.current, c.closed
	c.mu.Unlock()
	if closed {
		return nil, net.ErrClosed
	}
	if l != nil {
		return l, nil
	}
	lock, err := c.lockStart()
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	l, err = c.spawn()
	if err != nil {
		return nil, fmt.Errorf("start a runner: %w", err)
	}
	c.add(l)
	return l, nil
}

// spawn starts a runner in a session of its own, with a connection to us: it
// cannot end for want of a server before we have spoken.
func (c *Client) spawn() (*link, error) {
	exe, err := executable()
	if err != nil {
		return nil, err
	}
	ours, theirs, err := socketpair()
	if err != nil {
		return nil, err
	}
	local, remote := os.NewFile(uintptr(ours), "runner"), os.NewFile(uintptr(theirs), "server")
	defer local.Close()
	defer remote.Close()
	out, err := os.OpenFile(filepath.Join(c.dir, logName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := c.command(exe, out, remote)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	_ = remote.Close() // so that its end shows as EOF
	conn, err := net.FileConn(local)
	if err != nil {
		return nil, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	l, err := c.greet(conn)
	if err != nil {
		_ = cmd.Process.Kill() // it said nothing in time, or is dead
		return nil, errors.Join(fmt.Errorf("%w; see %s", err, out.Name()), cmd.Wait())
	}
	l.proc = cmd.Process
	c.opts.Log.Info("runner started", "instance", l.Instance, "pid", l.PID)
	return l, nil
}

// command is the command of a new runner; remote becomes its descriptor 3.
func (c *Client) command(exe string, out, remote *os.File) *exec.Cmd {
	idle := c.opts.Idle
	if idle <= 0 {
		idle = defaultIdle
	}
	return &exec.Cmd{
		Path:        exe,
		Args:        []string{os.Args[0], Command, "--build", c.opts.Build, "--idle", idle.String()},
		Env:         append(runnerEnv(os.Environ()), c.opts.Env...),
		Dir:         c.dir,
		Stdout:      out,
		Stderr:      out,
		ExtraFiles:  []*os.File{remote},
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
}

// runnerEnv is what a runner needs of the server's environment. Secrets of the
// server stay out; the environment of jobs comes with their specs.
func runnerEnv(env []string) []string {
	var kept []string
	for _, kv := range env {
		name, _, _ := cutVar(kv)
		switch {
		case name == "PATH", name == "HOME", name == "TMPDIR", name == "TZ", name == "LANG",
			name == failpoint.Env, name == EnvJobRunID, strings.HasPrefix(name, "GO"):
			kept = append(kept, kv)
		}
	}
	return kept
}

// buildID tells builds apart by the file that runs: a new installation is a new
// file.
func buildID() string {
	exe, err := executable()
	if err != nil {
		return "unknown"
	}
	info, err := os.Stat(exe)
	if err != nil {
		return "unknown"
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d %s", inode(info), info.Size(), info.ModTime().Format(time.RFC3339Nano)))
	return hex.EncodeToString(sum[:8])
}
