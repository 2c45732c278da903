package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// folderFiles are files below a folder: s3://b/x.py is DIR/b/x.py.
type folderFiles struct {
	dir string
	// pinning is called before a location is pinned.
	pinning func(location string)
}

func (f *folderFiles) Resolve(location string) (string, error) {
	return filepath.Join(f.dir, strings.TrimPrefix(location, "s3://")), nil
}

func (f *folderFiles) Exists(location string) (bool, error) {
	path, err := f.Resolve(location)
	if err == nil {
		_, err = os.Stat(path)
	}
	return err == nil, nil
}

func (f *folderFiles) Pin(location string) (string, error) {
	if f.pinning != nil {
		f.pinning(location)
	}
	path, err := f.Resolve(location)
	if err != nil {
		return "", err
	}
	return hashFile(path)
}

func (f *folderFiles) Written(string) ([]string, int) { return nil, 0 }

// write sets what a location holds.
func (f *folderFiles) write(t testing.TB, location, text string) {
	t.Helper()
	path, err := f.Resolve(location)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// planned is a server with the workflow w1 on files; J2 and J3 of its run failed.
type planned struct {
	*server
	files *folderFiles
	first string
}

func newPlanned(t *testing.T, set ...func(*settings)) *planned {
	t.Helper()
	f := &folderFiles{dir: t.TempDir()}
	s := newServer(t, append(set, func(o *settings) { o.api.Files = f })...)
	p := &planned{server: s, files: f}
	for i := 1; i <= 5; i++ {
		f.write(t, fmt.Sprintf("s3://b/J%d.py", i), fmt.Sprintf("print(%d)", i))
	}
	s.workflow("W", w1...)
	s.fails("J2", "J3")
	p.first = s.start("W")
	return p
}

// ids are the ids of the workflow's jobs.
func (s *server) ids(jobs ...string) []string {
	var out []string
	for _, job := range jobs {
		out = append(out, s.nodeID("W", job))
	}
	return out
}

func ask[Answer any](s *server, op string, request any) (Answer, error) {
	s.t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := s.api.Call(s.t.Context(), op, body)
	if err != nil {
		var none Answer
		return none, err
	}
	return reread[Answer](s.t, answer), nil
}

// plan makes a plan that must work.
func (s *server) plan(r plan.Request) *plan.Plan {
	s.t.Helper()
	answer, err := ask[plan.Answer](s, plan.OpPlan, r)
	if err != nil {
		s.t.Fatalf("plan of %+v: %v", r, err)
	}
	return answer.Plan
}

// carryOut resumes and waits until nothing more follows.
func (s *server) carryOut(r plan.ExecuteRequest) string {
	s.t.Helper()
	answer, err := ask[plan.ExecuteAnswer](s, plan.OpExecute, r)
	if err != nil {
		s.t.Fatalf("resume of %+v: %v", r.Request, err)
	}
	s.settle()
	return answer.RunId
}

// denies asks for what must be refused, and holds that nothing was started.
func (s *server) denies(op string, request any, code glue.Kind, parts ...string) {
	s.t.Helper()
	before := s.count()
	answer, err := ask[json.RawMessage](s, op, request)
	if err == nil {
		s.t.Errorf("%s %+v: got %.300s, want %s", op, request, answer, code)
		return
	}
	status, got, message := s.api.Error(err)
	for _, part := range parts {
		if !strings.Contains(message, part) {
			s.t.Errorf("%s: %q lacks %q", op, message, part)
		}
	}
	if got != string(code) || status != 400 {
		s.t.Errorf("%s: got %d %s: %s\nwant %s", op, status, got, message, code)
	}
	s.settle()
	if diff := cmp.Diff(before, s.count()); diff != "" {
		s.t.Errorf("%s was refused but left something:\n%s", op, diff)
	}
}

func TestPlanWritesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openServer(t, dir)
	s.workflow("W", w1...)
	s.fails("J2")
	first := s.start("W")
	content := func() map[string]string {
		out := map[string]string{}
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || strings.HasSuffix(path, "-shm") {
				return err
			}
			text, err := os.ReadFile(path)
			out[path] = sum(string(text))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	before := content()
	for _, sel := range []plan.Selectors{{Failed: true}, {Recommended: true}} {
		s.plan(plan.Request{Name: "W", RunId: first, Select: sel, Properties: map[string]string{"a": "b"}})
	}
	if diff := cmp.Diff(before, content()); diff != "" {
		t.Errorf("a plan wrote:\n%s", diff)
	}
}

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

func argument(job, key, value string) map[string]glue.RunOverride {
	return map[string]glue.RunOverride{job: {Arguments: map[string]string{key: value}}}
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
	for name, spoil := range map[string]func() error{
		"gone":     func() error { return os.Remove(path) },
		"a folder": func() error { return os.Mkdir(path, 0o700) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		r := plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J2")}}
		p := s.plan(r.Request)
		if !slices.ContainsFunc(p.Warnings, func(w string) bool { return strings.HasPrefix(w, "Job J4: ") }) {
			t.Errorf("%s: no warning in %q", name, p.Warnings)
		}
		r.PlanToken = p.Token
		s.denies(plan.OpExecute, r, glue.InvalidInput, "s3://b/J4.py can't be read, so its content can't be fixed")
	}
}

// TestPlanRefusesWhatTheResumeWould, before anything else is done.
func TestPlanRefusesWhatTheResumeWould(t *testing.T) {
	t.Parallel()
	s := newPlanned(t)
	second, _ := s.resume("W", s.first, "J2")
	third, _ := s.resume("W", second, "J3")
	s.hold()
	live := s.start("W")
	long := strings.Repeat("x", 70_000)
	zero, minus, many := int32(0), -1, int32(99999)
	base := plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J2")}
	with := func(change func(*plan.Request)) plan.Request {
		r := base
		change(&r)
		return r
	}
	override := func(o glue.RunOverride) plan.Request {
		return with(func(r *plan.Request) { r.Overrides = map[string]glue.RunOverride{"J2": o} })
	}
	for name, tt := range map[string]struct {
		r    plan.Request
		code glue.Kind
		want string
	}{
		"no workflow":      {with(func(r *plan.Request) { r.Name = "nope" }), glue.EntityNotFound, "Entity not found"},
		"no run":           {with(func(r *plan.Request) { r.RunId = "wr_nope" }), glue.EntityNotFound, "Entity not found"},
		"live":             {with(func(r *plan.Request) { r.RunId = live }), glue.IllegalWorkflowState, "RUNNING"},
		"R41":              {with(func(r *plan.Request) { r.RunId = second }), glue.IllegalWorkflowState, "already resumed as " + third},
		"nothing":          {with(func(r *plan.Request) { r.NodeIds = nil }), glue.InvalidInput, "at least one node"},
		"no node":          {with(func(r *plan.Request) { r.NodeIds = []string{"wnode_nope"} }), glue.InvalidInput, "wnode_nope"},
		"never ran":        {with(func(r *plan.Request) { r.NodeIds = s.ids("J5") }), glue.InvalidInput, "never attempted"},
		"nothing missing":  {with(func(r *plan.Request) { r.NodeIds, r.Select.Missing = nil, true }), glue.InvalidInput, "without its declared output: there is nothing to repeat"},
		"nothing held":     {with(func(r *plan.Request) { r.NodeIds, r.Select.Held = nil, true }), glue.InvalidInput, "held back and ready"},
		"no reason":        {with(func(r *plan.Request) { r.Accept, r.Because = s.ids("J3"), " \n" }), glue.InvalidInput, "Because is required"},
		"only a reason":    {with(func(r *plan.Request) { r.Because = "so" }), glue.InvalidInput, "Because goes with Accept"},
		"a long reason":    {with(func(r *plan.Request) { r.Accept, r.Because = s.ids("J3"), long }), glue.InvalidInput, "Because has 70000 bytes"},
		"property value":   {with(func(r *plan.Request) { r.Properties = map[string]string{"a": long} }), glue.InvalidInput, "a run property may have"},
		"property key":     {with(func(r *plan.Request) { r.Properties = map[string]string{"": "x"} }), glue.InvalidInput, "1 to 255 bytes"},
		"no such job":      {with(func(r *plan.Request) { r.Overrides = argument("J9", "--a", "b") }), glue.InvalidInput, "J9, which is not part of the run"},
		"a trigger":        {with(func(r *plan.Request) { r.Overrides = argument("T1", "--a", "b") }), glue.InvalidInput, "T1, which is not part of the run"},
		"no timeout":       {override(glue.RunOverride{Timeout: &zero}), glue.InvalidInput, "Timeout of J2 must be between 1 and 10080"},
		"a long timeout":   {override(glue.RunOverride{Timeout: &many}), glue.InvalidInput, "Timeout of J2 must be between 1 and 10080"},
		"less retries":     {override(glue.RunOverride{Retries: &minus}), glue.InvalidInput, "Retries of J2 must be between 0 and"},
		"no argument":      {override(glue.RunOverride{Arguments: map[string]string{"key": "v"}}), glue.InvalidInput, `"key" is no argument of J2`},
		"bare dashes":      {override(glue.RunOverride{Arguments: map[string]string{"--": "v"}}), glue.InvalidInput, `"--" is no argument of J2`},
		"long arguments":   {override(glue.RunOverride{Arguments: map[string]string{"--a": long + long + long + long}}), glue.InvalidInput, "The arguments have"},
		"except elsewhere": {with(func(r *plan.Request) { r.Except = s.ids("J5") }), glue.InvalidInput, "not among the nodes"},
		"until elsewhere":  {with(func(r *plan.Request) { r.Until = s.ids("J5") }), glue.InvalidInput, "not among the nodes"},
		"except a root":    {with(func(r *plan.Request) { r.Except = s.ids("J2") }), glue.InvalidInput, "name it once"},
	} {
		t.Run(name, func(t *testing.T) {
			s.denies(plan.OpPlan, tt.r, tt.code, tt.want)
			s.denies(plan.OpExecute, plan.ExecuteRequest{Request: tt.r}, tt.code, tt.want)
		})
	}
	for body, want := range map[string]string{
		`{"Name": "W", "RunId": "x", "Nodes": ["a"]}`:                             `unknown field "Nodes"`,
		`{"Name": "W", "RunId": "x", "Select": {"All": true}}`:                    `unknown field "All"`,
		`{"Name": "W", "RunId": 7}`:                                               "cannot unmarshal number",
		`{"Name": "W", "RunId": "x", "NodeIds": "J2"}`:                            "cannot unmarshal string",
		`{"Name": "W", "RunId": "x"} {"Name": "V"}`:                               "more follows",
		`{"Name": "W", "Overrides": {"J2": {"retries": 1000000000000000000000}}}`: "cannot unmarshal",
		`{`:  "unexpected EOF",
		`[]`: "cannot unmarshal array",
	} {
		for _, op := range []string{plan.OpPlan, plan.OpExecute} {
			if _, err := s.raw(op, body); err == nil {
				t.Errorf("%s %s is taken", op, body)
			} else if _, code, message := s.api.Error(err); code != string(glue.Validation) || !strings.Contains(message, want) {
				t.Errorf("%s %s: %s %s", op, body, code, message)
			}
		}
	}
}

// TestReadOnly: the folder without its owner is planned over and not changed.
func TestReadOnlyPlan(t *testing.T) {
	t.Parallel()
	s := newPlanned(t)
	readOnly := &server{t: t, api: New(s.db, nil, Options{Files: s.files}), db: s.db, engine: s.engine, exec: s.exec}
	r := plan.Request{Name: "W", RunId: s.first, Select: plan.Selectors{Failed: true}}
	if diff := cmp.Diff(s.plan(r), readOnly.plan(r)); diff != "" {
		t.Errorf("the owner plans another one:\n%s", diff)
	}
	readOnly.denies(plan.OpExecute, plan.ExecuteRequest{Request: r}, accessDenied, "open for reading only")
}

// TestRepeatedExecute: a client that lost the answer asks again, when the plan does
// not hold any more because of the first request itself.
func TestRepeatedExecute(t *testing.T) {
	t.Parallel()
	s := newPlanned(t)
	r := plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J2")}, ExpectHead: s.first, By: "ada"}
	r.PlanToken = s.plan(r.Request).Token
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	ctx := WithCall(t.Context(), engine.Call{Invocation: "i1", Caller: "key", BodyHash: sum(string(body))})
	first, err := s.rawIn(ctx, plan.OpExecute, string(body))
	if err != nil {
		t.Fatal(err)
	}
	s.settle()
	before := s.count()
	again, err := s.rawIn(ctx, plan.OpExecute, string(body))
	if diff := cmp.Diff(first, again); err != nil || diff != "" {
		t.Errorf("the repeat: %v\n%s", err, diff)
	}
	if got := s.count(); got != before {
		t.Errorf("the repeat started something:\n%s", cmp.Diff(before, got))
	}
	// Another invocation is another request.
	s.denies(plan.OpExecute, r, glue.ConcurrentModification, "ada has resumed it since")
}

func TestClientToken(t *testing.T) {
	t.Parallel()
	s := newPlanned(t)
	r := plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J2")}, ClientToken: "t1", ExpectHead: s.first}
	r.PlanToken = s.plan(r.Request).Token
	first := s.carryOut(r)
	before := s.count()
	r.Before = []plan.Before{{Node: "J2", Command: "true", TookMs: 5}} // what was run before does not make it another one
	if again := s.carryOut(r); again != first || s.count() != before {
		t.Errorf("%s, then %s", first, again)
	}
	other := r
	other.Properties = map[string]string{"a": "b"}
	s.denies(plan.OpExecute, other, glue.IdempotentMismatch, "ClientToken t1 was used for another resume")
	other = plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J2")}, ClientToken: "t2"}
	if s.carryOut(other) == first {
		t.Error("another token gets the answer of the first")
	}
	other.ClientToken = strings.Repeat("x", 256)
	s.denies(plan.OpExecute, other, glue.InvalidInput, "1 to 255 characters")

	// AWS's own operation takes one beside its members.
	raw := func(token, node string) (string, error) {
		out, err := s.raw("ResumeWorkflowRun", fmt.Sprintf(`{"Name": "W", "RunId": %q, "NodeIds": [%q], "ClientToken": %s}`, s.first, s.nodeID("W", node), token))
		s.settle()
		if err != nil {
			return "", err
		}
		return out["RunId"].(string), nil
	}
	one, err := raw(`"a"`, "J2")
	same, err2 := raw(`"a"`, "J2")
	if err != nil || err2 != nil || one != same {
		t.Errorf("%s %v, %s %v", one, err, same, err2)
	}
	for token, want := range map[string]string{`"a"`: string(glue.IdempotentMismatch), `""`: ii, `7`: ii, `"` + strings.Repeat("x", 256) + `"`: ii} {
		if _, err := raw(token, "J3"); err == nil {
			t.Errorf("%.20s: taken", token)
		} else if _, code, message := s.api.Error(err); code != want {
			t.Errorf("%.20s: %s %s", token, code, message)
		}
	}
}

// TestTwoOperators press at once: one new run, and the other is told whose it is.
func TestTwoOperators(t *testing.T) {
	t.Parallel()
	for _, same := range []bool{false, true} {
		s := newPlanned(t)
		s.hold()
		const n = 8
		var (
			wait    sync.WaitGroup
			mu      sync.Mutex
			runs    = map[string]int{}
			refused []string
		)
		for i := range n {
			wait.Go(func() {
				r := plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J2")}, ExpectHead: s.first, By: fmt.Sprintf("op%d@host", i)}
				if same {
					r.ClientToken = "one"
				}
				answer, err := ask[plan.ExecuteAnswer](s.server, plan.OpExecute, r)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					_, _, message := s.api.Error(err)
					refused = append(refused, message)
					return
				}
				runs[answer.RunId]++
			})
		}
		wait.Wait()
		s.settle()
		wantRefused := n - 1
		if same {
			wantRefused = 0
		}
		if len(runs) != 1 || len(refused) != wantRefused {
			t.Fatalf("same token %v: runs %v, %d refused", same, runs, len(refused))
		}
		if starts := s.exec.starts("J2"); len(starts) != 2 {
			t.Errorf("J2 was started %d times, want 2", len(starts))
		}
		for id := range runs {
			rec, err := ask[plan.Record](s.server, plan.OpGet, plan.GetRequest{Name: "W", RunId: id})
			if err != nil || !strings.HasSuffix(rec.By, "@host") {
				t.Fatalf("%+v %v", rec, err)
			}
			for _, message := range refused {
				if !strings.Contains(message, rec.By+" has resumed it since: run "+id+" is the newest (RUNNING, started ") {
					t.Errorf("the loser is not told whose it is: %s", message)
				}
			}
		}
		s.release()
		s.finish("J2", "SUCCEEDED")
	}
}

// TestSelectorsAndExcept: what only a selector chose can be left out of it.
func TestSelectorsAndExcept(t *testing.T) {
	t.Parallel()
	s := newPlanned(t)
	r := plan.Request{Name: "W", RunId: s.first, Select: plan.Selectors{Failed: true}, Except: s.ids("J3")}
	answer, err := ask[plan.Answer](s.server, plan.OpPlan, r)
	if err != nil || len(answer.Choices) != 1 || answer.Choices[0].Name != "J2" {
		t.Fatalf("%+v %v", answer.Choices, err)
	}
	if v := verdicts(answer.Plan); v["J3"] != plan.Carry || v["J5"] != plan.Blank || v["J2"] != plan.Start {
		t.Errorf("%v", v)
	}
	if got := states(s.run("W", s.carryOut(plan.ExecuteRequest{Request: r}))); got != "J1=SUCCEEDED J2=SUCCEEDED J3=FAILED J4=SUCCEEDED J5=-" {
		t.Error(got)
	}
	r.Except = s.ids("J2", "J3")
	s.denies(plan.OpPlan, r, glue.InvalidInput, "is failed and not left out")
}

func verdicts(p *plan.Plan) map[string]string {
	out := map[string]string{}
	for i := range p.Nodes {
		if p.Nodes[i].Type == glue.NodeTypeJob {
			out[p.Nodes[i].Name] = p.Nodes[i].Verdict
		}
	}
	return out
}

// TestPlanIsWhatHappens makes random workflows with random ends, plans resumes of
// them and carries them out.
func TestPlanIsWhatHappens(t *testing.T) {
	t.Parallel()
	const jobs = 7
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			s := newServer(t)
			s.workflow("W", randomTriggers(r, jobs)...)
			spoil := func(chance float64) {
				for i := range jobs {
					if r.Float64() < chance {
						s.fails(fmt.Sprint("J", i))
					}
				}
			}
			spoil(0.4)
			id := s.start("W")
			for range 3 {
				id = s.resumeAsPlanned(r, id, spoil)
			}
		})
	}
}

// randomTriggers is a workflow whose jobs wait for some of those before them, now
// and then for two of them at once or for a failure.
func randomTriggers(r *rand.Rand, jobs int) []string {
	out := []string{"T0 > J0 J1"}
	for i := 2; i < jobs; i++ {
		before := func() string { return fmt.Sprintf("J%d%s", r.IntN(i), []string{"+", "+", "+", "-"}[r.IntN(4)]) }
		condition := before()
		if other := before(); r.IntN(2) == 0 && other[:2] != condition[:2] {
			condition += []string{" & ", " | "}[r.IntN(2)] + other
		}
		out = append(out, fmt.Sprintf("%s > T%d > J%d", condition, i, i))
	}
	return out
}

// resumeAsPlanned resumes a run from random nodes, or with a random one accepted,
// and holds what happened against the plan. It returns the new run, or the same if
// that was refused.
func (s *server) resumeAsPlanned(r *rand.Rand, id string, spoil func(float64)) string {
	s.t.Helper()
	req := plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: id}}
	before := s.run("W", id)
	old := map[string]string{}
	for _, n := range before.Graph.Nodes {
		if n.JobDetails == nil || len(n.JobDetails.JobRuns) == 0 {
			continue
		}
		old[n.Name] = n.JobDetails.JobRuns[0].Id
		failed := n.JobDetails.JobRuns[0].JobRunState != "SUCCEEDED"
		switch k := r.IntN(6); {
		case k < 2:
			req.NodeIds = append(req.NodeIds, n.UniqueId)
		case k == 2 && failed:
			req.Accept, req.Because = append(req.Accept, n.UniqueId), "a test"
		}
	}
	answer, err := ask[plan.Answer](s, plan.OpPlan, req.Request)
	if err != nil { // then the resume is refused too
		_, code, message := s.api.Error(err)
		s.denies(plan.OpExecute, req, glue.Kind(code), message)
		return id
	}
	spoil(0.3)
	run := s.run("W", s.carryOut(req))
	s.exec.mu.Lock()
	s.exec.outcome = map[string][]executor.State{}
	s.exec.mu.Unlock()
	ids := map[string]string{}
	for _, n := range run.Graph.Nodes {
		if n.JobDetails != nil && len(n.JobDetails.JobRuns) > 0 {
			ids[n.Name] = n.JobDetails.JobRuns[0].Id
		}
	}
	for i := range answer.Plan.Nodes {
		n := &answer.Plan.Nodes[i]
		if n.Type != glue.NodeTypeJob {
			continue
		}
		now := ids[n.Name]
		isNew := now != "" && now != old[n.Name]
		var ok bool
		switch n.Verdict {
		case plan.Start:
			ok = isNew
		case plan.Downstream:
			ok = isNew || now == ""
		case plan.Carry, plan.Accept:
			ok = now == old[n.Name] && n.From != nil && n.From.JobRunID == now
		case plan.Blocked, plan.Blank:
			ok = now == ""
		}
		if !ok {
			s.t.Errorf("%s was planned as %s (%s), but it was %q and is %q", n.Name, n.Verdict, n.Reason, old[n.Name], now)
		}
		if n.Verdict == plan.Accept && nodeState(run, n.Name) != "SUCCEEDED" {
			s.t.Errorf("%s was accepted and is %s", n.Name, nodeState(run, n.Name))
		}
	}
	return run.WorkflowRunId
}

func nodeState(run *glue.WorkflowRun, job string) string {
	for text := range strings.FieldsSeq(states(run)) {
		if state, ok := strings.CutPrefix(text, job+"="); ok {
			return state
		}
	}
	return ""
}
