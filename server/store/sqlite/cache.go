package sqlite

import "sync"

// cache remembers values that never change once they are there. It holds two
// generations: when the young one is full it becomes the old one, whose entries
// come back when they are used. What is used stays, and size is bounded.
type cache[V any] struct {
	mu         sync.Mutex
	limit      int
	young, old map[string]V
}

func newCache[V any](limit int) *cache[V] {
	return &cache[V]{limit: limit, young: map[string]V{}}
}

func (c *cache[V]) get(key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if value, ok := c.young[key]; ok {
		return value, true
	}
	value, ok := c.old[key]
	if ok {
		c.add(key, value)
	}
	return value, ok
}

func (c *cache[V]) put(key string, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(key, value)
}

func (c *cache[V]) add(key string, value V) {
	if len(c.young) >= c.limit {
		c.old, c.young = c.young, map[string]V{}
	}
	c.young[key] = value
}
