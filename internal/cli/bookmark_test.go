package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/bookmark"
	"github.com/reglue/reglue/internal/glue"
)

// fakeBookmarks answers for a job with a bookmark.
type fakeBookmarks struct {
	entry    *glue.JobBookmarkEntry
	versions []bookmark.Version
	runs     []glue.JobRun
	aws      bool // it has AWS's operations alone
	resets   []glue.ResetJobBookmarkRequest
}

func (f *fakeBookmarks) Call(_ context.Context, op string, in, out any) error {
	var answer any
	switch in := in.(type) {
	case *glue.ListJobsRequest:
		answer = glue.ListJobsResponse{JobNames: []string{"load", "idle"}}
	case *glue.GetJobRunsRequest:
		answer = glue.GetJobRunsResponse{JobRuns: f.runs}
	case *glue.GetJobBookmarkRequest:
		if in.JobName != "load" {
			return glue.Errorf(glue.EntityNotFound, "Continuation for job %s not found", in.JobName)
		}
		answer = glue.GetJobBookmarkResponse{JobBookmarkEntry: f.entry}
	case *glue.ResetJobBookmarkRequest:
		if in.JobName != "load" {
			return glue.Errorf(glue.EntityNotFound, "Continuation for job %s not found", in.JobName)
		}
		f.resets = append(f.resets, *in)
		answer = glue.ResetJobBookmarkResponse{JobBookmarkEntry: &glue.JobBookmarkEntry{JobName: in.JobName, Version: 9, RunId: in.RunId, JobBookmark: "{}"}}
	case *bookmark.HistoryRequest:
		if f.aws {
			return glue.Errorf(glue.UnknownOperation, "no %s", op)
		}
		answer = bookmark.HistoryAnswer{Versions: f.versions}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, out)
}

func (f *fakeBookmarks) on(t *testing.T, kind targetKind, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	u := newUse(args...)
	u.open = func(context.Context, targetOptions) (*target, error) {
		return &target{Caller: f, Kind: kind, Close: noClose}, nil
	}
	return u.run(t, code)
}

func jobRunID(start string) string { return jobRunPrefix + start + strings.Repeat("0", 64-len(start)) }

func newFakeBookmarks() *fakeBookmarks {
	one, two := jobRunID("aaaa1111"), jobRunID("bbbb2222")+"_attempt_1"
	state := `{"contexts": {"orders": {"run": "` + two + `", "s3": {"files": 3, "newest": 1700000000000, "floor": 1, "remembered": 2, "recent": ""}},
		"rows": {"run": "` + one + `", "jdbc": {"public.t": {"keys": ["day", "id"], "order": "asc", "last": [{"date": "2024-02-29"}, 7]}}}}}`
	now := glue.MakeTime(time.Now())
	return &fakeBookmarks{
		entry: &glue.JobBookmarkEntry{JobName: "load", Version: 4, Run: 2, Attempt: 1, PreviousRunId: one, RunId: two, JobBookmark: state},
		versions: []bookmark.Version{
			{Version: 4, Cause: "COMMIT", Run: 2, RunId: two, At: now - 5000}, {Version: 3, Cause: "REWIND", RunId: one, RewoundTo: 1, By: "ada", At: now - 7000_000},
			{Version: 2, Cause: "RESET", At: now - 7200_000}, {Version: 1, Cause: "COMMIT", RunId: one, At: now - 9000_000},
		},
		runs: []glue.JobRun{
			{Id: two, JobRunState: "RUNNING"}, {Id: jobRunID("bbbb2222"), JobRunState: "FAILED", CompletedOn: 5}, {Id: one, JobRunState: "SUCCEEDED", CompletedOn: 5},
		},
	}
}

func TestBookmarkIsShown(t *testing.T) {
	t.Parallel()
	f := newFakeBookmarks()
	out, _ := f.on(t, targetEndpoint, 0, "bookmark", "load")
	has(t, out, "load  version 4, as job run jr_bbbb2222_attempt_1 left it after 1 attempt that did not commit",
		"orders", "3 files in that run, the newest of 2023-11-", "table public.t up to day, id = 2024-02-29, 7 (asc)",
		"committed by jr_bbbb2222_attempt_1", "set back to version 1 of jr_aaaa1111 by ada", "reset")
	out, _ = f.on(t, targetEndpoint, 0, "bookmark", "load", "-o", "json")
	var d bookmarkDescription
	if err := json.Unmarshal([]byte(out), &d); err != nil || d.Version != 4 || len(d.Versions) != 4 || d.State.Contexts["orders"].S3.Files != 3 {
		t.Errorf("%v %s", err, out)
	}

	// An account has no history, and a state of its own form.
	f.aws, f.entry.JobBookmark = true, `{"x": {"y": [1]}}`
	out, _ = f.on(t, targetAWS, 0, "bookmark", "load")
	has(t, out, `"y": [`)
	if strings.Contains(out, "Versions") {
		t.Error(out)
	}
	f.entry = &glue.JobBookmarkEntry{JobName: "load", Version: 5, JobBookmark: "{}"}
	out, _ = f.on(t, targetEndpoint, 0, "bookmark", "load")
	has(t, out, "version 5, empty: the next run reads everything")

	_, errs := f.on(t, targetEndpoint, 2, "bookmark", "idle")
	has(t, errs, "job idle has no bookmark", "job-bookmark-enable")
	_, errs = f.on(t, targetEndpoint, 2, "bookmark", "laod")
	has(t, errs, `there is no job "laod"`, "load")
}

func TestBookmarkIsReset(t *testing.T) {
	t.Parallel()
	f := newFakeBookmarks()
	out, errs := f.on(t, targetEndpoint, 0, "bookmark", "load", "--reset")
	has(t, out, "The bookmark of load is empty")
	has(t, errs, "jr_bbbb2222_attempt_1 is running", "will be refused")
	out, _ = f.on(t, targetEndpoint, 0, "bookmark", "load", "--reset", "--to-run", "jr_aaaa")
	has(t, out, "what job run jr_aaaa1111 left (version 9)")
	if len(f.resets) != 2 || f.resets[0].RunId != "" || f.resets[1].RunId != jobRunID("aaaa1111") {
		t.Errorf("%+v", f.resets)
	}
	for _, tt := range []struct {
		kind targetKind
		args []string
		want string
	}{
		{targetEndpoint, []string{"load", "--to-run", "jr_aaaa"}, "--to-run goes with --reset"},
		{targetEndpoint, []string{"load", "--reset", "--to-run", "jr_b"}, "2 runs of job load begin with"},
		{targetEndpoint, []string{"load", "--reset", "--to-run", "jr_x"}, "no run \"jr_x\""},
		{targetEndpoint, []string{"idle", "--reset"}, "job idle has no bookmark"},
		{targetAWS, []string{"load", "--reset"}, "add --yes to confirm"},
	} {
		_, errs := f.on(t, tt.kind, 2, append([]string{"bookmark"}, tt.args...)...)
		has(t, errs, tt.want)
	}
	if len(f.resets) != 2 {
		t.Errorf("%+v", f.resets)
	}
	f.on(t, targetAWS, 0, "bookmark", "load", "--reset", "--yes")
	out, _ = f.on(t, targetEndpoint, 0, "__complete", "bookmark", "load", "--reset", "--to-run", "jr_a")
	has(t, out, "jr_aaaa1111")
	out, _ = f.on(t, targetEndpoint, 0, "__complete", "bookmark", "l")
	has(t, out, "load")
}

// TestRewindNeedsAServer: AWS's resume leaves bookmarks as they are.
func TestRewindNeedsAServer(t *testing.T) {
	t.Parallel()
	f := &fakeGlue{runs: map[string][]*glue.WorkflowRun{"nightly": {broken(t)}}}
	for _, flag := range []string{"--rewind-bookmark", "--rewind-bookmark=clean"} {
		_, errs := f.on(t, targetAWS, 2, "resume", "nightly", "--failed", flag)
		has(t, errs, "--rewind-bookmark", "reglue bookmark JOB --reset")
	}
	if len(f.changes) > 0 {
		t.Error(f.changes)
	}
}
