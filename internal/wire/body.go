package wire

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// drainFactor is how many times the limit of a body that is too large is still
// read and thrown away, so that the client is there to read the refusal.
const drainFactor = 4

// limitBody sets until when the body must have arrived. It is lifted only once
// the body has been read whole: until then the HTTP server may still wait for
// the rest of a body that was refused.
func (h *Handler) limitBody(w http.ResponseWriter) {
	setReadDeadline(w, time.Now().Add(cmp.Or(h.BodyTimeout, DefaultBodyTimeout)))
}

// setReadDeadline sets the connection's deadline. A writer without one is not a
// server's.
func setReadDeadline(w http.ResponseWriter, at time.Time) {
	_ = http.NewResponseController(w).SetReadDeadline(at)
}

// readBody reads a body up to the limit.
func (h *Handler) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := cmp.Or(h.MaxBody, DefaultMaxBody)
	var body bytes.Buffer
	size, err := io.Copy(&body, io.LimitReader(r.Body, limit+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		return nil, faultf(http.StatusRequestTimeout, codeRequestTimeout, "the request body did not arrive in time: %d bytes came", size)
	case err != nil:
		return nil, faultf(http.StatusBadRequest, codeSerialization, "the request body broke off after %d bytes", size)
	case size > limit:
		// How this ends changes nothing: the request is refused.
		_, _ = io.CopyN(io.Discard, r.Body, limit*drainFactor)
		w.Header().Set("Connection", "close")
		return nil, faultf(http.StatusRequestEntityTooLarge, codeTooLarge, "the request body is larger than %d bytes", limit)
	}
	setReadDeadline(w, time.Time{})
	return body.Bytes(), nil
}
