package flow

import "github.com/reglue/reglue/internal/glue"

// State is where an attempt of a job or a crawl stands. Crawls use the same
// values: CANCELLING is Stopping and CANCELLED is Stopped.
type State uint8

// The states, in the order live, then ended. Blank is never started.
const (
	Blank State = iota
	Waiting
	Starting
	Running
	Stopping
	Succeeded
	Failed
	Stopped
	TimedOut
	Errored
	Expired
	states
)

var jobStates = [states]glue.JobRunState{
	Waiting:   glue.JobRunStateWaiting,
	Starting:  glue.JobRunStateStarting,
	Running:   glue.JobRunStateRunning,
	Stopping:  glue.JobRunStateStopping,
	Succeeded: glue.JobRunStateSucceeded,
	Failed:    glue.JobRunStateFailed,
	Stopped:   glue.JobRunStateStopped,
	TimedOut:  glue.JobRunStateTimeout,
	Errored:   glue.JobRunStateError,
	Expired:   glue.JobRunStateExpired,
}

var crawlStates = [states]glue.CrawlState{
	Waiting:   glue.CrawlStateRunning,
	Starting:  glue.CrawlStateRunning,
	Running:   glue.CrawlStateRunning,
	Stopping:  glue.CrawlStateCancelling,
	Succeeded: glue.CrawlStateSucceeded,
	Failed:    glue.CrawlStateFailed,
	Stopped:   glue.CrawlStateCancelled,
	TimedOut:  glue.CrawlStateFailed,
	Errored:   glue.CrawlStateError,
	Expired:   glue.CrawlStateFailed,
}

// Live reports whether the attempt has been started and is not over.
func (s State) Live() bool { return s >= Waiting && s <= Stopping }

// Terminal reports whether the attempt is over.
func (s State) Terminal() bool { return s >= Succeeded && s < states }

// Job is the state as a job run shows it; empty for Blank.
func (s State) Job() glue.JobRunState { return jobStates[s] }

// Crawl is the state as a crawl shows it; empty for Blank.
func (s State) Crawl() glue.CrawlState { return crawlStates[s] }

func (s State) String() string {
	if s == Blank || s >= states {
		return "-"
	}
	return string(jobStates[s])
}

// JobState reads the state of a job run; Blank when it is none.
func JobState(s glue.JobRunState) State {
	for i, v := range jobStates {
		if v == s && v != "" {
			return State(i)
		}
	}
	return Blank
}

// CrawlState reads the state of a crawl; Blank when it is none.
func CrawlState(s glue.CrawlState) State {
	switch s {
	case glue.CrawlStateRunning:
		return Running
	case glue.CrawlStateCancelling:
		return Stopping
	case glue.CrawlStateSucceeded:
		return Succeeded
	case glue.CrawlStateFailed:
		return Failed
	case glue.CrawlStateCancelled:
		return Stopped
	case glue.CrawlStateError:
		return Errored
	}
	return Blank
}
