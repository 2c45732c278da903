package runner

import (
	"bufio"
	"encoding/json"
	"net"
	"sync"
	"syscall"
	"time"
)

// protocolVersion changes when a start request does. Everything else is kept
// understandable for good, because a new server must be able to stop the jobs
// of an old runner and hear their end; and so is the claim file. Runners below
// oldestProtocol had claims of another form.
const (
	protocolVersion = 2
	oldestProtocol  = 2
)

// hello is the first line on every connection, from the runner.
type hello struct {
	Protocol int    `json:"protocol"`
	Instance string `json:"instance"`
	PID      int    `json:"pid"`
	Build    string `json:"build"`
}

// The operations of a request.
const (
	opStart  = "start"
	opStop   = "stop"
	opRetire = "retire" // take no new jobs and end with the last one
)

type request struct {
	Op    string        `json:"op"`
	ID    string        `json:"id,omitempty"`
	Dir   string        `json:"dir,omitempty"`
	Spec  *Spec         `json:"spec,omitempty"`
	Grace time.Duration `json:"grace_ns,omitempty"`
}

// EventKind says what a runner reports.
type EventKind string

// The kinds of events.
const (
	// EventStarted: the process runs since At. Of one that ends at once only the end
	// is told.
	EventStarted EventKind = "started"
	EventEnded   EventKind = "ended" // Exit says how; it is written and soon synced
	// EventRefused: nothing was started and nothing is left; the same start
	// may be asked for again. Error says what was missing.
	EventRefused EventKind = "refused"
	// EventClaimed: somebody claimed the job run before; its folder tells.
	EventClaimed EventKind = "claimed"
	// EventGone: the runner is dead and every job it held is lost, unless its
	// folder has an exit. ID is empty.
	EventGone EventKind = "gone"
)

// Event is what a server learns from a runner.
type Event struct {
	Kind   EventKind `json:"kind"`
	ID     string    `json:"id,omitempty"`
	Runner string    `json:"runner,omitempty"` // the instance that speaks
	At     time.Time `json:"at,omitzero"`
	Exit   *Exit     `json:"exit,omitempty"`
	Error  string    `json:"error,omitempty"`
}

// line is a connection that carries JSON lines. Sending never blocks.
type line struct {
	conn net.Conn
	in   *bufio.Reader
	raw  syscall.RawConn // nil when conn has none

	mu      sync.Mutex
	out     [][]byte
	writing bool          // what was queued before
	wake    chan struct{} // of size one: a dropped wake-up is one already due
	closed  bool
	quiet   chan struct{} // closed when the writer is done
}

func newLine(conn net.Conn) *line {
	l := &line{conn: conn, in: bufio.NewReader(conn), wake: make(chan struct{}, 1), quiet: make(chan struct{})}
	if c, ok := conn.(syscall.Conn); ok {
		l.raw, _ = c.SyscallConn() // without it the writer writes all
	}
	go l.write()
	return l
}

func (l *line) send(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return net.ErrClosed
	}
	data = append(data, '\n')
	if len(l.out) == 0 && !l.writing {
		data = data[l.writeNow(data):]
	}
	if len(data) == 0 {
		return nil
	}
	l.out = append(l.out, data)
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return nil
}

// writeNow writes what the other side takes at once: mostly all, and then nobody
// needs to wake up for it.
func (l *line) writeNow(data []byte) (n int) {
	if l.raw == nil {
		return 0
	}
	_ = l.raw.Write(func(fd uintptr) bool {
		n, _ = syscall.Write(int(fd), data) // who writes the rest finds the error, too
		return true
	})
	return max(n, 0)
}

// write sends what is queued until the line is closed, and then the rest.
func (l *line) write() {
	defer close(l.quiet)
	for range l.wake {
		l.mu.Lock()
		out := net.Buffers(l.out)
		l.out, l.writing = nil, true
		l.mu.Unlock()
		_, err := out.WriteTo(l.conn)
		l.mu.Lock()
		l.writing = false
		l.mu.Unlock()
		if err != nil {
			l.close()
			return
		}
	}
}

// finish sends what is queued, unless the other side does not take it, and
// closes.
func (l *line) finish() {
	_ = l.conn.SetWriteDeadline(time.Now().Add(time.Second)) // unix sockets take deadlines
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.wake)
	}
	l.mu.Unlock()
	<-l.quiet
	_ = l.conn.Close()
}

func (l *line) receive(v any) error {
	data, err := l.in.ReadBytes('\n')
	if err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		close(l.wake)
		_ = l.conn.Close()
	}
}
