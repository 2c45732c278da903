package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

func newFamilyCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "family WORKFLOW [RUN]",
		Short: "Show a run and all its resumes as one",
		Long: `Show a run, what it was resumed from and all that was resumed from it, as one:
the tree of runs with what each repeated, and for every node where its present
state came about, in which run and by which attempt. What is carried is traced
to the run in which it really ran.

RUN may be any run of the family and defaults to the newest run. The present
state is that of the run that started last, the head. Where a run was resumed
twice, what another branch did later than the head knows of is told below the
nodes.

-o json gives an object with
  workflow, head   the head's run id
  runs             from the root of the tree: runId, previousRunId, depth,
                   head, startedOn, completedOn, outcome, repeated, accepted,
                   held, set, attempts, seconds, carried, savedSeconds
  nodes            name, type, id, state, accepted, runId (where it ran; when
                   that run is past retention, before), jobRunId, retry,
                   seconds, error, attempts (all), aside (in another branch)
  lost             ids of runs that are past retention
  totals           startedOn, completedOn, wallSeconds, idleSeconds, attempts,
                   seconds, savedStarts, savedSeconds`,
		Example: `  reglue family nightly
  reglue family nightly wr_3fa2c81d
  reglue family nightly -o json | jq '.nodes[] | {name, state, runId}'`,
		GroupID:           groupLook,
		Args:              arguments(1, 2),
		ValidArgsFunction: a.completeArgs(completeWorkflow, completeRun),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withTarget(cmd.Context(), reads, func(ctx context.Context, t *target) error {
				return a.family(ctx, t, args[0], optional(args, 1))
			})
		},
	}
}

func (a *app) family(ctx context.Context, t *target, workflow, run string) error {
	first, err := loadRun(ctx, t, workflow, run)
	if err != nil {
		return err
	}
	f, err := observeFamily(ctx, t, first, a.now())
	if err != nil {
		return err
	}
	if a.json() {
		return writeJSON(a.out, f.Describe())
	}
	v := familyView{app: a, f: f, head: f.HeadRun()}
	v.write()
	return nil
}

// observeFamily puts a run's family together from what the server answers.
func observeFamily(ctx context.Context, t *target, run *glue.WorkflowRun, now time.Time) (*plan.Family, error) {
	runs, err := loadFamily(ctx, t, run)
	if err != nil {
		return nil, err
	}
	all := make([]flow.Observed, len(runs))
	records := map[string]*plan.Record{}
	for i, r := range runs {
		all[i].Run = r
		if all[i].Graph, all[i].State, records[r.WorkflowRunId], err = observe(ctx, t, r); err != nil {
			return nil, err
		}
	}
	return plan.NewFamily(run.Name, all, records, now)
}

// loadFamily reads all runs of a run's family with their graphs. AWS has no
// question for what was resumed from a run, so the list of runs is read as far back
// as the family goes.
func loadFamily(ctx context.Context, t *target, first *glue.WorkflowRun) ([]*glue.WorkflowRun, error) {
	workflow := first.Name
	read := map[string]*glue.WorkflowRun{first.WorkflowRunId: first}
	oldest := first
	for oldest.PreviousRunId != "" && read[oldest.PreviousRunId] == nil {
		r, err := getRun(ctx, t, workflow, oldest.PreviousRunId)
		if isKind(err, glue.EntityNotFound) {
			break // past retention
		}
		if err != nil {
			return nil, err
		}
		read[r.WorkflowRunId] = r
		oldest = r
	}
	all := []*glue.WorkflowRun{}
	for r, err := range workflowRuns(ctx, t, workflow, runPage) {
		if err != nil {
			return nil, err
		}
		if t.Kind != targetAWS && oldest.PreviousRunId == "" && r.StartedOn < oldest.StartedOn {
			break // AWS does not say how it sorts runs
		}
		if read[r.WorkflowRunId] == nil {
			all = append(all, r)
		}
	}
	for _, r := range read {
		all = append(all, r)
	}
	var family []*glue.WorkflowRun
	for _, r := range flow.Kin(all, first.WorkflowRunId) {
		if read[r.WorkflowRunId] == nil {
			var err error
			r, err = getRun(ctx, t, workflow, r.WorkflowRunId)
			if isKind(err, glue.EntityNotFound) {
				continue // gone meanwhile
			}
			if err != nil {
				return nil, err
			}
		}
		family = append(family, r)
	}
	return family, nil
}

// familyView shows a family.
type familyView struct {
	*app
	f    *plan.Family
	head *glue.WorkflowRun
}

func (v *familyView) write() {
	v.writeHead()
	fmt.Fprintln(v.out)
	v.writeRuns()
	fmt.Fprintln(v.out)
	v.writeNodes()
	v.writeAside()
	fmt.Fprintln(v.out)
	v.writeTotals()
	v.next(v.head)
}

func (v *familyView) writeHead() {
	top := v.f.Runs[0].Run
	text := "run " + shortRun(top.WorkflowRunId)
	switch n := len(v.f.Runs) - 1; {
	case len(v.f.Lost) > 0:
		text = "what is left of run " + shortRun(v.f.Lost[0]) + " and its resumes"
	case n == 0:
		text += ", never resumed"
	default:
		text += " and " + plural(n, "resume")
	}
	fmt.Fprintf(v.out, "%s  %s\n", v.out.paint(bold, oneLine(v.f.Workflow)), text)
	o := outcomeOf(v.head)
	line := v.out.paint(o.mark().colour, o.cell().text)
	if len(v.f.Runs) > 1 {
		line += v.out.paint(dim, "  (as its newest run "+shortRun(v.head.WorkflowRunId)+" has it)")
	}
	fmt.Fprintln(v.out, line)
}

// writeRuns draws the tree of runs.
func (v *familyView) writeRuns() {
	t := table{indent: 2}
	details := make([]string, len(v.f.Runs))
	for i := range v.f.Runs {
		m := &v.f.Runs[i]
		name := cell{v.branch(i) + shortRun(m.Run.WorkflowRunId), plain}
		if i == v.f.Head && len(v.f.Runs) > 1 {
			name.colour = bold
		}
		t.add(name, cell{ago(m.Run.StartedOn, v.now()), plain}, cell{duration(runTook(m.Run, v.now())), plain}, outcomeOf(m.Run).cell())
		details[i] = v.resumed(m)
	}
	for i, line := range t.lines(v.out) {
		fmt.Fprintln(v.out, line)
		if details[i] != "" {
			v.out.paragraph(details[i], v.below(i), dim)
		}
	}
}

// branch is what stands before a run in the tree.
func (v *familyView) branch(i int) string {
	m := &v.f.Runs[i]
	if m.Parent < 0 {
		return ""
	}
	text := "├─ "
	if v.lastResume(i) {
		text = "└─ "
	}
	for up := m.Parent; v.f.Runs[up].Parent >= 0; up = v.f.Runs[up].Parent {
		if v.lastResume(up) {
			text = "   " + text
		} else {
			text = "│  " + text
		}
	}
	return text
}

// lastResume reports whether no later resume has the same parent.
func (v *familyView) lastResume(i int) bool {
	return !slices.ContainsFunc(v.f.Runs[i+1:], func(m flow.Member) bool { return m.Parent == v.f.Runs[i].Parent })
}

// below is the indent of a run's details: its branch, without the arm.
func (v *familyView) below(i int) string {
	text := strings.NewReplacer("├─", "│ ", "└─", "  ").Replace(v.branch(i))
	if !v.childless(i) {
		return "  " + text + "│  "
	}
	return "  " + text + "   "
}

func (v *familyView) childless(i int) bool {
	return !slices.ContainsFunc(v.f.Runs, func(m flow.Member) bool { return m.Parent == i })
}

// resumed says what a resume repeated and what it carried.
func (v *familyView) resumed(m *flow.Member) string {
	if m.Run.PreviousRunId == "" {
		return ""
	}
	var parts []string
	for _, set := range []struct {
		what  string
		nodes []int
	}{{"repeated ", m.State.Roots}, {"accepted ", m.State.Accepted}, {"held back ", m.State.Held}, {"moved ", movedTo(m)}} {
		if len(set.nodes) > 0 {
			parts = append(parts, set.what+plan.Some(namesIn(m.Graph, set.nodes), ", "))
		}
	}
	if set := v.f.Set(m); len(set) > 0 {
		parts = append(parts, "set "+plan.Some(set, ", "))
	}
	text := strings.Join(parts, "; ")
	if text == "" {
		text = "repeated nothing yet"
	}
	if m.Parent < 0 {
		text = "resumed from " + shortRun(m.Run.PreviousRunId) + ", which is past retention; " + text
	}
	text += fmt.Sprintf("; ran %s, carried %d", plural(m.Ran, "attempt"), m.Saved.Starts)
	if saved := millis(m.Saved.Time); saved >= leastTold {
		text += " (" + duration(saved) + " of work)"
	}
	return text
}

// movedTo are the nodes whose attempts a run took over while they ran.
func movedTo(m *flow.Member) []int {
	var nodes []int
	for a := range m.State.Moved {
		if n := m.Graph.Actions[a].Node; !slices.Contains(nodes, n) {
			nodes = append(nodes, n)
		}
	}
	slices.Sort(nodes)
	return nodes
}

// namesIn are the names of nodes of a graph.
func namesIn(g *flow.Graph, nodes []int) []string {
	names := []string{}
	for _, n := range nodes {
		names = append(names, oneLine(g.Nodes[n].Name))
	}
	return names
}

func millis(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// writeNodes writes a line for each job and crawler, upstream before downstream,
// and below it the error of one that failed.
func (v *familyView) writeNodes() {
	t := table{indent: 2}
	t.head("", "NODE", "RAN", "ATTEMPT", "TOOK")
	problems := make([]cell, 1)
	reasons := reasonsOf(v.head)
	for _, s := range v.f.InOrder() {
		node := &v.f.Runs[v.f.Head].Graph.Nodes[s.Node]
		if s.Latest < 0 {
			t.add(stateCell(flow.Blank, false), cell{oneLine(node.Name), plain}, cell{reasons[node.ID] + v.reset(s), dim})
			problems = append(problems, cell{})
			continue
		}
		at := &v.f.Attempts[s.Latest]
		where := cell{v.where(at), plain}
		if at.Run != v.f.Head {
			where.colour = dim
		}
		state, problem := stateCell(s.Shown.State, false), cell{firstLine(plan.Problem(s.Shown)), red}
		switch {
		case plan.IsAccepted(s):
			state, problem.colour = cell{"✓ accepted", yellow}, yellow
		case s.Shown.State == flow.Succeeded:
			problem.text = ""
		}
		t.add(state, cell{oneLine(node.Name), plain}, where,
			cell{fmt.Sprintf("%d of %d", slices.Index(s.Attempts, s.Latest)+1, len(s.Attempts)), plain},
			cell{duration(millis(at.Took(v.now().UnixMilli()))), plain})
		problems = append(problems, problem)
	}
	for i, line := range t.lines(v.out) {
		fmt.Fprintln(v.out, line)
		if p := problems[i]; p.text != "" {
			fmt.Fprintln(v.out, "    "+v.out.paint(p.colour, cut(p.text, v.out.width()-4)))
		}
	}
}

// reset tells of a blank node that it ran before a resume reset it.
func (v *familyView) reset(s *flow.Supply) string {
	if s.Reset < 0 {
		return ""
	}
	return " (it ran " + v.where(&v.f.Attempts[s.Reset]) + ")"
}

// where says in which run an attempt ran.
func (v *familyView) where(at *flow.FamilyAttempt) string {
	if at.Run < 0 {
		return "by " + shortRun(at.Before)
	}
	return "in " + shortRun(v.f.Runs[at.Run].Run.WorkflowRunId)
}

// writeAside tells what another branch did since.
func (v *familyView) writeAside() {
	t := table{indent: 2}
	for i := range v.f.Nodes {
		if s := &v.f.Nodes[i]; s.Aside >= 0 {
			at := &v.f.Attempts[s.Aside]
			t.add(stateCell(at.State, false), cell{oneLine(at.Name), plain}, cell{v.where(at), dim})
		}
	}
	if len(t.rows) > 0 {
		fmt.Fprintln(v.out)
		v.out.paragraph("Done later in another branch, which the newest run does not descend from:", "", yellow)
		t.write(v.out)
	}
}

func (v *familyView) writeTotals() {
	what := "From the first start to the last end"
	if v.f.Ended == 0 {
		what = "From the first start until now"
	}
	text := fmt.Sprintf("%s: %s", what, someTime(v.f.Wall))
	if len(v.f.Runs) > 1 {
		text += fmt.Sprintf(", of which %s between the runs", someTime(v.f.Idle))
	}
	text += fmt.Sprintf(". %s took %s in all.", plural(len(v.f.Attempts), "attempt"), someTime(v.f.Worked))
	if v.f.Saved.Starts > 0 {
		text += fmt.Sprintf(" Runs from the beginning, instead of resumes, would have repeated %d more, %s of work.",
			v.f.Saved.Starts, someTime(v.f.Saved.Time))
	}
	if len(v.f.Lost) > 0 {
		text += fmt.Sprintf(" %s past retention: what ran there is known as far as a kept run carries it.", areLost(v.f.Lost))
	}
	v.out.paragraph(text, "", plain)
}

func areLost(ids []string) string {
	var names []string
	for _, id := range ids {
		names = append(names, shortRun(id))
	}
	if len(names) == 1 {
		return names[0] + " is"
	}
	return plan.Some(names, " and ") + " are"
}

// someTime is a span that is said even when it is short.
func someTime(ms int64) string {
	if ms <= 0 {
		return "0s"
	}
	return duration(millis(ms))
}
