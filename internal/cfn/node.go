package cfn

import (
	"encoding/json"
	"strings"
)

// kind says what a node is.
type kind uint8

const (
	null kind = iota
	scalar
	list
	mapping
	absent  // AWS::NoValue
	unknown // the result of what is not understood; a warning has told of it
)

func (k kind) String() string {
	switch k {
	case null:
		return "nothing"
	case scalar:
		return "a value"
	case list:
		return "a list"
	case mapping:
		return "a mapping"
	case absent:
		return "AWS::NoValue"
	default:
		return "an unknown value"
	}
}

// node is a value of a template, the same for YAML and JSON. A scalar keeps its
// text as written, because CloudFormation gives 3.0 to a text property as "3.0".
type node struct {
	kind   kind
	line   int
	text   string
	plain  bool // a scalar without quotes: it may be a number or a boolean
	items  []*node
	fields []field // in the template's order

	partial bool // an evaluated list that lacks an item that is not understood
}

// field is one entry of a mapping.
type field struct {
	key   string
	line  int
	value *node
}

// get returns the value of a key, nil when the node has none.
func (n *node) get(key string) *node {
	if n == nil || n.kind != mapping {
		return nil
	}
	for i := range n.fields {
		if n.fields[i].key == key {
			return n.fields[i].value
		}
	}
	return nil
}

// has reports whether a mapping has a key.
func (n *node) has(key string) bool { return n.get(key) != nil }

// textNode makes a scalar of text.
func textNode(line int, text string) *node { return &node{kind: scalar, line: line, text: text} }

// size is about the memory of the node itself, without its children.
func (n *node) size() int { return 128 + len(n.text) }

// value returns the node as the JSON package's types: unquoted numbers and
// booleans as such, all else as text.
func (n *node) value() any {
	switch n.kind {
	case scalar:
		if n.plain && isJSONScalar(n.text) {
			return json.RawMessage(n.text)
		}
		return n.text
	case list:
		out := make([]any, 0, len(n.items))
		for _, item := range n.items {
			out = append(out, item.value())
		}
		return out
	case mapping:
		out := make(map[string]any, len(n.fields))
		for _, f := range n.fields {
			out[f.key] = f.value.value()
		}
		return out
	default:
		return nil
	}
}

// isJSONScalar reports whether text is a JSON number or boolean.
func isJSONScalar(text string) bool {
	return text == "true" || text == "false" ||
		(strings.ContainsAny(text[:min(1, len(text))], "-0123456789") && json.Valid([]byte(text)))
}
