package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// etl is extract → clean → load, with a branch to alarm if clean fails.
func etl(t *testing.T) (*flow.Graph, *flow.Run) {
	t.Helper()
	when := func(name, job, state, starts string) glue.Trigger {
		return glue.Trigger{
			Name: name, Type: glue.TriggerTypeConditional, State: glue.TriggerStateActivated,
			Predicate: &glue.Predicate{Conditions: []glue.Condition{{JobName: job, State: glue.JobRunState(state), LogicalOperator: "EQUALS"}}},
			Actions:   []glue.Action{{JobName: starts}},
		}
	}
	g := flow.Build([]glue.Trigger{
		{Name: "begin", Type: glue.TriggerTypeOnDemand, Actions: []glue.Action{{JobName: "extract"}}},
		when("to-clean", "extract", "SUCCEEDED", "clean"),
		when("to-load", "clean", "SUCCEEDED", "load"),
		when("to-alarm", "clean", "FAILED", "alarm"),
	}, func(typ glue.NodeType, name string) string { return string(typ) + " " + name })
	r := flow.NewRun(g, "wr_1")
	step := func(ev flow.Event) {
		t.Helper()
		c, err := flow.Step(g, r, ev, 1)
		if err != nil {
			t.Fatal(err)
		}
		r.Apply(&c)
	}
	step(flow.Begun{})
	step(flow.Ended{Attempt: flow.Attempt{Action: 0}, State: flow.Succeeded})
	step(flow.Ended{Attempt: flow.Attempt{Action: 1}, State: flow.Failed})
	step(flow.Ended{Attempt: flow.Attempt{Action: 3}, State: flow.Succeeded})
	if !r.Over() {
		t.Fatal("the run goes on")
	}
	return g, r
}

// beside are jobs by their nodes.
func beside(g *flow.Graph, byName map[string]*Job) []*Job {
	jobs := make([]*Job, len(g.Nodes))
	for n := range g.Nodes {
		if g.Nodes[n].Type == glue.NodeTypeJob {
			jobs[n] = byName[g.Nodes[n].Name]
		}
	}
	return jobs
}

func facts() map[string]*Job {
	jobs := map[string]*Job{}
	for name, minutes := range map[string]int{"extract": 10, "clean": 3, "load": 5, "alarm": 1} {
		jobs[name] = &Job{
			Definition: "d-" + name, Files: []File{{name + ".py", "h-" + name}},
			Ran:      &Ran{Definition: "d-" + name, Files: map[string]string{name + ".py": "h-" + name}},
			Duration: time.Duration(minutes) * time.Minute, Samples: 3, Limit: 1,
		}
	}
	return jobs
}

func describe(t *testing.T, g *flow.Graph, r *flow.Run, q flow.Request, jobs map[string]*Job) *Plan {
	t.Helper()
	p, err := flow.ResumeAs(g, r, &q, "wr_2", 2)
	if err != nil {
		t.Fatal(err)
	}
	s := Subject{Graph: g, Prior: r, Plan: p}
	return s.Describe("etl", beside(g, jobs), true)
}

func TestDescribe(t *testing.T) {
	g, r := etl(t)
	jobs := facts()
	jobs["clean"].Safe = true
	d := describe(t, g, r, flow.Request{Nodes: []string{"JOB clean"}}, jobs)
	verdicts := map[string]string{}
	for _, n := range d.Nodes {
		if n.Type == glue.NodeTypeJob {
			verdicts[n.Name] = n.Verdict
		}
	}
	for name, want := range map[string]string{"extract": Carry, "clean": Start, "load": Downstream, "alarm": Downstream} {
		if verdicts[name] != want {
			t.Errorf("%s: %s, want %s", name, verdicts[name], want)
		}
	}
	const minute = 60_000
	if d.Times.Expected != 8*minute || d.Times.Full != 18*minute || d.Times.Saved != 10*minute {
		t.Errorf("times %+v, want 8, 18 and 10 minutes", d.Times)
	}
	if !slices.Equal(d.Times.Path, []string{"clean", "load"}) {
		t.Errorf("critical path %v", d.Times.Path)
	}
	if !slices.Equal(d.Asks, []string{"alarm"}) {
		t.Errorf("asks for %v; clean is marked safe, and load never ran", d.Asks)
	}
	if from := d.Nodes[1].From; from == nil || from.RunID != "wr_1" || from.JobRunID == "" || from.State != "SUCCEEDED" {
		t.Errorf("extract comes from %+v", from)
	}
}

func TestDescribeWarnsOfFullAndMissingJobs(t *testing.T) {
	g, r := etl(t)
	jobs := facts()
	jobs["clean"].Live = 1
	jobs["load"].Gone = true
	d := describe(t, g, r, flow.Request{Nodes: []string{"JOB clean"}}, jobs)
	text := strings.Join(d.Warnings, "\n")
	for _, want := range []string{"clean has 1 of at most 1", "load does not exist"} {
		if !strings.Contains(text, want) {
			t.Errorf("no warning %q in %q", want, text)
		}
	}
}

func TestSelect(t *testing.T) {
	g, r := etl(t)
	for name, c := range map[string]struct {
		change func(map[string]*Job)
		by     Selectors
		want   string
	}{
		"failed":              {nil, Selectors{Failed: true}, "failed clean"},
		"nothing changed":     {nil, Selectors{Changed: true}, ""},
		"a definition":        {func(j map[string]*Job) { j["extract"].Definition = "d2" }, Selectors{Changed: true}, "changed extract"},
		"a script":            {func(j map[string]*Job) { j["alarm"].Files[0].Sum = "h2" }, Selectors{Changed: true}, "changed alarm"},
		"a node that is gone": {func(j map[string]*Job) { j["load"].Gone = true }, Selectors{Changed: true}, ""}, // it never ran
		"an output":           {func(j map[string]*Job) { j["extract"].Missing = []string{"s3://b/x"} }, Selectors{Missing: true}, "missing extract"},
		"an output of a failure": {func(j map[string]*Job) { j["clean"].Missing = []string{"s3://b/x"} },
			Selectors{Missing: true}, ""},
		"recommended is the smallest set": {func(j map[string]*Job) { j["extract"].Missing = []string{"s3://b/x"} },
			Selectors{Recommended: true}, "missing extract"},
		"recommended without causes upstream": {nil, Selectors{Recommended: true}, "failed clean"},
	} {
		t.Run(name, func(t *testing.T) {
			jobs := facts()
			if c.change != nil {
				c.change(jobs)
			}
			var got []string
			for _, choice := range Select(g, r, beside(g, jobs), c.by) {
				got = append(got, choice.Cause+" "+choice.Name)
				if len(choice.Why) == 0 {
					t.Errorf("%s has no reason", choice.Name)
				}
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("chose %q, want %q", got, c.want)
			}
		})
	}
}

func TestTokenTellsWhatChanged(t *testing.T) {
	g, r := etl(t)
	q := flow.Request{Nodes: []string{"JOB clean"}}
	basis := func(change func(d *Plan, jobs map[string]*Job, q *flow.Request)) *Basis {
		jobs, q := facts(), q
		d := describe(t, g, r, q, jobs)
		d.Head = "wr_1"
		if change != nil {
			change(d, jobs, &q)
		}
		return NewBasis(d, q, "COMPLETED 1", beside(g, jobs))
	}
	token := basis(nil).Token()
	for name, c := range map[string]struct {
		change func(d *Plan, jobs map[string]*Job, q *flow.Request)
		want   string // "" for no change
	}{
		"nothing":               {nil, ""},
		"a job that is carried": {func(_ *Plan, j map[string]*Job, _ *flow.Request) { j["extract"].Definition = "x" }, ""},
		"a definition":          {func(_ *Plan, j map[string]*Job, _ *flow.Request) { j["load"].Definition = "x" }, "definition of job load"},
		"a script":              {func(_ *Plan, j map[string]*Job, _ *flow.Request) { j["clean"].Files[0].Sum = "x" }, "script, or an extra file, of job clean"},
		"a job that went":       {func(_ *Plan, j map[string]*Job, _ *flow.Request) { j["clean"].Gone = true }, "definition of job clean"},
		"the head":              {func(d *Plan, _ map[string]*Job, _ *flow.Request) { d.Head = "wr_9" }, "wr_9"},
		"the selection": {func(d *Plan, _ map[string]*Job, _ *flow.Request) {
			for i := range d.Nodes {
				d.Nodes[i].Selected = !d.Nodes[i].Selected
			}
		}, "the selection means other nodes now"},
		"a file that can't be read": {func(_ *Plan, j map[string]*Job, _ *flow.Request) { j["clean"].Files[0].Sum = Unreadable }, "of job clean"},
		"a trigger with the name of a job that is carried": {func(d *Plan, j map[string]*Job, _ *flow.Request) {
			for i := range d.Nodes {
				if d.Nodes[i].Name == "to-load" {
					d.Nodes[i].Name = "extract"
				}
			}
			j["extract"].Definition = "x"
		}, ""},
		"the request": {func(_ *Plan, _ map[string]*Job, q *flow.Request) { q.Until = []string{"JOB load"} }, "another resume"},
	} {
		t.Run(name, func(t *testing.T) {
			changes, err := basis(c.change).Compare(token)
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Join(changes, "; ")
			if (c.want == "") != (len(changes) == 0) || !strings.Contains(text, c.want) {
				t.Errorf("changes %q, want %q", text, c.want)
			}
			if len(changes) > 1 {
				t.Errorf("%d changes, want one: %q", len(changes), changes)
			}
		})
	}
	moved := basis(nil)
	moved.Triggers = "others"
	if changes, err := moved.Compare(token); err != nil || len(changes) != 1 || changes[0] != "the triggers of the workflow changed" {
		t.Errorf("other triggers: %q %v", changes, err)
	}
	for _, bad := range []string{"", "plan1-", "plan1-!!", token[:20], token + "AAAA", "x" + token} {
		if _, err := basis(nil).Compare(bad); err == nil {
			t.Errorf("%q is taken for a token", bad)
		}
	}
}

func TestTrace(t *testing.T) {
	g, r := etl(t)
	d := describe(t, g, r, flow.Request{Nodes: []string{"JOB extract"}}, facts())
	d.Trace()
	for _, n := range d.Nodes {
		if n.Name != "load" {
			continue
		}
		want := []string{
			"clean starts again if trigger to-clean fires (it wants extract SUCCEEDED)",
			"extract starts again at once: it was selected, and its latest attempt SUCCEEDED in run wr_1 (arguments of trigger begin)",
		}
		if !slices.Equal(n.Because, want) {
			t.Errorf("behind load: %q\nwant %q", n.Because, want)
		}
	}
	// A reason may go back to itself, in a circle of nodes, and is told once.
	circle := &Plan{Nodes: []Node{{Reason: "a", Behind: 1}, {Reason: "b", Behind: 2}, {Reason: "c", Behind: 1}, {Reason: "d", Behind: -1}}}
	circle.Trace()
	for n, want := range [][]string{{"b", "c"}, {"c"}, {"b"}, nil} {
		if got := circle.Nodes[n].Because; !slices.Equal(got, want) {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
