package spark

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

const (
	// installedMark is the file that a whole installation has.
	installedMark = "reglue-spark.json"
	// installingMark is the file that a half one has, locked while it goes on.
	installingMark = ".installing"
)

// Install says what to install.
type Install struct {
	// Dir is the folder of the runtime; empty means DefaultDir.
	Dir string
	// With are further formats: see Formats.
	With []string
	// Python is the interpreter of the runtime; empty: look for one that fits.
	Python string
	// Maven is the address of a Maven repository to use for the central one.
	Maven string
	// Say tells of each step; Output takes what pip and Spark write.
	Say    func(format string, args ...any)
	Getenv func(string) string
}

// installed is what the mark of an installation says.
type installed struct {
	Packages []string `json:"packages"`
	With     []string `json:"with,omitempty"`
}

// DefaultDir is where Run installs unless told otherwise: below the user's folder
// for caches.
func DefaultDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "reglue", "spark"), nil
}

// Formats are what With knows.
func Formats() []string { return slices.Sorted(maps.Keys(formatJars)) }

// Run installs a Spark: pyspark in a venv of its own, and jars. It can be killed at
// any moment and repeated; what is whole already is kept. It returns the folder.
func (in *Install) Run(ctx context.Context) (dir string, err error) {
	if err := in.complete(); err != nil {
		return "", err
	}
	want := installed{Packages: pythonPackages, With: in.With}
	if have, ok := in.have(); ok && slices.Equal(have.Packages, want.Packages) {
		for _, f := range have.With {
			if !slices.Contains(want.With, f) {
				want.With = append(want.With, f)
			}
		}
		slices.Sort(want.With)
		if slices.Equal(have.With, want.With) {
			in.Say("%s holds Spark %s already", in.Dir, Installed)
			return in.Dir, nil
		}
	}
	in.With = want.With
	if _, err := findJava(Installed, in.Getenv); err != nil {
		return "", err
	}
	release, err := in.begin()
	if err != nil {
		return "", err
	}
	defer release()
	if err := in.venv(ctx); err != nil {
		return "", err
	}
	if err := in.jars(ctx); err != nil {
		return "", err
	}
	return in.Dir, in.end(want)
}

func (in *Install) complete() error {
	if in.Say == nil {
		in.Say = func(string, ...any) {}
	}
	for i, f := range in.With {
		in.With[i] = strings.ToLower(strings.TrimSpace(f))
		if _, ok := formatJars[in.With[i]]; !ok {
			return fmt.Errorf("--with knows %s, not %q", strings.Join(Formats(), ", "), f)
		}
	}
	slices.Sort(in.With)
	in.With = slices.Compact(in.With)
	if in.Dir == "" {
		dir, err := DefaultDir()
		if err != nil {
			return fmt.Errorf("%w: name a folder with --to", err)
		}
		in.Dir = dir
	}
	dir, err := filepath.Abs(in.Dir)
	in.Dir = dir
	return err
}

func (in *Install) have() (installed, bool) {
	var have installed
	text, err := os.ReadFile(filepath.Join(in.Dir, installedMark))
	return have, err == nil && json.Unmarshal(text, &have) == nil
}

// begin takes the folder for this installation.
func (in *Install) begin() (release func(), err error) {
	entries, err := os.ReadDir(in.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	ours := slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return e.Name() == installedMark || e.Name() == installingMark
	})
	if len(entries) > 0 && !ours {
		return nil, fmt.Errorf("%s holds other things: choose a folder of its own with --to", in.Dir)
	}
	if err := os.MkdirAll(in.Dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(in.Dir, installingMark), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("another installation into %s goes on: wait for its end", in.Dir)
	}
	return func() { _ = f.Close() }, nil
}

// end marks the installation as whole.
func (in *Install) end(what installed) error {
	text, err := json.Marshal(what)
	if err != nil {
		return err
	}
	syscall.Sync() // or a crash of the machine leaves names without content
	if err := ensure(filepath.Join(in.Dir, installedMark), append(text, '\n')); err != nil {
		return err
	}
	return os.Remove(filepath.Join(in.Dir, installingMark))
}

// half reports whether a folder holds an installation that did not come to its end.
// What was whole stays so while something is added.
func half(dir string) bool {
	_, begun := os.Stat(filepath.Join(dir, installingMark))
	_, whole := os.Stat(filepath.Join(dir, installedMark))
	return begun == nil && whole != nil
}
