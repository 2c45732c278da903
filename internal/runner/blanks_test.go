package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestBlankClaims: files made ahead become claims, may be swept before, and go with
// their runner.
func TestBlankClaims(t *testing.T) {
	t.Parallel()
	s := connect(t, t.TempDir())
	blanks := func() []string {
		found, err := filepath.Glob(filepath.Join(s.data, "jobs", "*"+tmpSuffix))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	run := func(id string) {
		dir := s.start(id, sh("exit 3"))
		s.wait(id, EventEnded)
		st, err := Inspect(dir)
		if err != nil || st.Claim == nil || st.Claim.Runner == "" || st.Copied || st.Exit == nil || st.Exit.Code != 3 {
			t.Errorf("%s: %+v %v", id, st, err)
		}
	}
	n := 0
	waitUntil(t, "a claim of a file made ahead", func() bool {
		var before []os.FileInfo
		for _, path := range blanks() {
			if info, err := os.Stat(path); err == nil {
				before = append(before, info)
			}
		}
		n++
		id := fmt.Sprintf("jr_%d", n)
		run(id)
		claim, err := os.Stat(JobDir(s.data, id) + claimSuffix)
		return err == nil && slices.ContainsFunc(before, func(b os.FileInfo) bool { return os.SameFile(b, claim) })
	})
	waitUntil(t, "a file for the next claim", func() bool { return len(blanks()) > 0 })
	for _, path := range blanks() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	run("jr_swept")
	if err := s.client.Close(); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the end of the runner", func() bool { return len(blanks()) == 0 })
}
