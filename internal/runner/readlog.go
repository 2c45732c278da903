package runner

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// Line is one line of what a job run wrote.
type Line struct {
	// Time is when its first byte came, RFC 3339; that of the line before where a
	// line has none, empty where there is none before.
	Time   string
	Stderr bool
	Text   string
}

// Position is up to where the files of a job run were read, in bytes.
type Position struct{ Stdout, Stderr int64 }

// Log reads what a job run wrote, in the order of time, as it grows.
type Log struct{ stdout, stderr *logSource }

// Streams says which of a job run's streams are read.
type Streams struct{ Stdout, Stderr bool }

// OpenLog reads the log of a job run from a position on. Its files need not be there
// yet.
func OpenLog(dataDir, id string, which Streams, from Position) *Log {
	stdout, stderr := LogPaths(dataDir, id)
	l := &Log{}
	if which.Stdout {
		l.stdout = &logSource{path: stdout, at: from.Stdout}
	}
	if which.Stderr {
		l.stderr = &logSource{path: stderr, at: from.Stderr, stderr: true}
	}
	return l
}

// Close closes the files.
func (l *Log) Close() {
	for _, s := range l.sources() {
		if s.file != nil {
			_ = s.file.Close() // it was only read
		}
	}
}

func (l *Log) sources() []*logSource {
	var out []*logSource
	for _, s := range []*logSource{l.stdout, l.stderr} {
		if s != nil {
			out = append(out, s)
		}
	}
	return out
}

// Position is behind the last line that Read gave.
func (l *Log) Position() Position {
	var p Position
	if l.stdout != nil {
		p.Stdout = l.stdout.at
	}
	if l.stderr != nil {
		p.Stderr = l.stderr.at
	}
	return p
}

// Read gives the lines that are new, and reports whether there was one. At the end
// a last line without a newline counts too. An error of give ends it and is returned.
func (l *Log) Read(end bool, give func(Line) error) (bool, error) {
	some := false
	for {
		var first *logSource
		for _, s := range l.sources() {
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
		first.next, first.at = nil, first.at+first.size
		if err := give(line); err != nil {
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
	// at is behind the last line that was given.
	at int64
	// rest is what was read and is no line yet, below which no newline is known
	// before searched.
	rest     []byte
	searched int
	// next is the line to give next, of size bytes in the file.
	next *Line
	size int64
	last string
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
	s.next, s.size = &line, int64(n+ending)
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
		if _, err := f.Seek(s.at, io.SeekStart); err != nil {
			return 0, err
		}
	}
	block := make([]byte, logBlock)
	n, err := s.file.Read(block)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	s.rest = append(s.rest, block[:n]...)
	return n, nil
}

// line takes the time off a line.
func (s *logSource) line(text string) Line {
	l := Line{Stderr: s.stderr, Time: s.last, Text: text}
	stamp, rest, _ := strings.Cut(text, " ")
	if _, err := time.Parse(time.RFC3339Nano, stamp); err == nil {
		l.Time, l.Text, s.last = stamp, rest, stamp
	}
	return l
}
