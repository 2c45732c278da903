package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// outcome is what a run came to, as the commands show it.
type outcome struct{ plan.Outcome }

// outcomeOf reads the statistics of a run.
func outcomeOf(run *glue.WorkflowRun) outcome { return outcome{plan.OutcomeOf(run)} }

// over reports whether the run has ended.
func (o outcome) over() bool {
	return o.Status == glue.WorkflowRunStatusCompleted || o.Status == glue.WorkflowRunStatusStopped ||
		o.Status == glue.WorkflowRunStatusError
}

// whole reports whether the run ended with no node failed or stopped.
func (o outcome) whole() bool {
	return o.Status == glue.WorkflowRunStatusCompleted && o.Failed == 0 && o.Stopped == 0
}

// exit is the error that gives the exit code of a run that is over.
func (o outcome) exit() error {
	if o.whole() {
		return nil
	}
	return &exitError{code: exitFailed}
}

// text says it in words: "1 failed, 2 never started" or "8 succeeded".
func (o outcome) text() string {
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	switch {
	case o.Status == glue.WorkflowRunStatusError:
		return "could not start"
	case !o.over():
		add(o.Running, "running")
		add(o.Failed, "failed")
		add(o.Stopped, "stopped")
		parts = append(parts, fmt.Sprintf("%d of %d done", o.Succeeded+o.Failed+o.Stopped, o.Total))
	case o.SupersededBy != "":
		add(o.Failed, "failed")
		add(o.Stopped, "stopped")
		parts = append(parts, "superseded by "+shortRun(o.SupersededBy))
	case o.Failed+o.Stopped > 0:
		add(o.Failed, "failed")
		add(o.Stopped, "stopped")
		add(o.NeverStarted, "never started")
	case o.Status == glue.WorkflowRunStatusStopped:
		parts = append(parts, "stopped")
		add(o.NeverStarted, "never started")
	default:
		add(o.Succeeded, "succeeded")
		add(o.NeverStarted, "not started")
	}
	if len(parts) == 0 {
		return "nothing to do"
	}
	return strings.Join(parts, ", ")
}

// mark is the outcome's sign and colour.
func (o outcome) mark() cell {
	switch {
	case o.Status == glue.WorkflowRunStatusError, o.Failed > 0:
		return cell{"✗", red}
	case !o.over():
		return cell{"●", cyan}
	case o.whole():
		return cell{"✓", green}
	}
	return cell{"■", yellow}
}

// cell is the outcome as a table shows it.
func (o outcome) cell() cell {
	m := o.mark()
	return cell{m.text + " " + o.text(), m.colour}
}

// stateCell is a node's state with its sign: never by colour alone.
func stateCell(state flow.State, carried bool) cell {
	switch {
	case state == flow.Blank:
		return cell{"· not started", dim}
	case state == flow.Succeeded && carried:
		return cell{"= carried over", dim}
	case state == flow.Succeeded:
		return cell{"✓ succeeded", green}
	}
	word := strings.ToLower(state.String())
	if carried {
		word += " (before)"
	}
	switch state {
	case flow.Waiting:
		return cell{"○ " + word, plain}
	case flow.Starting, flow.Running:
		return cell{"● " + word, cyan}
	case flow.Stopping, flow.Stopped:
		return cell{"■ " + word, yellow}
	default:
		return cell{"✗ " + word, red}
	}
}

// duration is a time span as people read it.
func duration(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// ago is how long ago a moment was.
func ago(t glue.Time, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	d := now.Sub(t.Time())
	if d < time.Second {
		return "just now"
	}
	if d < time.Minute {
		return fmt.Sprintf("%ds ago", int(d.Seconds()))
	}
	if d < time.Hour {
		return fmt.Sprintf("%dm ago", int(d.Minutes()))
	}
	if d < 48*time.Hour {
		return fmt.Sprintf("%dh ago", int(d.Hours()))
	}
	return fmt.Sprintf("%dd ago", int(d.Hours()/24))
}

// runTook is how long a run took, or has been running.
func runTook(run *glue.WorkflowRun, now time.Time) time.Duration {
	if run.StartedOn.IsZero() {
		return 0
	}
	end := now
	if !run.CompletedOn.IsZero() {
		end = run.CompletedOn.Time()
	}
	return max(0, end.Sub(run.StartedOn.Time()))
}
