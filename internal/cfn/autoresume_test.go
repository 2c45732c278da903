package cfn

import (
	"strings"
	"testing"
)

func TestAutoResume(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ extra, want, fault, warning string }{
		{"Metadata: {Reglue: {AutoResume: times=3 wait=30s}}", "times=3 wait=30s", "", ""},
		{"Metadata: {Reglue: {AutoResume: !Sub 'times=${N}'}}", "times=7", "", ""},
		{"Metadata: {Other: 1}", "", "", ""},
		{"Metadata: {Reglue: {AutoResum: times=3}}", "", "", "there is AutoResume"},
		{"Metadata: {Reglue: {AutoResume: [1]}}", "", "must be a policy such as", ""},
		{"Metadata: {Reglue: 3}", "", "must be a mapping with AutoResume", ""},
	} {
		src := "Parameters: {N: {Type: Number, Default: 7}}\nResources:\n  W: {Type: AWS::Glue::Workflow, Properties: {Name: w}, " + c.extra + "}\n"
		tmpl, warnings, err := Parse([]byte(src), "t.yaml", Options{})
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) || !strings.HasPrefix(err.Error(), "t.yaml:3: Resources.W.Metadata.Reglue") {
				t.Errorf("%s: %v", c.extra, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.extra, err)
			continue
		}
		if got := tmpl.Workflows[0].Tags[autoResumeTag]; got != c.want {
			t.Errorf("%s: %q, want %q", c.extra, got, c.want)
		}
		told := ""
		for _, w := range warnings {
			told += w.String()
		}
		if !strings.Contains(told, c.warning) {
			t.Errorf("%s: warnings %q", c.extra, told)
		}
	}
	src := "Resources:\n  W: {Type: AWS::Glue::Workflow, Properties: {Name: w, Tags: {reglue:auto-resume: off}}, Metadata: {Reglue: {AutoResume: times=1}}}\n"
	if _, _, err := Parse([]byte(src), "t.yaml", Options{}); err == nil || !strings.Contains(err.Error(), "in one place") {
		t.Errorf("both: %v", err)
	}
}
