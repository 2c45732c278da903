package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/reglue/reglue/internal/glue"
)

// secondThoughts is how long after the first Ctrl-C a second one still stops the
// run.
const secondThoughts = 2 * time.Second

// errInterrupted ends following a run because the user wants to leave it.
var errInterrupted = errors.New("interrupted")

// withOwner runs f on what the command talks to; if nobody owns the data folder,
// the command does so meanwhile. Interrupts are left to f.
func (a *app) withOwner(ctx context.Context, own owning, o ownServer, f func(context.Context, *target) error) error {
	t, err := a.openOwned(ctx, own, o)
	if err != nil {
		return err
	}
	closed := false
	closeTarget := t.Close
	t.Close = func() error {
		if closed {
			return nil
		}
		closed = true
		return closeTarget()
	}
	err = f(ctx, t)
	return closing(err, func() error {
		if closed || t.Kind != targetInProcess {
			return t.Close()
		}
		live, err := anyLive(context.WithoutCancel(ctx), t)
		if err := errors.Join(err, t.Close()); err != nil || !live {
			return err
		}
		// Runs that this process took over with the folder go on without it.
		pid, err := a.carryOn(o)
		if err == nil {
			fmt.Fprintf(a.Stderr, "Runs or repairs of this folder are still to come to their end; process %d sees to them in the background.\n", pid)
		}
		return err
	})
}

// watch follows a run, shows its summary at the end and gives the exit code. The
// first interrupt leaves the run going, the second stops it.
func (a *app) watch(ctx context.Context, t *target, workflow, run string, o ownServer) error {
	last, signal, err := a.followUntilSignal(ctx, t, workflow, run)
	if errors.Is(err, errInterrupted) {
		if signal == syscall.SIGTERM || !a.wantsStop(workflow, run) {
			if err := a.detach(t, workflow, run, o); err != nil {
				return err
			}
			return &exitError{code: exitDetached}
		}
		if err := a.stopNow(ctx, t, workflow, run); err != nil {
			return err
		}
		last, _, err = a.followUntilSignal(ctx, t, workflow, run)
		if errors.Is(err, errInterrupted) {
			return &exitError{code: exitDetached}
		}
	}
	if errors.Is(err, errUnowned) {
		return &exitError{code: exitDetached, err: err}
	}
	if err != nil {
		return err
	}
	if !a.json() {
		a.summary(last)
		if err := a.showRepair(ctx, t, last); err != nil {
			return err
		}
	} else if err := writeJSON(a.out, describe(last)); err != nil {
		return err
	}
	return outcomeOf(last).exit()
}

// followUntilSignal follows a run until it is over or the user interrupts.
func (a *app) followUntilSignal(ctx context.Context, t *target, workflow, run string) (*glue.WorkflowRun, os.Signal, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	got := make(chan os.Signal, 1)
	go func() {
		select {
		case s := <-a.Signals:
			got <- s
			cancel(errInterrupted)
		case <-ctx.Done():
		}
	}()
	last, err := a.follow(ctx, t, workflow, run)
	if err != nil && errors.Is(context.Cause(ctx), errInterrupted) {
		return nil, <-got, errInterrupted
	}
	return last, nil, err
}

// wantsStop asks by waiting: a second Ctrl-C means that the run is to stop.
func (a *app) wantsStop(workflow, run string) bool {
	fmt.Fprintln(a.Stderr)
	a.err.paragraph(fmt.Sprintf("Leaving run %s of %s going. Press Ctrl-C again within %d seconds to stop it.",
		shortRun(run), workflow, int(secondThoughts.Seconds())), "", bold)
	select {
	case <-a.Signals:
		return true
	case <-time.After(secondThoughts):
		return false
	}
}

func (a *app) stopNow(ctx context.Context, t *target, workflow, run string) error {
	fmt.Fprintf(a.Stderr, "Stopping run %s.\n", shortRun(run))
	err := t.Call(ctx, "StopWorkflowRun", &glue.StopWorkflowRunRequest{Name: workflow, RunId: run}, nil)
	if isKind(err, glue.IllegalWorkflowState) {
		return nil // it has ended by itself
	}
	return err
}

// handOver gives the folder, if this process owns it, to one in the background, and
// says so. Without that one, what is said holds until there is another owner.
func (a *app) handOver(t *target, o ownServer, without string) (carriedOn string, err error) {
	if t.Kind != targetInProcess {
		return ".", nil
	}
	if err := t.Close(); err != nil {
		return "", err
	}
	pid, err := a.carryOn(o)
	if err != nil {
		return "", fmt.Errorf("%s until a server owns the folder again (reglue serve): %w", without, err)
	}
	return fmt.Sprintf("; process %d sees to it in the background.", pid), nil
}

// detach leaves a run going and says how to come back to it. If this process owns
// the folder, another one takes it over until the run is over.
func (a *app) detach(t *target, workflow, run string, o ownServer) error {
	carriedOn, err := a.handOver(t, o, "the jobs that run go on, but nothing starts the next ones")
	if err != nil {
		return err
	}
	if a.json() {
		if err := writeJSON(a.out, map[string]string{"workflow": workflow, "runId": run}); err != nil {
			return err
		}
	} else {
		a.out.paragraph(fmt.Sprintf("Run %s of %s goes on%s", shortRun(run), workflow, carriedOn), "", plain)
		a.hints(
			hint{"look", a.command("show", workflow, shortRun(run))},
			hint{"stop", a.command("stop", workflow, shortRun(run))},
			hint{"resume, once it is over", a.command("resume", workflow, shortRun(run), "--failed")},
		)
	}
	return nil
}
