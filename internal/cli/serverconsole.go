package cli

import (
	"context"
	"net"

	"github.com/reglue/reglue/internal/console"
	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
	"github.com/reglue/reglue/internal/wire"
)

// console is the web console of a server, on the port of its operations.
func (s *server) console(operations *wire.Handler) *console.Console {
	scope := s.db.Scope()
	return console.New(console.Options{
		About: console.About{
			Kind: console.KindServer, Auth: s.opt.Auth, Account: scope.Account, Region: scope.Region,
			Endpoint: s.Endpoint, Version: thisVersion().Version, Server: s.id, Events: true,
		},
		Wire:  operations,
		Watch: func() console.Watcher { return changes{s.engine.Watch()} },
		Log:   s.findLog,
	})
}

// newSessions are those of a server at an address.
func newSessions(addr net.Addr) *wire.Sessions {
	_, port, _ := net.SplitHostPort(addr.String()) // a listener's address has a port
	return &wire.Sessions{Cookie: "reglue-" + port}
}

// changes are those that the engine tells of, as the console takes them.
type changes struct{ *engine.Watcher }

func (c changes) Take() ([]console.Change, bool) {
	changed, lost := c.Watcher.Take()
	out := make([]console.Change, len(changed))
	for i, one := range changed {
		out[i] = console.Change(one)
	}
	return out, lost
}

// findLog finds the log of a job run in the data folder.
func (s *server) findLog(ctx context.Context, id, _ string) (*console.Log, error) {
	jr, err := s.jobRun(ctx, id)
	if err == nil && jr == nil {
		err = glue.Errorf(glue.EntityNotFound, "There is no job run %.80s", id)
	}
	if err != nil {
		return nil, err
	}
	return &console.Log{Folder: s.opt.Data, Over: func(ctx context.Context) bool {
		jr, err := s.jobRun(ctx, id)
		return err == nil && (jr == nil || !jr.State.Live()) // not when it is only not known
	}}, nil
}

func (s *server) jobRun(ctx context.Context, id string) (jr *store.JobRun, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		jr, err = tx.JobRun(id)
		return err
	})
	return jr, err
}
