package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func openBench(b *testing.B) *store.DB {
	b.Helper()
	db, err := store.Open(b.Context(), b.TempDir(), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	return db
}

func commitBench(b *testing.B, db *store.DB, members []func(*store.Tx) error) {
	b.Helper()
	errs, err := db.Commit(context.Background(), members)
	if err != nil {
		b.Fatal(err)
	}
	for _, err := range errs {
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOneNodeRuns is the life of runs of one node, many in flight: a
// commit starts a batch of them and the next one ends it, a member a run.
func BenchmarkOneNodeRuns(b *testing.B) {
	for _, batch := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			db := openBench(b)
			for b.Loop() {
				start, end := oneNodeRuns(batch)
				commitBench(b, db, start)
				commitBench(b, db, end)
			}
			b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "runs/s")
			b.ReportMetric(float64(4*b.N*batch)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func oneNodeRuns(n int) (start, end []func(*store.Tx) error) {
	for i := range n {
		now := glue.Time(1_700_000_000_000 + i)
		r := &store.Run{
			ID: glue.NewRunID(), Workflow: "nightly", Status: glue.WorkflowRunStatusRunning,
			Started: now, Definition: 1, Rev: 1, Clock: int64(now),
		}
		r.Origin = r.ID
		j := &store.JobRun{
			ID: glue.JobRunID(r.ID, "start", 0, 0), Job: "extract", State: flow.Starting,
			Definition: 2, Trigger: "start", Started: now, Modified: now, Rev: 1,
		}
		start = append(start, func(tx *store.Tx) error {
			if err := tx.InsertRun(r, nil); err != nil {
				return err
			}
			j.Run = r.Seq
			return tx.InsertJobRun(j, "")
		})
		end = append(end, func(tx *store.Tx) error {
			r.Status, r.Completed, r.Rev = glue.WorkflowRunStatusCompleted, now+1, 2
			r.Statistics = glue.WorkflowRunStatistics{TotalActions: 1, SucceededActions: 1}
			r.States = []byte("0123456789012345678901234567890123456789")
			j.State, j.Completed, j.Modified, j.Rev = flow.Succeeded, now+1, now+1, 2
			if err := tx.UpdateJobRun(j); err != nil {
				return err
			}
			return tx.UpdateRun(r)
		})
	}
	return start, end
}

// BenchmarkCommit is one small write and its fsync, beside what the disk needs
// to append one page durably.
func BenchmarkCommit(b *testing.B) {
	b.Run("commit", func(b *testing.B) {
		db := openBench(b)
		took := make([]time.Duration, 0, 10_000)
		for i := 0; b.Loop(); i++ {
			began := time.Now()
			commitBench(b, db, []func(*store.Tx) error{
				func(tx *store.Tx) error { return tx.SetMeta("bench", strconv.Itoa(i)) },
			})
			took = append(took, time.Since(began))
		}
		reportMedian(b, took)
	})
	b.Run("raw", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		page := make([]byte, 4096)
		took := make([]time.Duration, 0, 10_000)
		for b.Loop() {
			began := time.Now()
			if _, err := f.Write(page); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(began))
		}
		reportMedian(b, took)
	})
}

func reportMedian(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkGraphRows reads the job runs of a run of 100 nodes, as a graph does.
func BenchmarkGraphRows(b *testing.B) {
	db := openBench(b)
	var members []func(*store.Tx) error
	for i := range 100 {
		members = append(members, func(tx *store.Tx) error {
			return tx.InsertJobRun(&store.JobRun{
				ID: glue.JobRunID("wr_1", "t", i, 0), Job: fmt.Sprintf("job-%d", i), Run: 1,
				Attempt: flow.Attempt{Action: i}, State: flow.Succeeded, Trigger: "t", Started: 1, Modified: 2,
				Files: map[string]string{"s3://scripts/job.py": "0123456789abcdef"},
			}, "")
		})
	}
	commitBench(b, db, members)
	for b.Loop() {
		err := db.View(b.Context(), func(tx *store.Tx) error {
			rows, err := tx.JobRunsOf(1)
			if err == nil && len(rows) != 100 {
				err = fmt.Errorf("%d rows", len(rows))
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStep is a step of a chain: a commit ends an attempt and begins the
// next one.
func BenchmarkStep(b *testing.B) {
	db := openBench(b)
	now := glue.Time(1_700_000_000_000)
	r := &store.Run{
		ID: glue.NewRunID(), Workflow: "nightly", Status: glue.WorkflowRunStatusRunning,
		Started: now, Definition: 1, Rev: 1, Clock: int64(now),
	}
	attempt := func(i int) *store.JobRun {
		return &store.JobRun{
			ID: glue.JobRunID(r.ID, "t", i, 0), Job: fmt.Sprintf("n%05d", i), Run: r.Seq,
			Attempt: flow.Attempt{Action: i}, State: flow.Starting, Definition: 2,
			Trigger: fmt.Sprintf("t%05d", i), Started: now, Modified: now, Rev: int64(i),
			Predecessors: []glue.Predecessor{{JobName: fmt.Sprintf("n%05d", i-1), RunId: glue.JobRunID(r.ID, "t", i-1, 0)}},
		}
	}
	var live *store.JobRun
	commitBench(b, db, []func(*store.Tx) error{func(tx *store.Tx) error {
		if err := tx.InsertRun(r, nil); err != nil {
			return err
		}
		live = attempt(0)
		return tx.InsertJobRun(live, "")
	}})
	took := make([]time.Duration, 0, 10_000)
	for i := 1; b.Loop(); i++ {
		began := time.Now()
		commitBench(b, db, []func(*store.Tx) error{func(tx *store.Tx) error {
			live.State, live.Modified, live.Completed = flow.Succeeded, now+1, now+1
			if err := tx.UpdateJobRun(live); err != nil {
				return err
			}
			live = attempt(i)
			if err := tx.InsertJobRun(live, ""); err != nil {
				return err
			}
			r.Rev++
			r.Statistics = glue.WorkflowRunStatistics{TotalActions: 4000, SucceededActions: int32(i), RunningActions: 1}
			return tx.UpdateRunProgress(r)
		}})
		took = append(took, time.Since(began))
	}
	reportMedian(b, took)
}
