// Package recent remembers what was used recently, in bounded memory.
package recent

import "sync"

// Cache remembers values by name. It has two generations: when the young one is full it becomes the
// old one, whose entries return to the young one when they are used. So what is used stays, and the
// size is bounded.
type Cache[V any] struct {
	mu         sync.Mutex
	limit      int
	young, old map[string]V
}

// New makes a cache of up to twice limit values.
func New[V any](limit int) *Cache[V] {
	return &Cache[V]{limit: limit, young: map[string]V{}}
}

// Get finds a value.
func (c *Cache[V]) Get(key string) (V, bool) {
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

// Put remembers a value.
func (c *Cache[V]) Put(key string, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(key, value)
}

// GetOr finds a value, or makes and remembers one.
func (c *Cache[V]) GetOr(key string, make func() V) V {
	c.mu.Lock()
	defer c.mu.Unlock()
	if value, ok := c.young[key]; ok {
		return value
	}
	value, ok := c.old[key]
	if !ok {
		value = make()
	}
	c.add(key, value)
	return value
}

func (c *Cache[V]) add(key string, value V) {
	if len(c.young) >= c.limit {
		c.old, c.young = c.young, map[string]V{}
	}
	c.young[key] = value
}
