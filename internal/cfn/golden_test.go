package cfn

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// parseFile parses a template of testdata.
func parseFile(t *testing.T, file string, parameters map[string]string) (*Template, []Warning) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, warnings, err := Parse(src, filepath.Base(file), Options{
		StackName: testStack, Account: "123456789012", Region: "eu-west-1", Parameters: parameters, Dir: filepath.Dir(file),
	})
	if err != nil {
		t.Fatalf("parse %s: %v", file, err)
	}
	return tmpl, warnings
}

func describe(t *testing.T, tmpl *Template, warnings []Warning) string {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	section := func(kind Kind, name string, v any) {
		fmt.Fprintf(&out, "-- %s %s (%s)\n", kind, name, tmpl.LogicalID(kind, name))
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	for _, j := range tmpl.Jobs {
		section(KindJob, j.Name, j)
	}
	for _, w := range tmpl.Workflows {
		section(KindWorkflow, w.Name, w)
	}
	for _, tr := range tmpl.Triggers {
		section(KindTrigger, tr.Name, tr)
	}
	for _, name := range slices.Sorted(maps.Keys(tmpl.Outputs)) {
		fmt.Fprintf(&out, "-- output %s = %s\n", name, tmpl.Outputs[name])
	}
	for _, w := range warnings {
		fmt.Fprintf(&out, "-- %s\n", w)
	}
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(out.String(), filepath.ToSlash(dir), "/TESTDATA")
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file       string
		parameters map[string]string
	}{
		"etl-dev":  {"etl.yaml", nil},
		"etl-prod": {"etl.yaml", map[string]string{"Environment": "prod", "Retries": "3", "Sources": "a,b , c", "ApiKey": "k"}},
		"traps":    {"traps.yaml", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tmpl, warnings := parseFile(t, filepath.Join("testdata", c.file), c.parameters)
			got := describe(t, tmpl, warnings)
			golden := filepath.Join("testdata", "golden", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s differs (-want +got), rewrite with -update if this is meant:\n%s", golden, diff)
			}
		})
	}
}

// The same template in JSON means the same.
func TestJSONSame(t *testing.T) {
	t.Parallel()
	fromYAML, _ := parseFile(t, "testdata/etl.yaml", nil)
	fromJSON, warnings := parseFile(t, "testdata/etl.json", nil)
	if diff := cmp.Diff(definitions(fromYAML), definitions(fromJSON)); diff != "" {
		t.Errorf("JSON differs from YAML (-yaml +json):\n%s", diff)
	}
	for _, w := range warnings {
		if w.Line == 0 {
			t.Errorf("a warning without a line: %v", w)
		}
	}
}

// set is what a template defines.
type set struct {
	Jobs      []glue.CreateJobRequest
	Workflows []glue.CreateWorkflowRequest
	Triggers  []glue.CreateTriggerRequest
	Outputs   map[string]string
}

func definitions(t *Template) set { return set{t.Jobs, t.Workflows, t.Triggers, t.Outputs} }

func TestDemoTemplate(t *testing.T) {
	t.Parallel()
	tmpl, warnings := parseFile(t, "../demo/pipeline/pipeline.yaml", nil)
	if len(tmpl.Workflows) != 1 || len(tmpl.Jobs) < 6 || len(tmpl.Triggers) < 3 {
		t.Errorf("got %d workflows, %d jobs, %d triggers", len(tmpl.Workflows), len(tmpl.Jobs), len(tmpl.Triggers))
	}
	for _, w := range warnings {
		if !strings.Contains(w.Message, "is not created here") {
			t.Errorf("unexpected warning: %v", w)
		}
	}
}
