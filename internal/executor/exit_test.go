package executor

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestOutcome(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		exit  Exit
		state State
		want  string
	}{
		"success":        {Exit{Stderr: "warning\n"}, Succeeded, ""},
		"stopped":        {Exit{Stopped: true, Code: 1}, Stopped, ""},
		"timeout":        {Exit{TimedOut: true, Signal: 9, Timeout: 2 * time.Minute}, TimedOut, "The job run was stopped because it ran longer than its timeout of 2 minutes."},
		"problem":        {Exit{Problem: "no such\nfile"}, Failed, "no such file"},
		"killed":         {Exit{Signal: 9, Code: -1}, Failed, "The process was ended by signal 9 (killed); the system does this when memory runs out, see its log"},
		"code":           {Exit{Code: 3}, Failed, "Command failed with exit code 3"},
		"code, last":     {Exit{Code: 3, Stderr: "a\nlast words\n\n"}, Failed, "Command failed with exit code 3: last words"},
		"handled before": {Exit{Code: 3, Stderr: "Traceback (most recent call last):\n  File\nValueError: x\n"}, Failed, "Command failed with exit code 3: ValueError: x"},
		"cut header":     {Exit{Code: 1, Stderr: "  File \"x\"\nbotocore.exceptions.ClientError: no\n"}, Failed, "botocore.exceptions.ClientError: no"},
	} {
		state, msg := Outcome(tc.exit)
		if state != tc.state || msg != tc.want {
			t.Errorf("%s: got %s %q, want %s %q", name, state, msg, tc.state, tc.want)
		}
	}
}

// TestPythonExceptions takes the text from Python itself.
func TestPythonExceptions(t *testing.T) {
	t.Parallel()
	for program, want := range map[string]string{
		`raise ValueError("x")`:                     "ValueError: x",
		`raise ValueError`:                          "ValueError",
		`raise KeyError("a\nb")`:                    `KeyError: 'a\nb'`,
		`raise ValueError("one\ntwo\nthree: four")`: "ValueError: one",
		`import json; json.loads("{")`:              "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
		"try:\n  1/0\nexcept Exception as e:\n  raise OSError(\"db\") from e": "OSError: db",
		"try:\n  1/0\nexcept Exception:\n  raise OSError(\"db\")":             "OSError: db",
		`assert False`:                                   "AssertionError",
		`def (`:                                          "SyntaxError: invalid syntax",
		`import sys; sys.exit("no input")`:               "Command failed with exit code 1: no input",
		`import sys; sys.exit(1)`:                        "Command failed with exit code 1",
		`import sys; sys.exit(4)`:                        "Command failed with exit code 4",
		`raise SystemExit`:                               "",
		`raise RuntimeError("ü" * 3000)`:                 "RuntimeError: üüü",
		`class E(Exception): pass` + "\nraise E('mine')": "E: mine",
		`raise ExceptionGroup("both", [ValueError("a"), OSError("b")])`:        "ExceptionGroup: both (2 sub-exceptions); first: ValueError: a",
		`raise ExceptionGroup("out", [ExceptionGroup("in", [KeyError("k")])])`: "ExceptionGroup: out (1 sub-exception); first: KeyError: 'k'",
	} {
		cmd := exec.Command("python3", "-c", program)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatalf("python3 is needed by this test: %v", err)
		}
		_, msg := Outcome(Exit{Code: cmd.ProcessState.ExitCode(), Stderr: stderr.String()})
		if strings.HasPrefix(want, "RuntimeError: ü") {
			if len(msg) > messageLimit || len(msg) < messageLimit-4 || !strings.HasPrefix(msg, want) || !strings.HasSuffix(msg, "ü…") {
				t.Errorf("long message: %d bytes", len(msg))
			}
			continue
		}
		if msg != want {
			t.Errorf("%s: got %q, want %q\n%s", program, msg, want, stderr.String())
		}
	}
}
