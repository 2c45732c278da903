package console

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reglue/reglue/internal/wire"
)

// told is a watcher that tells what a test says.
type told struct {
	wake   chan struct{}
	mu     sync.Mutex
	unseen []Change
	lost   bool
	closed bool
}

func (w *told) Wake() <-chan struct{} { return w.wake }

func (w *told) Take() ([]Change, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	changes, lost := w.unseen, w.lost
	w.unseen, w.lost = nil, false
	return changes, lost
}

func (w *told) Close() { w.closed = true }

func (w *told) tell(lost bool, changes ...Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unseen, w.lost = append(w.unseen, changes...), lost
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// answer is a recorder that may be read while it is written.
type answer struct {
	*httptest.ResponseRecorder
	mu sync.Mutex
}

func (a *answer) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ResponseRecorder.Write(p)
}

// since is what was written since it was last asked.
func (a *answer) since() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	defer a.Body.Reset()
	return a.Body.String()
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &told{wake: make(chan struct{}, 1)}
		c := New(Options{About: About{Server: "s1"}, Wire: &wire.Handler{}, Watch: func() Watcher { return w }})
		a := &answer{ResponseRecorder: httptest.NewRecorder()}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			c.ServeHTTP(a, httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/console/events", nil))
		}()
		says := func(want string) {
			t.Helper()
			synctest.Wait()
			if got := a.since(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		says("retry: 1000\n\nevent: hello\ndata: {\"Server\":\"s1\"}\n\n")
		w.tell(false, Change{Workflow: "w", Run: "wr_1"}, Change{}, Change{Job: "j", JobRun: "jr_1"})
		says("event: run\ndata: {\"Workflow\":\"w\",\"RunId\":\"wr_1\"}\n\nevent: definitions\ndata: {}\n\nevent: job\ndata: {\"Job\":\"j\",\"JobRunId\":\"jr_1\"}\n\n")
		w.tell(true)
		says("") // at most ten times a second
		<-time.After(eventsPause)
		says("event: lost\ndata: {}\n\n")
		<-time.After(pulse)
		says(": still there\n\n")
		cancel()
		<-ended
		if !w.closed {
			t.Error("it is still watched")
		}
	})
}

func TestCompression(t *testing.T) {
	t.Parallel()
	body := []byte(strings.Repeat("export const x = 1;\n", 1000))
	a := newAsset("dist/assets/index-1a2b.js", body)
	for accepted, want := range map[string]string{
		"": "", "gzip": "gzip", "br, gzip;q=0.8": "gzip", "gzip; q=0": "", "br": "", "GZIP": "gzip",
	} {
		r := httptest.NewRequest(http.MethodGet, "/assets/index-1a2b.js", nil)
		r.Header.Set("Accept-Encoding", accepted)
		w := httptest.NewRecorder()
		a.send(w, r, "no-cache")
		if got := w.Header().Get("Content-Encoding"); got != want || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: encoding %q", accepted, got)
		}
		got := io.Reader(w.Body)
		if want != "" {
			var err error
			if got, err = gzip.NewReader(w.Body); err != nil {
				t.Fatal(err)
			}
		}
		if plain, err := io.ReadAll(got); err != nil || !bytes.Equal(plain, body) {
			t.Errorf("%q: another body: %v", accepted, err)
		}
	}
	if newAsset("x.png", []byte("png")).packed() != nil || newAsset("x.txt", []byte("x")).packed() != nil {
		t.Error("compressed what gets no smaller")
	}
}
