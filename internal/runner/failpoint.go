package runner

// The fail points at which a runner can be told to kill itself, for tests of
// what survives that: see package failpoint.
const (
	FailBeforeClaim = "runner.before-claim" // asked to start, nothing done
	FailAfterClaim  = "runner.after-claim"  // claimed, not forked
	FailAfterFork   = "runner.after-fork"   // the process runs, nobody was told
	FailBeforeExit  = "runner.before-exit"  // the process ended, no exit written
	FailAfterExit   = "runner.after-exit"   // the exit is written, nobody was told
)
