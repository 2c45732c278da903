package console

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/runner"
)

// Log is where the log of a job run is.
type Log struct {
	// Folder is the data folder that it is in; empty when it is elsewhere, as
	// Text says, with the Command that shows it.
	Folder        string
	Text, Command string
	// Over reports whether the job run is over: then its log is whole.
	Over func(context.Context) bool
}

const (
	// logPoll is how often a log that grows is looked at.
	logPoll = 200 * time.Millisecond
	// An event holds at most so many lines, and about so many bytes of them.
	maxLines, maxLineBytes = 1000, 128 << 10
)

type (
	logLine struct {
		Time   int64 // Unix milliseconds, 0 when it is not known
		Stream string
		Text   string
	}
	noLogEvent struct{ Text, Command string }
	endEvent   struct{ Lines int }
)

const (
	streamBoth   = "both"
	streamStdout = "stdout"
	streamStderr = "stderr"
)

// log streams the log of a job run until that is over.
func (c *Console) log(w http.ResponseWriter, r *http.Request) {
	found, which, err := c.findLog(r)
	if err != nil {
		c.opt.Wire.Refuse(w, err)
		return
	}
	s, err := openStream(w)
	if err != nil {
		return
	}
	if found.Folder == "" {
		_ = s.event("none", "", noLogEvent{found.Text, found.Command}) // the last that is sent
		return
	}
	f := &follower{stream: s}
	var from runner.Position
	// What is no id of ours begins anew.
	_, _ = fmt.Sscanf(r.Header.Get("Last-Event-Id"), logID, &from.Stdout, &from.Stderr, &f.lines)
	f.log = runner.OpenLog(found.Folder, r.PathValue("id"), which, from)
	defer f.log.Close()
	_ = f.follow(r.Context(), found.Over) // a client that has gone gets no more
}

// findLog finds the log that is asked for.
func (c *Console) findLog(r *http.Request) (*Log, runner.Streams, error) {
	stream := cmp.Or(r.URL.Query().Get("stream"), streamBoth)
	if stream != streamBoth && stream != streamStdout && stream != streamStderr {
		return nil, runner.Streams{}, glue.Errorf(glue.Validation, "stream must be both, stdout or stderr, not %.40q", stream)
	}
	found, err := c.opt.Log(r.Context(), r.PathValue("id"), r.URL.Query().Get("job"))
	return found, runner.Streams{Stdout: stream != streamStderr, Stderr: stream != streamStdout}, err
}

// logID is the id of an event: the position behind its lines, and how many there
// were until then.
const logID = "%d-%d-%d"

// follower sends a log as it grows.
type follower struct {
	*stream
	log   *runner.Log
	lines int
	// batch is what is read and not sent, of so many bytes.
	batch []logLine
	bytes int
}

func (f *follower) follow(ctx context.Context, over func(context.Context) bool) error {
	quiet := time.Now()
	for {
		// Asked before reading: what was written before the end is then read.
		ended := over(ctx)
		some, err := f.log.Read(ended, f.add)
		if err == nil {
			err = f.send()
		}
		switch {
		case err != nil || ctx.Err() != nil:
			return err
		case ended:
			return f.event("end", f.id(), endEvent{f.lines})
		case some:
			quiet = time.Now()
		case time.Since(quiet) > pulse:
			quiet = time.Now()
			if err := f.pulse(); err != nil {
				return err
			}
		}
		wait(ctx, logPoll)
	}
}

func (f *follower) add(l runner.Line) error {
	line := logLine{Stream: streamStdout, Text: l.Text}
	if l.Stderr {
		line.Stream = streamStderr
	}
	if at, err := time.Parse(time.RFC3339Nano, l.Time); err == nil {
		line.Time = at.UnixMilli()
	}
	f.batch = append(f.batch, line)
	f.lines++
	if f.bytes += len(l.Text); len(f.batch) < maxLines && f.bytes < maxLineBytes {
		return nil
	}
	return f.send()
}

func (f *follower) id() string {
	p := f.log.Position()
	return fmt.Sprintf(logID, p.Stdout, p.Stderr, f.lines)
}

// send sends what was added.
func (f *follower) send() error {
	if len(f.batch) == 0 {
		return nil
	}
	err := f.event("lines", f.id(), f.batch)
	f.batch, f.bytes = f.batch[:0], 0
	return err
}

// download sends what there is of a log as a text file.
func (c *Console) download(w http.ResponseWriter, r *http.Request) {
	found, which, err := c.findLog(r)
	if err == nil && found.Folder == "" {
		err = glue.Errorf(glue.EntityNotFound, "%s: %s", found.Text, found.Command)
	}
	if err != nil {
		c.opt.Wire.Refuse(w, err)
		return
	}
	id := r.PathValue("id")
	log := runner.OpenLog(found.Folder, id, which, runner.Position{})
	defer log.Close()
	protect(w.Header())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", id+".log"))
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	out := bufio.NewWriterSize(deadlineWriter{w, control}, maxLineBytes)
	_, err = log.Read(true, func(l runner.Line) error {
		mark := "  "
		if l.Stderr {
			mark = "! "
		}
		_, err := fmt.Fprintf(out, "%s %s%s\n", l.Time, mark, l.Text)
		return err
	})
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		panic(http.ErrAbortHandler) // so that what came is not taken for the whole
	}
	_ = control.SetWriteDeadline(time.Time{}) // a writer without one is not a server's
}

// deadlineWriter gives each write its time.
type deadlineWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (w deadlineWriter) Write(p []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(writeLimit)) // a writer without one is not a server's
	return w.ResponseWriter.Write(p)
}
