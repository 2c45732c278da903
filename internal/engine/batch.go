package engine

import (
	"fmt"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// batch is one member of the transaction: what an input may use.
type batch struct {
	e   *Engine
	tx  *store.Tx
	now glue.Time
	in  *input
	// touched is set once memory was changed, so that a failure drops it.
	touched bool
}

// effect is what the executor is to do after the commit: start, or stop when an
// id is given.
type effect struct {
	spec executor.Spec
	stop string
}

// apply steps a run through an event and through those that follow from it at
// once, and writes what changed.
func (b *batch) apply(lr *liveRun, first flow.Event) error {
	b.touched = true
	changed := false
	events := []flow.Event{first}
	for len(events) > 0 {
		ev := events[0]
		events = events[1:]
		c, err := flow.Step(lr.graph, lr.run, ev, int64(b.now))
		if err != nil {
			b.e.opt.Log.Error("event can't be; it is ignored and the run goes on", "error", err)
			continue
		}
		if c.Empty() {
			continue
		}
		refused, soft, err := b.carryOut(lr, ev, &c)
		if err != nil {
			return err
		}
		changed = changed || !soft
		events = append(events, refused...)
	}
	if !changed {
		return nil
	}
	return b.writeRun(lr)
}

// carryOut makes a change part of the run in memory and writes its job runs. It
// returns the ends of starts that were refused. A soft change may wait to be
// written.
func (b *batch) carryOut(lr *liveRun, ev flow.Event, c *flow.Change) (refused []flow.Event, soft bool, err error) {
	lr.run.Apply(c)
	lr.rec.Rev++
	lr.rec.Clock = c.At
	switch ev := ev.(type) {
	case flow.Progressed:
		b.progress(lr.attempts[ev.Action], ev.State, c.At)
		return nil, true, nil
	case flow.Ended:
		if err := b.finish(lr.attempts[ev.Action], ev.State, c.At); err != nil {
			return nil, false, err
		}
	}
	for _, at := range c.Stop {
		if err := b.stop(lr.attempts[at.Action], c.At); err != nil {
			return nil, false, err
		}
	}
	for i := range c.Start {
		end, err := b.startAttempt(lr, &c.Start[i], c.At)
		if err != nil {
			return nil, false, err
		}
		if end != nil {
			refused = append(refused, *end)
		}
	}
	return refused, false, nil
}

// writeRun writes the run's own state, and retires it when it is over.
func (b *batch) writeRun(lr *liveRun) error {
	b.runChanged(lr)
	goesOn := lr.rec.Status == lr.run.Status && !lr.run.Over()
	lr.rec.Status = lr.run.Status
	lr.rec.Statistics = lr.run.Statistics()
	if goesOn {
		return b.tx.UpdateRunProgress(&lr.rec)
	}
	if lr.run.Over() {
		lr.rec.Completed = glue.Time(lr.run.Clock)
		lr.rec.States = flow.Encode(lr.run)
		delete(b.e.runs, lr.rec.Seq)
		b.e.flows[lr.rec.Workflow]--
		b.e.ended.put(lr.rec.Seq, lr.run)
		b.e.opt.Log.Info("workflow run is over", "workflow", lr.rec.Workflow, "run_id", lr.rec.ID, "status", lr.rec.Status)
		if err := b.planRepair(lr); err != nil {
			return err
		}
	}
	return b.tx.UpdateRun(&lr.rec)
}

// startAttempt creates a workflow's job run. A job that is gone or at its limit
// gives a job run that has ended already (R11, R23).
func (b *batch) startAttempt(lr *liveRun, st *flow.Start, at int64) (*flow.Ended, error) {
	a := &lr.graph.Actions[st.Action]
	node := &lr.graph.Nodes[a.Node]
	if node.Type != glue.NodeTypeJob {
		return nil, fmt.Errorf("run %s: node %s: crawlers are not run by this version", lr.rec.ID, node.Name)
	}
	tr := lr.graph.Triggers[a.Trigger].Def
	lj := &liveJob{run: lr, rec: store.JobRun{
		ID: st.JobRunID, Job: node.Name, Run: lr.rec.Seq, Attempt: st.Attempt, Retry: st.Retry, Root: st.Root,
		Trigger: tr.Name, Started: glue.Time(at), Predecessors: st.Predecessors, Rev: lr.rec.Rev,
	}}
	if st.Retry > 0 {
		lj.rec.Previous = glue.RetryID(glue.FirstAttemptID(st.JobRunID), st.Retry-1)
	}
	lr.attempts[st.Action] = lj
	reason, err := b.create(lj, st.SameAs)
	if err != nil {
		return nil, err
	}
	if reason != flow.Blank {
		return &flow.Ended{Attempt: st.Attempt, State: reason, Refused: true}, nil
	}
	b.start(lj, lj.override())
	return nil, nil
}

// create admits a job run, or says with which state it is refused, and inserts
// its row in STARTING.
func (b *batch) create(lj *liveJob, sameAs string) (refused flow.State, err error) {
	job, def, err := b.e.defs.job(b.tx, lj.rec.Job)
	if err != nil {
		return flow.Blank, err
	}
	limit := b.e.limit(lj.rec.Job)
	switch {
	case job == nil:
		refused, lj.rec.Message = flow.Errored, fmt.Sprintf("Job with name: %s not found.", lj.rec.Job)
	case limit.count >= job.ConcurrentRuns():
		refused, lj.rec.Message = flow.Failed, "Max concurrent runs exceeded"
	}
	lj.job, lj.rec.Definition = job, def
	lj.rec.State, lj.rec.Modified = flow.Starting, lj.rec.Started
	limit.count++
	b.e.jobRuns[lj.rec.ID] = lj
	b.touched = true
	b.aloneChanged(lj)
	return refused, b.tx.InsertJobRun(&lj.rec, sameAs)
}

// start queues the effect that starts a job run.
func (b *batch) start(lj *liveJob, o glue.Override) {
	b.in.effects = append(b.in.effects, effect{spec: b.e.spec(lj, o)})
}

// stop marks a job run as stopping and queues the effect.
func (b *batch) stop(lj *liveJob, at int64) error {
	b.touched = true
	lj.rec.State, lj.rec.Modified = flow.Stopping, glue.Time(at)
	if lj.run != nil {
		lj.rec.Rev = lj.run.rec.Rev
	}
	b.in.effects = append(b.in.effects, effect{stop: lj.rec.ID})
	b.aloneChanged(lj)
	delete(b.e.dirty, lj.rec.ID)
	return b.tx.UpdateJobRun(&lj.rec)
}

// progress notes a live state, to be written with the next commit.
func (b *batch) progress(lj *liveJob, s flow.State, at int64) {
	lj.rec.State, lj.rec.Modified = s, glue.Time(at)
	if lj.run != nil {
		lj.rec.Rev = lj.run.rec.Rev
	}
	b.e.dirty[lj.rec.ID] = lj
}

// finish ends a job run and writes it.
func (b *batch) finish(lj *liveJob, s flow.State, at int64) error {
	b.touched = true
	lj.rec.State, lj.rec.Modified, lj.rec.Completed = s, glue.Time(at), glue.Time(at)
	lj.rec.Detail = ""
	if lj.run != nil {
		lj.rec.Rev = lj.run.rec.Rev
		delete(lj.run.attempts, lj.rec.Action)
	}
	b.e.limit(lj.rec.Job).count--
	delete(b.e.jobRuns, lj.rec.ID)
	delete(b.e.dirty, lj.rec.ID)
	b.aloneChanged(lj)
	return b.tx.UpdateJobRun(&lj.rec)
}

// limit counts the live runs of a job.
func (e *Engine) limit(job string) *liveLimit {
	l := e.jobs[job]
	if l == nil {
		l = &liveLimit{}
		e.jobs[job] = l
	}
	return l
}

// spec is what the executor needs to start a job run: it follows from committed
// rows alone, so that a repeated start is the same start.
func (e *Engine) spec(lj *liveJob, o glue.Override) executor.Spec {
	args := lj.job.RunArguments(o)
	s := executor.Spec{
		JobRunID:       lj.rec.ID,
		JobName:        lj.rec.Job,
		ScriptLocation: lj.job.Script(args),
		Arguments:      args,
		Timeout:        lj.job.RunTimeoutDuration(o),
	}
	if c := lj.job.Command; c != nil {
		s.Command, s.PythonVersion = c.Name, c.PythonVersion
	}
	size := lj.job
	if lj.rec.Request != nil {
		size = size.Overridden(lj.rec.Request)
	}
	s.GlueVersion, s.WorkerType = size.Version(), string(size.WorkerType)
	if size.NumberOfWorkers != nil {
		s.NumberOfWorkers = int(*size.NumberOfWorkers)
	}
	if size.MaxCapacity != nil {
		s.MaxCapacity = *size.MaxCapacity
	} else if size.AllocatedCapacity != nil {
		s.MaxCapacity = float64(*size.AllocatedCapacity)
	}
	if lj.run != nil {
		by := lj.startedBy()
		s.WorkflowName, s.WorkflowRunID = by.Workflow, by.ID
		if by.Resume != nil {
			s.Files = by.Resume.Files
		}
	}
	if e.opt.EndpointURL != nil {
		s.EndpointURL = e.opt.EndpointURL(lj.rec.ID)
	}
	return s
}

// override is what the job run's action or request sets.
func (lj *liveJob) override() glue.Override {
	switch {
	case lj.rec.Request != nil:
		return lj.rec.Request.Override()
	case lj.run != nil:
		a := &lj.run.graph.Actions[lj.rec.Action]
		action := lj.run.graph.Triggers[a.Trigger].Def.Actions[a.Index].Override()
		return lj.startedBy().Override(lj.rec.Job).Apply(action)
	}
	return glue.Override{}
}
