package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/uuid"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/wire"
)

const (
	// maxAnswer limits what is read of an answer: room for the graph of a very
	// large run.
	maxAnswer = 1 << 30
	// answerTimeout is longer than a server takes to refuse a request that it
	// can't hand on in time.
	answerTimeout = 75 * time.Second
	dialTimeout   = 5 * time.Second
)

// httpCaller speaks AWS JSON 1.1 to an endpoint. It retries what an AWS SDK
// would, under one invocation id, so that a server that knows the id carries a
// repeated call out once.
type httpCaller struct {
	endpoint string
	creds    aws.CredentialsProvider // nil: no signature
	region   string
	client   *http.Client
	signer   *v4.Signer
	retryer  aws.Retryer
	// owner is the ID of the owner that the calls are for; empty for any server.
	owner string
	// lost is set when a caller wants to know of a lost connection at once.
	lost bool
}

// newHTTPCaller calls the operations of a Glue endpoint. Without credentials the
// requests are not signed.
func newHTTPCaller(endpoint string, creds aws.CredentialsProvider, region string) *httpCaller {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
	transport.ResponseHeaderTimeout = answerTimeout
	if isLoopback(endpoint) {
		transport.Proxy = nil
	}
	return &httpCaller{
		endpoint: endpoint, creds: creds, region: region,
		client: &http.Client{Transport: transport}, signer: v4.NewSigner(), retryer: retry.NewStandard(),
	}
}

func isLoopback(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// Call carries out one operation.
func (c *httpCaller) Call(ctx context.Context, op string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return c.send(ctx, op, uuid.NewString(), body, out)
}

// send sends a request as often as it takes.
func (c *httpCaller) send(ctx context.Context, op, invocation string, body []byte, out any) error {
	for attempt := 1; ; attempt++ {
		err := c.attempt(ctx, op, invocation, attempt, body, out)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if c.lost && isLost(err) {
			return err
		}
		if attempt >= c.retryer.MaxAttempts() || !c.retryer.IsErrorRetryable(err) {
			return c.explain(err)
		}
		delay, delayErr := c.retryer.RetryDelay(attempt, err)
		if delayErr != nil {
			return c.explain(err)
		}
		if err := sleep(ctx, delay); err != nil {
			return err
		}
	}
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// attempt sends the request once.
func (c *httpCaller) attempt(ctx context.Context, op, invocation string, attempt int, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AWSGlue."+op)
	req.Header.Set("Amz-Sdk-Invocation-Id", invocation)
	req.Header.Set("Amz-Sdk-Request", fmt.Sprintf("attempt=%d; max=%d", attempt, c.retryer.MaxAttempts()))
	if c.owner != "" {
		req.Header.Set(ownerHeader, c.owner)
	}
	if err := c.sign(ctx, req, body); err != nil {
		return err
	}
	res, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := readAnswer(res)
	if err != nil {
		return &brokenAnswer{op, err}
	}
	if res.StatusCode == http.StatusMisdirectedRequest && c.owner != "" {
		return &brokenAnswer{op, errors.New(strings.TrimSpace(string(text)))}
	}
	if res.StatusCode != http.StatusOK {
		return answeredError(res, text)
	}
	if out == nil || len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	if err := wire.Decode(text, out); err != nil {
		return fmt.Errorf("the answer to %s is not what Glue answers: %w", op, err)
	}
	return nil
}

// readAnswer reads a body, without growing for it where its length is told.
func readAnswer(res *http.Response) ([]byte, error) {
	var text bytes.Buffer
	text.Grow(int(min(max(0, res.ContentLength), maxAnswer)) + bytes.MinRead)
	_, err := text.ReadFrom(io.LimitReader(res.Body, maxAnswer))
	return text.Bytes(), err
}

func (c *httpCaller) sign(ctx context.Context, req *http.Request, body []byte) error {
	if c.creds == nil {
		return nil
	}
	creds, err := c.creds.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("AWS credentials: %w", err)
	}
	hash := sha256.Sum256(body)
	return c.signer.SignHTTP(ctx, creds, req, hex.EncodeToString(hash[:]), "glue", c.region, time.Now())
}

// explain says of a connection error what it means.
func (c *httpCaller) explain(err error) error {
	var answered *answerError
	if errors.As(err, &answered) {
		return answered.cause
	}
	if strings.Contains(err.Error(), "connection refused") {
		return fmt.Errorf("no server answers at %s: start one with 'reglue serve', or name its URL with --endpoint (%w)", c.endpoint, err)
	}
	return err
}

// brokenAnswer is an answer that broke off. Repeating is safe: the invocation id
// makes the server give the same answer again.
type brokenAnswer struct {
	op  string
	err error
}

func (e *brokenAnswer) Error() string {
	return "the answer to " + e.op + " broke off: " + e.err.Error()
}
func (e *brokenAnswer) Unwrap() error         { return e.err }
func (e *brokenAnswer) ConnectionError() bool { return true }

// answerError is an error that the service answered, in the form in which
// package retry judges it.
type answerError struct {
	cause  *glue.Error
	status int
}

func (e *answerError) Error() string       { return e.cause.Error() }
func (e *answerError) Unwrap() error       { return e.cause }
func (e *answerError) ErrorCode() string   { return string(e.cause.Kind) }
func (e *answerError) HTTPStatusCode() int { return e.status }

// answeredError reads an error body: the code is in __type, or in a header.
func answeredError(res *http.Response, text []byte) error {
	var body struct {
		Type    string `json:"__type"`
		Message string `json:"Message"`
		Lower   string `json:"message"`
	}
	// What is no JSON has no code and is told apart below.
	_ = json.Unmarshal(text, &body)
	code := body.Type
	if code == "" {
		code = res.Header.Get("X-Amzn-Errortype")
	}
	code = code[strings.LastIndexByte(code, '#')+1:]
	code, _, _ = strings.Cut(code, ":")
	message := body.Message
	if message == "" {
		message = body.Lower
	}
	if code == "" {
		code = "HTTP" + strconv.Itoa(res.StatusCode)
		message = fmt.Sprintf("%s answered %s with no Glue error in it; is this a Glue endpoint?", res.Request.URL.Host, res.Status)
	}
	return &answerError{&glue.Error{Kind: glue.Kind(code), Message: message}, res.StatusCode}
}
