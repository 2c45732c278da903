package wire

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHosts(t *testing.T) {
	hosts := Hosts{"Glue.Internal", "10.0.0.5:4780", ""}
	for host, want := range map[string]bool{
		"localhost": true, "localhost:4780": true, "LOCALHOST.": true, "a.localhost:1": true,
		"127.0.0.1": true, "127.0.0.1:4780": true, "127.8.9.1": true, "[::1]": true, "[::1]:4780": true, "::1": true,
		"[::ffff:127.0.0.1]": true, "glue.internal": true, "glue.internal.:99": true, "10.0.0.5": true,
		"": false, ":4780": false, "evil.example": false, "localhost.evil.example": false, "notlocalhost": false,
		"127.0.0.1.evil.example": false, "0.0.0.0": false, "10.0.0.6": false, "[::]": false, "[fe80::1]": false,
		"x.glue.internal": false, "localhost:1:2": false, "2130706433": false, "127.1": false,
	} {
		if got := hosts.Allowed(host); got != want {
			t.Errorf("Allowed(%q) = %v", host, got)
		}
	}
}

func TestGuardProtectsAnotherHandler(t *testing.T) {
	reached := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for name, tt := range map[string]struct {
		guard  http.Handler
		change func(*http.Request)
		want   int
	}{
		"local":                    {Hosts{}.Guard(reached), nil, http.StatusTeapot},
		"foreign host":             {Hosts{}.Guard(reached), func(r *http.Request) { r.Host = "evil.example" }, http.StatusForbidden},
		"foreign page":             {Hosts{}.Guard(reached), header("Origin", "https://evil.example"), http.StatusForbidden},
		"any host, same origin":    {SameOrigin(reached), func(r *http.Request) { r.Host = "glue.example.org" }, http.StatusTeapot},
		"any host, another origin": {SameOrigin(reached), header("Sec-Fetch-Site", "same-site"), http.StatusForbidden},
	} {
		w := httptest.NewRecorder()
		tt.guard.ServeHTTP(w, post("", tt.change))
		if w.Code != tt.want {
			t.Errorf("%s: status %d, want %d", name, w.Code, tt.want)
		}
	}
}
