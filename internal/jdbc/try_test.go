package jdbc

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/reglue/reglue/internal/postgrestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTryPostgreSQL(t *testing.T) {
	t.Parallel()
	pg := postgrestest.Start(t)
	at, err := ParseURL(pg.JDBC())
	if err != nil {
		t.Fatal(err)
	}
	login := Login{User: pg.User, Password: pg.Password}
	if err := Try(t.Context(), at, login); err != nil {
		t.Error(err)
	}
	for what, c := range map[string]struct {
		change func(*Server, *Login)
		want   string
	}{
		"another password": {func(_ *Server, l *Login) { l.Password = "hunter2" }, "password authentication failed"},
		"no password":      {func(_ *Server, l *Login) { l.Password = "" }, "password"},
		"another database": {func(s *Server, _ *Login) { s.Database = "nosuch" }, `database "nosuch" does not exist`},
		"TLS":              {func(_ *Server, l *Login) { l.EnforceTLS = true }, "TLS"},
		"sslmode":          {func(s *Server, _ *Login) { s.Parameters = map[string]string{"sslmode": "require"} }, "TLS"},
	} {
		s, l := at, login
		c.change(&s, &l)
		err := Try(t.Context(), s, l)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), pg.Password) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// listener accepts and says nothing.
func listener(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestTryOthers(t *testing.T) {
	t.Parallel()
	mute, gone := listener(t).Addr().String(), listener(t)
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	dead := gone.Addr().String()
	if err := Try(t.Context(), Server{Engine: "mongodb", Addresses: []string{dead, mute}}, Login{}); err != nil {
		t.Error(err)
	}
	for engine, want := range map[string]string{PostgreSQL: "refused", MySQL: "refused", "": "refused"} {
		if err := Try(t.Context(), Server{Engine: engine, Addresses: []string{dead}}, Login{User: "u", Password: "hunter2"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", engine, err)
		}
	}
	for _, engine := range []string{PostgreSQL, MySQL} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		err := Try(ctx, Server{Engine: engine, Addresses: []string{mute}}, Login{User: "u", Password: "hunter2"})
		cancel()
		if err == nil || !strings.Contains(err.Error(), mute+" did not answer in time") {
			t.Errorf("%q: %v", engine, err)
		}
	}
}

func TestPasswordsAreHidden(t *testing.T) {
	t.Parallel()
	if got := hidden("a p&s/1 b p%26s%2F1 c p&s%2F1 d", "p&s/1"); got != "a **** b **** c **** d" {
		t.Error(got)
	}
}
