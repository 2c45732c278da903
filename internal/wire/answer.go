package wire

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/google/uuid"
)

// The error codes that the wire itself uses; SDKs know them.
const (
	codeAccessDenied        = "AccessDeniedException"
	codeIncompleteSignature = "IncompleteSignatureException"
	codeInternal            = "InternalServiceException"
	codeInvalidSignature    = "InvalidSignatureException"
	codeMissingToken        = "MissingAuthenticationTokenException"
	codeRequestTimeout      = "RequestTimeoutException"
	codeSerialization       = "SerializationException"
	codeTooLarge            = "RequestEntityTooLargeException"
	codeUnknownOperation    = "UnknownOperationException"
	codeUnrecognizedClient  = "UnrecognizedClientException"
)

// fault is an error of the wire itself.
type fault struct {
	status  int
	code    string
	message string
}

func (f *fault) Error() string { return f.code + ": " + f.message }

func faultf(status int, code, format string, args ...any) *fault {
	return &fault{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

func internalFault(requestID string) *fault {
	return faultf(http.StatusInternalServerError, codeInternal, "an internal error, in the server's log under request id %s", requestID)
}

// errorBody is how an error is sent. botocore reads the code from __type alone.
type errorBody struct {
	Type    string `json:"__type"`
	Message string `json:"Message"`
}

// answer sends an answer or an error and returns the status that was sent.
func (h *Handler) answer(w http.ResponseWriter, requestID string, answer any, err error) int {
	if err == nil {
		var text []byte
		if text, err = Encode(answer); err == nil {
			return send(w, http.StatusOK, requestID, text)
		}
		h.log().Error("an answer is not JSON", "request_id", requestID, "error", err)
		err = internalFault(requestID)
	}
	var own *fault
	if !errors.As(err, &own) {
		own = new(fault)
		own.status, own.code, own.message = h.Error(err)
		if own.status >= http.StatusInternalServerError {
			h.log().Error("internal error", "request_id", requestID, "error", err)
			own.message = cmp.Or(own.message, internalFault(requestID).message)
		}
	}
	return sendFault(w, requestID, own)
}

// Refuse sends an error as the operations send theirs.
func (h *Handler) Refuse(w http.ResponseWriter, err error) { h.answer(w, uuid.NewString(), nil, err) }

func sendFault(w http.ResponseWriter, requestID string, f *fault) int {
	// Two strings always encode.
	text, _ := Encode(errorBody{Type: f.code, Message: f.message})
	w.Header().Set("X-Amzn-Errortype", f.code)
	return send(w, f.status, requestID, text)
}

func send(w http.ResponseWriter, status int, requestID string, text []byte) int {
	header := w.Header()
	header.Set("Content-Type", "application/x-amz-json-1.1")
	header.Set("Content-Length", strconv.Itoa(len(text)))
	header.Set("X-Amzn-Requestid", requestID)
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// A client that has gone gets no answer; nothing is left to do about it.
	_, _ = w.Write(text)
	return status
}
