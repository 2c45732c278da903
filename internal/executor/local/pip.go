package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sync/singleflight"
)

// pip installs the modules that jobs ask for, once for each list of them.
type pip struct {
	dir     string
	flights singleflight.Group
}

// request is what a job asks for.
type request struct {
	modules, options []string
	// keep copies a module that is a file and notes it.
	keep func(location string) (path string, err error)
}

// install returns a folder that holds the modules. A list without versions
// keeps the versions it first got.
func (p *pip) install(ctx context.Context, py interpreter, r request, env map[string]string) (string, error) {
	if py.Version == "" {
		return "", problemf("%s is not Python", py.program)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%q\n", py.program, py.Version, r.options)
	args := append([]string{"-m", "pip", "install", "--no-input", "--disable-pip-version-check"}, r.options...)
	for _, m := range r.modules {
		if strings.HasPrefix(m, "s3://") || strings.HasPrefix(m, "file://") {
			path, err := r.keep(m)
			if err != nil {
				return "", err
			}
			m = path // which holds the hash of the content
		}
		fmt.Fprintf(h, "%q\n", m)
		args = append(args, m)
	}
	target := filepath.Join(p.dir, hex.EncodeToString(h.Sum(nil))[:32])
	if _, err := os.Stat(target); err == nil {
		return target, nil
	}
	_, err, _ := p.flights.Do(target, func() (any, error) {
		return nil, p.run(ctx, py.program, args, target, env)
	})
	return target, err
}

func (p *pip) run(ctx context.Context, program string, args []string, target string, env map[string]string) error {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return fatal(err)
	}
	tmp, err := os.MkdirTemp(p.dir, ".install-*")
	if err != nil {
		return fatal(err)
	}
	defer os.RemoveAll(tmp) // fails after the rename, which is the good case
	cmd := command(ctx, program, append(args, "--target", tmp)...)
	cmd.Dir, cmd.Env = tmp, settings(env)
	for _, kv := range os.Environ() {
		if strings.HasPrefix(kv, "PIP_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return problemf("pip could not install the modules: %s", pipSays(string(out), err))
	}
	syscall.Sync() // or a crash of the machine leaves names without content
	if err := os.Rename(tmp, target); err != nil && !errors.Is(err, os.ErrExist) {
		return fatal(err)
	}
	return nil
}

// pipSays picks the line in which pip says what is wrong.
func pipSays(out string, err error) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.HasPrefix(lines[i], "ERROR:") {
			return lines[i]
		}
	}
	if last := lines[len(lines)-1]; last != "" {
		return last
	}
	return err.Error()
}
