package runner

import (
	"fmt"
	"testing"
)

// program is the smallest job there is.
func program() Spec { return Spec{Argv: []string{"/bin/true"}, Env: []string{"A=b"}} }

// BenchmarkFanOut starts 200 processes at once and waits for all of them, every
// claim and exit durable.
func BenchmarkFanOut(b *testing.B) {
	const width = 200
	ended := make(chan struct{}, width)
	s := connect(b, b.TempDir(), func(o *Options) {
		o.Events = func(e Event) {
			if e.Kind == EventEnded {
				ended <- struct{}{}
			}
		}
	})
	for n := 0; b.Loop(); n++ {
		for i := range width {
			s.start(fmt.Sprintf("jr_%d_%d", n, i), program())
		}
		for range width {
			<-ended
		}
	}
	b.ReportMetric(float64(b.N)*width/b.Elapsed().Seconds(), "processes/s")
}

// BenchmarkChain starts each process after the end of the one before.
func BenchmarkChain(b *testing.B) {
	ended := make(chan struct{}, 1)
	s := connect(b, b.TempDir(), func(o *Options) {
		o.Events = func(e Event) {
			if e.Kind == EventEnded {
				ended <- struct{}{}
			}
		}
	})
	for n := 0; b.Loop(); n++ {
		s.start(fmt.Sprintf("jr_%d", n), program())
		<-ended
	}
}
