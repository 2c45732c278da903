package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/demo"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

const demoLong = `Run a real ETL workflow over real data: flights from New York in the week of a
blizzard. A job really fails on a bad row. You see what failed, what ran because
of it and what never started; then the row is repaired and the run resumed.

In a terminal you do the repair; otherwise the demo does every step by itself.
It needs python3 and nothing else, and leaves everything in a folder of its own.`

func newDemoCommand(a *app) *cobra.Command {
	dir := ""
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "See a workflow break, be repaired and resumed, in a minute",
		Long:    demoLong,
		Example: "  reglue demo\n  reglue demo --dir /tmp/flights\n  reglue demo | cat            # without questions",
		GroupID: groupRun,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := a.untilSignal(cmd.Context())
			defer stop()
			return a.demo(ctx, dir)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "a missing or empty folder for the demo (default ./reglue-demo in a terminal, else a temporary one)")
	return cmd
}

// story is one telling of the demo.
type story struct {
	*app
	out  screen
	dir  string
	to   *target
	talk *talk // nil: nobody is asked
}

func (a *app) demo(ctx context.Context, dir string) error {
	if _, err := exec.LookPath("python3"); err != nil {
		return errors.New("the demo's jobs are python3 scripts, and there is no python3 here: install it, for example with 'apt-get install python3'")
	}
	s := &story{app: a, out: a.progressScreen()}
	if a.interactive() && a.out.terminal && !a.json() {
		s.talk = newTalk(a)
	}
	var err error
	if s.dir, err = demoFolder(dir, s.talk != nil); err != nil {
		return err
	}
	if err := demo.Write(s.dir); err != nil {
		return err
	}
	a.flags = globalFlags{data: filepath.Join(s.dir, "data"), output: a.flags.output}
	server, err := startServer(ctx, serverOptions{Data: a.flags.data, Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	s.to = server.Target()
	// The server is the demo's, not that of a single command in it.
	s.to.Kind, s.to.Close = targetOwner, noClose
	err = closing(s.tell(ctx), func() error { return server.Close(context.WithoutCancel(ctx)) })
	if ctx.Err() != nil || errors.Is(err, errLeft) {
		fmt.Fprintf(a.Stderr, "\nThe demo ends here; all of it is in %s\n", s.dir)
		fmt.Fprintf(a.Stderr, "Look at it with: %s\n", a.command("runs"))
		return &exitError{code: exitDetached}
	}
	return err
}

// demoFolder chooses where the demo is laid out: where its user will edit a file
// that is beside them, else out of the way.
func demoFolder(dir string, here bool) (string, error) {
	if dir != "" {
		return dir, nil
	}
	if !here {
		return os.MkdirTemp("", "reglue-demo-")
	}
	const most = 100
	for i := 1; i < most; i++ {
		dir = "reglue-demo"
		if i > 1 {
			dir = fmt.Sprintf("reglue-demo-%d", i)
		}
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("there are %d demo folders here already: remove some, or name one with --dir", most)
}

// tell tells the whole story.
func (s *story) tell(ctx context.Context) error {
	if err := s.layOut(ctx); err != nil {
		return err
	}
	broken, err := s.breaks(ctx)
	if err != nil {
		return err
	}
	if err := s.repair(ctx); err != nil {
		return err
	}
	resumed, err := s.resumes(ctx, broken)
	if err != nil {
		return err
	}
	return s.ends(broken, resumed)
}

// step begins a part of the story.
func (s *story) step(n int, title string) {
	fmt.Fprintf(s.out, "\n%s\n\n", s.out.paint(bold, fmt.Sprintf("%d. %s", n, title)))
}

func (s *story) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// sayLong is say for a text that may be longer than a line.
func (s *story) sayLong(format string, args ...any) {
	s.out.paragraph(fmt.Sprintf(format, args...), "", plain)
}

func (s *story) layOut(ctx context.Context) error {
	s.say("%s", s.out.paint(bold, "reglue demo: a workflow breaks, is repaired and resumed"))
	s.say("")
	for _, line := range wrap("Data: "+demo.Source, plainWidth) {
		s.say("%s", line)
	}
	s.say("Folder: %s", s.dir)
	// Its one warning, that no role is made, is not part of the story.
	template, _, err := s.parseTemplate(ctx, filepath.Join(s.dir, demo.Template), templateOptions{})
	if err != nil {
		return err
	}
	if _, err := s.applyTemplate(ctx, s.to, template, false); err != nil {
		return err
	}
	s.say("Applied %s: %d jobs, %d triggers, 1 workflow.", demo.Template, len(template.Jobs), len(template.Triggers))
	return nil
}

// breaks runs the workflow, which fails on the bad row, and explains.
func (s *story) breaks(ctx context.Context) (*glue.WorkflowRun, error) {
	s.step(1, "The workflow runs")
	id, err := s.start(ctx, s.to, demo.Workflow, nil)
	if err != nil {
		return nil, err
	}
	run, err := s.follow(ctx, s.to, demo.Workflow, id)
	if err != nil {
		return nil, err
	}
	if !misleading(outcomeOf(run)) {
		return nil, fmt.Errorf("the demo's run should have broken on the bad row, but it is %s: %s", run.Status, outcomeOf(run).text())
	}
	s.step(2, "It broke: what AWS would not tell you")
	return run, s.explain(run)
}

func (s *story) explain(run *glue.WorkflowRun) error {
	g, r, err := flow.Observe(run)
	if err != nil {
		return err
	}
	why := flow.Explain(g, r)
	o := outcomeOf(run)
	s.say("AWS would call this run %s. In truth: %s.", run.Status, s.out.paint(red, o.text()))
	views := viewNodes(run)
	for i := range views {
		v := &views[i]
		n, ok := g.NodeByID(v.node.UniqueId)
		if !ok {
			continue
		}
		switch {
		case v.failed():
			s.because(cell{"✗", red}, v.name()+" failed", firstLine(v.problem()))
		case v.state == flow.Blank:
			s.because(cell{"·", dim}, v.name()+" never started", strings.TrimPrefix(why.Sentence(n), v.name()+" never started: "))
		case v.name() == demo.FailureJob:
			_, reason, _ := strings.Cut(why.Sentence(n), ": ")
			s.because(cell{"✓", green}, v.name()+" ran because of it", reason)
		}
	}
	return nil
}

// because writes a fact and its reason below it.
func (s *story) because(sign cell, fact, reason string) {
	s.say("\n  %s %s", s.out.paint(sign.colour, sign.text), s.out.paint(bold, fact))
	width := s.out.width()
	if width == 0 {
		width = plainWidth
	}
	for _, line := range wrap(shortRuns(reason), width-4) {
		s.say("    %s", line)
	}
}

// resumes shows the plan and resumes the broken run.
func (s *story) resumes(ctx context.Context, broken *glue.WorkflowRun) (*glue.WorkflowRun, error) {
	s.step(4, "The plan, before anything changes")
	s.say("$ %s\n", s.command("resume", demo.Workflow, "--failed", "--plan"))
	var o resumeOptions
	o.sel.Failed = true
	r, err := s.prepareResume(ctx, s.to, demo.Workflow, broken.WorkflowRunId, o)
	if err != nil {
		return nil, err
	}
	if err := r.makePlan(ctx); err != nil {
		return nil, err
	}
	s.writePlan(s.out, broken, &planDescription{Plan: r.plan})
	s.step(5, "Resume")
	if err := s.resumeCommand(ctx); err != nil {
		return nil, err
	}
	resumed, err := loadRun(ctx, s.to, demo.Workflow, "")
	if err != nil {
		return nil, err
	}
	if o := outcomeOf(resumed); !o.whole() || resumed.PreviousRunId == "" {
		return nil, &exitError{code: exitFailed, err: fmt.Errorf("the resumed run is not whole: %s", o.text())}
	}
	return resumed, nil
}

// resumeCommand carries the resume out as a user would: by a command line.
func (s *story) resumeCommand(ctx context.Context) error {
	usual := []string{"resume", demo.Workflow, "--failed"}
	if s.talk == nil {
		s.say("$ %s\n", s.command(usual...))
		return s.carryOut(ctx, usual)
	}
	s.say("Type the command, or press Enter for it ('exit' leaves):\n\n  %s\n", s.command(usual...))
	for {
		line, err := s.talk.ask(ctx, "$ ")
		if err != nil {
			return err
		}
		words, err := commandWords(line)
		if err != nil {
			s.sayLong("%v", err)
			continue
		}
		if len(words) == 0 {
			words = usual
		}
		err = s.carryOut(ctx, words)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !silent(err):
			s.complain(err)
		case err != nil:
		case words[0] == "resume" && !asksForPlan(words):
			return nil
		}
		s.say("")
	}
}

// silent reports whether an error is an exit code alone: what there was to say has
// been said.
func silent(err error) bool {
	var exit *exitError
	return errors.As(err, &exit) && exit.err == nil
}

// relative is a path as it is shortest from here.
func relative(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(here, path)
	if err != nil || strings.HasPrefix(rel, "..") {
		return path
	}
	return rel
}
