package view

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/openlts/openlts/server/store"
)

// Statistics counts what a query asks for.
func Statistics(db Database, query store.StatisticsQuery) (store.Statistics, error) {
	q := &statistics{db: db, query: query, windows: query.Windows, rows: map[group]*store.StatisticsRow{}}
	q.result.Lost = map[string]int64{}
	if len(q.windows) == 0 {
		until := query.Until
		if until == 0 {
			until = store.EndOfTime
		}
		q.windows = []store.Window{{Start: query.Since, End: until}}
	}
	if m := query.Measure; len(query.Spans) > 0 && m != store.MeasureDevices && m != store.MeasureConcurrent {
		return q.result, fmt.Errorf("windows of %q can be summed up: there are no spans of it", m)
	}
	err := q.readMerged()
	if err == nil {
		err = q.beginSpans()
	}
	if err == nil {
		err = q.count()
	}
	return q.finish(), err
}

func (q *statistics) count() error {
	switch q.query.Measure {
	case "", store.MeasureOperations:
		if q.needsDevices() {
			return errors.Join(q.operationsOfDevices(), q.losses())
		}
		return errors.Join(q.operations(), q.losses())
	case store.MeasureDevices:
		return q.devices()
	case store.MeasureConcurrent:
		return q.concurrent()
	case store.MeasureDenials:
		return q.denials()
	}
	return fmt.Errorf("there is no measure %q", q.query.Measure)
}

// statistics is the state of one query.
type statistics struct {
	db      Database
	query   store.StatisticsQuery
	windows []store.Window
	rows    map[group]*store.StatisticsRow
	result  store.Statistics
	// merged are the devices that are shown as another one, by their keys.
	merged map[store.ID]store.ID
	// minus has rows taken off; bySlot tells that they name a slot where others name a window.
	minus, bySlot bool
	// meet, if set, takes the rows instead.
	meet func(g group, id store.ID, late int64)
}

// group is a window and the values of the columns.
type group struct {
	window int
	store.Group
}

func (q *statistics) add(g group, count, late int64) {
	row := q.rows[g]
	if row == nil {
		row = &store.StatisticsRow{Window: g.window, Group: g.Group}
		q.rows[g] = row
	}
	if q.minus {
		row.Count, row.Late = lessened(row.Count, count), lessened(row.Late, late)
		return
	}
	row.Count, row.Late = store.SaturatingSum(row.Count, count), store.SaturatingSum(row.Late, late)
}

// lessened takes a part off a sum. Of one that stopped at the largest number, nobody knows
// how much it would be.
func lessened(sum, part int64) int64 {
	if sum == math.MaxInt64 {
		return sum
	}
	return max(sum-part, 0)
}

// finish puts the rows in order: by window, then by the columns.
func (q *statistics) finish() store.Statistics {
	q.result.Rows = make([]store.StatisticsRow, 0, len(q.rows))
	for _, row := range q.rows {
		q.result.Rows = append(q.result.Rows, *row)
		if m := q.query.Measure; m != store.MeasureDevices && m != store.MeasureConcurrent {
			q.result.Total = store.SaturatingSum(q.result.Total, row.Count)
			q.result.Late = store.SaturatingSum(q.result.Late, row.Late)
		}
	}
	slices.SortFunc(q.result.Rows, func(a, b store.StatisticsRow) int {
		return cmp.Or(cmp.Compare(a.Window, b.Window), a.Compare(&b.Group, q.query.By))
	})
	return q.result
}

func (q *statistics) by(column store.Column) bool { return slices.Contains(q.query.By, column) }

func (q *statistics) needsDevices() bool {
	return q.by(store.ByDevice) || q.by(store.ByRun) || len(q.query.Devices) > 0
}

// levels are those of totals that can tell the columns apart.
func (q *statistics) levels() []store.Level {
	switch {
	case q.by(store.BySlot), q.by(store.ByRun):
		return []store.Level{store.LevelSlot}
	case q.by(store.ByHour):
		return []store.Level{store.LevelHour, store.LevelSlot}
	}
	return []store.Level{store.LevelDay, store.LevelHour, store.LevelSlot}
}

func piecesJSON(pieces []store.Piece) string {
	var text strings.Builder
	text.WriteByte('[')
	for i, p := range pieces {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, "[%d,%d,%d]", p.Window, p.Start, p.End)
	}
	text.WriteByte(']')
	return text.String()
}

// pairsSQL are the codes and items for which there are totals: one step each through the
// key of the totals, however many those are.
func (q *statistics) pairsSQL(where string) string {
	return `WITH RECURSIVE pair (code, item) AS MATERIALIZED (
	SELECT * FROM (SELECT handshake_code, item FROM total_day ORDER BY handshake_code, item LIMIT 1) first
	UNION ALL SELECT ` + q.db.Dialect().NextPair + ` FROM pair WHERE pair.code IS NOT NULL),
chosen (code, item) AS MATERIALIZED (SELECT pair.code, pair.item FROM pair JOIN handshake_code c ON c.id = pair.code JOIN item i ON i.id = pair.item
	JOIN organization o ON o.id = i.organization` + where + `) `
}

// columnSQL says where each column comes from, of a row t of totals.
var columnSQL = map[store.Column]string{
	store.ByHandshake:    `(SELECT code FROM handshake_code WHERE id = t.handshake_code)`,
	store.ByItem:         `(SELECT public_id FROM item WHERE id = t.item)`,
	store.ByOrganization: `(SELECT o.public_id FROM item i JOIN organization o ON o.id = i.organization WHERE i.id = t.item)`,
	store.ByType:         `(SELECT name FROM operation_type WHERE id = t.type)`,
	store.ByDevice:       `(SELECT coalesce(m.uuid, d.uuid) FROM device d LEFT JOIN device m ON m.id = d.merged_into WHERE d.id = t.device)`,
	store.ByRun:          `(SELECT uuid FROM run WHERE id = t.run)`,
	store.BySlot:         `t.slot`,
	store.ByHour:         `t.slot - t.slot % 3600`,
	store.ByDay:          `t.slot - t.slot % 86400`,
}

// keySQL is the column of totals that stands for a column of a query.
var keySQL = map[store.Column]string{
	store.ByHandshake: `t.handshake_code`, store.ByItem: `t.item`,
	store.ByOrganization: columnSQL[store.ByOrganization], store.ByType: `t.type`, store.ByDevice: `t.device`,
	store.ByRun: `t.run`, store.BySlot: `t.slot`, store.ByHour: `t.slot - t.slot % 3600`,
	store.ByDay: `t.slot - t.slot % 86400`,
}

// columns gives the SQL for the values of the query's columns and for grouping by
// them: numbers are grouped, and named afterwards.
func (q *statistics) columns() (values, keys string, err error) {
	var v, k strings.Builder
	for _, by := range q.query.By {
		if columnSQL[by] == "" {
			return "", "", fmt.Errorf("operations can't be grouped by %s", by)
		}
		v.WriteString(", " + columnSQL[by])
		k.WriteString(", " + keySQL[by])
	}
	return v.String(), k.String(), nil
}

// operations sums up the totals of the levels that make up the windows.
func (q *statistics) operations() error {
	pieces := store.CutWindows(q.windows, q.levels()...)
	for level, some := range pieces.Plus {
		if err := q.operationsOf(level, some); err != nil {
			return err
		}
	}
	return q.takeOff(func() error {
		for level, some := range pieces.Minus {
			if err := q.operationsOf(level, some); err != nil {
				return err
			}
		}
		return nil
	})
}

// takeOff has what is counted meanwhile taken off. Of what is there no more, there is no
// row.
func (q *statistics) takeOff(count func() error) error {
	q.minus = true
	err := count()
	q.minus = false
	for g, row := range q.rows {
		if row.Count == 0 {
			delete(q.rows, g)
		}
	}
	return err
}

// operationsOf sums up pieces of a level.
func (q *statistics) operationsOf(level store.Level, pieces []store.Piece) error {
	values, keys, err := q.columns()
	if err != nil {
		return err
	}
	where, filters := q.filter()
	types, typeFilter := "", []any(nil)
	if len(q.query.Types) > 0 {
		types, typeFilter = ` AND t.type IN (SELECT id FROM operation_type WHERE name`+q.db.Dialect().In+`)`,
			[]any{texts(q.query.Types)}
	}
	place := "p.place"
	if level == store.LevelSlot && len(pieces) > manyPieces && !q.minus {
		// One after the other, each would be looked for in the totals of each code and item.
		place, pieces = "t.slot", joined(pieces)
	}
	arguments := append(append(slices.Clone(filters), piecesJSON(pieces)), typeFilter...)
	query := fmt.Sprintf(q.pairsSQL(where)+`SELECT %s, %s, %s%s FROM chosen CROSS JOIN %s p
		%s %s t ON t.handshake_code = chosen.code AND t.item = chosen.item AND t.slot >= p.since AND t.slot < p.until%s GROUP BY %s%s`,
		place, q.db.Dialect().Sum("t.count"), q.db.Dialect().Sum("t.late"), values, q.db.Dialect().Pieces,
		q.db.Dialect().Join, totalTables[level], types, place, keys)
	if place == "p.place" {
		return q.scan(query, arguments)
	}
	q.bySlot = true
	err = q.scan(query, arguments)
	q.bySlot = false
	return err
}

// manyPieces is how many pieces of slots are not looked for one by one.
const manyPieces = 500

// joined are pieces that follow one another as one, whatever windows they are of.
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

// windowOf is the place of the window that a slot is in.
func (q *statistics) windowOf(slot int64) int {
	return sort.Search(len(q.windows), func(i int) bool { return q.windows[i].End > slot })
}

// scan adds the rows of a query: window, count, late and the columns.
func (q *statistics) scan(query string, arguments []any) error {
	return each(q.db, query, arguments, func(rows Rows) error {
		var g group
		var count, late int64
		fields := []any{&g.window, &count, &late}
		texts := make([]sql.NullString, len(q.query.By))
		for i, by := range q.query.By {
			if number := g.Number(by); number != nil {
				fields = append(fields, number)
			} else {
				fields = append(fields, &texts[i])
			}
		}
		if err := rows.Scan(fields...); err != nil {
			return err
		}
		for i, by := range q.query.By {
			if text := g.Text(by); text != nil {
				*text = texts[i].String
			}
		}
		if q.bySlot {
			g.window = q.windowOf(int64(g.window))
		}
		if q.meet != nil {
			q.meet(g, store.ID(count), late)
		} else {
			q.add(g, count, late)
		}
		return nil
	})
}

// filter is the condition on codes c, items i and organizations o.
func (q *statistics) filter() (where string, arguments []any) {
	for _, f := range []struct {
		column string
		values []string
	}{{"o.public_id", q.query.Organizations}, {"c.code", q.query.HandshakeCodes}, {"i.public_id", q.query.Items}} {
		if len(f.values) == 0 {
			continue
		}
		if where += " AND "; where == " AND " {
			where = " WHERE "
		}
		where += f.column + q.db.Dialect().In
		arguments = append(arguments, texts(f.values))
	}
	return where, arguments
}

// losses sums up what was declared lost, of all windows.
func (q *statistics) losses() error {
	where, arguments := q.filter()
	if len(q.query.Devices) > 0 {
		if where += " AND "; where == " AND " {
			where = " WHERE "
		}
		where += "d.uuid" + q.db.Dialect().In
		arguments = append(arguments, texts(q.query.Devices))
	}
	unbounded := len(q.windows) == 1 && q.windows[0].Start == 0 && q.windows[0].End == store.EndOfTime
	filtered := where != "" || len(q.query.Types) > 0
	var pieces []store.Piece
	for i, w := range q.windows {
		pieces = append(pieces, store.Piece{Window: i, Start: w.Start, End: w.End})
	}
	losses := `SELECT t.cause, ` + q.db.Dialect().Sum("t.units") + ` FROM ` + q.db.Dialect().Pieces +
		` p JOIN report_loss t ON t.slot >= p.since AND t.slot < p.until
		JOIN run r ON r.id = t.run JOIN handshake_code c ON c.id = r.handshake_code JOIN item i ON i.id = r.item
		JOIN organization o ON o.id = i.organization JOIN device d ON d.id = r.device` + where + ` GROUP BY t.cause`
	if unbounded && !filtered {
		// What was lost with a device's ledger has neither slot nor item.
		losses += ` UNION ALL SELECT 'storage', ` + q.db.Dialect().Sum("storage") + ` FROM device_account`
	}
	return each(q.db, losses, append([]any{piecesJSON(pieces)}, arguments...), func(rows Rows) error {
		var cause string
		var units sql.NullInt64 // none of no rows
		err := rows.Scan(&cause, &units)
		if units.Int64 > 0 {
			q.result.Lost[cause] = store.SaturatingSum(q.result.Lost[cause], units.Int64)
		}
		return err
	})
}
