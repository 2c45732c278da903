package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

var signedAt = time.Date(2026, 3, 1, 23, 59, 30, 0, time.UTC)

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// signedRequest is a request signed by the AWS SDK's own signer, as a server
// would receive it. prepare changes it before, and sees it before it is signed.
func signedRequest(t *testing.T, body string, prepare func(*http.Request)) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://localhost:4780/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSGlue.GetWorkflow")
	if prepare != nil {
		prepare(r)
	}
	keys := aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret, SessionToken: "token/+=="}
	if err := v4.NewSigner().SignHTTP(t.Context(), keys, r, hashOf(body), "glue", "ap-south-2", signedAt); err != nil {
		t.Fatal(err)
	}
	// As the server has it: the signer signs the length without a header.
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return r
}

// checkSignature does what Handler does with a signed request.
func checkSignature(r *http.Request, now time.Time) error {
	s := &Signatures{Service: "glue", Secrets: secrets, Now: func() time.Time { return now }}
	sig, err := s.read(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	return sig.verify(r, hashOf(string(body)))
}

// The example "get-vanilla" that AWS published with the algorithm.
func TestSignatureOfAWSExample(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "http://example.amazonaws.com/", nil)
	r.Header.Set("X-Amz-Date", "20150830T123600Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
	s := &Signatures{Service: "service", Secrets: secrets, Now: func() time.Time { return time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC) }}
	sig, err := s.read(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := sig.verify(r, hashOf("")); err != nil {
		t.Error(err)
	}
}

func TestSignatureAccepts(t *testing.T) {
	tests := map[string]func(*http.Request){
		"as it is":             nil,
		"no body hash header":  func(r *http.Request) { r.Header.Del("X-Amz-Content-Sha256") },
		"body hash header":     func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", hashOf(`{}`)) },
		"spaces in a header":   func(r *http.Request) { r.Header.Set("X-Amz-Meta", "  a   b  ") },
		"a header twice":       func(r *http.Request) { r.Header["X-Amz-Meta"] = []string{"b", "a"} },
		"an empty header":      func(r *http.Request) { r.Header.Set("X-Amz-Meta", "") },
		"another host":         func(r *http.Request) { r.Host = "glue.example.org" },
		"a query":              func(r *http.Request) { r.URL.RawQuery = "b=2&a=%7E&a=1&c&d=x%20y&e=%2F%2B&A=" },
		"a path":               func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/job/é a/t", "/job/%C3%A9%20a/t" },
		"a slash at the end":   func(r *http.Request) { r.URL.Path = "/job/a/t/" },
		"an unsigned extra":    func(r *http.Request) { r.Header.Set("User-Agent", "x") },
		"a long amzn trace id": func(r *http.Request) { r.Header.Set("X-Amzn-Trace-Id", strings.Repeat("x", 100)) },
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			r := signedRequest(t, `{}`, prepare)
			for _, now := range []time.Time{signedAt, signedAt.Add(maxSkew), signedAt.Add(-maxSkew)} {
				r.Body = io.NopCloser(strings.NewReader(`{}`))
				if err := checkSignature(r, now); err != nil {
					t.Errorf("at %s: %v", now, err)
				}
			}
		})
	}
}

func TestSignatureRefuses(t *testing.T) {
	edit := func(old, replacement string) func(*http.Request) {
		return func(r *http.Request) {
			auth := r.Header.Get("Authorization")
			r.Header.Set("Authorization", strings.Replace(auth, old, replacement, 1))
		}
	}
	tests := []struct {
		name   string
		change func(*http.Request) // after signing
		now    time.Duration       // after signing
		code   string
		reason string
	}{
		{"another body", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"Name":"x"}`)) }, 0, codeInvalidSignature, "body with SHA-256 " + hashOf(`{"Name":"x"}`)},
		{"another target", func(r *http.Request) { r.Header.Set("X-Amz-Target", "AWSGlue.DeleteWorkflow") }, 0, codeInvalidSignature, "does not match"},
		{"another host", func(r *http.Request) { r.Host = "elsewhere" }, 0, codeInvalidSignature, `host "elsewhere"`},
		{"another path", func(r *http.Request) { r.URL.Path = "/job/a/b" }, 0, codeInvalidSignature, `path "/job/a/b"`},
		{"another query", func(r *http.Request) { r.URL.RawQuery = "a=b" }, 0, codeInvalidSignature, "does not match"},
		{"another method", func(r *http.Request) { r.Method = http.MethodPut }, 0, codeInvalidSignature, "does not match"},
		{"another session token", func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "other") }, 0, codeInvalidSignature, "does not match"},
		{"session token removed", func(r *http.Request) { r.Header.Del("X-Amz-Security-Token") }, 0, codeInvalidSignature, "signed header x-amz-security-token is not in the request"},
		{"a header added", func(r *http.Request) { r.Header.Set("X-Amz-Extra", "1") }, 0, codeInvalidSignature, "x-amz-extra is in the request but not among"},
		{"a wrong body hash", func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD") }, 0, codeInvalidSignature, "not among the SignedHeaders"},
		{"a second value", func(r *http.Request) { r.Header.Add("X-Amz-Target", "AWSGlue.DeleteWorkflow") }, 0, codeInvalidSignature, "does not match"},
		{"another region", edit("ap-south-2", "us-east-1"), 0, codeInvalidSignature, "does not match"},
		{"another service", edit("/glue/", "/s3/"), 0, codeInvalidSignature, `must name the service "glue", it names "s3"`},
		{"another day in the scope", edit("/20260301/", "/20260302/"), 0, codeInvalidSignature, `"20260302", is not that of X-Amz-Date`},
		{"host not signed", edit("host;", ""), 0, codeInvalidSignature, "host header is not among"},
		{"unknown key", edit(testKey, "AKIDOTHER"), 0, codeUnrecognizedClient, `does not know the access key "AKIDOTHER"`},
		{"too old", nil, maxSkew + time.Second, codeInvalidSignature, "Signature expired: 20260301T235930Z is now earlier than 20260301T235931Z (20260302T000431Z - 5 min.). The clocks differ by 5m1s"},
		{"from the future", nil, -maxSkew - time.Second, codeInvalidSignature, "Signature not yet current: 20260301T235930Z is still later than 20260301T235929Z (20260301T235429Z + 5 min.). The clocks differ by 5m1s"},
		{"a broken date", func(r *http.Request) { r.Header.Set("X-Amz-Date", "yesterday") }, 0, codeIncompleteSignature, `X-Amz-Date "yesterday" is not a time`},
		{"no date", func(r *http.Request) { r.Header.Del("X-Amz-Date") }, 0, codeIncompleteSignature, "either a 'X-Amz-Date' or a 'Date' header"},
		{"a Date not signed", func(r *http.Request) {
			r.Header.Del("X-Amz-Date")
			r.Header.Set("Date", signedAt.Format(http.TimeFormat))
		}, 0, codeInvalidSignature, "Date header is not among"},
		{"no header", func(r *http.Request) { r.Header.Del("Authorization") }, 0, codeMissingToken, "Request is missing Authentication Token"},
		{"an empty header", func(r *http.Request) { r.Header.Set("Authorization", "") }, 0, codeMissingToken, "Request is missing Authentication Token"},
		{"two headers", func(r *http.Request) { r.Header.Add("Authorization", "x") }, 0, codeIncompleteSignature, "2 Authorization headers"},
		{"another scheme", func(r *http.Request) { r.Header.Set("Authorization", "Basic eDp5") }, 0, codeIncompleteSignature, `it begins with "Basic"`},
		{"SigV4A", edit("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), 0, codeIncompleteSignature, "AWS4-ECDSA-P256-SHA256"},
		{"presigned", func(r *http.Request) {
			r.Header.Del("Authorization")
			r.URL.RawQuery = "X-Amz-Signature=00"
		}, 0, codeIncompleteSignature, "query string are not supported"},
		{"no signature", edit("Signature=", "S="), 0, codeIncompleteSignature, "requires 'Signature'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := signedRequest(t, `{}`, nil)
			if tt.change != nil {
				tt.change(r)
			}
			err := checkSignature(r, signedAt.Add(tt.now))
			var got *fault
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want %s", err, tt.code)
			}
			if got.code != tt.code || got.status != http.StatusBadRequest || !strings.Contains(got.message, tt.reason) {
				t.Errorf("got %d %v\nwant %s: …%s…", got.status, got, tt.code, tt.reason)
			}
			if strings.Contains(got.message, testSecret) {
				t.Error("the message holds the secret key")
			}
		})
	}
}

// A signed body hash that is not the body's is refused even when the signature
// over it is right.
func TestSignatureOverAnotherBodyHash(t *testing.T) {
	r := signedRequest(t, `{}`, func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", hashOf("other")) })
	err := checkSignature(r, signedAt)
	if err == nil || !strings.Contains(err.Error(), "the SHA-256 of the body that arrived is "+hashOf(`{}`)) {
		t.Errorf("got %v", err)
	}
}

func TestSignatureWithDateHeader(t *testing.T) {
	for _, format := range []string{http.TimeFormat, basicTime} {
		r := httptest.NewRequest(http.MethodPost, "http://localhost/", nil)
		r.Header.Set("Date", signedAt.Format(format))
		headers := []string{"date", "host"}
		sig := &signature{authorization: authorization{date: "20260301", region: "r", service: "glue", signedHeaders: headers, accessKey: testKey}, secret: testSecret, at: signedAt}
		sig.sum = sig.compute(r, hashOf(""))
		r.Header.Set("Authorization", sig.String())
		if err := checkSignature(r, signedAt); err != nil {
			t.Errorf("Date as %s: %v", format, err)
		}
	}
}

func TestKeyWithoutSecretIsUnknown(t *testing.T) {
	s := &Signatures{Service: "glue", Secrets: func(string) (string, bool) { return "", true }}
	_, err := s.read(signedRequest(t, `{}`, nil))
	if err == nil || !strings.HasPrefix(err.Error(), codeUnrecognizedClient) {
		t.Errorf("got %v", err)
	}
}

func TestParseAuthorizationRefuses(t *testing.T) {
	const sum = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
	good := "AWS4-HMAC-SHA256 Credential=K/20150830/us-east-1/glue/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + sum
	if _, err := parseAuthorization(good); err != nil {
		t.Fatal(err)
	}
	slashed, err := parseAuthorization(strings.Replace(good, "=K/", "=a/b/c/", 1))
	if err != nil || slashed.accessKey != "a/b/c" || slashed.date != "20150830" {
		t.Errorf("a key with slashes: %+v, %v", slashed, err)
	}
	for _, change := range [][2]string{
		{"/aws4_request", ""}, {"/aws4_request", "/aws3_request"}, {"us-east-1", ""}, {"=K/", "=/"},
		{"host;x-amz-date", "x-amz-date;host"}, {"host;", "Host;"}, {"host;", "host;host;"}, {"host;", "host;;"},
		{"SignedHeaders=host;x-amz-date, ", ""}, {sum, sum[1:]}, {sum, "zz" + sum[2:]}, {sum, sum + ", Signature=" + sum},
		{", SignedHeaders", "; SignedHeaders"}, {"AWS4-HMAC-SHA256 ", ""},
	} {
		header := strings.Replace(good, change[0], change[1], 1)
		if got, err := parseAuthorization(header); err == nil {
			t.Errorf("%s was read as %+v", header, got)
		}
	}
}

func FuzzParseAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=K/20150830/us-east-1/glue/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
	f.Add("AWS4-HMAC-SHA256 Credential=/////aws4_request,SignedHeaders=;,Signature=")
	f.Add("AWS4-HMAC-SHA256 ")
	f.Add("Basic x")
	f.Fuzz(func(t *testing.T, header string) {
		auth, err := parseAuthorization(header)
		if err != nil {
			var refused *fault
			if !errors.As(err, &refused) || refused.code != codeIncompleteSignature || len(refused.message) > 1000 {
				t.Errorf("%q: %v", header, err)
			}
			return
		}
		if len(auth.sum) != sha256.Size || auth.accessKey == "" || auth.date == "" || auth.region == "" || auth.service == "" || !strictlySorted(auth.signedHeaders) {
			t.Errorf("%q was read as %+v", header, auth)
		}
		again, err := parseAuthorization(auth.String())
		if err != nil || again.String() != auth.String() {
			t.Errorf("%q was read as %+v, then as %+v, %v", header, auth, again, err)
		}
	})
}
