package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// python knows interpreters: it asks each once, and again when the folders that
// it imports from have changed.
type python struct {
	named string // by the user; empty means the python3 on PATH

	mu    sync.Mutex
	known map[string]*checked
}

// checked is what one interpreter with one PYTHONPATH said.
type checked struct {
	mu     sync.Mutex // held while the interpreter is asked
	info   interpreter
	stamps map[string]string
}

// interpreter is what runs scripts.
type interpreter struct {
	program  string // to start
	Version  string `json:"version"` // empty when it is not Python
	Program  string `json:"program"`
	Path     []string
	Botocore string `json:"botocore"` // empty when there is none
	Where    string `json:"where"`
}

const (
	checkTime = time.Minute
	checkMark = "reglue-check "
	checkCode = `import json, sys
r = {"version": "%d.%d.%d" % sys.version_info[:3], "program": sys.executable, "path": sys.path}
try:
    import botocore
    r["botocore"] = str(getattr(botocore, "__version__", "unknown"))
    r["where"] = str(getattr(botocore, "__file__", ""))
except ImportError:
    pass
sys.stdout.write("\n` + checkMark + `" + json.dumps(r) + "\n")
`
)

// check returns the interpreter as it is with that PYTHONPATH. A program that is
// not Python is taken as it is.
func (p *python) check(ctx context.Context, pythonPath []string, env map[string]string) (interpreter, error) {
	program, err := p.find()
	if err != nil {
		return interpreter{}, err
	}
	list := strings.Join(pythonPath, string(os.PathListSeparator))
	p.mu.Lock()
	key := program + "\x00" + list
	c := p.known[key]
	if c == nil {
		if p.known == nil {
			p.known = map[string]*checked{}
		}
		c = &checked{}
		p.known[key] = c
	}
	p.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stamps != nil && fresh(c.stamps) {
		return c.info, nil
	}
	info, err := ask(ctx, program, append(settings(env), "PYTHONPATH="+list))
	if err != nil {
		return info, err
	}
	if p.named == "" && info.Program != "" {
		// What python3 on PATH leads to, past the wrappers of version managers.
		info.program = info.Program
	}
	c.info, c.stamps = info, map[string]string{}
	for _, path := range append(info.Path, program, info.program, info.Where) {
		c.stamps[path] = stampOf(path)
	}
	return info, nil
}

func (p *python) find() (string, error) {
	name := p.named
	if name == "" {
		name = "python3"
	}
	path, err := exec.LookPath(name)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return "", problemf("The Python interpreter %q was not found: %v. Install Python 3, or choose another interpreter with --python.", name, unwrapExec(err))
	}
	return path, nil
}

// ask runs the interpreter once.
func ask(ctx context.Context, program string, env []string) (interpreter, error) {
	info := interpreter{program: program}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	cmd := command(ctx, program, "-c", checkCode)
	cmd.Env, cmd.Dir = env, os.TempDir()
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return info, problemf("%s did not answer within %s when it was asked for its version; the script was not started.", program, checkTime)
	case ctx.Err() != nil:
		return info, ctx.Err()
	case err != nil && !errors.As(err, &exit):
		return info, fatal(fmt.Errorf("start %s: %w", program, err))
	}
	// Python prints the answer; any other program did what it does with -c.
	if _, answer, ok := strings.Cut(string(out), "\n"+checkMark); ok {
		answer, _, _ = strings.Cut(answer, "\n")
		if err := json.Unmarshal([]byte(answer), &info); err != nil {
			return info, problemf("%s gave an answer that cannot be read: %v", program, err)
		}
	}
	return info, nil
}

// obeys refuses an interpreter whose botocore does not read the variables that
// lead its calls here.
func (i interpreter) obeys() error {
	if i.Botocore == "" {
		return nil
	}
	var major, minor int
	if _, err := fmt.Sscanf(i.Botocore, "%d.%d", &major, &minor); err == nil && (major > 1 || major == 1 && minor >= 31) {
		return nil
	}
	return problemf("The script was not started: botocore %s (%s) ignores AWS_ENDPOINT_URL_GLUE, so the job's calls would have gone to the real AWS. "+
		"Upgrade it for %s (pip install 'botocore>=1.31', with boto3 1.28 or newer), or choose another interpreter with --python.",
		i.Botocore, filepath.Dir(i.Where), i.program)
}

// command is exec.CommandContext with a process group that ends as a whole.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	return cmd
}

func fresh(stamps map[string]string) bool {
	for path, stamp := range stamps {
		if stampOf(path) != stamp {
			return false
		}
	}
	return true
}

// stampOf changes when what a folder holds, or a file, does.
func stampOf(path string) string {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || path == "" {
		return "none"
	}
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %d", info.ModTime().UnixNano(), info.Size())
}

func unwrapExec(err error) error {
	var e *exec.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
