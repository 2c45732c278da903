package cron

import (
	"maps"
	"slices"
	"time"
)

// Next is the first time after the given one at which the schedule fires, in
// UTC; the zero time when it never does again.
func (s *Schedule) Next(after time.Time) time.Time {
	t := after.UTC().Truncate(time.Minute).Add(time.Minute)
	year, month, day := t.Date()
	for _, y := range slices.Sorted(maps.Keys(s.years)) {
		if y < year {
			continue
		}
		from := time.January
		if y == year {
			from = month
		}
		for m := from; m <= time.December; m++ {
			first := 1
			if y == year && m == month {
				first = day
			}
			if found, ok := s.inMonth(y, m, first, t); ok {
				return found
			}
		}
	}
	return time.Time{}
}

// inMonth finds the first firing in a month, from a day and not before t.
func (s *Schedule) inMonth(year int, month time.Month, first int, t time.Time) (time.Time, bool) {
	if !s.months[int(month)] {
		return time.Time{}, false
	}
	for day := first; day <= lastDay(year, month); day++ {
		if !s.days.matches(year, month, day) {
			continue
		}
		for hour := range 24 {
			if !s.hours[hour] {
				continue
			}
			for minute := range 60 {
				at := time.Date(year, month, day, hour, minute, 0, 0, time.UTC)
				if s.minutes[minute] && !at.Before(t) {
					return at, true
				}
			}
		}
	}
	return time.Time{}, false
}

// tooOften reports whether two firings can be closer than MinSpacing.
func (s *Schedule) tooOften() bool {
	var day []int // minutes of the day
	for _, h := range slices.Sorted(maps.Keys(s.hours)) {
		for _, m := range slices.Sorted(maps.Keys(s.minutes)) {
			day = append(day, h*60+m)
		}
	}
	const spacing = int(MinSpacing / time.Minute)
	for i := 1; i < len(day); i++ {
		if day[i]-day[i-1] < spacing {
			return true
		}
	}
	const whole = 24 * 60
	return whole-day[len(day)-1]+day[0] < spacing && s.firesOnAdjacentDays()
}

// firesOnAdjacentDays reports whether the schedule fires on two days in a row.
func (s *Schedule) firesOnAdjacentDays() bool {
	before := time.Time{}
	for _, year := range slices.Sorted(maps.Keys(s.years)) {
		for _, month := range slices.Sorted(maps.Keys(s.months)) {
			for day := 1; day <= lastDay(year, time.Month(month)); day++ {
				if !s.days.matches(year, time.Month(month), day) {
					continue
				}
				now := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
				if !before.IsZero() && now.Sub(before) == 24*time.Hour {
					return true
				}
				before = now
			}
		}
	}
	return false
}
