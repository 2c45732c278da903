package wire

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	// DefaultMaxBody is the largest request body unless a Handler says
	// otherwise: room for a resume that names 100,000 nodes.
	DefaultMaxBody = 16 << 20
	// DefaultBodyTimeout is how long a client may take to send a body unless a
	// Handler says otherwise.
	DefaultBodyTimeout = 30 * time.Second
)

// Handler answers the requests of one AWS JSON service. Its fields are set once,
// before the first request.
type Handler struct {
	// TargetPrefix is what X-Amz-Target starts with, such as "AWSGlue.".
	TargetPrefix string
	// Call carries out an operation and returns its answer, which is sent as
	// JSON; nil is sent as {}. Its context holds the Request and is not
	// cancelled when the client goes away: a client that has gone still leaves
	// a whole change.
	Call func(ctx context.Context, op string, body []byte) (any, error)
	// Error says how an error of Call is sent. Errors sent with status 500 and
	// above are logged with the request's id; an empty message is then replaced
	// by one that names the id.
	Error func(error) (status int, code, message string)
	// Signatures checks SigV4. Nil asks for no signature; then the Host must be
	// a local one, see Hosts.
	Signatures *Signatures
	// Sessions let in browsers that signed in, beside signatures. Nil: there are
	// none.
	Sessions *Sessions
	// Hosts are accepted beside local ones when no signature is asked for.
	Hosts Hosts
	// JobToken reports whether a token authorises the calls of a job run, which
	// come to /job/{id}/{token} and need no signature. Nil: there are none.
	JobToken func(jobRun, token string) bool
	// MaxBody limits the body in bytes; zero means DefaultMaxBody.
	MaxBody int64
	// BodyTimeout limits how long a body may take to arrive; zero means
	// DefaultBodyTimeout.
	BodyTimeout time.Duration
	// Log gets panics and internal errors, and at debug level each request. Nil
	// means none.
	Log *slog.Logger
}

// ServeHTTP answers one request. Every answer carries a request id.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	h.limitBody(w)
	request := Request{ID: uuid.NewString(), InvocationID: invocationID(r)}
	op, answer, err := h.serve(w, r, &request)
	status := h.answer(w, request.ID, answer, err)
	h.log().Debug("request", "op", op, "request_id", request.ID, "status", status, "took", time.Since(started))
}

// serve checks a request and carries it out.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, request *Request) (op string, answer any, err error) {
	if err := h.admit(w, r, request); err != nil {
		return "", nil, err
	}
	signed := h.Signatures != nil && request.JobRun == ""
	if signed && r.Header.Get("Authorization") == "" {
		if s := h.Sessions.of(r, true); s != nil {
			signed, request.AccessKey = false, s.accessKey
		}
	}
	var sig *signature
	if signed {
		// Before the body is read: nobody unknown makes the server hold much.
		if sig, err = h.Signatures.read(r); err != nil {
			return "", nil, err
		}
	}
	body, err := h.readBody(w, r)
	if err != nil {
		return "", nil, err
	}
	hash := sha256.Sum256(body)
	request.BodyHash = hex.EncodeToString(hash[:])
	if signed {
		if err := sig.verify(r, request.BodyHash); err != nil {
			return "", nil, err
		}
		request.AccessKey = sig.accessKey
	}
	if op, err = h.operation(r); err != nil {
		return "", nil, err
	}
	answer, err = h.call(withRequest(context.WithoutCancel(r.Context()), *request), op, body)
	return op, answer, err
}

// admit refuses what is no AWS JSON request, or comes from a web page, and
// recognises the calls of jobs.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, request *Request) error {
	id, token, ofJob := JobPath(r.URL.Path)
	if r.URL.Path != "/" && r.URL.Path != "" && (!ofJob || h.JobToken == nil) {
		return faultf(http.StatusNotFound, codeUnknownOperation, "nothing is served at this path: AWS clients post to /")
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return faultf(http.StatusMethodNotAllowed, codeUnknownOperation,
			"this address speaks AWS JSON 1.1: POST / with X-Amz-Target %s<Operation>. Give it to an AWS client as the endpoint URL", h.TargetPrefix)
	}
	if err := h.admitFetch(r); err != nil {
		return err
	}
	if ofJob {
		if !h.JobToken(id, token) {
			return faultf(http.StatusBadRequest, codeAccessDenied, "no live job run has this endpoint: it is void once the job run has ended")
		}
		request.JobRun = id
	}
	return contentFault(r)
}

// JobPath takes the path of a job's endpoint, /job/{id}/{token}, apart; a slash may
// follow.
func JobPath(path string) (id, token string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/job/")
	if !ok {
		return "", "", false
	}
	id, token, ok = strings.Cut(strings.TrimSuffix(rest, "/"), "/")
	return id, token, ok && id != "" && token != "" && !strings.Contains(token, "/")
}

// contentFault asks for JSON: a form or plain text can be posted by any web
// page without the browser asking first.
func contentFault(r *http.Request) error {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return faultf(http.StatusUnsupportedMediaType, codeSerialization, "Content-Encoding %.40q is not supported: send the body as it is", encoding)
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/x-amz-json-1.1", "application/x-amz-json-1.0", "application/json":
		if err == nil {
			return nil
		}
	}
	return faultf(http.StatusUnsupportedMediaType, codeSerialization,
		"Content-Type must be application/x-amz-json-1.1, got %.80q", r.Header.Get("Content-Type"))
}

// operation reads the name of the operation from X-Amz-Target.
func (h *Handler) operation(r *http.Request) (string, error) {
	target := r.Header.Get("X-Amz-Target")
	if target == "" {
		return "", faultf(http.StatusBadRequest, codeUnknownOperation, "the header X-Amz-Target is missing: it names the operation, %s<Operation>", h.TargetPrefix)
	}
	op, ok := strings.CutPrefix(target, h.TargetPrefix)
	if !ok || op == "" {
		return "", faultf(http.StatusBadRequest, codeUnknownOperation, "X-Amz-Target %.100q is of another service: this server answers %s<Operation>", target, h.TargetPrefix)
	}
	return op, nil
}

// call runs Call; a panic in it fails this request alone.
func (h *Handler) call(ctx context.Context, op string, body []byte) (answer any, err error) {
	defer func() {
		if p := recover(); p != nil {
			id := RequestFrom(ctx).ID
			h.log().Error("panic in an operation", "op", op, "request_id", id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			answer, err = nil, internalFault(id)
		}
	}()
	return h.Call(ctx, op, body)
}

func (h *Handler) log() *slog.Logger {
	if h.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return h.Log
}
