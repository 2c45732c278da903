package runner

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// drainTime bounds the wait for output after everything of the job that we can
// see has ended: something that hides may hold the pipe open.
const drainTime = 5 * time.Second

// streams are the standard streams of a job.
type streams struct {
	null     *os.File
	out, err *stream
	wg       sync.WaitGroup
}

// stream is one pipe from the job and the log that it ends in.
type stream struct {
	r    *os.File
	w    int // the job's end, -1 once closed here
	disk *os.File
	file *logFile
}

func openStreams(dir string, limit int64) (*streams, error) {
	var s streams
	var errs [3]error
	s.null, errs[0] = os.Open(os.DevNull)
	s.out, errs[1] = openStream(filepath.Join(dir, stdoutFile), limit)
	s.err, errs[2] = openStream(filepath.Join(dir, stderrFile), limit)
	if err := errors.Join(errs[:]...); err != nil {
		s.close()
		return nil, err
	}
	return &s, nil
}

func openStream(path string, limit int64) (*stream, error) {
	disk, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	r, w, err := pipe()
	if err != nil {
		return nil, errors.Join(err, disk.Close())
	}
	return &stream{r: r, w: w, disk: disk, file: newLogFile(disk, limit)}, nil
}

// copy starts to move output into the logs, once the job has its ends.
func (s *streams) copy() {
	for _, st := range []*stream{s.out, s.err} {
		st.closeWrite()
		s.wg.Go(func() { st.file.copyFrom(st.r) })
	}
}

// drain waits until all output is in the logs.
func (s *streams) drain() {
	end := time.Now().Add(drainTime)
	_ = s.out.r.SetReadDeadline(end) // pipes of ours always take deadlines
	_ = s.err.r.SetReadDeadline(end)
	s.wg.Wait()
}

// markLost notes once more what could not be written, after drain.
func (s *streams) markLost() {
	s.out.file.flushLost()
	s.err.file.flushLost()
}

func (s *streams) close() {
	if s.null != nil {
		_ = s.null.Close()
	}
	for _, st := range []*stream{s.out, s.err} {
		if st != nil {
			st.closeWrite()
			_ = st.r.Close()
			_ = st.disk.Close()
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
