package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// TestRepeatedExecute: a client that lost the answer asks again, when the plan does
// not hold any more because of the first request itself.
func TestRepeatedExecute(t *testing.T) {
	t.Parallel()
	s := newPlanned(t)
	r := plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J2")}, ExpectHead: s.first, By: "ada"}
	r.PlanToken = s.plan(r.Request).Token
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	ctx := WithCall(t.Context(), engine.Call{Invocation: "i1", Caller: "key", BodyHash: sum(string(body))})
	first, err := s.rawIn(ctx, plan.OpExecute, string(body))
	if err != nil {
		t.Fatal(err)
	}
	s.settle()
	before := s.count()
	again, err := s.rawIn(ctx, plan.OpExecute, string(body))
	if diff := cmp.Diff(first, again); err != nil || diff != "" {
		t.Errorf("the repeat: %v\n%s", err, diff)
	}
	if got := s.count(); got != before {
		t.Errorf("the repeat started something:\n%s", cmp.Diff(before, got))
	}
	// Another invocation is another request.
	s.denies(plan.OpExecute, r, glue.ConcurrentModification, "ada has resumed it since")
}

func TestClientToken(t *testing.T) {
	t.Parallel()
	s := newPlanned(t)
	r := plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J2")}, ClientToken: "t1", ExpectHead: s.first}
	r.PlanToken = s.plan(r.Request).Token
	first := s.carryOut(r)
	before := s.count()
	r.Before = []plan.Before{{Node: "J2", Command: "true", TookMs: 5}} // what was run before does not make it another one
	if again := s.carryOut(r); again != first || s.count() != before {
		t.Errorf("%s, then %s", first, again)
	}
	other := r
	other.Properties = map[string]string{"a": "b"}
	s.denies(plan.OpExecute, other, glue.IdempotentMismatch, "ClientToken t1 was used for another resume")
	other = plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J2")}, ClientToken: "t2"}
	if s.carryOut(other) == first {
		t.Error("another token gets the answer of the first")
	}
	other.ClientToken = strings.Repeat("x", 256)
	s.denies(plan.OpExecute, other, glue.InvalidInput, "1 to 255 characters")

	// AWS's own operation takes one beside its members.
	raw := func(token, node string) (string, error) {
		out, err := s.raw("ResumeWorkflowRun", fmt.Sprintf(`{"Name": "W", "RunId": %q, "NodeIds": [%q], "ClientToken": %s}`, s.first, s.nodeID("W", node), token))
		s.settle()
		if err != nil {
			return "", err
		}
		return out["RunId"].(string), nil
	}
	one, err := raw(`"a"`, "J2")
	same, err2 := raw(`"a"`, "J2")
	if err != nil || err2 != nil || one != same {
		t.Errorf("%s %v, %s %v", one, err, same, err2)
	}
	for token, want := range map[string]string{`"a"`: string(glue.IdempotentMismatch), `""`: ii, `7`: ii, `"` + strings.Repeat("x", 256) + `"`: ii} {
		if _, err := raw(token, "J3"); err == nil {
			t.Errorf("%.20s: taken", token)
		} else if _, code, message := s.api.Error(err); code != want {
			t.Errorf("%.20s: %s %s", token, code, message)
		}
	}
}

// TestTwoOperators press at once: one new run, and the other is told whose it is.
func TestTwoOperators(t *testing.T) {
	t.Parallel()
	for _, same := range []bool{false, true} {
		s := newPlanned(t)
		s.hold()
		const n = 8
		var (
			wait    sync.WaitGroup
			mu      sync.Mutex
			runs    = map[string]int{}
			refused []string
		)
		for i := range n {
			wait.Go(func() {
				r := plan.ExecuteRequest{Request: plan.Request{Name: "W", RunId: s.first, NodeIds: s.ids("J2")}, ExpectHead: s.first, By: fmt.Sprintf("op%d@host", i)}
				if same {
					r.ClientToken = "one"
				}
				answer, err := ask[plan.ExecuteAnswer](s.server, plan.OpExecute, r)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					_, _, message := s.api.Error(err)
					refused = append(refused, message)
					return
				}
				runs[answer.RunId]++
			})
		}
		wait.Wait()
		s.settle()
		wantRefused := n - 1
		if same {
			wantRefused = 0
		}
		if len(runs) != 1 || len(refused) != wantRefused {
			t.Fatalf("same token %v: runs %v, %d refused", same, runs, len(refused))
		}
		if starts := s.exec.starts("J2"); len(starts) != 2 {
			t.Errorf("J2 was started %d times, want 2", len(starts))
		}
		for id := range runs {
			rec, err := ask[plan.Record](s.server, plan.OpGet, plan.GetRequest{Name: "W", RunId: id})
			if err != nil || !strings.HasSuffix(rec.By, "@host") {
				t.Fatalf("%+v %v", rec, err)
			}
			for _, message := range refused {
				if !strings.Contains(message, rec.By+" has resumed it since: run "+id+" is the newest (RUNNING, started ") {
					t.Errorf("the loser is not told whose it is: %s", message)
				}
			}
		}
		s.release()
		s.finish("J2", "SUCCEEDED")
	}
}
