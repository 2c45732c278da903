package spark

import "fmt"

// Version is what a GlueVersion has in AWS, by the Glue developer guide's table of
// Glue versions.
type Version struct {
	Glue, Spark, Python, Java string
}

// Versions are Glue's versions that have Spark, newest first.
var Versions = []Version{
	{"5.1", "3.5.6", "3.11", "17"},
	{"5.0", "3.5.4", "3.11", "17"},
	{"4.0", "3.3.0", "3.10", "8"},
	{"3.0", "3.1.1", "3.7", "8"},
	{"2.0", "2.4.3", "3.7", "8"},
	{"1.0", "2.4.3", "2.7 or 3.6", "8"},
	{"0.9", "2.2.1", "2.7", "8"},
}

// versionOf is what a GlueVersion has; one that is not in the table is taken as it
// is, without a Spark.
func versionOf(glue string) Version {
	for _, v := range Versions {
		if v.Glue == glue {
			return v
		}
	}
	return Version{Glue: glue}
}

// Instead says what a job of that version meets here that it does not meet in AWS;
// empty when there is nothing to tell.
func (v Version) Instead(rt *Runtime) string {
	switch {
	case v.Spark == "" && v.Glue == "":
		return ""
	case v.Spark == "":
		return fmt.Sprintf("Glue %s is not known here", v.Glue)
	case v.Spark == rt.Spark && v.Python == minor(rt.PythonVersion):
		return ""
	case v.Spark == rt.Spark:
		return fmt.Sprintf("Glue %s has Python %s", v.Glue, v.Python)
	}
	return fmt.Sprintf("Glue %s has Spark %s and Python %s", v.Glue, v.Spark, v.Python)
}
