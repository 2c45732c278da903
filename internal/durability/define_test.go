//go:build linux

package durability

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// script is what every job runs. It first appends its job run id to the journal,
// in one write, and then does what its argument --does says:
//
//	ok            ends well
//	fail          ends with code 3
//	flaky         fails the first time, not when it is retried
//	sleep:S       takes S seconds
//	here          notes its line in the data folder instead, from its work folder
//	wait:FILE     ends once somebody writes to that fifo
//	family:FILE   has children, some in sessions of their own, and ignores TERM
//	orphans:FILE  ends well, and leaves such children behind
const script = `id= does=ok
while [ $# -gt 1 ]; do
	case $1 in
	--JOB_RUN_ID) id=$2 ;;
	--does) does=$2 ;;
	esac
	shift 2
done
if [ "$does" = here ]; then
	echo "$id" >> ../../../journal
	exit 0
fi
echo "$id" >> 'JOURNAL'
case $does in
fail) echo "it failed" >&2; exit 3 ;;
flaky) case $id in *_attempt_*) ;; *) exit 3 ;; esac ;;
sleep:*) exec sleep "${does#sleep:}" ;;
wait:*) read go < "${does#wait:}" ;;
family:* | orphans:*)
	trap '' TERM HUP
	sleep 1000 &
	setsid sh -c 'sleep 1000 & setsid sleep 1000 & echo up >> "$0"; wait' "${does#*:}" &
	while [ ! -s "${does#*:}" ]; do sleep 0.01; done
	case $does in family:*) wait ;; esac ;;
esac
exit 0
`

func (r *rig) scriptPath() string { return filepath.Join(r.dir, "job.sh") }

func (r *rig) writeScript() {
	r.t.Helper()
	text := strings.ReplaceAll(script, "JOURNAL", r.journal)
	if err := os.WriteFile(r.scriptPath(), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// job is a job of a test and what it does.
type job struct {
	name    string
	does    string
	retries int32
}

func (r *rig) createJobs(jobs ...job) {
	r.t.Helper()
	many := int32(1000)
	for _, j := range jobs {
		args := map[string]string{}
		if j.does != "" {
			args["--does"] = j.does
		}
		r.must("CreateJob", glue.CreateJobRequest{
			Name: j.name, Role: "role", MaxRetries: &j.retries, DefaultArguments: args,
			Command:           &glue.JobCommand{Name: "pythonshell", PythonVersion: "3.9", ScriptLocation: r.scriptPath()},
			ExecutionProperty: &glue.ExecutionProperty{MaxConcurrentRuns: &many},
		}, nil)
		r.retries[j.name] = int(j.retries)
	}
}

// rule is a trigger: "a b" starts jobs at the beginning, "a=SUCCEEDED & b=FAILED
// -> c d" is a conditional one with AND, with | for ANY.
type rule string

// createWorkflow makes a workflow of rules.
func (r *rig) createWorkflow(name string, rules ...rule) {
	r.t.Helper()
	r.must("CreateWorkflow", glue.CreateWorkflowRequest{Name: name}, nil)
	for i, text := range rules {
		req := glue.CreateTriggerRequest{Name: fmt.Sprintf("%s-%d", name, i), WorkflowName: name, Type: glue.TriggerTypeOnDemand}
		when, then, conditional := strings.Cut(string(text), "->")
		if !conditional {
			then = when
		} else {
			yes := true
			req.Type, req.StartOnCreation, req.Predicate = glue.TriggerTypeConditional, &yes, predicate(when)
		}
		for job := range strings.FieldsSeq(then) {
			req.Actions = append(req.Actions, glue.Action{JobName: job})
		}
		r.must("CreateTrigger", req, nil)
	}
}

func predicate(text string) *glue.Predicate {
	p, sep := &glue.Predicate{Logical: glue.LogicalAnd}, "&"
	if strings.Contains(text, "|") {
		p.Logical, sep = glue.LogicalAny, "|"
	}
	for part := range strings.SplitSeq(text, sep) {
		job, state, _ := strings.Cut(strings.TrimSpace(part), "=")
		p.Conditions = append(p.Conditions, glue.Condition{
			LogicalOperator: glue.LogicalOperatorEquals, JobName: job, State: glue.JobRunState(state),
		})
	}
	return p
}
