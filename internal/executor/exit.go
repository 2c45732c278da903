package executor

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

// messageLimit bounds an ErrorMessage, in bytes.
const messageLimit = 2000

// Exit is how the process of an attempt ended, whatever ran it.
type Exit struct {
	Code   int
	Signal int // that ended it, else zero
	// Stopped and TimedOut say that we brought the end about.
	Stopped  bool
	TimedOut bool
	// Timeout is how long it was allowed to run.
	Timeout time.Duration
	// Problem is what kept the process from running or lost it; the rest means
	// nothing then.
	Problem string
	// Stderr is the end of its standard error.
	Stderr string
}

// Outcome is the rule that turns an exit into the state and the ErrorMessage of
// an attempt.
func Outcome(e Exit) (State, string) {
	switch {
	case e.Stopped:
		return Stopped, ""
	case e.TimedOut:
		return TimedOut, fmt.Sprintf("The job run was stopped because it ran longer than its timeout of %s.", span(e.Timeout))
	case e.Problem != "":
		return Failed, clip(e.Problem)
	case e.Signal != 0:
		return Failed, clip(killed(e.Signal))
	case e.Code == 0:
		return Succeeded, ""
	}
	// Python ends with 1 for an exception that nobody caught, so with another
	// code a traceback in the output is not why it failed.
	if e.Code == 1 {
		if msg := exception(e.Stderr); msg != "" {
			return Failed, clip(msg)
		}
	}
	msg := fmt.Sprintf("Command failed with exit code %d", e.Code)
	if last := lastLine(e.Stderr); last != "" {
		msg += ": " + last
	}
	return Failed, clip(msg)
}

func killed(sig int) string {
	s := syscall.Signal(sig)
	msg := fmt.Sprintf("The process was ended by signal %d (%s)", sig, s)
	if s == syscall.SIGKILL {
		msg += "; the system does this when memory runs out, see its log"
	}
	return msg
}

// span writes whole minutes as Glue counts them, and anything else exactly.
func span(d time.Duration) string {
	switch {
	case d == time.Minute:
		return "1 minute"
	case d > 0 && d%time.Minute == 0:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return d.String()
}

var (
	header     = regexp.MustCompile(`^[\s+|-]*(Exception Group )?Traceback \(most recent call last\):$`)
	exceptLine = regexp.MustCompile(`^[A-Za-z_][\w.]*(: .*)?$`)
	errorLine  = regexp.MustCompile(`^([A-Za-z_]\w*\.)*\w*(Error|Exception|Interrupt|Warning|Exit)(: .*)?$`)
)

// exception finds the exception that ended a program of Python or Spark in the end
// of its standard error: the first line of its message, with its type. Of chained
// exceptions of Python that is the last, of a group the group and its first member.
func exception(stderr string) string {
	lines := splitLines(stderr)
	start := -1 // of the last traceback that is not inside a group
	for i, l := range lines {
		if m := header.FindStringSubmatch(l); m != nil && !strings.Contains(l, "|") {
			start = i
		}
	}
	if start < 0 {
		if i := slices.IndexFunc(lines, mainThread.MatchString); i >= 0 {
			if msg := ofJava(lines[i:]); msg != "" {
				return msg
			}
		}
		// The compiler's errors have no traceback.
		if last := lastLine(stderr); errorLine.MatchString(last) {
			return last
		}
		return ""
	}
	if strings.Contains(lines[start], "Exception Group") {
		return group(lines[start+1:])
	}
	for i := start + 1; i < len(lines); i++ {
		if l := lines[i]; l != "" && l[0] != ' ' && l[0] != '\t' {
			if exceptLine.MatchString(l) {
				return ofPython(lines, i)
			}
			return ""
		}
	}
	return ""
}

// group reads what follows the header of an exception group: its own line, and
// the line of the first plain exception in it.
func group(lines []string) string {
	var found []string
	for _, l := range lines {
		bare := strings.TrimLeft(l, " ")
		text, ok := strings.CutPrefix(bare, "| ")
		if !ok || text == "" || text[0] == ' ' || !exceptLine.MatchString(text) {
			continue
		}
		found = append(found, text)
		if len(found) > 1 && !strings.Contains(text, "Group: ") {
			return found[0] + "; first: " + text
		}
	}
	if len(found) > 0 {
		return found[0]
	}
	return ""
}

func lastLine(s string) string {
	lines := splitLines(s)
	for i := len(lines) - 1; i >= 0; i-- {
		if l := strings.TrimSpace(lines[i]); l != "" {
			return l
		}
	}
	return ""
}

func splitLines(s string) []string {
	return strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
}

// clip makes one line of valid text that fits an ErrorMessage.
func clip(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool { return r < ' ' && r != '\t' }), " ")
	if len(s) <= messageLimit {
		return s
	}
	cut := messageLimit - len("…")
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
