package wire

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// drainFactor is how many times the limit of a body that is too large is still
// read and thrown away, so that the client is there to read the refusal.
const drainFactor = 4

// readBody reads a body up to the limit.
func (h *Handler) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := h.MaxBody
	if limit == 0 {
		limit = DefaultMaxBody
	}
	// A writer without deadlines is a test's; a server's has them.
	deadline := http.NewResponseController(w)
	_ = deadline.SetReadDeadline(time.Now().Add(bodyTimeout))
	defer func() { _ = deadline.SetReadDeadline(time.Time{}) }()

	var body bytes.Buffer
	if r.ContentLength > 0 && r.ContentLength <= limit {
		body.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	size, err := io.Copy(&body, io.LimitReader(r.Body, limit+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, faultf(http.StatusRequestTimeout, codeRequestTimeout, "the request body did not arrive within %s", bodyTimeout)
	case err != nil:
		return nil, faultf(http.StatusBadRequest, codeSerialization, "the request body broke off after %d bytes", size)
	case size > limit:
		// How this ends changes nothing: the request is refused.
		_, _ = io.CopyN(io.Discard, r.Body, limit*drainFactor)
		w.Header().Set("Connection", "close")
		return nil, faultf(http.StatusRequestEntityTooLarge, codeTooLarge, "the request body is larger than %d bytes", limit)
	}
	return body.Bytes(), nil
}
