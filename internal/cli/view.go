package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// nodeView is a job or crawler of a run as the commands show it.
type nodeView struct {
	node *glue.Node
	// state is that of the latest attempt; flow.Blank when nothing started.
	state flow.State
	// job is the latest attempt of a job, crawl that of a crawler.
	job   *glue.JobRun
	crawl *glue.Crawl
	// began and ended are the times of the latest attempt.
	began, ended glue.Time
	// carried is set when the attempt ran in an earlier run, moved when it only
	// began there.
	carried, moved bool
	// movedOn is set when the run was superseded and the attempt belongs to the
	// run that did it.
	movedOn bool
}

// name is the node's name, fit for a terminal.
func (v *nodeView) name() string { return oneLine(v.node.Name) }

// accepted reports whether the attempt did not succeed and the run has it as
// SUCCEEDED.
func (v *nodeView) accepted() bool {
	return v.state == flow.Succeeded && v.carried && strings.HasPrefix(v.problem(), glue.AcceptedMessage)
}

// cell is the node's state with its sign.
func (v *nodeView) cell() cell {
	if v.accepted() {
		return cell{"✓ accepted", yellow}
	}
	c := stateCell(v.state, v.carried)
	if v.moved || v.movedOn {
		c.text += " (moved)"
	}
	return c
}

// problem is the error of the latest attempt.
func (v *nodeView) problem() string {
	switch {
	case v.job != nil:
		return v.job.ErrorMessage
	case v.crawl != nil:
		return v.crawl.ErrorMessage
	}
	return ""
}

// failed reports whether the node is one that `resume --failed` repeats.
func (v *nodeView) failed() bool {
	return v.state.Terminal() && v.state != flow.Succeeded && !v.movedOn
}

// retry says which retry the latest attempt is; empty for the first attempt.
func (v *nodeView) retry() string {
	if v.job == nil || v.job.Attempt == 0 {
		return ""
	}
	return fmt.Sprintf("retry %d", v.job.Attempt)
}

// took is how long the latest attempt ran, or has been running.
func (v *nodeView) took(now time.Time) time.Duration {
	switch {
	case v.began.IsZero():
		return 0
	case !v.ended.IsZero():
		return v.ended.Time().Sub(v.began.Time())
	case v.state.Live():
		return max(0, now.Sub(v.began.Time()))
	}
	return 0
}

// viewNodes are the jobs and crawlers of a run, upstream before downstream.
func viewNodes(run *glue.WorkflowRun) []nodeView {
	if run.Graph == nil {
		return nil
	}
	var views []nodeView
	for _, n := range plan.DownstreamOrder(run.Graph) {
		if n.Type != glue.NodeTypeTrigger {
			views = append(views, viewNode(run, n))
		}
	}
	return views
}

func viewNode(run *glue.WorkflowRun, n *glue.Node) nodeView {
	v := nodeView{node: n}
	switch {
	case n.JobDetails != nil && len(n.JobDetails.JobRuns) > 0:
		j := latestAttempt(n.JobDetails.JobRuns)
		v.job, v.state, v.began, v.ended = j, flow.JobState(j.JobRunState), j.StartedOn, j.CompletedOn
	case n.CrawlerDetails != nil && len(n.CrawlerDetails.Crawls) > 0:
		c := latestCrawl(n.CrawlerDetails.Crawls)
		v.crawl, v.state, v.began, v.ended = c, flow.CrawlState(c.State), c.StartedOn, c.CompletedOn
	}
	// Only a resumed run shows attempts that are older than itself, and only one that
	// superseded the run before those that it ended.
	older := run.PreviousRunId != "" && !v.began.IsZero() && v.began < run.StartedOn
	v.carried = older && v.state.Terminal() && v.ended <= run.StartedOn
	v.moved = older && !v.carried
	v.movedOn = glue.SupersededBy(run.ErrorMessage) != "" && (v.state.Live() || v.ended > run.CompletedOn)
	return v
}

// latestAttempt is the one that started last; of equals, the first.
func latestAttempt(runs []glue.JobRun) *glue.JobRun {
	latest := &runs[0]
	for i := range runs {
		if runs[i].StartedOn > latest.StartedOn || runs[i].StartedOn == latest.StartedOn && runs[i].Attempt > latest.Attempt {
			latest = &runs[i]
		}
	}
	return latest
}

func latestCrawl(crawls []glue.Crawl) *glue.Crawl {
	latest := &crawls[0]
	for i := range crawls {
		if crawls[i].StartedOn > latest.StartedOn {
			latest = &crawls[i]
		}
	}
	return latest
}

// detail says what an attempt waits for, or what it runs on.
func (v *nodeView) detail() string {
	if v.job == nil || v.state != flow.Waiting && v.state != flow.Running {
		return ""
	}
	return firstLine(v.job.StateDetail)
}
