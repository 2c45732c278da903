package runner

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// journalOf is the journal of the only runner of a data folder.
func journalOf(t *testing.T, data string) (path string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(data, "runner", "*"+journalSuffix))
	if err != nil || len(found) != 1 {
		t.Fatalf("journals: %v %v", found, err)
	}
	return found[0]
}

// TestJournalRestoresFiles kills a runner, takes away what a loss of power may
// take, and finds all again.
func TestJournalRestoresFiles(t *testing.T) {
	t.Parallel()
	data, path := t.TempDir(), fifo(t)
	s := connect(t, data)
	s.start("jr_first", sh("true")) // so that there is a runner
	s.wait("jr_first", EventEnded)
	journal := journalOf(t, data)
	recorded := func(id string) bool { return strings.Count(read(t, journal), `"id":"`+id+`"`) == 2 }
	gone, empty := s.start("jr_gone", sh("exit 3")), s.start("jr_empty", sh("exit 4"))
	s.wait("jr_gone", EventEnded)
	s.wait("jr_empty", EventEnded)
	waitUntil(t, "the exits in the journal", func() bool { return recorded("jr_gone") && recorded("jr_empty") })
	live := s.start("jr_live", sh("read go < "+path))
	s.wait("jr_live", EventStarted)
	pid := s.client.PIDs()[0]
	if err := s.client.Close(); err != nil { // or it would clear the journal away
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := EndAll("jr_live"); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{gone, live} {
		if err := os.Remove(dir + claimSuffix); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(empty+claimSuffix, 0); err != nil {
		t.Fatal(err)
	}
	connect(t, data)
	for dir, code := range map[string]int{gone: 3, empty: 4, live: -1} {
		st, err := Inspect(dir)
		if err != nil || st.Claim == nil || st.Claim.PID != pid || (st.Exit != nil) != (code >= 0) || st.Exit != nil && st.Exit.Code != code {
			t.Errorf("%s: %+v %v", filepath.Base(dir), st, err)
		}
	}
	waitUntil(t, "the end of the journal", func() bool { return !exists(journal) })
}

// TestJournalStartsOver fills a journal: the rounds before leave nothing behind, nor
// does a claim that was taken back.
func TestJournalStartsOver(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := makeShards(data); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(data, "x"+journalSuffix)
	j := newJournal(path, data, slog.New(slog.DiscardHandler))
	j.open()
	add := func(r record) bool { return j.add(r, false) == nil }
	claim := &Claim{Runner: "x", PID: 4000000, Notes: map[string]string{"long": strings.Repeat("n", 8000)}}
	n := 0
	for ; add(record{ID: fmt.Sprintf("jr_%d", n), Claim: claim}); n++ {
	}
	if n < 50 {
		t.Fatalf("full after %d records", n)
	}
	if j.add(record{ID: "jr_1", Exit: &Exit{}}, true) == nil {
		t.Error("a full journal takes what need not be durable at once")
	}
	if !add(record{ID: "jr_0", Unclaimed: true}) {
		t.Error("a full journal keeps a claim that is taken back")
	}
	waitUntil(t, "room", func() bool { return add(record{ID: "jr_new", Claim: claim}) })
	if !add(record{ID: "jr_back", Claim: claim}) || !add(record{ID: "jr_back", Unclaimed: true}) ||
		j.add(record{ID: "jr_new", Exit: &Exit{Reason: Exited, Code: 7}}, true) != nil || !add(record{ID: "jr_5", Exit: &Exit{}}) {
		t.Error("no room after the journal started over")
	}
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte(`"jr_40"`)) {
		t.Errorf("the last round was overwritten: %v", err)
	}
	if err := errors.Join(restore(path, data), removeJournal(path, data)); err != nil {
		t.Fatal(err)
	}
	claims, err := filepath.Glob(filepath.Join(data, "jobs", "*", "*"))
	if err != nil || len(claims) != 1 {
		t.Errorf("restored %v %v", claims, err)
	}
	if st, err := Inspect(JobDir(data, "jr_new")); err != nil || st.Exit == nil || st.Exit.Code != 7 {
		t.Errorf("%+v %v", st, err)
	}
}

// TestEmptyFolderIsUsedAgain: what a job wrote stays its own.
func TestEmptyFolderIsUsedAgain(t *testing.T) {
	t.Parallel()
	s := connect(t, t.TempDir())
	run := func(id, script string) (dir string) {
		dir = s.start(id, sh(script))
		if e := s.wait(id, EventEnded).Exit; e.Code != 0 {
			t.Errorf("%s: %+v", id, e)
		}
		return dir
	}
	kept := run("jr_kept", "echo words > file")
	closed := run("jr_closed", "chmod 500 .")
	empty := run("jr_empty", "true")
	for i := 0; exists(empty); i++ {
		dir := run(fmt.Sprintf("jr_next%d", i), `test -z "$(ls -A)"; echo words > file`)
		if read(t, filepath.Join(dir, "file")) != "words\n" {
			t.Error("wrote elsewhere")
		}
	}
	if read(t, filepath.Join(kept, "file")) != "words\n" || !exists(closed) {
		t.Error("a folder that was not as it was made is gone")
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
