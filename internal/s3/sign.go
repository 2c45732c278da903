package s3

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"
)

const (
	algorithm   = "AWS4-HMAC-SHA256"
	scopeEnd    = "/s3/aws4_request"
	amzTime     = "20060102T150405Z"
	maxSkew     = 15 * time.Minute
	maxValidity = 7 * 24 * time.Hour
	unsigned    = "UNSIGNED-PAYLOAD"
)

// authError is a refusal with S3's code and status.
type authError struct {
	status        int
	code, message string
}

func (e *authError) Error() string { return e.code + ": " + e.message }

func refuse(code, format string, args ...any) error {
	return &authError{http.StatusForbidden, code, fmt.Sprintf(format, args...)}
}

// badSignature refuses a chunk of a body, from where gofakes3 carries the error.
func badSignature(reason string) error {
	return gofakes3.ErrorMessage(gofakes3.ErrBadDigest, "SignatureDoesNotMatch: "+reason)
}

// IsRequest reports whether a request is for S3: its signature, in the header or
// in a presigned URL, is for that service.
func IsRequest(r *http.Request) bool {
	if credential := r.URL.Query().Get("X-Amz-Credential"); credential != "" {
		return strings.HasSuffix(credential, scopeEnd)
	}
	credential, ok := field(r.Header.Get("Authorization"), "Credential")
	return ok && strings.HasSuffix(credential, scopeEnd)
}

// field returns one of the fields of an Authorization header of AWS.
func field(header, name string) (string, bool) {
	rest, ok := strings.CutPrefix(header, algorithm)
	if !ok {
		return "", false
	}
	for part := range strings.SplitSeq(rest, ",") {
		if value, ok := strings.CutPrefix(strings.TrimSpace(part), name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// claim is what a request says of its signature.
type claim struct {
	accessKey, scope, signature string
	headers                     []string // signed, as listed
	time                        time.Time
	payload                     string
	validity                    time.Duration // of a presigned URL; zero for a header
}

func (c claim) presigned() bool { return c.validity > 0 }

// authenticate checks the signature of a request and returns what is needed to
// check the chunks of its body.
func authenticate(r *http.Request, secrets func(string) (string, bool), now time.Time) (*chunkSigner, error) {
	c, err := readClaim(r)
	if err != nil {
		return nil, err
	}
	secret, ok := secrets(c.accessKey)
	if !ok {
		return nil, refuse("InvalidAccessKeyId", "The AWS access key Id you provided does not exist in our records.")
	}
	if err := checkTime(c, now); err != nil {
		return nil, err
	}
	if err := checkSigned(r, c); err != nil {
		return nil, err
	}
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(c.scope, "/") {
		key = sum(key, part)
	}
	request := sha256.Sum256([]byte(canonicalRequest(r, c)))
	stamp := c.time.Format(amzTime)
	want := hex.EncodeToString(sum(key, strings.Join([]string{algorithm, stamp, c.scope, hex.EncodeToString(request[:])}, "\n")))
	if !hmac.Equal([]byte(want), []byte(c.signature)) {
		return nil, refuse("SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided. Check your key and signing method.")
	}
	return &chunkSigner{key: key, stamp: stamp, scope: c.scope, previous: c.signature}, nil
}

func readClaim(r *http.Request) (claim, error) {
	query := r.URL.Query()
	if query.Has("X-Amz-Signature") || query.Has("X-Amz-Credential") {
		return presignedClaim(r, query)
	}
	header := r.Header.Get("Authorization")
	if header == "" {
		return claim{}, refuse("AccessDenied", "Anonymous access is not open: sign the request")
	}
	credential, ok1 := field(header, "Credential")
	headers, ok2 := field(header, "SignedHeaders")
	signature, ok3 := field(header, "Signature")
	when, err := time.Parse(amzTime, r.Header.Get("X-Amz-Date"))
	if !ok1 || !ok2 || !ok3 || err != nil {
		return claim{}, &authError{http.StatusBadRequest, "AuthorizationHeaderMalformed",
			"The authorization header is malformed: it needs " + algorithm + ", Credential, SignedHeaders and Signature, beside the header x-amz-date"}
	}
	c := claim{signature: signature, headers: strings.Split(headers, ";"), time: when, payload: r.Header.Get("X-Amz-Content-Sha256")}
	if c.payload == "" {
		return claim{}, &authError{http.StatusBadRequest, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256"}
	}
	return c.withCredential(credential)
}

func presignedClaim(r *http.Request, query url.Values) (claim, error) {
	malformed := func(what string) (claim, error) {
		return claim{}, &authError{http.StatusBadRequest, "AuthorizationQueryParametersError", what}
	}
	if query.Get("X-Amz-Algorithm") != algorithm {
		return malformed("X-Amz-Algorithm only supports " + algorithm)
	}
	when, err := time.Parse(amzTime, query.Get("X-Amz-Date"))
	if err != nil {
		return malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
	}
	seconds, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	validity := time.Duration(seconds) * time.Second
	if err != nil || validity <= 0 || validity > maxValidity {
		return malformed("X-Amz-Expires must be between 1 and 604800 seconds")
	}
	c := claim{
		signature: query.Get("X-Amz-Signature"), headers: strings.Split(query.Get("X-Amz-SignedHeaders"), ";"),
		time: when, payload: r.Header.Get("X-Amz-Content-Sha256"), validity: validity,
	}
	if c.payload == "" {
		c.payload = unsigned
	}
	return c.withCredential(query.Get("X-Amz-Credential"))
}

func (c claim) withCredential(credential string) (claim, error) {
	key, scope, _ := strings.Cut(credential, "/")
	parts := strings.Split(scope, "/")
	if len(parts) != 4 || parts[0] != c.time.Format("20060102") || !strings.HasSuffix(scope, scopeEnd) {
		return claim{}, &authError{http.StatusBadRequest, "AuthorizationHeaderMalformed",
			"The credential is malformed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/s3/aws4_request\" with the date of x-amz-date"}
	}
	c.accessKey, c.scope = key, scope
	return c, nil
}

func checkTime(c claim, now time.Time) error {
	switch age := now.Sub(c.time); {
	case c.presigned() && age > c.validity:
		return refuse("AccessDenied", "Request has expired")
	case age < -maxSkew, !c.presigned() && age > maxSkew:
		return refuse("RequestTimeTooSkewed", "The difference between the request time and the current time is too large: it is %s here", now.UTC().Format(time.RFC3339))
	}
	return nil
}

// checkSigned demands that the host and every header of AWS are signed.
func checkSigned(r *http.Request, c claim) error {
	if !slices.Contains(c.headers, "host") {
		return refuse("AccessDenied", "The header host is not signed")
	}
	for name := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(c.headers, name) {
			return refuse("AccessDenied", "There were headers present in the request which were not signed: %s", name)
		}
	}
	return nil
}

func canonicalRequest(r *http.Request, c claim) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n" + uriEncode(r.URL.Path, true) + "\n" + canonicalQuery(r.URL.Query()) + "\n")
	for _, name := range c.headers {
		b.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	b.WriteString("\n" + strings.Join(c.headers, ";") + "\n" + c.payload)
	return b.String()
}

// headerValue is a header's value as it is signed; Go keeps some of them apart.
func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	case "transfer-encoding":
		return strings.Join(r.TransferEncoding, ",")
	}
	values := slices.Clone(r.Header.Values(name))
	for i, value := range values {
		values[i] = strings.Join(strings.Fields(value), " ")
	}
	return strings.Join(values, ",")
}

func canonicalQuery(query url.Values) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if name == "X-Amz-Signature" {
			continue
		}
		for _, value := range slices.Sorted(slices.Values(query[name])) {
			pairs = append(pairs, uriEncode(name, false)+"="+uriEncode(value, false))
		}
	}
	return strings.Join(pairs, "&")
}

// uriEncode encodes as AWS signs it: all but letters, digits and -._~ as they are.
func uriEncode(s string, keepSlash bool) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0, keepSlash && c == '/':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func sum(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// chunkSigner checks the signatures of a body's chunks, each of which builds on
// the one before, the first on the request's.
type chunkSigner struct {
	key                    []byte
	stamp, scope, previous string
}

const emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func (s *chunkSigner) check(signature, hash string) error {
	return s.compare(signature, algorithm+"-PAYLOAD", emptySHA256, hash)
}

func (s *chunkSigner) checkTrailer(signature, hash string) error {
	return s.compare(signature, algorithm+"-TRAILER", hash)
}

func (s *chunkSigner) compare(signature, kind string, hashes ...string) error {
	text := strings.Join(append([]string{kind, s.stamp, s.scope, s.previous}, hashes...), "\n")
	want := hex.EncodeToString(sum(s.key, text))
	if !hmac.Equal([]byte(want), []byte(signature)) {
		return badSignature("the signature of a chunk does not match its content")
	}
	s.previous = signature
	return nil
}

// accessKey is the access key that a request names, whether or not its signature
// was checked; empty for none.
func accessKey(r *http.Request) string {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if credential == "" {
		credential, _ = field(r.Header.Get("Authorization"), "Credential")
	}
	key, _, _ := strings.Cut(credential, "/")
	return key
}
