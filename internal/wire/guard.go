package wire

import (
	"context"
	"net/http"
)

// SignedIn reports whether a request would be let in, and as whom; without
// signatures everybody is.
func (h *Handler) SignedIn(r *http.Request) (accessKey string, ok bool) {
	if h.Signatures == nil {
		return "", true
	}
	if s := h.Sessions.of(r, false); s != nil {
		return s.accessKey, true
	}
	return "", false
}

// Public protects a handler of pages that shares the port and asks for no signature:
// requests with a foreign Host are refused, and what pages of other origins fetch. A
// link from there may be followed.
func (h *Handler) Public(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		link := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
		err := h.admitHost(r)
		if err == nil && !link {
			err = h.admitFetch(r)
		}
		if err != nil {
			h.Refuse(w, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Private protects a handler likewise, links from elsewhere included, and wants a
// session where signatures are asked for. The request's context ends with the session.
func (h *Handler) Private(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h.admitFetch(r)
		var s *session
		if err == nil && h.Signatures != nil {
			if s = h.Sessions.of(r, true); s == nil {
				err = faultf(http.StatusBadRequest, codeMissingToken, "Request is missing Authentication Token: sign in first")
			}
		}
		switch {
		case err != nil:
			h.Refuse(w, err)
		case s != nil:
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			go func() {
				select {
				case <-s.ended:
					cancel()
				case <-ctx.Done():
				}
			}()
			next.ServeHTTP(w, r.WithContext(ctx))
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (h *Handler) admitHost(r *http.Request) error {
	if h.Signatures == nil && !h.Hosts.Allowed(r.Host) {
		return hostFault(r.Host)
	}
	return nil
}

// admitFetch refuses what pages of other origins fetch, reading included.
func (h *Handler) admitFetch(r *http.Request) error {
	if err := h.admitHost(r); err != nil {
		return err
	}
	asked := r
	if r.Method != http.MethodPost { // the check itself looks at changing methods alone
		asked = r.WithContext(r.Context())
		asked.Method = http.MethodPost
	}
	if err := crossOrigin.Check(asked); err != nil {
		return originFault(err)
	}
	return nil
}
