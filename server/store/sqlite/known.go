package sqlite

import (
	"slices"

	"github.com/openlts/openlts/server/store"
)

// maxKnownRuns is how many runs are remembered.
const maxKnownRuns = 200_000

// known is what the writer remembers of the database from one transaction to
// the next. It holds while nobody else writes: SQLite tells when another process
// did, and then, or when a transaction is undone, everything is forgotten. Own
// administrative changes forget, too.
type known struct {
	version   int64 // of the data, as SQLite tells it
	latest    int64 // see store.State; -1: not known
	codes     map[string]store.HandshakeCode
	codeItems map[store.ID][]store.CodeItem
	items     map[string]store.Item
	uses      map[store.ID]knownUse
	runs      map[runKey]store.ID
	newest    map[store.ID]int64 // the newest stored slot of a run
	types     map[string]int64
	// typesOf are the types of each organization, without those that are built in.
	typesOf map[string]map[string]bool
}

type runKey struct {
	device, code, item store.ID
	reporter           int64
	run                string
}

// knownUse is the use of an item. Nobody leaves its list between since and until.
type knownUse struct {
	store.Use
	listed       bool // some device is or was on its list
	since, until int64
}

func (u knownUse) holds(now int64) bool { return u.since <= now && now < u.until }

func newKnown(version int64) known {
	return known{
		version: version, latest: -1,
		codes: map[string]store.HandshakeCode{}, codeItems: map[store.ID][]store.CodeItem{}, items: map[string]store.Item{},
		uses: map[store.ID]knownUse{}, runs: map[runKey]store.ID{}, newest: map[store.ID]int64{}, types: map[string]int64{},
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
	}
	return nil
}

// forget forgets what an administrative change may have changed.
func (t *transaction) forget() { t.s.known = newKnown(t.s.known.version) }

// rememberUses takes over how a change leaves the use of items. Whether a seat is
// a new one, those that were loaded tell.
func (l *loading) rememberUses(change *store.Change) {
	uses := l.s.known.uses
	for item, added := range change.Used {
		if use, ok := uses[item]; ok {
			use.Units = saturatingSum(use.Units, added)
			uses[item] = use
		}
	}
	for item, added := range change.Requests {
		if use, ok := uses[item]; ok {
			use.Requests += added
			uses[item] = use
		}
	}
	for key, expiresAt := range change.Seats {
		use, ok := uses[key.Item]
		if !ok {
			continue
		}
		_, loaded := l.byKey[change.Known[key.Device].Key]
		if !loaded && !slices.ContainsFunc(l.keys.Askers, func(a store.Asker) bool { return a.Device == key.Device }) || expiresAt <= l.keys.Now {
			delete(uses, key.Item)
			continue
		}
		if l.seatsBefore[key] <= l.keys.Now {
			use.Seats++
		}
		use.listed, use.until = true, min(use.until, expiresAt)
		uses[key.Item] = use
	}
}
