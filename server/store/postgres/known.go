package postgres

import (
	"maps"
	"strconv"
	"sync"

	"github.com/openlts/openlts/server/recent"
	"github.com/openlts/openlts/server/store"
)

// maxKnown is the number of codes and items, and the number of runs, that are remembered.
const maxKnown = 200_000

// catalog is the part of what administrators entered that was needed so far. It is valid as long as
// its version is the one in the database, which each group checks: its content is never older than
// its version, but may be newer.
type catalog struct {
	mu            sync.Mutex
	version       int64
	organizations map[string]store.Organization
	codes         map[string]store.HandshakeCode
	codeItems     map[store.ID][]store.CodeItem // of all these codes
	items         map[string]store.Item
	// types are the types of each organization, without the built-in ones.
	types map[string]map[string]bool
	// confirmed are the further reporters of devices that an administrator confirmed.
	confirmed map[store.ID]map[int64]bool
	// runs are the keys of runs, by runKey. An administrator may give them to another reporter.
	runs *recent.Cache[store.ID]
}

func newCatalog(version int64) *catalog {
	return &catalog{
		version: version, organizations: map[string]store.Organization{}, codes: map[string]store.HandshakeCode{},
		codeItems: map[store.ID][]store.CodeItem{}, items: map[string]store.Item{}, types: map[string]map[string]bool{},
		confirmed: map[store.ID]map[int64]bool{}, runs: recent.New[store.ID](maxKnown),
	}
}

// full tells whether no more should be remembered.
func (c *catalog) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.organizations)+len(c.codes)+len(c.items)+len(c.confirmed) > maxKnown
}

// runKey is the name under which the key of a run is remembered.
func runKey(device, code, item store.ID, reporter int64, run string) string {
	text := make([]byte, 0, 80)
	for _, n := range []int64{int64(device), int64(code), int64(item), reporter} {
		text = append(strconv.AppendInt(text, n, 36), ' ')
	}
	return string(append(text, run...))
}

// seated are the items that ever had a seat. This never changes back.
type seated struct {
	mu    sync.Mutex
	items map[store.ID]bool
}

func (s *seated) has(item store.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items[item]
}

// add tells whether the item was new.
func (s *seated) add(item store.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.items[item]
	s.items[item] = true
	return !known
}

// operationTypes are the keys of operation types, by name. Rows are only added.
type operationTypes struct {
	mu   sync.Mutex
	keys map[string]int64
}

// missing returns the names whose keys are not known.
func (t *operationTypes) missing(totals map[store.TotalKey]store.Units) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var missing []string
	seen := map[string]bool{}
	for key := range totals {
		if _, ok := t.keys[key.Type]; !ok && !seen[key.Type] {
			seen[key.Type] = true
			missing = append(missing, key.Type)
		}
	}
	return missing
}

func (t *operationTypes) key(name string) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.keys[name]
}

// add remembers types that are in the database.
func (t *operationTypes) add(keys map[string]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.Copy(t.keys, keys)
}
