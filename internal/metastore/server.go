package metastore

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// API carries out the operations that calls become.
type API interface {
	// Call carries out an operation of the Glue API, or one beside them; the answer
	// is a pointer to the operation's response.
	Call(ctx context.Context, op string, body []byte) (any, error)
	// Error says how an error of Call is sent.
	Error(err error) (status int, code, message string)
}

// Buckets are the objects of S3, as far as they lie in folders of this machine.
type Buckets interface {
	// Folder returns the folder in which the objects below an s3:// location lie. It
	// fails for one that is no folder below a bucket.
	Folder(location string) (dir string, err error)
	// MakeFolder makes it, so that clients that take S3 for a file system find it.
	MakeFolder(location string) error
}

// Options are the settings of a Server.
type Options struct {
	API API
	// Warehouse is the folder in which the tables of databases without a location
	// lie: an absolute path.
	Warehouse string
	// Buckets are the folders of s3:// locations. Nil: the files there are left alone.
	Buckets Buckets
	// Job reports whether what a client shows as the name of a group is the endpoint
	// of a live job. Nil: every client may call.
	Job func(endpoint string) bool
	// Log gets panics and what can't be done; nil drops them.
	Log *slog.Logger
}

const (
	// maxMessage limits one call of a client, in bytes.
	maxMessage = 32 << 20
	// maxElements limits one list or map of a call.
	maxElements = 1 << 20
	// maxConns limits the connections at a time; further ones wait.
	maxConns = 512
	// messageTime limits how long a call may take to arrive once it has begun, and
	// how long a new connection may say nothing.
	messageTime = 30 * time.Second
	// writeTime limits how long a client may take in nothing of an answer.
	writeTime = 60 * time.Second
	// drainTime is how long calls may go on when the server ends.
	drainTime = 5 * time.Second
)

// Server answers the Hive Metastore protocol: Thrift's binary protocol, not framed, as
// Hive's clients speak it. Make it with New.
type Server struct {
	opt Options

	mu    sync.Mutex
	conns map[*transport]struct{}
}

// New makes a server.
func New(opt Options) *Server {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{opt: opt, conns: map[*transport]struct{}{}}
}

// Serve answers the connections of a listener until the context ends; calls that have
// begun are finished first. It closes the listener.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	slots := make(chan struct{}, maxConns)
	var all sync.WaitGroup
	var failed error
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() == nil {
				failed = err
			}
			break
		}
		all.Go(func() {
			defer func() { <-slots }()
			s.serve(ctx, c)
		})
	}
	cancel()
	s.drain(&all)
	return errors.Join(failed, ignoreClosed(l.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// drain ends idle connections at once, and the others when their call is done or has
// had its time.
func (s *Server) drain(all *sync.WaitGroup) {
	s.each(func(t *transport) { _ = t.conn.SetReadDeadline(time.Unix(1, 0)) })
	late := time.AfterFunc(drainTime, func() { s.each(func(t *transport) { _ = t.conn.Close() }) })
	all.Wait()
	late.Stop()
}

func (s *Server) each(f func(*transport)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.conns {
		f(t)
	}
}

func (s *Server) note(t *transport, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open {
		s.conns[t] = struct{}{}
	} else {
		delete(s.conns, t)
	}
}
