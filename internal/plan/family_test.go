package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

func TestSettingChanges(t *testing.T) {
	t.Parallel()
	minutes, two := int32(5), 2
	first := &Record{
		Properties: map[string]string{"day": "1"},
		Overrides:  map[string]glue.RunOverride{"load": {Arguments: map[string]string{"--a": "1"}, Timeout: &minutes}},
	}
	// The next resume inherits what it does not set.
	second := &Record{
		Properties: map[string]string{"day": "2"},
		Overrides: map[string]glue.RunOverride{
			"clean": {Retries: &two}, "load": {Arguments: map[string]string{"--a": "3", "--b": "1"}, Timeout: &minutes},
		},
	}
	for name, c := range map[string]struct {
		before, now *Record
		properties  map[string]string
		want        []string
	}{
		"no record":     {nil, nil, nil, nil},
		"nothing set":   {nil, &Record{}, nil, nil},
		"the first":     {nil, first, nil, []string{"property day=1", "load --a=1", "load timeout 5 minutes"}},
		"all inherited": {first, &Record{Overrides: first.Overrides}, nil, nil},
		"some otherwise": {first, second, map[string]string{"day": "1"},
			[]string{"property day=2 (was 1)", "clean retries 2", "load --a=3 (was 1)", "load --b=1"}},
	} {
		if diff := cmp.Diff(c.want, settingChanges(c.before, c.now, c.properties)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
