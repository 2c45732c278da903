package bookmark

import (
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/glue"
)

func TestParse(t *testing.T) {
	t.Parallel()
	s, err := Parse(`{"contexts": {"a": {"run": "jr_1", "s3": {"files": 2, "newest": 5, "floor": null, "recent": "x"}, "new": 1},
		"b": {"jdbc": {"t": {"keys": ["id"], "order": "desc", "last": [7]}}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	a, b := s.Contexts["a"], s.Contexts["b"].JDBC["t"]
	if a.Run != "jr_1" || a.S3.Files != 2 || *a.S3.Newest != 5 || a.S3.Floor != nil || b.Order != "desc" || string(b.Last[0]) != "7" {
		t.Errorf("%+v %+v", a, b)
	}
	if s, err := Parse(""); err != nil || len(s.Contexts) != 0 {
		t.Errorf("%v %v", s, err)
	}
	for text, want := range map[string]string{
		`{}`: "no contexts", `[]`: "cannot unmarshal", `{`: "unexpected end", `{"contexts": {"a": 1}}`: "cannot unmarshal",
		strings.Repeat(" ", MaxState+1): "read fewer files at a time",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

func TestKept(t *testing.T) {
	t.Parallel()
	on := map[string]string{Argument: Enable}
	for command, want := range map[string]bool{"glueetl": true, "gluestreaming": true, "pythonshell": false, "glueray": false} {
		if got := Kept(&glue.Job{Command: &glue.JobCommand{Name: command}}, on); got != want {
			t.Errorf("%s: %v", command, got)
		}
	}
	etl := &glue.Job{Command: &glue.JobCommand{Name: "glueetl"}}
	if Kept(etl, nil) || Kept(etl, map[string]string{Argument: Pause}) || Kept(&glue.Job{}, on) || Has(nil) {
		t.Error("kept without being enabled")
	}
}
