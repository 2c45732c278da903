package runner

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	logTime   = "2006-01-02T15:04:05.000Z"
	lineLimit = 64 << 10 // longer lines are kept in pieces
	tailLimit = 16 << 10
)

// logFile writes what a process says to a file, each line after the time of its
// first byte. It never fails and never blocks on a full disk: what cannot be
// written is counted, and a mark says so where it is missing.
type logFile struct {
	out   io.Writer
	limit int64
	now   func() time.Time

	buf     []byte
	col     int   // bytes of the current line so far
	size    int64 // bytes written
	lost    int64 // bytes that could not be written since the last that could
	lostWhy error
	full    bool
	partial bool // the file does not end with a newline

	tail []byte
}

func newLogFile(out io.Writer, limit int64) *logFile {
	if limit <= 0 {
		limit = DefaultLogLimit
	}
	return &logFile{out: out, limit: limit, now: time.Now}
}

// copyFrom reads until the end of the stream.
func (l *logFile) copyFrom(r io.Reader) {
	chunk := make([]byte, 16<<10)
	for {
		n, err := r.Read(chunk)
		if n > 0 {
			l.write(chunk[:n])
		}
		if err != nil {
			l.flushLost()
			return
		}
	}
}

func (l *logFile) write(p []byte) {
	l.keepTail(p)
	if l.full {
		return
	}
	stamp := l.now().UTC().AppendFormat(nil, logTime+" ")
	l.buf = l.buf[:0]
	for len(p) > 0 {
		if l.col == 0 {
			l.buf = append(l.buf, stamp...)
		}
		piece := p[:min(len(p), lineLimit-l.col)]
		if i := bytes.IndexByte(piece, '\n'); i >= 0 {
			piece = piece[:i]
			l.buf, l.col = append(append(l.buf, piece...), '\n'), 0
			p = p[i+1:]
			continue
		}
		l.buf, l.col = append(l.buf, piece...), l.col+len(piece)
		p = p[len(piece):]
		if l.col == lineLimit {
			l.buf, l.col = append(l.buf, '\n'), 0
		}
	}
	l.put(l.buf)
	if l.size >= l.limit {
		l.full = true
		l.mark(fmt.Sprintf("[reglue: the log has reached its limit of %d bytes; the rest is not kept]", l.limit))
	}
}

// put writes whole output or counts what is missing of it.
func (l *logFile) put(b []byte) {
	if l.lost > 0 && !l.flushLost() {
		l.lost += int64(len(b))
		return
	}
	n, err := l.out.Write(b)
	l.size += int64(n)
	if n > 0 {
		l.partial = b[n-1] != '\n'
	}
	if err != nil {
		l.lost, l.lostWhy = int64(len(b)-n), err
		l.col = 0 // what comes next follows a mark and gets a time again
	}
}

func (l *logFile) flushLost() bool {
	if l.lost == 0 {
		return true
	}
	if !l.mark(fmt.Sprintf("[reglue: %d bytes lost: %v]", l.lost, cause(l.lostWhy))) {
		return false
	}
	l.lost = 0
	return true
}

// mark writes a line of our own.
func (l *logFile) mark(text string) bool {
	line := l.now().UTC().Format(logTime) + " " + text + "\n"
	if l.partial {
		line = "\n" + line
	}
	n, err := io.WriteString(l.out, line)
	l.size += int64(n)
	if n > 0 {
		l.partial = n < len(line)
	}
	return err == nil
}

// keepTail remembers the end of the stream: at least tailLimit bytes of it.
func (l *logFile) keepTail(p []byte) {
	l.tail = append(l.tail, p...)
	if over := len(l.tail) - tailLimit; over > tailLimit {
		l.tail = append(l.tail[:0], l.tail[over:]...)
	}
}

// lastBytes is the end of the stream, up to tailLimit bytes.
func (l *logFile) lastBytes() []byte {
	return l.tail[max(0, len(l.tail)-tailLimit):]
}

// cause strips the operation and the path: the mark stands in the file it names.
func cause(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
