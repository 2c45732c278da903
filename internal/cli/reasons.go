package cli

import (
	"fmt"
	"strings"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// reasonsOf says for each node of a run, by its id and in a few words, why it
// never started, or which end of another node made it start. Nodes that need no
// words have none.
func reasonsOf(run *glue.WorkflowRun) map[string]string {
	reasons := map[string]string{}
	g, r, err := flow.Observe(run)
	if err != nil {
		return reasons // what can't be understood is shown without reasons
	}
	for n := range g.Nodes {
		node := &g.Nodes[n]
		if node.Type == glue.NodeTypeTrigger {
			continue
		}
		last, started := r.Latest(g, n)
		if !started {
			reasons[node.ID] = waitingFor(g, r, n)
			continue
		}
		if text := startedBecause(g, g.Actions[last.Action].Trigger); text != "" {
			reasons[node.ID] = text
		}
	}
	return reasons
}

// startedBecause names the ends other than success that a trigger fires on: that
// a job runs after another's success needs no words.
func startedBecause(g *flow.Graph, t int) string {
	var parts []string
	for _, c := range g.Triggers[t].Conditions {
		if c.State != flow.Succeeded {
			parts = append(parts, fmt.Sprintf("%s %s", g.Nodes[c.Node].Name, stateWord(c.State)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "because " + strings.Join(parts, ", ")
}

// waitingFor says why a node did not start, by the first trigger that could
// still be told to have started it.
func waitingFor(g *flow.Graph, r *flow.Run, n int) string {
	var texts []string
	for _, a := range g.Nodes[n].Actions {
		if text := unfired(g, r, g.Actions[a].Trigger); text != "" {
			texts = append(texts, text)
		}
	}
	if len(texts) == 0 {
		return "no trigger of the workflow starts it"
	}
	return strings.Join(texts, "; or ")
}

func unfired(g *flow.Graph, r *flow.Run, t int) string {
	tr := &g.Triggers[t]
	if tr.Starts {
		return "starts with the run"
	}
	if !tr.Active {
		return "its trigger " + tr.Def.Name + " is not activated"
	}
	var missing []string
	for _, c := range tr.Conditions {
		if r.Nodes[c.Node].Last == c.State {
			continue
		}
		missing = append(missing, missingText(g, r, c))
	}
	join := " and "
	if tr.Any {
		join = " or "
	}
	if len(missing) > 2 {
		missing = append(missing[:2], fmt.Sprintf("%d more", len(missing)-2))
	}
	return strings.Join(missing, join)
}

func missingText(g *flow.Graph, r *flow.Run, c flow.Condition) string {
	name, last := g.Nodes[c.Node].Name, r.Nodes[c.Node].Last
	switch {
	case last == flow.Blank && !r.Over():
		if c.State == flow.Succeeded {
			return "waits for " + name
		}
		return "only if " + name + " " + stateWord(c.State)
	case c.State != flow.Succeeded:
		return "only if " + name + " " + stateWord(c.State)
	case last == flow.Blank:
		return name + " never started"
	}
	return name + " " + stateWord(last)
}

// stateWord is a state as a verb.
func stateWord(s flow.State) string {
	switch s {
	case flow.Succeeded:
		return "succeeded"
	case flow.Failed:
		return "failed"
	case flow.Stopped:
		return "was stopped"
	case flow.TimedOut:
		return "timed out"
	case flow.Errored:
		return "could not start"
	case flow.Expired:
		return "expired"
	case flow.Blank:
		return "never started"
	}
	return "is " + strings.ToLower(s.String())
}
