package engine

import (
	"sync"
	"sync/atomic"
)

// Changed names what a commit changed: a workflow run; with Job, a job run outside
// of a workflow; or, when all is empty, definitions.
type Changed struct {
	Workflow, Run string
	Job, JobRun   string
}

// maxUnseen bounds the changes that a watcher has not taken.
const maxUnseen = 10_000

// Watcher learns what commits changed. It never holds up the committer: one that is
// too slow is told that it lost something.
type Watcher struct {
	of *watchers
	// wake has size one: a wake-up that is already pending may be dropped.
	wake chan struct{}

	mu     sync.Mutex
	unseen []Changed
	lost   bool
}

// Watch begins to watch. Close ends it.
func (e *Engine) Watch() *Watcher {
	w := &Watcher{of: &e.watchers, wake: make(chan struct{}, 1)}
	e.watchers.mu.Lock()
	defer e.watchers.mu.Unlock()
	if e.watchers.all == nil {
		e.watchers.all = map[*Watcher]bool{}
	}
	e.watchers.all[w] = true
	e.watchers.count.Store(int32(len(e.watchers.all)))
	return w
}

// Close ends watching.
func (w *Watcher) Close() {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	delete(w.of.all, w)
	w.of.count.Store(int32(len(w.of.all)))
}

// Wake gets a value when there is something to take.
func (w *Watcher) Wake() <-chan struct{} { return w.wake }

// Take returns what changed since it was last called, each once. When lost is set
// changes are missing, and anything may have changed.
func (w *Watcher) Take() (changes []Changed, lost bool) {
	w.mu.Lock()
	unseen := w.unseen
	lost, w.unseen, w.lost = w.lost, nil, false
	w.mu.Unlock()
	seen := make(map[Changed]bool, len(unseen))
	for _, c := range unseen {
		if !seen[c] {
			seen[c] = true
			changes = append(changes, c)
		}
	}
	return changes, lost
}

func (w *Watcher) tell(changes []Changed) {
	w.mu.Lock()
	if len(w.unseen)+len(changes) > maxUnseen {
		w.unseen, w.lost = nil, true
	} else {
		w.unseen = append(w.unseen, changes...)
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// watchers are those who are told after each commit.
type watchers struct {
	count atomic.Int32
	mu    sync.Mutex
	all   map[*Watcher]bool
}

func (ws *watchers) tell(changes []Changed) {
	if len(changes) == 0 {
		return
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.all {
		w.tell(changes)
	}
}

// changed notes what the member of a commit changes, if anybody watches.
func (b *batch) changed(c Changed) {
	if b.e.watchers.count.Load() > 0 {
		b.in.changes = append(b.in.changes, c)
	}
}

// runChanged notes that a run changed.
func (b *batch) runChanged(lr *liveRun) {
	b.changed(Changed{Workflow: lr.rec.Workflow, Run: lr.rec.ID})
}

// aloneChanged notes that a job run outside of a workflow changed.
func (b *batch) aloneChanged(lj *liveJob) {
	if lj.run == nil {
		b.changed(Changed{Job: lj.rec.Job, JobRun: lj.rec.ID})
	}
}
