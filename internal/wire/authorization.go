package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// authorization is a parsed Authorization header.
type authorization struct {
	accessKey, date, region, service string
	// signedHeaders are lower-case, sorted and distinct.
	signedHeaders []string
	sum           []byte
}

// readAuthorization finds and parses the one Authorization header.
func readAuthorization(r *http.Request) (*authorization, error) {
	headers := r.Header.Values("Authorization")
	switch {
	case len(headers) > 1:
		return nil, incomplete("the request has %d Authorization headers", len(headers))
	case len(headers) == 1 && headers[0] != "":
		return parseAuthorization(headers[0])
	case r.URL.Query().Has("X-Amz-Signature"):
		return nil, incomplete("signatures in the query string are not supported: sign in the Authorization header")
	}
	return nil, faultf(http.StatusBadRequest, codeMissingToken, "Request is missing Authentication Token: sign it with an access key that this server knows")
}

// parseAuthorization reads
//
//	AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=a;b, Signature=HEX
func parseAuthorization(header string) (*authorization, error) {
	scheme, rest, _ := strings.Cut(header, " ")
	if scheme != algorithm {
		return nil, incomplete("the Authorization header must begin with %s, it begins with %.40q", algorithm, scheme)
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := fields[name]; !ok || twice {
			return nil, incomplete("the Authorization header is not a list of Name=Value, each once")
		}
		fields[name] = value
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if fields[name] == "" {
			return nil, incomplete("Authorization header requires '%s' parameter", name)
		}
	}
	auth := &authorization{signedHeaders: strings.Split(fields["SignedHeaders"], ";")}
	if err := auth.credential(fields["Credential"]); err != nil {
		return nil, err
	}
	if !strictlySorted(auth.signedHeaders) {
		return nil, incomplete("the SignedHeaders must be lower-case, sorted and distinct")
	}
	sum, err := hex.DecodeString(fields["Signature"])
	if err != nil || len(sum) != sha256.Size {
		return nil, incomplete("the Signature must be %d hexadecimal digits", 2*sha256.Size)
	}
	auth.sum = sum
	return auth, nil
}

// String returns the header that parses to a.
func (a *authorization) String() string {
	return fmt.Sprintf("%s Credential=%s/%s/%s/%s/%s, SignedHeaders=%s, Signature=%x", algorithm,
		a.accessKey, a.date, a.region, a.service, terminator, strings.Join(a.signedHeaders, ";"), a.sum)
}

// credential takes KEY/DATE/REGION/SERVICE/aws4_request apart from its end, as a
// key may hold a slash.
func (a *authorization) credential(text string) error {
	parts := strings.Split(text, "/")
	n := len(parts)
	if n < 5 || parts[n-1] != terminator || slices.Contains(parts[n-4:], "") || parts[0] == "" {
		return incomplete("the Credential must be KEY/YYYYMMDD/REGION/SERVICE/%s, got %.100q", terminator, text)
	}
	a.accessKey = strings.Join(parts[:n-4], "/")
	a.date, a.region, a.service = parts[n-4], parts[n-3], parts[n-2]
	return nil
}

func strictlySorted(names []string) bool {
	for i, name := range names {
		if name == "" || name != strings.ToLower(name) || i > 0 && names[i-1] >= name {
			return false
		}
	}
	return true
}
