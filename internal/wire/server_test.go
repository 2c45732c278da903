package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func postWait(url string) (string, error) {
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(`{}`))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AWSGlue.Wait")
	request.Close = true
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}

// waiting is a handler whose operation waits until it is let go, and reports the
// error of its context then.
func waiting(t *testing.T) (h *Handler, entered, letGo chan struct{}) {
	h, _ = newHandler(t, false)
	entered, letGo = make(chan struct{}), make(chan struct{})
	h.Call = func(ctx context.Context, _ string, _ []byte) (any, error) {
		close(entered)
		<-letGo
		return map[string]any{"cancelled": ctx.Err() != nil}, nil
	}
	return h, entered, letGo
}

func TestServerLetsRequestsFinish(t *testing.T) {
	h, entered, letGo := waiting(t)
	url, stop := serve(t, &Server{Handler: h})
	type result struct {
		text string
		err  error
	}
	answered, stopped := make(chan result, 1), make(chan error, 1)
	go func() {
		text, err := postWait(url)
		answered <- result{text, err}
	}()
	<-entered
	go func() { stopped <- stop() }()
	// The listener closes before the request under way ends.
	for {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			break
		}
		conn.Close()
	}
	close(letGo)
	if got := <-answered; got.err != nil || got.text != `{"cancelled":false}` {
		t.Errorf("answer %q, %v", got.text, got.err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestServerCutsOffWhatTakesTooLong(t *testing.T) {
	h, entered, letGo := waiting(t)
	url, stop := serve(t, &Server{Handler: h, Drain: time.Millisecond})
	answered := make(chan error, 1)
	go func() {
		_, err := postWait(url)
		answered <- err
	}()
	<-entered
	if err := stop(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Serve: %v", err)
	}
	if err := <-answered; err == nil {
		t.Error("the request got an answer")
	}
	close(letGo)
}

// A client that goes away does not cancel the operation.
func TestCallOutlivesItsClient(t *testing.T) {
	h, entered, letGo := waiting(t)
	inner, result := h.Call, make(chan any, 1)
	gone := make(chan struct{})
	h.Call = func(ctx context.Context, op string, body []byte) (any, error) {
		answer, err := inner(ctx, op, body)
		result <- answer
		return answer, err
	}
	url, stop := serve(t, &Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		go func() {
			<-r.Context().Done()
			close(gone)
		}()
		h.ServeHTTP(w, r)
	})})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Amz-Target: AWSGlue.Wait\r\nContent-Length: 2\r\n\r\n{}"); err != nil {
		t.Fatal(err)
	}
	<-entered
	conn.Close()
	<-gone
	close(letGo)
	if got := (<-result).(map[string]any); got["cancelled"] != false {
		t.Errorf("the operation saw %v", got)
	}
	if err := stop(); err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestServeReportsABrokenListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := (&Server{Handler: http.NotFoundHandler()}).Serve(t.Context(), l); err == nil {
		t.Error("Serve returned nil")
	}
}

// A client that never sends its body is refused in time and its connection
// closed, whether the body was waited for or not.
func TestSlowBodyIsRefused(t *testing.T) {
	for target, want := range map[string]string{"/": "HTTP/1.1 408 ", "/admin": "HTTP/1.1 404 "} {
		h, service := newHandler(t, false)
		h.BodyTimeout = 50 * time.Millisecond
		url, stop := serve(t, &Server{Handler: h})
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "POST "+target+" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Amz-Target: AWSGlue.GetWorkflow\r\nContent-Length: 20\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), want) {
			t.Errorf("%s: answer %v\n%s", target, err, answer)
		}
		conn.Close()
		if err := stop(); err != nil || len(service.of("GetWorkflow")) != 0 {
			t.Errorf("Serve: %v; or half a body reached Call", err)
		}
	}
}

// The time limit of a body does not outlast it on a connection that is kept.
func TestConnectionIsReusedAfterABody(t *testing.T) {
	h, service := newHandler(t, false)
	h.BodyTimeout = time.Minute
	url, stop := serve(t, &Server{Handler: h})
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	for range 3 {
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(`{"Name":"a"}`))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-Amz-Target", "AWSGlue.GetWorkflow")
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.StatusCode != 200 {
			t.Errorf("status %d", answer.StatusCode)
		}
	}
	client.CloseIdleConnections()
	if err := stop(); err != nil || len(service.of("GetWorkflow")) != 3 {
		t.Errorf("Serve: %v", err)
	}
}
