package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/verify"
)

const verifyLong = `Verify holds a Glue endpoint against the contract of workflow runs and of
ResumeWorkflowRun: what AWS documents, and what reglue decided where AWS does
not say. A deviation from AWS's documentation is wrong; one from a decision of
reglue only differs.

Without a flag it verifies the owner of the data folder; --self starts a server
in a temporary folder. Any other endpoint is named with --endpoint, an AWS
account with --aws-profile; there it asks first and says what it costs.

It makes workflows, triggers and jobs whose names begin with reglue-verify- and
a random part, touches nothing else, and deletes them again, also after Ctrl-C.
What it can't delete it names.

The jobs need one script, which --print-scripts shows. Against a server on this
machine it is laid out by itself. Elsewhere upload it and name its folder with
--script-base; an AWS account also needs --role, an IAM role for Glue jobs that
may read it. --quick leaves out all that needs a job to run.

The exit code is 1 when something is wrong, else 2 when something could not be
checked that should have been, else 0.

-o json gives an object with
  prefix, jobRuns, seconds, incomplete
  left      what could not be deleted
  checks    id, rule, source (AWS or decision), cite, verdict (pass, differs,
            wrong, not built, not applicable, not checked), findings (source,
            expected, seen), reason, jobRuns, seconds`

type verifyOptions struct {
	self, quick, list, print bool
	only                     []string
	parallel                 int
	scriptBase, role         string
}

func newVerifyCommand(a *app) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Hold a Glue endpoint against the contract of workflow runs and resumes",
		Long:  verifyLong,
		Example: `  reglue verify --self
  reglue verify --endpoint http://127.0.0.1:5000 --quick
  reglue verify --only R13,R14,statistics
  reglue verify --print-scripts > ` + verify.ScriptName + `
  reglue verify --aws-profile dev --role GlueJobs --script-base s3://bucket/x`,
		GroupID: groupLook,
		Args:    arguments(0, 0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.verify(cmd.Context(), &o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.self, "self", false, "verify a server of its own in a temporary folder")
	f.BoolVar(&o.quick, "quick", false, "only the checks that need no job to run")
	f.StringSliceVar(&o.only, "only", nil, "only these `checks`, such as R13,R14,pagination")
	f.BoolVar(&o.list, "list", false, "list the checks, their rules and their sources")
	f.BoolVar(&o.print, "print-scripts", false, "print the script that the jobs run")
	f.IntVar(&o.parallel, "parallel", 0, "how many checks run at a time (default 4, on AWS 8)")
	f.StringVar(&o.scriptBase, "script-base", "", "`folder` that the script was uploaded to, s3://…")
	f.StringVar(&o.role, "role", "", "the `role` of the jobs; an IAM role on AWS")
	return cmd
}

func (a *app) verify(ctx context.Context, o *verifyOptions) error {
	if o.print {
		_, err := fmt.Fprint(a.Stdout, verify.Script)
		return err
	}
	checks, err := o.chosen()
	if err != nil {
		return err
	}
	if o.list {
		return a.listChecks(checks)
	}
	if o.parallel < 0 || o.parallel > 64 {
		return errors.New("--parallel must be from 1 to 64")
	}
	if o.self {
		return a.verifySelf(ctx, o, checks)
	}
	return a.withTarget(ctx, repairs, func(ctx context.Context, t *target) error {
		return a.verifyTarget(ctx, t, o, checks)
	})
}

// chosen are the checks that the flags ask for.
func (o *verifyOptions) chosen() ([]verify.Check, error) {
	all := verify.Checks()
	var names []string
	for i := range all {
		names = append(names, all[i].ID)
	}
	for _, name := range o.only {
		if !slices.ContainsFunc(names, func(id string) bool { return strings.EqualFold(id, name) }) {
			return nil, fmt.Errorf("--only: there is no check %q; %s; 'reglue verify --list' shows them all", name, orNear("check", name, names))
		}
	}
	return slices.DeleteFunc(all, func(c verify.Check) bool {
		named := slices.ContainsFunc(o.only, func(name string) bool { return strings.EqualFold(c.ID, name) })
		return len(o.only) > 0 && !named || o.quick && !c.Quick()
	}), nil
}

// verifySelf verifies a server of its own.
func (a *app) verifySelf(ctx context.Context, o *verifyOptions, checks []verify.Check) (err error) {
	if a.flags.profile != "" {
		return errors.New("--self verifies a server of its own and --aws-profile an AWS account: use one of them")
	}
	if _, err := exec.LookPath("python3"); err != nil {
		return errors.New("the jobs are python3 scripts, and there is no python3 here: install it, for example with 'apt-get install python3'")
	}
	ctx, stop := a.untilSignal(ctx)
	defer stop()
	dir, err := os.MkdirTemp("", "reglue-verify-")
	if err != nil {
		return err
	}
	defer func() { err = closing(err, func() error { return os.RemoveAll(dir) }) }()
	s, err := startServer(ctx, serverOptions{Data: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	t := s.Target()
	return closing(a.verifyTarget(ctx, t, o, checks), func() error { return s.Close(context.WithoutCancel(ctx)) })
}

// How long a check may take and how often it looks, on a server of one's own and
// on AWS, where a job takes half a minute to start.
const (
	verifyLimit         = time.Minute
	verifyLimitAWS      = 45 * time.Minute
	verifyQuickLimit    = 15 * time.Second
	verifyQuickLimitAWS = 10 * time.Minute
	verifyPause         = 10 * time.Millisecond
	verifyMaxPause      = 200 * time.Millisecond
	// verifyTries is how often a call is tried that AWS throttles.
	verifyTries = 10
)

// verifyTarget verifies what the flags name.
func (a *app) verifyTarget(ctx context.Context, t *target, o *verifyOptions, checks []verify.Check) error {
	v := verify.Options{
		Checks: checks, Parallel: o.parallel, Role: o.role,
		Limit: verifyLimit, QuickLimit: verifyQuickLimit, Pause: verifyPause, MaxPause: verifyMaxPause,
	}
	if t.Kind == targetAWS {
		v.Limit, v.QuickLimit, v.Pause, v.MaxPause = verifyLimitAWS, verifyQuickLimitAWS, time.Second, 5*time.Second
	}
	if v.Parallel == 0 {
		v.Parallel = 4
		if t.Kind == targetAWS {
			v.Parallel = 8
		}
	}
	if v.Role == "" {
		if t.Kind == targetAWS {
			return errors.New("jobs on AWS need a role: name an IAM role for Glue jobs with --role")
		}
		v.Role = "reglue-verify"
	}
	remove, err := o.layOut(t, &v)
	if err != nil {
		return err
	}
	defer remove()
	if err := a.confirm(t, verifyCost(checks)); err != nil {
		return err
	}
	if v.Caller, err = verifyCaller(ctx, t); err != nil {
		return err
	}
	v.Done = a.verifyProgress(len(checks))
	r, err := verify.Run(ctx, v)
	if v.Done != nil && a.err.terminal {
		fmt.Fprint(a.Stderr, "\r\x1b[K")
	}
	if err != nil {
		return err
	}
	return a.report(r)
}

// verifyCost says what a verification of an account does and costs.
func verifyCost(checks []verify.Check) string {
	runs := 0
	for i := range checks {
		runs += checks[i].JobRuns
	}
	if runs == 0 {
		return fmt.Sprintf("Hold %d rules against Glue, with workflows, triggers and jobs of its own that are deleted again and no job run,", len(checks))
	}
	return fmt.Sprintf("Hold %d rules against Glue, with workflows, triggers and jobs of its own that are deleted again "+
		"and at most %d job runs (python shell, 0.0625 DPU, billed by AWS for a minute each at least),", len(checks), runs+1)
}

// layOut puts the script where the endpoint finds it.
func (o *verifyOptions) layOut(t *target, v *verify.Options) (remove func(), err error) {
	nothing := func() {}
	if o.scriptBase != "" {
		v.ScriptLocation = strings.TrimSuffix(o.scriptBase, "/") + "/" + verify.ScriptName
		return nothing, nil
	}
	if t.Kind == targetAWS || !isLoopback(t.Endpoint) && t.Endpoint != "" {
		if slices.ContainsFunc(v.Checks, func(c verify.Check) bool { return !c.Quick() }) {
			return nil, fmt.Errorf("the jobs need their script there: upload what 'reglue verify --print-scripts' prints as %s "+
				"and name its folder with --script-base s3://bucket/folder, or add --quick to run no jobs", verify.ScriptName)
		}
		v.ScriptLocation = "s3://reglue-verify/" + verify.ScriptName // not run
		return nothing, nil
	}
	dir, err := os.MkdirTemp("", "reglue-verify-script-")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, verify.ScriptName)
	v.ScriptLocation = (&url.URL{Scheme: "file", Path: path}).String()
	return func() { _ = os.RemoveAll(dir) }, os.WriteFile(path, []byte(verify.Script), 0o644)
}

// repeatingCaller can send a call again under the invocation id of the first time.
type repeatingCaller struct{ *httpCaller }

// CallAs implements verify.Repeater.
func (c repeatingCaller) CallAs(ctx context.Context, invocation, op string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return c.send(ctx, op, invocation, body, out)
}

// verifyCaller calls a target over HTTP, also when this process serves it: what is
// verified is what clients see.
func verifyCaller(ctx context.Context, t *target) (repeatingCaller, error) {
	switch c := t.Caller.(type) {
	case *httpCaller:
		if t.Kind == targetAWS {
			c.retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = verifyTries })
		}
		return repeatingCaller{c}, nil
	case *ownerCaller:
		return repeatingCaller{c.http}, nil
	}
	owner, err := openOwner(ctx, targetOptions{Data: t.Folder, Region: t.Region})
	if err != nil {
		return repeatingCaller{}, err
	}
	return verifyCaller(ctx, owner)
}
