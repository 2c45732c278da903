package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/executor/spark"
	"github.com/reglue/reglue/internal/glue"
)

// ownServer is how this process serves the data folder when nobody else does.
type ownServer struct {
	maps    []string
	python  string
	maxJobs int
	spark   spark.Settings
}

// ownFlags are its flags, for messages.
const ownFlags = "--map, --python, --max-local-jobs, --spark and --spark-…"

func (o *ownServer) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.maps, "map", nil, "folder that stands for a bucket or prefix: s3://BUCKET/PREFIX=DIR, if no server runs yet (repeatable)")
	f.StringVar(&o.python, "python", "", "interpreter of python shell jobs, if no server runs yet")
	f.IntVar(&o.maxJobs, "max-local-jobs", 0, "jobs that run at once, if no server runs yet")
	sparkFlags(f, &o.spark, ", if no server runs yet")
}

func (o *ownServer) set() bool { return len(o.args()) > 0 }

// args are the flags that give the same settings.
func (o *ownServer) args() []string {
	var args []string
	for _, m := range o.maps {
		args = append(args, "--map", m)
	}
	if o.python != "" {
		args = append(args, "--python", o.python)
	}
	if o.maxJobs != 0 {
		args = append(args, "--max-local-jobs", fmt.Sprint(o.maxJobs))
	}
	return append(args, sparkArgs(o.spark)...)
}

// openOwned opens what the command talks to, with these settings if it comes to
// own the data folder.
func (a *app) openOwned(ctx context.Context, own owning, o ownServer) (*target, error) {
	if !o.set() {
		return a.target(ctx, own)
	}
	if a.flags.endpoint != "" || a.flags.profile != "" {
		return nil, errors.New(ownFlags + " are settings of a server; they can't be used with --endpoint or --aws-profile")
	}
	if own == repairs {
		if err := hasData(a.flags.data); err != nil {
			return nil, err
		}
	}
	s, err := startServer(ctx, serverOptions{
		Data: a.flags.data, Region: a.flags.region, Maps: o.maps, Python: o.python, MaxLocalJobs: o.maxJobs, Spark: o.spark,
	})
	if errors.Is(err, errOwned) {
		return nil, fmt.Errorf("%s are settings of the server: %w", ownFlags, err)
	}
	if err != nil {
		return nil, err
	}
	t := s.Target()
	t.Close = func() error { return s.Close(context.WithoutCancel(ctx)) }
	return t, nil
}

const (
	finishCommand = "__finish"
	finishLog     = "finish.log"
	// takeOver is how long the process that carries on may take to own the folder.
	takeOver = 5 * time.Second
	// finishPoll is the pause between two looks at whether a run is still live.
	finishPoll = 500 * time.Millisecond
)

// newFinishCommand is the hidden command that owns a data folder until no run in
// it is live.
func newFinishCommand(a *app) *cobra.Command {
	var o ownServer
	cmd := &cobra.Command{
		Use: finishCommand, Hidden: true, Args: arguments(0, 0),
		Short: "Own the data folder until no run is live",
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := a.untilSignal(cmd.Context())
			defer stop()
			return a.finish(ctx, o)
		},
	}
	o.register(cmd)
	return cmd
}

// finish owns the folder until no run is live. A run may be started while it is
// being given up, so it looks again afterwards.
func (a *app) finish(ctx context.Context, o ownServer) error {
	for ctx.Err() == nil {
		t, err := a.openOwned(ctx, repairs, o)
		if err == nil {
			err = closing(finishRuns(ctx, t), t.Close)
		}
		if errors.Is(err, errOwned) || ctx.Err() != nil {
			return nil // somebody else sees to it
		}
		if err != nil {
			return err
		}
		live := false
		err = a.withTarget(ctx, reads, func(ctx context.Context, t *target) error {
			if t.Kind != targetInProcess {
				return nil
			}
			var err error
			live, err = anyLive(ctx, t)
			return err
		})
		if err != nil || !live {
			return err
		}
	}
	return nil
}

func finishRuns(ctx context.Context, t *target) error {
	for {
		live, err := anyLive(ctx, t)
		if err != nil || !live || t.unowned() {
			return err
		}
		if err := sleep(ctx, finishPoll); err != nil {
			return nil // asked to end; jobs go on
		}
	}
}

// anyLive reports whether some run is not over, or a resume is planned. Runs that
// live long are rarely old, so the newest page of each workflow is looked at.
func anyLive(ctx context.Context, t *target) (bool, error) {
	// A planned resume becomes a run, and a run's end a planned one: so before and
	// after.
	if planned, err := anyPlanned(ctx, t); err != nil || planned {
		return planned, err
	}
	for name, err := range workflowNames(ctx, t) {
		if err != nil {
			return false, err
		}
		seen := 0
		for run, err := range workflowRuns(ctx, t, name, runPage) {
			if isKind(err, glue.EntityNotFound) {
				break
			}
			if err != nil {
				return false, err
			}
			if !outcomeOf(run).over() {
				return true, nil
			}
			if seen++; seen == runPage {
				break
			}
		}
	}
	return anyPlanned(ctx, t)
}

// carryOn starts a process of its own session that owns the folder until no run
// is live, and waits until it does.
func (a *app) carryOn(o ownServer) (pid int, err error) {
	exe, err := os.Executable()
	if err != nil {
		return 0, err
	}
	data, err := filepath.Abs(a.flags.data)
	if err != nil {
		return 0, err
	}
	log, err := os.OpenFile(filepath.Join(data, finishLog), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	args := append([]string{finishCommand, "--data", data, "--endpoint", "", "--region", a.flags.region}, o.args()...)
	cmd := exec.Command(exe, args...)
	cmd.Env = a.Env
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	deadline := time.After(takeOver)
	for {
		if info, err := readOwner(data); err == nil && info.PID == cmd.Process.Pid && info.Endpoint != "" {
			return cmd.Process.Pid, nil
		} else if err == nil && info.PID != os.Getpid() && info.Endpoint != "" && isOwnedNow(data) {
			return info.PID, nil // it was faster; ours waits for it
		}
		select {
		case err := <-ended:
			if err == nil {
				return cmd.Process.Pid, nil // nothing was left to do
			}
			return 0, fmt.Errorf("it ended: %w; see %s", err, log.Name())
		case <-deadline:
			return 0, fmt.Errorf("it does not own the folder after %s; see %s", takeOver, log.Name())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func isOwnedNow(data string) bool {
	is, err := owned(data)
	return err == nil && is
}
