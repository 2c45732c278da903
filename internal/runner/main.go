package runner

import (
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Command is the hidden first argument that makes the binary a runner.
const Command = "__runner"

const defaultIdle = 10 * time.Second

// IsRunner reports whether this process was started as a runner. main asks it
// before anything else, and so does TestMain of packages that start jobs.
func IsRunner(args []string) bool {
	return len(args) > 1 && args[1] == Command
}

// Main runs a runner until nobody needs it and returns its exit code. The
// arguments are those after Command; the working folder is DATA/runner and file
// descriptor 3 is the connection of the server that started it.
func Main(args []string) int {
	flags := flag.NewFlagSet(Command, flag.ContinueOnError)
	build := flags.String("build", "", "identity of the executable")
	idle := flags.Duration("idle", defaultIdle, "how long to wait for a server when there is no job")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("runner_pid", os.Getpid())
	if err := hostJobs(log, *build, *idle); err != nil {
		log.Error("runner", "error", err)
		return 1
	}
	return 0
}

// hostJobs hosts jobs in this process until nobody needs it.
func hostJobs(log *slog.Logger, build string, idle time.Duration) error {
	nameProcess()
	closeInherited()
	first, err := firstConn()
	if err != nil {
		return err
	}
	if err := becomeSubreaper(); err != nil {
		log.Warn("cannot adopt orphans", "error", err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	h := newHost(log, build, dir, null)
	h.catchSignals()
	// The lock says that this runner lives: it is held until the process ends.
	lock, err := lockFile(h.instance+lockSuffix, syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		return err
	}
	defer lock.Close()
	listener, err := net.Listen("unix", h.instance+sockSuffix) // relative, so short
	if err != nil {
		return fmt.Errorf("listen in the runner folder: %w", err)
	}
	h.journal.open()
	go h.accept(listener)
	log.Info("runner started", "instance", h.instance, "build", build)
	go h.serve(newLine(first))

	h.untilIdle(idle, h.mayEnd)
	h.sayGoodbye()
	h.blanks.drop()
	// The next server would clear them away, too, as it does the journal.
	_ = os.Remove(h.instance + sockSuffix)
	_ = os.Remove(h.instance + lockSuffix)
	log.Info("runner ends", "instance", h.instance)
	return nil
}

func newHost(log *slog.Logger, build, dir string, null *os.File) *host {
	instance := rand.Text()
	return &host{
		instance: instance,
		journal:  newJournal(filepath.Join(dir, instance+journalSuffix), filepath.Dir(dir), log),
		blanks:   newBlanks(filepath.Join(filepath.Dir(dir), "jobs"), instance),
		boot:     bootID(),
		build:    build,
		pid:      os.Getpid(),
		children: newChildren(),
		null:     null,
		log:      log,
		jobs:     map[string]*job{},
		lines:    map[*line]bool{},
		changed:  make(chan struct{}, 1),
	}
}

// catchSignals stays alive for the jobs and reaps them. Signals are caught rather
// than ignored, because jobs would inherit that; a shutdown of the machine
// reaches the jobs by itself, and we stay to note their end.
func (h *host) catchSignals() {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGXFSZ, syscall.SIGPIPE)
	go func() {
		for sig := range caught {
			h.log.Info("staying for the jobs", "signal", sig.String(), "jobs", h.running())
		}
	}()
	go h.children.reap()
}

// mayEnd takes the start lock, for the rest of this process, if nobody needs the
// runner any more. Servers connect under that lock, so while we hold it none is
// half-way in.
func (h *host) mayEnd() bool {
	lock, err := lockFile(startLock, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, fs.ErrNotExist) {
		return true // the data folder was removed
	}
	if err != nil {
		return false
	}
	if idle, _ := h.idle(); !idle {
		_ = lock.Close()
		return false
	}
	h.ending = lock
	return true
}

func (h *host) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			h.log.Warn("accept", "error", err)
			time.Sleep(100 * time.Millisecond) // out of descriptors, most likely
			continue
		}
		go h.serve(newLine(conn))
	}
}

// closeInherited closes what the server's own parent left open in it: a job, or
// this process, must not keep somebody's pipe open.
func closeInherited() {
	fds, err := os.ReadDir("/dev/fd")
	if err != nil {
		return
	}
	for _, entry := range fds {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd <= 3 {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = syscall.Close(fd)
		}
	}
}

// firstConn is the connection that the starting server left at descriptor 3.
func firstConn() (net.Conn, error) {
	syscall.CloseOnExec(3)
	f := os.NewFile(3, "server")
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("the runner is started by reglue itself, not by hand: %w", err)
	}
	return conn, nil
}

const (
	startLock  = "start.lock"
	lockSuffix = ".lock"
	sockSuffix = ".sock"
	logName    = "runner.log"

	journalSuffix = ".journal"
)

// lockFile opens a file and locks it as flock(2) does. Closing it unlocks it.
func lockFile(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(os.NewSyscallError("flock "+path, err), f.Close())
	}
	return f, nil
}
