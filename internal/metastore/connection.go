package metastore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"time"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/reglue/reglue/internal/metastore/hms"
)

// protocol is what is accepted of a client. A message without the protocol's version,
// such as a web page can send, is none.
var protocol = &thrift.TConfiguration{
	MaxMessageSize: maxMessage, MaxContainerSize: maxElements,
	TBinaryStrictRead: new(true), TBinaryStrictWrite: new(true),
}

// transport is a connection that reads no more than what is left of a message's size.
type transport struct {
	conn net.Conn
	in   *bufio.Reader
	out  *bufio.Writer
	left int
}

func newTransport(c net.Conn) *transport {
	t := &transport{conn: c, in: bufio.NewReader(c)}
	t.out = bufio.NewWriterSize(deadlineWriter{c}, 64<<10)
	return t
}

// deadlineWriter gives each write its time.
type deadlineWriter struct{ net.Conn }

func (w deadlineWriter) Write(p []byte) (int, error) {
	if err := w.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return 0, err
	}
	return w.Conn.Write(p)
}

func (t *transport) Read(p []byte) (int, error) {
	if t.left <= 0 {
		return 0, fmt.Errorf("a call is larger than %d bytes", maxMessage)
	}
	n, err := t.in.Read(p[:min(len(p), t.left)])
	t.left -= n
	return n, err
}

func (t *transport) Write(p []byte) (int, error) { return t.out.Write(p) }
func (t *transport) Flush(context.Context) error { return t.out.Flush() }
func (t *transport) RemainingBytes() uint64      { return uint64(max(t.left, 0)) }
func (t *transport) Open() error                 { return nil }
func (t *transport) IsOpen() bool                { return true }
func (t *transport) Close() error                { return t.conn.Close() }

// serve answers one connection, call by call, until either side ends it. What can't be
// read as a call ends it, and so does a panic.
func (s *Server) serve(ctx context.Context, c net.Conn) {
	t := newTransport(c)
	s.note(t, true)
	defer s.note(t, false)
	defer c.Close()
	defer func() {
		if p := recover(); p != nil {
			s.opt.Log.Error("panic in a call of a Hive client", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	session := &session{server: s, api: s.opt.API, folders: folders{s.opt.Warehouse, s.opt.Buckets}}
	calls := hms.NewThriftHiveMetastoreProcessor(session).ProcessorMap()
	wire := thrift.NewTBinaryProtocolConf(t, protocol)
	whole := context.WithoutCancel(ctx) // a call that has begun is carried out
	for first := true; await(ctx, t, first); first = false {
		if err := session.call(whole, wire, calls); err != nil {
			s.opt.Log.Debug("the connection of a Hive client ends", "error", err)
			return
		}
	}
}

// await waits for the next message: forever, but for the first one. It reports whether
// there is one.
func await(ctx context.Context, t *transport, first bool) bool {
	var end time.Time
	if first {
		end = time.Now().Add(messageTime)
	}
	if t.conn.SetReadDeadline(end) != nil || ctx.Err() != nil {
		return false
	}
	if _, err := t.in.Peek(1); err != nil {
		return false
	}
	t.left = maxMessage
	return t.conn.SetReadDeadline(time.Now().Add(messageTime)) == nil
}

// call reads one message and answers it. Its error is a reason to end the connection.
func (s *session) call(ctx context.Context, wire *thrift.TBinaryProtocol, calls map[string]thrift.TProcessorFunction) error {
	name, kind, seq, err := wire.ReadMessageBegin(ctx)
	if err != nil {
		return err
	}
	f, known := calls[name]
	refused := s.refused(name)
	if known && refused == nil {
		ok, err := f.Process(ctx, seq, wire, wire)
		if !ok && err != nil {
			return err
		}
		return nil
	}
	if err := errors.Join(wire.Skip(ctx, thrift.STRUCT), wire.ReadMessageEnd(ctx)); err != nil {
		return err
	}
	if kind == thrift.ONEWAY {
		return nil
	}
	if refused == nil {
		s.server.opt.Log.Info("a Hive client asks for what is not served", "method", name)
		refused = thrift.NewTApplicationException(thrift.UNKNOWN_METHOD, fmt.Sprintf("reglue's metastore has no method %.100q", name))
	}
	return errors.Join(wire.WriteMessageBegin(ctx, name, thrift.EXCEPTION, seq), refused.Write(ctx, wire),
		wire.WriteMessageEnd(ctx), wire.Flush(ctx))
}
