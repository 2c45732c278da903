package s3

import (
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

func writeXML(w http.ResponseWriter, status int, value any) error {
	b, err := xml.Marshal(value)
	if err != nil {
		return err
	}
	b = append([]byte(xml.Header), b...)
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, err = w.Write(b)
	return err
}

func (h *handler) writeError(w http.ResponseWriter, r *http.Request, err error) {
	status, code, message := http.StatusInternalServerError, "InternalError", err.Error()
	var refused *authError
	var known *gofakes3.ErrorResponse
	var bare gofakes3.Error
	switch {
	case errors.As(err, &refused):
		status, code, message = refused.status, refused.code, refused.message
	case errors.As(err, &known):
		status, code, message = known.Code.Status(), string(known.Code), known.Message
	case errors.As(err, &bare):
		status, code, message = bare.ErrorCode().Status(), string(bare.ErrorCode()), bare.ErrorCode().Message()
	}
	if status == http.StatusInternalServerError {
		h.options.Log.Error("s3: request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if r.Method == http.MethodHead {
		w.WriteHeader(status)
		return
	}
	body := struct {
		XMLName                 xml.Name `xml:"Error"`
		Code, Message, Resource string
	}{Code: code, Message: message, Resource: r.URL.Path}
	if err := writeXML(w, status, body); err != nil {
		h.options.Log.Debug("s3: client has gone", "error", err)
	}
}

// answer finishes headers before they are sent: it takes back gofakes3's
// invitation to every web page to read the answers, and writes the names of
// users' metadata in lower case, as S3 does and clients expect.
type answer struct {
	http.ResponseWriter
	finished bool
}

func (a *answer) finish() {
	if a.finished {
		return
	}
	a.finished = true
	header := a.Header()
	for name, values := range header {
		switch {
		case strings.HasPrefix(name, "Access-Control-"):
			delete(header, name)
		case strings.HasPrefix(name, "X-Amz-Meta-"):
			delete(header, name)
			header[strings.ToLower(name)] = values
		}
	}
}

func (a *answer) WriteHeader(status int) {
	a.finish()
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	a.finish()
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find what lies below.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
