package api

import "testing"

// w1 is the workflow of the guide's page on resuming.
var w1 = []string{"T1 > J1", "J1+ > T2 > J2", "J1+ > T3 > J3", "J2+ > T4 > J4", "J3+ > T5 > J5"}

func TestResumeVectors(t *testing.T) {
	s := newServer(t)
	s.workflow("W1", w1...)
	s.fails("J2", "J3")
	first := s.start("W1")
	r := s.run("W1", first)
	if got := states(r); got != "J1=SUCCEEDED J2=FAILED J3=FAILED J4=- J5=-" || r.Status != "COMPLETED" {
		t.Fatalf("%s %s", r.Status, got)
	}
	id, roots := s.resume("W1", first, "J2", "J3")
	r = s.run("W1", id)
	t.Log(roots, states(r), r.Status, *r.Statistics)
}
