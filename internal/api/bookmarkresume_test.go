package api

import (
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// newMarked is a server with a workflow W of two Spark jobs with bookmarks, J and after
// it K, which live until the test ends them.
func newMarked(t *testing.T) *server {
	t.Helper()
	f := &folderFiles{dir: t.TempDir()}
	s := newServer(t, func(o *settings) { o.api.Files = f })
	f.write(t, "s3://b/k", "print(1)")
	for _, job := range []string{"J", "K"} {
		s.do("CreateJob", `{'Name': '`+job+`', 'Role': 'r', 'Command': {'Name': 'glueetl', 'ScriptLocation': 's3://b/k'},
			'MaxRetries': 1, 'DefaultArguments': {'--job-bookmark-option': 'job-bookmark-enable'}}`)
	}
	s.do("CreateWorkflow", `{'Name': 'W'}`)
	s.triggers("W", "T1 > J", "J+ > T2 > K")
	s.hold()
	return s
}

// attempt lets the live run of J read its bookmark, commit unless what is empty, and end.
func (s *server) attempt(what string, end executor.State) (id, read string) {
	s.t.Helper()
	id = s.last("J").JobRunID
	got := s.open(id)
	if what != "" {
		s.commit(id, got.Version, what)
	}
	s.exec.end(id, end)
	s.settle()
	return id, got.State
}

func warnings(p *plan.Plan, word string) (out []string) {
	for _, w := range p.Warnings {
		if strings.Contains(w, word) {
			out = append(out, w)
		}
	}
	return out
}

// TestR30ResumedJobReadsOnFromItsLastCommit: a resume leaves bookmarks as they are.
func TestR30ResumedJobReadsOnFromItsLastCommit(t *testing.T) {
	t.Parallel()
	s := newMarked(t)
	s.start("W")
	s.attempt("monday", executor.Succeeded)
	s.finish("K", executor.Succeeded)
	first := s.start("W")
	s.attempt("", executor.Failed) // before its commit
	_, read := s.attempt("", executor.Failed)
	s.same("its retry reads", stateOf("monday"), read)

	p := s.plan(plan.Request{Name: "W", RunId: first, NodeIds: s.ids("J")})
	b := plannedNode(p, "J").Bookmark
	if b == nil || b.Version != 1 || b.Committed != "" || len(warnings(p, "ookmark")) != 0 || plannedNode(p, "K").Bookmark.Says() != "it never committed its bookmark: it reads everything" {
		t.Errorf("%+v %v", b, p.Warnings)
	}
	second, _ := s.resume("W", first, "J")
	_, read = s.attempt("tuesday", executor.Succeeded)
	s.same("the resumed job reads", stateOf("monday"), read)
	s.finish("K", executor.Failed)
	s.finish("K", executor.Failed)

	// J committed: repeated as it is, it reads on, and the plan says so.
	p = s.plan(plan.Request{Name: "W", RunId: second, NodeIds: s.ids("J")})
	if got := warnings(p, "perhaps nothing"); len(got) != 1 || !strings.HasPrefix(got[0], "Job J committed its bookmark") {
		t.Errorf("%v", p.Warnings)
	}
	s.resume("W", second, "J")
	_, read = s.attempt("", executor.Succeeded)
	s.same("repeated after its commit it reads", stateOf("tuesday"), read)
	s.same("version", int32(2), s.entry("").Version)
}

func plannedNode(p *plan.Plan, name string) *plan.Node {
	for i := range p.Nodes {
		if p.Nodes[i].Name == name && p.Nodes[i].Type == glue.NodeTypeJob {
			return &p.Nodes[i]
		}
	}
	return nil
}

// TestRewindBookmark: a resume sets the bookmarks back to before the run, in the same
// transaction, and both attempts' commits are undone.
func TestRewindBookmark(t *testing.T) {
	t.Parallel()
	s := newMarked(t)
	s.start("W")
	s.attempt("monday", executor.Succeeded)
	s.finish("K", executor.Succeeded)
	first := s.start("W")
	s.attempt("half", executor.Failed)
	attempt, _ := s.attempt("tuesday", executor.Succeeded)
	s.finish("K", executor.Failed)
	s.finish("K", executor.Failed)

	r := plan.Request{Name: "W", RunId: first, NodeIds: s.ids("J"), RewindAllBookmarks: true}
	p := s.plan(r)
	b := *plannedNode(p, "J").Bookmark
	b.At = 0
	s.same("where it stands", plan.Bookmark{Version: 3, RunID: attempt, Committed: attempt, Rewind: true, Before: 1}, b)
	if plannedNode(p, "K").Bookmark.Rewind || len(warnings(p, "ookmark")) != 0 {
		t.Errorf("%v", p.Warnings)
	}
	s.same("a plan changes nothing", int32(3), s.entry("").Version)

	for _, tt := range []struct {
		change func(*plan.Request)
		want   string
	}{
		{func(r *plan.Request) { r.RewindBookmarks = s.ids("J") }, "not both"},
		{func(r *plan.Request) { r.RewindAllBookmarks, r.RewindBookmarks = false, []string{"wnode_x"} }, "no job that runs again"},
		{func(r *plan.Request) {
			r.NodeIds, r.RewindAllBookmarks, r.RewindBookmarks = s.ids("K"), false, s.ids("J")
		}, "no job that runs again"},
	} {
		bad := r
		tt.change(&bad)
		s.denies(plan.OpExecute, plan.ExecuteRequest{Request: bad}, glue.InvalidInput, tt.want)
	}
	other := r
	other.RewindAllBookmarks = false
	s.denies(plan.OpExecute, plan.ExecuteRequest{Request: other, PlanToken: p.Token}, glue.ConcurrentModification, "another resume is asked for")

	// Another run commits meanwhile: the plan says what would be read twice, and the
	// earlier token does not hold.
	alone := s.do("StartJobRun", `{'JobName': 'J'}`)["JobRunId"].(string)
	s.settle()
	s.attempt("wednesday", executor.Succeeded)
	s.denies(plan.OpExecute, plan.ExecuteRequest{Request: r, PlanToken: p.Token}, glue.ConcurrentModification, "bookmark of a job that would run changed")
	p = s.plan(r)
	if got := warnings(p, "1 later commits"); len(got) != 1 {
		t.Errorf("%v", p.Warnings)
	}

	second := s.carryOut(plan.ExecuteRequest{Request: r, PlanToken: p.Token, By: "ada@host"})
	s.same("rewound", &glue.JobBookmarkEntry{JobName: "J", Version: 5, Run: 1, RunId: s.entry("").RunId, JobBookmark: stateOf("monday")}, s.entry(""))
	s.same("kept with the run", []string{"J"}, s.record(second).Rewound)
	_, read := s.attempt("all again", executor.Succeeded)
	s.same("the resumed job reads", stateOf("monday"), read)
	s.same("what the other run left is still known", stateOf("wednesday"), s.entry(alone).JobBookmark)

	// What was rewound is not rewound again by a resume of the first run.
	p = s.plan(plan.Request{Name: "W", RunId: first, NodeIds: s.ids("J"), RewindBookmarks: s.ids("J"), WhileRunning: true, AnyResume: true})
	if b := plannedNode(p, "J").Bookmark; b.Rewind || b.Committed != "" {
		t.Errorf("%+v", b)
	}
}

// TestRefusedResumeRewindsNothing: the limit of runs is reached.
func TestRefusedResumeRewindsNothing(t *testing.T) {
	t.Parallel()
	s := newMarked(t)
	s.do("UpdateWorkflow", `{'Name': 'W', 'MaxConcurrentRuns': 1}`)
	first := s.start("W")
	s.attempt("monday", executor.Succeeded)
	s.finish("K", executor.Failed)
	s.finish("K", executor.Failed)
	s.start("W")
	s.denies(plan.OpExecute, plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: first, NodeIds: s.ids("J"), RewindAllBookmarks: true}},
		glue.ConcurrentRunsExceeded, "")
	s.same("version", int32(1), s.entry("").Version)
}
