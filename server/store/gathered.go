package store

// Gathered puts together what several queries tell of the same objects. The later ones
// may tell of others, too: those are left out, never taken for one that is there.
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

// With calls f with the object of a key, if it is there.
func (g *Gathered[V]) With(key ID, f func(*V)) {
	if i, ok := g.place[key]; ok {
		f(&g.List[i])
	}
}
