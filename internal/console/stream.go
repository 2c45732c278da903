package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	// pulse is how often a stream without news says that it is still there.
	pulse = 15 * time.Second
	// writeLimit is how long a client may take to read what was written.
	writeLimit = 30 * time.Second
)

// stream is an answer of server-sent events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// openStream begins to answer. When the connection is lost the browser tries again
// after a second.
func openStream(w http.ResponseWriter) (*stream, error) {
	protect(w.Header())
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // proxies must not hold it back
	s := &stream{w, http.NewResponseController(w)}
	return s, s.write("retry: 1000\n\n")
}

// event sends an event; an id is where the browser wants to go on from after a lost
// connection.
func (s *stream) event(name, id string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	return s.write(fmt.Sprintf("event: %s\n%sdata: %s\n\n", name, id, text))
}

func (s *stream) pulse() error { return s.write(": still there\n\n") }

func (s *stream) write(text string) error {
	// A writer without a deadline is not a server's.
	_ = s.control.SetWriteDeadline(time.Now().Add(writeLimit))
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	err := s.control.Flush()
	_ = s.control.SetWriteDeadline(time.Time{})
	return err
}
