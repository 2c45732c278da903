package engine

import (
	"sync"
	"sync/atomic"
)

// input is one request or report for the committer.
type input struct {
	do   func(b *batch) error
	done chan error // nil for a report
	// report is set for what nobody waits for and nobody would send again.
	report bool
	// progress is set for a report that writes nothing at once.
	progress bool
	tries    int
	state    atomic.Int32
	effects  []effect
	changes  []Changed // for watchers, once it is committed
}

const (
	waiting int32 = iota
	takenUp
	withdrawn
)

// withdraw takes the input back unless the committer has taken it up.
func (in *input) withdraw() bool { return in.state.CompareAndSwap(waiting, withdrawn) }

func (in *input) finish(err error) {
	if in.done != nil {
		in.done <- err
	}
}

// taken drops the inputs that were withdrawn and takes up the others.
func taken(inputs []*input) []*input {
	kept := inputs[:0]
	for _, in := range inputs {
		if in.state.CompareAndSwap(waiting, takenUp) || in.state.Load() == takenUp {
			kept = append(kept, in)
		}
	}
	return kept
}

// queue holds what waits for the committer. It has no bound, so that neither the
// executor nor the committer can wait for the other.
type queue struct {
	mu     sync.Mutex
	items  []*input
	closed bool
	// wake has size one: a wake-up that is already pending may be dropped.
	wake chan struct{}
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// put adds an input; false after close.
func (q *queue) put(in *input) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.items = append(q.items, in)
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

// maxBatch bounds a transaction, so that the first of a flood of requests does
// not wait for the last.
const maxBatch = 2048

// take removes what waits, in order; what is over the bound stays.
func (q *queue) take() []*input {
	q.mu.Lock()
	defer q.mu.Unlock()
	items := q.items
	if len(items) <= maxBatch {
		q.items = nil
		return items
	}
	q.items = items[maxBatch:]
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return items[:maxBatch:maxBatch]
}

// close refuses further inputs and fails those that still wait.
func (q *queue) close() {
	q.mu.Lock()
	items := q.items
	q.items, q.closed = nil, true
	q.mu.Unlock()
	for _, in := range items {
		in.finish(errClosed)
	}
}
