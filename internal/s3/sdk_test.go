package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
)

// client is the official SDK; pathStyle false makes it put buckets into the host.
func client(s server, pathStyle bool) *awss3.Client {
	url := s.URL
	if !pathStyle {
		url = strings.Replace(url, "127.0.0.1", "localhost", 1)
	}
	return awss3.New(awss3.Options{
		BaseEndpoint: aws.String(url), Region: "us-east-1", UsePathStyle: pathStyle, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(testKey, testSecret, "session"),
		HTTPClient:  s.Client(),
	})
}

func TestGoSDK(t *testing.T) {
	t.Parallel()
	s := start(t, true)
	ctx := t.Context()
	c := client(s, true)

	algorithms := append(types.ChecksumAlgorithm("").Values(), "")
	for _, algorithm := range algorithms {
		if slices.Contains([]types.ChecksumAlgorithm{"MD5", "SHA512", "XXHASH64", "XXHASH3", "XXHASH128"}, algorithm) {
			continue
		}
		key := "sum/" + string(algorithm) + "end"
		// A stream that cannot be rewound is sent in chunks with the checksum behind.
		_, err := c.PutObject(ctx, &awss3.PutObjectInput{
			Bucket: aws.String("mapped"), Key: aws.String(key), ChecksumAlgorithm: algorithm,
			Body: strings.NewReader(strings.Repeat("body ", 50000)), Metadata: map[string]string{"who": "go"},
		})
		if err != nil {
			t.Fatalf("%s: %v", algorithm, err)
		}
		got, err := c.GetObject(ctx, &awss3.GetObjectInput{Bucket: aws.String("mapped"), Key: aws.String(key), ChecksumMode: types.ChecksumModeEnabled})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(got.Body)
		if err != nil || string(body) != strings.Repeat("body ", 50000) || got.Metadata["who"] != "go" {
			t.Errorf("%s: %d bytes, metadata %v, %v", algorithm, len(body), got.Metadata, err)
		}
	}

	var noKey *types.NoSuchKey
	if _, err := c.GetObject(ctx, &awss3.GetObjectInput{Bucket: aws.String("mapped"), Key: aws.String("none")}); !errors.As(err, &noKey) {
		t.Errorf("GetObject of nothing = %v, want NoSuchKey", err)
	}
	var notFound *types.NotFound
	if _, err := c.HeadObject(ctx, &awss3.HeadObjectInput{Bucket: aws.String("mapped"), Key: aws.String("none")}); !errors.As(err, &notFound) {
		t.Errorf("HeadObject of nothing = %v, want NotFound", err)
	}
	var noBucket *types.NoSuchBucket
	if _, err := c.ListObjectsV2(ctx, &awss3.ListObjectsV2Input{Bucket: aws.String("none")}); !errors.As(err, &noBucket) {
		t.Errorf("ListObjectsV2 of nothing = %v, want NoSuchBucket", err)
	}
}

func TestGoSDKPages(t *testing.T) {
	t.Parallel()
	s := start(t, true)
	c := client(s, true)
	var want []string
	for _, key := range []string{"a", "b/1", "b/2", "c d/ü", "e"} {
		write(t, s.mapped+"/"+key, key)
		want = append(want, key)
	}
	var got []string
	pages := awss3.NewListObjectsV2Paginator(c, &awss3.ListObjectsV2Input{Bucket: aws.String("mapped"), MaxKeys: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range page.Contents {
			got = append(got, *object.Key)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestBucketInHost uses names such as bucket.localhost, which some clients make
// of an endpoint on localhost.
func TestBucketInHost(t *testing.T) {
	t.Parallel()
	s := start(t, true)
	// Not every system resolves *.localhost; the client's dialer does here.
	s.Client().Transport.(*http.Transport).DialContext = dialTo(s.Listener.Addr().String())
	c := client(s, false)
	_, err := c.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: aws.String("mapped"), Key: aws.String("x/y z"), Body: strings.NewReader("hi")})
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, s.mapped+"/x/y z"); got != "hi" {
		t.Errorf("the file holds %q", got)
	}
}

// TestSignatures alters signed requests: nothing but the request as it was
// signed may pass, and a refused body leaves no object.
func TestSignatures(t *testing.T) {
	t.Parallel()
	s := start(t, true)
	write(t, s.mapped+"/there", "secret")
	tests := []struct {
		name  string
		alter func(*http.Request)
		want  string // in the error
	}{
		{"path", func(r *http.Request) { r.URL.Path += "2"; r.URL.RawPath = "" }, "SignatureDoesNotMatch"},
		{"query", func(r *http.Request) { r.URL.RawQuery += "&partNumber=1" }, "SignatureDoesNotMatch"},
		{"method", func(r *http.Request) { r.Method = http.MethodDelete }, "SignatureDoesNotMatch"},
		{"host", func(r *http.Request) { r.Host = "elsewhere.example" }, "SignatureDoesNotMatch"},
		{"signed header", func(r *http.Request) { r.Header.Set("X-Amz-Meta-A", "altered") }, "SignatureDoesNotMatch"},
		{"added header", func(r *http.Request) { r.Header.Set("X-Amz-Meta-B", "added") }, "AccessDenied"},
		{"body", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("BODY")) }, "BadDigest"},
		{"key", func(r *http.Request) { replaceAuth(r, testKey, "AKIDOTHER") }, "InvalidAccessKeyId"},
		{"scope", func(r *http.Request) { replaceAuth(r, "us-east-1", "us-west-1") }, "SignatureDoesNotMatch"},
		{"date", func(r *http.Request) { r.Header.Set("X-Amz-Date", "20200101T000000Z") }, "AuthorizationHeaderMalformed"},
		{"no header", func(r *http.Request) { r.Header.Del("Authorization"); r.Header.Set("X-Anonymous", "1") }, "AccessDenied"},
		{"nothing", func(*http.Request) {}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := client(s, true)
			_, err := c.PutObject(t.Context(), &awss3.PutObjectInput{
				Bucket: aws.String("mapped"), Key: aws.String("put/" + tt.name), Body: strings.NewReader("body"),
				Metadata: map[string]string{"a": "1"}, ContentLength: aws.Int64(4),
			}, func(o *awss3.Options) { o.HTTPClient = altered{s.Client(), tt.alter} })
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("PutObject = %v, want %s", err, tt.want)
			}
		})
	}
	t.Cleanup(func() {
		if diff := cmp.Diff([]string{"put/nothing", "there"}, names(t, s.mapped)); diff != "" {
			t.Error(diff)
		}
	})
}

func replaceAuth(r *http.Request, from, to string) {
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
}

// altered changes requests after they were signed.
type altered struct {
	*http.Client
	alter func(*http.Request)
}

func (a altered) Do(r *http.Request) (*http.Response, error) {
	a.alter(r)
	return a.Client.Do(r)
}

func TestPresignedExpires(t *testing.T) {
	t.Parallel()
	s := start(t, true)
	write(t, s.mapped+"/there", "x")
	presigner := awss3.NewPresignClient(client(s, true))
	input := &awss3.GetObjectInput{Bucket: aws.String("mapped"), Key: aws.String("there")}
	valid, err := presigner.PresignGetObject(t.Context(), input, awss3.WithPresignExpires(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if status, body := get(t, valid.URL); status != 200 || body != "x" {
		t.Errorf("a valid URL gave %d %q", status, body)
	}
	if status, body := get(t, strings.Replace(valid.URL, "X-Amz-Expires=60", "X-Amz-Expires=600", 1)); status != 403 || !strings.Contains(body, "SignatureDoesNotMatch") {
		t.Errorf("a prolonged URL gave %d %q", status, body)
	}
	if status, body := get(t, strings.Replace(valid.URL, "X-Amz-Expires=60", "X-Amz-Expires=700000", 1)); status != 400 || !strings.Contains(body, "604800") {
		t.Errorf("a URL for too long gave %d %q", status, body)
	}
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, b.String()
}

// dialTo connects to one address whatever the host is.
func dialTo(address string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
}
