package spark

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/reglue/reglue/internal/runner"
)

// Jobs of a workflow run that are to be run alike can share one Spark, which its
// first job starts and which ends by itself once it is idle. job.py runs a script in a
// session of its own there.
//
//go:embed session/*.py
var sessionFiles embed.FS

const (
	sessionJob    = "session/job.py"
	sessionServer = "session/server.py"
	sessionFolder = "sessions"
	sessionLock   = "lock"
	sessionSocket = "socket"

	// SessionMark is in the folder of a job run that is a session: its Spark uses S3
	// under the id of the workflow run.
	SessionMark = ".reglue-session"
	envSpark    = "REGLUE_SPARK_START"
)

// ofOneJob are the variables that a Spark of several jobs must not have.
var ofOneJob = []string{"AWS_ENDPOINT_URL_GLUE", runner.EnvJobRunID}

// start is what the first job of a session starts.
type start struct {
	Argv []string          `json:"argv"`
	Env  map[string]string `json:"env"`
}

func prepareSessions(home string) error {
	if err := os.MkdirAll(filepath.Join(home, filepath.Dir(sessionJob)), 0o700); err != nil {
		return err
	}
	for _, name := range []string{sessionJob, sessionServer} {
		b, err := sessionFiles.ReadFile(name)
		if err != nil {
			return err
		}
		if err := ensure(filepath.Join(home, name), b); err != nil {
			return err
		}
	}
	return nil
}

// shares reports whether a job runs in a session of a Spark of its workflow run.
func (p *Planner) shares(j *Job) bool {
	_, local := p.Settings.Local()
	if !p.Settings.Warm || !local || j.Command != CommandETL || j.WorkflowRunID == "" || j.scala() {
		return false
	}
	// A metastore that asks whose a client is knows jobs alone.
	return !j.on(argCatalog) || p.Settings.MetastoreConf == nil
}

// shared says how to run a job as a session.
func (p *Planner) shared(j Job) (Plan, error) {
	server := j
	server.JobName, server.JobRunID = j.WorkflowName, j.WorkflowRunID
	server.Script, server.Args = filepath.Join(j.Home, sessionServer), nil
	server.Env = maps.Clone(j.Env)
	maps.Copy(server.Env, j.SessionEnv)
	maps.DeleteFunc(server.Env, func(name, _ string) bool { return slices.Contains(ofOneJob, name) })
	server.Arguments = maps.Clone(j.Arguments)
	if server.on(argUI) {
		delete(server.Arguments, argUI) // its port would be that of one job
		server.Arguments[argEventLogs] = EventDir(j.Home)
	}
	server.Scratch = ""
	alike, err := p.submission(server)
	if err != nil {
		return Plan{}, err
	}
	server.Scratch = filepath.Join(j.Home, sessionFolder, alike.key())
	s, err := p.submission(server)
	if err != nil {
		return Plan{}, err
	}
	first, err := json.Marshal(start{s.argv, s.env})
	if err != nil {
		return Plan{}, err
	}
	env := maps.Clone(s.env)
	maps.Copy(env, j.Env)
	env[envSpark] = string(first)
	if own := p.Runtime.pythonPath(); own != "" {
		env["PYTHONPATH"] = strings.Trim(env["PYTHONPATH"]+string(os.PathListSeparator)+own, string(os.PathListSeparator))
	}
	detail := s.detail + ", kept warm for the workflow run"
	command := []string{p.Runtime.Python, filepath.Join(j.Home, sessionJob), server.Scratch, j.Script}
	return Plan{Argv: j.launch(detail, append(command, j.Args...)), Env: env, Detail: detail}, nil
}

// key is the same for submissions that one Spark can serve.
func (s submission) key() string {
	sum := sha256.New()
	for _, arg := range s.argv {
		fmt.Fprintf(sum, "%q\n", arg)
	}
	for _, name := range slices.Sorted(maps.Keys(s.env)) {
		fmt.Fprintf(sum, "%q\n", name+"="+s.env[name])
	}
	return hex.EncodeToString(sum.Sum(nil))[:32]
}

// SweepSessions removes what was left by warm Sparks that were killed.
func SweepSessions(home string) error {
	folders, err := os.ReadDir(filepath.Join(home, sessionFolder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, f := range folders {
		errs = append(errs, sweepSession(filepath.Join(home, sessionFolder, f.Name())))
	}
	return errors.Join(errs...)
}

func sweepSession(folder string) error {
	lock, err := os.OpenFile(filepath.Join(folder, sessionLock), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return nil // a job starts or joins it
	}
	if alive(folder) {
		return nil
	}
	return os.RemoveAll(folder)
}

// alive reports whether a warm Spark may answer: a path that is too long to ask by
// says nothing.
func alive(folder string) bool {
	c, err := net.Dial("unix", filepath.Join(folder, sessionSocket))
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED)
	}
	_ = c.Close() // it only asked
	return true
}
