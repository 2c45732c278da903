package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/executortest"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

// inTurn ends the attempts of each job as its list says, one after the other; then
// they succeed. An empty state holds the attempt.
func inTurn(ends map[string][]executor.State, message string) *executortest.Instant {
	var mu sync.Mutex
	return &executortest.Instant{Outcome: func(s executor.Spec) (executor.State, string) {
		mu.Lock()
		defer mu.Unlock()
		left := ends[s.JobName]
		if len(left) == 0 {
			return executor.Succeeded, ""
		}
		ends[s.JobName] = left[1:]
		return left[0], message
	}}
}

const failed, timedOut = executor.Failed, executor.TimedOut

// repaired is a host with the workflow w: a, then b; with a policy.
func repaired(t *testing.T, policy string, x *executortest.Instant, limits map[string]int32) *host {
	t.Helper()
	h := newHost(t, x)
	h.define("w", limits, nil, start("a"), on("after-a", "a", glue.JobRunStateSucceeded, "b"))
	h.update(func(tx *store.Tx) error {
		return tx.PutTags(h.db.Scope().ARN("workflow", "w"), map[string]string{plan.RepairTag: policy})
	})
	return h
}

func (h *host) update(f func(tx *store.Tx) error) {
	h.t.Helper()
	if err := h.engine.Update(h.t.Context(), func(tx *store.Tx, _ glue.Time) error { return f(tx) }); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) view(f func(tx *store.Tx) error) {
	h.t.Helper()
	if err := h.db.View(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

// repairs waits until the automatic repairs of a family are as wanted.
func (h *host) repairs(origin string, want func([]store.Planned) bool) (out []store.Planned) {
	h.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		h.view(func(tx *store.Tx) (err error) {
			out, err = tx.RepairsOf(origin)
			return err
		})
		if want(out) {
			return out
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("the repairs did not get there: %+v", out)
		}
	}
}

func states(all []store.Planned) string {
	var words []string
	for i := range all {
		words = append(words, string(all[i].State))
	}
	return strings.Join(words, " ")
}

func reach(want string) func([]store.Planned) bool {
	return func(all []store.Planned) bool { return states(all) == want }
}

func (h *host) runCount(workflow string) (n int) {
	h.t.Helper()
	h.view(func(tx *store.Tx) error {
		runs, err := tx.Runs(workflow, 0, 1000)
		n = len(runs)
		return err
	})
	return n
}

func TestRepairSucceedsAtTheSecondTry(t *testing.T) {
	h := repaired(t, "times=3 wait=20ms backoff=2 retries=0", inTurn(map[string][]executor.State{"b": {failed, failed}}, "no"), nil)
	first := h.finished("w", h.startRun("w"))
	all := h.repairs(first.ID, reach("DONE DONE"))
	second := h.finished("w", all[0].NewRun)
	third := h.finished("w", all[1].NewRun)
	if third.Statistics.SucceededActions != 2 || third.Previous != second.ID || second.Previous != first.ID || h.runCount("w") != 3 {
		t.Errorf("lineage %s ← %s ← %s: %+v", first.ID, second.Previous, third.Previous, third.Statistics)
	}
	if second.Resume == nil || second.Resume.By != "automatic repair (try 1 of 3)" || third.Resume.By != "automatic repair (try 2 of 3)" {
		t.Errorf("by %+v, %+v", second.Resume, third.Resume)
	}
	if r := third.Resume.Overrides["b"].Retries; r == nil || *r != 0 {
		t.Errorf("overrides %+v", third.Resume.Overrides)
	}
	for i, wait := range []glue.Time{20, 40} { // the back-off
		if got := all[i].Due - all[i].Created; got != wait {
			t.Errorf("try %d was due after %d ms, want %d", i+1, got, wait)
		}
	}
}

func TestRepairGivesUp(t *testing.T) {
	always := slices.Repeat([]executor.State{failed}, 20)
	h := repaired(t, "times=2 wait=0s", inTurn(map[string][]executor.State{"b": always}, "disk is full\nmore"), nil)
	first := h.finished("w", h.startRun("w"))
	all := h.repairs(first.ID, reach("DONE DONE FAILED"))
	if got, want := all[2].Error, "automatic repair gave up after 2 tries: b ended FAILED: disk is full"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if all[2].Run != all[1].NewRun || h.runCount("w") != 3 {
		t.Errorf("gave up at %s of %d runs", all[2].Run, h.runCount("w"))
	}
	// Another run has a budget of its own.
	other := h.finished("w", h.startRun("w"))
	h.repairs(other.ID, reach("DONE DONE FAILED"))
}

func TestRepairWithinATime(t *testing.T) {
	h := repaired(t, "times=9 wait=2h within=90m", inTurn(map[string][]executor.State{"b": {failed}}, "no"), nil)
	all := h.repairs(h.startRun("w"), reach("FAILED"))
	if !strings.Contains(all[0].Error, "gave up after 0 tries, as the next one would start more than 1h30m after the first failure") {
		t.Error(all[0].Error)
	}
}

func TestRepairOnlyWhatThePolicyNames(t *testing.T) {
	for name, c := range map[string]struct {
		policy string
		end    executor.State
		want   string
	}{
		"end":     {"on=TIMEOUT wait=0s", failed, ""},
		"message": {"match=Throttling wait=0s", failed, "SKIPPED"},
		"matches": {"match=Rate*line_3 wait=0s", failed, "DONE"},
		"off":     {"off", failed, ""},
		"broken":  {"rubbish", failed, ""}, // kept by an older version
		"whole":   {"wait=0s", executor.Succeeded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := repaired(t, c.policy, inTurn(map[string][]executor.State{"b": {c.end}}, "Rate exceeded in line_3"), nil)
			first := h.finished("w", h.startRun("w"))
			all := h.repairs(first.ID, reach(c.want))
			if c.want == "SKIPPED" && all[0].Error != `automatic repair does not apply: the error of b does not match "Throttling"` {
				t.Error(all[0].Error)
			}
			if n := h.runCount("w"); n != 1 && c.want != "DONE" {
				t.Errorf("%d runs", n)
			}
		})
	}
}

// The timeout grows from try to try, for the nodes that ran out of time.
func TestRepairGivesMoreTime(t *testing.T) {
	x := inTurn(map[string][]executor.State{"b": {timedOut, timedOut}}, "late")
	h := repaired(t, "wait=0s timeout=1.5x", x, nil)
	first := h.finished("w", h.startRun("w"))
	all := h.repairs(first.ID, reach("DONE DONE"))
	h.finished("w", all[1].NewRun)
	var got []time.Duration
	for _, s := range x.Started() {
		if s.JobName == "b" {
			got = append(got, s.Timeout)
		}
	}
	if want := []time.Duration{2880 * time.Minute, 4320 * time.Minute, 6480 * time.Minute}; !slices.Equal(got, want) {
		t.Errorf("timeouts %v, want %v", got, want)
	}
}

// A repair survives a restart, is not forgotten and not done twice.
func TestRepairSurvivesARestart(t *testing.T) {
	h := repaired(t, "wait=200ms", inTurn(map[string][]executor.State{"b": {failed}}, "no"), nil)
	first := h.startRun("w")
	h.repairs(first, func(all []store.Planned) bool { return len(all) == 1 })
	h.restart()
	all := h.repairs(first, reach("DONE"))
	h.finished("w", all[0].NewRun)
	h.restart()
	if n := h.runCount("w"); n != 2 {
		t.Errorf("%d runs, want 2", n)
	}
}

func (h *host) resumeB(runID string) string {
	h.t.Helper()
	res, err := h.engine.ResumeWorkflowRun(h.t.Context(), engine.Call{}, &engine.ResumeRequest{
		Workflow: "w", RunID: runID, By: "ann@host", Request: flow.Request{Nodes: []string{h.db.Scope().NodeID("w", glue.NodeTypeJob, "b")}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return res.RunID
}

func TestManualResumeCallsTheRepairOff(t *testing.T) {
	h := repaired(t, "times=1 wait=1h", inTurn(map[string][]executor.State{"b": {failed, failed, failed}}, "no"), nil)
	first := h.startRun("w")
	h.repairs(first, reach("PENDING"))
	second := h.resumeB(first)
	// At once, and the resumed run, broken too, has a try left: none was used.
	all := h.repairs(first, reach("SKIPPED PENDING"))
	if all[0].NewRun != second || all[0].Error != "ann@host resumed it meanwhile" || all[1].Run != second {
		t.Errorf("%+v", all)
	}
}

func TestRepairOfADeletedWorkflow(t *testing.T) {
	h := repaired(t, "wait=300ms", inTurn(map[string][]executor.State{"b": {failed}}, "no"), nil)
	first := h.startRun("w")
	h.repairs(first, reach("PENDING"))
	if err := h.engine.DeleteWorkflow(t.Context(), "w"); err != nil {
		t.Fatal(err)
	}
	all := h.repairs(first, reach("CANCELLED"))
	if !strings.Contains(all[0].Error, "its workflow was deleted") {
		t.Error(all[0].Error)
	}
}

// endB ends the job run of b in a run well. It may be committed and not started yet.
func (h *host) endB(x *executortest.Instant, run string) {
	h.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		for _, s := range x.Started() {
			if s.JobName == "b" && s.WorkflowRunID == run {
				x.End(s.JobRunID, executor.Succeeded, "")
				return
			}
		}
	}
	h.t.Fatalf("b of %s is not started", run)
}

// A repair waits while a job or the workflow is at its limit.
func TestRepairWaitsForRoom(t *testing.T) {
	x := inTurn(map[string][]executor.State{"b": {failed, ""}}, "no")
	h := repaired(t, "wait=100ms", x, map[string]int32{"b": 1})
	first := h.startRun("w")
	h.repairs(first, reach("PENDING"))
	other := h.startRun("w") // its b stays
	all := h.repairs(first, func(all []store.Planned) bool { return len(all) == 1 && all[0].Tries > 0 })
	if all[0].State != store.PlannedPending || all[0].Error != "waits for room: job b has 1 of at most 1 runs live" {
		t.Errorf("%+v", all[0])
	}
	h.endB(x, other)
	all = h.repairs(first, reach("DONE"))
	if rec := h.finished("w", all[0].NewRun); rec.Statistics.SucceededActions != 2 {
		t.Errorf("%+v", rec.Statistics)
	}
}

// broken makes runs of w whose b failed.
func (h *host) broken(n int) (ids []string) {
	h.t.Helper()
	for range n {
		ids = append(ids, h.finished("w", h.startRun("w")).ID)
	}
	return ids
}

func (h *host) bulk(pause int64, runs ...string) string {
	h.t.Helper()
	var requests []plan.ExecuteRequest
	for _, id := range runs {
		requests = append(requests, plan.ExecuteRequest{Request: plan.Request{
			Name: "w", RunId: id, NodeIds: []string{h.db.Scope().NodeID("w", glue.NodeTypeJob, "b")},
		}})
	}
	id, err := h.engine.StartBulk(h.t.Context(), engine.Call{Invocation: "i" + runs[0], Operation: plan.OpStartBulk}, store.Bulk{Pause: pause, By: "ann"}, requests)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// ofBulk waits until the resumes of a bulk are as wanted.
func (h *host) ofBulk(id string, want func([]store.Planned) bool) (out []store.Planned) {
	h.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		h.view(func(tx *store.Tx) (err error) {
			out, err = tx.PlannedOfBulk(id, "", 100)
			return err
		})
		if want(out) {
			return out
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("the bulk did not get there: %+v", out)
		}
	}
}

func (h *host) bulkState(id string) (b *store.Bulk) {
	h.t.Helper()
	h.view(func(tx *store.Tx) (err error) {
		b, err = tx.Bulk(id)
		return err
	})
	return b
}

func TestBulkResumesEachRunOnce(t *testing.T) {
	h := repaired(t, "off", inTurn(map[string][]executor.State{"b": {failed, failed, failed}}, "no"), nil)
	runs := h.broken(3)
	second := h.resumeB(runs[1]) // somebody was faster
	id := h.bulk(0, runs...)
	all := h.ofBulk(id, reach("DONE SKIPPED DONE"))
	if all[1].NewRun != second || all[1].Error != "ann@host resumed it meanwhile" {
		t.Errorf("%+v", all[1])
	}
	for _, i := range []int{0, 2} {
		rec := h.finished("w", all[i].NewRun)
		if rec.Previous != runs[i] || rec.Statistics.SucceededActions != 2 || rec.Resume.By != "ann ("+id+")" {
			t.Errorf("%+v by %+v", rec, rec.Resume)
		}
	}
	if b := h.bulkState(id); b.State != store.BulkDone || b.Ended.IsZero() {
		t.Errorf("%+v", b)
	}
	// A repeat of the very call is the same bulk.
	if again := h.bulk(0, runs...); again != id {
		t.Errorf("%s and %s", id, again)
	}
	if n := h.runCount("w"); n != 6 {
		t.Errorf("%d runs, want 6", n)
	}
}

// The pause between two starts holds over a restart, and so does being paused.
func TestBulkKeepsItsRateAndItsPause(t *testing.T) {
	h := repaired(t, "off", inTurn(map[string][]executor.State{"b": slices.Repeat([]executor.State{failed}, 4)}, "no"), nil)
	runs := h.broken(4)
	id := h.bulk(150, runs...)
	h.ofBulk(id, reach("DONE PENDING PENDING PENDING"))
	h.restart()
	h.ofBulk(id, reach("DONE DONE PENDING PENDING"))
	if err := h.engine.UpdateBulk(t.Context(), id, plan.BulkPause); err != nil {
		t.Fatal(err)
	}
	before := states(h.ofBulk(id, func([]store.Planned) bool { return true }))
	h.restart()
	// Another bulk that is due later and gets its turn shows that this one was passed by.
	other := h.broken(2)
	h.ofBulk(h.bulk(200, other...), reach("DONE DONE"))
	if got := states(h.ofBulk(id, func([]store.Planned) bool { return true })); got != before {
		t.Errorf("paused at %s, then %s", before, got)
	}
	if err := h.engine.UpdateBulk(t.Context(), id, plan.BulkContinue); err != nil {
		t.Fatal(err)
	}
	all := h.ofBulk(id, reach("DONE DONE DONE DONE"))
	for i := 1; i < len(all); i++ {
		// The end of one is written in the transaction that starts its run.
		if gap := all[i].Ended - all[i-1].Ended; gap < 150 {
			t.Errorf("%d ms between two starts, want at least 150", gap)
		}
	}
	if err := h.engine.UpdateBulk(t.Context(), id, plan.BulkPause); !errors.Is(err, &glue.Error{Kind: glue.IllegalWorkflowState}) {
		t.Errorf("pausing what is over: %v", err)
	}
}

func TestBulkCancel(t *testing.T) {
	h := repaired(t, "off", inTurn(map[string][]executor.State{"b": {failed, failed}}, "no"), nil)
	id := h.bulk(3_600_000, h.broken(2)...)
	h.ofBulk(id, reach("DONE PENDING"))
	if err := h.engine.UpdateBulk(t.Context(), id, plan.BulkCancel); err != nil {
		t.Fatal(err)
	}
	h.ofBulk(id, reach("DONE CANCELLED"))
	if b := h.bulkState(id); b.State != store.BulkCancelled {
		t.Errorf("%+v", b)
	}
}

// Runs of a job that may run once at a time are resumed one after the other, and
// none of them fails for the lack of room.
func TestBulkWaitsForRoom(t *testing.T) {
	x := inTurn(map[string][]executor.State{"b": {failed, failed, failed, "", "", ""}}, "no")
	h := repaired(t, "off", x, map[string]int32{"b": 1})
	id := h.bulk(0, h.broken(3)...)
	for n := 1; n <= 3; n++ {
		all := h.ofBulk(id, func(all []store.Planned) bool { return strings.Count(states(all), "DONE") == n })
		want := strings.TrimSpace(strings.Repeat("DONE ", n) + strings.Repeat("PENDING ", 3-n))
		if states(all) != want {
			t.Fatalf("%s, want %s", states(all), want)
		}
		h.endB(x, all[n-1].NewRun)
		if rec := h.finished("w", all[n-1].NewRun); rec.Statistics.SucceededActions != 2 {
			t.Errorf("%+v", rec.Statistics)
		}
	}
}

func TestBulkRefuses(t *testing.T) {
	h := repaired(t, "off", inTurn(map[string][]executor.State{"b": {failed}}, "no"), nil)
	run := h.broken(1)[0]
	one := plan.ExecuteRequest{Request: plan.Request{Name: "w", RunId: run, NodeIds: []string{"x"}}}
	none := plan.ExecuteRequest{Request: plan.Request{Name: "w", RunId: "wr_none", NodeIds: []string{"x"}}}
	for kind, requests := range map[glue.Kind][]plan.ExecuteRequest{glue.InvalidInput: {one, one}, glue.EntityNotFound: {one, none}} {
		if _, err := h.engine.StartBulk(t.Context(), engine.Call{}, store.Bulk{}, requests); !errors.Is(err, &glue.Error{Kind: kind}) {
			t.Errorf("%v, want %s", err, kind)
		}
	}
	h.view(func(tx *store.Tx) error {
		if bulks, err := tx.Bulks(10); err != nil || len(bulks) > 0 {
			return fmt.Errorf("left behind: %v, %w", bulks, err)
		}
		return nil
	})
	// What is refused when its turn comes says why, and the rest goes on.
	id, err := h.engine.StartBulk(t.Context(), engine.Call{}, store.Bulk{}, []plan.ExecuteRequest{one})
	if err != nil {
		t.Fatal(err)
	}
	if all := h.ofBulk(id, reach("FAILED")); !strings.Contains(all[0].Error, "x") {
		t.Errorf("%+v", all)
	}
}
