//go:build linux

package durability

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"
)

// TestClockJumps moves all times of a live run by a day while no server runs:
// for the next server that is a clock that jumped a day back, or ahead. The run
// ends as it should, its times do not go back, and the job, whose time the runner
// keeps by another clock, is not affected.
func TestClockJumps(t *testing.T) {
	for name, by := range map[string]time.Duration{"back": 24 * time.Hour, "ahead": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.start()
			gate := r.heldFlow()
			id := r.startRun("w")
			r.began(1)
			r.server().kill()
			shift(t, filepath.Join(r.data, "reglue.db"), by)
			r.start()
			r.release(gate)
			run := r.ended("w", id)
			if outcome(run) != heldWell || run.CompletedOn < run.StartedOn {
				t.Errorf("%s, from %s to %s", outcome(run), run.StartedOn, run.CompletedOn)
			}
			for _, attempts := range jobsOf(run) {
				for _, jr := range attempts {
					if jr.CompletedOn < jr.StartedOn || jr.StartedOn < run.StartedOn || jr.CompletedOn > run.CompletedOn || jr.ExecutionTime > 60 {
						t.Errorf("%s from %s to %s, %d seconds", jr.JobName, jr.StartedOn, jr.CompletedOn, jr.ExecutionTime)
					}
				}
			}
			// What was started before the jump is still the same call.
			r.audit("w")
			if again := r.ended("w", r.startAndOpen("w", gate)); outcome(again) != heldWell {
				t.Error(outcome(again))
			}
		})
	}
}

// shift moves all times of runs and job runs.
func shift(t *testing.T, path string, by time.Duration) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range []string{
		"UPDATE runs SET started = started + $1, clock = clock + $1",
		"UPDATE run_progress SET clock = clock + $1",
		"UPDATE job_runs SET started = started + $1, modified = modified + $1",
	} {
		if _, err := db.Exec(q, by.Milliseconds()); err != nil {
			t.Fatal(err)
		}
	}
}
