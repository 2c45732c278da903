package wire

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const site = "http://localhost:4780"

// signIn signs in with a key and returns the answer.
func signIn(t *testing.T, h *Handler, key, secret string, change func(*http.Request)) *http.Response {
	t.Helper()
	const body = "{}"
	r := httptest.NewRequest(http.MethodPost, site+"/console/session", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	keys := aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}
	if key != "" {
		if err := v4.NewSigner().SignHTTP(t.Context(), keys, r, hashOf(body), "glue", "us-east-1", time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	r.Header.Set("Content-Length", "2")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.SessionHandler().ServeHTTP(w, r)
	return w.Result()
}

// newSession is a handler with signatures and the cookie of a session.
func newSession(t *testing.T) (*Handler, *service, *http.Cookie) {
	t.Helper()
	h, s := newHandler(t, true)
	h.Sessions = &Sessions{Cookie: "reglue-4780"}
	answer := signIn(t, h, testKey, testSecret, nil)
	if answer.StatusCode != http.StatusOK || len(answer.Cookies()) != 1 {
		t.Fatalf("signed in: %s, %d cookies", answer.Status, len(answer.Cookies()))
	}
	return h, s, answer.Cookies()[0]
}

func with(c *http.Cookie) func(*http.Request) {
	return func(r *http.Request) { r.Host = "localhost:4780"; r.AddCookie(c) }
}

func TestSessionCookie(t *testing.T) {
	h, _, c := newSession(t)
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.Path != "/" || c.MaxAge != 0 || len(c.Value) < 26 {
		t.Errorf("cookie %+v", c)
	}
	again := signIn(t, h, testKey, testSecret, func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") }).Cookies()[0]
	if !again.Secure || again.Value == c.Value {
		t.Errorf("over https: %+v", again)
	}
}

func TestSignInRefused(t *testing.T) {
	h, _, c := newSession(t)
	for name, tt := range map[string]struct {
		key, secret string
		change      func(*http.Request)
		code        string
	}{
		"no signature":      {"", "", nil, codeMissingToken},
		"only a session":    {"", "", with(c), codeMissingToken},
		"another secret":    {testKey, "nope", nil, codeInvalidSignature},
		"an unknown key":    {"AKIANOPE", testSecret, nil, codeUnrecognizedClient},
		"a form":            {testKey, testSecret, header("Content-Type", "application/x-www-form-urlencoded"), codeSerialization},
		"another origin":    {testKey, testSecret, header("Sec-Fetch-Site", "cross-site"), codeAccessDenied},
		"another port":      {testKey, testSecret, header("Sec-Fetch-Site", "same-site"), codeAccessDenied},
		"an older browser":  {testKey, testSecret, header("Origin", "http://evil.example"), codeAccessDenied},
		"GET":               {testKey, testSecret, func(r *http.Request) { r.Method = http.MethodGet }, codeUnknownOperation},
		"of another server": {testKey, testSecret, func(r *http.Request) { r.Host = "other:4780" }, codeInvalidSignature},
	} {
		answer := signIn(t, h, tt.key, tt.secret, tt.change)
		if code := answer.Header.Get("X-Amzn-Errortype"); code != tt.code || len(answer.Cookies()) > 0 {
			t.Errorf("%s: %s %s, %d cookies", name, answer.Status, code, len(answer.Cookies()))
		}
	}
}

// TestSessionsOfNobody holds that a server without signatures keeps none.
func TestSessionsOfNobody(t *testing.T) {
	h, _ := newHandler(t, false)
	answer := signIn(t, h, testKey, testSecret, nil)
	if answer.StatusCode != http.StatusNotFound || len(answer.Cookies()) > 0 {
		t.Errorf("got %s", answer.Status)
	}
}

func TestSessionOpensOperations(t *testing.T) {
	h, s, c := newSession(t)
	if status, code, _ := do(t, h, post(`{"Name":"n"}`, with(c))); status != 200 {
		t.Fatalf("got %d %s", status, code)
	}
	if got := s.of("GetWorkflow")[0].AccessKey; got != testKey {
		t.Errorf("the caller is %q", got)
	}
	forged := *c
	forged.Value = strings.Repeat("A", len(c.Value))
	for name, tt := range map[string]struct {
		change func(*http.Request)
		code   string
	}{
		"without":             {nil, codeMissingToken},
		"forged":              {with(&forged), codeMissingToken},
		"from another origin": {func(r *http.Request) { with(c)(r); r.Header.Set("Sec-Fetch-Site", "same-site") }, codeAccessDenied},
		"as a form":           {func(r *http.Request) { with(c)(r); r.Header.Set("Content-Type", "text/plain") }, codeSerialization},
		"with a bad signature": {func(r *http.Request) {
			with(c)(r)
			r.Header.Set("Authorization", algorithm+" Credential=x")
		}, codeIncompleteSignature},
	} {
		if _, code, _ := do(t, h, post(`{"Name":"n"}`, tt.change)); code != tt.code {
			t.Errorf("%s: %s, want %s", name, code, tt.code)
		}
	}
	if n := len(s.of("GetWorkflow")); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// stream serves a private stream until it ends and tells when it does.
func stream(t *testing.T, h *Handler, c *http.Cookie) (w *httptest.ResponseRecorder, ended chan struct{}) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, site+"/console/events", nil)
	with(c)(r)
	w, ended = httptest.NewRecorder(), make(chan struct{})
	go func() {
		defer close(ended)
		h.Private(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "open")
			<-r.Context().Done()
		})).ServeHTTP(w, r)
	}()
	return w, ended
}

func TestSignOutEndsStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _, c := newSession(t)
		w, ended := stream(t, h, c)
		synctest.Wait()
		if w.Body.String() != "open" {
			t.Fatalf("got %s", w.Body)
		}
		r := httptest.NewRequest(http.MethodDelete, site+"/console/session", nil)
		with(c)(r)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		refused := httptest.NewRecorder()
		h.SessionHandler().ServeHTTP(refused, r)
		if _, ok := h.SignedIn(r); !ok || refused.Code != http.StatusForbidden {
			t.Error("a page of another origin signed out")
		}
		r.Header.Del("Sec-Fetch-Site")
		out := httptest.NewRecorder()
		h.SessionHandler().ServeHTTP(out, r)
		<-ended
		if gone := out.Result().Cookies(); len(gone) != 1 || gone[0].MaxAge >= 0 {
			t.Errorf("cookies %v", gone)
		}
		if _, code, _ := do(t, h, post(`{"Name":"n"}`, with(c))); code != codeMissingToken {
			t.Errorf("signed out: %s", code)
		}
	})
}

func TestSessionExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _, c := newSession(t)
		_, ended := stream(t, h, c)
		<-time.After(DefaultIdle - time.Minute)
		if status, _, _ := do(t, h, post(`{"Name":"n"}`, with(c))); status != 200 {
			t.Fatal("expired too early")
		}
		<-time.After(DefaultIdle - time.Minute)
		r := httptest.NewRequest(http.MethodGet, site+"/", nil)
		with(c)(r)
		if key, ok := h.SignedIn(r); !ok || key != testKey {
			t.Fatal("it was used since it began")
		}
		<-time.After(2 * time.Minute) // to ask who is signed in is no use
		<-ended
		if _, ok := h.SignedIn(r); ok {
			t.Error("still signed in")
		}
		if _, code, _ := do(t, h, post(`{"Name":"n"}`, with(c))); code != codeMissingToken {
			t.Errorf("expired: %s", code)
		}
	})
}

func TestSessionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _, c := newSession(t)
		for range maxSessions {
			<-time.After(time.Second)
			h.Sessions.begin(testKey)
		}
		r := httptest.NewRequest(http.MethodGet, site+"/", nil)
		with(c)(r)
		if _, ok := h.SignedIn(r); ok || len(h.Sessions.all) != maxSessions {
			t.Errorf("%d sessions, the first still there: %v", len(h.Sessions.all), ok)
		}
	})
}

// TestGuards holds who may read pages and streams of a server without signatures.
func TestGuards(t *testing.T) {
	h, _ := newHandler(t, false)
	served := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	browser := func(site, mode, dest string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", site)
			r.Header.Set("Sec-Fetch-Mode", mode)
			r.Header.Set("Sec-Fetch-Dest", dest)
		}
	}
	for name, tt := range map[string]struct {
		change          func(*http.Request)
		public, private int
	}{
		"no browser":             {func(*http.Request) {}, 204, 204},
		"its own page":           {browser("same-origin", "cors", "empty"), 204, 204},
		"typed in":               {browser("none", "navigate", "document"), 204, 204},
		"a link from elsewhere":  {browser("cross-site", "navigate", "document"), 204, 403},
		"a frame from elsewhere": {browser("cross-site", "navigate", "iframe"), 403, 403},
		"fetched from elsewhere": {browser("cross-site", "cors", "empty"), 403, 403},
		"another port":           {browser("same-site", "cors", "empty"), 403, 403},
		"a script elsewhere":     {browser("cross-site", "no-cors", "script"), 403, 403},
		"an older browser":       {header("Origin", "https://evil.example"), 403, 403},
		"a rebound name":         {func(r *http.Request) { r.Host = "evil.example:4780" }, 403, 403},
		"a rebound name, linked": {func(r *http.Request) { browser("same-origin", "navigate", "document")(r); r.Host = "evil.example" }, 403, 403},
		"an allowed name":        {func(r *http.Request) { r.Host = "glue.internal:4780" }, 204, 204},
	} {
		for guard, want := range map[string]int{"public": tt.public, "private": tt.private} {
			r := httptest.NewRequest(http.MethodGet, site+"/", nil)
			tt.change(r)
			w := httptest.NewRecorder()
			if guard == "public" {
				h.Public(served).ServeHTTP(w, r)
			} else {
				h.Private(served).ServeHTTP(w, r)
			}
			if w.Code != want {
				t.Errorf("%s, %s: %d, want %d", name, guard, w.Code, want)
			}
		}
	}
}
