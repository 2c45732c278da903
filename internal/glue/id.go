package glue

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// Scope is the account and region that names live in.
type Scope struct {
	Account string
	Region  string
}

// NodeID derives a node's UniqueId. It depends on the names alone, so a node
// keeps its id across runs and in the design graph, as seen in captures of AWS.
func (s Scope) NodeID(workflow string, t NodeType, name string) string {
	return digest("wnode_", s.Account, s.Region, workflow, string(t), name)
}

// ARN is the resource name of a workflow, trigger or job, as tags use it.
func (s Scope) ARN(kind, name string) string {
	return "arn:aws:glue:" + s.Region + ":" + s.Account + ":" + kind + "/" + name
}

// NewRunID makes the id of a workflow run.
func NewRunID() string { return "wr_" + randomHex() }

// NewJobRunID makes the id of a job run that no workflow run starts.
func NewJobRunID() string { return "jr_" + randomHex() }

// JobRunID derives the id of a workflow's job run from what identifies it: the
// workflow run, the trigger and action that start it, and how often that action
// was started before in the run. Deriving makes a repeated start harmless.
func JobRunID(run, trigger string, action, start int) string {
	return digest("jr_", run, trigger, strconv.Itoa(action), strconv.Itoa(start))
}

// RetryID is the id of retry n (from 1) of the job run first.
func RetryID(first string, n int) string {
	if n == 0 {
		return first
	}
	return first + "_attempt_" + strconv.Itoa(n)
}

// FirstAttemptID is the id of the job run that id retries, or id itself.
func FirstAttemptID(id string) string {
	first, _, _ := strings.Cut(id, "_attempt_")
	return first
}

// JobID is the stable id of a job that its runs get as --JOB_ID.
func JobID(name string) string { return digest("j_", name) }

// digest hashes the parts so that no two lists of parts collide.
func digest(prefix string, parts ...string) string {
	text := make([]byte, 0, 256)
	for _, p := range parts {
		text = strconv.AppendInt(text, int64(len(p)), 10)
		text = append(text, ':')
		text = append(text, p...)
	}
	sum := sha256.Sum256(text)
	return string(hex.AppendEncode(append(text[:0], prefix...), sum[:]))
}

func randomHex() string {
	var b [32]byte
	// crypto/rand.Read never fails: it ends the program if the system has no
	// randomness.
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
