package cron

import (
	"strings"
	"time"
)

// dayRule says on which days of a month a schedule fires.
type dayRule struct {
	kind dayKind
	// values are days of the month, or of the week from 1 (Sunday).
	values set
	// last is set for the last day of the month.
	last bool
	// nearest are days of the month whose nearest weekday is meant.
	nearest set
	// lastWeek are days of the week whose last one in the month is meant.
	lastWeek set
}

type dayKind int

const (
	ofMonth dayKind = iota
	ofWeek
)

const daysInWeek = 7

// days reads a day-of-month or day-of-week field. Beside plain values there are
// L, the last day of the month or of the week (Saturday), nW, the weekday
// nearest to the n-th, and nL, the last n-th day of the week in the month.
func (f *field) days(text string, kind dayKind) (dayRule, error) {
	r := dayRule{kind: kind, values: set{}, nearest: set{}, lastWeek: set{}}
	for part := range strings.SplitSeq(text, ",") {
		if err := r.add(f, part); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *dayRule) add(f *field, part string) error {
	switch {
	case part == "?":
		return f.bad(part, "? stands alone")
	case part == "L" && r.kind == ofMonth:
		r.last = true
		return nil
	case part == "L":
		r.values[daysInWeek] = true
		return nil
	}
	special, to := "", r.nearest
	switch {
	case r.kind == ofMonth && strings.HasSuffix(part, "W"):
		special = strings.TrimSuffix(part, "W")
	case r.kind == ofWeek && strings.HasSuffix(part, "L"):
		special, to = strings.TrimSuffix(part, "L"), r.lastWeek
	default:
		return f.add(r.values, part)
	}
	v, err := f.value(special)
	if err != nil {
		return f.bad(part, "a value must stand before its letter")
	}
	to[v] = true
	return nil
}

// matches reports whether the schedule fires on a day of a month.
func (r *dayRule) matches(year int, month time.Month, day int) bool {
	last := lastDay(year, month)
	if r.kind == ofMonth {
		return r.values[day] || r.last && day == last || r.isNearest(year, month, day)
	}
	week := weekDay(year, month, day)
	return r.values[week] || r.lastWeek[week] && day+daysInWeek > last
}

// isNearest reports whether the day is the weekday nearest to a wanted one, which
// never leaves the month.
func (r *dayRule) isNearest(year int, month time.Month, day int) bool {
	last := lastDay(year, month)
	for want := range r.nearest {
		if want > last {
			continue
		}
		is := want
		switch weekDay(year, month, want) {
		case daysInWeek: // Saturday
			if is = want - 1; is < 1 {
				is = want + 2
			}
		case 1: // Sunday
			if is = want + 1; is > last {
				is = want - 2
			}
		}
		if is == day {
			return true
		}
	}
	return false
}

// weekDay is the day of the week from 1 (Sunday).
func weekDay(year int, month time.Month, day int) int {
	return int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Weekday()) + 1
}

func lastDay(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
