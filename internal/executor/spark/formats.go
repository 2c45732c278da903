package spark

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// lakeJars are how the jars of the formats of --datalake-formats are called.
var lakeJars = map[string][]string{
	"iceberg": {"iceberg-spark-runtime-", "iceberg-aws-bundle-"},
	"hudi":    {"hudi-spark"},
	"delta":   {"delta-spark_", "delta-storage-", "delta-core_"},
}

// lakeFormat is the format that a jar belongs to; empty for others.
func lakeFormat(jar string) string {
	for format, prefixes := range lakeJars {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(filepath.Base(jar), p) }) {
			return format
		}
	}
	return ""
}

// formats are the jars of the formats that the job asks for.
func (p *Planner) formats(j *Job) ([]string, error) {
	var jars []string
	for format := range strings.SplitSeq(j.Arguments[argFormats], ",") {
		if format = strings.ToLower(strings.TrimSpace(format)); format == "" {
			continue
		}
		prefixes, known := lakeJars[format]
		if !known {
			return nil, fmt.Errorf("%s knows %s, not %q", argFormats, strings.Join(slices.Sorted(maps.Keys(lakeJars)), ", "), format)
		}
		var found []string
		for _, prefix := range prefixes {
			found = append(found, p.Runtime.Jar(prefix)...)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s asks for %s, whose jars the Spark of this server does not have: "+
				"'reglue spark install --with %s' installs them", argFormats, format, format)
		}
		jars = append(jars, found...)
	}
	return jars, nil
}
