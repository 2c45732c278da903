package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	minutes, two := int32(5), 2
	before := &plan.Record{
		Properties: map[string]string{"day": "1"}, // copied with the run, so nothing to tell
		Overrides:  map[string]glue.RunOverride{"load": {Arguments: map[string]string{"--a": "1"}, Timeout: &minutes}},
	}
	for name, c := range map[string]struct {
		before *plan.Record
		req    plan.Request
		want   []string
	}{
		"nothing":   {nil, plan.Request{}, nil},
		"inherited": {before, plan.Request{}, []string{"load: --a=1, 5 minutes of timeout, as in the run before"}},
		"first": {nil, plan.Request{Properties: map[string]string{"day": "2"}, Overrides: map[string]glue.RunOverride{"load": {Retries: &two}}},
			[]string{"property day=2", "load: retries 2"}},
		"both": {before, plan.Request{Overrides: map[string]glue.RunOverride{"clean": {Retries: &two}, "load": {Arguments: map[string]string{"--a": "3"}}}},
			[]string{"clean: retries 2", "load: --a=3, 5 minutes of timeout"}},
	} {
		if diff := cmp.Diff(c.want, settings(c.before, &c.req)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
