package cli

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// logLine is one line of a job's output.
type logLine struct {
	Time   string `json:"time"`
	Stream string `json:"stream"`
	Text   string `json:"text"`
}

// logMerge reads the files of a job run in the order of their times.
type logMerge struct{ sources []*logSource }

func (m *logMerge) close() {
	for _, s := range m.sources {
		s.close()
	}
}

// read gives the lines that are new to print, and reports whether there was one.
// At the end a last line without a newline counts too.
func (m *logMerge) read(end bool, print func(logLine) error) (bool, error) {
	some := false
	for {
		var first *logSource
		for _, s := range m.sources {
			has, err := s.peek(end)
			if err != nil {
				return some, err
			}
			if has && (first == nil || s.next.Time < first.next.Time) {
				first = s
			}
		}
		if first == nil {
			return some, nil
		}
		some = true
		line := *first.next
		first.next = nil
		if err := print(line); err != nil {
			return some, err
		}
	}
}

// logBlock is how much of a file is read at once.
const logBlock = 64 << 10

// logSource reads one log file as it grows, in blocks: a log may be larger than
// the memory. A file that is not there yet is empty.
type logSource struct {
	path   string
	stderr bool
	file   *os.File
	// rest is what was read and is no line yet, below which no newline is known
	// before searched.
	rest     []byte
	searched int
	next     *logLine
	last     string
}

func (s *logSource) close() {
	if s.file != nil {
		_ = s.file.Close() // it was only read
	}
}

// peek finds the next line, if it is there.
func (s *logSource) peek(end bool) (bool, error) {
	for s.next == nil {
		if i := bytes.IndexByte(s.rest[s.searched:], '\n'); i >= 0 {
			s.take(s.searched+i, 1)
			break
		}
		s.searched = len(s.rest)
		n, err := s.more()
		if err != nil {
			return false, err
		}
		if n == 0 {
			if !end || len(s.rest) == 0 {
				return false, nil
			}
			s.take(len(s.rest), 0)
		}
	}
	return true, nil
}

// take makes a line of the first n bytes and drops what ends it.
func (s *logSource) take(n, ending int) {
	line := s.line(string(s.rest[:n]))
	s.next = &line
	s.rest, s.searched = s.rest[n+ending:], 0
}

// more reads a block and returns its size.
func (s *logSource) more() (int, error) {
	if s.file == nil {
		f, err := os.Open(s.path)
		if errors.Is(err, fs.ErrNotExist) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		s.file = f
	}
	block := make([]byte, logBlock)
	n, err := s.file.Read(block)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	s.rest = append(s.rest, block[:n]...)
	return n, nil
}

// line takes the time off a line; a line without one has that of the one before.
func (s *logSource) line(text string) logLine {
	l := logLine{Stream: streamStdout, Time: s.last, Text: text}
	if s.stderr {
		l.Stream = streamStderr
	}
	stamp, rest, _ := strings.Cut(text, " ")
	if _, err := time.Parse(time.RFC3339Nano, stamp); err == nil {
		l.Time, l.Text, s.last = stamp, rest, stamp
	}
	return l
}
