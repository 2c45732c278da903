package flow

// Event is something that happened to a run.
type Event interface{ event() }

// Begun starts a run: its start trigger fires.
type Begun struct{}

// Progressed says that a live attempt is now in another live state.
type Progressed struct {
	Attempt
	State State
}

// Ended says that an attempt is over.
type Ended struct {
	Attempt
	State State
	// Retries is how often the job may be retried; only a FAILED attempt is.
	Retries int
	// Refused is set when the attempt never ran, because the job is at its
	// concurrency limit or gone. It is not retried.
	Refused bool
}

// StopAsked ends the run: live attempts are stopped, nothing more starts.
type StopAsked struct{}

// AttemptStopAsked stops one attempt and leaves the run going.
type AttemptStopAsked struct{ Attempt }

// Superseded ends the run for a resume that takes over what is live in it.
type Superseded struct{}

func (Begun) event()            {}
func (Progressed) event()       {}
func (Ended) event()            {}
func (StopAsked) event()        {}
func (AttemptStopAsked) event() {}
func (Superseded) event()       {}
