package glue

import (
	"encoding/json"
	"testing"
	"time"
)

func TestTimeJSON(t *testing.T) {
	for text, want := range map[string]Time{
		"1578556843.049":     1578556843049,
		"1.578556843049E9":   1578556843049,
		"1578556843":         1578556843000,
		"0.0005":             1,
		"-1.5":               -1500,
		"null":               0,
		"253402300799.999":   253402300799999,
		"1578556843.0490001": 1578556843049,
	} {
		var got Time
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s = %d, %v; want %d", text, got, err, want)
		}
	}
	for v, want := range map[Time]string{1578556843049: "1578556843.049", 1578556843000: "1578556843.000", -1500: "-1.500", 7: "0.007"} {
		if got, err := json.Marshal(v); err != nil || string(got) != want {
			t.Errorf("%d = %s, %v; want %s", int64(v), got, err, want)
		}
	}
	for _, text := range []string{`"2020-01-01T00:00:00Z"`, `true`, `1e300`, `{}`} {
		var got Time
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s was read as %v", text, got)
		}
	}
}

func TestTimeConversions(t *testing.T) {
	moment := time.Date(2020, 1, 9, 8, 0, 43, 49_999_999, time.FixedZone("x", 3600))
	got := MakeTime(moment)
	if want := "2020-01-09T07:00:43.049Z"; got.String() != want {
		t.Errorf("String() = %s, want %s", got, want)
	}
	if !got.Time().Equal(moment.Truncate(time.Millisecond)) {
		t.Errorf("Time() = %v", got.Time())
	}
	if none := MakeTime(time.Time{}); !none.IsZero() || !none.Time().IsZero() || none.String() != "" {
		t.Errorf("the zero time became %v", none)
	}
}
