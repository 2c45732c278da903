package glue

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Time is a moment in Unix milliseconds. Zero means none and is left out of an
// answer. In JSON it is a number of seconds with three decimals, as Glue sends
// it.
type Time int64

// MakeTime returns t cut to milliseconds; the zero time gives the zero Time.
func MakeTime(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixMilli())
}

// Time returns t in UTC; the zero Time gives the zero time.
func (t Time) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(t)).UTC()
}

// IsZero reports whether t is no moment at all.
func (t Time) IsZero() bool { return t == 0 }

// String returns t as RFC 3339 with milliseconds, empty for zero.
func (t Time) String() string {
	if t == 0 {
		return ""
	}
	return t.Time().Format("2006-01-02T15:04:05.000Z07:00")
}

// MarshalJSON writes epoch seconds such as 1578556843.049.
func (t Time) MarshalJSON() ([]byte, error) {
	sign, ms := "", uint64(t)
	if t < 0 {
		sign, ms = "-", -ms
	}
	return fmt.Appendf(nil, "%s%d.%03d", sign, ms/1000, ms%1000), nil
}

// UnmarshalJSON reads epoch seconds, rounded to milliseconds. null is no time.
func (t *Time) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	seconds, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.Abs(seconds) > math.MaxInt64/2000 {
		return fmt.Errorf("time %.40s: want epoch seconds as a number", text)
	}
	*t = Time(math.Round(seconds * 1000))
	return nil
}
