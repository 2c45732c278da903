package wire

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// crossOrigin refuses requests that a browser says come from a page of another
// origin. Requests without a browser's headers pass.
var crossOrigin = http.NewCrossOriginProtection()

// Hosts are names that a server without signatures accepts in the Host header
// beside the local ones. A web page whose own name was pointed at 127.0.0.1
// (DNS rebinding) counts as the same origin for the browser; its Host gives it
// away.
type Hosts []string

// Allowed reports whether a Host header, with any port or none, is localhost, a
// name below localhost, a loopback address or one of the hosts.
func (hs Hosts) Allowed(host string) bool {
	name := hostName(host)
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	if addr, err := netip.ParseAddr(name); err == nil && addr.IsLoopback() {
		return true
	}
	return name != "" && slices.ContainsFunc(hs, func(allowed string) bool { return hostName(allowed) == name })
}

// hostName strips the port, the brackets of an IPv6 address and the final dot.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else if name, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(name, "]")
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// Guard protects a handler that shares the port and asks for no signature:
// requests with a foreign Host are refused, and what SameOrigin refuses.
func (hs Hosts) Guard(next http.Handler) http.Handler {
	next = SameOrigin(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hs.Allowed(r.Host) {
			sendFault(w, uuid.NewString(), hostFault(r.Host))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// SameOrigin refuses changing requests that come from web pages of another
// origin.
func SameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := crossOrigin.Check(r); err != nil {
			sendFault(w, uuid.NewString(), originFault(err))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func originFault(reason error) *fault {
	return faultf(http.StatusForbidden, codeAccessDenied, "a web page of another origin may not call this server (%v)", reason)
}

func hostFault(host string) *fault {
	return faultf(http.StatusForbidden, codeAccessDenied,
		"Host %.100q is not a name of this server: use localhost or 127.0.0.1, or start it with --allow-host %.100s", host, hostName(host))
}
