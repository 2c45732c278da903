package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/runner"
)

type logsOptions struct {
	follow bool
	only   string
}

const (
	streamBoth   = "both"
	streamStdout = "stdout"
	streamStderr = "stderr"
	jobRunPrefix = "jr_"
)

func newLogsCommand(a *app) *cobra.Command {
	o := logsOptions{only: streamBoth}
	cmd := &cobra.Command{
		Use:   "logs (WORKFLOW [RUN] NODE | JOBRUNID)",
		Short: "Print what a job wrote, line by line with its time",
		Long: `Print what the latest attempt of a job wrote to standard output and standard error,
in the order of time; lines of standard error begin with '!'. An earlier attempt
is named by its job run id, or the beginning of one.`,
		Example: `  reglue logs nightly clean_orders
  reglue logs -f nightly wr_3fa2c81d clean_orders
  reglue logs jr_5d41402a --stream stderr`,
		GroupID:           groupLook,
		Args:              arguments(1, 3),
		ValidArgsFunction: a.completeArgs(completeWorkflow, completeRunOrNode, completeNode),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withTarget(cmd.Context(), reads, func(ctx context.Context, t *target) error {
				return a.logs(ctx, t, args, o)
			})
		},
	}
	cmd.Flags().BoolVarP(&o.follow, "follow", "f", false, "go on until the job run is over")
	cmd.Flags().StringVar(&o.only, "stream", streamBoth, "stdout, stderr or both")
	return cmd
}

func (a *app) logs(ctx context.Context, t *target, args []string, o logsOptions) error {
	if o.only != streamBoth && o.only != streamStdout && o.only != streamStderr {
		return fmt.Errorf("--stream must be stdout, stderr or both, not %q", o.only)
	}
	found, err := a.findJobRun(ctx, t, args, o.follow)
	if errors.Is(err, context.Canceled) {
		return nil // interrupted: that is how following ends
	}
	if err != nil {
		return err
	}
	if t.Folder == "" {
		return noLogsHere(t, found.run)
	}
	l := runner.OpenLog(t.Folder, found.run.Id, runner.Streams{Stdout: o.only != streamStderr, Stderr: o.only != streamStdout}, runner.Position{})
	defer l.Close()
	return a.copyLogs(ctx, l, found.run, o, found.over)
}

// noLogsHere says where the logs are when they are not on this machine.
func noLogsHere(t *target, j *glue.JobRun) error {
	if t.Kind != targetAWS {
		return fmt.Errorf("the log is a file in the server's data folder: run this on its machine with --data FOLDER (job run %s)", j.Id)
	}
	return fmt.Errorf("the log is in CloudWatch: %s (errors: %s/error)", tailCommand(j), logGroup(j))
}

// logGroup is where CloudWatch has the logs of a job run in an AWS account.
func logGroup(j *glue.JobRun) string { return cmp.Or(j.LogGroupName, "/aws-glue/python-jobs") }

func tailCommand(j *glue.JobRun) string {
	return fmt.Sprintf("aws logs tail %s/output --log-stream-names %s", logGroup(j), j.Id)
}

// copyLogs prints lines until there are no more, or with --follow until the job
// run is over.
func (a *app) copyLogs(ctx context.Context, l *runner.Log, j *glue.JobRun, o logsOptions, over func(context.Context) bool) error {
	printed := false
	for {
		// Asked before reading: what was written before the end is then read.
		ended := !o.follow || over(ctx)
		some, err := l.Read(ended, func(line runner.Line) error { return a.printLog(line, o.only == streamBoth) })
		if errors.Is(err, errNoReader) {
			return nil
		}
		if err != nil {
			return err
		}
		printed = printed || some
		if ended {
			break
		}
		if err := sleep(ctx, pollFast); err != nil {
			return nil // interrupted: that is how following ends
		}
	}
	if !printed {
		fmt.Fprintf(a.Stderr, "job run %s wrote nothing\n", j.Id)
		if j.ErrorMessage != "" {
			fmt.Fprintln(a.Stderr, oneLine(j.ErrorMessage))
		}
	}
	return nil
}

// errNoReader ends printing: nobody reads any more.
var errNoReader = errors.New("nobody reads the output")

// logLine is one line of a job's output as -o json gives it.
type logLine struct {
	Time   string `json:"time"`
	Stream string `json:"stream"`
	Text   string `json:"text"`
}

// printLog prints a line, if need be with a mark that tells the streams apart.
func (a *app) printLog(l runner.Line, both bool) error {
	if a.json() {
		stream := streamStdout
		if l.Stderr {
			stream = streamStderr
		}
		if writeLine(a.out, logLine{l.Time, stream, l.Text}) != nil {
			return errNoReader
		}
		return nil
	}
	mark := "  "
	c := plain
	if l.Stderr && both {
		mark, c = "! ", red
	}
	stamp := l.Time
	if at, err := time.Parse(time.RFC3339Nano, l.Time); err == nil {
		stamp = at.Local().Format("15:04:05.000")
	}
	text := l.Text
	if a.out.terminal {
		text = strings.Map(printable, text)
	}
	if _, err := fmt.Fprintf(a.out, "%s %s%s\n", a.out.paint(dim, stamp), a.out.paint(c, mark), a.out.paint(c, text)); err != nil {
		return errNoReader
	}
	return nil
}

// printable drops what would steer the terminal.
func printable(r rune) rune {
	if r != '\t' && (r < ' ' || r >= 0x7f && r < 0xa0) {
		return -1
	}
	return r
}
