package cfn

import (
	"fmt"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// lint warns of what Glue accepts and what then surprises and, unless the template
// is for AWS, of what this version stores but does not do.
func lint(t *Template, j *journal, aws bool) {
	l := linter{t: t, journal: j, aws: aws, started: map[string]map[string]bool{}, roots: map[string]string{}}
	for i := range t.Triggers {
		l.note(&t.Triggers[i])
	}
	for i := range t.Jobs {
		l.job(&t.Jobs[i])
	}
	for i := range t.Workflows {
		l.workflow(&t.Workflows[i])
	}
	for i := range t.Triggers {
		l.trigger(&t.Triggers[i])
	}
}

type linter struct {
	*journal
	t       *Template
	aws     bool
	started map[string]map[string]bool // by workflow: the jobs and crawlers that triggers start
	roots   map[string]string          // by workflow: its starting trigger
}

func (l *linter) warn(kind Kind, name, format string, args ...any) {
	at := l.t.origins[origin{kind, name}]
	l.warnf(at.line, "Resources."+at.id, "the %s %s %s", kind, name, fmt.Sprintf(format, args...))
}

// lacks warns of something that AWS does and this version does not.
func (l *linter) lacks(kind Kind, name, format string, args ...any) {
	if !l.aws {
		l.warn(kind, name, format, args...)
	}
}

// note gathers what the other rules ask for.
func (l *linter) note(tr *glue.CreateTriggerRequest) {
	if l.started[tr.WorkflowName] == nil {
		l.started[tr.WorkflowName] = map[string]bool{}
	}
	for _, a := range tr.Actions {
		l.started[tr.WorkflowName]["job "+a.JobName] = true
		l.started[tr.WorkflowName]["crawler "+a.CrawlerName] = true
	}
	if tr.WorkflowName == "" || tr.Type == glue.TriggerTypeConditional {
		return
	}
	if first, ok := l.roots[tr.WorkflowName]; ok {
		l.warn(KindTrigger, tr.Name, "starts the workflow %s, as %s does already: Glue allows one starting trigger and will refuse this one", tr.WorkflowName, first)
		return
	}
	l.roots[tr.WorkflowName] = tr.Name
}

func (l *linter) job(job *glue.CreateJobRequest) {
	if job.Command == nil {
		return
	}
	if job.Command.Name == glue.CommandRay {
		l.lacks(KindJob, job.Name, "is a glueray job: its runs end FAILED, as reglue does not run Ray jobs")
	}
	if l.aws && strings.HasPrefix(job.Command.ScriptLocation, "file:") {
		l.warn(KindJob, job.Name, "has a script on this machine, where AWS can't read it: upload it and give its s3:// location")
	}
	if job.Command.ScriptLocation == "" && job.DefaultArguments["--scriptLocation"] == "" {
		l.warn(KindJob, job.Name, "has no Command.ScriptLocation: its runs will end FAILED")
	}
}

func (l *linter) workflow(w *glue.CreateWorkflowRequest) {
	if l.roots[w.Name] == "" {
		l.warn(KindWorkflow, w.Name, "has no starting trigger (ON_DEMAND, SCHEDULED or EVENT) in this template: a run of it would do nothing")
	}
}

func (l *linter) trigger(tr *glue.CreateTriggerRequest) {
	onCreation := tr.StartOnCreation != nil && *tr.StartOnCreation
	switch tr.Type {
	case glue.TriggerTypeConditional:
		if !onCreation {
			l.warn(KindTrigger, tr.Name, "is CONDITIONAL without StartOnCreation: true: it stays in the state CREATED and never fires; add StartOnCreation: true, or start it once with StartTrigger")
		}
		if tr.WorkflowName == "" {
			l.lacks(KindTrigger, tr.Name, "belongs to no workflow (no WorkflowName): conditional triggers outside of workflows do not fire in this version of reglue")
			return
		}
		l.watched(tr)
	case glue.TriggerTypeScheduled:
		l.lacks(KindTrigger, tr.Name, "is SCHEDULED: the schedule is stored, but nothing fires by itself in this version of reglue; start the workflow yourself")
	case glue.TriggerTypeEvent:
		l.lacks(KindTrigger, tr.Name, "waits for events: no events come in this version of reglue; start the workflow yourself")
	case glue.TriggerTypeOnDemand:
	}
	if onCreation && (tr.Type == glue.TriggerTypeOnDemand || tr.Type == glue.TriggerTypeEvent) {
		l.warn(KindTrigger, tr.Name, "is %s with StartOnCreation: true, which Glue refuses: remove StartOnCreation", tr.Type)
	}
	for _, a := range tr.Actions {
		if a.CrawlerName != "" {
			l.lacks(KindTrigger, tr.Name, "starts the crawler %s: this version of reglue has no crawlers", a.CrawlerName)
		}
	}
}

// watched warns of conditions that can never hold, as nothing starts what they
// watch.
func (l *linter) watched(tr *glue.CreateTriggerRequest) {
	if tr.Predicate == nil {
		return
	}
	for _, c := range tr.Predicate.Conditions {
		kind, name := "job", c.JobName
		if name == "" {
			kind, name = "crawler", c.CrawlerName
		}
		if name != "" && !l.started[tr.WorkflowName][kind+" "+name] {
			l.warn(KindTrigger, tr.Name, "watches the %s %s, which no trigger of the workflow %s in this template starts: the condition can never hold", kind, name, tr.WorkflowName)
		}
	}
}
