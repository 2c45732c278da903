package cfn

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// converter gives evaluated properties the types of the API, as CloudFormation
// does: "2" becomes a number, 2 a text, "true" a boolean, each where the API
// wants it. Members that the API does not have are left out with a warning.
type converter struct {
	*journal
	typ string // the resource's type, for messages
}

var rawMessage = reflect.TypeFor[json.RawMessage]()

// convert returns the value for a Go type of the API, nil where there is none.
func (c *converter) convert(n *node, t reflect.Type, path string) (any, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n.kind == null {
		c.warnf(n.line, path, "has no value and is left out; CloudFormation refuses this")
		return nil, nil
	}
	switch {
	case t == rawMessage:
		return n.value(), nil
	case t.Kind() == reflect.Struct:
		return c.structure(n, t, path)
	case t.Kind() == reflect.Map:
		return c.mapping(n, t.Elem(), path)
	case t.Kind() == reflect.Slice:
		return c.list(n, t.Elem(), path)
	}
	if n.kind != scalar {
		return nil, c.expected("a value", n, path)
	}
	switch t.Kind() {
	case reflect.Bool:
		return c.boolean(n, path)
	case reflect.Int32, reflect.Int64:
		f, err := c.number(n, path)
		if err == nil && (f != math.Trunc(f) || math.Abs(f) > 1<<53) {
			return nil, c.faultf(n.line, path, "expected a whole number, got %q", n.text)
		}
		return json.Number(strconv.FormatFloat(f, 'f', -1, 64)), err
	case reflect.Float64:
		return c.number(n, path)
	default:
		return n.text, nil
	}
}

func (c *converter) expected(what string, n *node, path string) error {
	return c.faultf(n.line, path, "expected %s, got %s", what, n.kind)
}

func (c *converter) number(n *node, path string) (float64, error) {
	f, err := strconv.ParseFloat(strings.TrimSpace(n.text), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, c.faultf(n.line, path, "expected a number, got %q", n.text)
	}
	return f, nil
}

// boolean reads true and false, quoted or not, and YAML's other words for them
// when they are not quoted.
func (c *converter) boolean(n *node, path string) (any, error) {
	switch text := strings.ToLower(n.text); {
	case text == "true" || n.plain && (text == "yes" || text == "on"):
		return true, nil
	case text == "false" || n.plain && (text == "no" || text == "off"):
		return false, nil
	}
	return nil, c.faultf(n.line, path, "expected true or false, got %q", n.text)
}

func (c *converter) structure(n *node, t reflect.Type, path string) (any, error) {
	if n.kind != mapping {
		return nil, c.expected("a mapping", n, path)
	}
	members := make(map[string]reflect.Type, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		members[name] = t.Field(i).Type
	}
	out := make(map[string]any, len(n.fields))
	for _, f := range n.fields {
		at := join(path, f.key)
		to, ok := members[f.key]
		if !ok {
			c.unknown(f, members, at)
			continue
		}
		v, err := c.convert(f.value, to, at)
		if err != nil {
			return nil, err
		}
		if v != nil {
			out[f.key] = v
		}
	}
	return out, nil
}

// unknown tells of a member that the API does not have.
func (c *converter) unknown(f field, members map[string]reflect.Type, path string) {
	hint := ""
	for name := range members {
		if strings.EqualFold(name, f.key) {
			hint = ": did you mean " + name + "?"
		}
	}
	c.warnf(f.line, path, "%s has no such property, it is left out%s", c.typ, hint)
}

func (c *converter) list(n *node, elem reflect.Type, path string) (any, error) {
	if n.kind != list {
		return nil, c.expected("a list", n, path)
	}
	out := make([]any, 0, len(n.items))
	for i, item := range n.items {
		v, err := c.convert(item, elem, path+"["+strconv.Itoa(i)+"]")
		if err != nil {
			return nil, err
		}
		if v != nil {
			out = append(out, v)
		}
	}
	return out, nil
}

func (c *converter) mapping(n *node, elem reflect.Type, path string) (any, error) {
	if n.kind == list && strings.HasSuffix(path, ".Tags") {
		n = c.tags(n, path)
	}
	if n.kind != mapping {
		return nil, c.expected("a mapping", n, path)
	}
	out := make(map[string]any, len(n.fields))
	for _, f := range n.fields {
		v, err := c.convert(f.value, elem, join(path, f.key))
		if err != nil {
			return nil, err
		}
		if v != nil {
			out[f.key] = v
		}
	}
	return out, nil
}

// tags reads the Key and Value list that most other resource types have.
func (c *converter) tags(n *node, path string) *node {
	out := &node{kind: mapping, line: n.line}
	for _, item := range n.items {
		key, value := item.get("Key"), item.get("Value")
		if key == nil || value == nil {
			return n
		}
		out.fields = append(out.fields, field{key.text, item.line, value})
	}
	c.warnf(n.line, path, "Glue's resources take tags as a mapping, not as a list of Key and Value; read as a mapping")
	return out
}
