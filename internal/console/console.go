package console

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/reglue/reglue/internal/wire"
)

// The kinds of what a console shows.
const (
	KindServer  = "server"
	KindAccount = "account"
)

// ownPaths begins the paths that are no pages.
const ownPaths = "/console/"

// About says what the console shows, and who asks.
type About struct {
	// Kind is KindServer, or KindAccount for a real AWS account.
	Kind string
	// Auth is none or sigv4.
	Auth      string
	SignedIn  bool
	AccessKey string
	// Account is told to those alone who are signed in.
	Account  string
	Region   string
	Endpoint string
	Profile  string
	Version  string
	// Server is another one after each start.
	Server string
	// Events is set when the stream of events tells of changes; without it pages
	// must ask from time to time.
	Events bool
}

// Options are the parts of a console.
type Options struct {
	// About is what the console shows; who asks is added.
	About About
	// Wire answers the operations, and says who may read.
	Wire *wire.Handler
	// Watch begins to watch what commits change. Nil: nothing is to be watched.
	Watch func() Watcher
	// Log finds the log of a job run by its id. The job's name may be empty; where
	// logs are elsewhere it helps to say where.
	Log func(ctx context.Context, jobRunID, job string) (*Log, error)
}

// Console answers the requests of the pages, but for POST /.
type Console struct {
	opt Options
	mux *http.ServeMux
	// pages is not in mux, which redirects paths that hold what a workflow's name may.
	pages http.Handler
}

// New makes a console.
func New(opt Options) *Console {
	c := &Console{opt: opt, mux: http.NewServeMux()}
	w := opt.Wire
	c.mux.Handle("GET /console/about", w.Public(http.HandlerFunc(c.about)))
	c.mux.Handle("/console/session", w.SessionHandler())
	c.mux.Handle("GET /console/events", w.Private(http.HandlerFunc(c.events)))
	c.mux.Handle("GET /console/logs/{id}", w.Private(http.HandlerFunc(c.log)))
	c.mux.Handle("GET /console/logs/{id}/download", w.Private(http.HandlerFunc(c.download)))
	c.pages = w.Public(http.HandlerFunc(page))
	return c
}

// Serves reports whether a request is one of the console's, and not of an AWS client.
func (c *Console) Serves(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, ownPaths) {
		return true
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead || strings.HasPrefix(r.URL.Path, "/job/") {
		return false
	}
	return isAsset(r.URL.Path) || wantsPage(r)
}

// ServeHTTP answers a request that the console serves.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, ownPaths) {
		c.mux.ServeHTTP(w, r)
		return
	}
	c.pages.ServeHTTP(w, r)
}

func (c *Console) about(w http.ResponseWriter, r *http.Request) {
	a := c.opt.About
	if a.AccessKey, a.SignedIn = c.opt.Wire.SignedIn(r); !a.SignedIn {
		a.Account = ""
	}
	text, err := json.Marshal(a)
	if err != nil {
		c.opt.Wire.Refuse(w, err)
		return
	}
	protect(w.Header())
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(text) // a client that has gone gets no answer
}
