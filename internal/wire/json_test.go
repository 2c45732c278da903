package wire

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type part struct {
	Name  string            `json:"name"`
	Many  []part            `json:"many,omitempty"`
	One   *part             `json:"one,omitempty"`
	Words map[string]string `json:"words,omitempty"`
	Count int64
	Share float64
	Maybe *bool
	Raw   json.RawMessage
}

// TestDecodeIsTheStandardLibrarys: the library that reads answers faster reads them
// as the standard one does.
func TestDecodeIsTheStandardLibrarys(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{}`, `null`, ` {"name": "a"} ` + "\n",
		`{"name": "\u00e9\ud83d\ude00 \"quoted\" \\ \/ \b\f\n\r\t <b>&\u2028 é😀"}`,
		`{"many": [{"name": "a", "many": []}, {"one": {"name": "b"}}, null], "words": {"": "x", "\u0061": "y"}}`,
		`{"Count": -9007199254740993, "Share": 1.5e3, "Maybe": true, "Raw": {"a" : [1, 2]}}`,
		`{"NAME": "a", "unknown": {"deep": [[["\"]"]]]}, "Maybe": null, "words": null}`,
	} {
		var want, got part
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		if err := Decode([]byte(text), &got); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
	for text, want := range map[string]string{
		``: "", `{"name": "a`: "", `{"name": 7}`: "name", `<html>`: "", `{"many": {}}`: "", `{} {}`: "more follows",
	} {
		var got part
		if err := Decode([]byte(text), &got); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
