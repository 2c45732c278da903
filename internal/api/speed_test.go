package api

import (
	"encoding/json"
	"fmt"
	"testing"
)

// hundredNodes is a chain of 50 triggers and 50 jobs.
func hundredNodes() []string {
	chain := []string{"T0 > J0"}
	for i := 1; i < 50; i++ {
		chain = append(chain, fmt.Sprintf("J%d+ > T%d > J%d", i-1, i, i))
	}
	return chain
}

func BenchmarkGetWorkflowRun(b *testing.B) {
	s := newServer(b)
	s.workflow("W", hundredNodes()...)
	body := fmt.Appendf(nil, `{"Name": "W", "RunId": %q, "IncludeGraph": true}`, s.start("W"))
	answer := 0
	for b.Loop() {
		out, err := s.api.Call(b.Context(), "GetWorkflowRun", body)
		if err != nil {
			b.Fatal(err)
		}
		answer = len(out.(json.RawMessage))
	}
	b.ReportMetric(float64(answer), "bytes")
}

// BenchmarkCreateTrigger reports what a trigger costs while there are few and
// when there are many in its workflow.
func BenchmarkCreateTrigger(b *testing.B) {
	for _, before := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("after %d", before), func(b *testing.B) {
			s := newServer(b, func(set *settings) { set.api.MaxTriggers = -1 })
			s.workflow("W", "T > A")
			s.job("B")
			create := func(i int) {
				s.do("CreateTrigger", fmt.Sprintf(`{'Name': 'T%d', 'WorkflowName': 'W', 'Type': 'CONDITIONAL', 'StartOnCreation': true,
					'Actions': [{'JobName': 'B'}], 'Predicate': {'Conditions': [{'LogicalOperator': 'EQUALS', 'JobName': 'A', 'State': 'SUCCEEDED'}]}}`, i))
			}
			for i := range before {
				create(i)
			}
			n := before
			for b.Loop() {
				create(n)
				n++
			}
		})
	}
}
