package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// EnvJobRunID is the environment variable by which every process of a job is
// recognised. The runner sets it; a Spec need not.
const EnvJobRunID = "REGLUE_JOB_RUN_ID"

// What lies beside the folder of a job run.
const (
	claimSuffix  = ".claim"
	stdoutSuffix = ".stdout.log"
	stderrSuffix = ".stderr.log"
	tmpSuffix    = ".tmp"
)

// Spec says what to run. It reaches the runner over its socket and no disk, since
// the environment may hold credentials.
type Spec struct {
	Argv []string `json:"argv"` // Argv[0] is the path of the program
	Env  []string `json:"env,omitempty"`
	// Dir is the working folder; empty means that of the job run.
	Dir string `json:"dir,omitempty"`
	// Timeout counts from the start of the process; zero means none.
	Timeout time.Duration `json:"timeout_ns,omitempty"`
	// Grace lies between TERM and KILL when the timeout is over.
	Grace time.Duration `json:"grace_ns,omitempty"`
	// LogLimit bounds each of the two logs in bytes; zero means DefaultLogLimit.
	LogLimit int64 `json:"log_limit,omitempty"`
	// Notes are the caller's own; the Claim keeps them.
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

// idPattern has no dot: names with one lie beside the folders of job runs.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,199}$`)

// JobDir is the folder of a job run, in which it works. The runner makes it, and
// gives it to another job run when nothing was ever left in it.
func JobDir(dataDir, id string) string {
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(dataDir, "jobs", hex.EncodeToString(sum[:1]), id)
}

// ClaimedID is the job run that a file beside the folders of job runs is the claim
// of.
func ClaimedID(name string) (id string, ok bool) {
	id, ok = strings.CutSuffix(name, claimSuffix)
	return id, ok && idPattern.MatchString(id)
}

// LogPaths are the two log files of a job run. They need not exist: each comes
// with the first byte that is written.
func LogPaths(dataDir, id string) (stdout, stderr string) {
	dir := JobDir(dataDir, id)
	return dir + stdoutSuffix, dir + stderrSuffix
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

// Sweep removes the folders and the logs of job runs that were over before a time.
func Sweep(dataDir string, before time.Time) error {
	jobs := filepath.Join(dataDir, "jobs", "*")
	claims, err := filepath.Glob(filepath.Join(jobs, "*"+claimSuffix))
	if err != nil {
		return err
	}
	var errs []error
	for _, claim := range claims {
		dir := strings.TrimSuffix(claim, claimSuffix)
		if old(claim, before) && over(dir) {
			// The claim goes last: without it the job run would count as not started.
			errs = append(errs, removeAll(dir, dir+stdoutSuffix, dir+stderrSuffix, claim))
		}
	}
	// A crash leaves the temporary name of a claim that was not made.
	tmps, err := filepath.Glob(filepath.Join(filepath.Dir(jobs), "*"+tmpSuffix))
	for _, tmp := range tmps {
		if old(tmp, before) {
			errs = append(errs, removeAll(tmp))
		}
	}
	return errors.Join(append(errs, err)...)
}

func old(path string, before time.Time) bool {
	info, err := os.Stat(path)
	return err == nil && info.ModTime().Before(before)
}

func over(dir string) bool {
	st, err := Inspect(dir)
	return err == nil && st.Exit != nil
}

// removeAll stops at the first that cannot be removed.
func removeAll(paths ...string) error {
	for _, path := range paths {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}
