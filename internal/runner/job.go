package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/reglue/reglue/internal/failpoint"
)

// job is one job run in the hands of this runner.
type job struct {
	id, dir string
	spec    Spec
	host    *host
	log     *slog.Logger

	stopOnce sync.Once
	stop     chan struct{} // closed by the first stop
	grace    time.Duration // of that stop

	claimed   *claimed // while it holds the claim
	journaled bool     // that claim, rather than synced
	streams   *streams // to be closed by keep, nil if there are none
	exit      *Exit
	alone     bool // when it ended, nothing could be left in its folder

	mu      sync.Mutex
	started time.Time // zero until the process runs
}

func (j *job) askStop(grace time.Duration) {
	j.stopOnce.Do(func() {
		j.grace = grace
		close(j.stop)
	})
}

func (j *job) stopAsked() bool {
	select {
	case <-j.stop:
		return true
	default:
		return false
	}
}

func (j *job) startedAt() time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.started
}

// run takes the job run from its claim to its exit and returns what is to be told.
// The exit is durable once keep has returned.
func (j *job) run() Event {
	failpoint.Hit(FailBeforeClaim)
	c := Claim{
		Runner: j.host.instance, PID: j.host.pid, Boot: j.host.boot, At: time.Now().UTC(),
		Timeout: j.spec.Timeout, Notes: j.spec.Notes,
	}
	claim, err := j.host.blanks.claim(j.dir, &c)
	if errors.Is(err, fs.ErrExist) {
		return Event{Kind: EventClaimed, ID: j.id}
	}
	if err != nil {
		return j.refused(err)
	}
	j.claimed = claim
	var s *streams
	made := make(chan error, 1)
	go func() { // while the claim becomes durable
		err := j.host.folders.take(j.dir)
		if err == nil {
			s, err = openStreams(j.dir, j.spec.LogLimit)
		}
		made <- err
	}()
	err = j.keepClaim(&c)
	missing := <-made
	if missing == nil {
		j.streams = s
	}
	if err != nil {
		return j.refused(err)
	}
	failpoint.Hit(FailAfterClaim)
	var exit Exit
	if missing == nil {
		exit, missing = j.process(s)
	}
	if missing != nil {
		uerr := j.unclaim()
		if uerr == nil {
			return j.refused(missing)
		}
		j.log.Error("cannot take back a claim", "error", uerr)
		exit = Exit{Reason: StartFailed, Code: -1, Message: explainStart(missing, j.spec), EndedAt: time.Now().UTC()}
	}
	failpoint.Hit(FailBeforeExit)
	j.putExit(exit)
	failpoint.Hit(FailAfterExit)
	if s != nil {
		s.markLost() // there was room for the exit, so perhaps for this
	}
	return Event{Kind: EventEnded, ID: j.id, Exit: j.exit}
}

// keepClaim makes the claim durable, or takes it back.
func (j *job) keepClaim(c *Claim) error {
	if j.journaled = j.host.journal.add(record{ID: j.id, Claim: c}, false) == nil; j.journaled {
		return nil
	}
	err := j.claimed.sync()
	if err != nil {
		j.claimed.close()
		err = errors.Join(err, os.Remove(j.claimed.path))
	}
	return err
}

// unclaim takes back a claim under which nothing was started.
func (j *job) unclaim() error {
	if j.journaled {
		if err := j.host.journal.add(record{ID: j.id, Unclaimed: true}, false); err != nil {
			return err
		}
	}
	if err := Unclaim(j.dir); err != nil {
		return err
	}
	j.claimed.close()
	return nil
}

func (j *job) refused(err error) Event {
	j.log.Warn("job not started", "error", err)
	return Event{Kind: EventRefused, ID: j.id, Error: err.Error()}
}

// process runs the claimed job to its end. An error means that nothing ran, for
// want of something that may come back.
func (j *job) process(s *streams) (Exit, error) {
	now := time.Now()
	if j.stopAsked() {
		return Exit{Reason: Stopped, EndedAt: now.UTC()}, nil
	}
	if j.spec.Dir == "" {
		j.spec.Dir = j.dir
	}
	ch, err := j.host.children.start(j.spec.Argv, &syscall.ProcAttr{
		Dir:   j.spec.Dir,
		Env:   append(withoutVar(j.spec.Env, EnvJobRunID), EnvJobRunID+"="+j.id),
		Files: []uintptr{j.host.null.Fd(), uintptr(s.out.w), uintptr(s.err.w)},
	})
	if err != nil && scarce(err) {
		return Exit{}, err
	}
	if err != nil {
		return Exit{Reason: StartFailed, Code: -1, Message: explainStart(err, j.spec), EndedAt: now.UTC()}, nil
	}
	failpoint.Hit(FailAfterFork)
	started := time.Now()
	j.mu.Lock()
	j.started = started
	j.mu.Unlock()
	s.copy()
	go j.host.blanks.fill() // for the next one, while this one runs
	e := Exit{Reason: j.watch(ch), StartedAt: started.UTC()}
	ended := time.Now()
	e.Ran, e.EndedAt = ended.Sub(started), started.Add(ended.Sub(started)).UTC()
	e.Code, e.Signal = ch.status.ExitStatus(), 0
	if ch.status.Signaled() {
		e.Signal = int(ch.status.Signal())
	}
	j.alone = !ch.leftovers
	if ch.leftovers {
		if err := EndAll(j.id); err != nil {
			j.log.Error("leftovers of a job", "error", err)
		}
	}
	s.drain()
	if e.Code != 0 {
		e.StderrTail = string(s.err.file.lastBytes())
	}
	return e, nil
}

// startedTime is how long it takes until a server is told that a process runs. If it
// has ended by then, the end tells that, too.
const startedTime = 5 * time.Millisecond

// watch waits for the end of the main process and brings it about when the job
// is stopped or its time is over.
func (j *job) watch(ch *child) Reason {
	started := time.NewTimer(startedTime)
	defer started.Stop()
	var timeout, kill <-chan time.Time
	if j.spec.Timeout > 0 {
		timer := time.NewTimer(j.spec.Timeout)
		defer timer.Stop()
		timeout = timer.C
	}
	reason, stop := Exited, j.stop
	end := func(why Reason, grace time.Duration) {
		reason, stop, timeout = why, nil, nil
		j.signal(ch, syscall.SIGTERM)
		timer := time.NewTimer(grace)
		kill = timer.C
	}
	for {
		select {
		case <-ch.ended:
			return reason
		case <-started.C:
			j.host.tell(Event{Kind: EventStarted, ID: j.id, At: j.startedAt().UTC()})
		case <-stop:
			end(Stopped, j.grace)
		case <-timeout:
			end(TimedOut, j.spec.Grace)
		case <-kill:
			kill = nil
			j.signal(ch, syscall.SIGKILL)
		}
	}
}

// signal reaches the process group and everything that left it.
func (j *job) signal(ch *child, sig syscall.Signal) {
	j.host.children.signal(ch, sig)
	if err := signalCarriers(j.id, sig); err != nil {
		j.log.Error("cannot look for processes that left the group of the job", "error", err)
	}
}

// putExit writes the exit, however long the disk stays full.
func (j *job) putExit(e Exit) {
	j.exit = &e
	j.insist("cannot write the exit of a job", func() error { return j.claimed.putExit(e) })
}

// keep does what may follow the report: it makes the exit durable, if there is one.
// Soon is enough where a server was told, which keeps it, too.
func (j *job) keep(told bool) {
	if j.streams != nil {
		j.streams.close()
	}
	if j.exit == nil {
		return
	}
	defer j.claimed.close()
	if j.alone {
		j.host.folders.give(j.dir)
	}
	if j.host.journal.add(record{ID: j.id, Exit: j.exit}, told) != nil {
		j.insist("cannot sync the exit of a job", j.claimed.sync)
	}
}

// insist tries until it succeeds.
func (j *job) insist(failed string, try func() error) {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := try()
		if err == nil {
			return
		}
		j.log.Error(failed, "error", err)
		time.Sleep(wait) // no event tells that a disk has room again
	}
}

// scarce reports whether a process could not be started for want of something
// that others may give back.
func scarce(err error) bool {
	for _, e := range []syscall.Errno{syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.EIO, syscall.ENOSPC} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// explainStart says what was wrong with a program that cannot be started.
func explainStart(err error, spec Spec) string {
	if i := slices.IndexFunc(spec.Argv, func(arg string) bool { return strings.ContainsRune(arg, 0) }); i >= 0 {
		return fmt.Sprintf("cannot start %s: argument %s holds a NUL character, which no program can be given", spec.Argv[0], argumentName(spec.Argv, i))
	}
	if !errors.Is(err, syscall.E2BIG) {
		if _, serr := os.Stat(spec.Dir); serr != nil {
			return fmt.Sprintf("cannot start %s: its working folder: %v", spec.Argv[0], serr)
		}
		return fmt.Sprintf("cannot start %s: %v", spec.Argv[0], unwrapSyscall(err))
	}
	total := 0
	for i, arg := range append(append([]string{}, spec.Argv...), spec.Env...) {
		total += len(arg) + 1
		if len(arg)+1 <= maxArgument {
			continue
		}
		if i >= len(spec.Argv) {
			name, _, _ := cutVar(arg)
			return fmt.Sprintf("cannot start %s: the environment variable %s has %d bytes; this system takes at most %d in one",
				spec.Argv[0], name, len(arg), maxArgument-1)
		}
		return fmt.Sprintf("cannot start %s: argument %s has %d bytes; this system takes at most %d in one argument. "+
			"Put the value into a file or an object and pass its name", spec.Argv[0], argumentName(spec.Argv, i), len(arg), maxArgument-1)
	}
	return fmt.Sprintf("cannot start %s: arguments and environment have %d bytes together, more than this system takes. "+
		"Put large values into files or objects and pass their names", spec.Argv[0], total)
}

// maxArgument is Linux's MAX_ARG_STRLEN, the terminating zero included.
const maxArgument = 131072

// argumentName is the --key before a value, else the position.
func argumentName(argv []string, i int) string {
	if i > 0 && len(argv[i-1]) > 2 && len(argv[i-1]) < 300 && argv[i-1][:2] == "--" {
		return argv[i-1]
	}
	return fmt.Sprintf("number %d", i)
}

func unwrapSyscall(err error) error {
	var se *os.SyscallError
	if errors.As(err, &se) {
		return se.Err
	}
	return err
}
