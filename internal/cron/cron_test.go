package cron

import (
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	v, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNext(t *testing.T) {
	tests := []struct {
		expression, after string
		want              []string
	}{
		// The examples of the guide.
		{"cron(15 12 * * ? *)", "2026-01-01 12:15:00", []string{"2026-01-02 12:15:00", "2026-01-03 12:15:00"}},
		{"cron(0 18 ? * MON-FRI *)", "2026-01-02 17:59:59", []string{"2026-01-02 18:00:00", "2026-01-05 18:00:00"}},
		{"cron(0 8 1 * ? *)", "2026-01-31 09:00:00", []string{"2026-02-01 08:00:00", "2026-03-01 08:00:00"}},
		{"cron(0/15 * * * ? *)", "2026-01-01 00:00:00", []string{"2026-01-01 00:15:00", "2026-01-01 00:30:00", "2026-01-01 00:45:00", "2026-01-01 01:00:00"}},
		{"cron(0/10 * ? * MON-FRI *)", "2026-01-02 23:50:00", []string{"2026-01-05 00:00:00"}},
		{"cron(0/5 8-17 ? * MON-FRI *)", "2026-01-05 17:54:59", []string{"2026-01-05 17:55:00", "2026-01-06 08:00:00"}},
		// Lists, steps, names, years.
		{"cron(0 0 1,15 JAN,jul ? 2027-2028)", "2026-05-05 00:00:00", []string{"2027-01-01 00:00:00", "2027-01-15 00:00:00", "2027-07-01 00:00:00", "2027-07-15 00:00:00", "2028-01-01 00:00:00"}},
		{"cron(7 3 10-20/5 * ? *)", "2026-01-10 03:07:00", []string{"2026-01-15 03:07:00", "2026-01-20 03:07:00", "2026-02-10 03:07:00"}},
		{"cron(1/10 0 * * ? *)", "2026-01-01 00:41:00", []string{"2026-01-01 00:51:00", "2026-01-02 00:01:00"}},
		{"cron(0 0 ? * 1 *)", "2026-01-01 00:00:00", []string{"2026-01-04 00:00:00"}}, // 1 is Sunday
		{"cron(0 0 31 * ? *)", "2026-02-01 00:00:00", []string{"2026-03-31 00:00:00", "2026-05-31 00:00:00"}},
		{"cron(0 0 29 2 ? *)", "2026-01-01 00:00:00", []string{"2028-02-29 00:00:00", "2032-02-29 00:00:00"}},
		// L and W.
		{"cron(0 0 L * ? *)", "2026-01-31 00:00:00", []string{"2026-02-28 00:00:00", "2026-03-31 00:00:00"}},
		{"cron(0 0 ? * L *)", "2026-01-01 00:00:00", []string{"2026-01-03 00:00:00"}},                         // Saturday
		{"cron(0 0 ? * 6L *)", "2026-01-01 00:00:00", []string{"2026-01-30 00:00:00", "2026-02-27 00:00:00"}}, // last Friday
		{"cron(0 0 3W * ? *)", "2026-01-01 00:00:00", []string{"2026-01-02 00:00:00", "2026-02-03 00:00:00"}}, // 3 January is a Saturday
		{"cron(0 0 1W * ? *)", "2026-07-31 12:00:00", []string{"2026-08-03 00:00:00"}},                        // 1 August is a Saturday
		{"cron(0 0 31W * ? *)", "2026-05-01 00:00:00", []string{"2026-05-29 00:00:00"}},                       // 31 May is a Sunday
		// Over.
		{"cron(0 0 * * ? 2020)", "2026-01-01 00:00:00", []string{"never"}},
		{"cron(0 0 30 2 ? *)", "2026-01-01 00:00:00", []string{"never"}},
	}
	for _, tt := range tests {
		t.Run(tt.expression, func(t *testing.T) {
			s, err := Parse(tt.expression)
			if err != nil {
				t.Fatal(err)
			}
			now := at(t, tt.after)
			for _, want := range tt.want {
				now = s.Next(now)
				if want == "never" {
					if !now.IsZero() {
						t.Errorf("got %s, want never", now)
					}
					break
				}
				if !now.Equal(at(t, want)) {
					t.Fatalf("got %s, want %s", now, want)
				}
			}
		})
	}
}

func TestNextIsUTC(t *testing.T) {
	s, err := Parse("cron(0 12 * * ? *)")
	if err != nil {
		t.Fatal(err)
	}
	zone := time.FixedZone("east", 5*3600)
	got := s.Next(time.Date(2026, 1, 1, 16, 59, 0, 0, zone)) // 11:59 UTC
	if want := at(t, "2026-01-01 12:00:00"); !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ expression, reason string }{
		{"", "not of the form"},
		{"rate(5 minutes)", "not of the form"},
		{"15 12 * * ? *", "not of the form"},
		{"cron(15 12 * * ? *", "not of the form"},
		{"cron(15 12 * * ?)", "has 5 fields"},
		{"cron(15 12 * * ? * *)", "has 7 fields"},
		{"cron(60 12 * * ? *)", `minutes "60": values go from 0 to 59`},
		{"cron(0 24 * * ? *)", `hours "24"`},
		{"cron(0 0 0 * ? *)", `day-of-month "0"`},
		{"cron(0 0 32 * ? *)", `day-of-month "32"`},
		{"cron(0 0 * 13 ? *)", `month "13"`},
		{"cron(0 0 * JANUARY ? *)", `month "JANUARY"`},
		{"cron(0 0 ? * 8 *)", `day-of-week "8"`},
		{"cron(0 0 * * ? 1969)", `year "1969"`},
		{"cron(0 0 * * ? 2200)", `year "2200"`},
		{"cron(0 0 * * * *)", "exactly one of day-of-month and day-of-week"},
		{"cron(0 0 1 * MON *)", "exactly one of day-of-month and day-of-week"},
		{"cron(0 0 ? * ? *)", "exactly one of day-of-month and day-of-week"},
		{"cron(? 0 * * ? *)", `minutes "?"`},
		{"cron(0 0 ? * MON,? *)", "? stands alone"},
		{"cron(0 0 ? * MON–FRI *)", "day-of-week"}, // an en dash
		{"cron(0 0 ? * FRI-MON *)", "ends before it begins"},
		{"cron(0/0 0 * * ? *)", "the step"},
		{"cron(0/-5 0 * * ? *)", "the step"},
		{"cron(-1 0 * * ? *)", "minutes"},
		{"cron(+1 0 * * ? *)", "minutes"},
		{"cron(1, 0 * * ? *)", "minutes"},
		{"cron(0 0 W * ? *)", "before its letter"},
		{"cron(0 0 ? * 2#1 *)", "day-of-week"},
		{"cron(0 L * * ? *)", "hours"},
		// Faster than every five minutes.
		{"cron(* * * * ? *)", "more often than every 5 minutes"},
		{"cron(*/4 0 * * ? *)", "more often"},
		{"cron(0,3 12 * * ? *)", "more often"},
		{"cron(0,58 12,13 * * ? *)", "more often"},
		{"cron(0,58 0,23 * * ? *)", "more often"},
	}
	for _, tt := range tests {
		t.Run(tt.expression, func(t *testing.T) {
			s, err := Parse(tt.expression)
			if err == nil || !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("got %v, %v, want …%s…", s, err, tt.reason)
			}
		})
	}
}

func TestParseAcceptsFiveMinutes(t *testing.T) {
	for _, expression := range []string{
		"cron(0/5 * * * ? *)", "cron(*/5 * * * ? *)", " cron( 0  0 * * ? * ) ", "cron(0,5 12 * * ? *)",
		"cron(0,58 12 * * ? *)",
		// Close around midnight, but never two days in a row.
		"cron(0,58 0,23 1 * ? *)",
	} {
		if _, err := Parse(expression); err != nil {
			t.Errorf("%s: %v", expression, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("cron(0/5 8-17 ? * MON-FRI *)")
	f.Add("cron(0 0 3W,L 1/2 ? 2026)")
	f.Add("cron(0 0 ? * 6L *)")
	f.Fuzz(func(t *testing.T, expression string) {
		s, err := Parse(expression)
		if err != nil {
			return
		}
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		first := s.Next(now)
		if first.IsZero() {
			return
		}
		second := s.Next(first)
		if !first.After(now) || !second.IsZero() && second.Sub(first) < MinSpacing {
			t.Errorf("%q: %s then %s", expression, first, second)
		}
	})
}
