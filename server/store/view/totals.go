package view

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// Totals are summed up here, not by SQL: the rows come in the order of their keys, and a database
// would sort them all to group them.

// allTotalLevels are the levels of totals of codes and items, in the order of their length.
var allTotalLevels = slices.Sorted(slices.Values(slices.Concat(store.TotalLevels, store.FoldedLevels)))

// operations sums up the totals of the levels of which the windows consist. Totals of organizations
// have fewer details and fewer rows.
func (q *statistics) operations() error {
	read, levels := q.readTotals, allTotalLevels
	if !q.groupedBy(store.ByHandshake, store.ByItem) && len(q.query.HandshakeCodes)+len(q.query.Items) == 0 {
		read, levels = q.readOrganizationTotals, store.OrganizationLevels
	}
	if q.catalog.only != nil && len(q.catalog.only) == 0 {
		return nil // there are no such types
	}
	able := q.longestFirst(levels)
	pieces := store.CutWindows(q.windows, able...)
	if slices.Contains(able, store.LevelQuarterHour) {
		var folded int64
		if err := get(q.db, relational.SelectFolded, nil, &folded); err != nil {
			return err
		}
		pieces.Unfold(folded, q.longestFirst(store.TotalLevels)...)
	}
	for _, level := range able {
		for _, layer := range layers(spansOf(pieces, level)) {
			if err := read(level, layer); err != nil {
				return err
			}
		}
	}
	return nil
}

// longestFirst returns those of some levels whose totals are fine enough for the query's columns,
// the longest first.
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

// ofPair is the condition that a row t of totals belongs to a code and an item.
var ofPair = relational.OfPair("chosen")

// readTotals reads totals of codes and items in spans that don't overlap.
func (q *statistics) readTotals(level store.Level, spans []span) error {
	if level < store.LevelDay && !q.groupedBy(store.ByType, store.BySlot, store.ByHour, store.ByDay) {
		if err := q.readSums(level, spans); !errors.Is(err, errOverflow) {
			return err
		}
	}
	where, filters := q.filter()
	dialect := q.db.Dialect()
	places := placing{spans: spans}
	query := q.pairsSQL(where) + `SELECT t.handshake_code, t.item, t.slot, t.type, t.count, t.late
		FROM chosen CROSS JOIN span p ` + dialect.Lookup(relational.TotalTables[level],
		ofPair+` AND t.slot >= p.since AND t.slot < p.until`)
	return q.db.Numbers(query, append(filters, spansJSON(joined(spans))), func(n []int64) error {
		of := counted{code: store.ID(n[0]), item: store.ID(n[1]), slot: n[2], kind: store.ID(n[3])}
		if of.organization = q.catalog.owners[of.item]; q.catalog.asks(of.kind) {
			q.use(places.of(of.slot), &of, store.Units{All: n[4], Late: n[5]})
		}
		return nil
	})
}

// errOverflow is the error of a sum that is too large for a number. One absurd report is enough to
// cause it.
var errOverflow = errors.New("a sum is too large")

// readSums reads the sums of spans over all types that the query includes. The hours at the ends of
// a year of days have many rows, which the query need not distinguish.
func (q *statistics) readSums(level store.Level, spans []span) error {
	where, filters := q.filter()
	dialect := q.db.Dialect()
	condition := ofPair + ` AND t.slot >= p.since AND t.slot < p.until`
	if q.catalog.only != nil {
		condition += ` AND t.type IN (` + strings.Trim(keysJSON(q.catalog.asked()), "[]") + `)`
	}
	query := q.pairsSQL(where) + dialect.Summed(`chosen.code, chosen.item, p.since`,
		`chosen CROSS JOIN span p`, relational.TotalTables[level], condition)
	type sum struct {
		counted
		store.Units
	}
	var sums []sum
	err := q.db.Blobs(query, append(filters, spansJSON(spans)), func(n []int64, data []byte) error {
		if len(data) == 0 {
			return nil
		}
		of := counted{code: store.ID(n[0]), item: store.ID(n[1]), slot: n[2]}
		of.organization = q.catalog.owners[of.item]
		all, late, _ := strings.Cut(string(data), " ")
		var units store.Units
		var allErr, lateErr error
		units.All, allErr = strconv.ParseInt(all, 10, 64)
		units.Late, lateErr = strconv.ParseInt(late, 10, 64)
		if allErr != nil || lateErr != nil {
			return errOverflow
		}
		sums = append(sums, sum{of, units})
		return nil
	})
	if err != nil && strings.Contains(err.Error(), "integer overflow") { // as SQLite says
		err = errOverflow
	}
	if err != nil {
		return err
	}
	places := placing{spans: spans}
	for i := range sums {
		q.use(places.of(sums[i].slot), &sums[i].counted, sums[i].Units)
	}
	return nil
}

// pairsSQL returns the SQL for the codes and items, of those asked about, for which there are totals,
// and for spans of time, which are the last parameter.
func (q *statistics) pairsSQL(where string) string {
	return `WITH RECURSIVE ` + q.db.Dialect().Pairs() + `,
chosen (code, item) AS MATERIALIZED (SELECT pair.code, pair.item FROM pair JOIN handshake_code c ON c.id = pair.code JOIN item i ON i.id = pair.item
	JOIN organization o ON o.id = i.organization` + where + `),
span (since, until) AS MATERIALIZED ` + q.db.Dialect().Spans + ` `
}

// readOrganizationTotals reads totals of organizations in spans that don't overlap: of all
// together, unless the query distinguishes organizations. Slots that these do not have yet are read
// as totals of codes and items.
func (q *statistics) readOrganizationTotals(level store.Level, spans []span) error {
	if level == store.LevelSlot {
		var folded int64
		if err := get(q.db, relational.SelectFolded, nil, &folded); err != nil {
			return err
		}
		summed, later := spansAt(spans, folded)
		if len(later) > 0 {
			if err := q.readTotals(level, later); err != nil {
				return err
			}
		}
		if spans = summed; len(spans) == 0 {
			return nil
		}
	}
	organizations, err := q.organizations()
	if err != nil {
		return err
	}
	dialect := q.db.Dialect()
	places := placing{spans: spans}
	query := `SELECT o.id, t.slot, t.type, t.count, t.late FROM ` + dialect.Keys + ` o CROSS JOIN ` +
		dialect.Spans + ` p ` + dialect.Together(`t.organization = o.id AND t.level = `+
		strconv.FormatInt(int64(level), 10)+` AND t.slot >= p.since AND t.slot < p.until`)
	return q.db.Numbers(query, []any{keysJSON(organizations), spansJSON(joined(spans))}, func(n []int64) error {
		of := counted{organization: store.ID(n[0]), slot: n[1], kind: store.ID(n[2])}
		if q.catalog.asks(of.kind) {
			q.use(places.of(of.slot), &of, store.Units{All: n[3], Late: n[4]})
		}
		return nil
	})
}

// organizations returns the organizations whose totals a query needs.
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
