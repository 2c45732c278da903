package verify

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// run is a workflow run as it was last seen.
type run struct {
	*workflow
	id string
	*glue.WorkflowRun
	// roots are what the answer to a resume named, by node id.
	roots []string
}

// start starts the workflow.
func (w *workflow) start() *run { return w.startWith(nil) }

func (w *workflow) startWith(properties map[string]string) *run {
	var out glue.StartWorkflowRunResponse
	w.call("StartWorkflowRun", &glue.StartWorkflowRunRequest{Name: w.name, RunProperties: properties}, &out)
	return &run{workflow: w, id: out.RunId}
}

// get reads a run with its graph.
func (w *workflow) get(id string) *glue.WorkflowRun {
	var out glue.GetWorkflowRunResponse
	w.call("GetWorkflowRun", &glue.GetWorkflowRunRequest{Name: w.name, RunId: id, IncludeGraph: new(true)}, &out)
	if out.Run == nil {
		w.cannot("GetWorkflowRun answers no run for %s", id)
	}
	if out.Run.Graph == nil {
		out.Run.Graph = &glue.WorkflowGraph{}
	}
	if out.Run.Statistics == nil {
		out.Run.Statistics = &glue.WorkflowRunStatistics{}
	}
	for i := range out.Run.Graph.Nodes {
		for _, jr := range jobRunsOf(&out.Run.Graph.Nodes[i]) {
			w.jobRuns[jr.Id] = true
		}
	}
	return out.Run
}

func (r *run) look() { r.WorkflowRun = r.get(r.id) }

// end waits until the run is over.
func (r *run) end() *run {
	r.until("for run "+r.id+" to end", func() bool { return over(r.Status) })
	return r
}

// until looks at the run until it is as wanted.
func (r *run) until(what string, wanted func() bool) {
	r.wait(func() (bool, string) {
		r.look()
		return wanted(), what + "; it is " + string(r.Status) + " with " + r.states()
	})
}

// begun waits until a job of the run runs.
func (r *run) begun(job string) *run {
	r.until("for "+job+" to run", func() bool {
		state := r.state(job)
		return state == glue.JobRunStateRunning || state == glue.JobRunStateStarting || over(r.Status)
	})
	if over(r.Status) {
		r.cannot("run %s is %s before %s could be seen to run: %s", r.id, r.Status, job, r.states())
	}
	return r
}

func (r *run) stop() {
	r.call("StopWorkflowRun", &glue.StopWorkflowRunRequest{Name: r.name, RunId: r.id}, nil)
}

// node is the node of a short name, or nil.
func (r *run) node(short string) *glue.Node { return findNode(r.Graph, r.full(short)) }

func findNode(g *glue.WorkflowGraph, name string) *glue.Node {
	if g == nil {
		return nil
	}
	for i := range g.Nodes {
		if g.Nodes[i].Name == name {
			return &g.Nodes[i]
		}
	}
	return nil
}

// ids are the node ids of short names.
func (r *run) ids(short ...string) []string {
	ids := make([]string, 0, len(short))
	for _, name := range short {
		n := r.node(name)
		if n == nil || n.UniqueId == "" {
			r.cannot("the graph of run %s has no node with an id for %s", r.id, r.full(name))
		}
		ids = append(ids, n.UniqueId)
	}
	return ids
}

// named are the short names of node ids.
func (r *run) named(ids []string) string {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		name := id
		for i := range r.Graph.Nodes {
			if r.Graph.Nodes[i].UniqueId == id {
				name = r.short(r.Graph.Nodes[i].Name)
			}
		}
		names = append(names, name)
	}
	return "[" + strings.Join(names, " ") + "]"
}

func jobRunsOf(n *glue.Node) []glue.JobRun {
	if n == nil || n.JobDetails == nil {
		return nil
	}
	return n.JobDetails.JobRuns
}

// jobRunsOf are the job runs of a node, the latest attempt first.
func (r *run) jobRunsOf(short string) []glue.JobRun {
	runs := slices.Clone(jobRunsOf(r.node(short)))
	slices.SortStableFunc(runs, func(a, b glue.JobRun) int {
		return cmp.Or(cmp.Compare(b.StartedOn, a.StartedOn), cmp.Compare(b.Attempt, a.Attempt))
	})
	return runs
}

// last is the latest attempt of a node; blank if there is none.
func (r *run) last(short string) glue.JobRun {
	runs := r.jobRunsOf(short)
	if len(runs) == 0 {
		return glue.JobRun{}
	}
	return runs[0]
}

func (r *run) state(short string) glue.JobRunState { return r.last(short).JobRunState }

// problem is what a job says of its end, for a message.
func (r *run) problem(short string) string {
	if text := r.last(short).ErrorMessage; text != "" {
		return "(" + text + ")"
	}
	return ""
}

const blank = "blank"

func orBlank(s glue.JobRunState) string { return cmp.Or(string(s), blank) }

// states are those of all jobs, as "A=SUCCEEDED B=blank".
func (r *run) states() string {
	var all []string
	for _, job := range slices.Sorted(maps.Keys(r.defs)) {
		if r.node(job) != nil {
			all = append(all, job+"="+orBlank(r.state(job)))
		}
	}
	if len(all) == 0 {
		return "no node in its graph"
	}
	return strings.Join(all, " ")
}

// shows holds the states of the jobs that are named against the run.
func (r *run) shows(want string) { r.showsAs(r.check.Source, want) }

func (r *run) showsAs(source Source, want string) {
	if holds, seen := r.compare(want); !holds {
		r.expectAs(source, false, "after "+r.story()+": "+want, seen)
	}
}

// given ends the check unless the run is as it has to be for it.
func (r *run) given(want string) {
	if holds, seen := r.compare(want); !holds {
		r.cannot("the rule shows only in a run that ends %s; it ended %s", want, seen)
	}
}

func (r *run) compare(want string) (holds bool, seen string) {
	holds = true
	var all []string
	for _, word := range strings.Fields(want) {
		job, state, _ := strings.Cut(word, "=")
		got := orBlank(r.state(job))
		if r.node(job) == nil {
			got = "missing"
		}
		holds = holds && got == state
		all = append(all, job+"="+got)
	}
	return holds, strings.Join(all, " ")
}

func (r *run) story() string {
	if r.roots == nil {
		return "a run"
	}
	return "a resume from " + r.named(r.roots)
}

// resume resumes the run from nodes and returns the new run.
func (r *run) resume(short ...string) *run {
	next, err := r.tryResume(r.ids(short...)...)
	if err != nil {
		r.giveUp("ResumeWorkflowRun of ["+strings.Join(short, " ")+"]", err)
	}
	return next
}

// mayResume resumes the run, which the rule allows: a refusal is a finding.
func (r *run) mayResume(what string, short ...string) *run {
	next, err := r.tryResume(r.ids(short...)...)
	if err != nil {
		r.expect(false, what+" is accepted", err.Error())
		panic(&stopped{})
	}
	return next
}

func (r *run) tryResume(ids ...string) (*run, error) {
	var out glue.ResumeWorkflowRunResponse
	if err := r.try("ResumeWorkflowRun", &glue.ResumeWorkflowRunRequest{Name: r.name, RunId: r.id, NodeIds: ids}, &out); err != nil {
		return nil, err
	}
	return &run{workflow: r.workflow, id: out.RunId, roots: out.NodeIds}, nil
}

// allRuns are the workflow's runs, page by page.
func (w *workflow) allRuns() []glue.WorkflowRun {
	var all []glue.WorkflowRun
	token := ""
	for {
		var out glue.GetWorkflowRunsResponse
		w.call("GetWorkflowRuns", &glue.GetWorkflowRunsRequest{Name: w.name, NextToken: token}, &out)
		all = append(all, out.Runs...)
		if token = out.NextToken; token == "" {
			return all
		}
	}
}

// history is how many job runs a job has had in all.
func (w *workflow) history(short string) []glue.JobRun {
	var all []glue.JobRun
	token := ""
	for {
		var out glue.GetJobRunsResponse
		w.call("GetJobRuns", &glue.GetJobRunsRequest{JobName: w.full(short), NextToken: token}, &out)
		for i := range out.JobRuns {
			w.jobRuns[out.JobRuns[i].Id] = true
		}
		all = append(all, out.JobRuns...)
		if token = out.NextToken; token == "" {
			return all
		}
	}
}
