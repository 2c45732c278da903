package cli

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"runtime"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/console"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/wire"
)

const consoleLong = `Open the console, where a browser shows workflows and runs, why nodes stand where
they stand, and resumes what broke.

'reglue serve' serves it at its own address; this prints that address and, on a
terminal, opens it.

With --aws-profile, or --endpoint, the same pages show a real AWS account, or
another Glue endpoint. They are served on a free port of this machine until this
command is interrupted; requests are signed with the profile's credentials, which
no page sees. Nothing is changed but what you confirm. Other users of this machine
can reach the port too: don't leave it open on a machine that you share.`

func newConsoleCommand(a *app) *cobra.Command {
	var noOpen bool
	cmd := &cobra.Command{
		Use:   "console",
		Short: "Open the web console",
		Long:  consoleLong,
		Example: `  reglue console
  reglue console --aws-profile prod --region eu-central-1`,
		GroupID: groupLook,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.console(cmd.Context(), !noOpen && a.out.terminal)
		},
	}
	cmd.Flags().BoolVar(&noOpen, "no-open", false, "only print the address")
	return cmd
}

func (a *app) console(ctx context.Context, open bool) error {
	if a.flags.profile == "" && a.flags.endpoint == "" {
		return a.ownersConsole(ctx, open)
	}
	return a.withTarget(ctx, reads, func(ctx context.Context, t *target) error {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		page := "http://" + l.Addr().String() + "/"
		if err := a.sayConsole(ctx, page, open); err != nil {
			return err
		}
		web := &wire.Server{Handler: a.accountConsole(t)}
		return web.Serve(ctx, l)
	})
}

// ownersConsole is that of the server that owns the data folder.
func (a *app) ownersConsole(ctx context.Context, open bool) error {
	isOwned, err := owned(a.flags.data)
	if err != nil {
		return fmt.Errorf("data folder %s: %w", a.flags.data, err)
	}
	if !isOwned {
		return fmt.Errorf("no server owns the data folder %s: start one with '%s'", a.flags.data, a.command("serve"))
	}
	info, err := toldOwner(ctx, a.flags.data)
	if err != nil {
		return err
	}
	if err := a.sayConsole(ctx, info.Endpoint+"/", open); err != nil || info.Auth != authSigV4 || a.json() {
		return err
	}
	_, err = fmt.Fprintln(a.out, "It asks for an access key: the one that 'reglue serve' showed when it made it, or REGLUE_ACCESS_KEY_ID.")
	return err
}

// sayConsole tells where the console is.
func (a *app) sayConsole(ctx context.Context, page string, open bool) error {
	if a.json() {
		return writeJSON(a.out, map[string]string{"url": page})
	}
	if _, err := fmt.Fprintf(a.out, "The console is at %s\n", page); err != nil {
		return err
	}
	if open {
		openBrowser(ctx, page)
	}
	return nil
}

// openBrowser tries to open a page; its address was printed already.
func openBrowser(ctx context.Context, page string) {
	name := "xdg-open"
	if runtime.GOOS == "darwin" {
		name = "open"
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), name, page)
	if cmd.Start() == nil {
		go func() { _ = cmd.Wait() }() // what became of it changes nothing
	}
}

// accountConsole serves the console over an account.
func (a *app) accountConsole(t *target) http.Handler {
	c := &account{t: t, now: a.now, resumes: map[string]*plan.ExecuteAnswer{}}
	region, endpoint := t.Region, t.Endpoint
	if h, ok := t.Caller.(*httpCaller); ok {
		region, endpoint = h.region, h.endpoint
	}
	operations := &wire.Handler{TargetPrefix: "AWSGlue.", Call: c.Call, Error: c.Error}
	pages := console.New(console.Options{
		About: console.About{
			Kind: console.KindAccount, Auth: authNone, Region: region, Endpoint: endpoint, Profile: t.Profile,
			Version: thisVersion().Version, Server: uuid.NewString(),
		},
		Wire: operations,
		Log:  c.log,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if pages.Serves(r) {
			pages.ServeHTTP(w, r)
			return
		}
		operations.ServeHTTP(w, withConfirmation(r))
	})
}
