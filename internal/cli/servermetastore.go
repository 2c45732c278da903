package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/reglue/reglue/internal/metastore"
	"github.com/reglue/reglue/internal/wire"
)

// noMetastore is the setting of a server without one.
const noMetastore = "off"

// listenMetastore listens for Hive clients: at the address of the last owner, so that
// Spark jobs of then find this one, else at any.
func (s *server) listenMetastore(ctx context.Context) error {
	if s.opt.Metastore == noMetastore {
		return nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", cmp.Or(s.opt.Metastore, s.last.Metastore, "127.0.0.1:0"))
	if err != nil && s.opt.Metastore == "" {
		l, err = lc.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	if err != nil {
		return fmt.Errorf("metastore: %w; choose another address with --metastore, or 'off'", err)
	}
	s.hive = l
	return nil
}

// openMetastore makes what answers them.
func (s *server) openMetastore() {
	if s.hive == nil {
		return
	}
	o := metastore.Options{API: s.api, Warehouse: s.warehouse(), Log: s.opt.Log}
	if !slices.Contains(s.opt.AllowAWS, "s3") {
		o.Buckets = s.files
	}
	if s.opt.Auth == authSigV4 {
		o.Job = s.jobCalls
	}
	s.metastore = metastore.New(o)
}

// warehouse is where tables lie that say no place.
func (s *server) warehouse() string { return filepath.Join(s.opt.Data, "warehouse") }

// metastoreAddress is where Hive clients reach the server; empty when they don't.
func (s *server) metastoreAddress() string {
	if s.hive == nil {
		return ""
	}
	return s.hive.Addr().String()
}

// serveMetastore answers Hive clients until the context ends.
func (s *server) serveMetastore(ctx context.Context) error {
	if s.hive == nil {
		return nil
	}
	return s.metastore.Serve(ctx, s.hive)
}

// jobCalls reports whether a text is the endpoint of a live job.
func (s *server) jobCalls(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	id, token, ok := wire.JobPath(u.Path)
	return ok && s.tokens.valid(forGlue, id, token) && s.live(id)
}

// checkMetastore refuses an address that others could reach without a signature.
func (o *serverOptions) checkMetastore() error {
	if o.Metastore == "" || o.Metastore == noMetastore {
		return nil
	}
	host, _, err := net.SplitHostPort(o.Metastore)
	if err != nil {
		return fmt.Errorf("--metastore must be HOST:PORT or %s: %w", noMetastore, err)
	}
	if !loopback(host) {
		return errors.New("--metastore serves on loopback only: Hive's protocol has neither signatures nor encryption")
	}
	return nil
}
