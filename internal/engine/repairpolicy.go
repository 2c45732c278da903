package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

// planRepair plans the automatic repair of a run that has just ended, if its
// workflow wants it; it is part of the transaction that ends the run. When the
// budget is used up, or the errors are not those to repair, that is kept too.
func (b *batch) planRepair(lr *liveRun) error {
	s := &lr.rec.Statistics
	if lr.rec.Status != glue.WorkflowRunStatusCompleted ||
		s.FailedActions+s.TimeoutActions+s.ErroredActions+s.StoppedActions == 0 {
		return nil
	}
	text, err := b.tx.Tag(b.e.scope.ARN("workflow", lr.rec.Workflow), plan.RepairTag)
	if err != nil || text == "" {
		return err
	}
	policy, err := plan.ParseRepairPolicy(text)
	if err != nil {
		b.e.opt.Log.Warn("the policy of automatic repair can't be read; nothing is repaired",
			"workflow", lr.rec.Workflow, "tag", plan.RepairTag, "error", err)
		return nil
	}
	if policy == nil {
		return nil
	}
	r := repair{b: b, lr: lr, policy: policy}
	return r.plan()
}

// repair is an automatic repair being planned.
type repair struct {
	b      *batch
	lr     *liveRun
	policy *plan.RepairPolicy
	broken []broken
}

// broken is a node to repeat and the error of its latest attempt.
type broken struct {
	node    int
	state   flow.State
	message string
}

func (r *repair) plan() error {
	rec := &r.lr.rec
	p := &store.Planned{
		ID: "repair_" + rec.ID, Workflow: rec.Workflow, Run: rec.ID, Origin: rec.Origin,
		State: store.PlannedPending, By: "automatic repair", Created: max(r.b.now, rec.Completed),
	}
	if old, err := r.b.tx.Planned(p.ID); err != nil || old != nil {
		return err
	}
	if err := r.find(); err != nil || len(r.broken) == 0 {
		return err
	}
	family, err := r.b.tx.RepairsOf(rec.Origin)
	if err != nil {
		return err
	}
	tries, first := 0, p.Created
	for i := range family {
		first = min(first, family[i].Created)
		if family[i].State == store.PlannedDone {
			tries++
		}
	}
	p.Due = p.Created + glue.Time(r.policy.Delay(tries+1).Milliseconds())
	if why := r.unwanted(); why != "" {
		return r.giveUp(p, store.PlannedSkipped, "automatic repair does not apply: "+why)
	}
	if why := r.usedUp(tries, first, p.Due); why != "" {
		return r.giveUp(p, store.PlannedFailed, "automatic repair gave up "+why+": "+r.summary())
	}
	p.By = fmt.Sprintf("automatic repair (try %d of %d)", tries+1, r.policy.Times)
	if p.Request, err = r.request(p.By); err != nil {
		return err
	}
	r.b.e.opt.Log.Info("automatic repair is planned", "workflow", rec.Workflow, "run_id", rec.ID, "by", p.By, "due", p.Due.Time())
	r.b.e.plansWritten = true
	return r.b.tx.InsertPlanned(p)
}

// find looks for the nodes that ended in a way that the policy repairs.
func (r *repair) find() error {
	run, g := r.lr.run, r.lr.graph
	for _, n := range flow.FailedNodes(g, run) {
		at, _ := run.Latest(g, n)
		state := run.Actions[at.Action].State
		if g.Nodes[n].Type != glue.NodeTypeJob || !slices.Contains(r.policy.On, state) {
			continue
		}
		jr, err := r.b.tx.JobRun(run.EndID(g, n))
		if err != nil {
			return err
		}
		b := broken{node: n, state: state}
		if jr != nil {
			b.message = jr.Message
		}
		r.broken = append(r.broken, b)
	}
	return nil
}

// unwanted names a node whose error the policy does not repair.
func (r *repair) unwanted() string {
	for i := range r.broken {
		if b := &r.broken[i]; !r.policy.Matches(b.message) {
			return fmt.Sprintf("the error of %s does not match %q", r.name(b), r.policy.Match)
		}
	}
	return ""
}

func (r *repair) usedUp(tries int, first, due glue.Time) string {
	after := "after 1 try"
	if tries != 1 {
		after = fmt.Sprintf("after %d tries", tries)
	}
	switch within := glue.Time(r.policy.Within.Milliseconds()); {
	case tries >= r.policy.Times:
		return after
	case within > 0 && due > first+within:
		return fmt.Sprintf("%s, as the next one would start more than %s after the first failure (%s)",
			after, short(r.policy.Within), first.Time().Format(time.DateTime+" MST"))
	}
	return ""
}

// short writes a time span without the parts that are zero.
func short(d time.Duration) string {
	s := d.String()
	if cut, ok := strings.CutSuffix(s, "m0s"); ok {
		s = cut + "m"
	}
	if cut, ok := strings.CutSuffix(s, "h0m"); ok {
		s = cut + "h"
	}
	return s
}

func (r *repair) name(b *broken) string { return r.lr.graph.Nodes[b.node].Name }

// summary says what is broken.
func (r *repair) summary() string {
	b := &r.broken[0]
	text := r.name(b) + " ended " + b.state.String()
	if line, _, _ := strings.Cut(strings.TrimSpace(b.message), "\n"); line != "" {
		text += ": " + line
	}
	if more := len(r.broken) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

// giveUp keeps with the run that nothing is tried any more.
func (r *repair) giveUp(p *store.Planned, state store.PlannedState, why string) error {
	p.State, p.Error, p.Due, p.Ended = state, why, 0, p.Created
	r.b.e.opt.Log.Warn(why, "workflow", p.Workflow, "run_id", p.Run)
	return r.b.tx.InsertPlanned(p)
}

// request is the resume as it will be carried out.
func (r *repair) request(by string) ([]byte, error) {
	req := plan.ExecuteRequest{
		Request: plan.Request{Name: r.lr.rec.Workflow, RunId: r.lr.rec.ID}, ExpectHead: r.lr.rec.ID, By: by,
	}
	for i := range r.broken {
		b := &r.broken[i]
		req.NodeIds = append(req.NodeIds, r.lr.graph.Nodes[b.node].ID)
		o := glue.RunOverride{Retries: r.policy.Retries}
		if b.state == flow.TimedOut && r.policy.Timeout > 0 {
			minutes, err := r.timeout(b.node)
			if err != nil {
				return nil, err
			}
			longer := r.policy.Longer(minutes)
			o.Timeout = &longer
		}
		if o.Retries != nil || o.Timeout != nil {
			if req.Overrides == nil {
				req.Overrides = map[string]glue.RunOverride{}
			}
			req.Overrides[r.name(b)] = o
		}
	}
	return json.Marshal(&req)
}

// timeout is the one that the latest attempt of a node had, in minutes.
func (r *repair) timeout(n int) (int32, error) {
	g, name := r.lr.graph, r.lr.graph.Nodes[n].Name
	job, _, err := r.b.e.defs.job(r.b.tx, name)
	if err != nil {
		return 0, err
	}
	if job == nil {
		job = &glue.Job{}
	}
	at, _ := r.lr.run.Latest(g, n)
	a := &g.Actions[at.Action]
	return job.RunTimeout(r.lr.rec.Override(name).Apply(g.Triggers[a.Trigger].Def.Actions[a.Index].Override())), nil
}
