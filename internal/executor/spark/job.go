package spark

import (
	"archive/zip"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/executor"
)

// The commands of Spark jobs.
const (
	CommandETL       = "glueetl"
	CommandStreaming = "gluestreaming"
)

// The special arguments of Glue that decide how Spark is run.
const (
	ArgExtraJars    = "--extra-jars"
	ArgExtraFiles   = "--extra-files"
	ArgTempDir      = "--TempDir"
	argConf         = "--conf"
	argClass        = "--class"
	argLanguage     = "--job-language"
	argUserJars     = "--user-jars-first"
	argUI           = "--enable-spark-ui"
	argEventLogs    = "--spark-event-logs-path"
	argCatalog      = "--enable-glue-datacatalog"
	argFormats      = "--datalake-formats"
	argDriverEnv    = "--customer-driver-env-vars"
	argExecutorEnv  = "--customer-executor-env-vars"
	customerEnv     = "CUSTOMER_"
	languageScala   = "scala"
	scalaSource     = ".scala"
	jarFile         = ".jar"
	switchedOff     = "false"
	catalogOfHive   = "hive"
	confCatalogImpl = "spark.sql.catalogImplementation"
)

// IsJob reports whether a command is one of Spark's.
func IsJob(command string) bool { return command == CommandETL || command == CommandStreaming }

// Job is an attempt of a Spark job with its files on this machine.
type Job struct {
	executor.Spec
	// Script is the copy of its script; Jars, PyFiles and Files are those of its
	// arguments.
	Script               string
	Jars, PyFiles, Files []string
	// Args are what the script gets.
	Args []string
	// Env is the environment without what Spark needs; PYTHONPATH is in it.
	Env map[string]string
	// SessionEnv replaces variables in a Spark that is kept warm for the workflow run.
	SessionEnv map[string]string
	// Scratch is a folder of the attempt for what Spark writes while it runs, Home
	// the folder for what all Spark jobs of the data folder share.
	Scratch, Home string
	// UIPort is a free port, used when the job asks for the UI.
	UIPort int
}

// scala reports whether the job is a program for the JVM.
func (j *Job) scala() bool {
	return strings.EqualFold(j.Arguments[argLanguage], languageScala) || filepath.Ext(j.ScriptLocation) == jarFile ||
		filepath.Ext(j.ScriptLocation) == scalaSource
}

// on reports whether a flag of Glue is given and not switched off: Glue takes it
// with "true" and with no value at all.
func (j *Job) on(name string) bool {
	v, ok := j.Arguments[name]
	return ok && !strings.EqualFold(strings.TrimSpace(v), switchedOff)
}

// primary returns what spark-submit runs, and for Scala the class, and takes a jar
// that is the program out of the job's jars.
func (j *Job) primary() (program, class string, err error) {
	if !j.scala() {
		return j.Script, "", nil
	}
	class = strings.TrimSpace(j.Arguments[argClass])
	if filepath.Ext(j.ScriptLocation) == jarFile {
		return j.Script, class, nil
	}
	if class == "" {
		return "", "", fmt.Errorf("a Scala job needs the argument --class")
	}
	for i, jar := range j.Jars {
		if hasClass(jar, class) {
			j.Jars = slices.Delete(slices.Clone(j.Jars), i, i+1)
			return jar, class, nil
		}
	}
	return "", "", fmt.Errorf("%s is Scala source, which reglue does not compile, and no jar of --extra-jars holds the class %s: "+
		"build a jar (such as with 'sbt package') and name it in --extra-jars or as the script's location", j.ScriptLocation, class)
}

func hasClass(jar, class string) bool {
	r, err := zip.OpenReader(jar)
	if err != nil {
		return false
	}
	defer r.Close()
	want := strings.ReplaceAll(class, ".", "/") + ".class"
	return slices.ContainsFunc(r.File, func(f *zip.File) bool { return f.Name == want })
}

// chained splits the value of --conf, in which Glue lets further ones follow:
// "k=v --conf k2=v2".
var chained = regexp.MustCompile(`(?:^|\s)--conf(?:\s+|=)`)

// conf are the settings of a --conf argument.
func conf(value string) ([][2]string, error) {
	var list [][2]string
	for _, kv := range chained.Split(value, -1) {
		if kv = strings.TrimSpace(kv); kv == "" {
			continue
		}
		k, v, ok := strings.Cut(kv, "=")
		if !ok || strings.ContainsAny(strings.TrimSpace(k), " \t") {
			return nil, fmt.Errorf("--conf is KEY=VALUE, further ones after another --conf, not %q", kv)
		}
		list = append(list, [2]string{strings.TrimSpace(k), unquoted(strings.TrimSpace(v))})
	}
	return list, nil
}

// unquoted takes away the quotes around all of a value.
func unquoted(v string) string {
	if n := len(v); n >= 2 && v[0] == v[n-1] && (v[0] == '"' || v[0] == '\'') {
		return v[1 : n-1]
	}
	return v
}

// envPair finds the settings of CUSTOMER_A=1,CUSTOMER_B="2,3".
var envPair = regexp.MustCompile(`\s*([A-Za-z_]\w*)=("[^"]*"|'[^']*'|[^,]*)(?:,|$)`)

// customerVars are the variables of a --customer-…-env-vars argument.
func customerVars(name, value string) (map[string]string, error) {
	vars := map[string]string{}
	rest := strings.TrimSpace(value)
	for rest != "" {
		m := envPair.FindStringSubmatchIndex(rest)
		if m == nil || m[0] != 0 {
			return nil, fmt.Errorf("%s is CUSTOMER_KEY=VALUE,CUSTOMER_KEY2=\"VALUE2\", not %q", name, value)
		}
		key := rest[m[2]:m[3]]
		if !strings.HasPrefix(key, customerEnv) {
			return nil, fmt.Errorf("%s: the name of %s must begin with %s", name, key, customerEnv)
		}
		vars[key] = strings.Trim(rest[m[4]:m[5]], `"'`)
		rest = rest[m[1]:]
	}
	return vars, nil
}
