package sqlite

import (
	"math"

	"github.com/openlts/openlts/server/store"
)

// maxKnownRuns is how many runs are remembered.
const maxKnownRuns = 200_000

// known is what the writer remembers of the database from one transaction to
// the next. It holds while nobody else writes: SQLite tells when another process
// did, and then, or when a transaction is undone, everything is forgotten. Own
// administrative changes forget, too.
type known struct {
	version int64 // of the data, as SQLite tells it
	latest  int64 // see store.State; -1: not known
	// closedBefore is the same; -1: not known.
	closedBefore int64
	codes        map[string]store.HandshakeCode
	codeItems    map[store.ID][]store.CodeItem
	items        map[string]store.Item
	owners       map[store.ID]store.ID // the organizations of items
	uses         map[store.ID]knownUse
	runs         map[runKey]store.ID
	newest       map[store.ID]int64 // the newest stored slot of a run
	types        map[string]int64
	// typesOf are the types of each organization, without those that are built in.
	typesOf map[string]map[string]bool
}

type runKey struct {
	device, code, item store.ID
	reporter           int64
	run                string
}

// knownUse is the use of an item, without its steps. There is none after the moment
// its sum holds for and before next.
type knownUse struct {
	store.Use
	next int64
}

func newKnown(version int64) known {
	return known{
		version: version, latest: -1, closedBefore: -1,
		codes: map[string]store.HandshakeCode{}, codeItems: map[store.ID][]store.CodeItem{},
		items: map[string]store.Item{}, owners: map[store.ID]store.ID{}, uses: map[store.ID]knownUse{},
		runs:   map[runKey]store.ID{},
		newest: map[store.ID]int64{}, types: map[string]int64{},
		typesOf: map[string]map[string]bool{},
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
		return t.checkForgotten()
	}
	return nil
}

// forget forgets what an administrative change may have changed.
func (t *transaction) forget() { t.s.known = newKnown(t.s.known.version) }

// rememberUses takes over how a change leaves the use of items.
func (l *loading) rememberUses(change *store.Change) {
	uses := l.s.known.uses
	for item, added := range change.Used {
		if use, ok := uses[item]; ok {
			use.Units = store.SaturatingSum(use.Units, added)
			uses[item] = use
		}
	}
	for item, added := range change.Requests {
		if use, ok := uses[item]; ok {
			use.Requests += added
			uses[item] = use
		}
	}
	for item, sum := range change.Sums {
		next, loaded := l.next[item]
		if !loaded {
			delete(uses, item)
			continue
		}
		for _, step := range l.state.Uses[item].Steps {
			if step.At > sum.At {
				next = min(next, step.At)
				break
			}
		}
		use := uses[item]
		use.SeatSum, use.next = sum, next
		uses[item] = use
	}
	for key, by := range change.Steps {
		use, ok := uses[key.Item]
		if _, summed := change.Sums[key.Item]; !ok || by == 0 {
			continue
		} else if !summed {
			delete(uses, key.Item) // a sum that does not hold any more
		} else if key.At > use.At {
			use.next = min(use.next, key.At)
			uses[key.Item] = use
		}
	}
}

// never is later than any step.
const never = math.MaxInt64
