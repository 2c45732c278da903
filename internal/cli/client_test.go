package cli

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

// service answers the n-th request, from 1.
func service(t *testing.T, answer func(n int32, w http.ResponseWriter, r *http.Request)) (url string, requests *atomic.Int32) {
	t.Helper()
	requests = &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(requests.Add(1), w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

func refuse(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func TestCallRepeatsUnderOneInvocation(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	var attempts []string
	url, requests := service(t, func(n int32, w http.ResponseWriter, r *http.Request) {
		ids[r.Header.Get("Amz-Sdk-Invocation-Id")] = true
		attempts = append(attempts, r.Header.Get("Amz-Sdk-Request"))
		switch n {
		case 1:
			refuse(w, http.StatusInternalServerError, `{"__type":"InternalServiceException","Message":"oops"}`)
		case 2:
			w.Header().Set("Content-Length", "100") // the answer breaks off
			refuse(w, http.StatusOK, `{"RunId":`)
		default:
			refuse(w, http.StatusOK, `{"RunId":"wr_1"}`)
		}
	})
	out, err := call[glue.StartWorkflowRunResponse](t.Context(), newHTTPCaller(url, nil, "us-east-1"), "StartWorkflowRun",
		&glue.StartWorkflowRunRequest{Name: "w"})
	if err != nil || out.RunId != "wr_1" {
		t.Fatalf("got %+v, %v", out, err)
	}
	if requests.Load() != 3 || len(ids) != 1 || ids[""] {
		t.Errorf("%d requests under %d invocation ids, want 3 under one", requests.Load(), len(ids))
	}
	if diff := cmp.Diff([]string{"attempt=1; max=3", "attempt=2; max=3", "attempt=3; max=3"}, attempts); diff != "" {
		t.Error(diff)
	}
}

func TestCallThrottled(t *testing.T) {
	t.Parallel()
	url, requests := service(t, func(n int32, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			refuse(w, http.StatusBadRequest, `{"__type":"ThrottlingException","message":"slow down"}`)
			return
		}
		refuse(w, http.StatusOK, `{}`)
	})
	if err := newHTTPCaller(url, nil, "").Call(t.Context(), "ListWorkflows", struct{}{}, nil); err != nil {
		t.Fatal(err)
	}
	if requests.Load() != 2 {
		t.Errorf("%d requests, want 2", requests.Load())
	}
}

func TestCallErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status       int
		header, body string
		want         *glue.Error
	}{
		"type": {400, "", `{"__type":"EntityNotFoundException","Message":"Entity not found"}`,
			&glue.Error{Kind: glue.EntityNotFound, Message: "Entity not found"}},
		"namespace and lower case": {400, "", `{"__type":"com.amazon#IllegalWorkflowStateException:http://x","message":"no"}`,
			&glue.Error{Kind: glue.IllegalWorkflowState, Message: "no"}},
		"header": {400, "InvalidInputException", `{"Message":"bad"}`, &glue.Error{Kind: glue.InvalidInput, Message: "bad"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, requests := service(t, func(_ int32, w http.ResponseWriter, _ *http.Request) {
				if test.header != "" {
					w.Header().Set("X-Amzn-Errortype", test.header)
				}
				refuse(w, test.status, test.body)
			})
			err := newHTTPCaller(url, nil, "").Call(t.Context(), "GetWorkflow", struct{}{}, nil)
			var got *glue.Error
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want a glue error", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if requests.Load() != 1 {
				t.Errorf("a refusal was repeated: %d requests", requests.Load())
			}
		})
	}
}

func TestCallNoGlueThere(t *testing.T) {
	t.Parallel()
	url, _ := service(t, func(_ int32, w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "<html>") })
	err := newHTTPCaller(url, nil, "").Call(t.Context(), "GetWorkflow", struct{}{}, nil)
	if err == nil || !strings.Contains(err.Error(), "is this a Glue endpoint?") {
		t.Errorf("got %v", err)
	}
}

func TestCallCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	url, requests := service(t, func(_ int32, w http.ResponseWriter, _ *http.Request) {
		cancel()
		refuse(w, http.StatusServiceUnavailable, "")
	})
	err := newHTTPCaller(url, nil, "").Call(ctx, "GetWorkflow", struct{}{}, nil)
	if !errors.Is(err, context.Canceled) || requests.Load() != 1 {
		t.Errorf("got %v after %d requests", err, requests.Load())
	}
}

func TestCallSigns(t *testing.T) {
	t.Parallel()
	var header http.Header
	url, _ := service(t, func(_ int32, w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		refuse(w, http.StatusOK, `{}`)
	})
	signed := newHTTPCaller(url, credentials.NewStaticCredentialsProvider("AKID", "secret", "token"), "eu-west-1")
	if err := signed.Call(t.Context(), "ListWorkflows", struct{}{}, nil); err != nil {
		t.Fatal(err)
	}
	has(t, header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKID/", "/eu-west-1/glue/aws4_request", "host", "x-amz-target")
	if header.Get("X-Amz-Security-Token") != "token" {
		t.Error("the session token is missing")
	}
	if err := newHTTPCaller(url, nil, "").Call(t.Context(), "ListWorkflows", struct{}{}, nil); err != nil {
		t.Fatal(err)
	}
	if header.Get("Authorization") != "" {
		t.Error("signed without credentials")
	}
}

func TestRegionEndpoint(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"us-east-1":      "https://glue.us-east-1.amazonaws.com",
		"us-gov-west-1":  "https://glue.us-gov-west-1.amazonaws.com",
		"cn-north-1":     "https://glue.cn-north-1.amazonaws.com.cn",
		"us-iso-east-1":  "https://glue.us-iso-east-1.c2s.ic.gov",
		"us-isob-east-1": "https://glue.us-isob-east-1.sc2s.sgov.gov",
		"eusc-de-east-1": "https://glue.eusc-de-east-1.amazonaws.eu",
	} {
		if got := regionEndpoint(region); got != want {
			t.Errorf("%s: got %s, want %s", region, got, want)
		}
	}
}

// TestProfile calls an account by its profile; the profile names the endpoint,
// as AWS configuration files can.
func TestProfile(t *testing.T) {
	var authorization string
	url, _ := service(t, func(_ int32, w http.ResponseWriter, r *http.Request) {
		authorization = r.Header.Get("Authorization")
		refuse(w, http.StatusOK, `{"Workflows":["nightly"]}`)
	})
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("AWS_CONFIG_FILE", write("config",
		"[profile prod]\nregion = eu-central-1\nservices = here\n[profile lost]\n[services here]\nglue =\n  endpoint_url = "+url+"\n"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", write("credentials",
		"[prod]\naws_access_key_id = PRODKEY\naws_secret_access_key = x\n[lost]\naws_access_key_id = K\naws_secret_access_key = x\n"))
	for _, name := range []string{"AWS_ENDPOINT_URL_GLUE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		t.Setenv(name, "")
	}
	c, err := newAWSCaller(t.Context(), "prod", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range workflowNames(t.Context(), c) {
		if err != nil || name != "nightly" {
			t.Fatal(name, err)
		}
	}
	has(t, authorization, "Credential=PRODKEY/", "/eu-central-1/glue/")

	// The account of a template's AWS::AccountId is asked for as the SDKs do.
	identity := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"))
	}))
	defer identity.Close()
	t.Setenv("AWS_ENDPOINT_URL_STS", identity.URL)
	for _, needed := range []bool{false, true} {
		account, region, err := accountAndRegion(t.Context(), "prod", "", needed)
		if err != nil || needed != (account == "123456789012") || region != "eu-central-1" {
			t.Errorf("account %q in %q: %v", account, region, err)
		}
	}

	if _, err := newAWSCaller(t.Context(), "lost", ""); err == nil || !strings.Contains(err.Error(), "--region") {
		t.Errorf("a profile without a region: %v", err)
	}
	if _, err := newAWSCaller(t.Context(), "nobody", ""); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("a profile that is not there: %v", err)
	}
}
