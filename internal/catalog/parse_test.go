package catalog

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/glue"
)

var calendar = []glue.Column{
	{Name: "year", Type: "int"}, {Name: "month", Type: "string"}, {Name: "day", Type: "date"},
	{Name: "at", Type: "timestamp"}, {Name: "price", Type: "decimal(10,2)"}, {Name: "odd", Type: "array<int>"}, {Name: "code", Type: "varchar(3)"},
}

func TestExpressions(t *testing.T) {
	row := []string{"2024", "05", "2024-05-06", "2024-05-06 07:08:09.5", "12.50", "x", "abc"}
	for _, tt := range []struct {
		text string
		want bool
	}{
		{"year = 2024", true}, {"year = '2024'", true}, {`year = "2024"`, true}, {"2024 = year", true}, {"year=02024", true},
		{"YEAR = 2024", true}, {"`year` = 2024", true}, {"(year) = (2024)", true}, {"((year = 2024))", true}, {"((year)) = ((2024))", true},
		{"year <> 2024", false}, {"year != 2024", false}, {"year < > 2024", false}, {"NOT year = 2024", false}, {"not not year = 2024", true},
		{"year > -5", true}, {"year < +5", false}, {"month = '5'", false}, {"month = 05", true}, {`"month" = "05"`, true}, {`"05" = "month"`, true},
		{"year = 1 OR year = 2024 AND month = '05'", true},
		{"(year = 1 OR year = 2024) AND month = '06'", false},
		{"year = 1 AND month = '06' OR year = 2024", true},
		{"NOT (year = 1 OR month = '06')", true},
		{"year BETWEEN 2023 AND 2025 AND month IN ('04', '05')", true},
		{"year NOT BETWEEN 2023 AND 2025", false}, {"NOT year BETWEEN 2023 AND 2025", false},
		{"year BETWEEN 2025 AND 2023", false}, {"month NOT IN ('05')", false},
		{"month LIKE '0%'", true}, {"month like '_5'", true}, {"month NOT LIKE '0_'", false}, {"month LIKE '0'", false},
		{"month IS NULL", false}, {"month IS NOT NULL", true}, {"NOT month IS NULL", true},
		{"day >= '2024-05-06' and day < '2024-06-01'", true},
		{"at = '2024-05-06 07:08:09.500'", true}, {"at > '2024-05-06 07:08:09'", true},
		{"price = 12.5", true}, {"price > .5", true}, {"price < 9", false},
		{"code = 'abc'", true}, {"code LIKE 'a%'", true},
	} {
		f, err := Parse(tt.text, calendar)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if got, err := f.Matches(row); err != nil || got != tt.want {
			t.Errorf("%s: got %v, %v", tt.text, got, err)
		}
	}
	for _, text := range []string{"", "  \n\t"} {
		if f, err := Parse(text, calendar); f != nil || err != nil {
			t.Errorf("%q: %v, %v", text, f, err)
		}
	}
}

func TestRefusedExpressions(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"year", "it ends where a comparison, IN, BETWEEN, LIKE or IS should follow"},
		{"year =", "it ends where a partition key or a value should follow"},
		{"year = 2024 2025", `at character 13: expected AND, OR or the end, got "2025"`},
		{"day = 2021-01-01", `has the type date: "2021" is not a date of the form yyyy-mm-dd`},
		{"year = 2021-01-01", `expected AND, OR or the end, got "-"`},
		{"town = 'x'", `"town" is no partition key of the table; they are year, month`},
		{"year = x", `expected a value, got "x"; put quotes around a text`},
		{"year = month", `expected a value, got "month"`},
		{"1 = 1", `a comparison is of a partition key with a value`},
		{"year = 'abc'", `partition key year has the type int: "abc" is not an integer`},
		{"year = 20.24", `"20.24" is not an integer`},
		{"year = 99999999999999999999", "is not an integer"},
		{"year LIKE '2%'", "has the type int, which does not support LIKE"},
		{"day LIKE '2%'", "has the type date, which does not support LIKE"},
		{"odd = 1", `has the type "array<int>", which can't be compared`},
		{"day = '2024-02-30'", "is not a date"},
		{"at = '2024-02-03'", "is not a timestamp"},
		{"price = 'x'", "is not a decimal"},
		{"year IN ()", `expected a partition key or a value, got ")"`},
		{"year IN (1", "it ends where ) should follow"},
		{"year BETWEEN 1", "it ends where AND should follow"},
		{"year IS 5", `expected NULL, got "5"`},
		{"(year = 1", "it ends where ) should follow"},
		{"year = 1)", `expected AND, OR or the end, got ")"`},
		{"month = 'x", "at character 9: the quotes that open here are not closed"},
		{"month = 'é' ; drop", `at character 13: ';' can't be read`},
		{"year ! 5", `'!' can't be read`},
		{"year - 5", `expected a comparison, got "-"`},
		{"- year = 5", `expected a number, got "year"`},
		{"AND", `it ends where a comparison, IN`},
		{"()", `expected a partition key or a value, got ")"`},
	} {
		f, err := Parse(tt.text, calendar)
		if !errors.Is(err, &glue.Error{Kind: glue.InvalidInput}) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s:\n got %v, %v\nwant …%s", tt.text, f, err, tt.want)
		}
	}
	if _, err := Parse("a = 1", nil); err == nil || !strings.Contains(err.Error(), "the table has none") {
		t.Error(err)
	}
}

// A value that was stored and is none of its key's type is told only when
// nothing else decides.
func TestValuesThatCantBeCompared(t *testing.T) {
	row := []string{"null", "05"}
	for text, want := range map[string]string{
		"year >= 0":                     `InvalidStateException: The value of partition key year of a partition can't be compared: "null" is not an integer`,
		"year >= 0 AND month = '05'":    "InvalidStateException",
		"year >= 0 AND month = '06'":    "false",
		"year >= 0 OR month = '05'":     "true",
		"month = '05' OR year >= 0":     "true",
		"year IS NULL":                  "false",
		"NOT (year >= 0 OR month = '')": "InvalidStateException",
	} {
		f, err := Parse(text, calendar)
		if err != nil {
			t.Fatal(err)
		}
		ok, err := f.Matches(row)
		got := fmt.Sprint(ok)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// TestScanReadsLittle: what the first keys say is not looked for among others.
func TestScanReadsLittle(t *testing.T) {
	keys := []glue.Column{{Name: "year", Type: "int"}, {Name: "month", Type: "string"}, {Name: "day", Type: "date"}}
	var all []string
	for year := range 50 {
		for month := range 12 {
			for day := range 100 {
				all = append(all, Key(fmt.Sprint(1000+year), fmt.Sprintf("%02d", month+1), fmt.Sprintf("%d-01-01", 1000+day)))
			}
		}
	}
	for text, most := range map[string]int{
		"year = 1049":                                        1200,
		"year = 1049 and month = '12'":                       100,
		"month = '12' and year in (1010, 1049)":              200,
		"year = 1049 and month >= '11'":                      200,
		"year = 1049 and month like '1%'":                    300,
		"year = 1049 and month = '12' and day='1099-01-01'":  1,
		"(year = 1001 or year = 1002) and not month <> '03'": 200,
		"year > 1048":           50*64 + 1200, // skipped by the year
		"year = 1 and year = 2": 0,
		"month = '12'":          50 * (64*2 + 128 + 256 + 512 + 1024),
	} {
		f, err := Parse(text, keys)
		if err != nil {
			t.Fatal(err)
		}
		read, found := 0, 0
		keysOf := func(from, before string, limit int) (out []string, err error) {
			for _, key := range all {
				if key >= from && (before == "" || key < before) && len(out) < limit {
					out = append(out, key)
				}
			}
			read += len(out)
			return out, nil
		}
		if _, err := f.Scan(keysOf, "", 1<<30, func(string) bool { found++; return true }); err != nil {
			t.Fatal(err)
		}
		if read > most || found == 0 && most > 0 {
			t.Errorf("%s: read %d keys for %d, want at most %d", text, read, found, most)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"year = 2024 AND (month IN ('05') OR NOT day BETWEEN '2024-01-01' and '2025-01-01')", "((((year)))) <> -5", `"a" = "b"`, "month LIKE '%_'", "at IS NOT NULL"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2048 { // what the API takes
			return
		}
		filter, err := Parse(text, calendar)
		if err != nil {
			if !errors.Is(err, &glue.Error{Kind: glue.InvalidInput}) {
				t.Fatal(err)
			}
			return
		}
		ranges := filter.Ranges()
		for i, r := range ranges {
			if r.Before != "" && r.Before <= r.From || i > 0 && (ranges[i-1].Before == "" || r.From < ranges[i-1].Before) {
				t.Fatalf("ranges %q", ranges)
			}
		}
		if filter != nil {
			_, _ = filter.Matches([]string{"2024", "05"})
		}
	})
}
