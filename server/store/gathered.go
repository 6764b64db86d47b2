package store

// Gathered combines the answers of several queries about the same objects. The later queries may
// also return other objects: Gathered ignores those and never mistakes them for known ones.
type Gathered[V any] struct {
	List  []V
	place map[ID]int
}

// NewGathered makes one that is empty.
func NewGathered[V any]() *Gathered[V] { return &Gathered[V]{List: []V{}, place: map[ID]int{}} }

// Add adds an object.
func (g *Gathered[V]) Add(key ID, value V) {
	g.place[key] = len(g.List)
	g.List = append(g.List, value)
}

// With calls f with the object that has a key, if there is one.
func (g *Gathered[V]) With(key ID, f func(*V)) {
	if i, ok := g.place[key]; ok {
		f(&g.List[i])
	}
}
