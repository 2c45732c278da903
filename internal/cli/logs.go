package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
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
is named by its job run id.`,
		Example: `  reglue logs nightly clean_orders
  reglue logs -f nightly wr_3fa2c81d clean_orders
  reglue logs jr_5d41402abc4b2a76 --stream stderr`,
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
	jobRun, over, err := a.findJobRun(ctx, t, args)
	if err != nil {
		return err
	}
	if t.Logs == nil {
		return noLogsHere(t, jobRun)
	}
	stdout, stderr, ok := t.Logs(jobRun.Id)
	if !ok {
		return fmt.Errorf("there is no log of job run %s", jobRun.Id)
	}
	if len(args) == 1 && !o.follow && isAbsent(stdout) && isAbsent(stderr) {
		return fmt.Errorf("there is no log of job run %s: no job run has this id, or it never started", jobRun.Id)
	}
	m := &logMerge{}
	if o.only != streamStderr {
		m.sources = append(m.sources, &logSource{path: stdout})
	}
	if o.only != streamStdout {
		m.sources = append(m.sources, &logSource{path: stderr, stderr: o.only == streamBoth})
	}
	defer m.close()
	return a.copyLogs(ctx, m, jobRun, o, over)
}

func isAbsent(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// findJobRun finds the job run whose log is asked for, and how to learn that it
// is over.
func (a *app) findJobRun(ctx context.Context, t *target, args []string) (*glue.JobRun, func(context.Context) bool, error) {
	if len(args) == 1 {
		if !strings.HasPrefix(args[0], jobRunPrefix) {
			return nil, nil, fmt.Errorf("name a node of the workflow: reglue logs %s NODE, or a job run by its id (jr_…)", quote(args[0]))
		}
		// Of a job run by its id alone the API does not tell the state.
		return &glue.JobRun{Id: args[0]}, func(context.Context) bool { return false }, nil
	}
	workflow, run, name := workflowRunNode(args)
	r, err := loadRun(ctx, t, workflow, run)
	if err != nil {
		return nil, nil, err
	}
	node, err := anyNode(r.Graph, name)
	if err != nil {
		return nil, nil, err
	}
	v := viewNode(r, node)
	if v.job == nil {
		text := fmt.Sprintf("%s has no job run in run %s", node.Name, shortRun(r.WorkflowRunId))
		if reason := reasonsOf(r)[node.UniqueId]; reason != "" {
			text += ": " + reason
		}
		return nil, nil, errors.New(text)
	}
	over := func(ctx context.Context) bool {
		out, err := call[glue.GetJobRunResponse](ctx, t, "GetJobRun", &glue.GetJobRunRequest{JobName: node.Name, RunId: v.job.Id})
		return err == nil && out.JobRun != nil && flow.JobState(out.JobRun.JobRunState).Terminal()
	}
	return v.job, over, nil
}

// noLogsHere says where the logs are when they are not on this machine.
func noLogsHere(t *target, j *glue.JobRun) error {
	if t.Kind != targetAWS {
		return fmt.Errorf("the log is a file in the server's data folder: run this on its machine, with --data and without --endpoint (job run %s)", j.Id)
	}
	group := j.LogGroupName
	if group == "" {
		group = "/aws-glue/python-jobs"
	}
	return fmt.Errorf("the log is in CloudWatch: aws logs tail %s/output --log-stream-names %s (errors: %s/error)", group, j.Id, group)
}

// copyLogs prints lines until there are no more, or with --follow until the job
// run is over.
func (a *app) copyLogs(ctx context.Context, m *logMerge, j *glue.JobRun, o logsOptions, over func(context.Context) bool) error {
	printed := false
	for {
		// Asked before reading: what was written before the end is then read.
		ended := !o.follow || over(ctx)
		lines, err := m.read(ended)
		if err != nil {
			return err
		}
		for _, line := range lines {
			printed = true
			if err := a.printLog(line); err != nil {
				return nil // nobody reads any more
			}
		}
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

func (a *app) printLog(l logLine) error {
	if a.json() {
		return writeLine(a.out, l)
	}
	mark := "  "
	c := plain
	if l.Stream == streamStderr {
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
	_, err := fmt.Fprintf(a.out, "%s %s%s\n", a.out.paint(dim, stamp), a.out.paint(c, mark), a.out.paint(c, text))
	return err
}

// printable drops what would steer the terminal.
func printable(r rune) rune {
	if r != '\t' && (r < ' ' || r >= 0x7f && r < 0xa0) {
		return -1
	}
	return r
}

// logMerge reads the files of a job run in the order of their times.
type logMerge struct{ sources []*logSource }

func (m *logMerge) close() {
	for _, s := range m.sources {
		s.close()
	}
}

// read returns the lines that are new. At the end a last line without a newline
// counts too.
func (m *logMerge) read(end bool) ([]logLine, error) {
	var all []logLine
	for _, s := range m.sources {
		lines, err := s.read(end)
		if err != nil {
			return nil, err
		}
		all = mergeLines(all, lines)
	}
	return all, nil
}

// mergeLines merges two lists that are each in order.
func mergeLines(a, b []logLine) []logLine {
	out := make([]logLine, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if b[0].Time < a[0].Time {
			out, b = append(out, b[0]), b[1:]
		} else {
			out, a = append(out, a[0]), a[1:]
		}
	}
	return append(append(out, a...), b...)
}

// logLine is one line of a job's output.
type logLine struct {
	Time   string `json:"time"`
	Stream string `json:"stream"`
	Text   string `json:"text"`
}

// logSource reads one log file as it grows. A file that is not there yet is
// empty.
type logSource struct {
	path   string
	stderr bool
	file   *os.File
	rest   []byte
	last   string
}

func (s *logSource) close() {
	if s.file != nil {
		_ = s.file.Close() // it was only read
	}
}

func (s *logSource) read(end bool) ([]logLine, error) {
	if s.file == nil {
		f, err := os.Open(s.path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		s.file = f
	}
	more, err := io.ReadAll(s.file)
	if err != nil {
		return nil, err
	}
	s.rest = append(s.rest, more...)
	text := string(s.rest)
	whole := strings.LastIndexByte(text, '\n') + 1
	if end {
		whole = len(text)
	}
	s.rest = append([]byte(nil), text[whole:]...)
	var lines []logLine
	for _, line := range strings.Split(strings.TrimSuffix(text[:whole], "\n"), "\n") {
		if whole > 0 {
			lines = append(lines, s.line(line))
		}
	}
	return lines, nil
}

// line takes the time off a line; a line without one has that of the one before.
func (s *logSource) line(text string) logLine {
	l := logLine{Stream: streamStdout, Time: s.last, Text: text}
	if s.stderr {
		l.Stream = streamStderr
	}
	stamp, rest, _ := strings.Cut(text, " ")
	if _, err := time.Parse(time.RFC3339Nano, stamp); err == nil {
		l.Time, l.Text, s.last = stamp, rest, stamp
	}
	return l
}
