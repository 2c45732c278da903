// Package engine is the host of flow. One goroutine, the committer, owns all
// live runs: it takes the requests and reports that wait, steps each run
// through its events, writes what changes in one transaction, and only then
// answers, and hands the effects to the executor. The effects to repeat after a
// restart are the rows themselves: a job run in STARTING is a start that may not
// have happened, one in STOPPING a stop.
//
// What lives in memory is derived from committed rows. When a transaction or a
// member of it fails, memory is dropped and read again.
//
// It may import flow, plan, executor, glue, store and failpoint.
package engine
