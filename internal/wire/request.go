package wire

import (
	"context"
	"net/http"
)

// Request is what the wire knows of a request beside its operation and body.
type Request struct {
	// ID was made here and is sent back as x-amzn-RequestId.
	ID string
	// InvocationID is the client's amz-sdk-invocation-id: the same on every
	// attempt of one call. Empty when the client sent none.
	InvocationID string
	// AccessKey signed the request; empty when no signature was asked for.
	AccessKey string
	// BodyHash is the SHA-256 of the body, in hex.
	BodyHash string
	// JobRun is the id of the job run whose token authorised the request;
	// empty for other callers.
	JobRun string
}

type requestKey struct{}

func withRequest(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestFrom returns the Request of a Call's context, an empty one for other
// contexts.
func RequestFrom(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey{}).(Request)
	return r
}

// maxInvocationID is longer than any SDK's invocation id, which is a UUID.
const maxInvocationID = 128

func invocationID(r *http.Request) string {
	id := r.Header.Get("Amz-Sdk-Invocation-Id")
	if len(id) > maxInvocationID {
		return ""
	}
	return id
}
