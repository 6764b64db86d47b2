package view

import (
	"cmp"
	"slices"
	"sort"
	"strconv"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// Totals are summed up here, not by SQL: their rows come in the order of their keys, of
// which a database would make groups by sorting them all.

// operations sums up the totals of the levels that make up the windows. Those of
// organizations tell less, and are fewer.
func (q *statistics) operations() error {
	read, levels := q.readTotals, store.TotalLevels
	if !q.groupedBy(store.ByHandshake, store.ByItem) && len(q.query.HandshakeCodes)+len(q.query.Items) == 0 {
		read, levels = q.readOrganizationTotals, store.OrganizationLevels
	}
	pieces := store.CutWindows(q.windows, q.longestFirst(levels)...)
	count := func(pieces map[store.Level][]store.Piece) error {
		for level, some := range pieces {
			for _, layer := range layers(some) {
				if err := read(level, layer); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := count(pieces.Plus); err != nil {
		return err
	}
	return q.takeOff(func() error { return count(pieces.Minus) })
}

// longestFirst are those of some levels whose totals tell the query's columns apart, the
// longest first.
func (q *statistics) longestFirst(levels []store.Level) (able []store.Level) {
	longest := store.LevelMonth
	switch {
	case q.groupedBy(store.BySlot, store.ByRun):
		longest = store.LevelSlot
	case q.groupedBy(store.ByHour):
		longest = store.LevelHour
	case q.groupedBy(store.ByDay):
		longest = store.LevelDay
	}
	for _, level := range slices.Backward(levels) {
		if level <= longest {
			able = append(able, level)
		}
	}
	return able
}

// readTotals reads totals of codes and items in pieces that don't overlap.
func (q *statistics) readTotals(level store.Level, pieces []store.Piece) error {
	where, filters := q.filter()
	dialect := q.db.Dialect()
	places := placing{pieces: pieces}
	query := q.pairsSQL(where) + `SELECT t.handshake_code, t.item, t.slot, t.type, t.count, t.late
		FROM chosen CROSS JOIN ` + dialect.Pieces + ` p ` + dialect.Lookup(relational.TotalTables[level],
		`t.handshake_code = chosen.code AND t.item = chosen.item AND t.slot >= p.since AND t.slot < p.until`)
	return q.db.Numbers(query, append(filters, piecesJSON(joined(pieces))), func(n []int64) error {
		of := counted{code: store.ID(n[0]), item: store.ID(n[1]), slot: n[2], kind: store.ID(n[3])}
		if of.organization = q.catalog.owners[of.item]; q.catalog.asks(of.kind) {
			q.add(q.groupOf(places.of(of.slot), &of), store.Units{All: n[4], Late: n[5]})
		}
		return nil
	})
}

// pairsSQL are the codes and items for which there are totals: one step each through the
// key of the totals, however many those are.
func (q *statistics) pairsSQL(where string) string {
	return `WITH RECURSIVE pair (code, item) AS MATERIALIZED (
	SELECT * FROM (SELECT handshake_code, item FROM total_month ORDER BY handshake_code, item LIMIT 1) first
	UNION ALL SELECT ` + q.db.Dialect().NextPair + ` FROM pair WHERE pair.code IS NOT NULL),
chosen (code, item) AS MATERIALIZED (SELECT pair.code, pair.item FROM pair JOIN handshake_code c ON c.id = pair.code JOIN item i ON i.id = pair.item
	JOIN organization o ON o.id = i.organization` + where + `) `
}

// readOrganizationTotals reads totals of organizations in pieces that don't overlap: of all
// together, unless the query tells organizations apart.
func (q *statistics) readOrganizationTotals(level store.Level, pieces []store.Piece) error {
	organizations, err := q.organizations()
	if err != nil {
		return err
	}
	dialect := q.db.Dialect()
	places := placing{pieces: pieces}
	query := `SELECT t.organization, t.slot, t.type, t.count, t.late FROM ` + dialect.Keys + ` o CROSS JOIN ` +
		dialect.Pieces + ` p ` + dialect.Lookup("total_organization",
		`t.organization = o.id AND t.level = `+strconv.FormatInt(int64(level), 10)+
			` AND t.slot >= p.since AND t.slot < p.until`)
	return q.db.Numbers(query, []any{keysJSON(organizations), piecesJSON(joined(pieces))}, func(n []int64) error {
		of := counted{organization: store.ID(n[0]), slot: n[1], kind: store.ID(n[2])}
		if q.catalog.asks(of.kind) {
			q.add(q.groupOf(places.of(of.slot), &of), store.Units{All: n[3], Late: n[4]})
		}
		return nil
	})
}

// organizations are those whose totals a query asks for.
func (q *statistics) organizations() (keys []int64, err error) {
	query, arguments := `SELECT id FROM organization`, []any(nil)
	if len(q.query.Organizations) > 0 {
		query += ` WHERE public_id` + q.db.Dialect().In
		arguments = []any{texts(q.query.Organizations)}
	} else if !q.groupedBy(store.ByOrganization) {
		return []int64{0}, nil
	}
	return keys, q.db.Numbers(query, arguments, func(n []int64) error {
		keys = append(keys, n[0])
		return nil
	})
}

// layers are pieces in lists of such as don't overlap, in order. Nearly always, all are in
// one.
func layers(pieces []store.Piece) (lists [][]store.Piece) {
	left := slices.Clone(pieces)
	slices.SortStableFunc(left, func(a, b store.Piece) int { return cmp.Compare(a.Start, b.Start) })
	for len(left) > 0 {
		var list, over []store.Piece
		for _, p := range left {
			if n := len(list); n > 0 && list[n-1].End > p.Start {
				over = append(over, p)
			} else {
				list = append(list, p)
			}
		}
		lists, left = append(lists, list), over
	}
	return lists
}

// joined are the spans that pieces make up, in order: those that follow one another are one.
func joined(pieces []store.Piece) (spans []store.Piece) {
	for _, p := range pieces {
		if n := len(spans); n > 0 && spans[n-1].End == p.Start {
			spans[n-1].End = p.End
		} else {
			spans = append(spans, store.Piece{Start: p.Start, End: p.End})
		}
	}
	return spans
}

// placing finds the windows that slots are in, by pieces in order that don't overlap.
type placing struct {
	pieces []store.Piece
	last   int // where it was found last: the next one is near
}

// of is the place of the window that a slot is in, which is in a piece.
func (p *placing) of(slot int64) int {
	if at := &p.pieces[p.last]; slot < at.Start || slot >= at.End {
		if p.last++; p.last == len(p.pieces) || slot < p.pieces[p.last].Start || slot >= p.pieces[p.last].End {
			p.last = sort.Search(len(p.pieces), func(i int) bool { return p.pieces[i].End > slot })
		}
	}
	return p.pieces[p.last].Window
}
