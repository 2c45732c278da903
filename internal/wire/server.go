package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Server is an HTTP server that ends with its context.
type Server struct {
	Handler http.Handler
	// Log gets what the HTTP server itself has to say. Nil means none.
	Log *slog.Logger
	// Drain is how long requests that are under way may take once the context
	// has ended; zero means 40 s, more than a request has.
	Drain time.Duration
}

const defaultDrain = 40 * time.Second

// Serve answers on the listener until the context ends, then takes no more
// connections, lets the requests under way finish and returns nil. The context
// of every request ends with ctx, so that streams end too; a Handler's Call is
// not cancelled by it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	log := s.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	// No WriteTimeout: an answer waits for its commit, and a stream has no end.
	server := &http.Server{
		Handler:           s.Handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	err := s.drain(ctx, server)
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// drain waits for the requests under way and cuts off what remains.
func (s *Server) drain(ctx context.Context, server *http.Server) error {
	limit := cmp.Or(s.Drain, defaultDrain)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests were still under way after %s: %w", limit, err), server.Close())
	}
	return nil
}
