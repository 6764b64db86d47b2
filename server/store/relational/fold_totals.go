package relational

import (
	"context"
	"strconv"

	"github.com/openlts/openlts/server/store"
)

// foldedSeconds is the time whose totals are folded in one transaction, for which all groups wait.
// It is always a whole quarter of an hour, so that they seldom do.
const foldedSeconds = int64(store.LevelQuarterHour)

// SelectFolded reads the moment before which totals of organizations by slot have all slots, and
// totals of folded levels all that they consist of. Who stores reports must add those of earlier
// slots to them, and read this after nobody can change it any more; see FoldTotals.
const SelectFolded = `SELECT coalesce((SELECT before FROM organization_fold), 0)`

// FoldTotals adds totals of slots to those of organizations, and makes totals of quarters of an hour
// and of a day; see store.Folder. Each slot is added once: the moment up to which this was done moves
// in the same transaction, and groups of requests add to earlier slots only what came later.
func (s *Store) FoldTotals(ctx context.Context, before int64) (folded bool, err error) {
	if from, until, err := nextTotals(ctx, s.database, before); err != nil || until <= from {
		return false, err
	}
	err = s.database.Transact(ctx, func(session Session) error {
		if err := session.Alone(ctx); err != nil {
			return err
		}
		// Another process may have folded them meanwhile.
		from, until, err := nextTotals(ctx, session, before)
		if err != nil || until <= from {
			return err
		}
		folded = true
		var done int64
		if err := get(ctx, session, SelectFolded, nil, &done); err != nil {
			return err
		}
		if _, err := session.Sweep(ctx, s.dialect.foldTotalsSQL(), from, until); err != nil {
			return err
		}
		// Quarters of a day are made of hours, once they are over. Nothing was counted between done and from.
		for _, level := range store.FoldedLevels {
			if first, end := level.Start(done), level.Start(until); first < end {
				if _, err := session.Sweep(ctx, s.dialect.foldLevelSQL(level), first, end); err != nil {
					return err
				}
			}
		}
		_, err = session.Sweep(ctx, `INSERT INTO organization_fold (id, before) VALUES (1, ?)
			ON CONFLICT (id) DO UPDATE SET before = excluded.before`, until)
		return err
	})
	return folded && err == nil, err
}

// nextTotals returns the time whose totals are to be folded next. It skips hours without any.
func nextTotals(ctx context.Context, r store.Reader, before int64) (from, until int64, err error) {
	const counted = ` FROM total_organization WHERE organization = 0 AND level = 3600`
	var done, first, newest int64
	if err := get(ctx, r, SelectFolded, nil, &done); err != nil {
		return 0, 0, err
	}
	err = get(ctx, r, `SELECT coalesce((SELECT min(slot)`+counted+` AND slot >= ?), 0), coalesce((SELECT max(slot)`+counted+`), 0)`,
		[]any{store.LevelHour.Start(done)}, &first, &newest)
	from = max(done, first)
	until = min(from+foldedSeconds, before, newest)
	return from, until - until%foldedSeconds, err
}

// Folded returns those of the totals of a level that are to be added to the totals of organizations
// at once, where slots before a moment are folded: all, but of slots only earlier ones.
func Folded(level store.Level, totals map[store.TotalKey]store.Units, before int64) map[store.TotalKey]store.Units {
	if level != store.LevelSlot {
		return totals
	}
	return store.Late(totals, level, before)
}

// OfPair is the condition that a row t of totals belongs to a pair of a code and an item.
func OfPair(pair string) string {
	return `t.handshake_code = ` + pair + `.code AND t.item = ` + pair + `.item`
}

// Pairs is the SQL for a table pair (code, item) of all for which there are totals, and a row of
// NULL: one step each through the key of the totals, however many totals there are. It follows WITH
// RECURSIVE.
func (d *Dialect) Pairs() string {
	return `pair (code, item) AS MATERIALIZED (
	SELECT * FROM (SELECT handshake_code, item FROM total_month ORDER BY handshake_code, item LIMIT 1) first
	UNION ALL SELECT ` + d.NextPair + ` FROM pair WHERE pair.code IS NOT NULL)`
}

// foldTotalsSQL adds the totals between two moments, which are its parameters.
func (d *Dialect) foldTotalsSQL() string {
	sums := func(of string) string { return d.Sum(of+".count") + `, ` + d.Sum(of+".late") }
	return `INSERT INTO total_organization (organization, level, slot, type, part, count, late)
		WITH RECURSIVE ` + d.Pairs() + `, owned (organization, slot, type, count, late) AS MATERIALIZED (
			SELECT i.organization, t.slot, t.type, ` + sums("t") + ` FROM pair JOIN item i ON i.id = pair.item ` +
		d.Lookup(TotalTables[store.LevelSlot], OfPair("pair")+` AND t.slot >= ? AND t.slot < ?`) + ` GROUP BY 1, 2, 3)
		SELECT organization, 0, slot, type, 0, count, late FROM owned
		UNION ALL SELECT 0, 0, slot, type, 0, ` + sums("owned") + ` FROM owned GROUP BY slot, type`
}

// foldLevelSQL makes the totals of a level between two moments, which are its parameters.
func (d *Dialect) foldLevelSQL(level store.Level) string {
	of := store.LevelSlot
	if level > store.LevelHour {
		of = store.LevelHour
	}
	start := `t.slot - t.slot % ` + strconv.FormatInt(int64(level), 10)
	return `INSERT INTO ` + TotalTables[level] + ` (handshake_code, item, slot, type, count, late)
		WITH RECURSIVE ` + d.Pairs() + `
		SELECT pair.code, pair.item, ` + start + `, t.type, ` + d.Sum("t.count") + `, ` + d.Sum("t.late") + `
		FROM pair ` + d.Lookup(TotalTables[of], OfPair("pair")+` AND t.slot >= ? AND t.slot < ?`) +
		` GROUP BY 1, 2, 3, 4`
}
