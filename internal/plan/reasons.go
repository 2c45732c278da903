package plan

import (
	"fmt"
	"strings"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// Reasons say for each node of a run, by its id and in a few words, why it never
// started, or which end of another node made it start. Nodes that need no words
// have none.
func Reasons(g *flow.Graph, r *flow.Run) map[string]string {
	reasons := map[string]string{}
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
		if text := StartedBecause(g, r, g.Actions[last.Action].Trigger); text != "" {
			reasons[node.ID] = text
		}
	}
	return reasons
}

// StartedBecause names the ends other than success that a trigger fired on: that
// a job runs after another's success needs no words. An end that a later attempt
// replaced is not known any more.
func StartedBecause(g *flow.Graph, r *flow.Run, t int) string {
	var met []flow.Condition
	for _, c := range g.Triggers[t].Conditions {
		if c.State != flow.Succeeded && r.Nodes[c.Node].Last == c.State {
			met = append(met, c)
		}
	}
	if len(met) == 0 {
		return ""
	}
	return "because " + Some(endWords(g, met, " and "), " and ")
}

// endWords says of each node the states that the conditions name.
func endWords(g *flow.Graph, conditions []flow.Condition, join string) []string {
	var texts []string
	said := map[int]int{}
	for _, c := range conditions {
		if at, ok := said[c.Node]; ok {
			texts[at] += join + StateWord(c.State)
			continue
		}
		said[c.Node] = len(texts)
		texts = append(texts, g.Nodes[c.Node].Name+" "+StateWord(c.State))
	}
	return texts
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
	join := " and "
	if tr.Any {
		join = " or "
	}
	// What stands in the way says more than what is still to come.
	var awaited, blocked []string
	var wanted []flow.Condition
	met := 0
	for _, c := range tr.Conditions {
		name, st := g.Nodes[c.Node].Name, &r.Nodes[c.Node]
		switch {
		case st.Last == c.State && (!tr.Any || !st.Carried):
			met++
		case c.State != flow.Succeeded:
			wanted = append(wanted, c)
		case st.Last == flow.Blank && !r.Over():
			awaited = append(awaited, name)
		default:
			blocked = append(blocked, name+" "+StateWord(st.Last))
		}
	}
	if len(wanted) > 0 {
		blocked = append(blocked, "only if "+Some(endWords(g, wanted, join), join))
	}
	switch {
	case (r.Status == glue.WorkflowRunStatusCompleted || r.Status == glue.WorkflowRunStatusRunning) && (met == len(tr.Conditions) || tr.Any && met > 0):
		return "held back by a resume of narrower scope"
	case len(blocked) > 0:
		return Some(blocked, join)
	}
	return "waits for " + Some(awaited, join)
}

// StateWord is a state as a verb.
func StateWord(s flow.State) string {
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
	default:
		return "is " + strings.ToLower(s.String())
	}
}

// Some joins up to two texts and counts the rest.
func Some(texts []string, join string) string {
	const most = 2
	if len(texts) > most {
		texts = append(texts[:most:most], fmt.Sprintf("%d more", len(texts)-most))
	}
	return strings.Join(texts, join)
}
