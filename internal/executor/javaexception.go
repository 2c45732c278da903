package executor

import (
	"regexp"
	"strings"
)

// A Spark job fails in Python, in the JVM, or in a Python worker of the JVM, and
// each tells of the others: what matters is the innermost that says something.

var (
	mainThread = regexp.MustCompile(`^Exception in thread "[^"]*" (.+)$`)
	// javaError is an exception of Java with its message.
	javaError = regexp.MustCompile(`^((?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*(?:Exception|Error|Throwable|Failure|Interrupt\w*))(?:: (.*))?$`)
	// errorClass begins the messages that Spark writes for users.
	errorClass = regexp.MustCompile(`^\[[A-Z][A-Z0-9_.]+\] `)
	// taskFailure leads to the last failure of the task that ended a Spark job.
	taskFailure = regexp.MustCompile(`most recent failure: Lost task \S+ in stage \S+ \(TID \d+\) \([^)]*\): (.+)$`)
	outOfMemory = regexp.MustCompile(`java\.lang\.(OutOfMemoryError: [^\n]*)`)
)

const (
	py4jCall     = "py4j.protocol.Py4JJavaError: "
	py4jNoAnswer = "py4j.protocol.Py4J"
	causedBy     = "Caused by: "
	// workerTrace ends the line in which a JVM tells of a Python worker's exception.
	workerTrace   = "PythonException: Traceback (most recent call last):"
	pysparkErrors = "pyspark.errors.exceptions."
)

// cause is one exception of a chain.
type cause struct{ class, message string }

func (c cause) String() string {
	name := c.class[strings.LastIndexByte(c.class, '.')+1:]
	if c.message == "" {
		return name
	}
	return name + ": " + c.message
}

// ofPython follows the exception in line at of a Python driver to where it came
// from, if Spark told it; else it is the line itself.
func ofPython(lines []string, at int) string {
	line := lines[at]
	switch {
	case strings.HasPrefix(line, py4jCall), strings.HasPrefix(line, pysparkErrors) && strings.Contains(line, workerTrace):
		if msg := ofWorker(lines[at:]); msg != "" {
			return msg
		}
		if msg := ofJava(lines[at+1:]); msg != "" {
			return msg
		}
	case strings.HasPrefix(line, py4jNoAnswer): // the JVM went away
		if m := outOfMemory.FindAllString(strings.Join(lines, "\n"), -1); m != nil {
			return strings.TrimPrefix(m[len(m)-1], "java.lang.")
		}
	case strings.HasPrefix(line, pysparkErrors):
		name, message, _ := strings.Cut(line, ":")
		if message = strings.TrimSpace(message); message == "" {
			message = nextText(lines[at+1:])
		}
		return cause{name, message}.String()
	}
	return line
}

// ofWorker finds the exception that a Python worker raised.
func ofWorker(lines []string) string {
	for i := len(lines) - 1; i >= 0; i-- {
		if !strings.HasSuffix(lines[i], workerTrace) {
			continue
		}
		for _, l := range lines[i+1:] {
			if l != "" && l[0] != ' ' && l[0] != '\t' {
				if exceptLine.MatchString(l) {
					return l
				}
				break
			}
		}
	}
	return ""
}

// ofJava finds what matters in a printed exception of Java, which begins at the
// first line that is one: the innermost cause that Spark wrote for users, else the
// outermost that is no mere wrapper, with the innermost.
func ofJava(lines []string) string {
	chain := causes(lines)
	if len(chain) == 0 {
		return ""
	}
	for i := len(chain) - 1; i >= 0; i-- {
		if errorClass.MatchString(chain[i].message) {
			return chain[i].String()
		}
	}
	last := chain[len(chain)-1]
	first := last
	for i, c := range chain {
		if i == len(chain)-1 || !wraps(c, chain[i+1]) {
			first = c
			break
		}
	}
	if first == last {
		return last.String()
	}
	return first.String() + "; caused by " + last.String()
}

// causes reads a chain of exceptions. The failure of a task that is quoted in the
// first message counts as one.
func causes(lines []string) []cause {
	var chain []cause
	for _, l := range lines {
		text, inner := strings.CutPrefix(l, causedBy)
		switch m := mainThread.FindStringSubmatch(l); {
		case m != nil:
			text, chain = m[1], nil
		case !inner && len(chain) > 0:
			continue
		case !inner:
			text = strings.TrimPrefix(l, ": ")
		}
		m := javaError.FindStringSubmatch(strings.TrimRight(text, " \t"))
		if m == nil {
			continue
		}
		chain = append(chain, cause{m[1], m[2]})
		if t := taskFailure.FindStringSubmatch(m[2]); t != nil {
			if q := javaError.FindStringSubmatch(t[1]); q != nil {
				chain = append(chain, cause{q[1], q[2]})
			} else {
				chain[len(chain)-1].message = t[1]
			}
		}
	}
	return chain
}

// wrappers are classes that only carry others.
var wrappers = []string{
	"InvocationTargetException", "UndeclaredThrowableException", "ExecutionException", "CompletionException",
	"UncheckedExecutionException", "ExecutionError", "UncheckedIOException", "PrivilegedActionException", "RuntimeException",
}

// wraps reports whether an exception says no more than its cause, or only where in
// Spark it passed.
func wraps(c, inner cause) bool {
	for _, w := range wrappers {
		if strings.HasSuffix(c.class, "."+w) {
			return true
		}
	}
	for _, begin := range []string{"Job aborted", "Exception thrown in awaitResult", "Task failed while writing rows", "Writing job aborted", "Could not execute broadcast"} {
		if strings.HasPrefix(c.message, begin) {
			return true
		}
	}
	return c.message == "" || inner.message != "" && strings.Contains(c.message, inner.message)
}

func nextText(lines []string) string {
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" {
			return l
		}
	}
	return ""
}
