package api

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// TestStaleTokens changes one thing each after a plan. The resume is refused, says
// which, and starts nothing.
func TestStaleTokens(t *testing.T) {
	t.Parallel()
	request := func(s *planned) plan.Request {
		return plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J2")}
	}
	const stale = "The plan does not hold any more, and nothing was started: "
	tests := map[string]struct {
		change func(t *testing.T, s *planned, r *plan.ExecuteRequest)
		want   string
	}{
		"definition": {func(_ *testing.T, s *planned, _ *plan.ExecuteRequest) {
			s.do("UpdateJob", `{'JobName': 'J4', 'JobUpdate': {'Role': 'other', 'Command': {'Name': 'pythonshell', 'ScriptLocation': 's3://b/J4.py'}}}`)
		}, stale + "the definition of job J4 changed"},
		"job gone": {func(_ *testing.T, s *planned, _ *plan.ExecuteRequest) {
			s.do("DeleteJob", `{'JobName': 'J4'}`)
		}, "the definition of job J4 changed"},
		"script": {func(t *testing.T, s *planned, _ *plan.ExecuteRequest) {
			s.files.write(t, "s3://b/J2.py", "print(99)")
		}, stale + "the script, or an extra file, of job J2 changed"},
		"script of a job behind": {func(t *testing.T, s *planned, _ *plan.ExecuteRequest) {
			s.files.write(t, "s3://b/J4.py", "print(9)")
		}, "of job J4 changed"},
		"resumed meanwhile": {func(_ *testing.T, s *planned, _ *plan.ExecuteRequest) {
			s.carryOut(plan.ExecuteRequest{Request: request(s), By: "ada@host"})
		}, stale + "the run has been resumed since: the newest run of its family is now wr_"},
		"properties": {func(_ *testing.T, s *planned, _ *plan.ExecuteRequest) {
			s.do("PutWorkflowRunProperties", fmt.Sprintf(`{'Name': 'W', 'RunId': %q, 'RunProperties': {'day': 'monday'}}`, s.first))
		}, "its state or properties changed"},
		"triggers": {func(_ *testing.T, s *planned, r *plan.ExecuteRequest) {
			r.Definition = "current"
			r.PlanToken = s.plan(r.Request).Token
			s.do("StopTrigger", `{'Name': 'T4'}`)
		}, stale + "the triggers of the workflow changed"},
		"other triggers":    {func(_ *testing.T, _ *planned, r *plan.ExecuteRequest) { r.Definition = "current" }, "another resume is asked for"},
		"other nodes":       {func(_ *testing.T, s *planned, r *plan.ExecuteRequest) { r.NodeIds = s.ids("J3") }, "another resume is asked for"},
		"more nodes":        {func(_ *testing.T, s *planned, r *plan.ExecuteRequest) { r.NodeIds = s.ids("J2", "J3") }, "another resume is asked for"},
		"a selector":        {func(_ *testing.T, _ *planned, r *plan.ExecuteRequest) { r.Select.Failed = true }, "another resume is asked for"},
		"except":            {func(_ *testing.T, s *planned, r *plan.ExecuteRequest) { r.Except = s.ids("J4") }, "another resume is asked for"},
		"a property":        {func(_ *testing.T, _ *planned, r *plan.ExecuteRequest) { r.Properties = map[string]string{"a": "b"} }, "another resume"},
		"an argument":       {func(_ *testing.T, _ *planned, r *plan.ExecuteRequest) { r.Overrides = argument("J2", "--a", "b") }, "another resume"},
		"accept":            {func(_ *testing.T, s *planned, r *plan.ExecuteRequest) { r.Accept, r.Because = s.ids("J3"), "why not" }, "another resume"},
		"garbage":           {func(_ *testing.T, _ *planned, r *plan.ExecuteRequest) { r.PlanToken = "garbage" }, "not a plan's token"},
		"no base64":         {func(_ *testing.T, _ *planned, r *plan.ExecuteRequest) { r.PlanToken = "plan1-äöü" }, "not a plan's token"},
		"truncated":         {func(_ *testing.T, _ *planned, r *plan.ExecuteRequest) { r.PlanToken = r.PlanToken[:len(r.PlanToken)-1] }, "PlanToken: "},
		"cut in the middle": {func(_ *testing.T, _ *planned, r *plan.ExecuteRequest) { r.PlanToken = r.PlanToken[:30] }, "copy the whole of what --plan printed"},
		"a bit of it":       {func(_ *testing.T, _ *planned, r *plan.ExecuteRequest) { r.PlanToken = flip(r.PlanToken, 12) }, "something that the plan rests on changed"},
		"another head":      {func(_ *testing.T, _ *planned, r *plan.ExecuteRequest) { r.ExpectHead = "wr_nope" }, "it is no run of it"},
		"of another run": {func(_ *testing.T, s *planned, r *plan.ExecuteRequest) {
			s.fails("J2")
			r.PlanToken = s.plan(plan.Request{Name: "W", RunId: s.start("W"), NodeIds: s.ids("J2")}).Token
		}, "another resume is asked for"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newPlanned(t)
			r := plan.ExecuteRequest{Request: request(s)}
			r.PlanToken = s.plan(r.Request).Token
			tt.change(t, s, &r)
			code := glue.ConcurrentModification
			if strings.Contains(tt.want, "token") || strings.Contains(tt.want, "Token") || strings.Contains(tt.want, "copy") || strings.Contains(tt.want, "no run of it") {
				code = glue.InvalidInput
			}
			s.denies(plan.OpExecute, r, code, tt.want)
			// A plan with the token tells the same, before anything is done.
			s.denies(plan.OpPlan, plan.PreviewRequest{Request: r.Request, PlanToken: r.PlanToken, ExpectHead: r.ExpectHead}, code, tt.want)
		})
	}
}

// flip changes one character of a token.
func flip(token string, at int) string {
	c := byte('A')
	if token[at] == 'A' {
		c = 'B'
	}
	return token[:at] + string(c) + token[at+1:]
}

// TestSelectionThatMeansOthers: the request is the same, but a selector now chooses
// other nodes.
func TestSelectionThatMeansOthers(t *testing.T) {
	t.Parallel()
	s := newPlanned(t)
	r := plan.Request{Name: "W", RunId: s.first, Select: plan.Selectors{Recommended: true}}
	s.job("Elsewhere") // what is no part of the run changes nothing
	token := s.plan(r).Token
	if again := s.plan(r).Token; again != token {
		t.Errorf("the same plan has another token:\n%s\n%s", token, again)
	}
	s.do("UpdateJob", `{'JobName': 'J1', 'JobUpdate': {'Role': 'other', 'Command': {'Name': 'pythonshell', 'ScriptLocation': 's3://b/J1.py'}}}`)
	s.denies(plan.OpExecute, plan.ExecuteRequest{Request: r, PlanToken: token}, glue.ConcurrentModification, "the selection means other nodes now")
}

// TestChangesAfterTheCheck come between the comparison of the token and the
// transaction that starts the run.
func TestChangesAfterTheCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(t *testing.T, s *planned)
		want   []string
	}{
		"triggers": {func(_ *testing.T, s *planned) { s.do("StopTrigger", `{'Name': 'T4'}`) }, []string{"the triggers of the workflow changed"}},
		"definition": {func(_ *testing.T, s *planned) {
			s.do("UpdateJob", `{'JobName': 'J4', 'JobUpdate': {'Role': 'other', 'Command': {'Name': 'pythonshell', 'ScriptLocation': 's3://b/J4.py'}}}`)
		}, []string{"the definition of job J4 changed"}},
		"job gone": {func(_ *testing.T, s *planned) { s.do("DeleteJob", `{'JobName': 'J4'}`) }, []string{"the job J4 was deleted"}},
		"properties": {func(_ *testing.T, s *planned) {
			s.do("PutWorkflowRunProperties", fmt.Sprintf(`{'Name': 'W', 'RunId': %q, 'RunProperties': {'day': 'monday'}}`, s.first))
		}, []string{"the properties of the run changed"}},
		"script": {func(t *testing.T, s *planned) { s.files.write(t, "s3://b/J4.py", "print(99)") }, []string{"the file s3://b/J4.py changed"}},
		"resumed": {func(_ *testing.T, s *planned) {
			s.carryOut(plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J3")}, By: "ada@host"})
		}, []string{"ada@host has resumed it since", "(COMPLETED, started "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newPlanned(t)
			r := plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J2")}}
			if name == "triggers" {
				r.Definition = "current"
			}
			r.PlanToken = s.plan(r.Request).Token
			var once sync.Once
			before := ""
			s.files.pinning = func(string) {
				once.Do(func() { tt.change(t, s); s.settle(); before = s.count() })
			}
			_, err := ask[plan.ExecuteAnswer](s.server, plan.OpExecute, r)
			if err == nil {
				t.Fatal("it is resumed all the same")
			}
			_, code, message := s.api.Error(err)
			for _, want := range tt.want {
				if code != string(glue.ConcurrentModification) || !strings.Contains(message, want) {
					t.Errorf("%s: %s\nlacks %q", code, message, want)
				}
			}
			s.settle()
			if diff := cmp.Diff(before, s.count()); diff != "" {
				t.Errorf("it left something:\n%s", diff)
			}
		})
	}
}

// TestPinnedFiles: the jobs of the new run are told the contents that the plan saw,
// those of every file that they may use.
func TestPinnedFiles(t *testing.T) {
	t.Parallel()
	s := newPlanned(t)
	for _, name := range []string{"new.py", "extra.py", "m.whl", "other.py"} {
		s.files.write(t, "s3://b/"+name, name)
	}
	s.do("UpdateTrigger", `{'Name': 'T5', 'TriggerUpdate': {'Actions': [{'JobName': 'J5', 'Arguments': {'--scriptLocation': 's3://b/other.py'}}],
		'Predicate': {'Conditions': [{'LogicalOperator': 'EQUALS', 'JobName': 'J3', 'State': 'SUCCEEDED'}]}}}`)
	s.fails("J2", "J3")
	first := s.start("W")
	r := plan.ExecuteRequest{Request: plan.Request{
		Name: "W", RunId: first, NodeIds: s.ids("J2", "J3"),
		Overrides: map[string]glue.RunOverride{"J2": {Arguments: map[string]string{
			"--scriptLocation": "s3://b/new.py", "--extra-py-files": "s3://b/extra.py", "--additional-python-modules": "pandas, s3://b/m.whl",
		}}},
	}}
	r.PlanToken = s.plan(r.Request).Token
	id := s.carryOut(r)
	want := map[string]string{
		"s3://b/new.py": sum("new.py"), "s3://b/extra.py": sum("extra.py"), "s3://b/m.whl": sum("m.whl"),
		"s3://b/J3.py": sum("print(3)"), "s3://b/J4.py": sum("print(4)"), "s3://b/other.py": sum("other.py"),
	}
	starts := s.exec.starts("J5")
	if diff := cmp.Diff(want, starts[len(starts)-1].Files); diff != "" || starts[len(starts)-1].WorkflowRunID != id {
		t.Error(diff)
	}
	rec, err := ask[plan.Record](s.server, plan.OpGet, plan.GetRequest{Name: "W", RunId: id})
	if err != nil || rec.Pinned != len(want) {
		t.Errorf("%+v %v", rec, err)
	}
	// The next resume, without a plan, runs what is there by then.
	again, _ := s.resume("W", id, "J2")
	starts = s.exec.starts("J4")
	if last := starts[len(starts)-1]; last.WorkflowRunID != again || len(last.Files) > 0 {
		t.Errorf("%+v", last)
	}
}

// TestFilesThatCantBeRead: a plan tells of them, and can't fix them.
func TestFilesThatCantBeRead(t *testing.T) {
	t.Parallel()
	s := newPlanned(t)
	path, _ := s.files.Resolve("s3://b/J4.py")
	for _, spoiled := range []struct {
		name  string
		spoil func() error
	}{
		{"gone", func() error { return os.Remove(path) }},
		{"a folder", func() error { return os.Mkdir(path, 0o700) }},
	} {
		if err := spoiled.spoil(); err != nil {
			t.Fatal(err)
		}
		r := plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J2")}}
		p := s.plan(r.Request)
		if !slices.ContainsFunc(p.Warnings, func(w string) bool { return strings.HasPrefix(w, "Job J4: ") }) {
			t.Errorf("%s: no warning in %q", spoiled.name, p.Warnings)
		}
		r.PlanToken = p.Token
		s.denies(plan.OpExecute, r, glue.InvalidInput, "s3://b/J4.py can't be read, so its content can't be fixed")
	}
}
