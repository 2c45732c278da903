package wire

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// DefaultIdle is how long a session lasts without being used.
	DefaultIdle = 12 * time.Hour
	// maxSessions bounds the sessions; the one unused for longest makes room.
	maxSessions = 1000
)

// Sessions let a browser sign in with one signed request and go on with a cookie
// that its pages can't read. They are kept in memory alone.
type Sessions struct {
	// Cookie is the cookie's name. Cookies of one host are sent to all its ports,
	// so servers on one machine need different names.
	Cookie string
	// Idle is how long a session lasts without being used; zero means DefaultIdle.
	Idle time.Duration

	mu  sync.Mutex
	all map[[sha256.Size]byte]*session // by the hash of what the cookie holds
}

type session struct {
	accessKey string
	used      time.Time
	expiry    *time.Timer
	ended     chan struct{}
}

// begin starts a session and returns what its cookie holds.
func (s *Sessions) begin(accessKey string) string {
	token := rand.Text()
	key := sha256.Sum256([]byte(token))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[[sha256.Size]byte]*session{}
	}
	if len(s.all) >= maxSessions {
		s.end(s.longestUnused())
	}
	s.all[key] = &session{
		accessKey: accessKey, used: time.Now(), ended: make(chan struct{}),
		expiry: time.AfterFunc(s.idle(), func() { s.expire(key) }),
	}
	return token
}

func (s *Sessions) idle() time.Duration { return cmp.Or(s.Idle, DefaultIdle) }

func (s *Sessions) longestUnused() (oldest [sha256.Size]byte) {
	var at time.Time
	for key, session := range s.all {
		if at.IsZero() || session.used.Before(at) {
			oldest, at = key, session.used
		}
	}
	return oldest
}

// expire ends a session, unless it was used since its time was set.
func (s *Sessions) expire(key [sha256.Size]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session := s.all[key]
	if session == nil {
		return
	}
	if left := s.idle() - time.Since(session.used); left > 0 {
		session.expiry.Reset(left)
		return
	}
	s.end(key)
}

// end ends a session; the caller holds mu.
func (s *Sessions) end(key [sha256.Size]byte) {
	if session := s.all[key]; session != nil {
		session.expiry.Stop()
		close(session.ended)
		delete(s.all, key)
	}
}

// of is the live session of a request, nil without one. Only with use does it count
// as used.
func (s *Sessions) of(r *http.Request, use bool) *session {
	if s == nil {
		return nil
	}
	key, ok := s.key(r)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	session := s.all[key]
	if session != nil && use {
		session.used = time.Now()
	}
	return session
}

func (s *Sessions) key(r *http.Request) (key [sha256.Size]byte, ok bool) {
	cookie, err := r.Cookie(s.Cookie)
	if err != nil || cookie.Value == "" {
		return key, false
	}
	return sha256.Sum256([]byte(cookie.Value)), true
}

// SessionHandler signs browsers in and out: a signed POST with the body {} begins a
// session, DELETE ends it.
func (h *Handler) SessionHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h.session(w, r)
		h.answer(w, uuid.NewString(), nil, err)
	})
}

func (h *Handler) session(w http.ResponseWriter, r *http.Request) error {
	if err := h.admitFetch(r); err != nil {
		return err
	}
	if h.Signatures == nil || h.Sessions == nil {
		return faultf(http.StatusNotFound, codeUnknownOperation, "this server asks for no signature, so there is nothing to sign in to")
	}
	switch r.Method {
	case http.MethodPost:
		return h.signIn(w, r)
	case http.MethodDelete:
		h.signOut(w, r)
		return nil
	}
	w.Header().Set("Allow", "POST, DELETE")
	return faultf(http.StatusMethodNotAllowed, codeUnknownOperation, "POST signs in and DELETE signs out")
}

func (h *Handler) signIn(w http.ResponseWriter, r *http.Request) error {
	if err := contentFault(r); err != nil {
		return err
	}
	sig, err := h.Signatures.read(r)
	if err != nil {
		return err
	}
	h.limitBody(w)
	body, err := h.readBody(w, r)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(body)
	if err := sig.verify(r, hex.EncodeToString(hash[:])); err != nil {
		return err
	}
	h.signOut(w, r) // of a session before
	http.SetCookie(w, h.Sessions.cookie(r, h.Sessions.begin(sig.accessKey)))
	return nil
}

func (h *Handler) signOut(w http.ResponseWriter, r *http.Request) {
	if key, ok := h.Sessions.key(r); ok {
		h.Sessions.mu.Lock()
		h.Sessions.end(key)
		h.Sessions.mu.Unlock()
	}
	if r.Method == http.MethodDelete {
		gone := h.Sessions.cookie(r, "")
		gone.MaxAge = -1
		http.SetCookie(w, gone)
	}
}

func (s *Sessions) cookie(r *http.Request, value string) *http.Cookie {
	return &http.Cookie{
		Name: s.Cookie, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"),
	}
}
