// Package flow is the pure core: it compiles a workflow's triggers into a graph,
// says what an event changes in a run, and plans a resume. It knows no clock, no
// goroutine, no log, no context and no I/O; the engine commits what it returns
// and then carries out the effects.
//
// A run moves by events:
//
//	Begun ──▶ RUNNING ──(nothing live, nothing fired)──▶ COMPLETED
//	             │
//	         StopAsked ──▶ STOPPING ──(nothing live)──▶ STOPPED
//	             │                                         ▲
//	             └── Superseded (what is live is moved) ───┘
//
// and each action of a trigger by its attempts:
//
//	blank ──fired──▶ STARTING ──▶ WAITING, RUNNING, STOPPING ──▶ an end
//	                    ▲                                          │
//	                    └──────── FAILED with retries left ────────┘
//
// Beside that it looks: Observe rebuilds a run from GetWorkflowRun's answer, Explain
// and ExplainPlan say why each node stands where it stands, Blocked sums a run up.
//
// Its tests hold it against an oracle (package oracle) on random workflows and
// against a scenario file for each rule; package mutate breaks the
// rules one at a time to see that they notice.
//
// It may import glue.
package flow
