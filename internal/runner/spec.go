package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// EnvJobRunID is the environment variable by which every process of a job is
// recognised. The runner sets it; a Spec need not.
const EnvJobRunID = "REGLUE_JOB_RUN_ID"

// The files of a job run's folder.
const (
	specFile   = "spec.json"
	envFile    = "env.json"
	claimFile  = "claim"
	exitFile   = "exit"
	stdoutFile = "stdout.log"
	stderrFile = "stderr.log"
)

// Spec says what to run. It reaches the runner as a file of the job run's
// folder, so neither arguments nor secrets show in a process list.
type Spec struct {
	ID   string   `json:"id"`
	Argv []string `json:"argv"` // Argv[0] is the path of the program
	Env  []string `json:"env,omitempty"`
	Dir  string   `json:"dir"`
	// Timeout counts from the start of the process; zero means none.
	Timeout time.Duration `json:"timeout_ns,omitempty"`
	// Grace lies between TERM and KILL when the timeout is over.
	Grace time.Duration `json:"grace_ns,omitempty"`
	// LogLimit bounds each of the two logs in bytes; zero means DefaultLogLimit.
	LogLimit int64 `json:"log_limit,omitempty"`
	// Notes are the caller's own; the runner only keeps them.
	Notes map[string]string `json:"notes,omitempty"`
}

// DefaultLogLimit is how much of each output stream is kept.
const DefaultLogLimit = 1 << 30

// Reason says why a job run is over.
type Reason string

// The reasons of an end.
const (
	Exited      Reason = "exited"       // by itself: see Code and Signal
	TimedOut    Reason = "timeout"      // its Timeout was over
	Stopped     Reason = "stopped"      // on request, perhaps before it started
	StartFailed Reason = "start-failed" // the program could not be started
	Lost        Reason = "lost"         // its runner died
)

// Exit is the outcome of a job run. Once written it never changes.
type Exit struct {
	Reason Reason `json:"reason"`
	Code   int    `json:"code"`
	// Signal is the number of the signal that ended the process, else zero.
	Signal  int    `json:"signal,omitempty"`
	Message string `json:"message,omitempty"`
	// StderrTail is the end of standard error, kept when the process failed: it
	// survives a disk too full for logs.
	StderrTail string `json:"stderr_tail,omitempty"`
	// StartedAt is zero when no process ran.
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at"`
	// Ran is by a monotonic clock.
	Ran time.Duration `json:"ran_ns"`
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$`)

// JobDir is the folder of a job run.
func JobDir(dataDir, id string) string {
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(dataDir, "jobs", hex.EncodeToString(sum[:1]), id)
}

// LogPaths are the two log files of a job run. They need not exist.
func LogPaths(dataDir, id string) (stdout, stderr string) {
	dir := JobDir(dataDir, id)
	return filepath.Join(dir, stdoutFile), filepath.Join(dir, stderrFile)
}

// MakeJobDir creates the folder of a job run and returns it. Connect has made
// the folders above it durable.
func MakeJobDir(dataDir, id string) (string, error) {
	if !idPattern.MatchString(id) {
		return "", fmt.Errorf("job run id %q cannot name a folder", id)
	}
	dir := JobDir(dataDir, id)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return dir, nil
}

// makeShards creates the folders over which job runs are spread, all at once so
// that no start pays for one.
func makeShards(dataDir string) error {
	jobs := filepath.Join(dataDir, "jobs")
	if err := os.MkdirAll(jobs, 0o700); err != nil {
		return err
	}
	made := false
	for i := range 256 {
		err := os.Mkdir(filepath.Join(jobs, fmt.Sprintf("%02x", i)), 0o700)
		if err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		made = made || err == nil
	}
	if !made {
		return nil
	}
	return errors.Join(syncDir(jobs), syncDir(dataDir))
}

// WriteSpec puts the spec where the runner will look for it. It need not be
// durable: without a claim the job run never started and gets a new one. The
// environment may hold credentials, so it has a file of its own, which goes when the
// job is over.
func WriteSpec(dir string, s Spec) error {
	if err := writeJSON(filepath.Join(dir, envFile), s.Env); err != nil {
		return err
	}
	s.Env = nil
	return writeJSON(filepath.Join(dir, specFile), s)
}

func writeJSON(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// ReadSpec reads what WriteSpec wrote; the environment is missing once the job
// is over.
func ReadSpec(dir string) (Spec, error) {
	var s Spec
	if err := readJSON(filepath.Join(dir, specFile), &s); err != nil {
		return s, err
	}
	if err := readJSON(filepath.Join(dir, envFile), &s.Env); err != nil && !errors.Is(err, os.ErrNotExist) {
		return s, err
	}
	if len(s.Argv) == 0 {
		return s, fmt.Errorf("%s names no program", filepath.Join(dir, specFile))
	}
	return s, nil
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Sweep removes the folders of job runs that were over before a time, with
// their logs.
func Sweep(dataDir string, before time.Time) error {
	exits, err := filepath.Glob(filepath.Join(dataDir, "jobs", "*", "*", exitFile))
	if err != nil {
		return err
	}
	var errs []error
	for _, exit := range exits {
		info, err := os.Stat(exit)
		if err == nil && info.ModTime().Before(before) {
			errs = append(errs, os.RemoveAll(filepath.Dir(exit)))
		}
	}
	return errors.Join(errs...)
}
