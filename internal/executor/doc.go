// Package executor says what running a job means: the contract between the
// engine and whatever runs jobs, and the rule that turns a process exit into a
// Glue state. The local executor lies below it, in executor/local; executortest
// holds the conformance suite that every executor must pass.
//
// It may import glue and, in its local part, runner.
package executor
