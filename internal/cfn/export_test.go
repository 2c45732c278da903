package cfn

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/reglue/reglue/internal/glue"
)

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// roundTrip exports a template and reads the same from it.
func roundTrip(t failer, tmpl *Template) {
	t.Helper()
	text, err := Export(tmpl)
	if err != nil {
		if strings.Contains(err.Error(), "cannot stand in a template") {
			return
		}
		t.Fatalf("export: %v", err)
	}
	again, _, err := Parse(text, "exported.yaml", Options{})
	if err != nil {
		t.Fatalf("parse what was exported: %v\n%s", err, text)
	}
	want, got := definitions(tmpl), definitions(again)
	want.Outputs, got.Outputs = nil, nil
	byName := cmp.Options{
		cmpopts.EquateEmpty(),
		cmpopts.SortSlices(func(a, b glue.CreateJobRequest) bool { return a.Name < b.Name }),
		cmpopts.SortSlices(func(a, b glue.CreateWorkflowRequest) bool { return a.Name < b.Name }),
		cmpopts.SortSlices(func(a, b glue.CreateTriggerRequest) bool { return a.Name < b.Name }),
	}
	if diff := cmp.Diff(want, got, byName); diff != "" {
		t.Errorf("differs after export and parse (-want +got):\n%s\n%s", diff, text)
	}
}

func TestExportTemplates(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"testdata/etl.yaml", "testdata/traps.yaml", "../demo/pipeline/pipeline.yaml"} {
		tmpl, _ := parseFile(t, file, nil)
		roundTrip(t, tmpl)
	}
}

// oddText gives texts that YAML could read as something else.
func oddText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{
			"", " ", "true", "null", "~", "1.0", "0x1f", "1_000", "2024-01-01", "<<", "!Ref x", "a: b", "- a", "# no", "*a", "&a", "{a}",
			"[a", "'", `"`, "line\nline\n", "\n\n", "a\r\nb", "tab\there", " lead", "trail ", "${A}", "s3://b/k", "é😀", "=", "yes", "\u2028", "\ufeff", "\x7f", "|", ">", "%", "@", "`",
		}),
		rapid.String(),
	)
}

func oddMap() *rapid.Generator[map[string]string] {
	return rapid.MapOfN(oddText(), oddText(), 0, 4)
}

func TestExportRoundTrip(t *testing.T) {
	t.Parallel()
	name := rapid.StringMatching(`[A-Za-z0-9 _/.:#'"-]{1,12}`)
	rapid.Check(t, func(t *rapid.T) {
		number := func(label string) *int32 { n := rapid.Int32Range(1, 9).Draw(t, label); return &n }
		tmpl := &Template{}
		var flows, jobs []string
		for _, n := range rapid.SliceOfNDistinct(name, 1, 2, rapid.ID).Draw(t, "workflows") {
			flows = append(flows, n)
			tmpl.Workflows = append(tmpl.Workflows, glue.CreateWorkflowRequest{
				Name: n, DefaultRunProperties: map[string]string{"p": oddText().Draw(t, "property")}, MaxConcurrentRuns: number("limit"),
			})
		}
		for _, n := range rapid.SliceOfNDistinct(name, 1, 4, rapid.ID).Draw(t, "jobs") {
			jobs = append(jobs, n)
			tmpl.Jobs = append(tmpl.Jobs, glue.CreateJobRequest{
				Name: n, Role: "r", Command: &glue.JobCommand{Name: "pythonshell", ScriptLocation: "s3://b/k"},
				DefaultArguments: oddMap().Draw(t, "arguments"), MaxRetries: number("retries"),
			})
		}
		for _, n := range rapid.SliceOfNDistinct(name, 1, 4, rapid.ID).Draw(t, "triggers") {
			yes := true
			tmpl.Triggers = append(tmpl.Triggers, glue.CreateTriggerRequest{
				Name: n, WorkflowName: rapid.SampledFrom(flows).Draw(t, "flow"), Type: glue.TriggerTypeConditional, StartOnCreation: &yes,
				Predicate: &glue.Predicate{Conditions: []glue.Condition{{
					LogicalOperator: glue.LogicalOperatorEquals, JobName: rapid.SampledFrom(jobs).Draw(t, "watched"), State: glue.JobRunStateFailed,
				}}},
				Actions: []glue.Action{{JobName: rapid.SampledFrom(jobs).Draw(t, "job"), Arguments: oddMap().Draw(t, "action arguments")}},
			})
		}
		roundTrip(t, tmpl)
	})
}

func TestExportRefuses(t *testing.T) {
	t.Parallel()
	for _, properties := range []map[string]string{{"Ref": "x"}, {"Fn::Sub": "x", "b": "c"}, {"a": "\xff"}} {
		_, err := Export(&Template{Workflows: []glue.CreateWorkflowRequest{{Name: "w", DefaultRunProperties: properties}}})
		if err == nil || !strings.Contains(err.Error(), "cannot stand in a template") {
			t.Errorf("%q: got %v, want an error", properties, err)
		}
	}
}

// What a server holds comes back as the template that made it.
func TestFetch(t *testing.T) {
	t.Parallel()
	tmpl, _ := parseFile(t, "testdata/etl.yaml", nil)
	server := newFakeGlue()
	if _, err := Apply(context.Background(), server, tmpl); err != nil {
		t.Fatal(err)
	}
	fetched, missing, err := Fetch(context.Background(), server, "revenue-dev")
	if err != nil || len(missing) > 0 {
		t.Fatalf("got %v, missing %v", err, missing)
	}
	roundTrip(t, fetched)
	results, err := Apply(context.Background(), server, fetched)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Action != Unchanged {
			t.Errorf("applying what was fetched: %+v", r)
		}
	}
}

// cfn-lint, which knows CloudFormation's own schema, accepts what is exported
// and the templates that the other tests take for real.
func TestCfnLint(t *testing.T) {
	t.Parallel()
	lint, err := exec.LookPath("cfn-lint")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("cfn-lint is missing: pip install cfn-lint")
		}
		t.Skip("cfn-lint is missing: pip install cfn-lint")
	}
	tmpl, _ := parseFile(t, "testdata/etl.yaml", nil)
	text, err := Export(tmpl)
	if err != nil {
		t.Fatal(err)
	}
	exported := filepath.Join(t.TempDir(), "exported.yaml")
	if err := os.WriteFile(exported, text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(lint, "--non-zero-exit-code", "error", exported, "testdata/etl.json").CombinedOutput()
	if err != nil {
		t.Errorf("cfn-lint: %v\n%s\n%s", err, out, fmt.Sprintf("%.3000s", text))
	}
}
