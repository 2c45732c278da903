package awsglue_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/awsglue"
)

// python returns the interpreters to test with: python3, and the oldest that
// Glue offers when the machine has it.
func python(t *testing.T) []string {
	t.Helper()
	found, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("python3 is missing: install it, for example with apt-get install python3")
		}
		t.Skip("python3 is missing: install it, for example with apt-get install python3")
	}
	interpreters := []string{found}
	for _, old := range []string{"python3.6", "python3.9"} {
		if p, err := exec.LookPath(old); err == nil && exec.Command(p, "-c", "").Run() == nil {
			interpreters = append(interpreters, p)
		}
	}
	return interpreters
}

// run executes a script with the package on its path and the given argv.
func run(t *testing.T, interpreter, script string, argv ...string) (stdout, stderr string, ok bool) {
	t.Helper()
	path, err := awsglue.Install(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "script.py")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(interpreter, append([]string{file}, argv...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+path)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err == nil
}

func TestGetResolvedOptions(t *testing.T) {
	t.Parallel()
	standard := []string{"--JOB_NAME", "my_test_Job", "--JOB_ID", "j_1", "--JOB_RUN_ID", "jr_1"}
	tests := []struct {
		name    string
		argv    []string
		options string // a Python expression
		want    map[string]any
	}{
		{
			name: "the documented sample",
			argv: append([]string{
				"--day_partition_key", "partition_0", "--hour_partition_key", "partition_1",
				"--day_partition_value", "2019-01-01", "--hour_partition_value", "07",
			}, standard...),
			options: "['JOB_NAME','day_partition_key','hour_partition_key','day_partition_value','hour_partition_value']",
			want: map[string]any{
				"JOB_NAME": "my_test_Job", "day_partition_key": "partition_0", "hour_partition_key": "partition_1",
				"day_partition_value": "2019-01-01", "hour_partition_value": "07",
			},
		},
		{
			name:    "the workflow's names, as the documented property sample asks for them",
			argv:    append([]string{"--WORKFLOW_NAME", "w", "--WORKFLOW_RUN_ID", "wr_1"}, standard...),
			options: "['JOB_NAME','WORKFLOW_NAME','WORKFLOW_RUN_ID']",
			want:    map[string]any{"JOB_NAME": "my_test_Job", "WORKFLOW_NAME": "w", "WORKFLOW_RUN_ID": "wr_1"},
		},
		{
			name:    "name=value, with an equals sign in the value",
			argv:    []string{"--query=a=b&c=d"},
			options: "['query']",
			want:    map[string]any{"query": "a=b&c=d"},
		},
		{
			name:    "unasked arguments are ignored, also a prefix of an asked one",
			argv:    []string{"--in", "no", "--input_path", "s3://b/k", "--input_path_old", "no", "--flag", "stray"},
			options: "['input_path']",
			want:    map[string]any{"input_path": "s3://b/k"},
		},
		{
			name:    "the last of a repeated name counts",
			argv:    []string{"--x", "1", "--x", "2"},
			options: "['x']",
			want:    map[string]any{"x": "2"},
		},
		{
			name:    "odd values survive",
			argv:    []string{"--empty", "", "--space", "a b", "--json", `{"k": [1, "ü"]}`, "--negative", "-5", "--dashes=--x", "--quote", `it's "so"`},
			options: "['empty','space','json','negative','dashes','quote']",
			want: map[string]any{
				"empty": "", "space": "a b", "json": `{"k": [1, "ü"]}`, "negative": "-5", "dashes": "--x", "quote": `it's "so"`,
			},
		},
		{
			name:    "hyphens become underscores in the result",
			argv:    []string{"--my-key", "v"},
			options: "['my-key']",
			want:    map[string]any{"my_key": "v"},
		},
		{
			name:    "a name asked for twice, and a tuple of names",
			argv:    []string{"--x", "1"},
			options: "('x', 'x')",
			want:    map[string]any{"x": "1"},
		},
		{
			name:    "TempDir can be asked for",
			argv:    []string{"--TempDir", "s3://b/tmp"},
			options: "['TempDir']",
			want:    map[string]any{"TempDir": "s3://b/tmp"},
		},
		{
			name:    "what Glue passes itself is in the result unasked",
			argv:    append([]string{"--job-bookmark-option", "job-bookmark-enable", "--TempDir", "s3://b/tmp"}, standard...),
			options: "[]",
			want: map[string]any{
				"JOB_ID": "j_1", "JOB_RUN_ID": "jr_1", "TempDir": "s3://b/tmp",
				"job_bookmark_option": "job-bookmark-enable",
			},
		},
		{
			name:    "defaults without arguments",
			options: "[]",
			want:    map[string]any{"JOB_RUN_ID": nil, "TempDir": nil, "job_bookmark_option": "job-bookmark-disable"},
		},
	}
	for _, interpreter := range python(t) {
		for _, tt := range tests {
			t.Run(filepath.Base(interpreter)+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				script := "# -*- coding: utf-8 -*-\nimport sys, json\nfrom awsglue.utils import getResolvedOptions\n" +
					"print(json.dumps(getResolvedOptions(sys.argv, " + tt.options + ")))\n"
				out, errs, ok := run(t, interpreter, script, tt.argv...)
				if !ok {
					t.Fatalf("script failed: %s", errs)
				}
				all := map[string]any{}
				if err := json.Unmarshal([]byte(out), &all); err != nil {
					t.Fatal(err)
				}
				got := map[string]any{}
				for k := range tt.want {
					v, there := all[k]
					if !there {
						t.Errorf("result has no %q: %v", k, all)
					}
					got[k] = v
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
				for k := range all {
					if _, wanted := tt.want[k]; !wanted && !isGlueOwn(k) {
						t.Errorf("result holds %q, which nobody asked for", k)
					}
				}
			})
		}
	}
}

func isGlueOwn(name string) bool {
	switch name {
	case "JOB_ID", "JOB_RUN_ID", "SECURITY_CONFIGURATION", "TempDir", "RedshiftTempDir", "job_bookmark_option",
		"job_bookmark_from", "job_bookmark_to", "continuation_option", "encryption_type":
		return true
	}
	return false
}

func TestGetResolvedOptionsRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, options string
		argv          []string
		want          string // on standard error, which ends with the exception
	}{
		{"a missing name", "['JOB_NAME','absent']", []string{"--JOB_NAME", "j"}, "GlueArgumentError: the following arguments are required: --absent"},
		{"a name without a value", "['x']", []string{"--x"}, "GlueArgumentError: argument --x: expected one argument"},
		{"no arguments at all", "['JOB_NAME']", nil, "GlueArgumentError: the following arguments are required: --JOB_NAME"},
		{"a longer name does not stand for a shorter one", "['path']", []string{"--path_2", "x"}, "required: --path"},
		{"a shorter name does not stand for a longer one", "['path_2']", []string{"--path", "x"}, "required: --path_2"},
		{"case matters", "['Path']", []string{"--path", "x"}, "required: --Path"},
		{"a reserved name", "['JOB_RUN_ID']", []string{"--JOB_RUN_ID", "jr_1"}, "RuntimeError: Using reserved arguments ['JOB_RUN_ID']"},
		{"a reserved name with underscores", "['job_bookmark_option']", nil, "RuntimeError: Using reserved arguments"},
		{"leading hyphens", "['--x']", []string{"--x", "1"}, "GlueArgumentError: argument name '--x': give the name without the leading hyphens"},
		{"a bare string", "'JOB_NAME'", []string{"--JOB_NAME", "j"}, "GlueArgumentError: options must be a list of names"},
		{"an unknown bookmark option", "[]", []string{"--job-bookmark-option", "on"}, "GlueArgumentError: argument --job-bookmark-option: invalid choice"},
	}
	for _, interpreter := range python(t) {
		for _, tt := range tests {
			t.Run(filepath.Base(interpreter)+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				_, errs, ok := run(t, interpreter,
					"import sys\nfrom awsglue.utils import getResolvedOptions\ngetResolvedOptions(sys.argv, "+tt.options+")\n", tt.argv...)
				if ok {
					t.Fatal("the script succeeded")
				}
				lines := strings.Split(strings.TrimSpace(errs), "\n")
				if last := lines[len(lines)-1]; !strings.Contains(last, tt.want) {
					t.Errorf("last line of the traceback = %q, want it to hold %q", last, tt.want)
				}
			})
		}
	}
}

func TestErrorCanBeCaught(t *testing.T) {
	t.Parallel()
	script := `
import sys
from awsglue.utils import getResolvedOptions, GlueArgumentError
try:
    getResolvedOptions(sys.argv, ["optional"])
except GlueArgumentError:
    print("no optional")
`
	for _, interpreter := range python(t) {
		out, errs, ok := run(t, interpreter, script)
		if !ok || strings.TrimSpace(out) != "no optional" {
			t.Errorf("%s: stdout %q, stderr %q", interpreter, out, errs)
		}
	}
}

func TestSparkModulesSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	imports := []string{
		"from awsglue.context import GlueContext",
		"from awsglue.job import Job",
		"from awsglue.transforms import *",
		"from awsglue.dynamicframe import DynamicFrame",
		"from awsglue.gluetypes import StructType",
		"from awsgluedq.transforms import EvaluateDataQuality",
		"from awsglueml.transforms import FindMatches",
		"import awsglue.context",
	}
	for _, interpreter := range python(t) {
		for _, line := range imports {
			_, errs, ok := run(t, interpreter, line+"\n")
			if ok || !strings.Contains(errs, "ImportError: awsglue") || !strings.Contains(errs, "is for Spark jobs") {
				t.Errorf("%s: %q succeeded or does not say why not: %s", interpreter, line, errs)
			}
		}
	}
}

func TestInstall(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	paths := make([]string, 8)
	var group sync.WaitGroup
	for i := range paths {
		group.Go(func() {
			path, err := awsglue.Install(dir)
			if err != nil {
				t.Error(err)
			}
			paths[i] = path
		})
	}
	group.Wait()
	for _, p := range paths {
		if p != paths[0] || !filepath.IsAbs(p) {
			t.Fatalf("Install gave %q and %q", paths[0], p)
		}
	}
	utils := filepath.Join(paths[0], "awsglue", "utils.py")
	want, err := os.ReadFile(utils)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(utils, want[:10], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := awsglue.Install(dir); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(utils)
	if err != nil || string(got) != string(want) {
		t.Errorf("a damaged file was not replaced (%v)", err)
	}
	left, err := filepath.Glob(filepath.Join(paths[0], "awsglue", ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files left: %v (%v)", left, err)
	}
}

func TestInstallNamesTheFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := awsglue.Install(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("Install below a file = %v, want an error that names it", err)
	}
}
