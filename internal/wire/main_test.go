package wire

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

const (
	testKey    = "AKIDEXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	jobID      = "jr_1"
	jobToken   = "s3cret-token"
	// bodyLimit is small, so that a body over it is quick to send.
	bodyLimit = 1 << 20
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errMissing = errors.New("no such workflow")
	errBusy    = errors.New("the store is busy: secret detail")
	errNoOp    = errors.New("no such operation")
)

// service is a small made-up service behind the wire.
type service struct {
	mu       sync.Mutex
	requests []Request
	ops      []string
}

func (s *service) call(ctx context.Context, op string, body []byte) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, RequestFrom(ctx))
	s.ops = append(s.ops, op)
	var in struct{ Name string }
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	switch op {
	case "GetWorkflow":
		if in.Name == "nope" {
			return nil, errMissing
		}
		return map[string]any{"Workflow": map[string]any{"Name": in.Name, "CreatedOn": json.Number("1578556843.049")}}, nil
	case "StartWorkflowRun":
		if s.count(op) == 1 {
			return nil, errBusy
		}
		return map[string]any{"RunId": RequestFrom(ctx).InvocationID}, nil
	case "StopWorkflowRun":
		return nil, nil
	case "DeleteWorkflow":
		panic("secret detail")
	case "BrokenAnswer":
		return make(chan int), nil
	}
	return nil, errNoOp
}

func (s *service) count(op string) int {
	n := 0
	for _, o := range s.ops {
		if o == op {
			n++
		}
	}
	return n
}

// of returns the requests that called an operation.
func (s *service) of(op string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Request
	for i, o := range s.ops {
		if o == op {
			found = append(found, s.requests[i])
		}
	}
	return found
}

func wording(err error) (status int, code, message string) {
	switch {
	case errors.Is(err, errMissing):
		return 400, "EntityNotFoundException", "Entity not found"
	case errors.Is(err, errBusy):
		return 500, "InternalServiceException", ""
	case errors.Is(err, errNoOp):
		return 400, "UnknownOperationException", "not served"
	}
	return 400, "SerializationException", err.Error()
}

// newHandler returns a handler over a fresh service.
func newHandler(t *testing.T, signed bool) (*Handler, *service) {
	s := new(service)
	h := &Handler{
		TargetPrefix: "AWSGlue.",
		Call:         s.call,
		Error:        wording,
		Hosts:        Hosts{"glue.internal"},
		JobToken:     func(id, token string) bool { return id == jobID && token == jobToken },
		MaxBody:      bodyLimit,
		Log:          slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	if signed {
		h.Signatures = &Signatures{Service: "glue", Secrets: secrets}
	}
	return h, s
}

func secrets(key string) (string, bool) {
	return testSecret, key == testKey
}

// listen serves a handler on loopback and returns its URL.
func listen(t *testing.T, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// serve runs a Server until the returned function is called.
func serve(t *testing.T, s *Server) (url string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	return "http://" + l.Addr().String(), func() error { cancel(); return <-ended }
}
