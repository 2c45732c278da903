package cfn

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var listIndex = regexp.MustCompile(`\[\d+\]`)

// differing returns the paths at which two values of the API differ, sorted. A
// member that only the server has is no difference where it is one that servers
// fill in by themselves.
func differing(now, then any, implied map[string][]string) ([]string, error) {
	have, err := leaves(now)
	if err != nil {
		return nil, err
	}
	want, err := leaves(then)
	if err != nil {
		return nil, err
	}
	var paths []string
	for path, v := range want {
		if w, ok := have[path]; !ok || w != v && (path != "Role" || !sameRole(v, w)) {
			paths = append(paths, path)
		}
	}
	for path, v := range have {
		if _, ok := want[path]; ok {
			continue
		}
		values, ok := implied[listIndex.ReplaceAllString(path, "")]
		if !ok || values != nil && !slices.Contains(values, v) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths, nil
}

// sameRole compares roles, which may be given by name or by ARN.
func sameRole(a, b string) bool {
	if strings.HasPrefix(a, "arn:") && strings.HasPrefix(b, "arn:") {
		return false
	}
	return a[strings.LastIndex(a, "/")+1:] == b[strings.LastIndex(b, "/")+1:]
}

// leaves returns the plain values of an API value by path. Empty lists and
// mappings vanish, which makes them equal to absent ones.
func leaves(v any) (map[string]string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	out := map[string]string{}
	collectLeaves(tree, "", out)
	return out, nil
}

func collectLeaves(v any, path string, out map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			collectLeaves(v[key], join(path, key), out)
		}
	case []any:
		for i, item := range v {
			collectLeaves(item, path+"["+strconv.Itoa(i)+"]", out)
		}
	case json.Number:
		if f, err := v.Float64(); err == nil {
			out[path] = strconv.FormatFloat(f, 'g', -1, 64)
		}
	case string:
		out[path] = v
	case bool:
		out[path] = strconv.FormatBool(v)
	}
}
