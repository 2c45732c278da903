package cron

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MinSpacing is the least time between two firings of a schedule.
const MinSpacing = 5 * time.Minute

// Schedule is a parsed schedule.
type Schedule struct {
	minutes, hours, months, years set
	days                          dayRule
}

// set holds the values that a field allows.
type set map[int]bool

// field is the syntax of one of the six fields.
type field struct {
	name     string
	min, max int
	names    []string // of the values, from min
	blank    bool     // ? is allowed
	last     bool     // L is allowed
	weekday  bool     // nW is allowed
}

var fields = [6]field{
	{name: "minutes", min: 0, max: 59},
	{name: "hours", min: 0, max: 23},
	{name: "day-of-month", min: 1, max: 31, blank: true, last: true, weekday: true},
	{name: "month", min: 1, max: 12, names: []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
	{name: "day-of-week", min: 1, max: 7, names: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}, blank: true, last: true},
	{name: "year", min: 1970, max: 2199},
}

// Parse reads an expression such as cron(15 12 * * ? *). It refuses schedules
// that would fire more often than every five minutes.
func Parse(expression string) (*Schedule, error) {
	text := strings.TrimSpace(expression)
	inner, ok := strings.CutPrefix(text, "cron(")
	inner, closed := strings.CutSuffix(inner, ")")
	if !ok || !closed {
		return nil, fmt.Errorf("schedule %.100q is not of the form cron(minutes hours day-of-month month day-of-week year)", expression)
	}
	words := strings.Fields(inner)
	if len(words) != len(fields) {
		return nil, fmt.Errorf("schedule %.100q has %d fields, cron() has 6: minutes hours day-of-month month day-of-week year", expression, len(words))
	}
	s, err := parse(words)
	if err != nil {
		return nil, fmt.Errorf("schedule %.100q: %w", expression, err)
	}
	if s.tooOften() {
		return nil, fmt.Errorf("schedule %.100q fires more often than every 5 minutes", expression)
	}
	return s, nil
}

func parse(words []string) (*Schedule, error) {
	s := &Schedule{}
	for i, to := range []*set{0: &s.minutes, 1: &s.hours, 3: &s.months, 5: &s.years} {
		if to == nil {
			continue
		}
		var err error
		if *to, err = fields[i].set(words[i]); err != nil {
			return nil, err
		}
	}
	if (words[2] == "?") == (words[4] == "?") {
		return nil, fmt.Errorf("exactly one of day-of-month and day-of-week must be ?, got %q and %q", words[2], words[4])
	}
	var err error
	if words[4] == "?" {
		s.days, err = fields[2].days(words[2], ofMonth)
	} else {
		s.days, err = fields[4].days(words[4], ofWeek)
	}
	return s, err
}

// set reads a list of values, ranges and steps.
func (f *field) set(text string) (set, error) {
	values := set{}
	for part := range strings.SplitSeq(text, ",") {
		if err := f.add(values, part); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// add reads one part of a list: a, a-b, *, each with /step.
func (f *field) add(values set, part string) error {
	span, by, stepped := strings.Cut(part, "/")
	step := 1
	if stepped {
		n, err := number(by)
		if err != nil || n < 1 || n > f.max {
			return f.bad(part, "the step after / must be a number from 1")
		}
		step = n
	}
	from, to := f.min, f.max
	if span != "*" {
		first, last, ranged := strings.Cut(span, "-")
		var err error
		if from, err = f.value(first); err != nil {
			return err
		}
		if ranged {
			if to, err = f.value(last); err != nil {
				return err
			}
			if to < from {
				return f.bad(part, "the range ends before it begins")
			}
		} else if !stepped {
			to = from
		}
	}
	for v := from; v <= to; v += step {
		values[v] = true
	}
	return nil
}

func (f *field) value(text string) (int, error) {
	for i, name := range f.names {
		if strings.EqualFold(text, name) {
			return f.min + i, nil
		}
	}
	n, err := number(text)
	if err != nil {
		return 0, f.bad(text, "it is not a value")
	}
	if n < f.min || n > f.max {
		return 0, f.bad(text, fmt.Sprintf("values go from %d to %d", f.min, f.max))
	}
	return n, nil
}

// number reads digits alone: no sign, no spaces.
func number(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err
}

func (f *field) bad(part, why string) error {
	return fmt.Errorf("%s %.50q: %s", f.name, part, why)
}
