package glue

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxDetails = 20  // broken rules told in one message
	maxShown   = 256 // characters of a value repeated in a message
)

// ValidationError says which rules of the Glue model a request breaks.
type ValidationError struct {
	// Count is how many there are; Details tells the first of them, each as
	// "Value 'x' at 'name' failed to satisfy constraint: Member must …".
	Count   int
	Details []string
}

// Error words the faults as AWS does.
func (e *ValidationError) Error() string {
	noun := "errors"
	if e.Count == 1 {
		noun = "error"
	}
	text := fmt.Sprintf("%d validation %s detected: %s", e.Count, noun, strings.Join(e.Details, "; "))
	if more := e.Count - len(e.Details); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// add notes that the value at a place breaks a rule. A nil value is null.
func (e *ValidationError) add(at place, v any, rule string) {
	e.Count++
	if len(e.Details) == maxDetails {
		return
	}
	value := "Value null"
	switch {
	case at.secret && v != nil:
		value = "Value"
	case v != nil:
		value = "Value '" + shorten(show(v, maxShown), maxShown) + "'"
	}
	if !strings.HasPrefix(rule, "Map ") {
		rule = "Member must " + rule
	}
	e.Details = append(e.Details, fmt.Sprintf("%s at '%s' failed to satisfy constraint: %s", value, at, rule))
}

// place is where in a request a value stands. It is worded only for an error, so
// walking a long list costs nothing for it.
type place struct {
	parent *place
	name   string // of a member or a map's key
	index  int    // in a list, from 1
	inMap  bool
	secret bool // values from here on are not repeated
}

// String returns a path such as actions.1.member.jobName.
func (p place) String() string {
	if p.parent == nil {
		return "body"
	}
	step := p.name
	if p.index > 0 {
		step = strconv.Itoa(p.index) + ".member"
	} else if p.inMap {
		step = shorten(p.name, maxShown) + ".member"
	}
	if p.parent.parent == nil {
		return step
	}
	return p.parent.String() + "." + step
}

// show writes a value as AWS does in messages, no further than about limit.
func show(v any, limit int) string {
	switch v := v.(type) {
	case []any:
		return "[" + join(len(v), limit, func(i int) string { return show(v[i], limit) }) + "]"
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		return "{" + join(len(keys), limit, func(i int) string { return keys[i] + "=" + show(v[keys[i]], limit) }) + "}"
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

func join(n, limit int, part func(int) string) string {
	var out strings.Builder
	for i := range n {
		if i > 0 {
			out.WriteString(", ")
		}
		if out.WriteString(part(i)); out.Len() > 4*limit {
			break
		}
	}
	return out.String()
}

// shorten cuts text to a number of characters and says how many there were.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	count := utf8.RuneCountInString(text)
	if count <= limit {
		return text
	}
	return string([]rune(text)[:limit]) + fmt.Sprintf("… (%d characters)", count)
}

// lowerFirst gives a member the name that AWS uses in messages.
func lowerFirst(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(r)) + name[size:]
}
