package sqlite

import "github.com/openlts/openlts/server/store"

// maxKnownRuns is how many runs are remembered.
const maxKnownRuns = 200_000

// known is what the writer remembers of the database from one transaction to
// the next. It holds while nobody else writes: SQLite tells when another process
// did, and then, or when a transaction is undone, everything is forgotten. Own
// administrative changes forget, too.
type known struct {
	version  int64 // of the data, as SQLite tells it
	codes    map[string]store.HandshakeCode
	items    map[string]store.Item
	attached map[attachedKey]bool
	used     map[store.ID]int64 // of items, as stored
	runs     map[store.RunKey]store.ID
	newest   map[store.ID]int64 // the newest stored slot of a run
	types    map[string]int64
}

type attachedKey struct{ code, item store.ID }

func newKnown(version int64) known {
	return known{
		version: version,
		codes:   map[string]store.HandshakeCode{}, items: map[string]store.Item{}, attached: map[attachedKey]bool{},
		used: map[store.ID]int64{}, runs: map[store.RunKey]store.ID{}, newest: map[store.ID]int64{}, types: map[string]int64{},
	}
}

// checkKnown forgets what may not hold any more.
func (t *transaction) checkKnown() error {
	var version int64
	if err := t.get(`PRAGMA data_version`, nil, &version); err != nil {
		return err
	}
	if version != t.s.known.version || len(t.s.known.runs) > maxKnownRuns {
		t.s.known = newKnown(version)
	}
	return nil
}

// forget forgets what an administrative change may have changed.
func (t *transaction) forget() { t.s.known = newKnown(t.s.known.version) }

// remember gives what is known under a key, or finds it out and remembers it.
func remember[K comparable, V any](values map[K]V, key K, find func() (V, error)) (V, error) {
	if value, ok := values[key]; ok {
		return value, nil
	}
	value, err := find()
	if err == nil {
		values[key] = value
	}
	return value, err
}
