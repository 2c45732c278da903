package flow

import "github.com/reglue/reglue/internal/glue"

// Kind is a reason in one word, for programs.
type Kind string

// The kinds of reasons.
const (
	KindStarted       Kind = "started"        // its trigger started it; of a trigger: fired
	KindSelected      Kind = "selected"       // the resume started it directly
	KindUpstreamReran Kind = "upstream-reran" // its trigger started it again after a resume
	KindCarried       Kind = "carried"        // it stands as an earlier run left it
	KindAccepted      Kind = "accepted"       // a resume took it as SUCCEEDED
	KindHeld          Kind = "held"           // a resume left it out
	KindWaiting       Kind = "waiting"        // it may still start, or fire
	KindNever         Kind = "never"          // the run is over, or stops, without it
)

// Kind is the kind of a node's reason in a run.
func (w *Reasons) Kind(n int) Kind { return w.kind(n) }

func (w *why) kind(n int) Kind {
	node := &w.g.Nodes[n]
	if node.Trigger >= 0 {
		fired := w.r.Triggers[node.Trigger].Fired
		switch {
		case fired && w.carried(n):
			return KindCarried
		case fired:
			return KindStarted
		}
		return w.unstarted()
	}
	switch st := &w.r.Nodes[n]; {
	case st.Accepted:
		return KindAccepted
	case st.Carried:
		return KindCarried
	}
	at, ran := w.r.Latest(w.g, n)
	switch {
	case ran && w.direct(n, at):
		return KindSelected
	case ran && w.again != nil:
		return KindUpstreamReran
	case ran:
		return KindStarted
	case w.r.holds(n):
		return KindHeld
	}
	return w.unstarted()
}

func (w *why) unstarted() Kind {
	if w.r.Over() || w.r.Status == glue.WorkflowRunStatusStopping {
		return KindNever
	}
	return KindWaiting
}
