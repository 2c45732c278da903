// Package postgrestest gives tests a real PostgreSQL of their own.
package postgrestest

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// noneHere is how the script ends when the machine has no PostgreSQL.
const noneHere = 3

// Server is a PostgreSQL that runs until the test is over.
type Server struct {
	// URL is postgresql://USER:PASSWORD@HOST:PORT/DATABASE.
	URL                                  string
	Host, Port, User, Password, Database string
}

// JDBC is the server's URL as JDBC connections have it.
func (s Server) JDBC() string {
	return "jdbc:postgresql://" + s.Host + ":" + s.Port + "/" + s.Database
}

// Start starts one through scripts/postgres. Without PostgreSQL on the machine the
// test is skipped; in CI it fails.
func Start(t testing.TB) Server {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	script := filepath.Join(filepath.Dir(file), "..", "..", "scripts", "postgres")
	start := exec.CommandContext(t.Context(), script, "start")
	start.Stderr = t.Output()
	text, err := start.Output()
	if start.ProcessState != nil && start.ProcessState.ExitCode() == noneHere && os.Getenv("CI") == "" {
		t.Skip("needs PostgreSQL: run scripts/tools")
	}
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	dir, at, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	t.Cleanup(func() {
		stop := exec.Command(script, "stop", dir)
		stop.Stderr = t.Output()
		if err := stop.Run(); err != nil {
			t.Errorf("stop PostgreSQL: %v", err)
		}
	})
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	return Server{
		URL: at, Host: u.Hostname(), Port: u.Port(), User: u.User.Username(), Password: password,
		Database: strings.TrimPrefix(u.Path, "/"),
	}
}
