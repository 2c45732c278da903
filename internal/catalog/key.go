package catalog

import "strings"

// A key writes the values of a partition so that keys sort as the lists of their
// values do, each value by its bytes. A value ends in end; the characters that
// would sort at or below escape are written behind it. So the key of some first
// values is a prefix of the keys of all partitions that have them, and of no
// others.
const (
	end    = '\x01'
	escape = '\x02'
)

// Key is the key of a partition with these values, or the prefix of the keys of
// all that begin with them.
func Key(values ...string) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString(escaped(v))
		b.WriteByte(end)
	}
	return b.String()
}

func escaped(v string) string {
	if strings.IndexFunc(v, isLow) < 0 {
		return v
	}
	var b strings.Builder
	for _, r := range v {
		if isLow(r) {
			b.WriteByte(escape)
			r += 2
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isLow(r rune) bool { return r <= escape }

// Values are the values that a key was made of.
func Values(key string) []string { return appendValues(nil, key) }

// appendValues is Values into a list that is used again.
func appendValues(to []string, key string) []string {
	for key != "" {
		var v string
		v, key, _ = strings.Cut(key, string(end))
		to = append(to, unescaped(v))
	}
	return to
}

func unescaped(v string) string {
	if strings.IndexByte(v, escape) < 0 {
		return v
	}
	b := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] == escape && i+1 < len(v) {
			i++
			b = append(b, v[i]-2)
			continue
		}
		b = append(b, v[i])
	}
	return string(b)
}

// after is the first text behind all keys that begin with a prefix; empty when
// there is none.
func after(prefix string) string {
	if prefix == "" {
		return ""
	}
	return prefix[:len(prefix)-1] + string(escape)
}

// prefixOf cuts a key to its first n values.
func prefixOf(key string, n int) string {
	at := 0
	for range n {
		i := strings.IndexByte(key[at:], end)
		if i < 0 {
			return key
		}
		at += i + 1
	}
	return key[:at]
}

// Next is the first text behind a key at which another one can be.
func Next(key string) string { return key + string(end) }
