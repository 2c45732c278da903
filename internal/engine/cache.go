package engine

import (
	"container/list"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// definitions remembers the current jobs and workflows between changes of any
// definition. Only the committer uses it.
type definitions struct {
	jobs      map[string]*store.JobRecord
	workflows map[string]*workflow
}

type workflow struct {
	rec   *store.WorkflowRecord
	graph *flow.Graph
}

func (d *definitions) forget() {
	d.jobs = map[string]*store.JobRecord{}
	d.workflows = map[string]*workflow{}
}

// job is the live definition of a job, nil when there is none.
func (d *definitions) job(tx *store.Tx, name string) (*glue.Job, int64, error) {
	rec, ok := d.jobs[name]
	if !ok {
		var err error
		if rec, err = tx.Job(name); err != nil {
			return nil, 0, err
		}
		if rec == nil {
			return nil, 0, nil
		}
		d.jobs[name] = rec
	}
	return &rec.Job, rec.Definition, nil
}

// workflow is a workflow as it is now. The error is EntityNotFound when there is
// none.
func (b *batch) workflow(name string) (*workflow, error) {
	if w := b.e.defs.workflows[name]; w != nil {
		return w, nil
	}
	rec, err := b.tx.Workflow(name)
	if err != nil {
		return nil, err
	}
	if rec == nil {
		return nil, notFound()
	}
	w := &workflow{rec: rec}
	b.e.defs.workflows[name] = w
	return w, nil
}

// snapshot compiles the workflow's triggers, and stores them if they changed
// since they were last.
func (b *batch) snapshot(w *workflow) error {
	if w.graph != nil {
		return nil
	}
	b.touched = true // what is cached here must go if the member fails
	if w.rec.Definition == 0 {
		triggers, err := b.tx.WorkflowTriggers(w.rec.Name)
		if err != nil {
			return err
		}
		body, err := json.Marshal(snapshot{Workflow: w.rec.Name, Triggers: triggers})
		if err != nil {
			return err
		}
		if w.rec.Definition, err = b.tx.PutDefinition(snapshotKind, body); err != nil {
			return err
		}
		if err := b.tx.PutWorkflow(w.rec); err != nil {
			return err
		}
	}
	graph, err := b.e.Graph(b.tx, w.rec.Definition)
	w.graph = graph
	return err
}

func notFound() error { return glue.Errorf(glue.EntityNotFound, "Entity not found") }

// snapshot is the triggers of a workflow as a run keeps them.
type snapshot struct {
	Workflow string
	Triggers []glue.Trigger
}

const snapshotKind = "triggers"

// Graph is the compiled snapshot with the given definition id. It is shared and
// must not be changed.
func (e *Engine) Graph(tx *store.Tx, definition int64) (*flow.Graph, error) {
	if g, ok := e.graphs.get(definition); ok {
		return g, nil
	}
	body, err := tx.Definition(definition)
	if err != nil {
		return nil, err
	}
	var s snapshot
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, fmt.Errorf("%w: trigger snapshot %d: %w", errUnreadable, definition, err)
	}
	g := e.DesignGraph(s.Workflow, s.Triggers)
	e.graphs.put(definition, g, len(g.Nodes))
	return g, nil
}

// DesignGraph compiles a workflow's triggers, in the order of their creation.
func (e *Engine) DesignGraph(workflow string, triggers []glue.Trigger) *flow.Graph {
	return flow.Build(triggers, func(t glue.NodeType, name string) string {
		return e.scope.NodeID(workflow, t, name)
	})
}

// cacheNodes bounds each cache by the nodes that its graphs and runs have.
const cacheNodes = 2_000_000

// graphCache and endedCache keep compiled snapshots by definition, and the
// states of ended runs by sequence.
type (
	graphCache = lru[int64, *flow.Graph]
	endedRuns  = lru[int64, *flow.Run]
)

type endedCache struct{ endedRuns }

func (c *endedCache) put(seq int64, r *flow.Run) { c.endedRuns.put(seq, r, len(r.Nodes)) }

// lru keeps what was used last, up to a total weight. Safe for concurrent use.
type lru[K comparable, V any] struct {
	mu     sync.Mutex
	order  *list.List
	byKey  map[K]*list.Element
	weight int
}

type lruEntry[K comparable, V any] struct {
	key    K
	value  V
	weight int
}

// init empties the cache.
func (c *lru[K, V]) init() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order, c.weight = list.New(), 0
	c.byKey = map[K]*list.Element{}
}

func (c *lru[K, V]) get(k K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.byKey[k]
	if !ok {
		var none V
		return none, false
	}
	c.order.MoveToFront(el)
	return el.Value.(*lruEntry[K, V]).value, true
}

func (c *lru[K, V]) put(k K, v V, weight int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(k)
	c.byKey[k] = c.order.PushFront(&lruEntry[K, V]{k, v, weight + 16})
	c.weight += weight + 16
	for c.weight > cacheNodes && c.order.Len() > 1 {
		c.remove(c.order.Back().Value.(*lruEntry[K, V]).key)
	}
}

func (c *lru[K, V]) remove(k K) {
	if el, ok := c.byKey[k]; ok {
		c.weight -= el.Value.(*lruEntry[K, V]).weight
		c.order.Remove(el)
		delete(c.byKey, k)
	}
}
