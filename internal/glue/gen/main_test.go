package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGeneratedFilesAreCurrent(t *testing.T) {
	path, err := installedModel()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	m, err := loadModel(path)
	if err != nil {
		t.Fatal(err)
	}
	files, err := generate(m)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is stale: run go generate ./internal/glue\n%s", name, cmp.Diff(string(got), string(want)))
		}
	}
}

func TestTranslate(t *testing.T) {
	tests := []struct {
		pattern string
		accept  []string
		refuse  []string
	}{
		{`[A-Za-z0-9_-]*`, []string{"", "a-B_9"}, []string{"a b", "a\n"}},
		{`[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*`, []string{"a b\t/é😀\uFFFD"}, []string{"a\nb", "\r", "\uFFFE", "\x00"}},
		{`^[A-Z\_]+$`, []string{"A_B"}, []string{"", "a", "A\n"}},
		{`[\s\S]*`, []string{"", "a\n\x0b\u2028b"}, nil},
		{`x\sy`, []string{"x y", "x\x0by", "x\ny"}, []string{"xy", "x\u00a0y"}},
		{`[a\s]`, []string{"\x0b", "a"}, []string{"s"}},
		{`.*`, []string{"", "a/é"}, []string{"a\nb", "a\r", "a\u2028", "a\u0085"}},
		{`([^\r\n])*`, []string{"abc"}, []string{"a\nb"}},
		{`^(\w+\.)+\w+$`, []string{"3.0", "a.b.c"}, []string{"3", "é.0"}},
		{`[\p{L}\p{N}\p{P}]*`, []string{"aé9_-"}, []string{"a b", "a\n"}},
		{`\S+`, []string{"a-b", "é"}, []string{"a b", "a\x0B", ""}},
		{`[\x20-\x7E]*`, []string{"a ~", ""}, []string{"é", "\n"}},
		{`[a_\-\+\/]+`, []string{"a-", "_+/"}, []string{"b", "*"}},
		{`arn:aws(-(cn|us-gov))?:glue:.*`, []string{"arn:aws-cn:glue:x"}, []string{"arn:aws:s3:x"}},
	}
	for _, tt := range tests {
		got, err := translate(tt.pattern)
		if err != nil {
			t.Errorf("translate(%q): %v", tt.pattern, err)
			continue
		}
		re := regexp.MustCompile(`\A(?:` + got + `)\z`)
		for _, v := range tt.accept {
			if !re.MatchString(v) {
				t.Errorf("%q (from %q) refuses %q", got, tt.pattern, v)
			}
		}
		for _, v := range tt.refuse {
			if re.MatchString(v) {
				t.Errorf("%q (from %q) accepts %q", got, tt.pattern, v)
			}
		}
	}
}

func TestTranslateRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, pattern := range []string{
		`\p{Alpha}`, `[\S]`, `\x2`, `\uD800x`, `\uD800\u0041`, `\u12`, `(?=a)b`, `[a&&b]`, `[a[b]]`, `é`, `\`, `a)`, `\1`,
	} {
		if got, err := translate(pattern); err == nil {
			t.Errorf("translate(%q) = %q, want an error", pattern, got)
		}
	}
}

func TestCamel(t *testing.T) {
	for value, want := range map[string]string{
		"ON_DEMAND": "OnDemand", "Standard": "Standard", "G.025X": "G025X", "RUNNING": "Running",
	} {
		if got := camel(value); got != want {
			t.Errorf("camel(%q) = %q, want %q", value, got, want)
		}
	}
}

func TestClashingNamesAreRefused(t *testing.T) {
	w := &writer{names: map[string]bool{}}
	w.declare("JobModeScript")
	w.declare("JobModeScript")
	if w.err == nil {
		t.Error("a second declaration of one name passed")
	}
}
