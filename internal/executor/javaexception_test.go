package executor

import (
	"os"
	"path/filepath"
	"testing"
)

// What real Spark jobs wrote, and what of it says why they failed.
func TestExceptionsOfSpark(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"ansi":           "ArithmeticException: [DIVIDE_BY_ZERO] Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error.",
		"chained":        "RuntimeError: could not read orders",
		"chainedjava":    "SparkException: [MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] Malformed records are detected in record parsing: [null].",
		"class":          "SparkClassNotFoundException: [DATA_SOURCE_NOT_FOUND] Failed to find the data source: com.nope.Source. Please find packages at `https://spark.apache.org/third-party-projects.html`.",
		"column":         "AnalysisException: [UNRESOLVED_COLUMN.WITH_SUGGESTION] A column or function parameter with name `nope` cannot be resolved. Did you mean one of the following? [`id`].;",
		"jdbc":           "SQLException: No suitable driver",
		"jvm":            `NumberFormatException: For input string: "zz"`,
		"oom":            "OutOfMemoryError: Java heap space",
		"parse":          "ParseException: [PARSE_SYNTAX_ERROR] Syntax error at or near 'selec'.(line 1, pos 0)",
		"rdd":            "ValueError: bad row 17",
		"save_exists":    `AnalysisException: [PATH_ALREADY_EXISTS] Path file:/srv/etl/out2 already exists. Set mode as "overwrite" to overwrite the existing path.`,
		"stream":         "ValueError: bad event",
		"udf":            "ZeroDivisionError: integer division or modulo by zero",
		"scala-analysis": "AnalysisException: [PATH_NOT_FOUND] Path does not exist: file:/nope/orders.",
		"scala-nested":   `IllegalStateException: cannot read orders.csv; caused by NumberFormatException: For input string: "17,5"`,
		"scala-task":     "IllegalArgumentException: bad order 7",
	} {
		stderr, err := os.ReadFile(filepath.Join("testdata/exceptions", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		if state, message := Outcome(Exit{Code: 1, Stderr: string(stderr)}); state != Failed || message != want {
			t.Errorf("%s: %s %q, want %q", name, state, message, want)
		}
	}
	stderr, err := os.ReadFile("testdata/exceptions/scala-class.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, message := Outcome(Exit{Code: 101, Stderr: string(stderr)}); message != "Command failed with exit code 101: Error: Failed to load class org.apache.spark.examples.Nope." {
		t.Error(message)
	}
}

// A JVM that ran out of memory takes the connection of its driver with it.
func TestExceptionOfALostJVM(t *testing.T) {
	t.Parallel()
	const stderr = `2024-02-29 08:00:00 ERROR Executor: Exception in task 0.0 in stage 0.0 (TID 0)
java.lang.OutOfMemoryError: Java heap space
	at java.base/java.util.Arrays.copyOf(Arrays.java:3537)
Traceback (most recent call last):
  File "/srv/etl/job.py", line 3, in <module>
py4j.protocol.Py4JNetworkError: Answer from Java side is empty
`
	if _, message := Outcome(Exit{Code: 1, Stderr: stderr}); message != "OutOfMemoryError: Java heap space" {
		t.Error(message)
	}
}
