package cli

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

const (
	runIDPrefix = "wr_"
	runIDLength = len(runIDPrefix) + 64
	shortID     = len(runIDPrefix) + 8
	runPage     = 100
	// newestPage bounds the runs that the newest is chosen from.
	newestPage = 25
)

// shortRun is a run's id as tables show it; commands accept it as they accept
// any beginning of an id that only one run has.
func shortRun(id string) string {
	if len(id) == runIDLength && strings.HasPrefix(id, runIDPrefix) {
		return id[:shortID]
	}
	return id
}

// noWorkflow says which workflows there are instead of the one that was named.
func noWorkflow(ctx context.Context, c Caller, name string) error {
	var names []string
	for n, err := range workflowNames(ctx, c) {
		if err != nil {
			return err
		}
		names = append(names, n)
	}
	return fmt.Errorf("there is no workflow %q; %s", name, orNear("workflow", name, names))
}

// findRun returns the id of a workflow's run: by its id, by a beginning of it,
// or the newest when run is empty.
func findRun(ctx context.Context, c Caller, workflow, run string) (string, error) {
	if run == "" {
		return newestRun(ctx, c, workflow)
	}
	if len(run) == runIDLength && strings.HasPrefix(run, runIDPrefix) {
		return run, nil
	}
	var found, known []string
	for r, err := range workflowRuns(ctx, c, workflow, runPage) {
		if isKind(err, glue.EntityNotFound) {
			return "", noWorkflow(ctx, c, workflow)
		}
		if err != nil {
			return "", err
		}
		known = append(known, r.WorkflowRunId)
		if r.WorkflowRunId == run {
			return run, nil
		}
		if strings.HasPrefix(r.WorkflowRunId, run) || strings.HasPrefix(r.WorkflowRunId, runIDPrefix+run) {
			found = append(found, r.WorkflowRunId)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", noRun(workflow, run, known)
	}
	return "", fmt.Errorf("%d runs of %s begin with %q; give more of the id: %s",
		len(found), workflow, run, strings.Join(found[:min(len(found), nearNames)], ", "))
}

func noRun(workflow, run string, known []string) error {
	if len(known) == 0 {
		return fmt.Errorf("workflow %s has no runs yet; start one with 'reglue run --workflow %s'", workflow, workflow)
	}
	return fmt.Errorf("workflow %s has no run %q; its newest are: %s (see 'reglue runs %s')",
		workflow, run, strings.Join(known[:min(len(known), nearNames)], ", "), workflow)
}

// newestRun is the run that started last. AWS does not say how it sorts runs, so
// the first page is looked through.
func newestRun(ctx context.Context, c Caller, workflow string) (string, error) {
	var newest *glue.WorkflowRun
	seen := 0
	for r, err := range workflowRuns(ctx, c, workflow, newestPage) {
		if isKind(err, glue.EntityNotFound) {
			return "", noWorkflow(ctx, c, workflow)
		}
		if err != nil {
			return "", err
		}
		if newest == nil || r.StartedOn > newest.StartedOn {
			newest = r
		}
		if seen++; seen == newestPage {
			break
		}
	}
	if newest == nil {
		return "", noRun(workflow, "", nil)
	}
	return newest.WorkflowRunId, nil
}

// loadRun finds a run and reads it with its graph.
func loadRun(ctx context.Context, c Caller, workflow, run string) (*glue.WorkflowRun, error) {
	id, err := findRun(ctx, c, workflow, run)
	if err != nil {
		return nil, err
	}
	r, err := getRun(ctx, c, workflow, id)
	if !isKind(err, glue.EntityNotFound) {
		return r, err
	}
	// Only now is it worth a call to know what is unknown.
	if _, err := newestRun(ctx, c, workflow); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("workflow %s has no run %s; see 'reglue runs %s'", workflow, id, workflow)
}

// findNodes returns the job and crawler nodes that a name, an id or a glob
// means. Names are exact; * and ? stand for any characters.
func findNodes(g *glue.WorkflowGraph, pattern string) ([]*glue.Node, error) {
	var found []*glue.Node
	var names []string
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.UniqueId == pattern {
			return []*glue.Node{n}, nil
		}
		if n.Type == glue.NodeTypeTrigger {
			continue
		}
		names = append(names, n.Name)
		if n.Name == pattern {
			found = append(found, n)
		}
	}
	if len(found) > 1 {
		return nil, fmt.Errorf("%q names a job and a crawler; name the node by its id: %s (job) or %s (crawler)",
			pattern, idOf(found, glue.NodeTypeJob), idOf(found, glue.NodeTypeCrawler))
	}
	if len(found) == 1 {
		return found, nil
	}
	if strings.ContainsAny(pattern, "*?[") {
		return globNodes(g, pattern)
	}
	if t := triggerNamed(g, pattern); t != nil {
		return nil, fmt.Errorf("%q is a trigger; name the jobs or crawlers that it starts: %s", pattern, strings.Join(startedBy(t), ", "))
	}
	return nil, fmt.Errorf("there is no node %q in this run; %s", pattern, orNear("node", pattern, names))
}

func globNodes(g *glue.WorkflowGraph, pattern string) ([]*glue.Node, error) {
	// A slash is nothing special in a name.
	flat := func(s string) string { return strings.ReplaceAll(s, "/", "\x00") }
	if _, err := path.Match(flat(pattern), ""); err != nil {
		return nil, fmt.Errorf("%q is not a valid pattern: *, ? and [a-z] stand for characters", pattern)
	}
	var found []*glue.Node
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if ok, _ := path.Match(flat(pattern), flat(n.Name)); ok && n.Type != glue.NodeTypeTrigger {
			found = append(found, n)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no job or crawler of this run matches %q", pattern)
	}
	return found, nil
}

func idOf(nodes []*glue.Node, t glue.NodeType) string {
	for _, n := range nodes {
		if n.Type == t {
			return n.UniqueId
		}
	}
	return "?"
}

func triggerNamed(g *glue.WorkflowGraph, name string) *glue.Trigger {
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Type == glue.NodeTypeTrigger && n.Name == name && n.TriggerDetails != nil {
			return n.TriggerDetails.Trigger
		}
	}
	return nil
}

func startedBy(t *glue.Trigger) []string {
	var names []string
	for i := range t.Actions {
		a := &t.Actions[i]
		if a.CrawlerName != "" {
			names = append(names, a.CrawlerName)
		} else {
			names = append(names, a.JobName)
		}
	}
	return names
}
