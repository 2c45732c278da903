package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTags(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("a/b c", "T > J")
	s.do("CreateDatabase", `{'DatabaseInput': {'Name': 'd'}}`)
	s.do("CreateConnection", jdbcConnection("c", ""))
	for _, resource := range []string{"workflow/a/b c", "trigger/T", "job/J", "database/d", "connection/c"} {
		t.Run(resource, func(t *testing.T) {
			of := fmt.Sprintf(`'ResourceArn': 'arn:aws:glue:us-east-1:000000000000:%s'`, resource)
			want := func(tags map[string]any) {
				t.Helper()
				if diff := cmp.Diff(tags, s.do("GetTags", `{`+of+`}`)["Tags"]); diff != "" {
					t.Error(diff)
				}
			}
			want(map[string]any{})
			s.do("TagResource", `{`+of+`, 'TagsToAdd': {'a': '1', 'b': ''}}`)
			s.do("TagResource", `{`+of+`, 'TagsToAdd': {'b': '2', 'c': '3'}}`)
			want(map[string]any{"a": "1", "b": "2", "c": "3"})
			s.do("UntagResource", `{`+of+`, 'TagsToRemove': ['a', 'never']}`)
			want(map[string]any{"b": "2", "c": "3"})
			// One namespace, whatever region, account and partition the caller has.
			s.do("TagResource", fmt.Sprintf(`{'ResourceArn': 'arn:aws-cn:glue:cn-north-1:123456789012:%s', 'TagsToAdd': {'d': '4'}}`, resource))
			want(map[string]any{"b": "2", "c": "3", "d": "4"})
		})
	}
}

func TestRefusedTags(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.job("J")
	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprintf(`'k%d': 'v'`, i))
	}
	const arn = `'ResourceArn': 'arn:aws:glue:us-east-1:000000000000:job/J'`
	s.do("TagResource", `{`+arn+`, 'TagsToAdd': {`+strings.Join(many, ", ")+`}}`)
	tests := []struct{ op, body, code, text string }{
		{"TagResource", `{` + arn + `, 'TagsToAdd': {'one more': 'v'}}`, ii, "would have 51 tags, it may have 50"},
		{"TagResource", `{` + arn + `, 'TagsToAdd': {'aws:k': 'v'}}`, ii, "reserved"},
		{"TagResource", `{` + arn + `, 'TagsToAdd': {'': 'v'}}`, ii, "Map keys must satisfy constraint"},
		{"TagResource", `{` + arn + `, 'TagsToAdd': {'k0': '` + strings.Repeat("x", 257) + `'}}`, ii, "Map value must satisfy constraint"},
		{"TagResource", `{` + arn + `}`, ii, "at 'tagsToAdd'"},
		{"UntagResource", `{` + arn + `}`, ii, "at 'tagsToRemove'"},
		{"GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:1:job/nope'}`, enf, "Entity not found"},
		{"GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:1:workflow/nope'}`, enf, "Entity not found"},
		{"GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:1:trigger/nope'}`, enf, "Entity not found"},
		{"GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:1:crawler/c'}`, enf, "Entity not found"},
		{"GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:1:database/c'}`, enf, "Entity not found"},
		{"GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:1:connection/c'}`, enf, "Entity not found"},
		{"TagResource", `{'ResourceArn': 'arn:aws:glue:us-east-1:1:job/nope', 'TagsToAdd': {}}`, enf, "Entity not found"},
		{"UntagResource", `{'ResourceArn': 'arn:aws:glue:us-east-1:1:job/nope', 'TagsToRemove': []}`, enf, "Entity not found"},
		{"GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:1:table/x'}`, ii, `resources of type "table" can't be tagged`},
		{"GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:1:job/'}`, ii, "names no resource"},
		{"GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:1:job'}`, ii, "names no resource"},
		{"GetTags", `{'ResourceArn': 'arn:aws:glue:x'}`, ii, "is not of the form"},
		{"GetTags", `{'ResourceArn': 'job/J'}`, ii, "at 'resourceArn'"},
	}
	for _, tt := range tests {
		s.refuses(tt.op, tt.body, tt.code, tt.text)
	}
	s.do("TagResource", `{`+arn+`, 'TagsToAdd': {'k0': 'new'}}`) // a change is not one more
	if got := s.do("GetTags", `{`+arn+`}`)["Tags"].(map[string]any); len(got) != 50 || got["k0"] != "new" {
		t.Errorf("%v", got)
	}
}
