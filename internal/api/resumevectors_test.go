package api

import (
	"fmt"
	"slices"
	"testing"

	"github.com/reglue/reglue/internal/glue"
)

func stats(r *glue.WorkflowRun) string {
	s := r.Statistics
	return fmt.Sprintf("total %d succeeded %d failed %d", s.TotalActions, s.SucceededActions, s.FailedActions)
}

// The vectors of glue-semantics 6.4.
func TestResumeVectors(t *testing.T) {
	t.Parallel()
	broken := "J1=SUCCEEDED J2=FAILED J3=FAILED J4=- J5=-"
	tests := []struct {
		name     string
		selected []string
		fails    []string // jobs that fail again
		roots    []string
		states   string
		stats    string
	}{
		{"both failed nodes", []string{"J2", "J3"}, nil, []string{"J2", "J3"},
			"J1=SUCCEEDED J2=SUCCEEDED J3=SUCCEEDED J4=SUCCEEDED J5=SUCCEEDED", "total 5 succeeded 5 failed 0"},
		{"order of the request", []string{"J3", "J2"}, nil, []string{"J3", "J2"},
			"J1=SUCCEEDED J2=SUCCEEDED J3=SUCCEEDED J4=SUCCEEDED J5=SUCCEEDED", "total 5 succeeded 5 failed 0"},
		{"a node below another (R13)", []string{"J1", "J2"}, nil, []string{"J1"},
			"J1=SUCCEEDED J2=SUCCEEDED J3=SUCCEEDED J4=SUCCEEDED J5=SUCCEEDED", "total 5 succeeded 5 failed 0"},
		{"one of two failed nodes", []string{"J2"}, nil, []string{"J2"},
			"J1=SUCCEEDED J2=SUCCEEDED J3=FAILED J4=SUCCEEDED J5=-", "total 5 succeeded 3 failed 1"},
		{"a node that succeeded (R10)", []string{"J1"}, []string{"J2"}, []string{"J1"},
			"J1=SUCCEEDED J2=FAILED J3=SUCCEEDED J4=- J5=SUCCEEDED", "total 5 succeeded 3 failed 1"},
		{"duplicates (R8)", []string{"J2", "J2"}, nil, []string{"J2"},
			"J1=SUCCEEDED J2=SUCCEEDED J3=FAILED J4=SUCCEEDED J5=-", "total 5 succeeded 3 failed 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.workflow("W", w1...)
			s.fails("J2", "J3")
			first := s.start("W")
			if got := states(s.run("W", first)); got != broken {
				t.Fatal(got)
			}
			s.fails(tt.fails...)
			id, roots := s.resume("W", first, tt.selected...)
			if s.failed != nil {
				t.Fatal(s.failed)
			}
			r := s.run("W", id)
			if !slices.Equal(roots, tt.roots) || states(r) != tt.states || stats(r) != tt.stats || r.Status != "COMPLETED" {
				t.Errorf("roots %v, %s, %s, %s\nwant %v, %s, %s", roots, states(r), stats(r), r.Status, tt.roots, tt.states, tt.stats)
			}
		})
	}
}

func TestResumeVectorsOfJoinsAndBranches(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		triggers []string
		before   []string // jobs that fail in the original
		again    []string // and in the resumed run
		selected string
		states   string
	}{
		{"AND with a carried side (R18)", []string{"T1 > J1", "J1+ > T2 > A", "J1+ > T3 > B", "A+ & B+ > T > C"},
			[]string{"B"}, nil, "B", "A=SUCCEEDED B=SUCCEEDED C=SUCCEEDED J1=SUCCEEDED"},
		{"ANY fires on this run's events alone (R19)", []string{"T1 > J1", "J1+ > T2 > A", "J1+ > T3 > B", "A+ | B+ > T > C"},
			[]string{"B"}, []string{"B"}, "B", "A=SUCCEEDED B=FAILED C=- J1=SUCCEEDED"},
		{"ANY fires again (R15)", []string{"T1 > J1", "J1+ > T2 > A", "J1+ > T3 > B", "A+ | B+ > T > C"},
			[]string{"B"}, nil, "B", "A=SUCCEEDED B=SUCCEEDED C=SUCCEEDED J1=SUCCEEDED"},
		{"AND with a carried failure (R20)", []string{"T1 > J1", "J1+ > T2 > A", "J1+ > T3 > B", "A+ & B+ > T > C"},
			[]string{"A", "B"}, nil, "B", "A=FAILED B=SUCCEEDED C=- J1=SUCCEEDED"},
		{"the failure's branch stays blank (R15)", []string{"T1 > J", "J- > Tf > Clean"},
			[]string{"J"}, nil, "J", "Clean=- J=SUCCEEDED"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.workflow("W", tt.triggers...)
			s.fails(tt.before...)
			first := s.start("W")
			s.fails(tt.again...)
			id, _ := s.resume("W", first, tt.selected)
			if s.failed != nil {
				t.Fatal(s.failed)
			}
			if r := s.run("W", id); states(r) != tt.states || r.Status != "COMPLETED" {
				t.Errorf("%s %s, want %s", r.Status, states(r), tt.states)
			}
		})
	}
}
