package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/cfn"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

type rehearseOptions struct {
	template  string
	parse     templateOptions
	fail      []string
	durations []string
	expect    []string
	failed    bool
	nodes     []string
	// accept, until and except are those of resume.
	accept, until, except []string
}

// resumes reports whether a resume is to be rehearsed.
func (o *rehearseOptions) resumes() bool { return o.failed || len(o.nodes)+len(o.accept) > 0 }

func newRehearseCommand(a *app) *cobra.Command {
	var o rehearseOptions
	cmd := &cobra.Command{
		Use:   "rehearse WORKFLOW [RUN] | --template TEMPLATE",
		Short: "Play a workflow's logic on a virtual clock: what would run, when, and what never",
		Long: `Play a run without running anything: the rules that decide real runs, with
given ends, on a virtual clock. It tells what would start and when, what would
never start and why, how the run ends, and the critical path.

With WORKFLOW alone the triggers are those of the workflow now; with RUN,
those that the run had. --node, --failed or --accept rehearses the resume of
that run (by default the newest), with --until and --except as resume has
them; of a run that still runs, that with --while-running. --template takes the workflow of a CloudFormation file and needs no
server.

Every attempt ends SUCCEEDED unless --fail says otherwise:
  --fail load               every attempt of load ends FAILED
  --fail load:1             only the first attempt; a retry succeeds
  --fail 'clean_*=TIMEOUT'
A later --fail goes before an earlier one. The ends are SUCCEEDED, FAILED,
TIMEOUT, STOPPED, ERROR and EXPIRED; of crawlers SUCCEEDED, FAILED, CANCELLED
and ERROR. A job that does not exist ends in ERROR. A FAILED attempt is
retried as often as MaxRetries of the job says.

An attempt takes the median of the latest five that ended so in the newest
runs of the workflow, else of the latest five whatever their end, else 1
minute, which is then marked as assumed. A TIMEOUT of which there is no record
takes the job's timeout. --duration sets it.

Limits on concurrent runs, of jobs and of workflows, and queues are left out:
what is started begins at once. A circle of triggers ends by itself, since a
trigger fires once a run.

--expect NODE=STATE makes the exit code 1 if the node does not end so; STATE
may also be NOT_STARTED, or in a resume CARRIED. Without it the exit code is 0
whatever fails in the rehearsal.

-o json gives an object with
  workflow, template, runId     whose triggers these are, or what is resumed
  resume, accepted, held        names of nodes
  status, outcome, statistics   as of a real run
  seconds, criticalPath         node, state, retry, fromSeconds, toSeconds
  nodes                         name, type, id, state (empty: never started),
                                carried, attempts, seconds, durationFrom,
                                reason, cause (the node first behind it)
  triggers                      name, fired, reason
  notes, expectations, met      of each node, want, got, met`,
		Example: `  reglue rehearse nightly --fail load_orders
  reglue rehearse nightly --fail 'clean_*=TIMEOUT' --duration load=20m
  reglue rehearse nightly wr_3fa2c81d --failed
  reglue rehearse --template pipeline.yaml --fail load --expect alert=SUCCEEDED`,
		GroupID:           groupLook,
		Args:              arguments(0, 2),
		ValidArgsFunction: a.completeArgs(completeWorkflow, completeRun),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.rehearse(cmd.Context(), optional(args, 0), optional(args, 1), &o)
		},
	}
	o.parse.register(cmd)
	f := cmd.Flags()
	f.StringVar(&o.template, "template", "", "a CloudFormation `file` to take the workflow from")
	f.StringArrayVar(&o.fail, "fail", nil, "how a node ends, `NODE[:FIRST][=STATE]` (repeatable)")
	f.StringArrayVar(&o.durations, "duration", nil, "how long an attempt takes, `NODE=5m` (repeatable)")
	f.StringArrayVar(&o.expect, "expect", nil, "what must become of a node, `NODE=STATE` (repeatable)")
	f.BoolVar(&o.failed, "failed", false, "rehearse the resume that repeats what failed")
	f.StringArrayVar(&o.nodes, "node", nil, "rehearse the resume that repeats this `node` (repeatable)")
	f.StringArrayVar(&o.accept, "accept", nil, "rehearse a resume that takes this failed `node` as SUCCEEDED")
	f.StringArrayVar(&o.until, "until", nil, "of the resume, play only what leads to this `node`")
	f.StringArrayVar(&o.except, "except", nil, "of the resume, hold this `node` back")
	for _, name := range []string{"fail", "node", "accept", "until", "except"} {
		_ = cmd.RegisterFlagCompletionFunc(name, a.completeFlag(completeNode)) // the flag exists
	}
	return cmd
}

func (a *app) rehearse(ctx context.Context, workflow, run string, o *rehearseOptions) error {
	if o.failed && len(o.nodes) > 0 {
		return errors.New("choose what the rehearsed resume repeats: --failed, or --node NODE (repeatable), not both")
	}
	if len(o.until)+len(o.except) > 0 && !o.resumes() {
		return errors.New("--until and --except are about a resume: name what it repeats with --failed or --node")
	}
	var s *stage
	switch {
	case o.template != "" && (run != "" || o.resumes()):
		return errors.New("a template has no runs to resume: leave RUN, --failed, --node and --accept out")
	case o.template != "":
		t, err := a.templateToRehearse(ctx, o)
		if err != nil {
			return err
		}
		if workflow, err = oneWorkflow(t, workflow); err != nil {
			return err
		}
		s = templateStage(t, workflow, o.template)
	case workflow == "":
		return errors.New("name a workflow, or a template with --template")
	default:
		err := a.withTarget(ctx, reads, func(ctx context.Context, t *target) (err error) {
			s, err = loadStage(ctx, t, workflow, run, o.resumes())
			return err
		})
		if err != nil {
			return err
		}
	}
	return a.rehearseOn(s, o)
}

func (a *app) templateToRehearse(ctx context.Context, o *rehearseOptions) (*cfn.Template, error) {
	t, warnings, err := a.parseTemplate(ctx, o.template, o.parse)
	for _, w := range warnings {
		fmt.Fprintf(a.Stderr, "%s %s\n", a.err.paint(yellow, "warning:"), w)
	}
	return t, err
}

// rehearseOn plays what the flags ask for, shows it and judges it.
func (a *app) rehearseOn(s *stage, o *rehearseOptions) error {
	c, err := newCast(s, o)
	if err != nil {
		return err
	}
	if err := s.resume(o); err != nil {
		return err
	}
	v := rehearsalView{app: a, s: s, cast: c}
	script := &flow.Script{End: c.end, Takes: c.takes, Retries: s.retries}
	if s.plan != nil {
		v.r, err = flow.RehearsePlan(s.g, s.plan, script)
	} else {
		v.r, err = flow.Rehearse(s.g, script)
	}
	if err != nil {
		return err
	}
	v.judged = c.judge(s.g, v.r.Run)
	if a.json() {
		err = writeJSON(a.out, v.describe())
	} else {
		v.write()
	}
	if err != nil {
		return err
	}
	return v.unmet()
}

// stage is what a rehearsal plays on.
type stage struct {
	workflow string
	template string
	// run is the run whose triggers these are, or which is resumed; nil for the
	// workflow as it is now.
	run *glue.WorkflowRun
	g   *flow.Graph
	// wire has the graph's nodes for finding them by name.
	wire *glue.WorkflowGraph
	// prior is the run to resume, plan its resume; nil for a run from the start.
	prior *flow.Run
	plan  *flow.Plan
	roots []string
	// jobs are the definitions; unknown those that nothing is known of.
	jobs    map[string]*glue.Job
	gone    map[string]bool
	samples samples
	notes   []string
}

// newStage takes triggers for a stage; id gives the nodes their ids.
func newStage(workflow string, triggers []glue.Trigger, id func(glue.NodeType, string) string) *stage {
	s := &stage{workflow: workflow, jobs: map[string]*glue.Job{}, gone: map[string]bool{}}
	s.use(flow.Build(triggers, id))
	return s
}

// use sets the graph.
func (s *stage) use(g *flow.Graph) {
	s.g, s.wire = g, &glue.WorkflowGraph{}
	for n := range g.Nodes {
		node := &g.Nodes[n]
		out := glue.Node{Type: node.Type, Name: node.Name, UniqueId: node.ID}
		if node.Trigger >= 0 {
			out.TriggerDetails = &glue.TriggerNodeDetails{Trigger: g.Triggers[node.Trigger].Def}
		}
		s.wire.Nodes = append(s.wire.Nodes, out)
	}
}

// templateStage is the workflow that a template makes.
func templateStage(t *cfn.Template, workflow, file string) *stage {
	var triggers []glue.Trigger
	for i := range t.Triggers {
		r := &t.Triggers[i]
		if r.WorkflowName != workflow {
			continue
		}
		trigger := glue.Trigger{Name: r.Name, WorkflowName: workflow, Type: r.Type, State: glue.TriggerStateCreated,
			Schedule: r.Schedule, Actions: r.Actions, Predicate: r.Predicate, EventBatchingCondition: r.EventBatchingCondition}
		if r.StartOnCreation != nil && *r.StartOnCreation {
			trigger.State = glue.TriggerStateActivated
		}
		triggers = append(triggers, trigger)
	}
	s := newStage(workflow, triggers, func(kind glue.NodeType, name string) string { return string(kind) + "/" + name })
	s.template = file
	for i := range t.Jobs {
		j := &t.Jobs[i]
		s.jobs[j.Name] = &glue.Job{Name: j.Name, MaxRetries: j.MaxRetries, Timeout: j.Timeout, Command: j.Command, GlueVersion: j.GlueVersion}
	}
	var others []string
	for _, name := range s.jobNames() {
		if s.jobs[name] == nil {
			others = append(others, name)
		}
	}
	if len(others) > 0 {
		s.notes = append(s.notes, "not defined in the template, so taken as jobs without retries: "+plan.Some(others, ", "))
	}
	return s
}

// jobNames are the jobs that the triggers start.
func (s *stage) jobNames() []string {
	var names []string
	for n := range s.g.Nodes {
		if node := &s.g.Nodes[n]; node.Type == glue.NodeTypeJob && len(node.Actions) > 0 {
			names = append(names, node.Name)
		}
	}
	return names
}

// retries is how often a node's job may be retried.
func (s *stage) retries(n int) int {
	if j := s.jobs[s.g.Nodes[n].Name]; j != nil && s.g.Nodes[n].Type == glue.NodeTypeJob && j.MaxRetries != nil {
		return int(*j.MaxRetries)
	}
	return 0
}

// resume plans the resume that the flags ask for.
func (s *stage) resume(o *rehearseOptions) error {
	if !o.resumes() {
		return nil
	}
	q := flow.Request{WhileRunning: true} // nothing is changed, so nobody need permit it
	if o.failed {
		for _, n := range flow.FailedNodes(s.g, s.prior) {
			q.Nodes = append(q.Nodes, s.g.Nodes[n].ID)
		}
		if len(q.Nodes) == 0 {
			return fmt.Errorf("no node of run %s failed: there is no resume to rehearse; name what to repeat with --node", shortRun(s.prior.ID))
		}
	}
	for _, list := range []struct {
		to       *[]string
		patterns []string
	}{{&q.Nodes, o.nodes}, {&q.Accept, o.accept}, {&q.Until, o.until}, {&q.Except, o.except}} {
		ran := list.to == &q.Nodes
		for _, pattern := range list.patterns {
			ids, err := s.find(pattern, ran)
			if err != nil {
				return err
			}
			*list.to = append(*list.to, ids...)
		}
	}
	var err error
	if s.plan, err = flow.ResumeAs(s.g, s.prior, &q, "rehearsal", 0); err != nil {
		return err
	}
	for _, n := range s.plan.Roots {
		s.roots = append(s.roots, oneLine(s.g.Nodes[n].Name))
	}
	return nil
}

// find are the ids of the nodes that a name, an id or a pattern means; of a pattern
// only those that ran, if that is asked for.
func (s *stage) find(pattern string, ran bool) ([]string, error) {
	found, err := findNodes(s.wire, pattern)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, node := range found {
		n, _ := s.g.NodeByID(node.UniqueId)
		if _, started := s.prior.Latest(s.g, n); started || !ran || len(found) == 1 {
			ids = append(ids, node.UniqueId)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("nothing that matches %q ran in run %s, so there is nothing to repeat", pattern, shortRun(s.prior.ID))
	}
	return ids, nil
}
