package api

import "sync"

const (
	// maxGraphBytes bounds each half of the cache of graphs.
	maxGraphBytes = 16 << 20
	// maxCachedJobs bounds each half of the cache of job definitions.
	maxCachedJobs = 5000
)

// cache remembers values that never change. It holds two halves: when the young
// one is full it becomes the old one, and what was not used since is dropped.
// Safe for concurrent use.
type cache[K comparable, V any] struct {
	mu         sync.Mutex
	young, old map[K]V
	weight     int
	limit      int
}

func (c *cache[K, V]) get(k K, weigh func(V) int) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.young[k]; ok {
		return v, true
	}
	v, ok := c.old[k]
	if ok {
		c.keep(k, v, weigh(v))
	}
	return v, ok
}

func (c *cache[K, V]) put(k K, v V, weight int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(k, v, weight)
}

func (c *cache[K, V]) keep(k K, v V, weight int) {
	if weight > c.limit {
		return
	}
	if c.young == nil || c.weight+weight > c.limit {
		c.old, c.young, c.weight = c.young, map[K]V{}, 0
	}
	c.young[k] = v
	c.weight += weight
}

func one[V any](V) int { return 1 }

func size(v []byte) int { return len(v) }
