package catalog

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reglue/reglue/internal/glue"
)

// The oracle knows SQL's three values and nothing of keys, depths and intervals.

type truth int

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// wish is an expression as the oracle holds it.
type wish struct {
	op     string // AND, OR, NOT, or a comparison
	parts  []wish
	column glue.Column
	key    int
	values []string
}

func (w wish) of(row []string) truth {
	switch w.op {
	case "AND":
		out := yes
		for _, p := range w.parts {
			out = min(out, p.of(row))
		}
		return out
	case "OR":
		out := no
		for _, p := range w.parts {
			out = max(out, p.of(row))
		}
		return out
	case "NOT":
		return yes - w.parts[0].of(row)
	}
	null := w.key >= len(row) || row[w.key] == HiveNull
	switch w.op {
	case "IS NULL":
		return truthOf(null)
	case "IS NOT NULL":
		return truthOf(!null)
	}
	if w.key >= len(row) || null && w.column.Type != "string" {
		return unknown
	}
	order := func(i int) int { return ordered(w.column.Type, row[w.key], w.values[i]) }
	in := func() bool {
		return slices.ContainsFunc(w.values, func(v string) bool { return ordered(w.column.Type, row[w.key], v) == 0 })
	}
	switch w.op {
	case "=":
		return truthOf(order(0) == 0)
	case "<>", "!=":
		return truthOf(order(0) != 0)
	case "<":
		return truthOf(order(0) < 0)
	case "<=":
		return truthOf(order(0) <= 0)
	case ">":
		return truthOf(order(0) > 0)
	case ">=":
		return truthOf(order(0) >= 0)
	case "BETWEEN":
		return truthOf(order(0) >= 0 && order(1) <= 0)
	case "NOT BETWEEN":
		return truthOf(order(0) < 0 || order(1) > 0)
	case "IN":
		return truthOf(in())
	case "NOT IN":
		return truthOf(!in())
	case "LIKE":
		return truthOf(alike([]rune(row[w.key]), []rune(w.values[0])))
	case "NOT LIKE":
		return truthOf(!alike([]rune(row[w.key]), []rune(w.values[0])))
	}
	panic(w.op)
}

func ordered(typ, a, b string) int {
	switch typ {
	case "int", "bigint":
		x, _ := new(big.Int).SetString(a, 10)
		y, _ := new(big.Int).SetString(b, 10)
		return x.Cmp(y)
	case "decimal(10,2)":
		x, _ := new(big.Float).SetPrec(200).SetString(a)
		y, _ := new(big.Float).SetPrec(200).SetString(b)
		return x.Cmp(y)
	case "date":
		x, _ := time.Parse("2006-01-02", a)
		y, _ := time.Parse("2006-01-02", b)
		return x.Compare(y)
	case "timestamp":
		x, _ := time.Parse("2006-01-02 15:04:05.999999999", a)
		y, _ := time.Parse("2006-01-02 15:04:05.999999999", b)
		return x.Compare(y)
	}
	return strings.Compare(a, b)
}

func alike(text, pattern []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(text) == 0
	case pattern[0] == '%':
		return alike(text, pattern[1:]) || len(text) > 0 && alike(text[1:], pattern)
	}
	return len(text) > 0 && (pattern[0] == '_' || pattern[0] == text[0]) && alike(text[1:], pattern[1:])
}

// samples are values of each type, with the different ways to write one.
var samples = map[string][]string{
	"string":        {"a", "ab", "abc", "b", "B", "a%", "a_b", "é", "\u00ff", "\U0010ffff", "x\x00", "x\x01", "x\x02y", "x", "it's", `"q"`, "2024", "10", "9", " ", HiveNull},
	"int":           {"0", "00", "-0", "5", "05", "005", "50", "-5", "-05", "9", "10", "2024", "02024", HiveNull},
	"bigint":        {"1", "9223372036854775807", "-9223372036854775808", "12", "012", HiveNull},
	"decimal(10,2)": {"1", "1.0", "1.50", "1.5", "-2", ".5", "0.5", "10", HiveNull},
	"date":          {"2024-02-29", "2024-03-01", "2023-12-31", "1999-01-01", HiveNull},
	"timestamp":     {"2024-01-01 00:00:00", "2024-01-01 00:00:00.0", "2024-01-01 00:00:00.000", "2024-01-01 00:00:00.5", "2024-01-01 00:00:00.50", "2024-01-01 00:00:01", "2023-01-01 10:00:00", HiveNull},
}

func drawKeys(t *rapid.T) []glue.Column {
	types := rapid.SliceOfN(rapid.SampledFrom([]string{"string", "int", "bigint", "decimal(10,2)", "date", "timestamp"}), 1, 4).Draw(t, "types")
	keys := make([]glue.Column, len(types))
	for i, typ := range types {
		keys[i] = glue.Column{Name: fmt.Sprintf("key_%d", i), Type: typ}
	}
	return keys
}

func drawWish(t *rapid.T, keys []glue.Column, depth int) wish {
	if depth > 0 && rapid.IntRange(0, 9).Draw(t, "join") < 6 {
		op := rapid.SampledFrom([]string{"AND", "AND", "OR", "NOT"}).Draw(t, "joint")
		n := 1
		if op != "NOT" {
			n = rapid.IntRange(2, 3).Draw(t, "parts")
		}
		w := wish{op: op}
		for range n {
			w.parts = append(w.parts, drawWish(t, keys, depth-1))
		}
		return w
	}
	key := rapid.IntRange(0, len(keys)-1).Draw(t, "key")
	w := wish{column: keys[key], key: key}
	ops := []string{"=", "=", "<>", "!=", "<", "<=", ">", ">=", "BETWEEN", "NOT BETWEEN", "IN", "NOT IN", "IS NULL", "IS NOT NULL"}
	if w.column.Type == "string" {
		ops = append(ops, "LIKE", "NOT LIKE")
	}
	w.op = rapid.SampledFrom(ops).Draw(t, "op")
	n := map[string]int{"BETWEEN": 2, "NOT BETWEEN": 2, "IS NULL": 0, "IS NOT NULL": 0, "IN": 3, "NOT IN": 2}
	count, ok := n[w.op]
	if !ok {
		count = 1
	}
	for range count {
		v := rapid.SampledFrom(samples[w.column.Type]).Draw(t, "value")
		if v == HiveNull && w.column.Type != "string" {
			v = samples[w.column.Type][0]
		}
		if strings.HasSuffix(w.op, "LIKE") {
			v += rapid.SampledFrom([]string{"", "%", "_", "%b"}).Draw(t, "wild")
		}
		w.values = append(w.values, v)
	}
	return w
}

// write words a wish in one of the ways that mean it.
func (w wish) write(t *rapid.T) string {
	spell := func(s string) string {
		return rapid.SampledFrom([]string{s, strings.ToLower(s)}).Draw(t, "case")
	}
	if len(w.parts) > 0 {
		var parts []string
		for _, p := range w.parts {
			parts = append(parts, "("+p.write(t)+")")
		}
		if w.op == "NOT" {
			return spell("NOT") + " " + parts[0]
		}
		return strings.Join(parts, " "+spell(w.op)+" ")
	}
	name := rapid.SampledFrom([]string{"%s", "`%s`", "(%s)", `"%s"`, " %s "}).Draw(t, "name")
	name = fmt.Sprintf(name, spell(strings.ToUpper(w.column.Name)))
	var values []string
	for _, v := range w.values {
		values = append(values, w.literal(t, v))
	}
	switch w.op {
	case "IN", "NOT IN":
		return name + " " + spell(w.op) + "(" + strings.Join(values, ", ") + ")"
	case "BETWEEN", "NOT BETWEEN":
		return name + " " + spell(w.op) + " " + strings.Join(values, " and ")
	case "IS NULL", "IS NOT NULL":
		return name + " " + spell(w.op)
	case "LIKE", "NOT LIKE":
		return name + " " + spell(w.op) + " " + values[0]
	}
	if back, ok := map[string]string{"<": ">", ">": "<", "=": "="}[w.op]; ok && rapid.Bool().Draw(t, "swapped") {
		return values[0] + back + name
	}
	return name + w.op + values[0]
}

func (w wish) literal(t *rapid.T, v string) string {
	quoted := []string{"'" + strings.ReplaceAll(v, "'", "''") + "'", `"` + strings.ReplaceAll(v, `"`, `""`) + `"`}
	switch w.column.Type {
	case "int", "bigint", "decimal(10,2)":
		quoted = append(quoted, v, "("+v+")")
	}
	return rapid.SampledFrom(quoted).Draw(t, "quotes")
}

// TestScan holds expressions against the oracle: what a scan of sorted keys
// visits, in one go or in pages.
func TestScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := drawKeys(t)
		rows := map[string][]string{}
		for range rapid.IntRange(0, 200).Draw(t, "rows") {
			row := make([]string, len(keys))
			for i := range row {
				row[i] = rapid.SampledFrom(samples[keys[i].Type]).Draw(t, "cell")
			}
			if rapid.IntRange(0, 20).Draw(t, "short") == 0 { // the keys were changed
				row = row[:len(row)-1]
			}
			if len(row) > 0 {
				rows[Key(row...)] = row
			}
		}
		w := drawWish(t, keys, 3)
		text := w.write(t)
		f, err := Parse(text, keys)
		if err != nil {
			t.Fatal(err)
		}
		sorted := make([]string, 0, len(rows))
		var want []string
		for key := range rows {
			sorted = append(sorted, key)
		}
		slices.Sort(sorted)
		for _, key := range sorted {
			if got := Values(key); !slices.Equal(got, rows[key]) {
				t.Fatalf("key %q of %q gives %q", key, rows[key], got)
			}
			if w.of(rows[key]) == yes {
				want = append(want, key)
			}
		}
		size := rapid.SampledFrom([]int{1, 3, 1000}).Draw(t, "page")
		looks := rapid.SampledFrom([]int{1, 100, 100000}).Draw(t, "looks")
		if diff := cmp.Diff(want, pages(t, f, sorted, size, looks)); diff != "" {
			t.Fatalf("%s over %v:\n%s\n%v", text, keys, diff, f.Ranges())
		}
	})
}

func pages(t *rapid.T, f *Filter, sorted []string, size, looks int) (got []string) {
	read := func(from, before string, limit int) ([]string, error) {
		i, _ := slices.BinarySearch(sorted, from)
		j := len(sorted)
		if before != "" {
			j, _ = slices.BinarySearch(sorted, before)
		}
		j = min(max(i, j), i+limit)
		return sorted[i:j], nil
	}
	for behind := ""; ; {
		n := 0
		next, err := f.Scan(read, behind, looks, func(key string) bool {
			got = append(got, key)
			n++
			return n < size
		})
		if err != nil {
			t.Fatal(err)
		}
		if next == "" {
			return got
		}
		if next <= behind {
			t.Fatalf("after %q came %q", behind, next)
		}
		behind = next
	}
}

func TestKeysSortAsTheirValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[\x00-\x03a\x{7f}é\x{d7ff}\x{10ffff}]{1,3}`)
		a := rapid.SliceOfN(value, 1, 3).Draw(t, "a")
		b := rapid.SliceOfN(value, 1, 3).Draw(t, "b")
		if got, want := strings.Compare(Key(a...), Key(b...)), slices.Compare(a, b); got != want {
			t.Fatalf("%q and %q: keys %q and %q compare %d, want %d", a, b, Key(a...), Key(b...), got, want)
		}
		if got := Values(Key(a...)); !slices.Equal(got, a) {
			t.Fatalf("%q came back as %q", a, got)
		}
		if p := behind(a[0]); p != "" && (p <= a[0]+"\U0010ffff\U0010ffff" || a[0] >= p) {
			t.Fatalf("%q is not behind all that begin with %q", p, a[0])
		}
	})
}
