package verify

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// workflow is one that a check made. Its triggers and jobs have short names here;
// the real ones begin with the check's prefix.
type workflow struct {
	*trial
	name string
	defs map[string]*jobDef
}

// jobDef is how a job is set.
type jobDef struct {
	args       map[string]string
	retries    int32
	concurrent int32
}

func (w *workflow) full(short string) string { return w.prefix + short }

func (w *workflow) short(full string) string { return strings.TrimPrefix(full, w.prefix) }

// draw makes a workflow from a drawing, a line each:
//
//	begin: A B                              the start trigger
//	begin: A{outcome=fail}                  with arguments of the action
//	t: A=SUCCEEDED AND B=FAILED > C         a conditional trigger; OR means ANY
//	~t: A=SUCCEEDED > C                     one that is not activated
//	job A: outcome=fail retries=1           a job that is not as usual
//
// Jobs succeed at once, once at a time, without retries.
func (t *trial) draw(text string) *workflow {
	w := t.create("flow", &glue.CreateWorkflowRequest{})
	w.add(text)
	return w
}

// create makes an empty workflow.
func (t *trial) create(short string, in *glue.CreateWorkflowRequest) *workflow {
	w := &workflow{trial: t, defs: map[string]*jobDef{}}
	w.name = w.full(short)
	in.Name = w.name
	t.make(&t.workflows, in.Name, "CreateWorkflow", in)
	return w
}

// make creates a thing under a name that is this suite's alone, and sees to it that
// it is deleted.
func (t *trial) make(list *[]string, name, op string, in any) {
	*list = append(*list, name)
	err := t.try(op, in, nil)
	if isKind(err, glue.AlreadyExists) {
		*list = (*list)[:len(*list)-1] // somebody else's
	}
	if err != nil {
		t.giveUp(op, err)
	}
}

// add makes the triggers and jobs of a drawing in the workflow.
func (w *workflow) add(text string) {
	var triggers []*glue.CreateTriggerRequest
	for line := range strings.Lines(text) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		if job, ok := strings.CutPrefix(name, "job "); ok {
			w.define(job, rest)
			continue
		}
		triggers = append(triggers, w.trigger(name, rest))
	}
	for _, short := range slices.Sorted(maps.Keys(w.defs)) {
		if name := w.full(short); !slices.Contains(w.jobs, name) {
			w.make(&w.jobs, name, "CreateJob", w.job(short))
		}
	}
	for _, t := range triggers {
		w.make(&w.triggers, t.Name, "CreateTrigger", t)
	}
}

// define notes how a job is set.
func (w *workflow) define(short, settings string) *jobDef {
	d := w.defs[short]
	if d == nil {
		d = &jobDef{args: map[string]string{"--outcome": "succeed"}, concurrent: 1}
		w.defs[short] = d
	}
	for key, value := range pairs(settings) {
		switch key {
		case "retries":
			d.retries = number(value)
		case "concurrent":
			d.concurrent = number(value)
		default:
			d.args["--"+key] = value
		}
	}
	return d
}

func pairs(text string) map[string]string {
	m := map[string]string{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		key, value, _ := strings.Cut(word, "=")
		m[key] = value
	}
	return m
}

func number(text string) int32 {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		panic(fmt.Sprintf("a drawing has %q for a number", text))
	}
	return int32(n)
}

// trigger reads the line of a trigger.
func (w *workflow) trigger(name, text string) *glue.CreateTriggerRequest {
	name, inactive := strings.CutPrefix(name, "~")
	t := &glue.CreateTriggerRequest{Name: w.full(name), WorkflowName: w.name, Type: glue.TriggerTypeOnDemand}
	condition, actions, conditional := strings.Cut(text, " > ")
	if conditional {
		active := !inactive
		t.Type, t.StartOnCreation, t.Predicate = glue.TriggerTypeConditional, &active, w.predicate(condition)
	} else {
		actions = text
	}
	t.Actions = w.actions(actions)
	return t
}

func (w *workflow) predicate(text string) *glue.Predicate {
	p := &glue.Predicate{Logical: glue.LogicalAnd}
	for _, word := range strings.Fields(text) {
		switch job, state, _ := strings.Cut(word, "="); word {
		case "AND":
		case "OR":
			p.Logical = glue.LogicalAny
		default:
			w.define(job, "")
			p.Conditions = append(p.Conditions, glue.Condition{
				LogicalOperator: glue.LogicalOperatorEquals, JobName: w.full(job), State: glue.JobRunState(state),
			})
		}
	}
	return p
}

func (w *workflow) actions(text string) []glue.Action {
	var actions []glue.Action
	for _, word := range strings.Fields(text) {
		job, args, _ := strings.Cut(strings.TrimSuffix(word, "}"), "{")
		w.define(job, "")
		a := glue.Action{JobName: w.full(job)}
		for key, value := range pairs(args) {
			if a.Arguments == nil {
				a.Arguments = map[string]string{}
			}
			a.Arguments["--"+key] = value
		}
		actions = append(actions, a)
	}
	return actions
}

// job is the definition of a job.
func (w *workflow) job(short string) *glue.CreateJobRequest {
	d := w.defs[short]
	return &glue.CreateJobRequest{
		Name: w.full(short), Role: w.Role, Description: "made by reglue verify",
		Command:          &glue.JobCommand{Name: "pythonshell", PythonVersion: "3.9", ScriptLocation: w.ScriptLocation},
		DefaultArguments: d.args, MaxRetries: &d.retries,
		ExecutionProperty: &glue.ExecutionProperty{MaxConcurrentRuns: &d.concurrent},
	}
}

// set changes a job: what it does from its next run on.
func (w *workflow) set(short, settings string) {
	w.define(short, settings)
	j := w.job(short)
	w.call("UpdateJob", &glue.UpdateJobRequest{JobName: j.Name, JobUpdate: &glue.JobUpdate{
		Role: j.Role, Description: j.Description, Command: j.Command, DefaultArguments: j.DefaultArguments,
		MaxRetries: j.MaxRetries, ExecutionProperty: j.ExecutionProperty,
	}}, nil)
}

// repair makes jobs succeed.
func (w *workflow) repair(jobs ...string) {
	for _, job := range jobs {
		w.set(job, "outcome=succeed")
	}
}
