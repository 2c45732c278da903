package runner

import (
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// child is the main process of a job. Its pid is also its process group and its
// session.
type child struct {
	pid    int
	ended  chan struct{} // closed once the rest is known
	status syscall.WaitStatus
	// leftovers reports that something that job may have left was running when
	// it ended.
	leftovers bool
}

// children forks the jobs and reaps every child of this process, also those it
// inherits as a subreaper.
type children struct {
	// fork is held for reading while a process is forked and its pid is noted,
	// and for writing while the dead are reaped: so no pid is noted after its
	// process was reaped, and none is signalled either.
	fork sync.RWMutex

	mu    sync.Mutex
	mains map[int]*child
	// forked has size one: a dropped signal is one already due.
	forked chan struct{}
	// blind is set once a child could not be followed.
	blind atomic.Bool
}

func newChildren() *children {
	return &children{mains: map[int]*child{}, forked: make(chan struct{}, 1)}
}

// start runs argv in a session of its own with the three files as its standard
// streams.
func (c *children) start(argv []string, attr *syscall.ProcAttr) (*child, error) {
	attr.Sys = &syscall.SysProcAttr{Setsid: true}
	handle := wantHandle(attr.Sys)
	c.fork.RLock()
	defer c.fork.RUnlock()
	pid, err := syscall.ForkExec(argv[0], argv, attr)
	if err != nil {
		return nil, os.NewSyscallError("exec", err)
	}
	ch := &child{pid: pid, ended: make(chan struct{})}
	c.mu.Lock()
	c.mains[pid] = ch
	c.mu.Unlock()
	c.follow(handle)
	select {
	case c.forked <- struct{}{}:
	default:
	}
	return ch, nil
}

// signal reaches the process group of a child that has not been reaped.
func (c *children) signal(ch *child, sig syscall.Signal) {
	c.fork.RLock()
	defer c.fork.RUnlock()
	select {
	case <-ch.ended:
	default:
		_ = syscall.Kill(-ch.pid, sig) // it may have ended: then there is nothing to do
	}
}

func (c *children) reapAll() {
	c.fork.Lock()
	defer c.fork.Unlock()
	var ended []*child
	var alone bool
	for {
		pid, status, last := reapOne(c.endGroup)
		if alone = last; pid == 0 {
			break
		}
		c.mu.Lock()
		if ch := c.mains[pid]; ch != nil {
			ch.status = status
			ended = append(ended, ch)
			delete(c.mains, pid)
		}
		c.mu.Unlock()
	}
	if len(ended) == 0 {
		return
	}
	leftovers := !alone && c.adopted()
	for _, ch := range ended {
		ch.leftovers = leftovers
		close(ch.ended)
	}
}

// endGroup kills what a main process leaves in its group. Where the system lets
// us, it runs before the main process is reaped, while its pid cannot name
// anything else.
func (c *children) endGroup(pid int) {
	c.mu.Lock()
	ch := c.mains[pid]
	c.mu.Unlock()
	if ch != nil {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}

// isMain reports whether pid is the main process of a running job.
func (c *children) isMain(pid int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mains[pid] != nil
}
