package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/reglue/reglue/internal/failpoint"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// envWriter makes the test binary a process that writes to a store until it is
// killed, and tells on its standard output what it has committed.
const envWriter = "REGLUE_TEST_STORE_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envWriter); dir != "" {
		if err := writeForever(context.Background(), dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// writeForever commits runs, each with a job run and a count in one member, and
// prints how many are committed.
func writeForever(ctx context.Context, dir string) error {
	db, err := Open(ctx, dir, Options{})
	if err != nil {
		return err
	}
	n, err := counted(ctx, db)
	if err != nil {
		return err
	}
	for {
		var members []func(*Tx) error
		for range 20 {
			n++
			members = append(members, func(tx *Tx) error { return writeOne(tx, n) }, func(tx *Tx) error {
				return errors.Join(tx.SetMeta("count", "never"), errors.New("undo"))
			})
		}
		if _, err := db.Commit(ctx, members); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

func writeOne(tx *Tx, n int) error {
	r := &Run{ID: fmt.Sprintf("wr_%d", n), Workflow: "w", Status: glue.WorkflowRunStatusRunning}
	if err := tx.InsertRun(r, nil); err != nil {
		return err
	}
	j := &JobRun{ID: fmt.Sprintf("jr_%d", n), Job: "j", Run: r.Seq, State: flow.Running}
	if err := tx.InsertJobRun(j, ""); err != nil {
		return err
	}
	return tx.SetMeta("count", strconv.Itoa(n))
}

func counted(ctx context.Context, db *DB) (n int, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		text, ok, err := tx.Meta("count")
		if err != nil || !ok {
			return err
		}
		n, err = strconv.Atoi(text)
		return err
	})
	return n, err
}

// runWriter starts a writer and reads what it says it has committed, until it is
// dead. The function kill is told each number.
func runWriter(t *testing.T, dir string, env []string, kill func(*os.Process, int)) (told int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(append(os.Environ(), envWriter+"="+dir), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if n, err := strconv.Atoi(lines.Text()); err == nil {
			told = n
			kill(cmd.Process, n)
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the writer ended with %v, not by SIGKILL", err)
	}
	return told
}

// checkAfterCrash holds the store to all that was told, to whole members, and to
// a sound file.
func checkAfterCrash(t *testing.T, dir string, told int) {
	t.Helper()
	ro, err := OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := counted(t.Context(), ro)
	if err != nil {
		t.Fatal(err)
	}
	closeTest(t, ro)
	db, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer closeTest(t, db)
	n, err := counted(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if n < told || seen != n {
		t.Errorf("told %d, a reader sees %d, the next owner %d", told, seen, n)
	}
	err = db.View(t.Context(), func(tx *Tx) error {
		runs, err := tx.LiveRuns()
		if err != nil {
			return err
		}
		jobs, err := tx.LiveJobRuns()
		if err != nil {
			return err
		}
		if len(runs) != n || len(jobs) != n {
			t.Errorf("%d runs and %d job runs for a count of %d", len(runs), len(jobs), n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var sound string
	if err := db.writer.c.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("integrity: %s, %v", sound, err)
	}
}

func TestKilledWriterLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 6 {
		left := 1 + rand.IntN(40)
		told := runWriter(t, dir, nil, func(p *os.Process, _ int) {
			if left--; left == 0 {
				if err := p.Kill(); err != nil {
					t.Error(err)
				}
			}
		})
		checkAfterCrash(t, dir, told)
	}
}

func TestKilledInACheckpoint(t *testing.T) {
	t.Parallel()
	for _, nth := range []string{"", ":2"} {
		dir := t.TempDir()
		told := runWriter(t, dir, []string{failpoint.Env + "=" + FailCheckpoint + nth}, func(*os.Process, int) {})
		if told == 0 {
			t.Error("died before the first commit")
		}
		checkAfterCrash(t, dir, told)
	}
}

// The log must stay short under a load that never pauses, or the disk fills.
func TestLogStaysBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := openTest(t, dir)
	longest := int64(0)
	for i := range 400 {
		var members []func(*Tx) error
		for k := range 100 {
			members = append(members, func(tx *Tx) error { return writeOne(tx, i*1000+k) })
		}
		mustCommit(t, db, members...)
		info, err := os.Stat(filepath.Join(dir, File+"-wal"))
		if err != nil {
			t.Fatal(err)
		}
		longest = max(longest, info.Size())
	}
	// 40,000 rows of each kind dirty far more than this if the log never starts over.
	if longest > 4*logSize {
		t.Errorf("the log grew to %d MB", longest>>20)
	}
	t.Logf("the log grew to %d MB", longest>>20)
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := openTest(t, dir)
	mustCommit(t, db, setMeta("a", "1"))
	limit := func(pages string) {
		if _, err := db.writer.c.ExecContext(t.Context(), "PRAGMA max_page_count = "+pages); err != nil {
			t.Fatal(err)
		}
	}
	limit("60")
	big := strings.Repeat("x", 1<<20)
	errs, err := db.Commit(t.Context(), []func(*Tx) error{
		setMeta("a", "2"),
		func(tx *Tx) error {
			_ = tx.SetMeta("big", big) // kept to itself, yet nothing may be written
			return nil
		},
		setMeta("b", "1"),
	})
	if err == nil || !IsFull(err) || IsFatal(err) || errs != nil {
		t.Fatalf("commit on a full disk: %v, %v", errs, err)
	}
	wantMeta(t, db, "a", "1")
	wantMeta(t, db, "b", "")
	wantMeta(t, db, "big", "")
	// Small writes still fit, and with space all does.
	mustCommit(t, db, setMeta("a", "3"))
	limit("1000000")
	mustCommit(t, db, setMeta("big", big))
	wantMeta(t, db, "a", "3")
	wantMeta(t, db, "big", big)
}

func TestErrorKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err         error
		full, fatal bool
	}{
		{nil, false, false},
		{errors.New("x"), false, false},
		{fmt.Errorf("write: %w", syscall.ENOSPC), true, false},
		{fmt.Errorf("fsync: %w", syscall.EIO), false, true},
		{context.Canceled, false, false},
	} {
		if IsFull(c.err) != c.full || IsFatal(c.err) != c.fatal {
			t.Errorf("%v: full %v, fatal %v", c.err, IsFull(c.err), IsFatal(c.err))
		}
	}
}

// After a failed fsync nobody knows what the disk holds: nothing more is written.
func TestFatalErrorStopsWriting(t *testing.T) {
	t.Parallel()
	db := openTest(t, t.TempDir())
	mustCommit(t, db, setMeta("a", "1"))
	db.checkpoint.note(fmt.Errorf("fsync: %w", syscall.EIO))
	for range 2 {
		errs, err := db.Commit(t.Context(), []func(*Tx) error{setMeta("a", "2")})
		if !IsFatal(err) || errs != nil {
			t.Errorf("commit after a failed fsync: %v, %v", errs, err)
		}
	}
	wantMeta(t, db, "a", "1")
}
