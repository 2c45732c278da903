//go:build linux

package durability

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/bookmark"
	"github.com/reglue/reglue/internal/glue"
)

// jobPath is where a job run reaches the server: its token is a keyed hash of its id.
func (r *rig) jobPath(jobRun string) string {
	r.t.Helper()
	key, err := os.ReadFile(filepath.Join(r.data, "token.key"))
	if err != nil {
		r.t.Fatal(err)
	}
	m := hmac.New(sha256.New, key)
	m.Write([]byte("glue\x00" + jobRun))
	return "/job/" + jobRun + "/" + hex.EncodeToString(m.Sum(nil))
}

// TestBookmarkCommitSurvives: the server dies when a commit of a bookmark is durable
// and before the job hears of it. The job asks again, and it counts once.
func TestBookmarkCommitSurvives(t *testing.T) {
	t.Parallel()
	r := newRig(t, "--max-local-jobs", "1")
	s := r.launch("api.bookmark:1")
	<-s.ready
	gate := r.fifo("gate")
	r.createJobs(job{name: "busy", does: "wait:" + gate})
	r.must("CreateJob", glue.CreateJobRequest{
		Name: "load", Role: "r", Command: &glue.JobCommand{Name: "glueetl", ScriptLocation: r.scriptPath()},
	}, nil)
	var busy, load glue.StartJobRunResponse
	r.must("StartJobRun", glue.StartJobRunRequest{JobName: "busy"}, &busy)
	r.must("StartJobRun", glue.StartJobRunRequest{JobName: "load"}, &load) // it waits for a slot, and so is live
	path := r.jobPath(load.JobRunId)
	as := func(op string, in, out any) error {
		body, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		status, answer, err := r.tryAt(path, "", op, body)
		if err == nil && status != http.StatusOK {
			err = refusal(op, status, answer)
		}
		if err != nil {
			return err
		}
		return json.Unmarshal(answer, out)
	}
	var open bookmark.OpenAnswer
	if err := as(bookmark.OpOpen, bookmark.OpenRequest{JobName: "load"}, &open); err != nil {
		t.Fatal(err)
	}
	commit := bookmark.CommitRequest{JobName: "load", Version: open.Version, State: `{"contexts":{"rows":{}}}`}
	var kept bookmark.CommitAnswer
	if err := as(bookmark.OpCommit, commit, &kept); err == nil {
		t.Fatalf("the server did not die: %+v", kept)
	}
	<-s.gone
	r.start()
	for range 2 {
		if err := as(bookmark.OpCommit, commit, &kept); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(bookmark.CommitAnswer{Version: 1, Run: 1}, kept); diff != "" {
			t.Error(diff)
		}
	}
	var history bookmark.HistoryAnswer
	r.must(bookmark.OpHistory, bookmark.HistoryRequest{JobName: "load"}, &history)
	if len(history.Versions) != 1 || history.Versions[0].RunId != load.JobRunId {
		t.Errorf("%+v", history.Versions)
	}
	// Another state of the same version is no repeat.
	commit.State = `{"contexts":{}}`
	if err := as(bookmark.OpCommit, commit, &kept); err == nil {
		t.Error("a second commit of one version was taken")
	}
	r.must("BatchStopJobRun", glue.BatchStopJobRunRequest{JobName: "load", JobRunIds: []string{load.JobRunId}}, nil)
	r.release(gate)
}
