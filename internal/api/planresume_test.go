package api

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/wire"
)

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

// TestPlanIsJSON whatever is in it, and each client reads the same.
func TestPlanIsJSON(t *testing.T) {
	t.Parallel()
	s := newPlanned(t)
	const odd = "s3://b/\"é\u2028<b>&\\\x01😀.py"
	location, err := json.Marshal(odd)
	if err != nil {
		t.Fatal(err)
	}
	s.do("UpdateJob", fmt.Sprintf(`{"JobName": "J2", "JobUpdate": {"Role": "r", "Command": {"Name": "pythonshell", "ScriptLocation": %s}}}`, location))
	body, err := json.Marshal(plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J2")})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.api.Call(t.Context(), plan.OpPlan, body)
	if err != nil {
		t.Fatal(err)
	}
	text := answer.(json.RawMessage)
	var standard, fast plan.Answer
	if err := json.Unmarshal(text, &standard); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if err := wire.Decode(text, &fast); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(standard, fast); diff != "" {
		t.Error(diff)
	}
	if warnings := strings.Join(fast.Plan.Warnings, " "); !strings.Contains(warnings, strings.TrimPrefix(odd, "s3://")) {
		t.Errorf("the script %q is told as %q", odd, warnings)
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

// TestPlanWarnsOfRoom: a resume that would be refused only for now is planned, with a
// warning (R33).
func TestPlanWarnsOfRoom(t *testing.T) {
	t.Parallel()
	s := newPlanned(t)
	r := plan.Request{Name: "W", RunId: s.first, Select: plan.Selectors{Failed: true}}
	s.do("UpdateWorkflow", `{'Name': 'W', 'MaxConcurrentRuns': 1}`)
	if got := s.plan(r).Warnings; len(got) > 0 {
		t.Errorf("there is room, and yet: %q", got)
	}
	s.hold()
	s.start("W")
	if got := strings.Join(s.plan(r).Warnings, " "); !strings.Contains(got, "Workflow W has 1 of at most 1 runs live: a resume now would be refused") {
		t.Errorf("warnings: %q", got)
	}
	s.denies(plan.OpExecute, plan.ExecuteRequest{Request: r}, glue.ConcurrentRunsExceeded, "Concurrent runs exceeded")
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
