package catalog

import (
	"regexp"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// Filter is an expression over the partition keys of a table.
type Filter struct {
	root node
	keys int
}

// Matches reports whether a partition with these values is wanted. Errors are
// InvalidState: a value is none of its key's type.
func (f *Filter) Matches(values []string) (bool, error) {
	v := f.root.holds(values)
	return v.ok, v.err
}

// verdict is whether something holds for a partition.
type verdict struct {
	ok bool
	// depth is how many of the first values say so.
	depth int
	err   error
}

// node is an expression or a part of one.
type node interface {
	holds(values []string) verdict
	// intervals are stretches of a key's values outside of which it never holds.
	intervals(key int) []interval
}

type (
	allOf []node
	anyOf []node
)

func (all allOf) holds(values []string) verdict { return joined(all, values, false) }
func (all anyOf) holds(values []string) verdict { return joined(all, values, true) }

// joined asks all parts: the first values that suffice for one that decides do
// for the whole; else all are needed. A fault counts when nothing decides.
func joined(all []node, values []string, decides bool) verdict {
	out := verdict{ok: !decides}
	decided := false
	for _, n := range all {
		switch v := n.holds(values); {
		case v.err == nil && v.ok == decides:
			if !decided || v.depth < out.depth {
				out = verdict{ok: decides, depth: v.depth}
			}
			decided = true
		case decided:
		case v.err != nil:
			out.err = v.err
		default:
			out.depth = max(out.depth, v.depth)
		}
	}
	if out.err != nil {
		out.ok = false
	}
	return out
}

// operator is what a condition asks.
type operator int

const (
	equal operator = iota // to one of the values
	less
	lessOrEqual
	greater
	greaterOrEqual
	like
	isNull
)

var comparisons = map[string]operator{
	"=": equal, "<>": equal, "<": less, "<=": lessOrEqual, ">": greater, ">=": greaterOrEqual,
}

// swapped are the operators when the value stands first.
var swapped = map[operator]operator{
	equal: equal, less: greater, lessOrEqual: greaterOrEqual, greater: less, greaterOrEqual: lessOrEqual,
}

// condition compares one key with given values.
type condition struct {
	key    int
	name   string
	family family
	op     operator
	not    bool
	values []value
	// Of like: the pattern, and as a regular expression.
	pattern string
	match   *regexp.Regexp
}

func (c *condition) holds(values []string) verdict {
	out := verdict{depth: c.key + 1}
	null := c.key >= len(values) || values[c.key] == HiveNull
	switch {
	case c.op == isNull:
		out.ok = null != c.not
		return out
	case c.key >= len(values), null && c.family != text:
		return out // NULL is neither equal nor unequal to anything
	}
	v, err := c.family.read(values[c.key])
	if err != nil {
		out.err = glue.Errorf(glue.InvalidState, "The value of partition key %s of a partition can't be compared: %v", c.name, err)
		return out
	}
	out.ok = c.asks(v) != c.not
	return out
}

func (c *condition) asks(v value) bool {
	switch c.op {
	case less:
		return c.family.compare(v, c.values[0]) < 0
	case lessOrEqual:
		return c.family.compare(v, c.values[0]) <= 0
	case greater:
		return c.family.compare(v, c.values[0]) > 0
	case greaterOrEqual:
		return c.family.compare(v, c.values[0]) >= 0
	case like:
		return c.match.MatchString(v.text)
	case equal, isNull:
	}
	for _, w := range c.values {
		if c.family.compare(v, w) == 0 {
			return true
		}
	}
	return false
}

// likePattern is a LIKE pattern as a regular expression: % is any text, _ any
// character.
func likePattern(like string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)\A` + strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(like)) + `\z`)
}

// leaf makes a condition of a key and the values that it is compared with.
func (p *parser) leaf(left token, op operator, not bool, values ...token) (node, error) {
	key, ok := p.column(left)
	if !ok {
		return nil, p.noKey(left)
	}
	c := &condition{key: key, name: p.keys[key].Name, family: familyOf(p.keys[key].Type), op: op, not: not}
	switch {
	case c.family == unknownType:
		return nil, fault(p.text, left.at, "partition key %s has the type %q, which can't be compared; string, date, timestamp, int, bigint, long, tinyint, smallint and decimal can",
			c.name, p.keys[key].Type)
	case op == like && c.family != text:
		return nil, fault(p.text, left.at, "partition key %s has the type %s, which does not support LIKE", c.name, p.keys[key].Type)
	}
	for _, t := range values {
		if t.isName() {
			return nil, fault(p.text, t.at, "expected a value, got %q; put quotes around a text", t.text)
		}
		v, err := c.family.read(t.text)
		if err != nil {
			return nil, fault(p.text, t.at, "partition key %s has the type %s: %v", c.name, p.keys[key].Type, err)
		}
		c.values = append(c.values, v)
	}
	if op == like {
		c.pattern = c.values[0].text
		c.match = likePattern(c.pattern)
	}
	return c, nil
}

// column is the partition key that a token names.
func (p *parser) column(t token) (int, bool) {
	if t.kind == quoted || t.kind == number {
		return 0, false
	}
	for i := range p.keys {
		if strings.EqualFold(p.keys[i].Name, t.text) {
			return i, true
		}
	}
	return 0, false
}

func (p *parser) isKey(t token) bool {
	_, ok := p.column(t)
	return ok
}

// isName reports whether the token can't be a value.
func (t token) isName() bool { return t.kind == word || t.kind == named }

func (p *parser) noKey(t token) error {
	if !t.isName() {
		return fault(p.text, t.at, "a comparison is of a partition key with a value, got %q", t.text)
	}
	names := make([]string, len(p.keys))
	for i := range p.keys {
		names[i] = p.keys[i].Name
	}
	if len(names) == 0 {
		return fault(p.text, t.at, "%q is no partition key: the table has none", t.text)
	}
	return fault(p.text, t.at, "%q is no partition key of the table; they are %s", t.text, strings.Join(names, ", "))
}
