package runner

import (
	"bufio"
	"encoding/json"
	"net"
	"sync"
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
	EventStarted EventKind = "started" // the process runs since At
	EventEnded   EventKind = "ended"   // Exit says how; it is written and being synced
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

	mu     sync.Mutex
	out    [][]byte
	wake   chan struct{} // of size one: a dropped wake-up is one already due
	closed bool
	quiet  chan struct{} // closed when the writer is done
}

func newLine(conn net.Conn) *line {
	l := &line{conn: conn, in: bufio.NewReader(conn), wake: make(chan struct{}, 1), quiet: make(chan struct{})}
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
	l.out = append(l.out, append(data, '\n'))
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return nil
}

// write sends what is queued until the line is closed, and then the rest.
func (l *line) write() {
	defer close(l.quiet)
	for range l.wake {
		l.mu.Lock()
		out := net.Buffers(l.out)
		l.out = nil
		l.mu.Unlock()
		if _, err := out.WriteTo(l.conn); err != nil {
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
