package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	basicTime  = "20060102T150405Z"
	// maxSkew is how far a signature's time may be from the server's.
	maxSkew = 5 * time.Minute
)

// Signatures checks that requests are signed with Signature Version 4 in the
// Authorization header.
type Signatures struct {
	// Service is the signing name that the credential scope must hold, such
	// as "glue". Any region is accepted.
	Service string
	// Secrets returns the secret key of an access key.
	Secrets func(accessKey string) (secret string, ok bool)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// signature is the checked claim of a request's headers; verify proves it.
type signature struct {
	authorization
	secret string
	at     time.Time
}

// read checks everything that needs no body: the header's form, the scope, the
// key, the time, and that what must be signed is said to be.
func (s *Signatures) read(r *http.Request) (*signature, error) {
	auth, err := readAuthorization(r)
	if err != nil {
		return nil, err
	}
	if auth.service != s.Service {
		return nil, invalid("the credential scope must name the service %q, it names %.40q", s.Service, auth.service)
	}
	secret, ok := s.Secrets(auth.accessKey)
	if !ok || secret == "" {
		return nil, faultf(http.StatusBadRequest, codeUnrecognizedClient,
			"The security token included in the request is invalid: this server does not know the access key %.40q", auth.accessKey)
	}
	at, err := signingTime(r, auth)
	if err != nil {
		return nil, err
	}
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	if err := checkTime(at, now().UTC()); err != nil {
		return nil, err
	}
	if err := checkSigned(r, auth.signedHeaders); err != nil {
		return nil, err
	}
	return &signature{authorization: *auth, secret: secret, at: at}, nil
}

// signingTime is X-Amz-Date, or Date where there is none.
func signingTime(r *http.Request, auth *authorization) (time.Time, error) {
	var at time.Time
	var err error
	name, text := "X-Amz-Date", r.Header.Get("X-Amz-Date")
	if text == "" {
		name, text = "Date", r.Header.Get("Date")
	}
	if text == "" {
		return at, incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header")
	}
	if name == "Date" && !slices.Contains(auth.signedHeaders, "date") {
		return at, invalid("the Date header is not among the SignedHeaders")
	}
	if at, err = time.Parse(basicTime, text); err != nil && name == "Date" {
		at, err = http.ParseTime(text)
	}
	if err != nil {
		return at, incomplete("%s %.60q is not a time such as %s", name, text, basicTime)
	}
	if at = at.UTC(); at.Format("20060102") != auth.date {
		return at, invalid("the date in the credential scope, %.20q, is not that of %s, %.60q", auth.date, name, text)
	}
	return at, nil
}

func checkTime(at, now time.Time) error {
	const hint = "The clocks differ by %s: set the client's or the server's"
	switch skew := now.Sub(at); {
	case skew > maxSkew:
		return invalid("Signature expired: %s is now earlier than %s (%s - 5 min.). "+hint,
			at.Format(basicTime), now.Add(-maxSkew).Format(basicTime), now.Format(basicTime), skew.Round(time.Second))
	case skew < -maxSkew:
		return invalid("Signature not yet current: %s is still later than %s (%s + 5 min.). "+hint,
			at.Format(basicTime), now.Add(maxSkew).Format(basicTime), now.Format(basicTime), -skew.Round(time.Second))
	}
	return nil
}

// checkSigned holds that host and every x-amz-* header are signed, as else they
// could be changed on the way.
func checkSigned(r *http.Request, signed []string) error {
	if !slices.Contains(signed, "host") {
		return invalid("the host header is not among the SignedHeaders")
	}
	for name := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(signed, name) {
			return invalid("the header %.60s is in the request but not among the SignedHeaders", name)
		}
	}
	for _, name := range signed {
		if name != "host" && len(r.Header.Values(name)) == 0 {
			return invalid("the signed header %.60s is not in the request", name)
		}
	}
	return nil
}

// verify compares the signature with that of the request as it arrived.
func (s *signature) verify(r *http.Request, bodyHash string) error {
	if claimed := r.Header.Get("X-Amz-Content-Sha256"); claimed != "" && !hmac.Equal([]byte(claimed), []byte(bodyHash)) {
		return invalid("x-amz-content-sha256 is %.70q, the SHA-256 of the body that arrived is %s", claimed, bodyHash)
	}
	if !hmac.Equal(s.compute(r, bodyHash), s.sum) {
		return invalid("The request signature we calculated does not match the signature you provided. "+
			"Check your AWS Secret Access Key and signing method. Arrived here: host %.100q, path %.100q, body with SHA-256 %s; "+
			"a proxy that changes one of these breaks the signature", r.Host, r.URL.EscapedPath(), bodyHash)
	}
	return nil
}

// compute signs the request as it arrived.
func (s *signature) compute(r *http.Request, bodyHash string) []byte {
	scope := strings.Join([]string{s.date, s.region, s.service, terminator}, "/")
	request := sha256.Sum256([]byte(canonicalRequest(r, s.signedHeaders, bodyHash)))
	toSign := strings.Join([]string{algorithm, s.at.Format(basicTime), scope, hex.EncodeToString(request[:])}, "\n")

	key := []byte("AWS4" + s.secret)
	for _, part := range []string{s.date, s.region, s.service, terminator, toSign} {
		key = mac(key, part)
	}
	return key
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func invalid(format string, args ...any) error {
	return faultf(http.StatusBadRequest, codeInvalidSignature, format, args...)
}

func incomplete(format string, args ...any) error {
	return faultf(http.StatusBadRequest, codeIncompleteSignature, format, args...)
}
