// Package runner owns the processes of local jobs, so that a server can be
// killed at any instant without a job noticing.
//
// One runner process serves a data folder: the same binary, re-executed with a
// hidden first argument in a session of its own. It forks the jobs, reaps them
// and what they leave behind, writes their logs, watches their timeouts, and is
// told what to do over a unix socket. Servers come and go; the runner ends when
// it has no job and no server for a while. A server of another build starts a
// runner of its own for new jobs and retires the old one, which ends with its
// last job.
//
// The claim file beside a job run's folder says where it stands:
//
//	claim with an exit            finished
//	claim, its runner alive       running
//	claim, no exit, no runner     lost
//	no claim                      never started
//
// The claim is durable before the fork, so no job starts twice. The exit is written
// before the server is told and durable soon after; the server shows nobody an
// outcome that it has not made durable itself. What makes both durable is the
// journal of the runner, until the files are synced. A runner is alive
// as long as its lock file is locked; a child between fork and exec still holds
// that lock, so whoever gets it sees every process that the runner started.
//
// When the main process of a job ends, all it left running is killed, as the end
// of a container would. Processes are found by their process group and by the
// job run id in their environment; one that clears its environment and leaves
// its session escapes.
//
// The package is small on purpose. Of this project it imports only failpoint.
package runner
