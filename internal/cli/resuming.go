package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// resuming is a resume on its way from its flags to the new run.
type resuming struct {
	a     *app
	t     *target
	o     resumeOptions
	prior *glue.WorkflowRun
	req   plan.Request
	// head is the run that must be the newest of the family; empty for any.
	head string
	// before are the commands to run first.
	before []plan.Before
	// plain is set when the endpoint has AWS's operations alone.
	plain   bool
	plan    *plan.Plan
	choices []plan.Choice
	ran     []plan.Before
}

// prepareResume reads the run and turns names into ids.
func (a *app) prepareResume(ctx context.Context, t *target, workflow, run string, o resumeOptions) (*resuming, error) {
	prior, err := loadRun(ctx, t, workflow, run)
	if err != nil {
		return nil, err
	}
	if prior.Status != glue.WorkflowRunStatusRunning && !outcomeOf(prior).over() || !outcomeOf(prior).over() && !o.running {
		hint := ""
		if prior.Status == glue.WorkflowRunStatusRunning && t.Kind != targetAWS {
			hint = "; or repeat what has ended while the rest goes on: --while-running"
		}
		return nil, fmt.Errorf("run %s of %s is still %s; only a run that is COMPLETED can be resumed: wait for it (reglue show %s -f), or stop it%s",
			shortRun(prior.WorkflowRunId), workflow, prior.Status, quote(workflow), hint)
	}
	if by := glue.SupersededBy(prior.ErrorMessage); by != "" {
		return nil, fmt.Errorf("run %s of %s was superseded by run %s, to which what ran in it was moved: resume that one",
			shortRun(prior.WorkflowRunId), workflow, shortRun(by))
	}
	if prior.Graph == nil {
		return nil, fmt.Errorf("run %s has no graph", prior.WorkflowRunId)
	}
	r := &resuming{a: a, t: t, o: o, prior: prior, plain: t.Kind == targetAWS}
	r.req = plan.Request{Name: workflow, RunId: prior.WorkflowRunId}
	if err = o.fill(prior, &r.req); err != nil {
		return nil, err
	}
	if r.before, err = o.commands(prior); err != nil {
		return nil, err
	}
	if o.expectHead != "" {
		if r.head, err = findRun(ctx, t, workflow, o.expectHead); err != nil {
			return nil, err
		}
	}
	if r.req.Select == (plan.Selectors{Failed: true}) && len(o.accept)+len(o.except) == 0 {
		// Alone it is answered here, so that it works with AWS too.
		r.req.Select = plan.Selectors{}
		r.req.NodeIds, err = failedNodes(prior)
	} else {
		r.req.NodeIds, err = r.named(ctx)
	}
	return r, err
}

// named are the ids of --node. What was held back may be named though it never
// ran; the server knows.
func (r *resuming) named(ctx context.Context) ([]string, error) {
	patterns := slices.Clone(r.o.nodes)
	for i, p := range patterns {
		if name := strings.TrimSuffix(p, "+"); name != p && !r.hasNode(p) {
			patterns[i] = name // and downstream, which is implied
		}
	}
	ids, err := namedNodes(r.prior, patterns)
	if err == nil || r.plain {
		return ids, err
	}
	record, recordErr := recordOf(ctx, r.t, r.prior)
	if recordErr != nil || record == nil || len(record.Held) == 0 {
		return nil, err
	}
	all, allErr := nodeIDs(r.prior, patterns)
	if allErr != nil {
		return nil, allErr
	}
	return all, nil
}

func (r *resuming) hasNode(name string) bool {
	return slices.ContainsFunc(r.prior.Graph.Nodes, func(n glue.Node) bool { return n.Name == name })
}

// makePlan asks the server for the plan, or makes it here where there are AWS's
// operations alone. What a resume would be refused for is refused already.
func (r *resuming) makePlan(ctx context.Context) error {
	if !r.plain {
		answer, err := call[plan.Answer](ctx, r.t, plan.OpPlan,
			&plan.PreviewRequest{Request: r.req, PlanToken: r.o.planToken, ExpectHead: r.head})
		if err == nil {
			r.plan, r.choices = answer.Plan, answer.Choices
			return nil
		}
		if !isKind(err, glue.UnknownOperation) {
			return err
		}
		r.plain = true
	}
	if beyond := r.o.beyondAWS(r.t.Profile != ""); len(beyond) > 0 {
		if len(r.o.rewind) > 0 {
			return fmt.Errorf("%s: this endpoint has AWS's operations alone, and a resume by them leaves bookmarks as they are; "+
				"set the job's bookmark back first, with 'reglue bookmark JOB --reset --to-run JOBRUN'", strings.Join(beyond, ", "))
		}
		return fmt.Errorf("%s: this endpoint has AWS's operations alone, and they can't do that; it needs a reglue server", strings.Join(beyond, ", "))
	}
	o, err := observeForPlan(ctx, r.t, r.prior)
	if err != nil {
		return err
	}
	answer, err := o.plan(&r.req, r.o.planToken, r.a.now())
	if err != nil {
		return err
	}
	r.plan, r.choices = answer.Plan, answer.Choices
	return nil
}

// execute starts the new run. Waiting for room ends with until; what was asked of the
// server does not, since its outcome counts.
func (r *resuming) execute(ctx, until context.Context) (run string, starts []string, err error) {
	why := ""
	for {
		run, starts, err = r.tryExecute(ctx, until)
		if err == nil || !r.o.wait || !isKind(err, glue.ConcurrentRunsExceeded) {
			return run, starts, err
		}
		if err := r.a.waitForRoom(until, &why, err.Error()); err != nil {
			return "", nil, err
		}
	}
}

func (r *resuming) tryExecute(ctx, until context.Context) (run string, starts []string, err error) {
	if r.o.wait {
		if err := r.waitForJobs(until); err != nil {
			return "", nil, err
		}
	}
	if r.plain {
		if err := r.expectHead(ctx); err != nil {
			return "", nil, err
		}
		out, err := call[glue.ResumeWorkflowRunResponse](ctx, r.t, "ResumeWorkflowRun",
			&glue.ResumeWorkflowRunRequest{Name: r.prior.Name, RunId: r.prior.WorkflowRunId, NodeIds: r.req.NodeIds})
		if err != nil {
			return "", nil, err
		}
		return out.RunId, out.NodeIds, nil
	}
	req := &plan.ExecuteRequest{
		Request: r.req, PlanToken: r.o.planToken, ExpectHead: r.plan.Head, By: whoAmI(), Before: r.ran,
	}
	if r.head != "" {
		req.ExpectHead = r.head
	}
	out, err := call[plan.ExecuteAnswer](ctx, r.t, plan.OpExecute, req)
	if err != nil {
		return "", nil, err
	}
	return out.RunId, out.NodeIds, nil
}

// expectHead looks, where the server can't be told to, whether the run is still the
// newest of its family. Somebody may still come between.
func (r *resuming) expectHead(ctx context.Context) error {
	if r.head == "" {
		return nil
	}
	return isHead(ctx, r.t, r.prior, r.head)
}

// roomPoll is how often --wait looks for room.
const roomPoll = 2 * time.Second

// waitForRoom waits a while and says for what, unless it said so already.
func (a *app) waitForRoom(ctx context.Context, said *string, why string) error {
	if *said != why {
		*said = why
		a.err.paragraph("Waiting for room: "+why, "", dim)
	}
	return sleep(ctx, roomPoll)
}

// waitForJobs waits until no job that is to start is at its limit.
func (r *resuming) waitForJobs(ctx context.Context) error {
	why := ""
	for !r.plain {
		answer, err := call[plan.Answer](ctx, r.t, plan.OpPlan, &r.req)
		if err != nil {
			return err
		}
		if len(answer.Plan.Busy) == 0 {
			return nil
		}
		if err := r.a.waitForRoom(ctx, &why, "at the limit of its runs: "+strings.Join(answer.Plan.Busy, ", ")); err != nil {
			return err
		}
	}
	return nil
}

// agree asks before jobs are repeated that may do harm, and before anything is
// changed in an AWS account.
func (a *app) agree(r *resuming) error {
	what := fmt.Sprintf("Resume run %s of %s, repeating %s", shortRun(r.prior.WorkflowRunId), r.prior.Name, nodeNames(r.prior, r.starts()))
	if err := a.confirm(r.t, what); err != nil {
		return err
	}
	if r.plain || a.flags.yes || len(r.plan.Asks) == 0 {
		return nil
	}
	risky := r.risky()
	names := strings.Join(r.plan.Asks[:min(len(r.plan.Asks), namesShown)], ", ")
	if !a.interactive() {
		if len(risky) > 0 {
			return fmt.Errorf("%s: not marked as safe to repeat, and known to write: look at it with --plan, then add --yes, or tag the jobs %s=true; nothing was changed",
				strings.Join(risky, ", "), plan.IdempotentTag)
		}
		return nil
	}
	return a.ask(fmt.Sprintf("Not marked as safe to repeat (tag %s=true): %s. Repeat them?", plan.IdempotentTag, names))
}

func (r *resuming) starts() []string {
	if len(r.plan.Starts) > 0 {
		return r.plan.Starts
	}
	return r.req.NodeIds
}

// risky are the jobs to ask about that declare outputs or were seen to write.
func (r *resuming) risky() []string {
	var out []string
	for i := range r.plan.Nodes {
		n := &r.plan.Nodes[i]
		if n.Risk != nil && !n.Risk.Safe && len(n.Risk.Outputs)+len(n.Risk.Written) > 0 {
			out = append(out, n.Name)
		}
	}
	return out
}

// keptOutput is how much of a command's output is kept with the run.
const keptOutput = 4 << 10

// commands are those of --before.
func (o *resumeOptions) commands(prior *glue.WorkflowRun) ([]plan.Before, error) {
	var out []plan.Before
	for _, text := range o.before {
		node, command, ok := strings.Cut(text, "=")
		if !ok || strings.TrimSpace(command) == "" {
			return nil, fmt.Errorf("--before must be NODE=COMMAND, not %q", text)
		}
		found, err := findNodes(prior.Graph, node)
		if err != nil {
			return nil, err
		}
		if len(found) > 1 {
			return nil, fmt.Errorf("--before: %q matches %d nodes; name one", node, len(found))
		}
		out = append(out, plan.Before{Node: found[0].Name, Command: command})
	}
	return out, nil
}

// checkBefore refuses a command before a node that will not run.
func (r *resuming) checkBefore() error {
	for _, b := range r.before {
		if !slices.ContainsFunc(r.plan.Nodes, func(n plan.Node) bool { return n.Name == b.Node && n.Runs() }) {
			return fmt.Errorf("--before: this resume does not repeat %s, so nothing is to be run before it; nothing was changed", b.Node)
		}
	}
	return nil
}

// runBefore runs the commands of --before, in order. If one fails nothing is
// resumed.
func (a *app) runBefore(ctx context.Context, r *resuming) error {
	for _, b := range r.before {
		a.err.paragraph("Before "+b.Node+": "+b.Command, "", dim)
		start := time.Now()
		cmd := exec.CommandContext(ctx, "sh", "-c", b.Command)
		cmd.Env = append(os.Environ(), "REGLUE_NODE="+b.Node, "REGLUE_WORKFLOW="+r.prior.Name, "REGLUE_RUN_ID="+r.prior.WorkflowRunId)
		cmd.WaitDelay = time.Second // what it left behind may hold its output
		out, err := cmd.CombinedOutput()
		if _, writeErr := a.Stderr.Write(out); writeErr != nil {
			return writeErr
		}
		if err != nil {
			return fmt.Errorf("the command before %s failed (%w); nothing was resumed", b.Node, err)
		}
		b.At, b.TookMs = glue.MakeTime(start), time.Since(start).Milliseconds()
		b.Output = strings.ToValidUTF8(string(out[max(0, len(out)-keptOutput):]), "?")
		r.ran = append(r.ran, b)
	}
	return nil
}

// ranText says, for a resume that came to nothing, what was run for it.
func (r *resuming) ranText() string {
	if len(r.ran) == 0 {
		return ""
	}
	var names []string
	for i := range r.ran {
		names = append(names, r.ran[i].Node)
	}
	return "; the commands before " + strings.Join(names, ", ") + " were run all the same"
}

// whoAmI names the user, for the record of a run.
func whoAmI() string {
	name := "someone"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}
