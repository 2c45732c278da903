package flow

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	graphs = flag.Int("graphs", 120_000, "how many random workflows to hold against the oracle")
	seed   = flag.Uint64("seed", 0, "play only this random workflow")
)

// TestOracle holds flow against the oracle, which shares no code with it, on
// random workflows with random events and resumes; every invariant of the core is
// checked after every event.
func TestOracle(t *testing.T) {
	n := uint64(*graphs)
	if raceEnabled {
		n /= 20
	}
	if *seed != 0 {
		if err := playSeed(*seed, nil); err != nil {
			t.Fatal(err)
		}
		return
	}
	var next, failed atomic.Uint64
	var total tally
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			var own tally
			for failed.Load() < 3 {
				s := next.Add(1)
				if s > n {
					break
				}
				if err := playSeed(s, &own); err != nil {
					failed.Add(1)
					t.Error(err)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			total.add(own)
		})
	}
	wg.Wait()
	t.Logf("%+v", total)
	total.covers(t, int(n))
}

func playSeed(s uint64, sum *tally) (err error) {
	w := newWorld(s)
	w.beyond = true
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("seed %d: panic %v\n%s", s, r, w.script())
		}
	}()
	if err := w.play(sizeOf(s)); err != nil {
		return fmt.Errorf("seed %d: %w\n%s", s, err, w.script())
	}
	if sum != nil {
		sum.count(w)
	}
	return nil
}

// tally counts what the random workflows met, so that a generator that stops
// making the hard cases turns the test red.
type tally struct {
	Graphs, Runs, Resumes, Events, Starts, Retries, Stops   int
	Circles, Shared, Joins, Anys, Carried, Chains, SameNode int
	Accepted, AtOnce, Kept, Held, HeldOn, HeldStarts        int
	Superseded, Moved, MovedOn, MovedRetries, MovedStarts   int
}

func (s *tally) add(o tally) {
	s.Graphs += o.Graphs
	s.Runs += o.Runs
	s.Resumes += o.Resumes
	s.Events += o.Events
	s.Starts += o.Starts
	s.Retries += o.Retries
	s.Stops += o.Stops
	s.Circles += o.Circles
	s.Shared += o.Shared
	s.Joins += o.Joins
	s.Anys += o.Anys
	s.Carried += o.Carried
	s.Chains += o.Chains
	s.SameNode += o.SameNode
	s.Accepted += o.Accepted
	s.AtOnce += o.AtOnce
	s.Kept += o.Kept
	s.Held += o.Held
	s.HeldOn += o.HeldOn
	s.HeldStarts += o.HeldStarts
	s.Superseded += o.Superseded
	s.Moved += o.Moved
	s.MovedOn += o.MovedOn
	s.MovedRetries += o.MovedRetries
	s.MovedStarts += o.MovedStarts
}

func (s *tally) count(w *world) {
	s.Graphs++
	for n := range w.g.Nodes {
		if len(w.g.Nodes[n].Actions) > 1 {
			s.Shared++
		}
	}
	for _, p := range w.runs {
		s.Runs++
		s.Events += len(p.oracle.Events)
		s.Starts += len(p.starts)
		if p.prior != nil {
			s.Resumes++
			if p.prior.prior != nil {
				s.Chains++
			}
		}
		for _, st := range p.starts {
			if st.Retry > 0 {
				s.Retries++
			}
			if !st.Root && st.Retry == 0 && st.Start > 0 {
				s.SameNode++ // a circle came back to its root
			}
		}
		s.countMoved(w, p)
		s.Accepted += len(p.run.Accepted)
		if p.plan != nil && len(p.run.Accepted) > 0 {
			s.AtOnce += len(p.plan.Start) - len(p.plan.Roots)
		}
		for _, n := range p.run.Held {
			if slices.Contains(p.prior.run.Held, n) {
				s.HeldOn++
			} else {
				s.Held++
			}
		}
		for _, n := range p.roots {
			if slices.Contains(p.prior.run.Held, n) {
				s.HeldStarts++
			}
			if below := w.g.Reach(successors(w.g, n)...); below[n] {
				s.Circles++
			}
		}
		for n := range p.run.Nodes {
			if p.run.Nodes[n].Carried {
				s.Carried++
			}
			if p.run.Nodes[n].Accepted && !slices.Contains(p.run.Accepted, n) {
				s.Kept++
			}
		}
		for i, t := range p.run.Triggers {
			if tr := &w.g.Triggers[i]; t.Fired && len(tr.Conditions) > 1 {
				if tr.Any {
					s.Anys++
				} else {
					s.Joins++
				}
			}
		}
		if p.run.Status == "STOPPED" {
			s.Stops++
		}
	}
}

// countMoved counts what a run took over: attempts, those of them that had been taken
// over before, what retries them, and what their ends started outside of the resume.
func (s *tally) countMoved(w *world, p *played) {
	s.Superseded += b2i(p.superseded())
	if p.base == nil || p.base.Live == 0 {
		return
	}
	s.Moved += p.base.Live
	for _, at := range p.base.MovedAttempts() {
		s.MovedOn += b2i(p.base.Moved[at.Action].Run != p.prior.run.ID)
	}
	again := w.g.again(&p.run.Scope)
	for _, st := range p.starts {
		switch {
		case st.Retry > 0 && p.base.Moved[st.Action].Run != "" && p.base.moved(st.Action, st.Start-st.Retry):
			s.MovedRetries++
		case !again[w.g.Actions[st.Action].Node] && st.Retry == 0:
			s.MovedStarts++
		}
	}
}

func successors(g *Graph, n int) (out []int) {
	g.next(n, func(m int) { out = append(out, m) })
	return out
}

func (s *tally) covers(t *testing.T, n int) {
	if s.Graphs != n {
		t.Errorf("played %d of %d workflows", s.Graphs, n)
	}
	if n < 1000 {
		return
	}
	for name, c := range map[string]int{
		"resumes": s.Resumes, "retries": s.Retries, "stops": s.Stops, "circles": s.Circles, "shared jobs": s.Shared,
		"joins": s.Joins, "any": s.Anys, "carried nodes": s.Carried, "chains of resumes": s.Chains, "roots started again": s.SameNode,
		"accepted nodes": s.Accepted, "starts at once": s.AtOnce, "accepted nodes carried on": s.Kept,
		"superseded runs": s.Superseded, "moved attempts": s.Moved, "moved again": s.MovedOn, "retries of moved ones": s.MovedRetries,
		"starts by moved ones": s.MovedStarts, "nodes held back": s.Held, "nodes held on": s.HeldOn, "starts of held nodes": s.HeldStarts,
	} {
		if c < n/200 {
			t.Errorf("only %d %s in %d workflows: the generator lost them", c, name, n)
		}
	}
}
