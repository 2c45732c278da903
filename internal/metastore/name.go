package metastore

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/reglue/reglue/internal/catalog"
	"github.com/reglue/reglue/internal/glue"
)

// escaped are the characters that Hive does not let stand in the folder of a partition.
const escaped = "\"#%'*/:=?\\{[]^\x7f"

// partitionName is the name of a partition and the path of its folder: key=value/….
func partitionName(keys []glue.Column, values []string) string {
	parts := make([]string, len(values))
	for i, v := range values {
		if v == "" {
			v = catalog.HiveNull
		}
		parts[i] = escape(strings.ToLower(keys[i].Name)) + "=" + escape(v)
	}
	return strings.Join(parts, "/")
}

func escape(text string) string {
	bad := func(r rune) bool { return r < ' ' || r < 0x80 && strings.ContainsRune(escaped, r) }
	if strings.IndexFunc(text, bad) < 0 {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if bad(r) {
			fmt.Fprintf(&out, "%%%02X", r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

// unescape is lenient, as Hive is: what is no escape stands for itself.
func unescape(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				out.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

// pair is a key and a value of a partition's name.
type pair struct{ key, value string }

// splitName takes the name of a partition apart.
func splitName(name string) ([]pair, error) {
	if name == "" {
		return nil, nil
	}
	var out []pair
	for part := range strings.SplitSeq(name, "/") {
		key, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, fmt.Errorf("%q is no name of a partition: write it as key=value/key=value", name)
		}
		out = append(out, pair{unescape(key), unescape(value)})
	}
	return out, nil
}

// namedValues are the values of the partition of a table with that name.
func namedValues(keys []glue.Column, name string) ([]string, error) {
	pairs, err := splitName(name)
	if err != nil {
		return nil, err
	}
	if len(pairs) != len(keys) {
		return nil, fmt.Errorf("%q has %d values, the table has %d partition keys", name, len(pairs), len(keys))
	}
	values := make([]string, len(keys))
	for i, key := range keys {
		for _, p := range pairs {
			if strings.EqualFold(p.key, key.Name) {
				values[i] = p.value
			}
		}
		if values[i] == "" {
			return nil, fmt.Errorf("%q has no value of the partition key %s", name, key.Name)
		}
	}
	return values, nil
}

// likeName makes a test of a Hive pattern of names: * is any text, | is or; the case
// does not matter. An empty pattern is for all.
func likeName(pattern string) func(name string) bool {
	if pattern == "" || pattern == "*" || pattern == ".*" {
		return func(string) bool { return true }
	}
	var all []string
	for one := range strings.SplitSeq(pattern, "|") {
		parts := strings.Split(strings.ReplaceAll(strings.TrimSpace(one), ".*", "*"), "*")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		all = append(all, strings.Join(parts, ".*"))
	}
	return regexp.MustCompile(`(?is)\A(?:` + strings.Join(all, "|") + `)\z`).MatchString
}
