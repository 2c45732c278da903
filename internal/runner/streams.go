package runner

import (
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// drainTime bounds the wait for output after everything of the job that we can
// see has ended: something that hides may hold the pipe open.
const drainTime = 5 * time.Second

// streams are the standard streams of a job.
type streams struct {
	out, err *stream
	open     atomic.Int32  // of the two, those that are copied
	copied   chan struct{} // closed at the end of both
}

// stream is one pipe from the job and the log that it ends in.
type stream struct {
	r    *os.File
	w    int // the job's end, -1 once closed here
	disk *lazyFile
	file *logFile
}

func openStreams(dir string, limit int64) (*streams, error) {
	s := streams{copied: make(chan struct{})}
	var errs [2]error
	s.out, errs[0] = openStream(dir+stdoutSuffix, limit)
	s.err, errs[1] = openStream(dir+stderrSuffix, limit)
	if err := errors.Join(errs[:]...); err != nil {
		s.close()
		return nil, err
	}
	return &s, nil
}

func openStream(path string, limit int64) (*stream, error) {
	r, w, err := pipe()
	if err != nil {
		return nil, err
	}
	disk := &lazyFile{path: path}
	return &stream{r: r, w: w, disk: disk, file: newLogFile(disk, limit)}, nil
}

// lazyFile is a file that is made when something is written to it: many jobs say
// nothing.
type lazyFile struct {
	path string
	file *os.File
}

func (l *lazyFile) Write(p []byte) (int, error) {
	if l.file == nil {
		f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return 0, err
		}
		l.file = f
	}
	return l.file.Write(p)
}

func (l *lazyFile) close() {
	if l.file != nil {
		_ = l.file.Close() // logs are not synced
	}
}

// copy starts to move output into the logs, once the job has its ends.
func (s *streams) copy() {
	s.open.Store(2)
	for _, st := range []*stream{s.out, s.err} {
		st.closeWrite()
		go func() {
			st.file.copyFrom(st.r)
			if s.open.Add(-1) == 0 {
				close(s.copied)
			}
		}()
	}
}

// drain waits until all output is in the logs.
func (s *streams) drain() {
	select {
	case <-s.copied: // mostly, and then no timer wakes anybody
		return
	default:
	}
	end := time.Now().Add(drainTime)
	_ = s.out.r.SetReadDeadline(end) // pipes of ours always take deadlines
	_ = s.err.r.SetReadDeadline(end)
	<-s.copied
}

// markLost notes once more what could not be written, after drain.
func (s *streams) markLost() {
	s.out.file.flushLost()
	s.err.file.flushLost()
}

func (s *streams) close() {
	for _, st := range []*stream{s.out, s.err} {
		if st != nil {
			st.closeWrite()
			_ = st.r.Close()
			st.disk.close()
		}
	}
}

func (st *stream) closeWrite() {
	if st.w >= 0 {
		_ = syscall.Close(st.w)
		st.w = -1
	}
}

// withoutVar is env without one variable.
func withoutVar(env []string, name string) []string {
	kept := make([]string, 0, len(env)+1)
	for _, kv := range env {
		if n, _, _ := cutVar(kv); n != name {
			kept = append(kept, kv)
		}
	}
	return kept
}

func cutVar(kv string) (name, value string, ok bool) { return strings.Cut(kv, "=") }
