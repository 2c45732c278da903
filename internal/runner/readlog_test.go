package runner

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLogsInOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, errs := LogPaths(dir, "jr_1")
	if err := os.MkdirAll(filepath.Dir(out), 0o700); err != nil {
		t.Fatal(err)
	}
	add := func(path, text string) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	both := Streams{Stdout: true, Stderr: true}
	l := OpenLog(dir, "jr_1", both, Position{})
	defer l.Close()
	var after []Position // of each line
	from := func(l *Log, end bool) string {
		var texts []string
		some, err := l.Read(end, func(line Line) error {
			stream := "out:"
			if line.Stderr {
				stream = "err:"
			}
			texts, after = append(texts, stream+line.Text), append(after, l.Position())
			return nil
		})
		if err != nil || some != (len(texts) > 0) {
			t.Fatal(some, err)
		}
		return strings.Join(texts, "|")
	}
	read := func(end bool) string { return from(l, end) }
	if got := read(false); got != "" {
		t.Errorf("before there are files: %q", got)
	}
	add(out, "2026-01-01T00:00:01.000Z one\n2026-01-01T00:00:03.000Z three\n2026-01-01T00:00:05.000Z fi")
	add(errs, "2026-01-01T00:00:02.000Z two\n[a mark without a time]\n")
	if got := read(false); got != "out:one|err:two|err:[a mark without a time]|out:three" {
		t.Errorf("got %q", got)
	}
	add(out, "ve")
	if got := read(false); got != "" {
		t.Errorf("half a line: %q", got)
	}
	if got := read(true); got != "out:five" {
		t.Errorf("the end without a newline: %q", got)
	}
	// From behind any line the rest is read, and nothing twice.
	for i, want := range []string{
		"err:two|err:[a mark without a time]|out:three|out:five", "err:[a mark without a time]|out:three|out:five", "out:three|out:five", "out:five", "",
	} {
		again := OpenLog(dir, "jr_1", both, after[i])
		if got := from(again, true); got != want {
			t.Errorf("after %d lines: %q", i+1, got)
		}
		again.Close()
	}
	only := OpenLog(dir, "jr_1", Streams{Stderr: true}, Position{})
	defer only.Close()
	if got := from(only, true); got != "err:two|err:[a mark without a time]" {
		t.Errorf("one stream: %q", got)
	}
}
