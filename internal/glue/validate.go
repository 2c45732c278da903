package glue

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Validate checks the body of a request against the rules of the Glue model.
// It returns a *SerializationError for what cannot be read and a
// *ValidationError with every rule that is broken. Unknown members are ignored
// and null is the same as absent, as with AWS.
func Validate(op string, body []byte) error {
	_, err := check(op, body)
	return err
}

// check validates a body and returns what of it the API knows.
func check(op string, body []byte) (any, error) {
	served, ok := rules().Served[op]
	if !ok {
		return nil, fmt.Errorf("operation %q is not served", op)
	}
	object, err := parse(body)
	if err != nil {
		return nil, err
	}
	c := checker{shapes: rules().Shapes}
	known, err := c.value(served.Input, object, place{})
	if err != nil {
		return nil, err
	}
	if c.broken.Count > 0 {
		return nil, &c.broken
	}
	return known, nil
}

// checker walks one request. Faults of type end the walk, as the value has no
// meaning then; broken rules are collected.
type checker struct {
	shapes map[string]*shape
	broken ValidationError
}

// value checks one value that is not null and returns what of it is known.
func (c *checker) value(name string, v any, at place) (any, error) {
	s := c.shapes[name]
	at.secret = at.secret || s.Sensitive
	switch s.Type {
	case "structure":
		return c.structure(s, v, at)
	case "list":
		return c.list(s, v, at)
	case "map":
		return c.mapping(s, v, at)
	}
	v, err := scalar(s, v, at)
	if err != nil {
		return nil, err
	}
	for _, rule := range s.brokenBy(v) {
		c.broken.add(at, v, rule)
	}
	return v, nil
}

func (c *checker) structure(s *shape, v any, at place) (any, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, typeError(at, "an object", v)
	}
	known := make(map[string]any, len(object))
	for _, m := range s.Members {
		name, to := m[0], m[1]
		there := place{parent: &at, name: lowerFirst(name), secret: at.secret}
		member := object[name]
		if member == nil {
			if slices.Contains(s.Required, name) {
				c.broken.add(there, nil, "not be null")
			}
			continue
		}
		var err error
		if known[name], err = c.value(to, member, there); err != nil {
			return nil, err
		}
	}
	return known, nil
}

func (c *checker) list(s *shape, v any, at place) (any, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, typeError(at, "a list", v)
	}
	for _, rule := range s.brokenBy(v) {
		c.broken.add(at, v, rule)
	}
	known := make([]any, len(list))
	for i, element := range list {
		there := place{parent: &at, index: i + 1, secret: at.secret}
		if element == nil {
			c.broken.add(there, nil, "not be null")
			continue
		}
		var err error
		if known[i], err = c.value(s.Value, element, there); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// mapping reports rules broken by its keys and plain values at the map itself,
// as AWS does.
func (c *checker) mapping(s *shape, v any, at place) (any, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, typeError(at, "an object", v)
	}
	broken := s.brokenBy(v)
	note := func(what string, rules []string) {
		rule := within(what, rules)
		if len(rules) > 0 && !slices.Contains(broken, rule) {
			broken = append(broken, rule)
		}
	}
	known := make(map[string]any, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		note("Map keys", c.shapes[s.Key].brokenBy(key))
		element := object[key]
		if element == nil {
			note("Map value", []string{"not be null"})
			continue
		}
		there := place{parent: &at, name: key, inMap: true, secret: at.secret}
		to := c.shapes[s.Value]
		var err error
		switch to.Type {
		case "structure", "list", "map":
			known[key], err = c.value(s.Value, element, there)
		default:
			known[key], err = scalar(to, element, there)
			note("Map value", to.brokenBy(known[key]))
		}
		if err != nil {
			return nil, err
		}
	}
	for _, rule := range broken {
		c.broken.add(at, v, rule)
	}
	return known, nil
}

// within words the rules that a map's keys or values break.
func within(what string, rules []string) string {
	return what + " must satisfy constraint: [Member must " + strings.Join(rules, ", Member must ") + "]"
}

// scalar checks the type of a plain value and returns it in its simplest form.
func scalar(s *shape, v any, at place) (any, error) {
	switch s.Type {
	case "string":
		if text, ok := v.(string); ok {
			return text, nil
		}
		return nil, typeError(at, "a string", v)
	case "boolean":
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, typeError(at, "a boolean", v)
	case "blob":
		text, ok := v.(string)
		if _, err := base64.StdEncoding.DecodeString(text); ok && err == nil {
			return text, nil
		}
		return nil, typeError(at, "base64 text", v)
	case "integer":
		return integer(v, 32, at)
	case "long":
		return integer(v, 64, at)
	case "timestamp":
		return float(v, "a time as a number of seconds", at)
	}
	return float(v, "a number", at)
}

func integer(v any, bits int, at place) (any, error) {
	n, ok := v.(json.Number)
	if !ok {
		return nil, typeError(at, "an integer", v)
	}
	if i, err := strconv.ParseInt(n.String(), 10, bits); err == nil {
		return json.Number(strconv.FormatInt(i, 10)), nil
	}
	// 5.0 and 5e3 are integers too, as far as a float64 is exact.
	f, err := n.Float64()
	if err == nil && f != math.Trunc(f) {
		return nil, serializationErrorf("%s: expected an integer, got %s", at, shorten(n.String(), 40))
	}
	if err != nil || math.Abs(f) > math.Ldexp(1, min(bits-1, 53)) || bits == 32 && f == math.Ldexp(1, 31) {
		return nil, serializationErrorf("%s: %s does not fit an integer of %d bits", at, shorten(n.String(), 40), bits)
	}
	return json.Number(strconv.FormatInt(int64(f), 10)), nil
}

func float(v any, want string, at place) (any, error) {
	n, ok := v.(json.Number)
	if !ok {
		return nil, typeError(at, want, v)
	}
	if _, err := n.Float64(); err != nil {
		return nil, serializationErrorf("%s: %s is out of range", at, shorten(n.String(), 40))
	}
	return n, nil
}

func typeError(at place, want string, got any) error {
	return serializationErrorf("%s: expected %s, got %s", at, want, kindOf(got))
}

// brokenBy returns the rules that a value breaks, in AWS's words.
func (s *shape) brokenBy(v any) []string {
	var broken []string
	if size, what, ok := measure(v); ok {
		if s.Max != nil && size > *s.Max {
			broken = append(broken, fmt.Sprintf("have %s less than or equal to %s", what, number(*s.Max)))
		}
		if s.Min != nil && size < *s.Min {
			broken = append(broken, fmt.Sprintf("have %s greater than or equal to %s", what, number(*s.Min)))
		}
	}
	text, ok := v.(string)
	if !ok {
		return broken
	}
	if s.match != nil && !s.match(text) {
		broken = append(broken, "satisfy regular expression pattern: "+s.Pattern)
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
		broken = append(broken, "satisfy enum value set: ["+strings.Join(s.Enum, ", ")+"]")
	}
	return broken
}

// measure returns what of a value its minimum and maximum limit.
func measure(v any) (size float64, what string, ok bool) {
	switch v := v.(type) {
	case string:
		return float64(utf8.RuneCountInString(v)), "length", true
	case []any:
		return float64(len(v)), "length", true
	case map[string]any:
		return float64(len(v)), "length", true
	case json.Number:
		f, err := v.Float64()
		return f, "value", err == nil
	}
	return 0, "", false
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
