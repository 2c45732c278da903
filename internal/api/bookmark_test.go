package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsglue "github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/bookmark"
	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// spark is a server with a Spark job J whose runs live until the test ends them.
func newSpark(t *testing.T) *server {
	t.Helper()
	s := newServer(t)
	s.do("CreateJob", `{'Name': 'J', 'Role': 'r', 'Command': {'Name': 'glueetl', 'ScriptLocation': 's3://b/k'}, 'ExecutionProperty': {'MaxConcurrentRuns': 5}}`)
	s.hold()
	return s
}

// startJob starts a run of J.
func (s *server) startJob() string {
	s.t.Helper()
	id := s.do("StartJobRun", `{'JobName': 'J'}`)["JobRunId"].(string)
	s.settle()
	return id
}

// asJob calls an operation with the token of a job run.
func asJob[Answer any](s *server, jobRun, op string, request any) (answer Answer, err error) {
	s.t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		s.t.Fatal(err)
	}
	got, err := s.api.Call(WithCall(s.t.Context(), engine.Call{JobRun: jobRun, Caller: jobRun}), op, body)
	if err != nil {
		return answer, err
	}
	return reread[Answer](s.t, got), nil
}

func (s *server) open(jobRun string) bookmark.OpenAnswer {
	s.t.Helper()
	got, err := asJob[bookmark.OpenAnswer](s, jobRun, bookmark.OpOpen, bookmark.OpenRequest{JobName: "J"})
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

// stateOf is a state that tells one from another.
func stateOf(what string) string { return fmt.Sprintf(`{"contexts":{"%s":{}}}`, what) }

func (s *server) commit(jobRun string, version int64, what string) bookmark.CommitAnswer {
	s.t.Helper()
	got, err := s.tryCommit(jobRun, version, what)
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

func (s *server) tryCommit(jobRun string, version int64, what string) (bookmark.CommitAnswer, error) {
	s.t.Helper()
	return asJob[bookmark.CommitAnswer](s, jobRun, bookmark.OpCommit, bookmark.CommitRequest{JobName: "J", Version: version, State: stateOf(what)})
}

// ran is a run of J that reads its bookmark, commits unless what is empty, and ends.
func (s *server) ran(what string, end executor.State) string {
	s.t.Helper()
	id := s.startJob()
	version := s.open(id).Version
	if what != "" {
		s.commit(id, version, what)
	}
	s.exec.end(id, end)
	s.settle()
	return id
}

func (s *server) entry(runID string) *glue.JobBookmarkEntry {
	s.t.Helper()
	got, err := ask[glue.GetJobBookmarkResponse](s, "GetJobBookmark", glue.GetJobBookmarkRequest{JobName: "J", RunId: runID})
	if err != nil {
		s.t.Fatal(err)
	}
	return got.JobBookmarkEntry
}

func (s *server) same(what string, want, got any) {
	s.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// wants holds an error against a kind and parts of its message.
func (s *server) wants(err error, kind glue.Kind, parts ...string) {
	s.t.Helper()
	var refused *glue.Error
	if !errors.As(err, &refused) || refused.Kind != kind {
		s.t.Errorf("got %v, want %s", err, kind)
		return
	}
	for _, part := range parts {
		if !strings.Contains(refused.Message, part) {
			s.t.Errorf("%q lacks %q", refused.Message, part)
		}
	}
}

// TestBookmarkNumbers: the run's number rises with each run that commits, the
// attempt's with each that does not, the version with each change.
func TestBookmarkNumbers(t *testing.T) {
	t.Parallel()
	s := newSpark(t)
	s.refuses("GetJobBookmark", `{'JobName': 'J'}`, "EntityNotFoundException", "Continuation for job J not found")
	s.refuses("ResetJobBookmark", `{'JobName': 'J'}`, "EntityNotFoundException", "Continuation for job J not found")
	s.refuses("GetJobBookmark", `{'JobName': 'X'}`, "EntityNotFoundException", "X not found")
	first := s.startJob()
	got := s.open(first)
	s.same("nothing was read", bookmark.OpenAnswer{RunId: first}, got)
	s.same("the first commit", bookmark.CommitAnswer{Version: 1, Run: 1}, s.commit(first, 0, "a"))
	s.same("the second of one run", bookmark.CommitAnswer{Version: 2, Run: 1}, s.commit(first, 1, "b"))
	s.exec.end(first, executor.Failed) // after its commit: what it read is kept
	s.settle()
	s.ran("", executor.Failed)
	s.ran("", executor.Succeeded)
	fourth := s.startJob()
	s.same("the state", bookmark.OpenAnswer{RunId: fourth, Version: 2, Attempt: 2, State: stateOf("b")}, s.open(fourth))
	s.same("opened again", int64(2), s.open(fourth).Attempt)
	s.same("a commit", bookmark.CommitAnswer{Version: 3, Run: 2, Attempt: 2}, s.commit(fourth, 2, "c"))
	s.exec.end(fourth, executor.Succeeded)
	s.settle()
	fifth := s.ran("d", executor.Succeeded)
	s.same("the newest", &glue.JobBookmarkEntry{
		JobName: "J", Version: 4, Run: 3, PreviousRunId: fourth, RunId: fifth, JobBookmark: stateOf("d"),
	}, s.entry(""))
	s.same("as the first left it", &glue.JobBookmarkEntry{JobName: "J", Version: 2, Run: 1, RunId: first, JobBookmark: stateOf("b")}, s.entry(first))
}

// TestBookmarkCommitIsConditional: whoever is late, over or another is refused, and a
// repeat is not.
func TestBookmarkCommitIsConditional(t *testing.T) {
	t.Parallel()
	s := newSpark(t)
	one, two := s.startJob(), s.startJob()
	s.open(one)
	s.open(two)
	want := s.commit(one, 0, "one")
	s.same("the same commit again", want, s.commit(one, 0, "one"))
	_, err := s.tryCommit(two, 0, "two")
	s.wants(err, glue.ConcurrentModification, "job run "+one+" committed version 1", "MaxConcurrentRuns 1")
	_, err = s.tryCommit(two, 0, "one") // equal, but another's
	s.wants(err, glue.ConcurrentModification)
	_, err = s.tryCommit(one, 0, "other")
	s.wants(err, glue.ConcurrentModification)
	s.do("ResetJobBookmark", `{'JobName': 'J'}`)
	s.same("a repeat after a reset", want, s.commit(one, 0, "one"))
	_, err = s.tryCommit(one, 1, "more")
	s.wants(err, glue.ConcurrentModification, "version 2 was made by a RESET")
	s.same("the newest", "{}", s.entry("").JobBookmark)

	s.exec.end(one, executor.Failed)
	s.until("its end", func() bool {
		_, err = s.tryCommit(one, 2, "late")
		return err != nil && strings.Contains(err.Error(), "is over")
	})
	s.wants(err, accessDenied)
	_, err = s.tryCommit("", 2, "x")
	s.wants(err, accessDenied, "by a running job")
	_, err = asJob[bookmark.OpenAnswer](s, "", bookmark.OpOpen, bookmark.OpenRequest{JobName: "J"})
	s.wants(err, accessDenied, "by a running job")
	_, err = asJob[bookmark.OpenAnswer](s, two, bookmark.OpOpen, bookmark.OpenRequest{JobName: "K"})
	s.wants(err, accessDenied, "is of job J", "JOB_NAME")
	for _, state := range []string{"", "{}", "[]", "no"} {
		_, err = asJob[any](s, two, bookmark.OpCommit, bookmark.CommitRequest{JobName: "J", Version: 2, State: state})
		s.wants(err, glue.InvalidInput, "State is not that of a bookmark")
	}

	s.do("DeleteJob", `{'JobName': 'J'}`)
	_, err = s.tryCommit(two, 2, "x")
	s.wants(err, glue.EntityNotFound, "was deleted")
	s.until("another millisecond", func() bool {
		s.do("DeleteJob", `{'JobName': 'J'}`)
		s.do("CreateJob", `{'Name': 'J', 'Role': 'r', 'Command': {'Name': 'glueetl', 'ScriptLocation': 's3://b/k'}}`)
		_, err = s.tryCommit(two, 0, "x")
		return err != nil
	})
	s.wants(err, glue.ConcurrentModification, "created again")
	s.refuses("GetJobBookmark", `{'JobName': 'J'}`, "EntityNotFoundException", "Continuation")
}

// TestOnlySparkJobsHaveBookmarks.
func TestOnlySparkJobsHaveBookmarks(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateJob", `{'Name': 'J', 'Role': 'r', 'Command': {'Name': 'pythonshell', 'ScriptLocation': 's3://b/k'}}`)
	s.hold()
	_, err := asJob[any](s, s.startJob(), bookmark.OpOpen, bookmark.OpenRequest{JobName: "J"})
	s.wants(err, glue.InvalidInput, "only glueetl and gluestreaming jobs")
}

// TestResetJobBookmark: what was read is forgotten, or is what it was after a run; the
// version rises all the same.
func TestResetJobBookmark(t *testing.T) {
	t.Parallel()
	s := newSpark(t)
	none := s.ran("", executor.Failed)
	first := s.ran("a", executor.Succeeded)
	idle := s.ran("", executor.Failed)
	second := s.ran("b", executor.Succeeded)
	rewind := func(run string) *glue.JobBookmarkEntry {
		t.Helper()
		got, err := ask[glue.ResetJobBookmarkResponse](s, "ResetJobBookmark", glue.ResetJobBookmarkRequest{JobName: "J", RunId: run})
		if err != nil {
			t.Fatal(err)
		}
		s.same("what it is then", got.JobBookmarkEntry, s.entry(""))
		return got.JobBookmarkEntry
	}
	s.same("nothing changes", int32(2), rewind(second).Version)
	want := &glue.JobBookmarkEntry{JobName: "J", Version: 3, Run: 1, Attempt: 1, RunId: first, JobBookmark: stateOf("a")}
	s.same("after the first", want, rewind(first))
	want.Version = 4
	s.same("after one that kept nothing", want, rewind(idle))
	s.same("before the first", &glue.JobBookmarkEntry{JobName: "J", Version: 5, JobBookmark: "{}"}, rewind(none))
	s.same("on again", stateOf("b"), rewind(second).JobBookmark)
	s.same("as a whole", &glue.JobBookmarkEntry{JobName: "J", Version: 7, JobBookmark: "{}"}, rewind(""))
	s.refuses("ResetJobBookmark", `{'JobName': 'J', 'RunId': 'jr_x'}`, "EntityNotFoundException", "Job run jr_x of job J not found")
	third := s.startJob()
	s.same("the next run", bookmark.OpenAnswer{RunId: third, Version: 7}, s.open(third))
	s.same("its commit", bookmark.CommitAnswer{Version: 8, Run: 1}, s.commit(third, 7, "c"))

	history, err := ask[bookmark.HistoryAnswer](s, bookmark.OpHistory, bookmark.HistoryRequest{JobName: "J"})
	if err != nil {
		t.Fatal(err)
	}
	var causes []string
	for _, v := range history.Versions {
		causes = append(causes, fmt.Sprintf("%d %s %d", v.Version, v.Cause, v.RewoundTo))
	}
	s.same("the history", []string{
		"8 COMMIT 0", "7 RESET 0", "6 REWIND 2", "5 REWIND 0", "4 REWIND 1", "3 REWIND 1", "2 COMMIT 0", "1 COMMIT 0",
	}, causes)
}

// TestPausedBookmark: it is read and not kept, also as it was after two runs.
func TestPausedBookmark(t *testing.T) {
	t.Parallel()
	s := newSpark(t)
	first, idle, second := s.ran("a", executor.Succeeded), s.ran("", executor.Failed), s.ran("b", executor.Succeeded)
	id := s.startJob()
	open := func(r bookmark.OpenRequest) (bookmark.OpenAnswer, error) {
		r.JobName, r.Paused = "J", true
		return asJob[bookmark.OpenAnswer](s, id, bookmark.OpOpen, r)
	}
	got, err := open(bookmark.OpenRequest{})
	s.same("no range", bookmark.OpenAnswer{RunId: id, Version: 2, State: stateOf("b")}, got)
	s.same("error", nil, err)
	got, err = open(bookmark.OpenRequest{FromRunId: idle, ToRunId: second})
	s.same("a range", []string{stateOf("a"), stateOf("b")}, []string{got.FromState, got.ToState})
	s.same("error", nil, err)
	_, err = open(bookmark.OpenRequest{FromRunId: first})
	s.wants(err, glue.InvalidInput, "both")
	_, err = open(bookmark.OpenRequest{FromRunId: first, ToRunId: "jr_x"})
	s.wants(err, glue.EntityNotFound, "jr_x")
	_, err = asJob[any](s, id, bookmark.OpOpen, bookmark.OpenRequest{JobName: "J", FromRunId: first, ToRunId: second})
	s.wants(err, glue.InvalidInput, "job-bookmark-pause")
	s.exec.end(id, executor.Failed)
	s.settle()
	s.same("paused runs are no attempts", int64(0), s.open(s.startJob()).Attempt)
}

// TestBookmarkHistoryIsBounded: what lies before the kept versions is refused, and the
// bookmark goes on.
func TestBookmarkHistoryIsBounded(t *testing.T) {
	t.Parallel()
	s := newSpark(t)
	early := s.ran("", executor.Failed)
	id := s.startJob()
	s.open(id)
	for v := range int64(store.BookmarkVersions + 5) {
		s.commit(id, v, "x")
	}
	s.refuses("ResetJobBookmark", fmt.Sprintf(`{'JobName': 'J', 'RunId': %q}`, early), "InvalidInputException", "kept from version 6")
}

// TestBookmarksOverTheWire: the SDK for Go sees the entry and catches the errors.
func TestBookmarksOverTheWire(t *testing.T) {
	t.Parallel()
	s := newSpark(t)
	first := s.ran("a", executor.Succeeded)
	second := s.ran("b", executor.Succeeded)
	c := goClient(s.listen(nil))
	got, err := c.GetJobBookmark(t.Context(), &awsglue.GetJobBookmarkInput{JobName: aws.String("J")})
	if err != nil {
		t.Fatal(err)
	}
	e := got.JobBookmarkEntry
	if e.Version != 2 || e.Run != 2 || e.Attempt != 0 || *e.RunId != second || *e.PreviousRunId != first || *e.JobBookmark != stateOf("b") || *e.JobName != "J" {
		t.Errorf("%+v", e)
	}
	reset, err := c.ResetJobBookmark(t.Context(), &awsglue.ResetJobBookmarkInput{JobName: aws.String("J"), RunId: aws.String(first)})
	if err != nil || *reset.JobBookmarkEntry.JobBookmark != stateOf("a") || reset.JobBookmarkEntry.Version != 3 {
		t.Errorf("%v %+v", err, reset)
	}
	var missing *types.EntityNotFoundException
	if _, err := c.GetJobBookmark(context.WithoutCancel(t.Context()), &awsglue.GetJobBookmarkInput{JobName: aws.String("x")}); !errors.As(err, &missing) {
		t.Errorf("%v", err)
	}
}
