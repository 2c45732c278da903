package spark

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// pythons are the minor versions of Python 3 that the pinned packages have builds
// for, best first: Glue 5 has 3.11.
var pythons = []int{11, 10, 12, 9}

// venv makes the venv with its packages, if there is none that has them.
func (in *Install) venv(ctx context.Context) error {
	venv := filepath.Join(in.Dir, "venv")
	done := filepath.Join(venv, ".packages")
	want := strings.Join(pythonPackages, "\n")
	if have, err := os.ReadFile(done); err == nil && string(have) == want {
		return nil
	}
	python, err := in.python(ctx)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(venv, "bin/pip")); err != nil {
		in.Say("making a venv with %s", python)
		if err := os.RemoveAll(venv); err != nil {
			return err
		}
		if out, err := run(ctx, nil, python, "-m", "venv", venv); err != nil {
			return fmt.Errorf("%s could not make a venv: %s; on Debian and Ubuntu it is in a package of its own (apt install python3-venv)",
				python, lastOf(out, err))
		}
	}
	in.Say("installing pyspark %s and the Python packages; pyspark has 300 MB", Installed)
	args := append([]string{"-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--quiet", "--retries", "10"}, pythonPackages...)
	if out, err := run(ctx, nil, filepath.Join(venv, "bin/python"), args...); err != nil {
		return fmt.Errorf("pip could not install the packages: %s; what it has is kept, so try again. "+
			"pip's own settings (PIP_INDEX_URL, PIP_PROXY, pip.conf) hold here", lastOf(out, err))
	}
	return ensure(done, []byte(want))
}

// python is the interpreter to make the venv with.
func (in *Install) python(ctx context.Context) (string, error) {
	candidates := []string{in.Python}
	if in.Python == "" {
		candidates = nil
		for _, v := range pythons {
			candidates = append(candidates, fmt.Sprintf("python3.%d", v))
		}
		candidates = slices.Insert(candidates, 1, "python3") // the usual one before older and newer
	}
	var seen []string
	for _, c := range candidates {
		out, err := run(ctx, nil, c, "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
		version := strings.TrimSpace(out)
		if err != nil {
			continue
		}
		if slices.ContainsFunc(pythons, func(v int) bool { return version == fmt.Sprintf("3.%d", v) }) {
			return c, nil
		}
		seen = append(seen, c+" is Python "+version)
	}
	what := "none was found"
	if len(seen) > 0 {
		what = strings.Join(seen, ", ")
	} else if in.Python != "" {
		what = in.Python + " is none"
	}
	return "", fmt.Errorf("no fitting Python: Spark %s needs 3.9 to 3.12, and %s: install Python 3.11, or name one with --python", Installed, what)
}

// run runs a program of an installation and returns what it wrote.
func run(ctx context.Context, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	err := cmd.Run()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return both.String(), err
}

// lastOf picks the line in which a program says what is wrong.
func lastOf(out string, err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	last := ""
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "ERROR:") || line != "" && !strings.HasPrefix(last, "ERROR:") {
			last = line
		}
	}
	if last == "" {
		return err.Error()
	}
	return last
}
