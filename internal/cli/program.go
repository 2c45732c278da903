package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/glue"
)

// The exit codes; others script against them.
const (
	exitWhole    = 0   // done, and every node of the run is well
	exitFailed   = 1   // a node of the run failed
	exitRefused  = 2   // refused, or bad use
	exitDetached = 130 // left a run going
)

// Program is one use of the command line, as a value: main builds one, and so do
// tests.
type Program struct {
	// Args are the arguments without the program's name.
	Args []string
	// Env is the environment as os.Environ gives it.
	Env            []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Signals are the interrupts that the user sends; nil means none. A command
	// without another use for them ends at the first.
	Signals <-chan os.Signal

	// open replaces openTarget in tests.
	open func(context.Context, targetOptions) (*target, error)
}

// Main carries the command out and returns the exit code.
func (p *Program) Main(ctx context.Context) int {
	a := newApp(p)
	err := a.root().ExecuteContext(ctx)
	var exit *exitError
	switch {
	case err == nil:
		return exitWhole
	case errors.As(err, &exit):
		if exit.err != nil {
			a.complain(exit.err)
		}
		return exit.code
	}
	a.complain(err)
	return exitRefused
}

// exitError ends the program with a code; err, if any, is told before.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// app is what all commands share.
type app struct {
	*Program
	out, err screen
	flags    globalFlags
	now      func() time.Time
	// server is how this process serves the data folder if it comes to own it.
	server ownServer
}

type globalFlags struct {
	data     string
	endpoint string
	profile  string
	region   string
	output   string
	yes      bool
	// shadowed is what another setting goes before, for a note.
	shadowed string
	// dataSet is set when the environment names a folder.
	dataSet bool
	// folder is set when --data goes before an endpoint of the environment.
	folder bool
}

const defaultData = "./reglue-data"

func newApp(p *Program) *app {
	a := &app{Program: p, now: time.Now}
	if a.open == nil {
		a.open = openTarget
	}
	a.out = newScreen(p.Stdout, a.getenv)
	a.err = newScreen(p.Stderr, a.getenv)
	return a
}

// getenv is the last value of a variable in the program's environment.
func (a *app) getenv(name string) string {
	value := ""
	for _, pair := range a.Env {
		if k, v, ok := strings.Cut(pair, "="); ok && k == name {
			value = v
		}
	}
	return value
}

func (a *app) complain(err error) {
	text := err.Error()
	var known *glue.Error
	if errors.As(err, &known) && text == known.Error() {
		text = fmt.Sprintf("%s (%s)", known.Message, known.Kind)
	}
	width := a.err.width() - len("reglue: ")
	for i, paragraph := range strings.Split(text, "\n") {
		for j, line := range wrap(paragraph, width) {
			head := a.err.paint(red, "reglue:")
			if i+j > 0 {
				head = "       "
			}
			fmt.Fprintf(a.Stderr, "%s %s\n", head, line)
		}
	}
}

const rootLong = `reglue runs AWS Glue workflows on your own machine. When a run breaks half-way,
it shows which node failed and why, what never started because of it, and resumes
the run from there: what succeeded is carried over, not repeated.

The commands talk to the owner of the data folder, to a server (--endpoint), or
to a real AWS account (--aws-profile).`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "reglue",
		Short: "Run, repair and resume AWS Glue workflows",
		Long:  rootLong,
		Example: `  reglue demo                          see it work, in a minute
  reglue serve                         serve the Glue API on 127.0.0.1:4780
  reglue run pipeline.yaml             apply a CloudFormation template and run its workflow
  reglue runs --failed --since 12h     what broke last night, over all workflows
  reglue resume nightly --failed       repeat what failed and all that waits for it`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.flags.check(cmd)
		},
	}
	root.SetArgs(a.Args)
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	a.flags.register(a, root)
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run workflows:"},
		&cobra.Group{ID: groupLook, Title: "Look at runs:"},
		&cobra.Group{ID: groupRepair, Title: "Repair runs:"},
	)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return misused(cmd, err) })
	root.AddCommand(a.commands()...)
	return root
}

// knownCommand refuses what is no command and offers those with a like name.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return misused(cmd, fmt.Errorf("there is no command %q; %s", args[0], orNear("command", args[0], names)))
}

// arguments wants from least to most arguments.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return misused(cmd, errors.New("something is missing: "+useOf(cmd)))
		case len(args) > most:
			return misused(cmd, fmt.Errorf("%q is one too many: %s", args[most], useOf(cmd)))
		}
		return nil
	}
}

// useOf is how a command is used: its Use, after the commands that it belongs to.
func useOf(cmd *cobra.Command) string { return strings.TrimSuffix(cmd.UseLine(), " [flags]") }

// misused adds to an error of use where the use is explained.
func misused(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%w; see '%s --help'", err, cmd.CommandPath())
}

const (
	groupRun    = "run"
	groupLook   = "look"
	groupRepair = "repair"
)

func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		newDemoCommand(a), newServeCommand(a), newApplyCommand(a), newRunCommand(a),
		newRunsCommand(a), newShowCommand(a), newFamilyCommand(a), newWhyCommand(a), newLogsCommand(a), newGraphCommand(a), newRehearseCommand(a),
		newConsoleCommand(a), newVerifyCommand(a), newSparkCommand(a),
		newResumeCommand(a), newBulkCommand(a), newRepairsCommand(a), newBookmarkCommand(a), newStopCommand(a),
		newFinishCommand(a), newVersionCommand(a),
	}
}

func (f *globalFlags) register(a *app, root *cobra.Command) {
	f.dataSet = a.getenv("REGLUE_DATA") != ""
	p := root.PersistentFlags()
	p.StringVar(&f.data, "data", a.folderByDefault(), "data folder (REGLUE_DATA)")
	p.StringVar(&f.endpoint, "endpoint", a.getenv("AWS_ENDPOINT_URL_GLUE"), "URL of a server to talk to (AWS_ENDPOINT_URL_GLUE)")
	p.StringVar(&f.profile, "aws-profile", "", "talk to a real AWS account with this profile; changes ask first")
	p.StringVar(&f.region, "region", "", "AWS region, with --aws-profile or --endpoint")
	p.StringVarP(&f.output, "output", "o", outputText, "output: text or json")
	p.BoolVar(&f.yes, "yes", false, "answer yes to questions")
	completeWith(root, "output", outputText, outputJSON)
}

const (
	outputText = "text"
	outputJSON = "json"
)

func (f *globalFlags) check(cmd *cobra.Command) error {
	if f.profile != "" && cmd.Flags().Changed("endpoint") {
		return errors.New("--aws-profile talks to an AWS account and --endpoint to a server: use one of them")
	}
	if f.endpoint != "" && cmd.Flags().Changed("data") && cmd.Flags().Changed("endpoint") {
		return errors.New("--data names a folder and --endpoint a server: use one of them")
	}
	if f.output != outputText && f.output != outputJSON {
		return fmt.Errorf("--output must be text or json, not %q", f.output)
	}
	f.choose(cmd)
	return nil
}

// choose settles what goes before what: a flag before the environment, and there
// the endpoint before the folder.
func (f *globalFlags) choose(cmd *cobra.Command) {
	switch {
	case f.profile != "" || f.endpoint == "" || cmd.Flags().Changed("endpoint"):
	case cmd.Flags().Changed("data"):
		f.shadowed = fmt.Sprintf("--data is given, so AWS_ENDPOINT_URL_GLUE (%s) is not used", f.endpoint)
		f.endpoint, f.folder = "", true
	case f.dataSet:
		f.shadowed = fmt.Sprintf("AWS_ENDPOINT_URL_GLUE is set, so this goes to %s and not to the folder of REGLUE_DATA; --data goes before both", f.endpoint)
	}
}

func (a *app) json() bool { return a.flags.output == outputJSON }

// target opens what the command talks to.
func (a *app) target(ctx context.Context, own owning) (*target, error) {
	if a.flags.shadowed != "" {
		fmt.Fprintf(a.Stderr, "note: %s\n", a.flags.shadowed)
	}
	if a.flags.profile != "" && a.flags.endpoint != "" {
		fmt.Fprintf(a.Stderr, "note: AWS_ENDPOINT_URL_GLUE is set, so this goes to %s and not to the account's own endpoint\n", a.flags.endpoint)
	}
	return a.open(ctx, targetOptions{
		Data: a.flags.data, Endpoint: a.flags.endpoint, Profile: a.flags.profile, Region: a.flags.region, Own: own,
		Log: slog.New(slog.NewTextHandler(a.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
}

// withTarget runs f on what the command talks to and closes it. The first
// interrupt cancels the context.
func (a *app) withTarget(ctx context.Context, own owning, f func(context.Context, *target) error) error {
	ctx, stop := a.untilSignal(ctx)
	defer stop()
	t, err := a.target(ctx, own)
	if err != nil {
		return err
	}
	return closing(f(ctx, t), t.Close)
}

// closing closes what a command used and returns the command's error, as it is if
// closing goes well.
func closing(err error, close func() error) error {
	if closeErr := close(); closeErr != nil {
		return errors.Join(err, closeErr)
	}
	return err
}

// untilSignal is cancelled by the first interrupt.
func (a *app) untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-a.Signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
