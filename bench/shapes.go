package main

import (
	"fmt"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/glue"
)

// call is not taken for a repeat of another.
var call = engine.Call{}

// joinOf starts n jobs at once; every 500 of them join, and the joins join.
func joinOf(n int) (ts []glue.Trigger, joins int) {
	ts = []glue.Trigger{start("start", nodes(0, n)...)}
	var ends []string
	for i := 0; i < n; i += 500 {
		end := fmt.Sprintf("join%05d", i)
		ts = append(ts, after("t-"+end, nodes(i, min(i+500, n)), end))
		ends = append(ends, end)
	}
	return append(ts, after("t-all", ends, "all")), len(ends)
}

// treeOf is a start job "a" above a binary tree of half of n nodes, and a job "b"
// above another of the other half: one root reaches half of the graph.
func treeOf(n int) []glue.Trigger {
	ts := []glue.Trigger{start("start", "a", "b")}
	grow := func(top string, count int) {
		name := func(i int) string {
			if i == 0 {
				return top
			}
			return fmt.Sprintf("%s%06d", top, i)
		}
		for i := 0; 2*i+1 < count; i++ {
			kids := []string{name(2*i + 1)}
			if 2*i+2 < count {
				kids = append(kids, name(2*i+2))
			}
			ts = append(ts, after("t-"+name(i), []string{name(i)}, kids...))
		}
	}
	grow("a", n/2)
	grow("b", n-n/2)
	return ts
}
