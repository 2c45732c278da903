package metastore

import (
	"regexp"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/glue"
)

// filterToken is a word, a number, a sign, or a text in quotes of a Hive filter.
var filterToken = regexp.MustCompile(`(?s)^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\d{4}-\d\d-\d\d|[\p{L}\p{N}_.$#@]+|<=>|<=|>=|<>|!=|[-+=<>(),])`)

// expression is a Hive filter of partitions as an expression of GetPartitions. Both
// compare keys with values and know AND, OR and NOT; what differs are quotes, dates,
// which Hive takes without, and LIKE, whose patterns are regular expressions in Hive.
func expression(filter string) (string, error) {
	var out []string
	for rest := strings.TrimSpace(filter); rest != ""; rest = strings.TrimSpace(rest) {
		t := filterToken.FindString(rest)
		if t == "" {
			return "", glue.Errorf(glue.InvalidInput, "the filter %q can't be read from %.40q on", filter, rest)
		}
		rest = rest[len(t):]
		last := len(out) - 1
		literal := t[0] == '"' || t[0] == '\'' || isDate(t)
		if literal && last >= 0 && strings.EqualFold(out[last], "date") {
			out, last = out[:last], last-1
		}
		switch {
		case isDate(t):
			out = append(out, quote(t))
		case literal:
			text := t[1 : len(t)-1]
			if last >= 0 && strings.EqualFold(out[last], "like") {
				text = likeText(text)
			}
			out = append(out, quote(text))
		case t == "<=>":
			out = append(out, "=")
		default:
			out = append(out, t)
		}
	}
	return strings.Join(out, " "), nil
}

func isDate(token string) bool {
	return len(token) == len(time.DateOnly) && token[0] >= '0' && token[0] <= '9' && token[4] == '-'
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// likeText is a pattern of Hive's LIKE, a regular expression, as Glue has it. Spark
// writes the text that it looks for into it without escapes, so whatever else has a
// meaning in either form stands for any text: too much is found, never too little, and
// Spark looks again.
func likeText(re string) string {
	var out strings.Builder
	for i, r := range re {
		switch {
		case r == '.' && strings.HasPrefix(re[i+1:], "*"):
		case r == '*' && i > 0 && re[i-1] == '.', strings.ContainsRune(`%*+?()[]{}|^$\`, r):
			out.WriteByte('%')
		case r == '.' || r == '_':
			out.WriteByte('_')
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}
