package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// folderFiles are files below a folder: s3://b/x.py is DIR/b/x.py.
type folderFiles struct {
	dir string
	// pinning is called before a location is pinned.
	pinning func(location string)
}

func (f *folderFiles) Resolve(location string) (string, error) {
	return filepath.Join(f.dir, strings.TrimPrefix(location, "s3://")), nil
}

func (f *folderFiles) Exists(location string) (bool, error) {
	path, err := f.Resolve(location)
	if err == nil {
		_, err = os.Stat(path)
	}
	return err == nil, nil
}

func (f *folderFiles) Pin(location string) (string, error) {
	if f.pinning != nil {
		f.pinning(location)
	}
	path, err := f.Resolve(location)
	if err != nil {
		return "", err
	}
	return hashFile(path)
}

func (f *folderFiles) Written(string) ([]string, int) { return nil, 0 }

// write sets what a location holds.
func (f *folderFiles) write(t testing.TB, location, text string) {
	t.Helper()
	path, err := f.Resolve(location)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// planned is a server with the workflow w1 on files; J2 and J3 of its run failed.
type planned struct {
	*server
	files *folderFiles
	first string
}

func newPlanned(t *testing.T, set ...func(*settings)) *planned {
	t.Helper()
	f := &folderFiles{dir: t.TempDir()}
	s := newServer(t, append(set, func(o *settings) { o.api.Files = f })...)
	p := &planned{server: s, files: f}
	for i := 1; i <= 5; i++ {
		f.write(t, fmt.Sprintf("s3://b/J%d.py", i), fmt.Sprintf("print(%d)", i))
	}
	s.workflow("W", w1...)
	s.fails("J2", "J3")
	p.first = s.start("W")
	return p
}

// ids are the ids of the workflow's jobs.
func (s *server) ids(jobs ...string) []string {
	var out []string
	for _, job := range jobs {
		out = append(out, s.nodeID("W", job))
	}
	return out
}

func ask[Answer any](s *server, op string, request any) (Answer, error) {
	s.t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := s.api.Call(s.t.Context(), op, body)
	if err != nil {
		var none Answer
		return none, err
	}
	return reread[Answer](s.t, answer), nil
}

// plan makes a plan that must work.
func (s *server) plan(r plan.Request) *plan.Plan {
	s.t.Helper()
	answer, err := ask[plan.Answer](s, plan.OpPlan, r)
	if err != nil {
		s.t.Fatalf("plan of %+v: %v", r, err)
	}
	return answer.Plan
}

// carryOut resumes and waits until nothing more follows.
func (s *server) carryOut(r plan.ExecuteRequest) string {
	s.t.Helper()
	answer, err := ask[plan.ExecuteAnswer](s, plan.OpExecute, r)
	if err != nil {
		s.t.Fatalf("resume of %+v: %v", r.Request, err)
	}
	s.settle()
	return answer.RunId
}

// denies asks for what must be refused, and holds that nothing was started.
func (s *server) denies(op string, request any, code glue.Kind, parts ...string) {
	s.t.Helper()
	before := s.count()
	answer, err := ask[json.RawMessage](s, op, request)
	if err == nil {
		s.t.Errorf("%s %+v: got %.300s, want %s", op, request, answer, code)
		return
	}
	status, got, message := s.api.Error(err)
	for _, part := range parts {
		if !strings.Contains(message, part) {
			s.t.Errorf("%s: %q lacks %q", op, message, part)
		}
	}
	if got != string(code) || status != 400 {
		s.t.Errorf("%s: got %d %s: %s\nwant %s", op, status, got, message, code)
	}
	s.settle()
	if diff := cmp.Diff(before, s.count()); diff != "" {
		s.t.Errorf("%s was refused but left something:\n%s", op, diff)
	}
}

func argument(job, key, value string) map[string]glue.RunOverride {
	return map[string]glue.RunOverride{job: {Arguments: map[string]string{key: value}}}
}
