package cli

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// fakeGlue answers the operations that look at runs from what the test put in,
// and notes the ones that change something.
type fakeGlue struct {
	runs    map[string][]*glue.WorkflowRun // by workflow, newest first
	changes []string
	refuse  error
}

func (f *fakeGlue) Call(_ context.Context, op string, in, out any) error {
	answer, err := f.answer(op, in)
	if err != nil {
		return err
	}
	text, err := json.Marshal(answer)
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(text, out)
}

var errNotFound = glue.Errorf(glue.EntityNotFound, "Entity not found")

func (f *fakeGlue) answer(op string, in any) (any, error) {
	switch in := in.(type) {
	case *glue.ListWorkflowsRequest:
		var out glue.ListWorkflowsResponse
		for name := range f.runs {
			out.Workflows = append(out.Workflows, name)
		}
		slices.Sort(out.Workflows)
		return out, nil
	case *glue.GetWorkflowRunsRequest:
		return f.page(in)
	case *glue.GetWorkflowRunRequest:
		for _, r := range f.runs[in.Name] {
			if r.WorkflowRunId == in.RunId {
				return glue.GetWorkflowRunResponse{Run: r}, nil
			}
		}
		return nil, errNotFound
	case *glue.GetWorkflowRequest:
		runs, ok := f.runs[in.Name]
		if !ok {
			return nil, errNotFound
		}
		w := &glue.Workflow{Name: in.Name}
		if len(runs) > 0 {
			w.LastRun, w.Graph = runs[0], runs[0].Graph
		}
		return glue.GetWorkflowResponse{Workflow: w}, nil
	}
	if op == plan.OpPlan || op == plan.OpExecute || op == plan.OpGet || op == plan.OpListBulks {
		return nil, glue.Errorf(glue.UnknownOperation, "no %s", op) // as AWS
	}
	if f.refuse != nil {
		return nil, f.refuse
	}
	text, err := json.Marshal(in)
	f.changes = append(f.changes, op+" "+string(text))
	if in, ok := in.(*glue.ResumeWorkflowRunRequest); ok {
		return glue.ResumeWorkflowRunResponse{RunId: "wr_new", NodeIds: in.NodeIds}, err
	}
	return struct{}{}, err
}

// page answers one run a page, so that paging is always tested.
func (f *fakeGlue) page(in *glue.GetWorkflowRunsRequest) (any, error) {
	runs, ok := f.runs[in.Name]
	if !ok {
		return nil, errNotFound
	}
	at := len(in.NextToken)
	if at >= len(runs) {
		return glue.GetWorkflowRunsResponse{}, nil
	}
	r := *runs[at]
	r.Graph = nil
	out := glue.GetWorkflowRunsResponse{Runs: []glue.WorkflowRun{r}}
	if at+1 < len(runs) {
		out.NextToken = strings.Repeat("x", at+1)
	}
	return out, nil
}

// on runs a command line against the fake.
func (f *fakeGlue) on(t *testing.T, kind targetKind, wantCode int, args ...string) (stdout, stderr string) {
	t.Helper()
	return f.use(kind, args...).run(t, wantCode)
}

func (f *fakeGlue) use(kind targetKind, args ...string) *use {
	u := newUse(args...)
	u.open = func(context.Context, targetOptions) (*target, error) {
		return &target{Caller: f, Kind: kind, Close: noClose}, nil
	}
	return u
}

const hour = 3600_000

// runID is a run's id of the length that ids have.
func runID(start string) string { return runIDPrefix + start + strings.Repeat("0", 64-len(start)) }

// drawn makes a run of a workflow in one line a trigger:
//
//	begin: extract crawl!
//	loaded: extract=SUCCEEDED AND crawl!=SUCCEEDED > load
//
// A name with ! is a crawler's. States are given by node.
func drawn(t *testing.T, id, graph string, states map[string]string) *glue.WorkflowRun {
	t.Helper()
	d := &drawer{states: states, g: &glue.WorkflowGraph{}, seen: map[string]bool{}}
	for _, line := range strings.Split(strings.TrimSpace(graph), "\n") {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			t.Fatalf("not a trigger: %q", line)
		}
		d.trigger(name, rest)
	}
	run := &glue.WorkflowRun{
		Name: "nightly", WorkflowRunId: id, Status: glue.WorkflowRunStatusCompleted,
		StartedOn: 100 * hour, CompletedOn: 100*hour + 9000, Graph: d.g,
	}
	run.Statistics = &glue.WorkflowRunStatistics{TotalActions: int32(d.actions)}
	s := run.Statistics
	for _, state := range states {
		switch state {
		case "SUCCEEDED":
			s.SucceededActions++
		case "FAILED", "EXPIRED":
			s.FailedActions++
		case "TIMEOUT":
			s.TimeoutActions++
		case "ERROR":
			s.ErroredActions++
		case "STOPPED", "CANCELLED":
			s.StoppedActions++
		case "WAITING":
			s.WaitingActions++
		default:
			s.RunningActions++
		}
	}
	return run
}

type drawer struct {
	g       *glue.WorkflowGraph
	states  map[string]string
	seen    map[string]bool
	actions int
}

func (d *drawer) trigger(name, text string) {
	t := &glue.Trigger{Name: name, Type: glue.TriggerTypeOnDemand, State: glue.TriggerStateCreated}
	condition, actions, conditional := strings.Cut(text, " > ")
	if !conditional {
		condition, actions = "", text
	} else {
		t.Type, t.State, t.Predicate = glue.TriggerTypeConditional, glue.TriggerStateActivated, &glue.Predicate{}
	}
	for _, word := range strings.Fields(condition) {
		node, state, ok := strings.Cut(word, "=")
		switch {
		case word == "ANY" || word == "AND":
			t.Predicate.Logical = glue.Logical(word)
		case word == "INACTIVE":
			t.State = glue.TriggerStateCreated
		case !ok:
			panic("not a condition: " + word)
		default:
			c := glue.Condition{LogicalOperator: glue.LogicalOperatorEquals, JobName: node, State: glue.JobRunState(state)}
			if crawler, ok := strings.CutSuffix(node, "!"); ok {
				c = glue.Condition{LogicalOperator: glue.LogicalOperatorEquals, CrawlerName: crawler, CrawlState: glue.CrawlState(state)}
			}
			t.Predicate.Conditions = append(t.Predicate.Conditions, c)
			d.edge(node, name)
		}
	}
	d.g.Nodes = append(d.g.Nodes, glue.Node{
		Type: glue.NodeTypeTrigger, Name: name, UniqueId: "id_" + name, TriggerDetails: &glue.TriggerNodeDetails{Trigger: t},
	})
	for _, target := range strings.Fields(actions) {
		d.actions++
		if crawler, ok := strings.CutSuffix(target, "!"); ok {
			t.Actions = append(t.Actions, glue.Action{CrawlerName: crawler})
		} else {
			t.Actions = append(t.Actions, glue.Action{JobName: target})
		}
		d.edge(name, target)
		d.node(target, name)
	}
}

func (d *drawer) edge(from, to string) {
	d.g.Edges = append(d.g.Edges, glue.Edge{SourceId: "id_" + from, DestinationId: "id_" + to})
}

func (d *drawer) node(name, trigger string) {
	if d.seen[name] {
		return
	}
	d.seen[name] = true
	state := d.states[name]
	began := glue.Time(100*hour + 1000*len(d.g.Nodes))
	var ended glue.Time
	problem := ""
	switch state {
	case "RUNNING", "STARTING", "WAITING", "STOPPING", "CANCELLING":
	default:
		ended = began + 500
	}
	if state != "SUCCEEDED" && ended != 0 {
		problem = "ValueError: " + name + " is broken\nsecond line"
	}
	n := glue.Node{Type: glue.NodeTypeJob, Name: name, UniqueId: "id_" + name, JobDetails: &glue.JobNodeDetails{}}
	if crawler, ok := strings.CutSuffix(name, "!"); ok {
		n = glue.Node{Type: glue.NodeTypeCrawler, Name: crawler, UniqueId: "id_" + name, CrawlerDetails: &glue.CrawlerNodeDetails{}}
		if state != "" {
			n.CrawlerDetails.Crawls = []glue.Crawl{{State: glue.CrawlState(state), StartedOn: began, CompletedOn: ended, ErrorMessage: problem}}
		}
	} else if state != "" {
		n.JobDetails.JobRuns = []glue.JobRun{{
			Id: "jr_" + name, JobName: name, TriggerName: trigger, JobRunState: glue.JobRunState(state),
			StartedOn: began, CompletedOn: ended, ErrorMessage: problem,
		}}
	}
	d.g.Nodes = append(d.g.Nodes, n)
}
