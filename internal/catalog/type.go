package catalog

import (
	"cmp"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// HiveNull is what Hive and Spark write for a partition value that is NULL.
const HiveNull = "__HIVE_DEFAULT_PARTITION__"

// family are types of partition keys that compare alike.
type family int

const (
	unknownType family = iota
	text
	date
	timestamp
	integer
	decimal
)

// families are the types that expressions know, as AWS lists them, and those
// that Hive has beside string.
var families = map[string]family{
	"string": text, "char": text, "varchar": text,
	"date": date, "timestamp": timestamp, "decimal": decimal,
	"tinyint": integer, "smallint": integer, "int": integer, "integer": integer, "bigint": integer, "long": integer,
}

func (f family) String() string {
	return [...]string{"unknown", "string", "date", "timestamp", "integer", "decimal"}[f]
}

// familyOf reads a column's type; what stands in parentheses behind it is its
// size.
func familyOf(typ string) family {
	name, _, _ := strings.Cut(typ, "(")
	return families[strings.ToLower(strings.TrimSpace(name))]
}

// value is a partition value, or one of an expression, as its type compares it.
type value struct {
	text string // normalised
	n    int64
	dec  *big.Rat
}

var (
	plainDecimal = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)$`)
	plainTime    = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})?$`)
)

// read takes a text as a value of the type.
func (f family) read(s string) (v value, err error) {
	v.text = s
	switch f {
	case text:
	case integer:
		if v.n, err = strconv.ParseInt(s, 10, 64); err != nil || s[0] == '+' {
			err = fmt.Errorf("%q is not an integer", s)
		}
	case decimal:
		if !plainDecimal.MatchString(s) {
			return v, fmt.Errorf("%q is not a decimal", s)
		}
		v.dec, _ = new(big.Rat).SetString(s)
	case date:
		if _, bad := time.Parse(time.DateOnly, s); bad != nil {
			err = fmt.Errorf("%q is not a date of the form yyyy-mm-dd", s)
		}
	case timestamp:
		if _, bad := time.Parse(time.DateTime, s); bad != nil || !plainTime.MatchString(s) {
			return v, fmt.Errorf("%q is not a timestamp of the form yyyy-mm-dd hh:mm:ss[.fffffffff]", s)
		}
		if strings.Contains(s, ".") {
			v.text = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
	case unknownType:
		err = fmt.Errorf("its type can't be compared")
	}
	return v, err
}

func (f family) compare(a, b value) int {
	switch f {
	case integer:
		return cmp.Compare(a.n, b.n)
	case decimal:
		return a.dec.Cmp(b.dec)
	case text, date, timestamp, unknownType: // dates and times too: they are written from the year down
	}
	return strings.Compare(a.text, b.text)
}
