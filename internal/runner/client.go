package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// helloTime bounds the wait for a runner that accepts but does not speak.
const helloTime = 30 * time.Second

// endTime bounds the wait for the end of a runner that has no job.
const endTime = 2 * time.Second

// Options say how a server meets its runners. DataDir and Events are required.
type Options struct {
	DataDir string
	// Events is called for each event, in order for each runner and from
	// several goroutines. It must not block.
	Events func(Event)
	// Log takes what nobody else is told; nil means none.
	Log *slog.Logger
	// Idle is how long a runner waits for a server when it has no job; zero
	// means ten seconds.
	Idle time.Duration
	// Build overrides the identity of the executable, by which a server knows
	// a runner of its own version.
	Build string
	// Env is added to the environment of a runner that is started.
	Env []string
}

// Client is a server's connection to the runners of a data folder.
type Client struct {
	opts Options
	dir  string // DATA/runner

	starting sync.Mutex // one runner is started at a time

	mu      sync.Mutex
	links   map[string]*link // by instance; alive ones only
	current *link            // takes new jobs; nil until there is one
	closed  bool
	wg      sync.WaitGroup
}

// link is the connection to one runner.
type link struct {
	hello
	line *line
	proc *os.Process // set when this process started it
}

// Connect prepares the data folder for jobs and meets every runner that lives in
// it. It starts none and retires those of another build.
func Connect(ctx context.Context, opts Options) (*Client, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Build == "" {
		opts.Build = buildID()
	}
	data, err := filepath.Abs(opts.DataDir)
	if err != nil {
		return nil, err
	}
	opts.DataDir = data
	c := &Client{opts: opts, dir: filepath.Join(data, "runner"), links: map[string]*link{}}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return nil, err
	}
	if err := makeShards(data); err != nil {
		return nil, err
	}
	lock, err := c.lockStart()
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		// A loss of power may leave one without the other.
		instance, ok := strings.CutSuffix(e.Name(), lockSuffix)
		if !ok {
			instance, ok = strings.CutSuffix(e.Name(), journalSuffix)
		}
		if !ok || e.Name() == startLock || c.Alive(instance) {
			continue
		}
		if err := c.meet(ctx, instance); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// meet connects to a living runner and clears away a dead one. One that holds its
// lock but cannot be reached is about to listen, or about to be gone: its server
// or itself may have been killed a moment ago. No event tells which.
func (c *Client) meet(ctx context.Context, instance string) error {
	for end := time.Now().Add(helloTime); ; time.Sleep(5 * time.Millisecond) {
		if dead, err := c.clearDead(instance, syscall.LOCK_NB); dead || err != nil {
			return err
		}
		l, err := c.reach(ctx, instance)
		if err == nil && l.Protocol < oldestProtocol {
			return c.outlive(l)
		}
		if err == nil {
			c.add(l)
			return nil
		}
		if ctx.Err() != nil || time.Now().After(end) {
			return fmt.Errorf("a runner lives in %s but cannot be reached: %w", c.dir, err)
		}
	}
}

// outlive retires a runner whose claims cannot be read here, and waits a moment
// for its end. One with jobs stays: to go on would start them again.
func (c *Client) outlive(l *link) error {
	defer l.line.close()
	_ = l.line.send(request{Op: opRetire})                   // fails when it is gone: as good
	_ = l.line.conn.SetReadDeadline(time.Now().Add(endTime)) // unix sockets take deadlines
	for {
		var e Event
		err := l.line.receive(&e)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("a runner of an earlier reglue (process %d) still has jobs in %s and this reglue cannot take them over: "+
				"wait until they are over, or go on with the earlier reglue", l.PID, c.opts.DataDir)
		}
		if err != nil {
			_, err = c.clearDead(l.Instance, 0)
			return err
		}
	}
}

// reach dials a runner and hears its hello.
func (c *Client) reach(ctx context.Context, instance string) (*link, error) {
	var conn net.Conn
	err := dialIn(c.dir, instance+sockSuffix, func(path string) (err error) {
		conn, err = (&net.Dialer{}).DialContext(ctx, "unix", path)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.greet(conn)
}

// greet reads the hello of a runner.
func (c *Client) greet(conn net.Conn) (*link, error) {
	l := &link{line: newLine(conn)}
	_ = conn.SetReadDeadline(time.Now().Add(helloTime)) // unix sockets take deadlines
	if err := l.line.receive(&l.hello); err != nil {
		l.line.close()
		return nil, fmt.Errorf("a runner in %s does not answer: %w", c.dir, err)
	}
	_ = conn.SetReadDeadline(time.Time{})
	return l, nil
}

// add takes a runner in and listens to it.
func (c *Client) add(l *link) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		l.line.close()
		return
	}
	c.links[l.Instance] = l
	c.wg.Go(func() { c.listen(l) })
	ours := l.Build == c.opts.Build && l.Protocol == protocolVersion && c.current == nil
	if ours {
		c.current = l
	}
	c.mu.Unlock()
	if !ours {
		_ = l.line.send(request{Op: opRetire}) // fails when it is gone: as good
	}
}

func (c *Client) listen(l *link) {
	for {
		var e Event
		if err := l.line.receive(&e); err != nil {
			l.line.close()
			break
		}
		e.Runner = l.Instance
		c.opts.Events(e)
	}
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return
	}
	// The lock outlives the connection until the last process that was being
	// forked is a process of its job.
	if _, err := c.clearDead(l.Instance, 0); err != nil {
		c.opts.Log.Error("the next start has to clear a dead runner away", "error", err)
	}
	if l.proc != nil {
		_, _ = l.proc.Wait() // only to leave no zombie
	}
	c.mu.Lock()
	delete(c.links, l.Instance)
	if c.current == l {
		c.current = nil
	}
	c.mu.Unlock()
	c.opts.Log.Info("runner gone", "instance", l.Instance, "pid", l.PID)
	c.opts.Events(Event{Kind: EventGone, Runner: l.Instance, At: time.Now().UTC()})
}

// clearDead brings in the journal of a runner and removes its files, if it can
// have its lock.
func (c *Client) clearDead(instance string, how int) (dead bool, err error) {
	path := filepath.Join(c.dir, instance)
	lock, err := lockFile(path+lockSuffix, syscall.LOCK_EX|how)
	if err != nil {
		return false, nil //nolint:nilerr // it lives
	}
	defer lock.Close()
	if err := restore(path+journalSuffix, c.opts.DataDir); err != nil {
		return true, fmt.Errorf("bring in the journal of a runner that is gone: %w", err)
	}
	c.wg.Go(func() { // the sync may take long, and nothing needs to wait for it
		if err := removeJournal(path+journalSuffix, c.opts.DataDir); err != nil {
			c.opts.Log.Warn("the next start has to bring in the journal of a runner again", "error", err)
		}
	})
	_ = os.Remove(path + sockSuffix) // absent when it never listened
	_ = os.Remove(path + lockSuffix)
	return true, nil
}

// Start asks for a job run and returns the instance that takes it, having started
// a runner if there is none. The outcome comes as events; an error means that
// nobody was asked.
func (c *Client) Start(id string, spec Spec) (string, error) {
	if !idPattern.MatchString(id) {
		return "", fmt.Errorf("job run id %q cannot name a folder", id)
	}
	if len(spec.Argv) == 0 {
		return "", fmt.Errorf("job run %s names no program", id)
	}
	l, err := c.runner()
	if err != nil {
		return "", err
	}
	if err := l.line.send(request{Op: opStart, ID: id, Dir: JobDir(c.opts.DataDir, id), Spec: &spec}); err != nil {
		return "", fmt.Errorf("ask the runner: %w", err)
	}
	return l.Instance, nil
}

// Stop asks a runner to end a job run: TERM, then KILL after the grace. It
// reports whether that runner is alive.
func (c *Client) Stop(instance, id string, grace time.Duration) bool {
	c.mu.Lock()
	l := c.links[instance]
	c.mu.Unlock()
	return l != nil && l.line.send(request{Op: opStop, ID: id, Grace: grace}) == nil
}

// Alive reports whether the runner of that instance lives. Only the owner of the
// data folder starts runners, so one that we do not know is dead.
func (c *Client) Alive(instance string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.links[instance] != nil
}

// PIDs are the processes of the living runners, for whoever looks after them.
func (c *Client) PIDs() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	var pids []int
	for _, l := range c.links {
		pids = append(pids, l.PID)
	}
	return pids
}

// Close leaves the runners alone with their jobs. No event comes after it.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	for _, l := range c.links {
		l.line.close()
		if l.proc != nil {
			_ = l.proc.Release()
		}
	}
	c.mu.Unlock()
	c.wg.Wait()
	return nil
}

func (c *Client) lockStart() (*os.File, error) {
	return lockFile(filepath.Join(c.dir, startLock), syscall.LOCK_EX)
}

// dialIn calls f with a path to the socket that the system accepts: such paths
// have room for about a hundred bytes.
func dialIn(dir, name string, f func(path string) error) error {
	if path := filepath.Join(dir, name); len(path) < 100 {
		return f(path)
	}
	return shortDir(dir, func(short string) error { return f(filepath.Join(short, name)) })
}
