package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// everyNode is a pattern that every node matches.
const everyNode = "*"

type resumeOptions struct {
	sel                   plan.Selectors
	nodes                 []string
	accept, until, except []string
	because               string
	properties, args      []string
	timeouts, retries     []string
	before                []string
	rewind                []string

	definition string
	plan       bool
	planToken  string
	expectHead string
	fromEnded  bool
	running    bool
	again      bool
	wait       bool
	detach     bool
	many       whereOptions
	server     ownServer
}

func (o *resumeOptions) register(f *pflag.FlagSet) {
	f.BoolVar(&o.sel.Failed, "failed", false, "every job and crawler whose latest attempt did not succeed")
	f.StringArrayVar(&o.nodes, "node", nil, "a node by name, id or pattern such as 'load_*' (repeatable)")
	f.BoolVar(&o.sel.Changed, "changed", false, "every job whose definition or script is not what the run used")
	f.BoolVar(&o.sel.Missing, "missing", false, "every node that succeeded but whose declared outputs are gone")
	f.BoolVar(&o.sel.Recommended, "recommended", false, "the smallest set that repairs the run")
	f.BoolVar(&o.sel.Held, "held", false, "what an earlier resume held back and can start now")
	f.StringArrayVar(&o.accept, "accept", nil, "take a failed node as SUCCEEDED, so that its downstream goes on (repeatable)")
	f.StringVar(&o.because, "because", "", "why the nodes of --accept count as SUCCEEDED; kept with the run")
	f.StringArrayVar(&o.until, "until", nil, "run only what leads to this node; hold the rest back (repeatable)")
	f.StringArrayVar(&o.except, "except", nil, "hold this node back, and so what only it leads to (repeatable)")
	f.StringArrayVar(&o.properties, "property", nil, "NAME=VALUE: a run property of the new run (repeatable)")
	f.StringArrayVar(&o.args, "arg", nil, "NODE:--key=value: an argument of a job in the new run (repeatable)")
	f.StringArrayVar(&o.timeouts, "timeout", nil, "NODE=MINUTES: a job's timeout in the new run (repeatable)")
	f.StringArrayVar(&o.retries, "retries", nil, "NODE=N: a job's retries in the new run (repeatable)")
	f.StringArrayVar(&o.before, "before", nil, "NODE=COMMAND: a shell command to run here first; if it fails, nothing is resumed (repeatable)")
	f.StringArrayVar(&o.rewind, "rewind-bookmark", nil, "let the jobs that run again read their input again: set their bookmarks back to before the run; with =NODE of one alone (repeatable)")
	f.Lookup("rewind-bookmark").NoOptDefVal = everyNode
	f.StringVar(&o.definition, "definition", "original", "triggers of the new run: original (as the run had them) or current")
	f.BoolVar(&o.plan, "plan", false, "show what would become of every node and change nothing")
	f.StringVar(&o.planToken, "plan-token", "", "resume only if the plan with this token still holds")
	f.StringVar(&o.expectHead, "expect-head", "", "resume only if this run is still the newest of its family")
	f.BoolVar(&o.fromEnded, "from-stopped", false, "resume a run in STOPPED or ERROR, which AWS refuses")
	f.BoolVar(&o.running, "while-running", false, "resume a run that still runs: it ends, and what runs in it goes on in the new run; AWS refuses")
	f.BoolVar(&o.again, "again", false, "resume a resumed run more than once, which AWS refuses")
	f.BoolVar(&o.wait, "wait", false, "wait for room if a limit of concurrent runs is reached")
	f.BoolVar(&o.detach, "detach", false, "start the run and return")
}

// check refuses what can't be meant, before anything is opened.
func (o *resumeOptions) check() error {
	if !o.sel.Any() && len(o.nodes)+len(o.accept) == 0 {
		return errors.New("choose what to repeat: --failed, or --node NODE (repeatable), or one of --changed, --missing, --held, --recommended; or --accept NODE")
	}
	if o.sel.Failed && len(o.nodes) > 0 {
		return errors.New("choose what to repeat: --failed, or --node NODE (repeatable), not both")
	}
	if len(o.accept) > 0 && strings.TrimSpace(o.because) == "" {
		return errors.New(`say why with --because "…": it is kept with the run and shown wherever the node is`)
	}
	if o.because != "" && len(o.accept) == 0 {
		return errors.New("--because goes with --accept")
	}
	if o.definition != "" && o.definition != "original" && o.definition != "current" {
		return fmt.Errorf("--definition must be original or current, not %q", o.definition)
	}
	if o.running && o.definition == "current" {
		return errors.New("--while-running keeps the triggers of the run: leave out --definition current, or wait for the run's end")
	}
	if o.plan && o.planToken != "" {
		return errors.New("--plan makes a plan, --plan-token carries one out: give one of them")
	}
	return nil
}

// beyondAWS names the flags that were given and that no AWS operation can honour.
// With a profile, what jobs are and what they run can be looked at.
func (o *resumeOptions) beyondAWS(profile bool) []string {
	var out []string
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"--changed", o.sel.Changed && !profile}, {"--missing", o.sel.Missing && !profile},
		{"--recommended", o.sel.Recommended && !profile}, {"--held", o.sel.Held},
		{"--accept", len(o.accept) > 0}, {"--until", len(o.until) > 0}, {"--except", len(o.except) > 0},
		{"--property", len(o.properties) > 0}, {"--arg", len(o.args) > 0}, {"--timeout", len(o.timeouts) > 0},
		{"--retries", len(o.retries) > 0}, {"--rewind-bookmark", len(o.rewind) > 0}, {"--from-stopped", o.fromEnded}, {"--again", o.again}, {"--while-running", o.running},
		{"--definition current", o.definition == "current"},
		{"--plan-token", o.planToken != "" && !profile},
	} {
		if f.given {
			out = append(out, f.name)
		}
	}
	return out
}

// fill sets the members of the request that name no nodes to repeat.
func (o *resumeOptions) fill(prior *glue.WorkflowRun, req *plan.Request) error {
	if o.definition == "current" {
		req.Definition = o.definition
	}
	req.Select, req.Because, req.AnyEnd, req.AnyResume = o.sel, o.because, o.fromEnded, o.again
	req.WhileRunning = o.running
	rewind := o.rewind
	if slices.Contains(rewind, everyNode) {
		req.RewindAllBookmarks, rewind = true, nil
	}
	var err error
	for _, list := range []struct {
		to   *[]string
		from []string
	}{{&req.Accept, o.accept}, {&req.Until, o.until}, {&req.Except, o.except}, {&req.RewindBookmarks, rewind}} {
		if *list.to, err = nodeIDs(prior, list.from); err != nil {
			return err
		}
	}
	if req.Properties, err = pairs("--property", o.properties); err != nil {
		return err
	}
	return o.overrides(prior, req)
}

func (o *resumeOptions) overrides(prior *glue.WorkflowRun, req *plan.Request) error {
	set := func(node string, change func(*glue.RunOverride)) error {
		found, err := findNodes(prior.Graph, node)
		if err != nil {
			return err
		}
		for _, n := range found {
			if n.Type != glue.NodeTypeJob {
				return fmt.Errorf("%s is no job: only jobs have settings to override", n.Name)
			}
			if req.Overrides == nil {
				req.Overrides = map[string]glue.RunOverride{}
			}
			over := req.Overrides[n.Name]
			change(&over)
			req.Overrides[n.Name] = over
		}
		return nil
	}
	for _, text := range o.args {
		node, key, value, err := argumentOf(prior.Graph, text)
		if err != nil {
			return err
		}
		err = set(node, func(over *glue.RunOverride) {
			if over.Arguments == nil {
				over.Arguments = map[string]string{}
			}
			over.Arguments[key] = value
		})
		if err != nil {
			return err
		}
	}
	for _, text := range o.timeouts {
		node, number, err := numbered("--timeout", text)
		if err != nil {
			return err
		}
		minutes := int32(number)
		if err := set(node, func(over *glue.RunOverride) { over.Timeout = &minutes }); err != nil {
			return err
		}
	}
	for _, text := range o.retries {
		node, number, err := numbered("--retries", text)
		if err != nil {
			return err
		}
		if err := set(node, func(over *glue.RunOverride) { over.Retries = &number }); err != nil {
			return err
		}
	}
	return nil
}

// argumentOf reads NODE:--key=value. Names and values may hold what parts them: the
// longest beginning that names a node counts.
func argumentOf(g *glue.WorkflowGraph, text string) (node, key, value string, err error) {
	err = fmt.Errorf("--arg must be NODE:--key=value, not %q", text)
	for at := len(text); ; {
		if at = strings.LastIndex(text[:at], ":--"); at <= 0 {
			return "", "", "", err
		}
		key, value, ok := strings.Cut(text[at+1:], "=")
		if !ok || len(key) < len("--k") {
			continue
		}
		if _, err = findNodes(g, text[:at]); err == nil {
			return text[:at], key, value, nil
		}
	}
}

// numbered reads NODE=N.
func numbered(flag, text string) (node string, number int, err error) {
	at := strings.LastIndexByte(text, '=')
	if at > 0 {
		n, err := strconv.ParseInt(text[at+1:], 10, 32)
		if err == nil && n >= 0 {
			return text[:at], int(n), nil
		}
	}
	return "", 0, fmt.Errorf("%s must be NODE=NUMBER, not %q", flag, text)
}

// nodeIDs are the ids of jobs and crawlers that names, ids and patterns mean,
// whether or not they ran.
func nodeIDs(run *glue.WorkflowRun, patterns []string) ([]string, error) {
	var ids []string
	for _, pattern := range patterns {
		found, err := findNodes(run.Graph, pattern)
		if err != nil {
			return nil, err
		}
		for _, n := range found {
			ids = append(ids, n.UniqueId)
		}
	}
	return ids, nil
}
