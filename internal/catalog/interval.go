package catalog

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// interval is a stretch of texts, from one on and before another; before is empty
// when there is no end.
type interval struct{ from, before string }

var everything = []interval{{}}

// point is the interval of one text.
func point(v string) interval { return interval{v, v + "\x00"} }

func (i interval) isPoint() bool { return i.before == i.from+"\x00" }

// startingWith is the interval of the texts that begin so.
func startingWith(prefix string) interval { return interval{prefix, behind(prefix)} }

// behind is the first text behind all that begin so; empty when there is none.
func behind(prefix string) string {
	for prefix != "" {
		r, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch r {
		case utf8.MaxRune:
			continue
		case 0xD7FF: // what follows is half of a surrogate pair
			r = 0xE000
		default:
			r++
		}
		return prefix + string(r)
	}
	return ""
}

func (all allOf) intervals(key int) []interval {
	out := everything
	for _, n := range all {
		out = common(out, n.intervals(key))
	}
	return out
}

func (all anyOf) intervals(key int) []interval {
	var out []interval
	for _, n := range all {
		out = append(out, n.intervals(key)...)
	}
	return united(out)
}

func (c *condition) intervals(key int) []interval {
	if c.key != key {
		return everything
	}
	var out []interval
	switch c.op {
	case equal:
		if c.not {
			return everything
		}
		for _, v := range c.values {
			out = append(out, c.family.written(v)...)
		}
	case less, lessOrEqual, greater, greaterOrEqual:
		out = c.range_()
	case like:
		i := strings.IndexAny(c.pattern, "%_")
		switch {
		case c.not:
			return everything
		case i < 0:
			return []interval{point(c.pattern)}
		}
		return []interval{startingWith(c.pattern[:i])}
	case isNull:
		return everything
	}
	return united(out)
}

// range_ is the stretch of a comparison. Numbers do not sort as they are written.
func (c *condition) range_() []interval {
	if c.family == integer || c.family == decimal {
		return everything
	}
	v, last := c.values[0].text, point(c.values[0].text).before
	if c.family == timestamp { // it may be written with more zeros
		last = behind(v)
	}
	switch {
	case c.op == less && !c.not, c.op == greaterOrEqual && c.not:
		if c.family == timestamp {
			return []interval{{"", last}}
		}
		return []interval{{"", v}}
	case c.op == lessOrEqual && !c.not, c.op == greater && c.not:
		return []interval{{"", last}}
	case c.op == greaterOrEqual && !c.not, c.op == less && c.not || c.family == timestamp:
		return []interval{{v, ""}}
	}
	return []interval{{last, ""}}
}

// written is where a value of the type lies, however it is written.
func (f family) written(v value) []interval {
	switch f {
	case text, date:
		return []interval{point(v.text)}
	case timestamp:
		return []interval{startingWith(v.text)}
	case integer: // 5 may be written 05
		number := strings.TrimLeft(strings.TrimLeft(v.text, "-"), "0")
		switch {
		case v.n == 0:
			return []interval{startingWith("-0"), startingWith("0")}
		case v.n < 0:
			return []interval{startingWith("-0"), point("-" + number)}
		}
		return []interval{startingWith("0"), point(number)}
	case decimal, unknownType:
	}
	return everything
}

// united sorts intervals and joins those that touch.
func united(all []interval) []interval {
	slices.SortFunc(all, func(a, b interval) int { return strings.Compare(a.from, b.from) })
	var out []interval
	for _, i := range all {
		if i.before != "" && i.before <= i.from {
			continue
		}
		if len(out) == 0 {
			out = append(out, i)
			continue
		}
		switch last := &out[len(out)-1]; {
		case last.before != "" && last.before < i.from:
			out = append(out, i)
		case i.before == "" || last.before != "" && last.before < i.before:
			last.before = i.before
		}
	}
	return out
}

// common is what two sorted lists have in common.
func common(a, b []interval) []interval {
	var out []interval
	for len(a) > 0 && len(b) > 0 {
		i := interval{max(a[0].from, b[0].from), sooner(a[0].before, b[0].before)}
		if i.before == "" || i.from < i.before {
			out = append(out, i)
		}
		if a[0].before == i.before {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

func sooner(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

// Range is a stretch of keys, from one on and before another; Before is empty
// when there is no end.
type Range struct{ From, Before string }

// maxRanges bounds how finely the keys are cut.
const maxRanges = 1000

// Ranges are the stretches of keys, in their order, that can hold what the filter
// wants. Below a single value of one key, what is wanted of the next counts too.
func (f *Filter) Ranges() []Range {
	if f == nil {
		return []Range{{}}
	}
	keys := make([][]interval, f.keys)
	for key := range keys {
		keys[key] = f.root.intervals(key)
	}
	return ranges(nil, "", keys)
}

// ranges adds those of the keys that begin with a prefix; what is left of them is
// told by the intervals.
func ranges(out []Range, prefix string, keys [][]interval) []Range {
	if len(keys) == 0 {
		return append(out, Range{prefix, after(prefix)})
	}
	all := keys[0]
	if len(all) > 0 && len(out)+len(all) > maxRanges {
		all = []interval{{all[0].from, all[len(all)-1].before}}
	}
	for _, i := range all {
		if i.isPoint() {
			out = ranges(out, prefix+Key(i.from), keys[1:])
			continue
		}
		r := Range{From: prefix + escaped(i.from), Before: after(prefix)}
		if i.before != "" {
			r.Before = prefix + escaped(i.before)
		}
		out = append(out, r)
	}
	return out
}
